//! Tests: does the attestation store survive a cut of the power (DESIGN §7, O2)? It runs under strace, and from the
//! moments of what it wrote power cuts are made, opened with the real store and asked.
//!
//! It does: sled, whose own flush is none, is safe with our syncs. A cut that loses something must never be left out of
//! the verdict, and a cut that could not lose anything must not be counted.

use super::trace::record;
use super::{Cut, Disk, Image, Op};
use crate::store::StoreError;
use crate::store::attestation::{AttestationStore, Ceiling, Claim};
use crate::store::crashes::fast_folder;
use crate::store::tests_support::sha256;
use protocol::invite::InviteId;
use protocol::issuance::RequestDigest;
use protocol::publication::Tick;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

const PLENTY: Ceiling = Ceiling { batch_total: 1_000_000, batch_per_tick: None, all: 1_000_000 };
const BATCH: u16 = 7;

/// What a run does after it has opened the store.
enum Step {
    /// Claims one after the other.
    Claim(std::ops::Range<usize>),
    /// Claims all at once, so that they come in groups.
    ClaimAtOnce(std::ops::Range<usize>),
    Tick(Tick),
    /// Ends a tick while claims are made.
    TickDuring(Tick, std::ops::Range<usize>),
    Reopen,
}

impl Step {
    fn spelled(steps: &[Self]) -> String {
        let spelled = steps.iter().map(|step| match step {
            Self::Claim(numbers) => format!("claim {} {}", numbers.start, numbers.end),
            Self::ClaimAtOnce(numbers) => format!("at-once {} {}", numbers.start, numbers.end),
            Self::Tick(tick) => format!("tick {tick}"),
            Self::TickDuring(tick, numbers) => format!("during {} {} {tick}", numbers.start, numbers.end),
            Self::Reopen => "reopen".to_owned(),
        });
        spelled.collect::<Vec<_>>().join(",")
    }

    fn read(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let range = || words[1].parse().unwrap()..words[2].parse().unwrap();
        match words[0] {
            "claim" => Self::Claim(range()),
            "at-once" => Self::ClaimAtOnce(range()),
            "tick" => Self::Tick(words[1].parse().unwrap()),
            "during" => Self::TickDuring(words[3].parse().unwrap(), range()),
            "reopen" => Self::Reopen,
            other => panic!("{other}"),
        }
    }
}

fn id(number: usize) -> InviteId {
    InviteId::new(BATCH, *sha256("invite", number).first_chunk().unwrap())
}

fn digest(number: usize) -> RequestDigest {
    RequestDigest::from_bytes(sha256("request", number))
}

