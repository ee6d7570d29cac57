use super::*;
use crate::store::crashes::fast_folder;
use crate::store::sled_dir::SledDir;
use crate::store::tests_support::{copy_dir, found_in, names, order_on_disk, sha256, spearman_of, tokens};
use std::collections::HashMap;
use std::fs;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A store with a runtime to ask it from.
struct Asked {
    store: RedemptionStore,
    runtime: Runtime,
}

impl Asked {
    /// Opens `DIR/redemption` and `DIR/spent`.
    fn open(dir: &Path) -> Self {
        Self {
            store: RedemptionStore::open(&dir.join("redemption"), &dir.join("spent"), 0).unwrap(),
            runtime: Runtime::new().unwrap(),
        }
    }

    /// Spends the tokens `range` one after the other and demands this answer for each.
    fn spend(&self, range: std::ops::Range<usize>, expected: Redeemed) {
        for token in tokens(range.end).into_iter().skip(range.start) {
            let redeemed = self.runtime.block_on(self.store.spend(token)).unwrap();
            assert_eq!(redeemed, expected);
        }
    }
}

fn nonces(range: std::ops::Range<usize>) -> Vec<Nonce> {
    tokens(range.end)[range].iter().map(VerifiedToken::nonce).collect()
}

fn pools(dir: &Path) -> Vec<String> {
    names(&dir.join("redemption"))
}

#[test]
fn one_token_spent_five_hundred_times_at_once_is_counted_once() {
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    let store = Arc::new(asked.store);
    let same: Vec<VerifiedToken> = (0..500).flat_map(|_| tokens(1)).collect();
    let spends: Vec<_> = same
        .into_iter()
        .map(|token| {
            let store = store.clone();
            asked.runtime.spawn(async move { store.spend(token).await.unwrap() })
        })
        .collect();
    let answers: Vec<Redeemed> = spends.into_iter().map(|spend| asked.runtime.block_on(spend).unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Redeemed::Now).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Redeemed::Before).count(), 499);
    store.freeze(1).unwrap();
    assert_eq!(store.frozen().unwrap().len(), 1);
}

#[test]
fn a_pledge_comes_out_of_the_pool_as_it_went_in() {
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    asked.spend(0..20, Redeemed::Now);
    assert!(!asked.store.has_frozen().unwrap());
    assert!(asked.store.frozen().unwrap().is_empty(), "the fresh pool is nobody's business before the tick");
    asked.store.freeze(1).unwrap();
    let frozen = asked.store.frozen().unwrap();
    assert!(frozen.is_sorted_by_key(|pooled| pooled.nonce));
    for token in tokens(20) {
        let found = frozen.iter().find(|pooled| pooled.nonce == token.nonce()).unwrap();
        assert!(found.pledge == *token.pledge() && found.authenticator == *token.authenticator());
    }
    assert_eq!(frozen.len(), 20);
}

/// One tick: of ten frozen pledges the first four by nonce are published as the log entries 1 to 5.
struct Tick {
    temp: TempDir,
    dir: PathBuf,
    asked: Asked,
    published: Vec<Nonce>,
    survivors: Vec<PooledPledge>,
}

impl Tick {
    fn new() -> Self {
        let temp = fast_folder();
        let dir = temp.path().join("data");
        fs::create_dir(&dir).unwrap();
        let asked = Asked::open(&dir);
        asked.store.add_spent(0, 1, Vec::new()).unwrap();
        asked.spend(0..10, Redeemed::Now);
        let mut all = nonces(0..10);
        all.sort_unstable();
        Self { temp, dir, asked, published: all[..4].to_vec(), survivors: Vec::new() }
    }

