//! Organisers, on a listener of their own: who they are, what their roles allow, and the routes. An organiser sees what
//! the public sees, and nothing earlier.

use crate::actions::{Act, Action, Actions};
use crate::batches::{Batch, BatchRequest};
use crate::board::Board;
use crate::error::{Error, Refusal};
use crate::growth::Growth;
use crate::http::bearer;
use crate::issuer::Issuer;
use crate::organisers::{Account, Organisers, Role, digest_of};
use crate::publisher::Publisher;
use crate::room::Disk;
use crate::timeline::Timeline;
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::invite::InviteLink;
use protocol::problem::Problem;
use protocol::publication::State;
use std::sync::{Arc, Mutex, PoisonError};

mod api;
mod cards;
pub(crate) mod form;
mod page;
mod sessions;

pub(crate) use sessions::Sessions;

/// The role.
pub(crate) struct Organiser {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// Its time.
    pub timeline: Arc<Timeline>,
    /// What is published.
    pub board: Arc<Board>,
    /// Who makes invites.
    pub issuer: Arc<Issuer>,
    /// Who appends announcements.
    pub publisher: Arc<Mutex<Publisher>>,
    /// Who may ask.
    pub organisers: Arc<Organisers>,
    /// What they did.
    pub actions: Actions,
    /// Who is signed in on the page.
    pub sessions: Sessions,
    /// What each tick published.
    pub growth: Arc<Growth>,
    /// Whether the disk has room, as of the last tick.
    pub disk: Arc<Disk>,
}

/// The organisers' routes.
pub(crate) fn routes(organiser: Arc<Organiser>) -> Router {
    Router::new()
        .route("/organiser/invites", post(api::invites))
        .route("/organiser/batches", get(api::batches))
        .route("/organiser/batches/revoke", post(api::revoke))
        .route("/organiser/actions", get(api::actions))
        .route("/organiser/counts", get(api::counts))
        .route("/organiser/announcement", post(api::announcement))
        .route("/organiser/close", post(api::close))
        .merge(cards::routes())
        .route_layer(from_fn_with_state(organiser.clone(), authorise))
        .merge(page::routes(&organiser))
        .with_state(organiser)
}

/// Every route asks for a bearer token, or where there is none for a session of the page, and hands the account that it
/// opens to the handler.
async fn authorise(
    Shared(organiser): Shared<Arc<Organiser>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return page::by_session(organiser, request, next).await;
    }
    let digest = digest_of(bearer(request.headers()).ok_or(Problem::Unauthorised)?);
    let account = organiser.account(digest).await?.ok_or(Problem::Unauthorised)?;
    request.extensions_mut().insert(account);
    Ok(next.run(request).await)
}

/// Refuses what an account's roles do not allow.
pub(crate) fn demand(account: &Account, role: Role) -> Result<(), Refusal> {
    if account.may(role) { Ok(()) } else { Err(Problem::Forbidden.into()) }
}

impl Organiser {
    /// The account that a token of this digest opens now. Whoever keeps a digest between requests asks at each of them,
    /// so that an account that is removed opens nothing from then on.
    pub(crate) async fn account(&self, digest: [u8; 32]) -> Result<Option<Arc<Account>>, Refusal> {
        let organisers = self.organisers.clone();
        blocking(move || Ok(organisers.find(&digest)?.map(Arc::new))).await
    }

    /// Refuses whoever may not make invites, and everybody when none are made any more; before the request is read.
    pub(crate) fn demand_issuing(&self, account: &Account) -> Result<(), Refusal> {
        demand(account, Role::Invites)?;
        if self.timeline.state() == State::Closed || !self.timeline.issues_tokens() {
            return Err(Problem::Closed.into());
        }
        Ok(())
    }

    /// Makes the invites that an account asks for.
    pub(crate) async fn mint(
        self: &Arc<Self>,
        account: Arc<Account>,
        request: BatchRequest,
    ) -> Result<Vec<InviteLink>, Refusal> {
        let organiser = self.clone();
        blocking(move || organiser.make_invites(&account, &request)).await
    }

    /// [`Self::mint`] where nobody waits. Blocking.
    pub(crate) fn make_invites(&self, account: &Account, request: &BatchRequest) -> Result<Vec<InviteLink>, Refusal> {
        self.demand_issuing(account)?;
        let issuing = self.issuer.issuing().ok_or(Problem::Closed)?;
        let did = Act::InvitesMade { batch: request.batch.clone(), count: request.count };
        issuing.attester().mint(request, account, self.timeline.tick_under_way(), || {
            let full = "So much was done in this campaign that no more invites are made; the organisers must close it.";
            let recorded = self.record(account, did)?;
            recorded.then_some(()).ok_or_else(|| Refusal::from(Problem::Exhausted).with_detail(full))
        })
    }

    /// The batches that an account sees.
    pub(crate) fn batches(&self, account: &Account) -> Result<Vec<Batch>, Refusal> {
        self.demand_batches(account)?;
        Ok(self.issuer.issuing().ok_or(Problem::Closed)?.attester().batches_of(account))
    }

    /// Revokes a batch that an account sees, for ever: its unused invites are good for nothing from now on. Blocking.
    pub(crate) fn revoke(&self, account: &Account, batch: &str) -> Result<(), Refusal> {
        self.demand_batches(account)?;
        let issuing = self.issuer.issuing().ok_or(Problem::Closed)?;
        let did = Act::BatchRevoked { batch: batch.to_owned() };
        issuing.attester().revoke(batch, account, || Ok(self.record(account, did).map(drop)?))
    }

    /// Takes a signed announcement into the log. Blocking.
    pub(crate) fn announce(&self, account: &Account, announcement: Announcement) -> Result<(), Refusal> {
        demand(account, Role::Announces)?;
        let did = Act::Announced { number: announcement.number };
        let mut publisher = self.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        publisher.announce(announcement, || self.record(account, did).map(drop))
    }

    /// Makes the end of the next tick the closing tick. Blocking.
    pub(crate) fn close(&self, account: &Account) -> Result<(), Refusal> {
        demand(account, Role::Announces)?;
        if self.timeline.state() == State::Closed {
            return Err(Problem::Closed.into());
        }
        self.timeline.close(|| self.record(account, Act::Closed).map(drop))?;
        Ok(())
    }

    /// What organisers did, for those who lead; gone after close. Blocking.
    pub(crate) fn actions(&self, account: &Account) -> Result<Vec<Action>, Refusal> {
        demand(account, Role::Announces)?;
        Ok(self.actions.list()?.ok_or(Problem::Closed)?)
    }

    /// Refuses whoever has nothing to do with batches.
    pub(crate) fn demand_batches(&self, account: &Account) -> Result<(), Refusal> {
        if account.may(Role::Announces) { Ok(()) } else { demand(account, Role::Invites) }
    }

    /// Writes down what an account is about to do; false if the log is full for it. Blocking.
    fn record(&self, account: &Account, did: Act) -> Result<bool, Error> {
        let tick = self.timeline.tick_under_way();
        self.actions.add(&Action { tick, organiser: account.name.clone(), did })
    }
}

/// Runs what blocks where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Unavailable)?
}