/// The run itself, under strace. What it asks and is answered it tells in lines: `asked`, `told` with the number of a
/// claim, `begins`, `ended` with a tick.
#[test]
#[ignore = "is started by the tests below, under strace"]
fn run_under_strace() {
    let variable = |name| std::env::var(name).unwrap();
    let (dir, steps) = (PathBuf::from(variable(DIR)), variable(STEPS));
    let told = OpenOptions::new().append(true).open(variable(TOLD)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut store = Arc::new(AttestationStore::open(&dir, -1).unwrap());
    tell(&told, "opened", 0);
    for step in steps.split(',').filter(|step| !step.is_empty()).map(Step::read) {
        match step {
            Step::Claim(numbers) => {
                for number in numbers {
                    claim_at_once(&runtime, &store, &told, number..number + 1);
                }
            }
            Step::ClaimAtOnce(numbers) => claim_at_once(&runtime, &store, &told, numbers),
            Step::Tick(tick) => end_tick(&store, &told, tick),
            Step::TickDuring(tick, numbers) => std::thread::scope(|scope| {
                scope.spawn(|| end_tick(&store, &told, tick));
                claim_at_once(&runtime, &store, &told, numbers);
            }),
            Step::Reopen => {
                drop(store);
                store = Arc::new(AttestationStore::open(&dir, -1).unwrap());
            }
        }
    }
    std::mem::forget(store); // a closing that the end of the process cuts off would not be a whole call
}

fn claim_at_once(runtime: &Runtime, store: &Arc<AttestationStore>, told: &File, numbers: std::ops::Range<usize>) {
    runtime.block_on(async {
        let mut asked = Vec::new();
        for number in numbers {
            tell(told, "asked", number);
            let store = store.clone();
            asked.push((number, tokio::spawn(async move { store.claim(id(number), digest(number), PLENTY).await })));
        }
        for (number, answer) in asked {
            let answer = answer.await.unwrap().unwrap();
            assert!(matches!(answer, Claim::New | Claim::Repeat), "{answer:?}");
            tell(told, "told", number);
        }
    });
}

fn end_tick(store: &AttestationStore, told: &File, tick: Tick) {
    tell(told, "begins", tick);
    store.tick(tick).unwrap();
    tell(told, "ended", tick);
}

fn tell(mut told: &File, what: &str, number: impl std::fmt::Display) {
    // one write, so that it stands in the trace as one
    told.write_all(format!("{what} {number}\n").as_bytes()).unwrap();
}

/// What must be on the disk, and what may be.
#[derive(Clone, Default)]
struct Expected {
    /// Claims that were asked for, each with the last tick that had begun, and whether it may not have ended.
    asked: BTreeMap<usize, (Tick, bool)>,
    /// Those of them that were acknowledged.
    told: BTreeSet<usize>,
    /// The last tick that has begun.
    begun: Tick,
    /// What the last tick may be: the last that has ended, and those that have begun since.
    ticks: BTreeSet<Tick>,
}

impl Expected {
    fn hear(&mut self, line: &str) {
        let (what, number) = line.split_once(' ').unwrap();
        match what {
            "asked" => drop(self.asked.entry(number.parse().unwrap()).or_insert((self.begun, self.ticks.len() > 1))),
            "told" => drop(self.told.insert(number.parse().unwrap())),
            "begins" => {
                self.begun = number.parse().unwrap();
                self.ticks.insert(self.begun);
            }
            "ended" => self.ticks = BTreeSet::from([number.parse().unwrap()]),
            _ => {}
        }
    }
}

/// A log and the disk that it began on.
struct Recorded {
    disk: Disk,
    expected: Expected,
    ops: Vec<Op>,
}

impl Recorded {
    fn run(steps: &[Step]) -> Self {
        Self::run_on(
            &Disk::default(),
            &Expected { begun: -1, ticks: BTreeSet::from([-1]), ..Expected::default() },
            steps,
        )
    }

    /// Runs on what a killed or cut run has left.
    fn run_on(disk: &Disk, expected: &Expected, steps: &[Step]) -> Self {
        let temp = fast_folder();
        let base = temp.path().canonicalize().unwrap();
        let (root, told) = (base.join("root"), base.join("told"));
        disk.image(Cut::Everything).write_to(&root);
        File::create(&told).unwrap();
        let environment = [
            (DIR, root.join(STORE).display().to_string()),
            (TOLD, told.display().to_string()),
            (STEPS, Step::spelled(steps)),
        ];
        let (_crate, test) = concat!(module_path!(), "::run_under_strace").split_once("::").unwrap();
        let ops = record(test, &environment, &root, &told, disk);
        Self { disk: disk.clone(), expected: expected.clone(), ops }
    }

    /// The disk and what must be on it after so many ops.
    fn at(&self, point: usize) -> (Disk, Expected) {
        let (mut disk, mut expected) = (self.disk.clone(), self.expected.clone());
        for op in &self.ops[..point] {
            step(&mut disk, &mut expected, op);
        }
        (disk, expected)
    }
}

fn step(disk: &mut Disk, expected: &mut Expected, op: &Op) {
    disk.apply(op);
    if let Op::Told(line) = op {
        expected.hear(line);
    }
}

/// Opens an image with the real store and asks it for everything that it must know.
fn judge(runtime: &Runtime, image: &Image, expected: &Expected, thorough: bool) -> Result<(), String> {
    let temp = fast_folder();
    let root = temp.path().join("root");
    image.write_to(&root);
    let judged = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let store = AttestationStore::open(&root.join(STORE), -1).map_err(|error| format!("does not open: {error}"))?;
        let first = runtime.block_on(ask(&store, expected, thorough))?;
        store.tick(expected.begun + 1).map_err(|error| format!("ticks no more: {error}"))?;
        drop(store);
        let store =
            AttestationStore::open(&root.join(STORE), -1).map_err(|error| format!("opens no second time: {error}"))?;
        let again = |number| store.is_repeat(id(number), digest(number));
        match runtime.block_on(again(first)) {
            Ok(true) => Ok(()),
            other => Err(format!("a claim after the cut is lost after a tick: {other:?}")),
        }
    }));
    judged.unwrap_or_else(|_| Err("panics".to_owned()))
}

