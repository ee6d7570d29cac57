//! The roles of Headcount in one process: Attester, Issuer, Origin, Publisher, organiser's API (RFC 9576 §4.1).
//!
//! START HERE. [`Deployment::open`] reads a data directory and wires the roles; [`Deployment::public_routes`] and
//! [`Deployment::organiser_routes`] are the tables of routes; [`Deployment::look_at_clock`] (`lifecycle`) is the only
//! thing that ever publishes. A request goes down one column and never back:
//!
//! * TokenRequest: `issuer` → `attester` → `store/attestation` (who asked; never a token)
//! * Pledge: `origin` → `store/redemption` (tokens; never a person)
//! * tick: `publisher` → `plan` → `store/log` → `board` → everybody
//!
//! This file and `main.rs` alone know both stores, and no handler reaches both.

mod actions;
mod attester;
pub mod backup;
mod batches;
mod board;
mod bundle;
pub mod check;
pub mod clock;
pub mod config;
mod connections;
mod cross_origin;
#[cfg(test)]
mod damage;
pub mod demo;
mod document;
pub mod email;
mod email_offer;
mod error;
#[cfg(fuzzing)]
pub mod fuzzed;
mod growth;
mod http;
pub mod init;
pub mod install;
#[cfg(test)]
mod interruption;
mod issuer;
mod join;
mod keyring;
mod lifecycle;
pub mod memory;
#[cfg(test)]
mod model;
mod organiser;
pub mod organisers;
mod origin;
mod pace;
mod page;
mod plan;
mod public;
mod published;
mod publisher;
pub mod raid;
pub mod restore;
mod room;
pub mod serve;
#[cfg(test)]
mod side_channels;
mod signer;
mod site;
mod store;
mod telling;
mod timeline;
mod whole_log;
mod workers;

pub use crate::error::Error;
/// For the benches, which spend without HTTP.
pub use crate::store::redemption::{Redeemed, RedemptionStore};
pub(crate) use crate::telling::tell;

use crate::actions::Actions;
use crate::attester::Attester;
use crate::board::Board;
use crate::clock::{Clock, Timekeeper};
use crate::email::{Email, EmailSettings};
use crate::email_offer::EmailOffer;
use crate::error::Refusal;
use crate::growth::Growth;
use crate::issuer::Issuer;
use crate::join::Join;
use crate::keyring::Keyring;
use crate::organiser::{Organiser, Sessions};
use crate::organisers::Organisers;
use crate::origin::Origin;
use crate::page::map::Map;
use crate::public::Public;
use crate::published::Published;
use crate::publisher::Publisher;
use crate::room::{Disk, Room};
use crate::signer::Signer;
use crate::store::attestation::AttestationStore;
use crate::store::log::LogStore;
use crate::timeline::Timeline;
use crate::whole_log::WholeLog;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use protocol::campaign::Campaign;
use protocol::keys::IssuerPrivateKey;
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use protocol::problem::Problem;
use protocol::publication::Tick;
use rustix::process::geteuid;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A campaign that is being served.
pub struct Deployment {
    data: PathBuf,
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    issuer: Arc<Issuer>,
    email: Arc<Email>,
    origin: Arc<Origin>,
    publisher: Arc<Mutex<Publisher>>,
    public: Arc<Public>,
    join: Arc<Join>,
    organiser: Arc<Organiser>,
    ticking: Mutex<()>,
    whole_log: WholeLog,
    /// After close: what endangers people is gone from the disk.
    destroyed: AtomicBool,
    /// The log that the static site was last written of.
    site: Mutex<Option<TreeHead>>,
    /// The last look at the clock went well.
    well: Arc<AtomicBool>,
    /// Its room, as of the last tick.
    disk: Arc<Disk>,
    /// Keeps a second server out of the folder.
    _lock: File,
}

