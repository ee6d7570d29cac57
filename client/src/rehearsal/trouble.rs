//! Trouble: clients that are slow or broken. Each kind has one right answer; any other is an error of the server's.
//! None of them is a participant, and none can be counted: they forge, repeat, or never finish.

use super::bare::{self, Manner};
use super::{Plan, Run};
use crate::answer::Answer;
use crate::error::Error;
use crate::participation::{fresh_phrase, prepare};
use crate::transport::Message;
use protocol::auth_scheme::token_header;
use protocol::invite::Invite;
use protocol::media;
use protocol::pledge::Pledge;
use protocol::receipt::RECEIPT_BYTES;
use protocol::token::Token;
use rand::RngExt;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use zeroize::Zeroizing;

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by `what`")]
pub enum Kind {
    SlowReader,
    SlowPledge,
    Garbage,
    TruncatedPledge,
    HungUp,
    NoToken,
    ForgedInvite,
    UsedInvite,
    ForgedToken,
    OtherPlace,
    RepeatedToken,
    TooLarge,
}

impl Kind {
    /// Slow ones; their bytes are right.
    const SLOW: [Self; 2] = [Self::SlowReader, Self::SlowPledge];
    const BROKEN: [Self; 10] = [
        Self::ForgedInvite,
        Self::Garbage,
        Self::ForgedToken,
        Self::TruncatedPledge,
        Self::RepeatedToken,
        Self::HungUp,
        Self::UsedInvite,
        Self::NoToken,
        Self::OtherPlace,
        Self::TooLarge,
    ];

    /// What it does, in some words.
    pub fn what(self) -> &'static str {
        match self {
            Self::SlowReader => "reads the counts, byte by byte",
            Self::SlowPledge => "pledges again, byte by byte",
            Self::Garbage => "sends rubbish",
            Self::TruncatedPledge => "ends in the middle of a pledge",
            Self::HungUp => "hangs up in the middle of a request",
            Self::NoToken => "pledges without a token",
            Self::ForgedInvite => "shows a forged invite",
            Self::UsedInvite => "uses another's invite again",
            Self::ForgedToken => "spends a forged token",
            Self::OtherPlace => "spends a token on another place",
            Self::RepeatedToken => "spends a token again",
            Self::TooLarge => "sends a pledge that is too large",
        }
    }

    /// The one right answer.
    pub fn expected(self) -> &'static str {
        match self {
            Self::SlowReader => "200",
            Self::SlowPledge | Self::RepeatedToken => SAME_RECEIPT,
            Self::Garbage => "400",
            Self::TruncatedPledge => "400 malformed",
            Self::HungUp => "nothing",
            Self::NoToken | Self::ForgedToken => "401 token-invalid",
            Self::ForgedInvite => "401 invite-unknown",
            Self::UsedInvite => "409 invite-used",
            Self::OtherPlace => "400 pledge-mismatch",
            Self::TooLarge => "413 too-large",
        }
    }

    fn is_bare(self) -> bool {
        matches!(self, Self::SlowReader | Self::SlowPledge | Self::Garbage | Self::TruncatedPledge | Self::HungUp)
    }
}

/// What one kind was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// How many got the right answer.
    pub right: u64,
    /// What the others got.
    pub wrong: BTreeMap<String, u64>,
}

/// A participant who is through, whose invite and token somebody tries again.
pub(super) struct Donor {
    pub(super) invite: Invite,
    pub(super) token: Token,
    pub(super) pledge: Pledge,
    pub(super) receipt: [u8; RECEIPT_BYTES],
}

impl Donor {
    /// Joins the last few.
    pub(super) fn give(self, donors: &mut VecDeque<Self>) {
        if donors.len() >= DONORS {
            donors.pop_front();
        }
        donors.push_back(self);
    }
}

