//! Organisers, on a listener of their own: who they are, what their roles allow, and the routes. An organiser sees what
//! the public sees, and nothing earlier.

use crate::batches::BatchRequest;
use crate::board::Board;
use crate::error::Refusal;
use crate::http::bearer;
use crate::issuer::Issuer;
use crate::organisers::{Account, Organisers, Role, digest_of};
use crate::publisher::Publisher;
use crate::timeline::Timeline;
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use protocol::campaign::Campaign;
use protocol::invite::InviteLink;
use protocol::problem::Problem;
use protocol::publication::State;
use std::sync::{Arc, Mutex};

mod api;
mod cards;
mod form;

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
}

/// The organisers' routes.
pub(crate) fn routes(organiser: Arc<Organiser>) -> Router {
    Router::new()
        .route("/organiser/invites", post(api::invites))
        .route("/organiser/counts", get(api::counts))
        .route("/organiser/announcement", post(api::announcement))
        .route("/organiser/close", post(api::close))
        .merge(cards::routes())
        .route_layer(from_fn_with_state(organiser.clone(), authorise))
        .with_state(organiser)
}

/// Every route asks for a bearer token, and hands the account that it opens to the handler.
async fn authorise(
    Shared(organiser): Shared<Arc<Organiser>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
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
        let found = tokio::task::spawn_blocking(move || organisers.find(&digest)).await;
        Ok(found.map_err(|_| Problem::Unavailable)??.map(Arc::new))
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
    pub(crate) async fn mint(&self, account: Arc<Account>, request: BatchRequest) -> Result<Vec<InviteLink>, Refusal> {
        self.demand_issuing(&account)?;
        let issuing = self.issuer.issuing().ok_or(Problem::Closed)?;
        let made = tokio::task::spawn_blocking(move || issuing.attester().mint(&request));
        made.await.map_err(|_| Problem::Unavailable)?
    }
}