/// Gives the number of a claim that was new.
async fn ask(store: &AttestationStore, expected: &Expected, thorough: bool) -> Result<usize, String> {
    let said = |error: StoreError| error.to_string();
    let tick = store.last_tick();
    if !expected.ticks.contains(&tick) {
        return Err(format!("tick {tick}, not one of {:?}", expected.ticks));
    }
    // each number says that the others are in order: one that is lost lacks in the count
    let newest = expected.told.len().saturating_sub(200);
    let mut missing = Vec::new();
    for (index, number) in expected.told.iter().enumerate() {
        let asked = thorough || index >= newest || index % 16 == 0;
        if asked && !store.is_repeat(id(*number), digest(*number)).await.map_err(said)? {
            missing.push(*number);
        }
    }
    if !missing.is_empty() {
        return Err(format!("{} acknowledged claims are lost: {missing:?}", missing.len()));
    }
    let (mut all, mut since, mut perhaps) = (0, 0, 0);
    for (number, (begun, amid)) in &expected.asked {
        let there =
            expected.told.contains(number) || store.is_repeat(id(*number), digest(*number)).await.map_err(said)?;
        all += u64::from(there);
        since += u64::from(there && *begun >= tick && !amid);
        perhaps += u64::from(there && *begun >= tick);
    }
    let new = expected.asked.keys().next_back().map_or(0, |last| last + 1);
    let ceilings = [
        (Ceiling { batch_total: all, ..PLENTY }, Claim::Exhausted),
        (Ceiling { batch_per_tick: Some(since), ..PLENTY }, Claim::Exhausted),
        (Ceiling { batch_total: all + 1, batch_per_tick: Some(perhaps + 1), all: all + 1 }, Claim::New),
        (Ceiling { batch_total: 0, batch_per_tick: Some(0), all: 0 }, Claim::Repeat),
    ];
    for (ceiling, answer) in ceilings {
        let given = store.claim(id(new), digest(new), ceiling).await.map_err(said)?;
        if given != answer {
            return Err(format!(
                "counts wrong: {given:?} with {ceiling:?}, where {all} are there, {since} since tick {tick}"
            ));
        }
    }
    Ok(new)
}

/// What came out of many cuts.
struct Verdict {
    seed: u64,
    /// Different disks that were judged.
    cuts: usize,
    lost: Vec<String>,
}

impl Verdict {
    fn demand_nothing_lost(&self, at_least: usize) {
        let (shown, all) = (&self.lost[..self.lost.len().min(20)], self.lost.len());
        assert!(shown.is_empty(), "seed {}: {all} of {} cuts:\n  {}", self.seed, self.cuts, shown.join("\n  "));
        assert!(self.cuts >= at_least, "seed {}: only {} cuts", self.seed, self.cuts);
    }
}

/// Cuts the power at moments of a run in several ways, of which `random` leave any part. All moments are taken at which
/// names change or sled begins a segment or clears one, of the others one in `every`.
fn cut(recorded: &Recorded, seed: u64, every: u32, random: usize) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut disk, mut expected) = (recorded.disk.clone(), recorded.expected.clone());
    let (mut seen, mut lost) = (HashSet::new(), Vec::new());
    for point in 0..=recorded.ops.len() {
        if point > 0 {
            step(&mut disk, &mut expected, &recorded.ops[point - 1]);
        }
        let told_next = matches!(recorded.ops.get(point), Some(Op::Told(_))); // the same disk, and more is demanded
        let beside = recorded.ops[point.saturating_sub(3)..recorded.ops.len().min(point + 3)].iter();
        if told_next || !(rng.random_ratio(1, every) || beside.into_iter().any(is_rare)) {
            continue;
        }
        let mut images = vec![
            ("everything", disk.image(Cut::Everything)),
            ("only what was synced", disk.image(Cut::OnlySynced)),
            ("names without data", disk.image(Cut::NamesWithoutData)),
            ("data without names", disk.image(Cut::DataWithoutNames)),
        ];
        images.extend((0..random).map(|_| ("any part", disk.image(Cut::Power(&mut rng)))));
        for (how, image) in images {
            let mut hasher = DefaultHasher::new();
            (&image.0, expected.asked.len(), expected.told.len(), &expected.ticks).hash(&mut hasher);
            if seen.insert(hasher.finish())
                && let Err(why) = judge(&runtime, &image, &expected, seen.len() % 16 == 0)
            {
                lost.push(format!("after op {point} of {}, {how}: {why}", recorded.ops.len()));
            }
        }
    }
    Verdict { seed, cuts: seen.len(), lost }
}

fn is_rare(op: &Op) -> bool {
    match op {
        Op::Write { offset, bytes, .. } => offset.is_multiple_of(SEGMENT) || bytes.len() as u64 > SEGMENT / 3,
        Op::SyncFile { .. } | Op::SyncDir { .. } | Op::Told(_) => false,
        _ => true,
    }
}

const DIR: &str = "HEADCOUNT_POWER_DIR";
const STEPS: &str = "HEADCOUNT_POWER_STEPS";
const TOLD: &str = "HEADCOUNT_POWER_TOLD";
const STORE: &str = "attestation";

/// sled's unit of writing and reuse, in bytes.
const SEGMENT: u64 = 512 << 10;

#[cfg(test)]
mod tests;
