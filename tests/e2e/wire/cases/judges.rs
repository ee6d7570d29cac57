//! The judges: for each kind of message the code that reads it. A judge has nothing but the input of the case and the
//! campaign of the vectors, as a stranger has.

use crate::wire::vectors::{Vectors, from_hex};
use client::answer::Answer;
use client::campaign::{assemble, check_counts};
use client::error::Error as ClientError;
use client::participation::{check_directory, prepare, take_receipt, take_response};
use protocol::announcement::Announcement;
use protocol::auth_scheme::{parse_challenge_header, parse_token_header};
use protocol::campaign::{Campaign, CampaignId, Places};
use protocol::codec::{from_base64, to_hex};
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::error::Error;
use protocol::invite::{Invite, InviteLink};
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPublicKey;
use protocol::note::{NoteVerifier, TreeHead};
use protocol::phrase::{Phrase, campaign_numbers, campaign_words};
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::publication::{Area, Level, State, Tree, decide, follows};
use protocol::receipt::{ReceiptSigner, verify_receipt};
use protocol::recount::{Recount, Seen, Summary};
use protocol::tile::{TileName, read_bundle};
use protocol::token::Token;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// What follows from a good message, or with what word another is refused.
type Judged = Result<Value, &'static str>;

pub(super) struct Judges<'a> {
    vectors: &'a Vectors,
    campaign: Campaign,
    token: Token,
}

impl<'a> Judges<'a> {
    pub(super) fn new(vectors: &'a Vectors) -> Self {
        Self { vectors, campaign: vectors.campaign(), token: Token::decode(&vectors.bytes("token")).unwrap() }
    }

    pub(super) fn judge(&self, kind: &str, input: &Value) -> Judged {
        let text = || input.as_str().unwrap();
        let bytes = || from_hex(text());
        match kind {
            "invite-code" => read(Invite::parse(text()), |invite| json!(invite.code().as_str())),
            "invite-link" => read(InviteLink::parse(text()), |link| link_members(&link)),
            "phrase" => read(Phrase::parse(text()), |phrase| json!(phrase.words().as_str())),
            "campaign-words" => read(
                CampaignId::parse(text()),
                |id| json!({ "numbers": campaign_numbers(id), "words": campaign_words(id) }),
            ),
            "base64url" => read(from_base64(text(), "case"), |bytes| json!(to_hex(&bytes))),
            "name" => self.name(text()),
            "genesis" => read(assemble(text().as_bytes(), self.vectors.text("places_json").as_bytes()), |campaign| {
                json!(campaign.id().to_string())
            }),
            "places" => read(Places::decode(text().as_bytes()), |places| json!(places.places.len())),
            "issuer-key" => {
                read(IssuerPublicKey::from_spki(&bytes()), |key| json!(to_hex(key.token_key_id().as_bytes())))
            }
            "directory" => nothing(check_directory(&self.campaign, text().as_bytes())),
            "token-request" => self.token_request(&bytes()),
            "token-response" => self.token_response(&bytes()),
            "redemption" => self.redemption(input),
            "challenge-header" => self.challenge_header(text()),
            "receipt" => nothing(take_receipt(&self.campaign, &self.token, &bytes())),
            "entry" => entry(&bytes()),
            "tile-name" => read(
                TileName::parse(text()),
                |name| json!({ "level": name.level, "index": name.index, "width": name.width }),
            ),
            "bundle" => bundle(input),
            "checkpoint" => self.checkpoint(text()),
            "announcement" => read(
                Announcement::open(text().as_bytes(), &self.campaign),
                |one| json!({ "number": one.number, "date": one.date, "text": one.text }),
            ),
            "answer" => Err(answer(input)),
            "counts" => self.counts(text()).map(|_| Value::Null),
            "counts-beside-log" => self.counts_beside_log(text()),
            "pool" => Ok(pool(input)),
            "groups" => groups(input),
            "log" => self.log(input).map(|summary| json!(summary.sums.total())),
            other => panic!("no judge for {other}"),
        }
    }

