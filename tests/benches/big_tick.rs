//! Ticks over five million published pledges and over few: in this process, because only here can a bench move the clock.
//! The pledges come over HTTP, and every receipt is checked.

use crate::big_log::{TICKS, Twin};
use crate::fixture::{Made, Yard};
use crate::load::{Answer, Ends, Sent, fire, steady};
use hdrhistogram::Histogram;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::publication::Tick;
use protocol::receipt::verify_receipt;
use server::Deployment;
use server::clock::{Clock, Reading};
use server::serve::Running;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What the ticks of one folder took.
pub(crate) struct Ticks {
    /// To open the folder.
    pub(crate) open: Duration,
    /// Of what was pending before the start.
    pub(crate) first: Duration,
    /// Of as many in the same process.
    pub(crate) second: Duration,
    pub(crate) under_load: UnderLoad,
}

/// A large tick while people pledge, and what they waited for.
pub(crate) struct UnderLoad {
    pub(crate) tick: Duration,
    /// In microseconds: pledges before the tick, and those that were under way in it.
    pub(crate) before: Histogram<u64>,
    pub(crate) during: Histogram<u64>,
}

/// The tokens of one folder, none of them spent.
pub(crate) struct Supply<'a> {
    pub(crate) second: &'a [Made],
    pub(crate) large: &'a [Made],
    /// Pledged at a steady pace while the large tick runs.
    pub(crate) steady: &'a [Made],
}

/// Runs three ticks on a folder, in which so many pledges are pending.
pub(crate) fn run(yard: &Yard, campaign: &Campaign, twin: &Twin, pending: u64, supply: &Supply<'_>) -> Ticks {
    let begin = Instant::now();
    let mut server = Stepped::open(yard, campaign, &twin.data);
    let open = begin.elapsed();
    let mut total = u64::from(twin.published);
    assert_eq!(server.counts().total, total, "what is published before the first tick");
    let first = server.tick();
    total += pending;
    server.demand(total);
    server.redeem(supply.second);
    let second = server.tick();
    total += supply.second.len() as u64;
    server.demand(total);
    server.redeem(supply.large);
    total += supply.large.len() as u64;
    let under_load = server.tick_under_load(total, supply.steady);
    server.stop();
    Ticks { open, first, second, under_load }
}

/// A server in this process whose clock stands until it is moved.
struct Stepped<'a> {
    yard: &'a Yard,
    campaign: &'a Campaign,
    running: Running,
    wall: Arc<AtomicU64>,
    next: Tick,
}

impl<'a> Stepped<'a> {
    /// Opens it right after the last tick that was published.
    fn open(yard: &'a Yard, campaign: &'a Campaign, data: &Path) -> Self {
        let last = Tick::from(TICKS);
        let wall = Arc::new(AtomicU64::new(campaign.genesis().schedule().end_of(last) + 1));
        let seen = wall.clone();
        let read = move || Reading { wall: seen.load(SeqCst), steady: Duration::from_secs(seen.load(SeqCst)) };
        let deployment = Deployment::open(data, Clock::new(read), None).expect("a good data directory");
        let running = yard.serve.block_on(async {
            let bind = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            Running::start(deployment, bind().await, bind().await).expect("two listeners")
        });
        Self { yard, campaign, running, wall, next: last + 1 }
    }

    fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Runs the next tick. The server's own thread may see first that it is due; then this waits for its end.
    fn tick(&mut self) -> Duration {
        self.wall.store(self.campaign.genesis().schedule().end_of(self.next) + 1, SeqCst);
        self.next += 1;
        let begin = Instant::now();
        self.running.deployment().look_at_clock().expect("a tick that can be run");
        begin.elapsed()
    }

    fn redeem(&self, tokens: &[Made]) {
        for part in tokens.chunks(10_000) {
            let requests = part.iter().map(|made| made.request.clone()).collect();
            let answers = self.yard.load.block_on(fire(self.address(), requests, Ends::Never));
            answers.iter().zip(part).for_each(|(answer, made)| demand_receipt(self.campaign, answer, made, 201));
        }
    }

    fn counts(&self) -> Counts {
        let request = format!("GET /counts.json HTTP/1.1\r\nhost: {}\r\n\r\n", self.address()).into_bytes();
        let answer = self.yard.load.block_on(fire(self.address(), vec![request], Ends::After)).remove(0);
        assert_eq!(answer.status, 200, "{answer}");
        serde_json::from_slice(&answer.body).expect("counts")
    }

    /// The tick that was just run has published all that was pending.
    fn demand(&self, total: u64) {
        let counts = self.counts();
        assert_eq!((counts.total, counts.tick), (total, self.next - 1), "what is published after a tick");
        assert_eq!(counts.places.values().sum::<u64>(), total, "all at the level of places");
    }

    /// Whoever pledges before the tick begins is published by it, if there are enough for his place.
    fn tick_under_load(&mut self, total: u64, tokens: &[Made]) -> UnderLoad {
        std::thread::sleep(CALM); // the pool has grown, and tidies up when nobody asks
        let going = Arc::new(AtomicBool::new(true));
        let requests = Arc::new(tokens.iter().map(|made| made.request.clone()).collect());
        let load = self.yard.load.spawn(steady(self.address(), requests, PER_SECOND, going.clone()));
        std::thread::sleep(WARM_UP + CALM);
        let begin = Instant::now();
        let tick = self.tick();
        let end = Instant::now();
        std::thread::sleep(CALM);
        going.store(false, SeqCst);
        let sent = self.yard.load.block_on(load).expect("no panic");
        for Sent { index, answer, .. } in &sent {
            let known = *index >= tokens.len(); // all were sent, and come again
            demand_receipt(self.campaign, answer, &tokens[index % tokens.len()], if known { 200 } else { 201 });
        }
        let published = self.counts().total;
        assert!((total..=total + sent.len() as u64).contains(&published), "{published} published instead of {total}");
        let calm = begin - CALM;
        let before = waits(sent.iter().filter(|sent| sent.due >= calm && sent.due + sent.took <= begin));
        let during = waits(sent.iter().filter(|sent| sent.due < end && sent.due + sent.took > begin));
        UnderLoad { tick, before, during }
    }

    fn stop(self) {
        self.yard.serve.block_on(self.running.stop());
    }
}

fn waits<'a>(sent: impl Iterator<Item = &'a Sent>) -> Histogram<u64> {
    let mut waits = Histogram::new(3).expect("three digits");
    for sent in sent {
        waits.record(u64::try_from(sent.took.as_micros()).expect("a short time")).expect("it grows by itself");
    }
    waits
}

/// The answer is that of a pledge that is counted.
pub(crate) fn demand_receipt(campaign: &Campaign, answer: &Answer, made: &Made, status: u16) {
    assert_eq!(answer.status, status, "{answer}");
    let key = &campaign.genesis().receipt_key;
    verify_receipt(key, campaign.id(), &made.token.nonce(), &answer.body).expect("a good receipt");
}

/// Pledges a second while the large tick runs: more than ever came to the event that this is modelled on.
pub(crate) const PER_SECOND: f64 = 2000.0;
/// Until the load is steady.
const WARM_UP: Duration = Duration::from_secs(1);
/// What is watched before the tick, and how long the load goes on after it.
const CALM: Duration = Duration::from_secs(2);
