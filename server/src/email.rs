//! Invites by e-mail: an address → the link of the invite that it always earns, by mail. Nothing about an address is
//! stored, told or answered: the answer leaves before anything is worked out, and is the same for all.

mod carrier;
mod letter;
mod office;
mod queue;

pub use carrier::MailServer;

use crate::config::EMAIL_BODY_BYTES_MAX;
use crate::email_offer::EmailOffer;
use crate::error::{Error, Refusal};
use crate::http::{answer, close_connection, read_body};
use crate::issuer::Issuer;
use crate::timeline::Timeline;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use carrier::Carrier;
use letter::Letter;
use lettre::message::Mailbox;
use office::Office;
use protocol::campaign::Campaign;
use protocol::email::{EmailAddress, EmailKey};
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::State;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::{Zeroize, Zeroizing};

/// What a start gives to a campaign that has e-mail on; none of it is written down.
pub struct EmailSettings {
    /// The mail server.
    pub server: MailServer,
    /// From whom the mails are.
    pub from: String,
    /// The key that `init` showed.
    pub key: Zeroizing<String>,
}

/// The role.
pub(crate) struct Email {
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    issuer: Arc<Issuer>,
    offer: Option<EmailOffer>,
    office: RwLock<Option<Arc<Office>>>,
}

impl Email {
    /// The role, which sends nothing before [`Self::begin`], and without an offer never.
    pub(crate) fn new(
        campaign: Arc<Campaign>,
        timeline: Arc<Timeline>,
        issuer: Arc<Issuer>,
        offer: Option<EmailOffer>,
    ) -> Self {
        Self { campaign, timeline, issuer, offer, office: RwLock::default() }
    }

    /// Whether the campaign has e-mail on, and there is still an invite to be earned.
    pub(crate) fn is_wanted(&self) -> bool {
        self.offer.is_some() && !self.timeline.is_closed() && self.timeline.issues_tokens()
    }

    /// Begins to send, in the runtime that calls this. Another key than the campaign's is refused: it would earn the same
    /// people other invites.
    pub(crate) fn begin(&self, settings: EmailSettings) -> Result<(), Error> {
        let refused = |why: &str| Error::Refused(why.to_owned());
        let offer = self.offer.as_ref().ok_or_else(|| {
            refused("this campaign sends no invites by e-mail; leave out the options of the mail server")
        })?;
        let key = EmailKey::parse(&settings.key)
            .ok()
            .filter(|key| offer.is_of(key, self.campaign.id()))
            .ok_or_else(|| refused("this is not the e-mail key that init showed for this campaign; give that one"))?;
        let from: Mailbox = settings
            .from
            .trim()
            .parse()
            .map_err(|_| refused("the sender is no e-mail address; write --email-from name@example.org"))?;
        let carrier = Carrier::new(settings.server, from.email.domain())?;
        let letter = Letter::new(from, &self.campaign.genesis().title);
        let office = Office::open(self.campaign.id(), self.issuer.clone(), letter, carrier, key);
        let earlier = self.office.write().unwrap_or_else(PoisonError::into_inner).replace(office);
        earlier.inspect(|office| office.end());
        Ok(())
    }

    /// A tick ended.
    pub(crate) fn tick(&self) {
        self.office().inspect(|office| office.tick());
    }

    /// Erases the key and all that waits.
    pub(crate) fn end(&self) {
        let office = self.office.write().unwrap_or_else(PoisonError::into_inner).take();
        office.inspect(|office| office.end());
    }

    fn office(&self) -> Option<Arc<Office>> {
        self.office.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The whole of a request, in the order of DESIGN §3. Domains are public, so that a refusal by them tells nothing.
    async fn accept(&self, headers: HeaderMap, body: Body) -> Result<(), Refusal> {
        let body = read_body(&headers, body, media::JSON, EMAIL_BODY_BYTES_MAX).await?;
        let offer = self.offer.as_ref().ok_or(Problem::Closed)?;
        match self.timeline.state() {
            State::Before => return Err(Problem::NotOpen.into()),
            State::Closed => return Err(Problem::Closed.into()),
            _ if !self.timeline.issues_tokens() => return Err(Problem::Closed.into()),
            _ => {}
        }
        let office = self.office().ok_or(Problem::Unavailable)?;
        let malformed = |why: String| Refusal::from(Problem::Malformed).with_detail(why);
        let address = asked(body).ok_or_else(|| malformed(WANTED.to_owned()))?;
        if !offer.domains.allow(address.domain()) {
            let domains = Vec::from(offer.domains.clone()).join(", ");
            return Err(malformed(format!("Invites are sent to addresses at {domains} only; give such an address.")));
        }
        office.accept(address).map_err(|seconds| Refusal::from(Problem::RateLimited).with_retry_after(seconds))
    }
}

/// The routes.
pub(crate) fn routes(email: Arc<Email>) -> Router {
    let invite = post(invite).layer(from_fn(close_connection));
    Router::new().route(PATH, get(offer).merge(invite)).with_state(email)
}

async fn invite(Shared(email): Shared<Arc<Email>>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    email.accept(headers, body).await?;
    Ok(answer(202, media::JSON, "{}"))
}

/// Whether it can be asked for now, and for which domains: the same for everybody.
async fn offer(Shared(email): Shared<Arc<Email>>) -> Response {
    let open = email.office().is_some() && email.timeline.state() != State::Before && email.is_wanted();
    let domains = email.offer.as_ref().map(|offer| Vec::from(offer.domains.clone())).unwrap_or_default();
    answer(200, media::JSON, serde_json::json!({ "open": open, "domains": domains }).to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    email: Zeroizing<String>,
}

/// Reads the address, and erases the message as far as it is ours. A list of the members' values is no message, though a
/// derived reader would take it.
fn asked(body: Bytes) -> Option<EmailAddress> {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let asked: Option<Asked> = is_object.then(|| serde_json::from_slice(&body).ok()).flatten();
    if let Ok(mut body) = body.try_into_mut() {
        body.zeroize();
    }
    EmailAddress::parse(&asked?.email).ok()
}

/// Where it is asked.
pub(crate) const PATH: &str = "/invite-by-email";
const WANTED: &str = "The server could not read the e-mail address; check it for a typing mistake.";