impl Deployment {
    /// Opens a data directory that `init` made, in whatever state a stop or a crash left it, and finishes what was cut
    /// off. `page` is a folder with a registration bundle, to be copied and served from now on; without it the one that
    /// was given last is.
    pub fn open(data: &Path, clock: Clock, page: Option<&Path>) -> Result<Self, Error> {
        let lock = lock_unless_raided(data)?;
        let (campaign, places, map) = init::read_campaign(data)?;
        let campaign = Arc::new(campaign);
        let keys = Keyring::of(data);
        let genesis = campaign.genesis();
        let verifier = NoteVerifier::new(&campaign.log_name(), &genesis.log_key)?;
        let log = LogStore::open(&data.join("log"), &verifier)?;
        let (whole_log, published) = look_at_log(data, &campaign, &log)?;
        let issuer_key = keys.check(genesis)?;
        let closed = published.closed;
        let bundle = bundle::take_in(data, page, genesis)?;
        if bundle.is_none() && published.manifest_sha256.is_some() {
            tell(&"the log names a page, but there is none here: /join will say so; give it again with --page");
        }

        let schedule = genesis.schedule();
        let keeper = Timekeeper::new(clock, schedule.tick_seconds + config::CLOCK_TOLERANCE_SECS);
        let (issuing, pool) = if closed { (None, None) } else { open_stores(data, &campaign, &keys, issuer_key)? };
        let last_tick = last_tick(&published, pool.as_deref());
        let timeline = Arc::new(Timeline::open(data, schedule, keeper, last_tick, closed)?);

        let published = Published { tick: last_tick, ..published };
        let drawn = Map::decode(&map).map_err(Error::damaged)?;
        let board = Arc::new(Board::new(campaign.clone(), timeline.clone(), drawn, published.clone()));
        let reader = log.reader().clone();
        let signer = NoteSigner::new(&campaign.log_name(), &*keys.log()?);
        let publisher = Publisher::new(data, campaign.clone(), signer, log, board.clone(), published, pool.clone());
        let publisher = Arc::new(Mutex::new(publisher));
        let issuer = Arc::new(Issuer::new(campaign.clone(), timeline.clone(), issuing)?);
        let offer = EmailOffer::open(&data.join("attestation"))?;
        let email = Arc::new(Email::new(campaign.clone(), timeline.clone(), issuer.clone(), offer));
        let origin = Arc::new(Origin::new(campaign.clone(), timeline.clone(), &keys.receipt()?, pool)?);
        let public = Arc::new(Public::new(campaign.clone(), places, map, board.clone(), reader.clone()));
        let disk = Arc::new(Disk::of(data));
        let join = Arc::new(Join::new(&campaign, bundle.as_ref()));
        let organiser = Arc::new(Organiser {
            campaign: campaign.clone(),
            timeline: timeline.clone(),
            board,
            issuer: issuer.clone(),
            publisher: publisher.clone(),
            organisers: Arc::new(Organisers::open(data)?),
            actions: Actions::of(data),
            growth: Arc::new(Growth::new(reader)),
            disk: disk.clone(),
            sessions: Sessions::default(),
        });
        let deployment = Self {
            data: data.to_owned(),
            campaign,
            timeline,
            issuer,
            email,
            origin,
            publisher,
            public,
            join,
            organiser,
            ticking: Mutex::default(),
            whole_log,
            destroyed: AtomicBool::new(false),
            site: Mutex::default(),
            well: Arc::new(AtomicBool::new(true)),
            disk,
            _lock: lock,
        };
        deployment.resume(closed)?;
        if let Err(error) = deployment.enter_page() {
            tell(&error); // the log, the counts and the endpoints are served all the same, and it is tried again
        }
        Ok(deployment)
    }

    /// Its folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The campaign.
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// Whether the campaign sends invites by e-mail, so that a start wants the mail server and the key.
    pub fn wants_email(&self) -> bool {
        self.email.is_wanted()
    }

    /// Whether the campaign still goes on.
    pub fn is_open(&self) -> bool {
        !self.timeline.is_closed() && self.timeline.issues_tokens()
    }

    /// Begins to send invites by e-mail, in the runtime that calls this. The key lives in memory only, until the campaign
    /// issues no more tokens, or the server stops.
    pub fn begin_email(&self, settings: EmailSettings) -> Result<(), Error> {
        self.email.begin(settings)
    }

    /// Ends that, and erases the key.
    pub(crate) fn end_email(&self) {
        self.email.end();
    }

    /// Everything that participants and the public reach.
    pub fn public_routes(&self) -> Router {
        let routes = issuer::routes(self.issuer.clone())
            .merge(email::routes(self.email.clone()))
            .merge(origin::routes(self.origin.clone()))
            .merge(public::routes(self.public.clone()))
            .merge(join::routes(self.join.clone()));
        cross_origin::allow(self.finish(routes), self.campaign.genesis())
            .layer(from_fn_with_state(self.join.clone(), join::headers))
    }

    /// What the organisers reach, for a listener of its own.
    pub fn organiser_routes(&self) -> Router {
        let routes = organiser::routes(self.organiser.clone()).merge(public::beside_pages(self.public.clone()));
        self.finish(routes).layer(from_fn(http::common_headers))
    }

    fn finish(&self, routes: Router) -> Router {
        let (well, disk) = (self.well.clone(), self.disk.clone());
        let health = async move || match well.load(SeqCst) {
            true => {
                let said = if disk.room() == Room::Low { "ok\ndisk low\n" } else { "ok\n" };
                Ok(http::answer(200, "text/plain; charset=utf-8", said))
            }
            false => Err(Refusal::from(Problem::Unavailable)),
        };
        routes
            .route("/healthz", get(health))
            .fallback(http::not_found)
            .method_not_allowed_fallback(http::method_not_allowed)
    }

