//! The participant's way (DESIGN §2, §3): blind, obtain, redeem. Token and pledge never share a connection, and a lost
//! answer is asked for again with the very same bytes, which changes nothing at the server.
//!
//! Nothing here keeps or prints anything; what must survive an accident is the phrase, which the caller shows first.

use crate::address::BaseUrl;
use crate::campaign::Site;
use crate::error::Error;
use crate::transport::{Answer, Message, Network};
use protocol::auth_scheme::{parse_challenge_header, token_header};
use protocol::campaign::Campaign;
use protocol::directory::{DIRECTORY_PATH, IssuerDirectory};
use protocol::invite::Invite;
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::{RECEIPT_BYTES, verify_receipt};
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
        let directory: IssuerDirectory = serde_json::from_slice(&answer.body)
            .map_err(|_| Error::Misbehaved("The issuer's directory cannot be read.".to_owned()))?;
        directory.check(site.campaign.token_key())?;
        // Any other path could be a mark for one person, and any other host somebody else's.
        if directory.issuer_request_uri != TOKEN_REQUEST_PATH {
            return Err(Error::Misbehaved(format!(
                "The issuer's directory sends token requests elsewhere than to {TOKEN_REQUEST_PATH}; do not go on."
            )));
        }
        Ok(Self { base })
    }
}

/// What a phrase and a place give: the request to send, what is needed to read its answer, and the pledge for later.
pub struct Prepared {
    /// Goes to the Issuer.
    pub request: TokenRequest,
    /// Stays here until the answer.
    pub pending: PendingToken,
    /// Goes to the Origin, later.
    pub pledge: Pledge,
}

/// A fresh phrase from the operating system's randomness. Every invite needs one of its own.
pub fn fresh_phrase() -> Result<Phrase, Error> {
    let mut seed = Zeroizing::new([0; 16]);
    SysRng.try_fill_bytes(seed.as_mut_slice()).map_err(|_| {
        Error::Local("The operating system gives no random numbers; start it anew and try again.".to_owned())
    })?;
    Ok(Phrase::from_bytes(*seed))
}

/// Blinds. The same phrase and place give the same request on any device. Takes some milliseconds of computing.
pub fn prepare(campaign: &Campaign, phrase: &Phrase, place: u32) -> Result<Prepared, Error> {
    let region = region_of(campaign, place)?;
    let secrets = phrase.secrets(campaign.id(), place);
    let pledge = secrets.pledge();
    let (request, pending) = TokenRequest::new(
        &mut secrets.blinding(),
        campaign.token_key(),
        campaign.challenge_digest(),
        pledge.nonce(region),
    )?;
    Ok(Prepared { request, pending, pledge })
}

