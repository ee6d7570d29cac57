//! The door of the registration page: one JSON request, one JSON answer, over the same functions as the command line.
//! It holds one participation in memory and does no I/O: the page carries the messages. It has no randomness but the
//! entropy that it is given, never panics on any request, and `forget` drops all that it holds.
//!
//! `{"do":NAME,…}` is answered by `{"ok":{…}}` or `{"mistake":{"kind":KIND,…}}`; binary values are base64url.

use crate::answer::Answer;
use crate::campaign::{assemble, check_id, homes, issuer_at};
use crate::error::Error;
use crate::participation::{Posting, ask, check_directory, place_of, pledge, prepare, take_receipt, take_response};
use crate::typed::{self, token_text};
use mistake::Mistake;
use protocol::campaign::{Campaign, CampaignId};
use protocol::codec::to_base64;
use protocol::directory::DIRECTORY_PATH;
use protocol::invite::{Invite, InviteLink};
use protocol::issuance::PendingToken;
use protocol::phrase::{Phrase, campaign_numbers, campaign_words};
use protocol::pledge::Pledge;
use protocol::token::Token;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
use reply::Reply;
use request::Request;
use zeroize::Zeroizing;

mod mistake;
mod reply;
mod request;

/// One participation, from the link to the receipt. It cannot be printed.
#[derive(Default)]
pub struct Door {
    invite: Option<Invite>,
    /// The id that a link, or the participant, names.
    named: Option<CampaignId>,
    campaign: Option<Box<Campaign>>,
    phrase: Option<Phrase>,
    pending: Option<Box<PendingToken>>,
    token: Option<Box<Token>>,
    pledge: Option<Box<Pledge>>,
}

type Done = Result<Reply, Mistake>;