    /// A name has rules only within a genesis.
    fn name(&self, name: &str) -> Judged {
        let mut genesis = self.campaign.genesis().clone();
        genesis.origin_name = name.to_owned();
        if genesis.mistakes().is_empty() { Ok(json!(genesis.origin_url())) } else { Err("refused") }
    }

    /// As the Issuer judges it, behind state and code.
    fn token_request(&self, bytes: &[u8]) -> Judged {
        if bytes.len() > TokenRequest::BYTES {
            return Err(Problem::TooLarge.name());
        }
        let request = TokenRequest::decode(bytes).and_then(|request| request.check(self.campaign.token_key()));
        request.map(|()| Value::Null).map_err(|_| Problem::Malformed.name())
    }

    /// The answer to the request of the vectors, which is made anew because it is consumed.
    fn token_response(&self, bytes: &[u8]) -> Judged {
        let phrase = Phrase::from_bytes(self.vectors.array("phrase_seed"));
        let place = Pledge::decode(&self.vectors.bytes("pledge")).unwrap().place;
        let prepared = prepare(&self.campaign, &phrase, place).unwrap();
        assert_eq!(prepared.request.encode()[..], self.vectors.bytes("token_request"));
        read(take_response(prepared.pending, bytes), |token| json!(to_hex(&token.encode())))
    }

    /// As the Origin judges it while the campaign is open, up to the store.
    fn redemption(&self, input: &Value) -> Judged {
        let Some(header) = input["authorization"].as_str() else {
            return Err(Problem::TokenInvalid.name());
        };
        let body = from_hex(input["body"].as_str().unwrap());
        if body.len() > Pledge::BYTES {
            return Err(Problem::TooLarge.name());
        }
        let token = parse_token_header(header).map_err(|_| Problem::Malformed.name())?;
        let pledge = Pledge::decode(&body).map_err(|_| Problem::Malformed.name())?;
        let name = |error: Error| match error {
            Error::PledgeMismatch => Problem::PledgeMismatch.name(),
            _ => Problem::TokenInvalid.name(),
        };
        let opened = token.open(pledge, &self.campaign).map_err(name)?;
        let verified = opened.verify(self.campaign.token_key()).map_err(name)?;
        let signer = ReceiptSigner::from_seed(&self.vectors.array("receipt_seed")).unwrap();
        let receipt = signer.sign(self.campaign.id(), &verified.nonce()).unwrap();
        let key = &self.campaign.genesis().receipt_key;
        assert_eq!(verify_receipt(key, self.campaign.id(), &verified.nonce(), &receipt), Ok(()));
        Ok(json!(to_hex(&receipt)))
    }

    fn challenge_header(&self, value: &str) -> Judged {
        let (challenge, key) = parse_challenge_header(value).map_err(|_| "refused")?;
        let own = challenge == *self.campaign.challenge() && key == self.campaign.token_key().spki();
        if own { Ok(Value::Null) } else { Err("refused") }
    }

    fn checkpoint(&self, note: &str) -> Judged {
        let verifier = NoteVerifier::new(&self.campaign.log_name(), &self.campaign.genesis().log_key).unwrap();
        let head = TreeHead::open(note.as_bytes(), &verifier);
        read(head, |head| json!({ "size": head.size, "root": to_hex(&head.root) }))
    }