    /// Opens a copy of the directory as kill -9 leaves it now, and there does the whole tick again.
    fn crash(&self, step: &str) {
        let copy = self.temp.path().join(step);
        copy_dir(&self.dir, &copy);
        let asked = Asked::open(&copy);
        asked.spend(0..10, Redeemed::Before);
        let store = &asked.store;
        store.freeze(1).unwrap();
        let frozen = store.frozen().unwrap();
        let survivors: Vec<PooledPledge> =
            frozen.into_iter().filter(|pooled| !self.published.contains(&pooled.nonce)).collect();
        if store.has_frozen().unwrap() {
            assert_eq!(survivors.len(), 6, "{step}");
            store.add_spent(1, 5, self.published.clone()).unwrap();
            store.keep(&survivors).unwrap();
            store.drop_frozen().unwrap();
        }
        assert_eq!(pools(&copy), ["pool-1"]);
        assert_eq!(store.spent_through(), 5);
        asked.spend(0..10, Redeemed::Before);
        asked.spend(10..12, Redeemed::Now);
        drop(asked);
        let asked = Asked::open(&copy);
        assert_eq!(asked.store.last_tick(), 1);
        asked.spend(0..12, Redeemed::Before);
        asked.store.freeze(2).unwrap();
        let frozen = asked.store.frozen().unwrap();
        assert_eq!(frozen.len(), 8, "{step}: six survivors, two new ones, none published again");
        assert!(frozen.iter().all(|pooled| !self.published.contains(&pooled.nonce)));
    }
}

#[test]
fn a_crash_between_any_two_steps_of_a_tick_loses_and_doubles_nothing() {
    let mut tick = Tick::new();
    tick.crash("before");
    fs::create_dir(tick.dir.join("redemption/new")).unwrap();
    tick.crash("half a new pool");
    let fresh = tick.asked.store.generations.create(1).unwrap();
    tick.crash("a new pool that is not in use");
    drop(fresh);
    tick.asked.store.freeze(1).unwrap();
    tick.crash("frozen");
    let store = &tick.asked.store;
    let frozen = store.frozen().unwrap();
    tick.survivors = frozen.into_iter().filter(|pooled| !tick.published.contains(&pooled.nonce)).collect();
    tick.crash("planned");
    store.add_spent(1, 5, tick.published.clone()).unwrap();
    tick.crash("spent");
    let store = &tick.asked.store;
    store.keep(&tick.survivors[..2]).unwrap();
    tick.crash("some kept");
    let store = &tick.asked.store;
    store.keep(&tick.survivors).unwrap();
    store.keep(&tick.survivors).unwrap();
    tick.crash("kept");
    let pool = tick.dir.join("redemption/pool-0");
    let removed = tick.dir.join("redemption/removed-pool-0");
    fs::rename(&pool, &removed).unwrap();
    tick.crash("about to delete");
    fs::remove_file(removed.join("rows")).unwrap();
    tick.crash("half deleted");
    tick.asked.store.drop_frozen().unwrap();
    tick.asked.store.drop_frozen().unwrap();
    tick.crash("after");
    assert!(!tick.asked.store.has_frozen().unwrap());
}

#[test]
fn a_frozen_pool_that_was_never_finished_joins_the_next_tick() {
    let tick = Tick::new();
    let store = &tick.asked.store;
    store.freeze(1).unwrap();
    tick.asked.spend(10..13, Redeemed::Now);
    store.freeze(5).unwrap();
    assert_eq!(store.frozen().unwrap().len(), 13);
    store.add_spent(1, 5, tick.published.clone()).unwrap();
    assert_eq!(store.frozen().unwrap().len(), 9, "what is spent is not published again");
    assert!(matches!(store.freeze(4), Err(StoreError::Refused(_))));
    assert_eq!(pools(&tick.dir), ["pool-0", "pool-1", "pool-5"]);
}

