//! The roles of Headcount in one process: Attester, Issuer, Origin, Publisher, organiser's API (RFC 9576 §4.1).
//!
//! START HERE. [`Deployment::open`] reads a data directory and wires the roles; [`Deployment::public_routes`] and
//! [`Deployment::organiser_routes`] are the tables of routes; [`Deployment::look_at_clock`] is the only thing that ever
//! publishes. A request goes down one column and never back:
//!
//! * TokenRequest: `issuer` → `attester` → `store/attestation` (who asked; never a token)
//! * Pledge: `origin` → `store/redemption` (tokens; never a person)
//! * tick: `publisher` → `plan` → `store/log` → `board` → everybody
//!
//! This file and `main.rs` alone know both stores, and no handler reaches both.

mod attester;
mod batches;
mod board;
pub mod check;
pub mod clock;
pub mod config;
pub mod demo;
mod error;
mod http;
pub mod init;
#[cfg(test)]
mod interruption;
mod issuer;
mod keyring;
mod organiser;
mod origin;
mod page;
mod plan;
mod public;
mod publisher;
pub mod serve;
mod store;
mod timeline;
mod workers;

pub use crate::error::Error;

use crate::attester::Attester;
use crate::board::{Board, Published};
use crate::clock::{Clock, Timekeeper};
use crate::issuer::Issuer;
use crate::keyring::Keyring;
use crate::organiser::Organiser;
use crate::origin::Origin;
use crate::public::Public;
use crate::publisher::Publisher;
use crate::store::log::{LogReader, LogStore};
use crate::store::redemption::RedemptionStore;
use crate::timeline::Timeline;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use protocol::campaign::Campaign;
use protocol::note::{NoteSigner, NoteVerifier};
use protocol::recount::{Recount, Summary};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A campaign that is being served.
pub struct Deployment {
    data: PathBuf,
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    issuer: Arc<Issuer>,
    origin: Arc<Origin>,
    publisher: Arc<Mutex<Publisher>>,
    public: Arc<Public>,
    organiser: Arc<Organiser>,
    ticking: Mutex<()>,
}

impl Deployment {
    /// Opens a data directory that `init` made, in whatever state a stop or a crash left it, and finishes what was cut off.
    pub fn open(data: &Path, clock: Clock) -> Result<Self, Error> {
        let (campaign, places, map) = init::read_campaign(data)?;
        let campaign = Arc::new(campaign);
        let keys = Keyring::of(data);
        let genesis = campaign.genesis();
        let verifier = NoteVerifier::new(&campaign.log_name(), &genesis.log_key)?;
        let log = LogStore::open(&data.join("log"), &verifier)?;
        let summary = read_log(&campaign, log.reader())?;
        let closed = summary.closed_at.is_some();

        let schedule = genesis.schedule();
        let keeper = Timekeeper::new(clock, schedule.tick_seconds + config::CLOCK_TOLERANCE_SECS);
        let first_tick = schedule.last_ended(keeper.now().seconds.min(schedule.opens));
        let (attester, pool) = if closed { (None, None) } else { open_stores(data, &campaign, &keys, first_tick)? };
        let last_tick = pool.as_ref().map_or(summary.last_tick, |pool| pool.last_tick());
        let timeline = Arc::new(Timeline::open(data, schedule, keeper, last_tick, closed)?);

        let published = Published::from(summary);
        let board = Arc::new(Board::new(campaign.clone(), timeline.clone(), published.clone()));
        let reader = log.reader().clone();
        let signer = NoteSigner::new(&campaign.log_name(), &*keys.log()?);
        let publisher = Publisher::new(data, campaign.clone(), signer, log, board.clone(), published, pool.clone());
        let publisher = Arc::new(Mutex::new(publisher));
        let issuing = keys.issuer()?.zip(attester);
        let issuer = Arc::new(Issuer::new(campaign.clone(), timeline.clone(), issuing));
        let origin = Arc::new(Origin::new(campaign.clone(), timeline.clone(), &keys.receipt()?, pool)?);
        let public = Arc::new(Public::new(campaign.clone(), places, map, board.clone(), reader));
        let organiser = Arc::new(Organiser {
            campaign: campaign.clone(),
            timeline: timeline.clone(),
            board,
            issuer: issuer.clone(),
            publisher: publisher.clone(),
            token_sha256: keys.organiser_token_sha256()?,
        });
        let deployment = Self {
            data: data.to_owned(),
            campaign,
            timeline,
            issuer,
            origin,
            publisher,
            public,
            organiser,
            ticking: Mutex::default(),
        };
        deployment.resume(closed)?;
        Ok(deployment)
    }

