//! Spending: the store of pledges without HTTP or signatures, one after the other and from 64 tasks, beside a file to which
//! the same bytes are appended with the same number of syncs or fewer.

use crate::clocks::{Took, together};
use crate::duel::{Baseline, By, Duel, Row};
use crate::fixture::{Made, Yard};
use crate::peers::AppendLog;
use crate::sled_pool::{self, SledPool};
use criterion::Criterion;
use protocol::token::VerifiedToken;
use server::{Redeemed, RedemptionStore};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const ROUNDS: usize = 3;
const SECONDS: f64 = 4.0;

/// Both of them, if wanted.
pub(crate) fn run(criterion: &mut Criterion, yard: &Yard, wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (subject, tasks, (grows, baseline), in_place) in [
        ("spend, alone", 1, ("append log, a sync each", 0.30), "the same, file written before"),
        ("spend, from 64 tasks", 64, ("append log, a sync for 64", 0.15), "the same, file written before"),
    ] {
        if wanted(subject) {
            let baseline = Baseline { ratio: baseline, by: By::Wall, source: "§4, sled 0.34.7 with fdatasync" };
            let mut ours = Ours::new(yard);
            let mut sled = Sled::new(yard);
            let (mut growing, mut floor) = (Floor::new(yard, false), Floor::new(yard, true));
            let duel = Duel::new(subject, By::Wall, Box::new(move |count| ours.spend(count, tasks)))
                .against("the pool in sled, as it was", None, Box::new(move |count| sled.spend(count, tasks)))
                .against(grows, Some(baseline), Box::new(move |count| growing.append(count, tasks)))
                .against(in_place, None, Box::new(move |count| floor.append(count, tasks)));
            rows.extend(duel.run(criterion, ROUNDS, SECONDS));
        }
    }
    rows
}

/// Spends each token once; when all are spent, a new store takes its place.
struct Ours<'a> {
    yard: &'a Yard,
    store: Arc<RedemptionStore>,
    folder: TempDir,
    next: usize,
}

impl<'a> Ours<'a> {
    fn new(yard: &'a Yard) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { yard, store: Arc::new(open(folder.path())), folder, next: 0 }
    }

    fn spend(&mut self, count: u64, tasks: usize) -> Took {
        let mut sum = Took::default();
        let mut left = usize::try_from(count).expect("a length");
        while left > 0 {
            if self.next == self.yard.made.len() {
                let folder = TempDir::new().expect("a temporary folder");
                self.store = Arc::new(open(folder.path())); // the one before ends its thread now
                self.folder = folder;
                self.next = 0;
            }
            let part = &self.yard.made[self.next..][..left.min(self.yard.made.len() - self.next)];
            let tokens = self.yard.verified(part);
            let (counted, took) = together(|| self.yard.serve.block_on(spend_all(&self.store, tokens, tasks)));
            assert_eq!(counted, part.len(), "every token counts, and was not there before");
            self.check(part);
            sum += took;
            self.next += part.len();
            left -= part.len();
        }
        sum
    }

    /// What was counted is known, in whatever order it came.
    fn check(&self, part: &[Made]) {
        let last = self.yard.verified(&part[part.len() - 1..]).remove(0);
        let again = self.yard.serve.block_on(self.store.spend(last)).expect("a store that works");
        assert_eq!(again, Redeemed::Before);
    }
}

/// A store of its own in a folder.
pub(crate) fn open(data: &Path) -> RedemptionStore {
    RedemptionStore::open(&data.join("redemption"), &data.join("spent"), 0).expect("a store")
}

/// Spends from so many tasks at once; how many counted now.
pub(crate) async fn spend_all(store: &Arc<RedemptionStore>, tokens: Vec<VerifiedToken>, tasks: usize) -> usize {
    let mut shares: Vec<Vec<VerifiedToken>> = (0..tasks).map(|_| Vec::new()).collect();
    for (index, token) in tokens.into_iter().enumerate() {
        shares[index % tasks].push(token);
    }
    let spend = |share: Vec<VerifiedToken>| {
        let store = store.clone();
        async move {
            let mut counted = 0;
            for token in share {
                let redeemed = store.spend(token).await.expect("a store that works");
                counted += usize::from(redeemed == Redeemed::Now);
            }
            counted
        }
    };
    let running: Vec<_> = shares.into_iter().map(|share| tokio::spawn(spend(share))).collect();
    let mut counted = 0;
    for task in running {
        counted += task.await.expect("no panic");
    }
    counted
}

/// The pool in sled with the same records.
struct Sled<'a> {
    yard: &'a Yard,
    records: Vec<Vec<u8>>,
    pool: Arc<SledPool>,
    next: usize,
}

impl<'a> Sled<'a> {
    fn new(yard: &'a Yard) -> Self {
        Self { yard, records: records(&yard.made), pool: Arc::new(SledPool::new()), next: 0 }
    }

    fn spend(&mut self, count: u64, tasks: usize) -> Took {
        let mut sum = Took::default();
        let mut left = usize::try_from(count).expect("a length");
        while left > 0 {
            if self.next == self.records.len() {
                self.pool = Arc::new(SledPool::new());
                self.next = 0;
            }
            let part = &self.records[self.next..][..left.min(self.records.len() - self.next)];
            let (counted, took) = together(|| self.yard.serve.block_on(sled_pool::spend_all(&self.pool, part, tasks)));
            assert_eq!(counted, part.len(), "every record counts");
            sum += took;
            self.next += part.len();
            left -= part.len();
        }
        sum
    }
}

/// The append log with what a pool holds of each pledge.
struct Floor {
    records: Vec<Vec<u8>>,
    written_before: bool,
    log: AppendLog,
    next: usize,
}

impl Floor {
    fn new(yard: &Yard, written_before: bool) -> Self {
        let records = records(&yard.made);
        Self { log: log(&records, written_before), records, written_before, next: 0 }
    }

    fn append(&mut self, count: u64, batch: usize) -> Took {
        let mut sum = Took::default();
        let mut left = usize::try_from(count).expect("a length");
        while left > 0 {
            if self.next == self.records.len() {
                self.log = log(&self.records, self.written_before);
                self.next = 0;
            }
            let part = &self.records[self.next..][..left.min(self.records.len() - self.next)];
            sum += together(|| part.chunks(batch).for_each(|records| self.log.append(records))).1;
            self.next += part.len();
            left -= part.len();
        }
        sum
    }
}

/// A log for all records, empty.
fn log(records: &[Vec<u8>], written_before: bool) -> AppendLog {
    match written_before {
        true => AppendLog::written_before(records.iter().map(Vec::len).sum()),
        false => AppendLog::new(),
    }
}

/// Nonce, pledge and authenticator of each.
fn records(made: &[Made]) -> Vec<Vec<u8>> {
    let record = |made: &Made| {
        let token = made.token.encode();
        [made.token.nonce().as_bytes().as_slice(), &made.pledge.encode(), &token[token.len() - 256..]].concat()
    };
    made.iter().map(record).collect()
}
