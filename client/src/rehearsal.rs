//! Rehearsal: simulated participants against a real server, among readers and clients that are slow or broken.
//!
//! Only for campaigns whose genesis says that they are rehearsals, so that nobody can be counted who does not exist.
//! Arrivals are fixed beforehand and wait for nothing (an open loop), and every latency begins at the instant that was
//! fixed, so that a slow server cannot make itself look fast. Invites, tokens and phrases stay in memory and out of
//! every report; what is kept of a pledge is its nonce and place, to look for it in the log.

use crate::campaign::Site;
use crate::error::Error;
use crate::participation::Issuer;
use crate::transport::Network;
use protocol::campaign::Campaign;
use protocol::invite::Invite;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

pub mod account;
pub mod arrivals;
mod audience;
mod bare;
mod crowd;
pub mod ending;
pub mod machine;
pub mod measurement;
mod participant;
mod plots;
mod population;
pub mod reckoning;
pub mod report;
pub mod trouble;

pub use audience::{Sighting, Watch};
pub use population::read_invites;

use arrivals::Curve;
use machine::{Accounts, Busy};
use measurement::Series;
use population::Population;
use reckoning::OwnPledge;
use trouble::{Answers, Donor, Kind};

/// How to rehearse.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many take part.
    pub participants: usize,
    /// How they come.
    pub arrivals: Curve,
    /// The most that come in one second.
    pub rate_per_second: u32,
    /// The most that are under way at once: a safety valve, and whoever waits before it waits in the measurement.
    pub in_flight_max: usize,
    /// How many refresh the page all the time.
    pub readers: usize,
    /// How often each of them asks.
    pub refresh: Duration,
    /// Readings for each participant, at instants of the same curve, over connections that stay open.
    pub readings: u32,
    /// Clients that send byte by byte, for a hundred participants.
    pub slow_percent: u32,
    /// Clients that break off or send what nobody should, for a hundred participants.
    pub broken_percent: u32,
    /// Decides who chooses which place, and when they come; the same seed, the same choices.
    pub seed: u64,
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// When the first second began.
    pub started: Option<Instant>,
    /// When everybody came, since the start.
    pub arrived: Vec<Duration>,
    /// Tokens, from the instant of arrival to the token in hand.
    pub tokens: Series,
    /// Pledges, from the token in hand to the verified receipt.
    pub pledges: Series,
    /// Readings of the page, the counts and the checkpoint.
    pub reads: Series,
    /// Readings whose turn had not come when the last participant was done.
    pub reads_left: u64,
    /// How late this program itself was with each arrival.
    pub lag: Series,
    /// How many had to wait because so many were under way already.
    pub valve_reached: u64,
    /// How many pledges needed more than one try, because an answer was lost or the server asked to wait.
    pub retried: u64,
    /// Pledges with a verified receipt.
    pub acknowledged: Vec<OwnPledge>,
    /// Pledges that were sent, perhaps, and not acknowledged: nobody knows whether they count.
    pub uncertain: Vec<OwnPledge>,
    /// What clients that are slow or broken were answered.
    pub trouble: BTreeMap<Kind, Answers>,
    /// Whether slow and broken bytes could be sent: only over plain HTTP without a proxy.
    pub bare_bytes: bool,
    /// Whatever went wrong, by reason.
    pub failures: BTreeMap<String, u64>,
    /// What the processors of this machine were used for meanwhile, where the system tells.
    pub busy: Option<Busy>,
    /// Whether it was ended before all had come.
    pub stopped: bool,
}

impl Outcome {
    /// How many began.
    pub fn participants(&self) -> u64 {
        self.arrived.len() as u64
    }

    /// How many failures there were.
    pub fn errors(&self) -> u64 {
        self.failures.values().sum()
    }

