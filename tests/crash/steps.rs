//! Death inside each step of a tick and of the close (DESIGN §6): before every call that changes the folder.
//!
//! One campaign is made, and copied for each point before its first tick ends. Every copy lives through that tick and
//! through the closing one, and dies once in each, at a point of its own; in between it must be as if nothing had been.

use crate::accounts::{Balance, check, counts, demand_audit, demand_close, is_destroyed, published};
use crate::calls::{Found, Point, Trace, demand_strace, points};
use crate::campaign::{Made, now, wait_for};
use crate::crowd::{Crowd, Heard, People, Told, all};
use crate::process::Server;
use protocol::problem::Problem;
use protocol::publication::State;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tests::folders::copy_folder;
use tests::programs::wait_until;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Copies that live at the same time.
const AT_ONCE: usize = 6;
/// Seconds of a tick: how long copies can be started that have the first tick before them and the second not yet.
const TICK: u64 = 40;
/// Templates after which a machine is called too slow.
const TEMPLATES_MAX: usize = 6;

/// Milliseconds after which all repeaters begin anew, and for how many of them they repeat.
const ROUND: u64 = 700;
const LOUD: u64 = 400;

/// How often a point is tried in one campaign.
const TRIES: usize = 3;

/// People who were acknowledged before the first tick, by place: 6 and 5 are published by it, the others wait.
const EARLY: [u32; 14] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 4];
/// People who got a token before the first tick and pledge after it; the close publishes them by place.
const LATER: [u32; 5] = [1; 5];
/// People who come while the server dies: few enough in each place to change nothing of what the tick publishes.
const MEANWHILE: [u32; 7] = [2, 2, 3, 3, 3, 4, 5];
/// What the close leaves then: places 0 and 1 by themselves, 7 of places 2 and 3 by region, and 3 of 4 and 5 withheld.
const BALANCE: Balance = Balance { published: 6 + 5 + 5 + 7, withheld: 3 };

/// What a tick must be seen to touch, step by step: freeze, plan, entries and tiles, checkpoint, spent run, survivors,
/// frozen pool and plan; then the used invites.
const TICK_TOUCHES: [&str; 11] = [
    "redemption/new",
    "redemption/pool-1",
    "plan.tmp",
    "log/tile/entries",
    "log/tile/0",
    "log/checkpoint",
    "spent/",
    "redemption/removed-pool-0",
    "plan",
    "attestation/used",
    "attestation/removed-since-0",
];
/// The same of the close: plan, log, keys, pool, used invites, spent nonces.
const CLOSE_TOUCHES: [&str; 9] = [
    "plan.tmp",
    "log/tile/entries",
    "log/checkpoint",
    "keys/removed-issuer.pkcs8",
    "keys/removed-invite",
    "redemption",
    "attestation",
    "spent",
    "plan",
];

#[test]
fn o2_a_kill_inside_each_step_of_a_tick_and_of_the_close_loses_nothing_and_counts_nothing_twice() {
    demand_strace();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut left = None;
    for _ in 0..TEMPLATES_MAX {
        left = Some(Template::make(&runtime).round(left));
        if left.as_ref().is_some_and(Left::is_empty) {
            return;
        }
    }
    panic!("this machine is too slow: after {TEMPLATES_MAX} campaigns there are points of death left");
}

/// The points that no copy has died at yet.
struct Left {
    start: Vec<Point>,
    tick: Vec<Point>,
    close: Vec<Point>,
}

impl Left {
    fn is_empty(&self) -> bool {
        self.start.is_empty() && self.tick.is_empty() && self.close.is_empty()
    }
}

/// A campaign just before the end of its first tick; the second is the closing one.
struct Template<'a> {
    runtime: &'a Runtime,
    made: Made,
    people: Arc<People>,
    told: Told,
    first_ends: u64,
    copies: AtomicUsize,
    /// Points at which a copy did not die, each as often.
    missed: Mutex<Vec<Point>>,
}

/// A copy of it, with what its people were told.
struct Life {
    data: PathBuf,
    crowd: Arc<Crowd>,
}

