//! Asking for an invite by e-mail: of the issuer, over an operation of its own. That you asked, the operator and your mail
//! provider then know; what the link is used for, they do not learn from it.

use crate::answer::read_json;
use crate::campaign::Site;
use crate::error::Error;
use crate::transport::{Message, Network};
use protocol::media;
use protocol::problem::Problem;
use serde::{Deserialize, Serialize};

/// What a campaign offers by e-mail, as its server says.
#[derive(Deserialize)]
pub struct EmailOffer {
    /// Whether it can be asked for now.
    pub open: bool,
    /// Where mail is sent to: a domain, `*.edu` for all that end so, or `*` for any.
    pub domains: Vec<String>,
}

#[derive(Serialize)]
struct Asked<'a> {
    email: &'a str,
}

/// What the campaign offers; an error says what to do where it offers nothing.
pub async fn offer(network: &Network, site: &Site) -> Result<EmailOffer, Error> {
    let answer = network.operation(&site.issuer()?)?.get(PATH, OFFER_BYTES_MAX).await?;
    let none = || Error::Local("This campaign gives no invites by e-mail now; ask its organisers for one.".to_owned());
    let answer = answer.demand(&[200], Some(media::JSON))?;
    let offer: EmailOffer = read_json(&answer.body)
        .ok_or_else(|| Error::Misbehaved("The server's offer is not in the form of this protocol.".to_owned()))?;
    if offer.open { Ok(offer) } else { Err(none()) }
}

/// Has an invite sent. The answer is the same for every address, so that it says nothing but that the request arrived.
pub async fn ask(network: &Network, site: &Site, offer: &EmailOffer, address: &str) -> Result<(), Error> {
    let body = serde_json::to_vec(&Asked { email: address.trim() })
        .map_err(|_| Error::Local("This cannot be sent as an address; check it.".to_owned()))?;
    let message = Message { authorization: None, media_type: media::JSON, body };
    let answer = network.operation(&site.issuer()?)?.post(PATH, message, ANSWER_BYTES_MAX).await?;
    match answer.demand(&[202], None) {
        Err(Error::Refused { problem: Problem::Malformed, .. }) => Err(Error::Local(format!(
            "The server does not take this address; check it for a typing mistake, and that it ends in: {}.",
            offer.domains.iter().map(|domain| domain.trim_start_matches('*')).collect::<Vec<_>>().join(", ")
        ))),
        answer => answer.map(|_| ()),
    }
}

const PATH: &str = "/invite-by-email";
const OFFER_BYTES_MAX: usize = 64 * 1024;
const ANSWER_BYTES_MAX: usize = 4096;