/// Spreads slow and broken clients among the arrivals, behind the first tenth, so that there is somebody to copy.
pub(super) fn begin(run: &Arc<Run>, plan: &Plan, instants: &[Duration], others: &mut JoinSet<()>) {
    let bare = run.outcome().bare_bytes;
    let kinds = |all: &[Kind]| all.iter().copied().filter(|kind| bare || !kind.is_bare()).collect::<Vec<_>>();
    let later = &instants[instants.len() / 10..];
    for (kinds, percent) in [(kinds(&Kind::SLOW), plan.slow_percent), (kinds(&Kind::BROKEN), plan.broken_percent)] {
        let count = (plan.participants * percent as usize).div_ceil(100);
        for number in 0..count {
            let (Some(kind), Some(due)) =
                (kinds.get(number % kinds.len().max(1)), later.get(number * later.len() / count))
            else {
                continue;
            };
            others.spawn(come(Arc::clone(run), *kind, *due));
        }
    }
}

async fn come(run: Arc<Run>, kind: Kind, due: Duration) {
    let mut over = run.over.subscribe();
    tokio::select! {
        () = sleep_until(run.start + due) => {}
        _ = over.wait_for(|over| *over) => return,
    }
    let answer = match act(&run, kind).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return, // nobody is through yet whom it could copy
        Err(error) => run.stage.nameless(&error),
    };
    let mut outcome = run.outcome();
    let answers = outcome.trouble.entry(kind).or_default();
    if answer == kind.expected() {
        answers.right += 1;
    } else {
        *answers.wrong.entry(answer.clone()).or_insert(0) += 1;
        outcome.failed(format!("who {} was answered: {answer}; it should be: {}", kind.what(), kind.expected()));
    }
}

/// Does it, and tells the answer in a word.
async fn act(run: &Run, kind: Kind) -> Result<Option<String>, Error> {
    if kind.is_bare() {
        return act_bare(run, kind).await;
    }
    let campaign = &run.stage.site.campaign;
    let places = u32::try_from(campaign.places().places.len()).unwrap_or(u32::MAX);
    let own = prepare(campaign, &fresh_phrase()?, rand::rng().random_range(0..places))?;
    let answer = match kind {
        Kind::ForgedInvite => token_request(run, &random_code(), &own.request.encode()).await?,
        Kind::UsedInvite => {
            let used = run.donors().back().map(|donor| donor.invite.code());
            let Some(used) = used else { return Ok(None) };
            token_request(run, &used, &own.request.encode()).await?
        }
        Kind::NoToken => pledge(run, None, own.pledge.encode().to_vec()).await?,
        Kind::TooLarge => pledge(run, Some(&forged(run, &own.pledge)?), vec![0; 100_000]).await?,
        Kind::ForgedToken => pledge(run, Some(&forged(run, &own.pledge)?), own.pledge.encode().to_vec()).await?,
        Kind::OtherPlace => {
            let copied = run.donors().back().map(|donor| (donor.token.clone(), donor.pledge.clone()));
            let Some((token, mut opening)) = copied else { return Ok(None) };
            opening.place = (opening.place + 1) % places.max(2);
            pledge(run, Some(&token), opening.encode().to_vec()).await?
        }
        _ => {
            let copied = copy_of_donor(run);
            let Some((token, opening, receipt)) = copied else { return Ok(None) };
            let answer = pledge(run, Some(&token), opening.encode().to_vec()).await?;
            return Ok(Some(same_receipt(answer.status, &answer.body, &receipt).unwrap_or_else(|| word_of(&answer))));
        }
    };
    Ok(Some(word_of(&answer)))
}