#[test]
fn spends_during_ticks_are_counted_once_and_all_are_kept() {
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    let store = Arc::new(asked.store);
    let spends: Vec<_> = (0..4)
        .map(|_| {
            let (store, tokens) = (store.clone(), tokens(400));
            asked.runtime.spawn(async move {
                let mut counted = 0;
                for token in tokens {
                    counted += usize::from(store.spend(token).await.unwrap() == Redeemed::Now);
                }
                counted
            })
        })
        .collect();
    let mut published = Vec::new();
    for tick in 1..=6 {
        store.freeze(tick).unwrap();
        let frozen = store.frozen().unwrap();
        let (publish, keep) = frozen.split_at(frozen.len() / 3);
        let from = store.spent_through();
        let now: Vec<Nonce> = publish.iter().map(|pooled| pooled.nonce).collect();
        store.add_spent(from, from + 1 + now.len() as u64, now.clone()).unwrap();
        published.extend(now);
        store.keep(keep).unwrap();
        store.drop_frozen().unwrap();
    }
    let counted: usize = spends.into_iter().map(|spends| asked.runtime.block_on(spends).unwrap()).sum();
    assert_eq!(counted, 400);
    store.refuse().unwrap();
    let mut all: Vec<Nonce> = store.frozen().unwrap().iter().map(|pooled| pooled.nonce).collect();
    all.extend(published);
    all.sort_unstable();
    let mut expected = nonces(0..400);
    expected.sort_unstable();
    assert!(all == expected);
}

#[test]
fn after_refuse_nothing_is_taken_and_every_pool_is_frozen() {
    let tick = Tick::new();
    let store = &tick.asked.store;
    store.freeze(1).unwrap();
    tick.asked.spend(10..12, Redeemed::Now);
    store.refuse().unwrap();
    store.refuse().unwrap();
    tick.asked.spend(0..13, Redeemed::Closed);
    assert_eq!(store.frozen().unwrap().len(), 12);
    assert!(matches!(store.freeze(2), Err(StoreError::Refused(_))));
    let survivors = store.frozen().unwrap();
    assert!(matches!(store.keep(&survivors), Err(StoreError::Refused(_))));
    // a crash forgets the refusal, nothing else: the publisher refuses again
    let copy = tick.temp.path().join("refused");
    copy_dir(&tick.dir, &copy);
    let reopened = Asked::open(&copy);
    reopened.store.refuse().unwrap();
    assert_eq!(reopened.store.frozen().unwrap().len(), 12);
    store.drop_frozen().unwrap();
    assert!(pools(&tick.dir).is_empty() && !store.has_frozen().unwrap());
    store.destroy().unwrap();
    assert_eq!(names(&tick.dir), ["spent"]);
    let spend = store.spend(tokens(1).remove(0));
    assert!(matches!(tick.asked.runtime.block_on(spend), Err(StoreError::Stopped)));
    assert!(matches!(store.refuse(), Err(StoreError::Stopped)));
    store.destroy().unwrap();
}

/// How strongly the order in which `arrived` came shows in the pools: the strongest rank correlation with the order in
/// which a pool gives its rows, which is that of its file, and in any file as it lies.
fn order_in(store: &RedemptionStore, dir: &Path, arrived: &[Nonce]) -> f64 {
    let keys: Vec<&[u8]> = arrived.iter().map(|nonce| nonce.as_bytes().as_slice()).collect();
    let mut strongest = order_on_disk(dir, &keys, 20);
    let number: HashMap<&Nonce, usize> = arrived.iter().zip(0..).collect();
    let pools = store.writer.alone(|pools| {
        let all = pools.fresh.iter().chain(pools.frozen.iter().map(Arc::as_ref));
        Ok(all
            .map(|pool| pool.rows().map(|row| row.map(|(nonce, _)| nonce)).collect::<Result<Vec<_>, _>>())
            .collect::<Vec<_>>())
    });
    for pool in pools.unwrap() {
        let lying = pool.unwrap().into_iter().map(Nonce::from_bytes).enumerate();
        let offsets: BTreeMap<usize, usize> = lying.map(|(at, nonce)| (number[&nonce], at)).collect();
        if offsets.len() >= 100 {
            strongest = strongest.max(spearman_of(&offsets).abs());
        }
    }
    strongest
}