    /// As a Client judges it.
    fn counts(&self, text: &str) -> Result<Counts, &'static str> {
        let counts: Counts = serde_json::from_str(text).map_err(|_| "refused")?;
        check_counts(&counts, &self.campaign).map_err(|_| "refused")?;
        Ok(counts)
    }

    /// As an auditor judges it, beside the whole log of the vectors.
    fn counts_beside_log(&self, text: &str) -> Judged {
        let counts = self.counts(text)?;
        let log = self.vectors.log();
        assert_eq!(counts.log_size, log.len() as u64, "the case must be of the whole log");
        let summary = self.recount(&log)?;
        let closed = summary.closed_at.is_some() == (counts.state == State::Closed);
        let same = closed && counts.tick >= summary.last_tick && counts.announcement == summary.announcement;
        if same && counts.check(&summary.sums).is_ok() { Ok(Value::Null) } else { Err("refused") }
    }

    /// Entries by their index in the log of the vectors, or written out.
    fn log(&self, input: &Value) -> Result<Summary, &'static str> {
        let own = self.vectors.log();
        let entry = |one: &Value| match one.as_u64() {
            Some(index) => own[usize::try_from(index).unwrap()].clone(),
            None => from_hex(one.as_str().unwrap()),
        };
        let entries: Vec<Vec<u8>> = input.as_array().unwrap().iter().map(entry).collect();
        self.recount(&entries)
    }

    /// Every rule of an audit but those that need a clock: order, tokens, no nonce twice.
    fn recount(&self, entries: &[Vec<u8>]) -> Result<Summary, &'static str> {
        let (mut recount, mut nonces) = (Recount::new(&self.campaign), HashSet::new());
        for bytes in entries {
            if let Seen::Pledge { nonce, token, .. } = recount.entry(bytes).map_err(|_| "refused")? {
                let genuine = token.verify_signature(self.campaign.token_key()).is_ok();
                if !genuine || !nonces.insert(nonce) {
                    return Err("refused");
                }
            }
        }
        recount.finish().map_err(|_| "refused")
    }
}

fn read<T, E>(read: Result<T, E>, gives: impl FnOnce(T) -> Value) -> Judged {
    read.map(gives).map_err(|_| "refused")
}

fn nothing<T, E>(judged: Result<T, E>) -> Judged {
    read(judged, |_| Value::Null)
}

/// What a Client makes of an answer that was not hoped for.
fn answer(input: &Value) -> &'static str {
    let status = u16::try_from(input["status"].as_u64().unwrap()).unwrap();
    let answer = Answer::new(status, input["content_type"].as_str(), input["body"].as_str().unwrap().into());
    match answer.refusal() {
        ClientError::Refused { problem, .. } => problem.name(),
        ClientError::Lost(_) => "lost",
        _ => "misbehaving",
    }
}

fn link_members(link: &InviteLink) -> Value {
    let code = link.invite.as_ref().map(|invite| invite.code().to_string());
    json!({ "base_url": link.base_url, "code": code, "campaign_id": link.campaign.to_string() })
}

fn entry(bytes: &[u8]) -> Judged {
    let entry = Entry::decode(bytes).map_err(|_| "refused")?;
    if entry.encode() == bytes { Ok(Value::Null) } else { Err("refused") }
}

fn bundle(input: &Value) -> Judged {
    let width = u32::try_from(input["width"].as_u64().unwrap()).unwrap();
    let bytes = from_hex(input["bytes"].as_str().unwrap());
    read(read_bundle(&bytes, width), |entries| entries.into_iter().map(to_hex).collect())
}

/// The tree, and k.
fn rule(input: &Value) -> (Tree, u32) {
    let region_of: Vec<u32> = serde_json::from_value(input["region_of"].clone()).unwrap();
    let regions = region_of.iter().max().unwrap() + 1;
    (Tree::new(region_of, regions), u32::try_from(input["k"].as_u64().unwrap()).unwrap())
}

fn pool(input: &Value) -> Value {
    let (tree, k) = rule(input);
    let counts: Vec<u64> = serde_json::from_value(input["pending"].clone()).unwrap();
    let pending: BTreeMap<u32, u64> = (0..).zip(counts).collect();
    let decision = decide(&tree, k, &pending, input["closing"].as_bool().unwrap());
    decision.groups.iter().map(|(area, size)| json!([area.level as u8, area.index, size])).collect()
}

fn groups(input: &Value) -> Judged {
    let (tree, k) = rule(input);
    let groups: Vec<(u8, u32, u64)> = serde_json::from_value(input["groups"].clone()).unwrap();
    let area = |(level, index, size)| (Area { level: Level::from_byte(level).unwrap(), index }, size);
    let groups: Vec<(Area, u64)> = groups.into_iter().map(area).collect();
    nothing(follows(&tree, k, &groups, input["closing"].as_bool().unwrap()))
}
