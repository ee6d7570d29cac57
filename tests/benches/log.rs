//! A tick and an audit of ten thousand pledges, beside what bounds them: verifying as many tokens with the same library.
//!
//! Each tick runs on a copy of one data directory in which the pledges are pending; every audit reads over HTTP.

use crate::clocks::{Took, alone, together};
use crate::duel::{Baseline, By, Duel, Row};
use crate::fixture::{Made, PLEDGES, Stage, Yard, copy, on_all_cores};
use crate::peers::{AppendLog, FastVerifier};
use crate::stores::{open, spend_all};
use client::log_reader::{LogReader, Source};
use criterion::Criterion;
use protocol::recount::{Recount, Seen};
use protocol::tile::{TileTree, leaf_hash};
use server::Deployment;
use server::clock::{Clock, Reading};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tempfile::TempDir;
use tests::{START, TICK};

/// Both of them, if wanted.
pub(crate) fn run(
    criterion: &mut Criterion,
    yard: &Yard,
    stage: &mut Stage,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let (tick_wanted, audit_wanted) = (wanted("tick of 10,000"), wanted("audit of 10,000"));
    if !(tick_wanted || audit_wanted) {
        return rows;
    }
    let pending = pending(yard);
    if tick_wanted {
        rows.extend(tick(yard, pending.path()).run(criterion, 1, 20.0));
    }
    if audit_wanted {
        stage.start_on_copy_of(yard, pending.path());
        yard.serve.block_on(stage.world().tick());
        rows.extend(audit(yard, stage).run(criterion, 1, 25.0));
    }
    rows
}

/// A data directory in which all pledges are pending.
fn pending(yard: &Yard) -> TempDir {
    crate::tell(&format!("spending {PLEDGES} tokens, for tick and audit"));
    let folder = TempDir::new().expect("a temporary folder");
    copy(&yard.empty.path().join("data"), &folder.path().join("data"));
    let store = Arc::new(open(&folder.path().join("data")));
    let spent = yard.serve.block_on(spend_all(&store, yard.verified(&yard.made), 64));
    assert_eq!(spent, yard.made.len());
    folder // what is acknowledged is on the disk, so a copy of it is whole even while the store is being closed
}

fn tick<'a>(yard: &'a Yard, pending: &'a Path) -> Duel<'a> {
    let key = yard.campaign.token_key();
    let ours = move |count| sum(count, || run_tick(pending));
    let bound = move |count| {
        let verify_all = || yard.made.iter().for_each(|made| made.token.verify_signature(key).expect("a valid token"));
        sum(count, || alone(verify_all).1)
    };
    let records: Vec<Vec<u8>> = yard.made.iter().map(|made| made.token.encode()[2..].to_vec()).collect();
    let floor = move |count| {
        sum(count, || {
            let mut log = AppendLog::new();
            together(|| log.append(&records)).1
        })
    };
    Duel::new("tick of 10,000", By::Wall, Box::new(ours))
        .batch(PLEDGES)
        .against("bound: verify 10,000, one core", None, Box::new(bound))
        .against("append log, 10,000 with one sync", None, Box::new(floor))
}

/// From the end of a tick to the checkpoint and the cleaned stores.
fn run_tick(pending: &Path) -> Took {
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data");
    copy(&pending.join("data"), &data);
    let wall = Arc::new(AtomicU64::new(START));
    let seen = wall.clone();
    let read = move || Reading { wall: seen.load(SeqCst), steady: Duration::from_secs(seen.load(SeqCst)) };
    let deployment = Deployment::open(&data, Clock::new(read), None).expect("a good data directory");
    wall.store(START + TICK, SeqCst);
    let (looked, took) = together(|| deployment.look_at_clock());
    looked.expect("a tick that can be run");
    let checkpoint = fs::read_to_string(data.join("log/checkpoint")).expect("a checkpoint");
    let size: usize = checkpoint.lines().nth(1).and_then(|line| line.parse().ok()).expect("a size");
    let groups = deployment.campaign().places().places.len(); // each place has more than k
    assert_eq!(size, 1 + groups + PLEDGES as usize, "all pledges are published");
    took
}

fn audit<'a>(yard: &'a Yard, stage: &'a Stage) -> Duel<'a> {
    let key = yard.campaign.token_key();
    let ours = move |count| {
        sum(count, || {
            let (report, took) = together(|| yard.serve.block_on(stage.world().audit()));
            let report = report.unwrap_or_else(|error| panic!("the audit found: {error}"));
            assert_eq!((report.pledges, report.counts_compared_at), (PLEDGES.into(), Some(report.head.size)));
            took
        })
    };
    let bound = move |count| {
        let verify = |part: &[_]| {
            part.iter().for_each(|made: &Made| made.token.verify_signature(key).expect("a valid token"));
        };
        sum(count, || together(|| on_all_cores(&yard.made, verify)).1)
    };
    let fast = FastVerifier::new(key.spki());
    let faster = move |count| {
        let verify = |part: &[Made]| part.iter().for_each(|made| fast.verify(&made.token));
        sum(count, || together(|| on_all_cores(&yard.made, verify)).1)
    };
    let entries = entries(yard, stage);
    let rest = move |count| sum(count, || alone(|| recount(yard, &entries)).1);
    Duel::new("audit of 10,000", By::Wall, Box::new(ours))
        .batch(PLEDGES)
        .against("bound: verify 10,000, all cores", None, Box::new(bound))
        .against("aws-lc-rs, verify 10,000, all cores", BASELINE_VERIFY, Box::new(faster))
        .against("recount and hashes alone, one core", None, Box::new(rest))
}

/// All that an audit does with the entries but the signatures.
fn recount(yard: &Yard, entries: &[Vec<u8>]) {
    let (mut recount, mut tree) = (Recount::new(&yard.campaign), TileTree::new());
    let mut pledges = 0;
    for entry in entries {
        tree.push(leaf_hash(entry));
        pledges += u32::from(matches!(recount.entry(entry).expect("a good entry"), Seen::Pledge { .. }));
    }
    recount.finish().expect("a good log");
    assert_eq!(pledges, PLEDGES);
}

fn entries(yard: &Yard, stage: &Stage) -> Vec<Vec<u8>> {
    let source = Source::Folder(stage.world().data());
    yard.serve.block_on(async {
        let head = source.head(&yard.campaign).await.unwrap_or_else(|error| panic!("{error}"));
        let (mut log, mut entries) = (LogReader::new(&source, head, false), Vec::new());
        while let Some(some) = log.next().await.unwrap_or_else(|error| panic!("{error}")) {
            entries.extend(some);
        }
        entries
    })
}

fn sum(count: u64, mut one: impl FnMut() -> Took) -> Took {
    let mut sum = Took::default();
    (0..count).for_each(|_| sum += one());
    sum
}

const BASELINE_VERIFY: Option<Baseline> =
    Some(Baseline { ratio: 0.25, by: By::Processor, source: "§1-3, verification alone; an audit does more" });