impl<'a> Template<'a> {
    /// Made by a real server within the first tick, with more time for it where a machine is slower.
    fn make(runtime: &'a Runtime) -> Self {
        for lead in [5, 10, 20, TICK - 2] {
            let made = runtime.block_on(Made::new(TICK, lead, 2));
            let first_ends = made.campaign.genesis().schedule().end_of(1);
            let server = Server::start(&made.data());
            let places = [&EARLY[..], &LATER, &MEANWHILE].concat();
            let crowd = runtime.block_on(async {
                let invites = made.invites(&server.organiser_url, u32::try_from(places.len()).unwrap()).await;
                let crowd = Crowd::new(&People::new(&made.campaign, invites, places), Told::default());
                crowd.demand(&server.url, (0..EARLY.len() + LATER.len()).collect(), is_early).await;
                crowd
            });
            server.kill();
            if now() < first_ends {
                let (people, told) = (crowd.people.clone(), crowd.told().clone());
                return Self {
                    runtime,
                    made,
                    people,
                    told,
                    first_ends,
                    copies: AtomicUsize::new(0),
                    missed: Mutex::default(),
                };
            }
        }
        panic!("this machine is too slow: no campaign can be made within a tick");
    }

    /// One tick and one close, for as many copies as there is time for. Takes and yields the points that are left; the
    /// first time they are looked up.
    fn round(&self, left: Option<Left>) -> Left {
        let second_ends = self.first_ends + TICK;
        wait_for(self.first_ends);
        let (model, trace, start) = (self.copy(), self.made.beside("tick.trace"), Instant::now());
        assert!(self.lives_through_tick(&model, None, &Trace::Watch(trace.clone())));
        let a_life = 2 + 5 * start.elapsed().as_secs();
        let found = look_up("tick", &trace, &model, &TICK_TOUCHES);
        let first = left.is_none();
        let mut left = left.unwrap_or(Left { start: found.starting, tick: found.serving, close: Vec::new() });
        let (starts, ticks, lives) = (Mutex::new(left.start), Mutex::new(left.tick), Mutex::new(Vec::new()));
        in_lanes(|| {
            while now() + a_life < second_ends {
                let Some(point) = pop(&ticks) else { break };
                let (life, start) = (self.copy(), pop(&starts));
                if self.lives_through_tick(&life, start.as_ref(), &Trace::Kill(point.clone())) {
                    lives.lock().unwrap().push(life);
                } else {
                    self.try_again(point, &ticks);
                }
            }
        });
        (left.start, left.tick) = (starts.into_inner().unwrap(), ticks.into_inner().unwrap());

        wait_for(second_ends);
        let (trace, spare) = (self.made.beside("close.trace"), self.copy_of_life(&model));
        self.closes(&model, Some(&Trace::Watch(trace.clone())));
        let found = look_up("close", &trace, &model, &CLOSE_TOUCHES);
        let closes = Mutex::new(if first { found.serving } else { left.close });
        in_lanes(|| {
            loop {
                match (pop(&lives), pop(&closes)) {
                    (None, None) => break,
                    (Some(life), point) => self.closes(&life, point.map(Trace::Kill).as_ref()),
                    (None, Some(point)) => self.closes(&self.copy_of_life(&spare), Some(&Trace::Kill(point))),
                }
            }
        });
        left.close = closes.into_inner().unwrap();
        demand_audit(model.data.to_str().unwrap(), &self.made.campaign);
        left
    }

    /// A point that was not met: sled's writes are now one thread's, now another's, and strace counts by thread. Such a
    /// point may be missed in the end; others may not.
    fn try_again(&self, point: Point, ticks: &Mutex<Vec<Point>>) {
        let missed = self.missed.lock().unwrap().iter().filter(|missed| **missed == point).count() + 1;
        eprintln!("no death {point}, {missed} times");
        self.missed.lock().unwrap().push(point.clone());
        if missed < TRIES {
            ticks.lock().unwrap().insert(0, point);
        } else {
            assert!(point.path.ends_with("/db"), "never met: {point}");
        }
    }

    fn copy(&self) -> Life {
        self.copy_of(&self.made.data(), self.told.clone())
    }

    fn copy_of_life(&self, life: &Life) -> Life {
        self.copy_of(&life.data, life.crowd.told().clone())
    }

    fn copy_of(&self, original: &Path, told: Told) -> Life {
        let data = self.made.beside(&format!("copy-{}", self.copies.fetch_add(1, SeqCst)));
        copy_folder(original, &data);
        Life { data, crowd: Crowd::new(&self.people, told) }
    }

