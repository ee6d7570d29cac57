//! Tests: every write, sync and change of a name of a whole campaign fails, in each of the ways in which disks fail
//! (DESIGN §7, O2): while it is made, announced, ticked, closed and destroyed. Nobody may hear a yes that is not durable;
//! the server goes on, or is started again, and finishes what failed.
//!
//! sled writes by itself and is not in this layer: here nobody claims, and `store/power/invites.rs` looks at sled.

use super::judge::{Judge, Told, head_line, judge_unmade, published_in};
use super::people::{ORGANISER_SEED, People, TICK, source};
use super::{START, copy_folder};
use crate::clock::{Clock, Reading};
use crate::init::{init, init_with};
use crate::organisers::Account;
use crate::store::crashes::fast_folder;
use crate::store::disk::faults::{Fault, Watch};
use crate::store::redemption::Redeemed;
use crate::{Deployment, Error};
use protocol::announcement::Announcement;
use protocol::keys::IssuerPrivateKey;
use protocol::publication::State;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Where people will be: eighteen of the life, and five for each place whom only the judge sends.
const PLACES: [u32; 28] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
/// Whoever pledges after a failure.
const LATE: [usize; 2] = [16, 17];

#[derive(Clone, Copy, Debug)]
enum Verb {
    Start,
    Announce(u32),
    Pledge(usize),
    Tick,
    Close,
}

use Verb::{Announce, Close, Pledge, Start, Tick};
const LIFE: [Verb; 19] = [
    Start,
    Pledge(6),
    Announce(1),
    Pledge(7),
    Tick,
    Announce(2),
    Pledge(8),
    Pledge(9),
    Pledge(10),
    Start,
    Pledge(11),
    Pledge(12),
    Tick,
    Close,
    Pledge(13),
    Pledge(14),
    Tick,
    Tick,
    Start,
];

/// A life under way, and what was told in it.
struct Life<'a> {
    people: &'a People,
    data: PathBuf,
    now: Arc<AtomicU64>,
    told: Told,
    runtime: Runtime,
    served: Option<Deployment>,
}