    /// The campaign.
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// Everything that participants and the public reach.
    pub fn public_routes(&self) -> Router {
        self.finish(
            issuer::routes(self.issuer.clone())
                .merge(origin::routes(self.origin.clone()))
                .merge(public::routes(self.public.clone())),
        )
    }

    /// What the organisers reach, for a listener of its own.
    pub fn organiser_routes(&self) -> Router {
        self.finish(organiser::routes(self.organiser.clone()))
    }

    fn finish(&self, routes: Router) -> Router {
        routes
            .route("/healthz", get(async || "ok\n"))
            .fallback(http::not_found)
            .method_not_allowed_fallback(http::method_not_allowed)
            .layer(from_fn(http::common_headers))
    }

    /// Runs the tick that is due, if one is. Blocking; one look at a time, at its own pace.
    pub fn look_at_clock(&self) -> Result<(), Error> {
        let _one = self.ticking.lock().unwrap_or_else(PoisonError::into_inner);
        self.timeline.take_confirmation();
        let Some((tick, closing)) = self.timeline.due() else {
            return Ok(());
        };
        if let Some(issuing) = self.issuer.issuing() {
            issuing.attester().tick(tick)?;
        }
        let closed = self.publisher().tick(tick, closing)?;
        self.timeline.ran(tick);
        if closed { self.close() } else { Ok(()) }
    }

    /// Whether the wall clock is in doubt, so that nothing is published until the operator confirms it.
    pub fn clock_in_doubt(&self) -> bool {
        self.timeline.in_doubt()
    }

    /// Finishes a tick or a close that was cut off. Nothing is served yet.
    fn resume(&self, closed: bool) -> Result<(), Error> {
        let closed = closed || self.publisher().resume()?;
        if closed { self.close() } else { Ok(()) }
    }

    /// The close entry is in the signed checkpoint: what only endangers people is destroyed. Idempotent.
    fn close(&self) -> Result<(), Error> {
        self.timeline.closed();
        self.origin.forget();
        self.publisher().destroy_pool()?;
        self.issuer.destroy()?;
        Keyring::of(&self.data).destroy()?;
        for folder in ["redemption", "attestation", "spent"] {
            store::remove_dir(&self.data.join(folder))?;
        }
        Ok(store::sync_dir(&self.data)?)
    }

    fn publisher(&self) -> MutexGuard<'_, Publisher> {
        self.publisher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Stores = (Option<Attester>, Option<Arc<RedemptionStore>>);

/// The two databases, in two folders, which only this file sees together.
fn open_stores(data: &Path, campaign: &Arc<Campaign>, keys: &Keyring, first_tick: i64) -> Result<Stores, Error> {
    let missing =
        || Error::Refused("the key of the invites is missing although the campaign has not closed".to_owned());
    let invite_key = keys.invite()?.ok_or_else(missing)?;
    let attester = Attester::open(&data.join("attestation"), campaign.clone(), invite_key, first_tick)?;
    let pool = RedemptionStore::open(&data.join("redemption"), &data.join("spent"), first_tick)?;
    Ok((Some(attester), Some(Arc::new(pool))))
}

/// Reads the whole log as an auditor would, but for the signatures of the tokens, which this server made.
fn read_log(campaign: &Campaign, log: &LogReader) -> Result<Summary, Error> {
    let mut recount = Recount::new(campaign);
    log.entries(0, log.size(), |_, entry| recount.entry(entry).map(|_| ()).map_err(Error::from))?;
    Ok(recount.finish()?)
}

/// Tells the operator, on standard error, in one line. Nothing of a request is ever in it; and since whoever collects
/// such lines adds the time, the same message is told once and not for every request that meets it.
#[allow(clippy::print_stderr, reason = "standard error is where an operator looks")]
pub(crate) fn tell(message: &impl std::fmt::Display) {
    static LAST: Mutex<String> = Mutex::new(String::new());
    let message = message.to_string();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if *last != message {
        eprintln!("headcount-server: {message}");
        *last = message;
    }
}
