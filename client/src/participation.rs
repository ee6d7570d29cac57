//! The participant's way (DESIGN §2, §3) as steps that need no network: what is sent, and what an answer must be to be
//! taken. Command line and page go through the same ones; `network` sends for the command line.
//!
//! Nothing here keeps or prints anything; what must survive an accident is the phrase, which the caller shows first.

use crate::answer::read_json;
use crate::error::Error;
use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::directory::IssuerDirectory;
use protocol::invite::Invite;
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::{RECEIPT_BYTES, verify_receipt};
use protocol::token::Token;
use zeroize::Zeroizing;

#[cfg(not(target_arch = "wasm32"))]
mod network;
#[cfg(not(target_arch = "wasm32"))]
pub use network::{Issuer, Redeemed, check_challenge, fresh_phrase, obtain, redeem};

/// What a phrase and a place give: the request to send, what is needed to read its answer, and the pledge for later.
pub struct Prepared {
    /// Goes to the Issuer.
    pub request: TokenRequest,
    /// Stays here until the answer.
    pub pending: PendingToken,
    /// Goes to the Origin, later.
    pub pledge: Pledge,
}

/// A message to post. It is the same bytes however often it is sent.
pub struct Posting {
    /// The path on the server that takes it.
    pub path: &'static str,
    /// Value of `Authorization`: a secret.
    pub authorization: Zeroizing<String>,
    /// Value of `Content-Type`.
    pub media_type: &'static str,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// Demands of an issuer directory (RFC 9578 §4) exactly the key of the genesis, byte for byte, and no other address for
/// requests than everybody's.
pub fn check_directory(campaign: &Campaign, body: &[u8]) -> Result<(), Error> {
    let directory: IssuerDirectory =
        read_json(body).ok_or_else(|| Error::Misbehaved("The issuer's directory cannot be read.".to_owned()))?;
    directory.check(campaign.token_key())?;
    // Any other path could be a mark for one person, and any other host somebody else's.
    if directory.issuer_request_uri != TOKEN_REQUEST_PATH {
        return Err(Error::Misbehaved(format!(
            "The issuer's directory sends token requests elsewhere than to {TOKEN_REQUEST_PATH}; do not go on."
        )));
    }
    Ok(())
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

/// The message to the Issuer that shows the invite.
pub fn ask(invite: &Invite, request: &TokenRequest) -> Posting {
    Posting {
        path: TOKEN_REQUEST_PATH,
        authorization: Zeroizing::new(format!("Bearer {}", *invite.code())),
        media_type: media::TOKEN_REQUEST,
        body: Zeroizing::new(request.encode().to_vec()),
    }
}

/// Reads the Issuer's answer: unblinds and verifies. One that is not a signature of the request is discarded.
pub fn take_response(pending: PendingToken, body: &[u8]) -> Result<Token, Error> {
    let response = TokenResponse::decode(body)
        .map_err(|_| Error::Misbehaved("The issuer's answer is no whole message, and was thrown away.".to_owned()))?;
    pending.finalize(&response).map_err(|_| {
        Error::NoSignature(
            "The issuer's answer is not a signature of what was asked, and was thrown away. Do not try again and \
             again: tell the organisers, by another way than through this server."
                .to_owned(),
        )
    })
}

/// The message to the Origin that opens and spends the token. Nothing that cannot be counted leaves this device.
pub fn pledge(campaign: &Campaign, token: &Token, pledge: &Pledge) -> Result<Posting, Error> {
    token.clone().open(pledge.clone(), campaign)?.verify(campaign.token_key())?;
    Ok(Posting {
        path: PLEDGES_PATH,
        authorization: Zeroizing::new(token_header(token)),
        media_type: media::PLEDGE,
        body: Zeroizing::new(pledge.encode().to_vec()),
    })
}

/// Reads the Origin's answer: a genuine receipt for this token.
pub fn take_receipt(campaign: &Campaign, token: &Token, body: &[u8]) -> Result<[u8; RECEIPT_BYTES], Error> {
    let receipt: [u8; RECEIPT_BYTES] = body.try_into().map_err(|_| bad_receipt())?;
    let key = &campaign.genesis().receipt_key;
    verify_receipt(key, campaign.id(), &token.nonce(), &receipt).map_err(|_| bad_receipt())?;
    Ok(receipt)
}

/// The place that this phrase made this token for, if it did.
pub fn place_of(campaign: &Campaign, phrase: &Phrase, token: &Token) -> Option<u32> {
    let places = u32::try_from(campaign.places().places.len()).unwrap_or(u32::MAX);
    (0..places).find(|place| {
        let pledge = phrase.secrets(campaign.id(), *place).pledge();
        region_of(campaign, *place).is_ok_and(|region| pledge.nonce(region) == token.nonce())
    })
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
const PLEDGES_PATH: &str = "/pledges";

#[cfg(test)]
mod tests;