/// The same, for what no HTTP library sends.
async fn act_bare(run: &Run, kind: Kind) -> Result<Option<String>, Error> {
    let site = &run.stage.site;
    let Some(address) = bare::road(&run.stage.network, &site.origin) else {
        return Ok(None);
    };
    let copied = copy_of_donor(run);
    let head = |token: &Token| {
        Zeroizing::new(format!(
            "POST /pledges HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: {}\r\ncontent-type: {}\r\n\
             content-length: {}\r\n\r\n",
            token_header(token),
            media::PLEDGE,
            Pledge::BYTES
        ))
    };
    let (bytes, manner) = match kind {
        Kind::SlowReader => {
            let request = format!("GET /counts.json HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
            (request.into_bytes(), Manner::ByteByByte)
        }
        Kind::Garbage => {
            let mut rubbish = [0; 64];
            rand::rng().fill(&mut rubbish);
            (["\u{16}\u{3}\u{1}".as_bytes(), &rubbish, b"\r\n\r\n"].concat(), Manner::ThenNothing)
        }
        Kind::HungUp => (b"GET /counts.json HTTP/1.1\r\nhost: ".to_vec(), Manner::HangUp),
        _ => {
            let Some((token, opening, _)) = &copied else { return Ok(None) };
            let whole = [head(token).as_bytes(), &opening.encode()].concat();
            match kind {
                Kind::SlowPledge => (whole, Manner::ByteByByte),
                _ => (whole[..whole.len() - Pledge::BYTES / 2].to_vec(), Manner::ThenNothing),
            }
        }
    };
    let answer = bare::exchange(&address, &bytes, manner).await;
    let status = if answer.word == "200" { 200 } else { 0 };
    Ok(Some(match (kind, &copied) {
        (Kind::SlowPledge, Some((_, _, receipt))) => same_receipt(status, &answer.body, receipt).unwrap_or(answer.word),
        _ => answer.word,
    }))
}

fn copy_of_donor(run: &Run) -> Option<(Token, Pledge, [u8; RECEIPT_BYTES])> {
    let donors = run.donors();
    donors.back().map(|donor| (donor.token.clone(), donor.pledge.clone(), donor.receipt))
}

fn same_receipt(status: u16, body: &[u8], receipt: &[u8; RECEIPT_BYTES]) -> Option<String> {
    (status == 200 && body == receipt).then(|| SAME_RECEIPT.to_owned())
}

async fn token_request(run: &Run, code: &str, body: &[u8]) -> Result<Answer, Error> {
    let authorization = Zeroizing::new(format!("Bearer {code}"));
    let message =
        Message { authorization: Some(&authorization), media_type: media::TOKEN_REQUEST, body: body.to_vec() };
    let operation = run.stage.network.operation(&run.stage.site.issuer()?)?;
    operation.post("/token-request", message, ANSWER_BYTES_MAX).await
}

async fn pledge(run: &Run, token: Option<&Token>, body: Vec<u8>) -> Result<Answer, Error> {
    let authorization = token.map(|token| Zeroizing::new(token_header(token)));
    let authorization = authorization.as_ref().map(|header| header.as_str());
    let message = Message { authorization, media_type: media::PLEDGE, body };
    let operation = run.stage.network.operation(&run.stage.site.origin)?;
    operation.post("/pledges", message, ANSWER_BYTES_MAX).await
}

fn word_of(answer: &Answer) -> String {
    match answer.refusal() {
        Error::Refused { problem, .. } => format!("{} {}", answer.status, problem.name()),
        _ => answer.status.to_string(),
    }
}

/// A token of this campaign that opens rightly and that nobody signed.
fn forged(run: &Run, opening: &Pledge) -> Result<Token, Error> {
    let campaign = &run.stage.site.campaign;
    let region = campaign.places().region_of(opening.place).unwrap_or_default();
    let mut authenticator = [0; 256];
    rand::rng().fill(&mut authenticator[1..]); // below the modulus
    let (challenge, key) = (campaign.challenge_digest(), campaign.token_key().token_key_id());
    let nonce = opening.nonce(region);
    let bytes = [&[0, 2], nonce.as_bytes().as_slice(), challenge.as_bytes(), key.as_bytes(), &authenticator].concat();
    Ok(Token::decode(&bytes)?)
}

/// A code that looks like one and that nobody made.
fn random_code() -> Zeroizing<String> {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut rng = rand::rng();
    Zeroizing::new((0..32).map(|_| char::from(DIGITS[rng.random_range(0..DIGITS.len())])).collect())
}

const SAME_RECEIPT: &str = "200, the same receipt";
const DONORS: usize = 64;
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