impl<'a> Life<'a> {
    fn new(people: &'a People, data: &Path) -> Self {
        let mut told = Told::default();
        for line in [format!("time {}", START + 10), "made".to_owned(), "minted".to_owned()] {
            told.hear(&line);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = Arc::new(AtomicU64::new(START + 10));
        Self { people, data: data.to_owned(), now, told, runtime, served: None }
    }

    /// Does one thing; what is told is told also if it fails, for everybody can read the log.
    fn does(&mut self, verb: Verb) -> Result<(), String> {
        let done = self.attempt(verb);
        if let Some(served) = &self.served {
            self.told.hear(&head_line(served));
        }
        done
    }

    fn attempt(&mut self, verb: Verb) -> Result<(), String> {
        if matches!(verb, Start) || self.served.is_none() {
            self.served = None;
            self.served = Some(self.start().map_err(|error| error.sentence())?);
        }
        let served = self.served.as_ref().unwrap();
        match verb {
            Start => {}
            Announce(number) => {
                let text = [("en".to_owned(), "soon".to_owned())].into();
                let announcement = Announcement::sign(&self.people.campaign, &ORGANISER_SEED, number, None, text);
                let announced = served.organiser.announce(&Account::first(), announcement.unwrap());
                announced.map_err(|refusal| refusal.problem().name().to_owned())?;
                self.told.hear(&format!("announced {number}"));
            }
            Pledge(number) => {
                let verified = self.people.all[number].verified(&self.people.campaign);
                self.told.hear(&format!("asks-pledge {number}"));
                let pool = served.publisher().pool().unwrap();
                let answer = self.runtime.block_on(pool.spend(verified)).map_err(|error| error.to_string())?;
                assert!(answer != Redeemed::Closed);
                self.told.hear(&format!("pledge {number}"));
            }
            Tick => {
                self.told.hear(&format!("time {}", self.now.load(SeqCst)));
                served.look_at_clock().map_err(|error| error.sentence())?;
                if served.timeline.is_closed() {
                    self.told.hear("destroyed");
                }
            }
            Close => {
                let closing = served.organiser.close(&Account::first());
                closing.map_err(|refusal| refusal.problem().name().to_owned())?;
                self.told.hear("closing");
            }
        }
        Ok(())
    }

    fn start(&self) -> Result<Deployment, Error> {
        let now = self.now.clone();
        let clock =
            Clock::new(move || Reading { wall: now.load(SeqCst), steady: Duration::from_secs(now.load(SeqCst)) });
        Deployment::open(&self.data, clock, None)
    }

    /// Lives until the first failure, and answers two more before the process is killed; or, if it goes on, to the end.
    fn live(&mut self, watch: &Watch, goes_on: bool) {
        for verb in LIFE {
            if matches!(verb, Tick) {
                self.now.fetch_add(TICK, SeqCst);
            }
            if self.does(verb).is_ok() {
                continue;
            }
            if !goes_on {
                let open = |served: &Deployment| matches!(served.timeline.state(), State::Open | State::Closing);
                if self.served.as_ref().is_some_and(open) {
                    let _refused = LATE.map(|number| self.does(Pledge(number)));
                }
                return;
            }
            watch.mend();
            if let Err(first) = self.does(verb) {
                self.does(Start).unwrap_or_else(|why| panic!("{verb:?}, {first}: does not start again: {why}"));
                self.does(verb).unwrap_or_else(|why| panic!("{verb:?}, {first}: fails after a new start: {why}"));
            }
        }
    }
}

/// A campaign with a batch of invites, five of whose participants have pledged for one place.
fn begun() -> (tempfile::TempDir, People) {
    let folder = fast_folder();
    let data = folder.path().join("data");
    init(source(9), &data).unwrap();
    let people = People::of(&data, &PLACES);
    let mut life = Life::new(&people, &data);
    (0..6).for_each(|number| life.does(Pledge(number)).unwrap());
    drop(life);
    (folder, people)
}

/// All steps in all ways. Gives the number of failures, and those after which something was wrong.
fn fail_everywhere(steps: usize, play: impl Fn(usize, Fault) + Sync) -> usize {
    let faults = [Fault::Refused, Fault::DoneButRefused, Fault::Torn, Fault::Full];
    let cases: Vec<(usize, Fault)> = (0..steps).flat_map(|step| faults.map(|fault| (step, fault))).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((step, fault)) = cases.get(next.fetch_add(1, SeqCst)).copied() {
                    if catch_unwind(AssertUnwindSafe(|| play(step, fault))).is_err() {
                        wrong.lock().unwrap().push((step, fault));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), cases.len());
    cases.len()
}

#[test]
fn o2_whatever_fails_in_a_campaigns_life_nothing_told_is_lost_and_all_is_finished() {
    let (folder, people) = begun();
    let copy = || {
        let temp = fast_folder();
        let data = temp.path().join("data");
        copy_folder(&folder.path().join("data"), &data);
        (temp, data)
    };
    let told_before = |life: &mut Life<'_>| {
        for number in 0..6 {
            life.told.hear(&format!("asks-pledge {number}"));
            life.told.hear(&format!("pledge {number}"));
        }
    };
    let (temp, data) = copy();
    let watch = Watch::without_a_log(temp.path());
    let mut life = Life::new(&people, &data);
    life.live(&watch, false);
    assert!(life.told.destroyed);
    drop(life);
    let published = published_in(&data, &people).into_iter().collect();
    let steps = watch.steps();
    drop(watch);
    let judge = Judge { people, published, without_claims: true };
    let failures = fail_everywhere(steps, |step, fault| {
        for goes_on in [false, true] {
            if matches!(fault, Fault::Torn | Fault::Full) && goes_on == step.is_multiple_of(2) {
                continue; // more of the same
            }
            let (temp, data) = copy();
            let watch = Watch::without_a_log(temp.path());
            let mut life = Life::new(&judge.people, &data);
            told_before(&mut life);
            watch.fail(step, fault);
            life.live(&watch, goes_on);
            assert!(!goes_on || life.told.destroyed);
            drop(watch);
            let told = life.told.clone();
            drop(life);
            judge.judge(&data, &told);
        }
    });
    assert!(failures > 500, "{failures}");
}

#[test]
fn o2_whatever_fails_while_a_campaign_is_made_it_is_whole_or_can_be_made_again() {
    let key = IssuerPrivateKey::generate(&mut rand::rng()).unwrap().to_der().unwrap();
    let issuer = || Ok(IssuerPrivateKey::from_der(&key).unwrap());
    let make = |root: &Path| init_with(source(9), &root.join("data"), issuer).map(|_| ());
    let temp = fast_folder();
    let watch = Watch::without_a_log(temp.path());
    make(temp.path()).unwrap();
    let steps = watch.steps();
    drop(watch);
    let failures = fail_everywhere(steps, |step, fault| {
        let temp = fast_folder();
        let watch = Watch::without_a_log(temp.path());
        watch.fail(step, fault);
        let made = make(temp.path());
        drop(watch);
        match made {
            Ok(()) => assert!(temp.path().join("data").is_dir()),
            Err(error) => assert!(error.sentence().ends_with('.'), "{}", error.sentence()),
        }
        judge_unmade(temp.path(), make);
    });
    assert!(failures > 200, "{failures}");
}