    /// The first tick, with death in it or without, and perhaps with one more while the server starts; and then all that
    /// was acknowledged is there, once. False if it did not die where it should have.
    fn lives_through_tick(&self, life: &Life, start: Option<&Point>, trace: &Trace) -> bool {
        if let Some(point) = start {
            Server::die_starting(&life.data, None, point);
        }
        let mut server = Server::start_traced(&life.data, trace);
        let last = ["attestation/since-0", "attestation/removed-since-0"];
        let is_over = || last.iter().all(|name| !life.data.join(name).exists());
        match trace {
            Trace::Kill(point) => {
                let load = self.runtime.spawn(load(life.crowd.clone(), server.url.clone()));
                let died = server.dies(point, is_over);
                self.runtime.block_on(load).unwrap();
                if !died {
                    return false;
                }
            }
            Trace::Watch(_) | Trace::Refuse(..) => {
                wait_until(is_over);
                server.kill();
            }
        }
        check(&life.data).unwrap();
        let server = Server::start(&life.data);
        self.runtime.block_on(async {
            let (url, crowd, campaign) = (&server.url, &life.crowd, &self.made.campaign);
            crowd.demand(url, (0..self.people.count()).collect(), is_not_later).await;
            while counts(url).await.tick < 1 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let balance = published(url, campaign).await.demand(crowd, campaign, 1, false);
            assert_eq!(balance.published, 6 + 5);
            crowd.demand(url, (0..self.people.count()).collect(), |_| true).await;
        });
        wait_until(is_over); // wherever it died: no order of used invites outlives the next look at the clock
        server.kill();
        true
    }

    /// The closing tick, with death in it or without; and then the accounts are closed.
    fn closes(&self, life: &Life, trace: Option<&Trace>) {
        if let Some(trace) = trace {
            let mut server = Server::start_traced(&life.data, trace);
            match trace {
                Trace::Kill(point) => {
                    let load = self.runtime.spawn(knock(life.crowd.clone(), server.url.clone()));
                    server.demand_death(point);
                    self.runtime.block_on(load).unwrap();
                }
                Trace::Watch(_) | Trace::Refuse(..) => {
                    wait_until(|| is_destroyed(&life.data));
                    server.kill();
                }
            }
        }
        let server = Server::start(&life.data);
        self.runtime.block_on(async {
            let balance = demand_close(&server.url, &life.data, &life.crowd, &self.made.campaign).await;
            assert_eq!(balance, BALANCE);
            assert_eq!(life.crowd.pledge(&server.url, 0).await, Heard::No(Problem::Closed));
            assert_eq!(counts(&server.url).await.state, State::Closed);
        });
        server.kill();
        check(&life.data).unwrap();
    }
}

/// Reads a trace, and demands that it shows every step.
fn look_up(what: &str, trace: &Path, model: &Life, touches: &[&str]) -> Found {
    let mut found = points(&std::fs::read_to_string(trace).unwrap(), &model.data);
    // the static site can be written again at any time, and has tests of its own
    found.serving.retain(|point| !point.path.starts_with("site"));
    for path in touches {
        assert!(found.serving.iter().any(|point| point.path.starts_with(path)), "the {what} touches no {path}");
    }
    let (starting, serving, missed) = (found.starting.len(), found.serving.len(), &found.missed);
    eprintln!("the {what}: {serving} points of death, and {starting} while it starts; not to be met: {missed:?}");
    found
}

/// Those who come meanwhile take part; everybody else repeats what was acknowledged, until the server is gone. Every now
/// and then all of them pause at once, because some things a store does only when it is quiet.
async fn load(crowd: Arc<Crowd>, url: String) {
    let begin = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..30 {
        let (crowd, url) = (crowd.clone(), url.clone());
        workers.spawn(async move {
            let newcomer = EARLY.len() + LATER.len() + worker;
            if newcomer < crowd.people.count() && !crowd.take_part(&url, newcomer, true).await {
                return;
            }
            while let Heard::Yes(status) = crowd.pledge(&url, worker % EARLY.len()).await {
                assert_eq!(status, 200);
                let into_round = u64::try_from(begin.elapsed().as_millis()).unwrap() % ROUND;
                let pause = if into_round < LOUD { 10 } else { ROUND - into_round };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        });
    }
    all(workers).await;
}

/// Late comers at a campaign that is over.
async fn knock(crowd: Arc<Crowd>, url: String) {
    let mut workers = JoinSet::new();
    for worker in 0..10 {
        let (crowd, url) = (crowd.clone(), url.clone());
        workers.spawn(async move {
            while crowd.pledge(&url, worker).await == Heard::No(Problem::Closed)
                && crowd.ask(&url, worker).await == Heard::No(Problem::Closed)
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
    all(workers).await;
}

fn is_early(who: usize) -> bool {
    who < EARLY.len()
}

fn is_not_later(who: usize) -> bool {
    is_early(who) || who >= EARLY.len() + LATER.len()
}

fn pop<T>(queue: &Mutex<Vec<T>>) -> Option<T> {
    queue.lock().unwrap().pop()
}

/// Several threads do the same; if one fails, the test does.
fn in_lanes(work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(&work);
        }
    });
}