#[test]
fn u3_no_order_of_pledges_is_on_disk_at_any_time() {
    const COUNT: usize = 2500;
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    let (arrived, store) = (nonces(0..COUNT), &asked.store);
    asked.spend(0..COUNT, Redeemed::Now);
    let fresh = order_in(store, dir.path(), &arrived);
    store.freeze(1).unwrap();
    let frozen = store.frozen().unwrap();
    let middle = order_in(store, dir.path(), &arrived);
    let publish: Vec<Nonce> = frozen.iter().map(|pooled| pooled.nonce).take(200).collect();
    store.add_spent(0, 201, publish).unwrap();
    store.keep(&frozen[200..]).unwrap();
    let kept = order_in(store, dir.path(), &arrived);
    store.drop_frozen().unwrap();
    let after = order_in(store, dir.path(), &arrived);
    assert_eq!(pools(dir.path()), ["pool-1"]);
    // five standard deviations of what chance gives; the bound of 0.05 is judged in `slot_file/tests.rs`, with more rows
    for measured in [fresh, middle, kept, after] {
        assert!(measured <= 0.1, "{fresh} {middle} {kept} {after}");
    }
}

#[test]
fn the_measure_of_order_finds_it_in_a_plain_sled() {
    const COUNT: usize = 5000;
    let dir = fast_folder();
    let plain = Generations::<SledDir>::new(dir.path(), "plain-").create(0).unwrap();
    let arrived: Vec<[u8; 32]> = (0..COUNT).map(|number| sha256("nonce", number)).collect();
    for group in arrived.chunks(64) {
        plain.write::<32, 32>(&group.iter().map(|nonce| (*nonce, [7; 32])).collect()).unwrap();
    }
    let keys: Vec<&[u8]> = arrived.iter().map(<[u8; 32]>::as_slice).collect();
    assert!(order_on_disk(dir.path(), &keys, 20) > 0.9);
}

#[test]
fn u3_after_a_tick_no_key_of_an_earlier_pool_is_on_disk_and_after_the_close_no_pledge() {
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    asked.spend(0..50, Redeemed::Now);
    let key = |tick: u32| fs::read(dir.path().join(format!("redemption/pool-{tick}/key"))).unwrap();
    let first = key(0);
    assert!(found_in(dir.path(), &first));
    asked.store.freeze(1).unwrap();
    let frozen = asked.store.frozen().unwrap();
    asked.store.add_spent(0, 1, Vec::new()).unwrap();
    asked.store.keep(&frozen).unwrap();
    asked.store.drop_frozen().unwrap();
    assert!(!found_in(dir.path(), &first));
    let second = key(1);
    assert!(first != second && found_in(dir.path(), &second));
    asked.store.destroy().unwrap();
    assert!(!found_in(dir.path(), &second));
    assert_eq!(names(dir.path()), ["spent"]);
    for pooled in &frozen {
        assert!(!found_in(dir.path(), pooled.nonce.as_bytes()) && !found_in(dir.path(), &pooled.authenticator));
    }
}

#[test]
fn u3_the_times_of_the_files_say_nothing_of_a_pledge() {
    let dir = fast_folder();
    let asked = Asked::open(dir.path());
    asked.spend(0..300, Redeemed::Now);
    let says_nothing = || {
        let rows = fs::metadata(dir.path().join("redemption/pool-0/rows")).unwrap();
        let times = [rows.modified().unwrap(), rows.accessed().unwrap()];
        times == [std::time::SystemTime::UNIX_EPOCH; 2]
    };
    // for a moment after the answer the store still has its hand in the file
    let begin = std::time::Instant::now();
    while !says_nothing() {
        assert!(begin.elapsed() < std::time::Duration::from_secs(5), "the times stay");
    }
}
