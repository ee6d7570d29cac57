//! Issuer: [`Attested`] + TokenRequest → TokenResponse (RFC 9578 §6), and its directory. It never sees a token or a place.

use crate::attester::{Attested, Attester};
use crate::config::SIGNATURES_WAITING_MAX;
use crate::error::{Error, Refusal};
use crate::http::{answer, bearer, close_connection, read_body};
use crate::signer::Signer;
use crate::timeline::Timeline;
use crate::workers::Workers;
use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use protocol::campaign::Campaign;
use protocol::directory::{DIRECTORY_PATH, IssuerDirectory};
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::{State, Tick};
use std::sync::{Arc, PoisonError, RwLock};

/// The role. After close it has neither key nor Attester and answers `closed`.
pub(crate) struct Issuer {
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    issuing: RwLock<Option<Arc<Issuing>>>,
    workers: Workers,
}

/// What issues, and what is destroyed at close.
pub(crate) struct Issuing {
    signer: Signer,
    attester: Attester,
}

impl Issuing {
    /// The Attester, for those who make invites.
    pub(crate) fn attester(&self) -> &Attester {
        &self.attester
    }

    /// BlindSign, for a request that was attested. Takes about a millisecond of a core.
    fn issue(&self, _proof: Attested, request: &TokenRequest) -> Result<TokenResponse, Error> {
        self.signer.issue(request)
    }
}

impl Issuer {
    /// The role with its key and Attester, or without them after close.
    pub(crate) fn new(
        campaign: Arc<Campaign>,
        timeline: Arc<Timeline>,
        issuing: Option<(Signer, Attester)>,
    ) -> Result<Self, Error> {
        let issuing = RwLock::new(issuing.map(|(signer, attester)| Arc::new(Issuing { signer, attester })));
        let workers = Workers::start("signer", SIGNATURES_WAITING_MAX)?;
        Ok(Self { campaign, timeline, issuing, workers })
    }

    /// Key and Attester, until close.
    pub(crate) fn issuing(&self) -> Option<Arc<Issuing>> {
        self.issuing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// At close: forgets the key and removes the used invites from the disk. Blocking.
    pub(crate) fn destroy(&self) -> Result<(), Error> {
        let issuing = self.issuing.write().unwrap_or_else(PoisonError::into_inner).take();
        match issuing {
            Some(issuing) => issuing.attester.destroy(),
            None => Ok(()),
        }
    }

    /// The whole of a TokenRequest, in the order of DESIGN §3.
    async fn token_response(&self, headers: HeaderMap, body: Body) -> Result<TokenResponse, Refusal> {
        let body = read_body(&headers, body, media::TOKEN_REQUEST, TokenRequest::BYTES).await?;
        let issuing = match self.timeline.state() {
            State::Before => return Err(Problem::NotOpen.into()),
            State::Closed => None,
            State::Collecting | State::Open | State::Closing => self.issuing(),
        };
        let issuing = issuing.ok_or(Problem::Closed)?;
        let issues = self.timeline.issues_tokens();
        let tick = issues.then(|| self.timeline.tick_under_way());
        let answered = self.answer(issuing, &headers, &body, tick).await;
        answered.map_err(|refusal| match refusal.problem() {
            // neither says anything of an invite that was not used for this very request
            Problem::RateLimited => refusal.with_retry_after(self.timeline.seconds_to_next_tick()),
            Problem::Unavailable => refusal,
            _ if issues => refusal,
            _ => Problem::Closed.into(),
        })
    }

    async fn answer(
        &self,
        issuing: Arc<Issuing>,
        headers: &HeaderMap,
        body: &[u8],
        tick: Option<Tick>,
    ) -> Result<TokenResponse, Refusal> {
        let malformed = |_| Problem::Malformed;
        let id = issuing.attester.recognise(bearer(headers).ok_or(Problem::InviteUnknown)?)?;
        let request = TokenRequest::decode(body).map_err(malformed)?;
        request.check(self.campaign.token_key()).map_err(malformed)?;
        let admission = self.workers.admit()?;
        let proof = issuing.attester.attest(id, &request, tick).await?;
        Ok(admission.run(move || issuing.issue(proof, &request)).await??)
    }
}

/// The Issuer's routes.
pub(crate) fn routes(issuer: Arc<Issuer>) -> Router {
    let token_request = post(token_request).layer(from_fn(close_connection));
    Router::new().route("/token-request", token_request).route(DIRECTORY_PATH, get(directory)).with_state(issuer)
}

async fn token_request(
    Shared(issuer): Shared<Arc<Issuer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let response = issuer.token_response(headers, body).await.map_err(|refusal| match refusal.problem() {
        Problem::Malformed => refusal.with_status(422), // RFC 9578 §6.2
        _ => refusal,
    })?;
    Ok(answer(200, media::TOKEN_RESPONSE, response.encode().to_vec()))
}

async fn directory(Shared(issuer): Shared<Arc<Issuer>>) -> Result<Response, Refusal> {
    let directory = IssuerDirectory::new(issuer.campaign.token_key());
    let body = serde_json::to_vec(&directory).map_err(|error| Error::Refused(error.to_string()))?;
    Ok(answer(200, media::ISSUER_DIRECTORY, body))
}