/// Turns an invite into a token. An answer that is not a signature of the request is discarded and never asked for again.
pub async fn obtain(
    network: &Network,
    issuer: &Issuer,
    invite: &Invite,
    request: &TokenRequest,
    pending: PendingToken,
) -> Result<Token, Error> {
    let authorization = Zeroizing::new(format!("Bearer {}", *invite.code()));
    let posting = Posting {
        network,
        base: &issuer.base,
        path: TOKEN_REQUEST_PATH,
        authorization: &authorization,
        media_type: media::TOKEN_REQUEST,
        body: &request.encode(),
    };
    let (answer, _) = posting.send(TokenResponse::BYTES).await?;
    let answer = answer.demand(&[200], Some(media::TOKEN_RESPONSE))?;
    let response = TokenResponse::decode(&answer.body)
        .map_err(|_| Error::Misbehaved("The issuer's answer is no whole message, and was thrown away.".to_owned()))?;
    pending.finalize(&response).map_err(|_| {
        Error::NoSignature(
            "The issuer's answer is not a signature of what was asked, and was thrown away. Do not try again and \
             again: tell the organisers, by another way than through this server."
                .to_owned(),
        )
    })
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
pub async fn redeem(network: &Network, site: &Site, token: &Token, pledge: &Pledge) -> Result<Redeemed, Error> {
    let campaign = &site.campaign;
    // Nothing that cannot be counted leaves this device.
    token.clone().open(pledge.clone(), campaign)?.verify(campaign.token_key())?;
    let authorization = Zeroizing::new(token_header(token));
    let posting = Posting {
        network,
        base: &site.origin,
        path: "/pledges",
        authorization: &authorization,
        media_type: media::PLEDGE,
        body: &pledge.encode(),
    };
    let (answer, retried) = posting.send(RECEIPT_BYTES).await?;
    let answer = answer.demand(&[200, 201], Some(media::RECEIPT))?;
    let receipt: [u8; RECEIPT_BYTES] = answer.body.as_slice().try_into().map_err(|_| bad_receipt())?;
    let key = &campaign.genesis().receipt_key;
    verify_receipt(key, campaign.id(), &token.nonce(), &receipt).map_err(|_| bad_receipt())?;
    Ok(Redeemed { receipt, repeated: answer.status == 200, retried })
}

/// The place that this phrase made this token for, if it did.
pub fn place_of(campaign: &Campaign, phrase: &Phrase, token: &Token) -> Option<u32> {
    let places = u32::try_from(campaign.places().places.len()).unwrap_or(u32::MAX);
    (0..places).find(|place| {
        let pledge = phrase.secrets(campaign.id(), *place).pledge();
        region_of(campaign, *place).is_ok_and(|region| pledge.nonce(region) == token.nonce())
    })
}

/// Demands that the Origin asks everybody for exactly the campaign's tokens (RFC 9577 §2.1): a POST that carries nothing.
pub async fn check_challenge(network: &Network, base: &BaseUrl, campaign: &Campaign) -> Result<(), Error> {
    let message = Message { authorization: None, media_type: media::PLEDGE, body: Vec::new() };
    let answer = network.operation(base)?.post("/pledges", message, RECEIPT_BYTES).await?;
    let Some(header) = (answer.status == 401).then_some(answer.www_authenticate.as_deref()).flatten() else {
        return Err(answer.refusal());
    };
    let (challenge, key) = parse_challenge_header(header)?;
    if challenge == *campaign.challenge() && key == campaign.token_key().spki() {
        Ok(())
    } else {
        Err(Error::Misbehaved("The server asks for other tokens than the campaign's.".to_owned()))
    }
}

/// One message that may be sent several times, each time over a fresh connection.
struct Posting<'a> {
    network: &'a Network,
    base: &'a BaseUrl,
    path: &'a str,
    authorization: &'a str,
    media_type: &'a str,
    body: &'a [u8],
}

impl Posting<'_> {
    /// The answer, and whether it took more than one try.
    async fn send(&self, answer_bytes: usize) -> Result<(Answer, bool), Error> {
        let mut attempt = 1;
        loop {
            let answer = self.once(answer_bytes).await;
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

    async fn once(&self, answer_bytes: usize) -> Result<Answer, Error> {
        let message =
            Message { authorization: Some(self.authorization), media_type: self.media_type, body: self.body.to_vec() };
        let operation = self.network.operation(self.base)?;
        operation.post(self.path, message, answer_bytes).await
    }
}

fn region_of(campaign: &Campaign, place: u32) -> Result<u32, Error> {
    let region = campaign.places().region_of(place);
    region.ok_or_else(|| {
        Error::Local("This campaign has no place with that number; look at its list of places.".to_owned())
    })
}

fn bad_receipt() -> Error {
    Error::Misbehaved(
        "The server says that the pledge is counted, but its receipt is not genuine; try again later, and tell the \
         organisers."
            .to_owned(),
    )
}

const TOKEN_REQUEST_PATH: &str = "/token-request";
const ATTEMPTS: u32 = 3;
#[cfg(not(test))]
const PAUSE: Duration = Duration::from_secs(2);
#[cfg(test)]
const PAUSE: Duration = Duration::from_millis(20);
/// A server that asks for a longer pause than this is left for another time.
const PAUSE_MAX: Duration = Duration::from_secs(60);
const DIRECTORY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests;
