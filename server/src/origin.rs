//! Origin: TokenChallenge out; Token + Pledge in → a receipt. It knows tokens and places and never a person.

use crate::error::{Error, Refusal};
use crate::http::{answer, only, read_body};
use crate::keyring::Seed;
use crate::store::redemption::{Redeemed, RedemptionStore};
use crate::timeline::Timeline;
use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use protocol::auth_scheme::{challenge_header, parse_token_header};
use protocol::campaign::Campaign;
use protocol::error::Error as ProtocolError;
use protocol::media;
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::publication::State;
use protocol::receipt::{RECEIPT_BYTES, ReceiptSigner};
use protocol::token::{OpenedToken, VerifiedToken};
use std::sync::{Arc, PoisonError, RwLock};

/// The role. After close it has no store and answers `closed`.
pub(crate) struct Origin {
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    receipts: ReceiptSigner,
    challenge: String,
    redemptions: RwLock<Option<Arc<RedemptionStore>>>,
}

impl Origin {
    /// The role with its store, or without it after close.
    pub(crate) fn new(
        campaign: Arc<Campaign>,
        timeline: Arc<Timeline>,
        receipt_key: &Seed,
        redemptions: Option<Arc<RedemptionStore>>,
    ) -> Result<Self, Error> {
        let challenge = challenge_header(campaign.challenge(), campaign.token_key())?;
        let receipts = ReceiptSigner::from_seed(receipt_key)?;
        let redemptions = RwLock::new(redemptions);
        Ok(Self { campaign, timeline, receipts, challenge, redemptions })
    }

    /// At close: lets go of the store.
    pub(crate) fn forget(&self) {
        self.redemptions.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The whole of a redemption, in the order of DESIGN §3: whether it is counted now, and the receipt.
    async fn redeem(&self, headers: HeaderMap, body: Body) -> Result<(Redeemed, [u8; RECEIPT_BYTES]), Refusal> {
        if !headers.contains_key(header::AUTHORIZATION) {
            return Err(self.invalid());
        }
        let body = read_body(&headers, body, media::PLEDGE, Pledge::BYTES).await?;
        let redemptions = match self.timeline.state() {
            State::Before | State::Collecting => return Err(Problem::NotOpen.into()),
            State::Closed => None,
            State::Open | State::Closing => self.redemptions.read().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        let redemptions = redemptions.ok_or(Problem::Closed)?;
        let token = only(&headers, header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = parse_token_header(token.ok_or(Problem::Malformed)?).map_err(|_| Problem::Malformed)?;
        let pledge = Pledge::decode(&body).map_err(|_| Problem::Malformed)?;
        let opened = token.open(pledge, &self.campaign).map_err(|error| self.refusal(&error))?;
        let (verified, receipt) = self.verify(opened)?;
        match redemptions.spend(verified).await? {
            Redeemed::Closed => Err(Problem::Closed.into()),
            counted => Ok((counted, receipt)),
        }
    }

    /// The signature, and the receipt that is handed out only once the pledge is durable. Takes some fifty microseconds of
    /// a core: to hand it to another thread would cost as much again.
    fn verify(&self, opened: OpenedToken) -> Result<(VerifiedToken, [u8; RECEIPT_BYTES]), Refusal> {
        let verified = opened.verify(self.campaign.token_key()).map_err(|error| self.refusal(&error))?;
        let receipt = self.receipts.sign(self.campaign.id(), &verified.nonce()).map_err(Error::from)?;
        Ok((verified, receipt))
    }

    fn refusal(&self, error: &ProtocolError) -> Refusal {
        match error {
            ProtocolError::PledgeMismatch => Problem::PledgeMismatch.into(),
            _ => self.invalid(),
        }
    }

    fn invalid(&self) -> Refusal {
        Refusal::from(Problem::TokenInvalid).with_challenge(&self.challenge)
    }
}

/// The Origin's routes.
pub(crate) fn routes(origin: Arc<Origin>) -> Router {
    Router::new().route("/pledges", post(pledges)).with_state(origin)
}

async fn pledges(Shared(origin): Shared<Arc<Origin>>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let (redeemed, receipt) = origin.redeem(headers, body).await?;
    let status = if matches!(redeemed, Redeemed::Now) { 201 } else { 200 };
    Ok(answer(status, media::RECEIPT, receipt.to_vec()))
}