    fn publisher(&self) -> MutexGuard<'_, Publisher> {
        self.publisher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the log says: by what is written down of it, or else by reading it, which is then written down.
fn look_at_log(data: &Path, campaign: &Arc<Campaign>, log: &LogStore) -> Result<(WholeLog, Published), Error> {
    let reader = log.reader();
    let left = |name: &&str| data.join(name).exists();
    let dangerous = Keyring::of(data).holds_dangerous_keys() || STORES.iter().chain(&[actions::FILE]).any(left);
    match Published::read(data, campaign, reader.head()) {
        // a close is finished by destroying things, and for that nothing but the log itself will do
        Some(published) if !(published.closed && dangerous) => {
            Ok((WholeLog::to_be_read(campaign.clone(), reader.clone(), published.clone()), published))
        }
        _ => {
            let (whole_log, published) = WholeLog::read_now(campaign.clone(), reader.clone())?;
            if let Err(error) = published.write(data, campaign, reader.head()) {
                tell(&error); // the next start reads the log again
            }
            Ok((whole_log, published))
        }
    }
}

/// The folders that are destroyed at close.
const STORES: [&str; 3] = ["attestation", "redemption", "spent"];

type Stores = (Option<(Signer, Attester)>, Option<Arc<RedemptionStore>>);

/// The two databases, in two folders, which only this file sees together. One that is missing is not made anew: every
/// used invite would be good again, or acknowledged pledges gone without a word.
fn open_stores(
    data: &Path,
    campaign: &Arc<Campaign>,
    keys: &Keyring,
    issuer_key: Option<IssuerPrivateKey>,
) -> Result<Stores, Error> {
    let (attestation, redemption) = (data.join("attestation"), data.join("redemption"));
    if let Some(missing) = [&attestation, &redemption].into_iter().find(|folder| !folder.is_dir()) {
        let why = "is missing although the campaign has not closed; bring it back, do not start without it";
        return Err(Error::Refused(format!("{} {why}", missing.display())));
    }
    if Actions::of(data).list()?.is_none() {
        let why = "is missing although the campaign has not closed; bring it back, do not start without it";
        return Err(Error::Refused(format!("{} {why}", data.join(actions::FILE).display())));
    }
    let missing = || Error::damaged("a key is missing although the campaign has not closed");
    let (issuer_key, invite_key) = (issuer_key.ok_or_else(missing)?, keys.invite()?.ok_or_else(missing)?);
    let first_tick = first_tick(campaign);
    let attester = Attester::open(&attestation, campaign.clone(), invite_key, first_tick)?;
    let pool = RedemptionStore::open(&redemption, &data.join("spent"), first_tick)?;
    Ok((Some((Signer::new(&issuer_key)?, attester)), Some(Arc::new(pool))))
}

/// Makes the two databases of a new campaign.
pub(crate) fn create_stores(data: &Path, campaign: &Campaign) -> Result<(), Error> {
    let attestation = data.join("attestation");
    AttestationStore::open(&attestation, first_tick(campaign))?;
    batches::Batches::create(&attestation)?;
    RedemptionStore::open(&data.join("redemption"), &data.join("spent"), first_tick(campaign))?;
    Ok(())
}

/// Removes the databases and the spent nonces from the disk, each whatever becomes of the others.
pub(crate) fn remove_stores(data: &Path) -> Vec<Result<(), Error>> {
    let redemption = store::redemption::remove(&data.join("redemption")).map_err(Error::from);
    let others =
        ["attestation", "spent"].map(|folder| store::disk::remove_dir(&data.join(folder)).map_err(Error::from));
    std::iter::once(redemption).chain(others).collect()
}

/// The tick before the first that this campaign will see end.
fn first_tick(campaign: &Campaign) -> Tick {
    let schedule = campaign.genesis().schedule();
    schedule.last_ended(schedule.opens)
}

/// The last tick that published, or that cleaned the pool.
fn last_tick(published: &Published, pool: Option<&RedemptionStore>) -> Tick {
    let published_last = Some(published.tick).filter(|tick| *tick > 0); // 0 says that none has published
    published_last.max(pool.map(RedemptionStore::last_tick)).unwrap_or_default()
}

/// The folder for a server, which a raid must not have begun to empty.
fn lock_unless_raided(data: &Path) -> Result<File, Error> {
    raid::refuse(data)?;
    demand_owner(data)?;
    let lock = lock(data)?;
    raid::refuse(data)?; // it may have been begun meanwhile
    Ok(lock)
}

/// Refuses to write into a folder as another user than its owner, whose server could not read that.
pub(crate) fn demand_owner(data: &Path) -> Result<(), Error> {
    let owner = std::fs::metadata(data).map_err(|error| Error::io(data.display(), error))?.uid();
    if geteuid().as_raw() == owner {
        return Ok(());
    }
    let why = "belongs to another user, whose server could not read what you write there";
    let remedy = "run it as that user, for example with: runuser -u headcount -- headcount-server ...";
    Err(Error::Refused(format!("{} {why}; {remedy}", data.display())))
}

/// One server to a folder. One that is just ending is waited for, for two seconds.
fn lock(data: &Path) -> Result<File, Error> {
    let path = data.join("lock");
    let failed = |error| Error::io(format!("{} (was this folder made by init?)", path.display()), error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    for _ in 0..100 {
        if file.try_lock().is_ok() {
            return Ok(file);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Error::Refused(format!("another server uses {}; stop it first", data.display())))
}
