//! Sending the messages of a participation: the command line's side of it, which the page does by itself. Token and
//! pledge never share a connection, and a lost answer is asked for again with the very same bytes, which changes nothing
//! at the server. The operating system's randomness is here too, because a page has none.

use super::{PLEDGES_PATH, Posting, ask, check_directory, pledge, take_receipt, take_response};
use crate::address::BaseUrl;
use crate::answer::Answer;
use crate::campaign::Site;
use crate::error::Error;
use crate::transport::{Message, Network};
use protocol::auth_scheme::parse_challenge_header;
use protocol::campaign::Campaign;
use protocol::directory::DIRECTORY_PATH;
use protocol::invite::Invite;
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::RECEIPT_BYTES;
use protocol::token::Token;
use rand::TryRng;
use rand::rngs::SysRng;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where TokenRequests go. Having one proves that the directory offers exactly the key of the genesis.
#[derive(Clone)]
pub struct Issuer {
    base: BaseUrl,
}

impl Issuer {
    /// Reads the issuer directory (RFC 9578 §4) and compares its key with the genesis, byte for byte.
    pub async fn find(network: &Network, site: &Site) -> Result<Self, Error> {
        let base = site.issuer()?;
        let answer = network.operation(&base)?.get(DIRECTORY_PATH, DIRECTORY_BYTES_MAX).await?;
        let answer = answer.demand(&[200], Some(media::ISSUER_DIRECTORY))?;
        check_directory(&site.campaign, &answer.body)?;
        Ok(Self { base })
    }
}

/// A fresh phrase from the operating system's randomness. Every invite needs one of its own.
pub fn fresh_phrase() -> Result<Phrase, Error> {
    let mut seed = Zeroizing::new([0; 16]);
    SysRng.try_fill_bytes(seed.as_mut_slice()).map_err(|_| {
        Error::Local("The operating system gives no random numbers; start it anew and try again.".to_owned())
    })?;
    Ok(Phrase::from_bytes(*seed))
}

/// Turns an invite into a token. An answer that is not a signature of the request is discarded and never asked for again.
pub async fn obtain(
    network: &Network,
    issuer: &Issuer,
    invite: &Invite,
    request: &TokenRequest,
    pending: PendingToken,
) -> Result<Token, Error> {
    let (answer, _) = post(network, &issuer.base, &ask(invite, request), TokenResponse::BYTES).await?;
    let answer = answer.demand(&[200], Some(media::TOKEN_RESPONSE))?;
    take_response(pending, &answer.body)
}

/// The Origin's word that a pledge is counted.
pub struct Redeemed {
    /// The receipt, verified. It proves participation to whoever finds it, so nothing here keeps it.
    pub receipt: [u8; RECEIPT_BYTES],
    /// Whether it had been counted before.
    pub repeated: bool,
    /// Whether an answer was lost on the way, so that it may have been counted by a try of this very call.
    pub retried: bool,
}

/// Pledges: opens and spends the token, over a connection of its own.
pub async fn redeem(network: &Network, site: &Site, token: &Token, opening: &Pledge) -> Result<Redeemed, Error> {
    let posting = pledge(&site.campaign, token, opening)?;
    let (answer, retried) = post(network, &site.origin, &posting, RECEIPT_BYTES).await?;
    let answer = answer.demand(&[200, 201], Some(media::RECEIPT))?;
    let receipt = take_receipt(&site.campaign, token, &answer.body)?;
    Ok(Redeemed { receipt, repeated: answer.status == 200, retried })
}

/// Demands that the Origin asks everybody for exactly the campaign's tokens (RFC 9577 §2.1): a POST that carries nothing.
/// False where nobody takes pledges at all, as a server of files does not.
pub async fn check_challenge(network: &Network, base: &BaseUrl, campaign: &Campaign) -> Result<bool, Error> {
    let message = Message { authorization: None, media_type: media::PLEDGE, body: Vec::new() };
    let answer = network.operation(base)?.post(PLEDGES_PATH, message, RECEIPT_BYTES).await?;
    if matches!(answer.status, 404 | 405 | 501) {
        return Ok(false);
    }
    let Some(header) = (answer.status == 401).then_some(answer.www_authenticate.as_deref()).flatten() else {
        return Err(answer.refusal());
    };
    let (challenge, key) = parse_challenge_header(header)?;
    if challenge == *campaign.challenge() && key == campaign.token_key().spki() {
        Ok(true)
    } else {
        Err(Error::Misbehaved("The server asks for other tokens than the campaign's.".to_owned()))
    }
}

/// Posts a message, several times if need be, each time over a fresh connection: the answer, and whether it took more
/// than one try.
async fn post(
    network: &Network,
    base: &BaseUrl,
    posting: &Posting,
    answer_bytes: usize,
) -> Result<(Answer, bool), Error> {
    let mut attempt = 1;
    loop {
        let answer = post_once(network, base, posting, answer_bytes).await;
        let refusal = match answer {
            Ok(answer) if answer.status < 300 => return Ok((answer, attempt > 1)),
            Ok(answer) => answer.refusal(),
            Err(error) => error,
        };
        let pause = match &refusal {
            Error::Refused { retry_after_seconds: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => PAUSE * attempt,
        };
        if attempt == ATTEMPTS || !refusal.is_passing() || pause > PAUSE_MAX {
            return Err(refusal);
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

async fn post_once(network: &Network, base: &BaseUrl, posting: &Posting, answer_bytes: usize) -> Result<Answer, Error> {
    let message = Message {
        authorization: Some(&posting.authorization),
        media_type: posting.media_type,
        body: posting.body.to_vec(),
    };
    network.operation(base)?.post(posting.path, message, answer_bytes).await
}

const ATTEMPTS: u32 = 3;
#[cfg(not(test))]
const PAUSE: Duration = Duration::from_secs(2);
#[cfg(test)]
const PAUSE: Duration = Duration::from_millis(20);
/// A server that asks for a longer pause than this is left for another time.
const PAUSE_MAX: Duration = Duration::from_secs(60);
const DIRECTORY_BYTES_MAX: usize = 64 * 1024;