impl Door {
    /// Answers one request; both are JSON.
    pub fn call(&mut self, request: &[u8]) -> Zeroizing<Vec<u8>> {
        match Request::read(request).and_then(|request| self.done(&request)) {
            Ok(reply) => reply.answer("ok"),
            Err(mistake) => mistake.reply().answer("mistake"),
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        let secrets = self.invite.is_none() && self.phrase.is_none() && self.pending.is_none();
        secrets && self.token.is_none() && self.pledge.is_none() && self.campaign.is_none() && self.named.is_none()
    }

    fn done(&mut self, request: &Request) -> Done {
        match request.call.as_str() {
            "link" => self.link(request.text()?),
            "campaign" => self.campaign(request),
            "phrase" => self.take_phrase(Phrase::from_bytes(*request.entropy()?)),
            "recover" => {
                let text = request.text()?;
                self.take_phrase(Phrase::parse(text).map_err(|_| Phrase::mistake(text))?)
            }
            "prepare" => self.prepare(request.place()?),
            "directory" => {
                check_directory(self.campaign.as_ref().ok_or(Mistake::OutOfOrder)?, &request.body()?)?;
                Ok(Reply::new())
            }
            "response" => self.response(&request.body()?),
            "token" => self.token(request.text()?),
            "pledge" => self.pledge(),
            "receipt" => {
                let (campaign, token) = self.campaign.as_ref().zip(self.token.as_ref()).ok_or(Mistake::OutOfOrder)?;
                take_receipt(campaign, token, &request.body()?)?;
                Ok(Reply::new())
            }
            "problem" => problem(request),
            "qr" => qr(request.text()?),
            "forget" => {
                *self = Self::default();
                Ok(Reply::new())
            }
            _ => Err(Mistake::Malformed),
        }
    }

    /// A whole link, the part of it behind `/join`, or a bare code from paper, which leaves the campaign as it is.
    fn link(&mut self, text: &str) -> Done {
        let text = text.trim();
        let link = if text.contains('#') || text.contains('=') || text.contains("://") {
            let whole = Zeroizing::new(match text.strip_prefix('#') {
                Some(fragment) => format!("https://localhost/join#{fragment}"),
                None => text.to_owned(),
            });
            let InviteLink { invite, campaign, .. } = typed::link(&whole)?;
            (invite, Some(campaign))
        } else if text.is_empty() {
            return Err(Mistake::NoLink);
        } else {
            let group = || Invite::mistyped_group(text).map_or(Mistake::NoLink, Mistake::InviteGroup);
            (Some(Invite::parse(text).map_err(|_| group())?), self.named)
        };
        if link.1 != self.named {
            (self.campaign, self.named) = (None, link.1);
        }
        self.invite = link.0;
        self.start_over();
        let code = self.invite.as_ref().map(Invite::code);
        let groups = code.as_ref().map(|code| code.split('-').collect::<Vec<_>>());
        let named = self.named.map(|id| id.to_string());
        Ok(Reply::new().with("code_groups", groups).with("campaign_id", named))
    }

    fn campaign(&mut self, request: &Request) -> Done {
        let typed = request.campaign_id.as_ref().map(|hex| {
            let compact: String = hex.split_whitespace().collect();
            CampaignId::parse(&compact.to_ascii_lowercase()).map_err(|_| Mistake::Malformed)
        });
        let typed = typed.transpose()?;
        if self.named.zip(typed).is_some_and(|(named, typed)| named != typed) {
            return Err(Mistake::OtherCampaign);
        }
        let named = self.named.or(typed);
        let (genesis, places, origin) = (request.genesis()?, request.places()?, request.origin()?);
        check_id(&genesis, named).map_err(|_| Mistake::OtherCampaign)?;
        let campaign = assemble(&genesis, &places).map_err(|error| match error {
            Error::Unsupported(_) => Mistake::Unsupported,
            _ => Mistake::Malformed,
        })?;
        if !homes(campaign.genesis()).iter().any(|home| home == origin) {
            return Err(Mistake::NotHere);
        }
        let shown = shown(&campaign, origin, named.is_some());
        self.start_over();
        (self.campaign, self.named) = (Some(Box::new(campaign)), named);
        Ok(shown)
    }

    fn take_phrase(&mut self, phrase: Phrase) -> Done {
        let (words, numbers) = (phrase.words(), phrase.numbers());
        let numbers: Vec<u16> = numbers.split(' ').filter_map(|number| number.parse().ok()).collect();
        let words: Vec<&str> = words.split(' ').collect();
        let shown = Reply::new().with("words", words).with("numbers", numbers);
        self.start_over();
        self.phrase = Some(phrase);
        Ok(shown)
    }

    fn prepare(&mut self, place: u32) -> Done {
        let (Some(invite), Some(campaign), Some(phrase)) = (&self.invite, &self.campaign, &self.phrase) else {
            return Err(Mistake::OutOfOrder);
        };
        let prepared = prepare(campaign, phrase, place).map_err(|_| Mistake::Malformed)?;
        let reply = posting(&ask(invite, &prepared.request)).with("directory_path", DIRECTORY_PATH);
        self.token = None;
        (self.pending, self.pledge) = (Some(Box::new(prepared.pending)), Some(Box::new(prepared.pledge)));
        Ok(reply)
    }

    fn response(&mut self, body: &[u8]) -> Done {
        let pending = self.pending.take().ok_or(Mistake::OutOfOrder)?;
        let token = take_response(*pending, body)?;
        let place = self.pledge.as_ref().map(|pledge| pledge.place);
        let shown = Reply::new().with("token", token_text(&token).as_str()).with("place", place);
        self.token = Some(Box::new(token));
        Ok(shown)
    }

    /// The token of an earlier sitting. Whether it can be counted is told where it was typed, not when it is sent.
    fn token(&mut self, text: &str) -> Done {
        let (Some(campaign), Some(phrase)) = (&self.campaign, &self.phrase) else {
            return Err(Mistake::OutOfOrder);
        };
        let token = typed::token(text).map_err(|_| Mistake::TokenUnreadable)?;
        if !token.is_of(campaign) {
            return Err(Mistake::TokenOtherCampaign);
        }
        let place = place_of(campaign, phrase, &token).ok_or(Mistake::TokenNotOfPhrase)?;
        let opening = phrase.secrets(campaign.id(), place).pledge();
        pledge(campaign, &token, &opening).map_err(|_| Mistake::TokenUnreadable)?; // its signature is mistyped
        (self.pending, self.token, self.pledge) = (None, Some(Box::new(token)), Some(Box::new(opening)));
        Ok(Reply::new().with("place", place))
    }

    fn pledge(&self) -> Done {
        let (Some(campaign), Some(token), Some(opening)) = (&self.campaign, &self.token, &self.pledge) else {
            return Err(Mistake::OutOfOrder);
        };
        Ok(posting(&pledge(campaign, token, opening)?))
    }

    /// What was made of another link, campaign or phrase is of no use any more.
    fn start_over(&mut self) {
        (self.pending, self.token, self.pledge) = (None, None, None);
    }
}

impl From<Error> for Mistake {
    /// What an answer of a server is when it is not what it must be.
    fn from(_: Error) -> Self {
        Self::Misbehaved
    }
}

fn posting(posting: &Posting) -> Reply {
    Reply::new()
        .with("authorization", posting.authorization.as_str())
        .with("body", Zeroizing::new(to_base64(&posting.body)).as_str())
        .with("media_type", posting.media_type)
        .with("path", posting.path)
}

fn shown(campaign: &Campaign, origin: &str, pinned: bool) -> Reply {
    let (id, genesis) = (campaign.id(), campaign.genesis());
    Reply::new()
        .with("id", id.to_string())
        .with("words", campaign_words(id))
        .with("numbers", campaign_numbers(id))
        .with("pinned", pinned)
        .with("title", &genesis.title)
        .with("text", &genesis.text)
        .with("rehearsal", genesis.rehearsal)
        .with("k", genesis.k)
        .with("tick_seconds", genesis.tick_seconds)
        .with("opens", genesis.opens)
        .with("pledges_open", genesis.pledges_open)
        .with("issuing_closes", genesis.issuing_closes)
        .with("closes", genesis.closes)
        .with("issuer_url", issuer_at(genesis, origin))
        .with("origin_url", origin)
        .with("onion", &genesis.onion)
        .with("relays", &genesis.relays)
}

/// What an answer that was not hoped for means: the problem that it names, and whether the same request may be tried again.
fn problem(request: &Request) -> Done {
    let status = request.status.ok_or(Mistake::Malformed)?;
    let answer = Answer::new(status, request.media_type.as_deref(), request.body()?.to_vec());
    let refusal = answer.refusal();
    let name = match &refusal {
        Error::Refused { problem, .. } => Some(problem.name()),
        _ => None,
    };
    Ok(Reply::new().with("problem", name).with("passing", refusal.is_passing()))
}

/// A QR code, row by row, '1' for dark, without the quiet zone: as few and as large modules as the text can do with.
fn qr(text: &str) -> Done {
    let segments = [QrSegment::make_bytes(text.as_bytes())];
    let (least, most) = (Version::MIN, Version::MAX);
    let code = QrCode::encode_segments_advanced(&segments, QrCodeEcc::Low, least, most, None, true);
    let code = code.map_err(|_| Mistake::Malformed)?;
    let rows = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let modules: String = rows.map(|(x, y)| if code.get_module(x, y) { '1' } else { '0' }).collect();
    Ok(Reply::new().with("size", code.size()).with("modules", modules))
}

#[cfg(test)]
mod tests;