    fn failed(&mut self, reason: String) {
        *self.failures.entry(reason).or_insert(0) += 1;
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Requests are blinded ahead.
    Blinding {
        /// So many are.
        ready: u64,
        /// So many will be before the first comes.
        of: u64,
    },
    /// They are taking part.
    TakingPart {
        /// So many are through, one way or the other.
        through: u64,
        /// Tokens in hand.
        tokens: u64,
        /// Pledges acknowledged.
        pledges: u64,
        /// Pages read.
        reads: u64,
        /// Failures.
        errors: u64,
    },
}

/// What all simulated participants share.
pub struct Stage {
    /// The road.
    pub network: Network,
    /// The campaign.
    pub site: Site,
    /// Its issuer.
    pub issuer: Issuer,
}

impl Stage {
    /// What an error says, as it can stand in a report: without the server's name or address.
    pub fn nameless(&self, error: &Error) -> String {
        let told = error.to_string().replace(self.site.origin.host(), "the server");
        self.site.issuer().map_or(told.clone(), |issuer| told.replace(issuer.host(), "the issuer"))
    }
}

/// Demands that the campaign is a rehearsal.
pub fn check_rehearsal(campaign: &Campaign) -> Result<(), Error> {
    if campaign.genesis().rehearsal {
        return Ok(());
    }
    Err(Error::Local(
        "This campaign is the real thing, where simulated participants would be counted as people, and nothing was \
         sent; rehearse with a campaign whose file says rehearsal = true."
            .to_owned(),
    ))
}

/// A rehearsal under way, as its clients share it.
struct Run {
    stage: Arc<Stage>,
    start: Instant,
    accounts: Option<Accounts>,
    places_in_flight: Semaphore,
    outcome: Mutex<Outcome>,
    donors: Mutex<VecDeque<Donor>>,
    over: watch::Sender<bool>,
}

impl Run {
    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn donors(&self) -> MutexGuard<'_, VecDeque<Donor>> {
        self.donors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> Progress {
        let outcome = self.outcome();
        let (tokens, pledges) = (outcome.tokens.count(), outcome.pledges.count());
        let (reads, errors) = (outcome.reads.count(), outcome.errors());
        let through = pledges + outcome.uncertain.len() as u64;
        Progress::TakingPart { through, tokens, pledges, reads, errors }
    }
}

/// Lets `plan.participants` take part; `stop` ends the arrivals early, and those under way finish all the same.
pub async fn rehearse(
    stage: Arc<Stage>,
    mut invites: Vec<Invite>,
    plan: Plan,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, Error> {
    check_rehearsal(&stage.site.campaign)?;
    if invites.len() < plan.participants {
        return Err(Error::Local(format!(
            "There are too few invites, {} for {} participants; give each one of its own, or fewer participants.",
            invites.len(),
            plan.participants
        )));
    }
    invites.truncate(plan.participants);
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let instants: Arc<[Duration]> = plan.arrivals.instants(plan.participants, plan.rate_per_second, &mut rng).into();
    let mut population = Population::begin(&stage, invites, &mut rng);
    let mut stop = std::pin::pin!(stop);
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !population.is_ready() {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(Outcome { stopped: true, ..Outcome::default() }),
            _ = look.tick() => {
                let (ready, of) = population.standing();
                progress(Progress::Blinding { ready: ready as u64, of: of as u64 });
            }
        }
    }
    let run = begin(stage, &plan);
    let mut others = audience::begin(&run, &plan);
    crowd::begin(&run, &plan, &instants, &mut others);
    trouble::begin(&run, &plan, &instants, &mut others);
    let mut taking_part = JoinSet::new();
    'arrivals: for instant in instants.iter().copied() {
        let due = run.start + instant;
        loop {
            tokio::select! {
                biased;
                () = &mut stop => {
                    run.outcome().stopped = true;
                    break 'arrivals;
                }
                () = sleep_until(due) => break,
                _ = look.tick() => progress(run.progress()),
            }
        }
        let ready = population.next().await?;
        {
            let mut outcome = run.outcome();
            outcome.arrived.push(instant);
            outcome.lag.add(instant, due.elapsed());
        }
        taking_part.spawn(participant::take_part(Arc::clone(&run), ready, instant));
        while let Some(ended) = taking_part.try_join_next() {
            note_panic(&run, ended);
        }
    }
    finish(&run, taking_part, others, look, progress).await;
    let outcome = std::mem::take(&mut *run.outcome());
    Ok(outcome)
}

fn begin(stage: Arc<Stage>, plan: &Plan) -> Arc<Run> {
    let start = Instant::now();
    let bare_bytes = bare::road(&stage.network, &stage.site.origin).is_some();
    Arc::new(Run {
        stage,
        start,
        accounts: Accounts::now(),
        places_in_flight: Semaphore::new(plan.in_flight_max.clamp(1, Semaphore::MAX_PERMITS)),
        outcome: Mutex::new(Outcome { started: Some(start), bare_bytes, ..Outcome::default() }),
        donors: Mutex::default(),
        over: watch::channel(false).0,
    })
}

/// Those under way come to their end; then whoever only accompanied them.
async fn finish(
    run: &Arc<Run>,
    mut taking_part: JoinSet<()>,
    mut others: JoinSet<()>,
    mut look: tokio::time::Interval,
    mut progress: impl FnMut(Progress),
) {
    loop {
        tokio::select! {
            ended = taking_part.join_next() => match ended {
                Some(ended) => note_panic(run, ended),
                None => break,
            },
            _ = look.tick() => progress(run.progress()),
        }
    }
    run.outcome().busy = run.accounts.and_then(Accounts::since);
    let _ = run.over.send(true);
    while let Some(ended) = others.join_next().await {
        note_panic(run, ended);
    }
    progress(run.progress());
}

fn note_panic(run: &Run, ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err() {
        run.outcome().failed("A simulated client was interrupted.".to_owned());
    }
}

const LOOK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
