use super::*;
use crate::store::tests_support::{copy_dir, names, order_on_disk, sha256};
use std::fs;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PLENTY: Ceiling = Ceiling { batch_total: 1_000_000, batch_per_tick: None, all: 1_000_000 };

fn id(batch: u16, number: usize) -> InviteId {
    InviteId::new(batch, *sha256("invite", number).first_chunk().unwrap())
}

fn digest(number: usize) -> RequestDigest {
    RequestDigest::from_bytes(sha256("request", number))
}

/// A store with a runtime to ask it from.
struct Asked {
    store: AttestationStore,
    runtime: Runtime,
}

impl Asked {
    fn open(dir: &Path) -> Self {
        Self { store: AttestationStore::open(dir, -1).unwrap(), runtime: Runtime::new().unwrap() }
    }

    /// Claims invite `number` of a batch for request `number`.
    fn claim(&self, batch: u16, number: usize, ceiling: Ceiling) -> Claim {
        self.claim_for(batch, number, number, ceiling)
    }

    fn claim_for(&self, batch: u16, number: usize, request: usize, ceiling: Ceiling) -> Claim {
        let claim = self.store.claim(id(batch, number), digest(request), ceiling);
        self.runtime.block_on(claim).unwrap()
    }

    /// Claims all at once, in this order of sending.
    fn claim_all(&self, batch: u16, numbers: impl Iterator<Item = usize>) {
        self.runtime.block_on(async {
            for number in numbers {
                let claim = self.store.claim(id(batch, number), digest(number), PLENTY);
                assert_eq!(claim.await.unwrap(), Claim::New);
            }
        });
    }

    /// Total and per-tick count of a batch, found out by claims that a ceiling one too low would refuse.
    fn counts(&self, batch: u16) -> (u64, u64) {
        let counts = move |invites: &mut Invites| {
            let of = |counts: &HashMap<u16, u64>| counts.get(&batch).copied().unwrap_or(0);
            Ok((of(&invites.issued.total), of(&invites.issued.since_tick)))
        };
        self.store.writer.alone(counts).unwrap()
    }
}

fn temp() -> (TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("attestation");
    (temp, dir)
}

#[test]
fn twenty_requests_for_one_invite_at_once_have_one_winner() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    let store = Arc::new(asked.store);
    for round in 0..20 {
        let claims: Vec<_> = (0..20)
            .map(|request| {
                let store = store.clone();
                asked.runtime.spawn(async move { store.claim(id(1, round), digest(request), PLENTY).await })
            })
            .collect();
        let claims: Vec<Claim> =
            claims.into_iter().map(|claim| asked.runtime.block_on(claim).unwrap().unwrap()).collect();
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::New).count(), 1);
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::UsedOtherwise).count(), 19);
        let winner = claims.iter().position(|claim| *claim == Claim::New).unwrap();
        assert!(asked.runtime.block_on(store.is_repeat(id(1, round), digest(winner))).unwrap());
    }
}

#[test]
fn a_repeat_is_always_a_repeat_and_a_reached_ceiling_hides_whether_an_invite_is_used() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    assert_eq!(asked.claim(1, 0, PLENTY), Claim::New);
    assert_eq!(asked.claim(1, 1, PLENTY), Claim::New);
    assert_eq!(asked.claim(2, 2, PLENTY), Claim::New);
    let ceilings = [
        Ceiling { batch_total: 2, ..PLENTY },
        Ceiling { batch_per_tick: Some(2), ..PLENTY },
        Ceiling { all: 3, ..PLENTY },
    ];
    for ceiling in ceilings {
        assert_eq!(asked.claim(1, 0, ceiling), Claim::Repeat);
        let used = asked.claim_for(1, 0, 9, ceiling);
        let silent = ceiling.batch_per_tick.is_some(); // a total must not tell that the last invite was used
        assert_eq!(used, if silent { Claim::Exhausted } else { Claim::UsedOtherwise });
        assert_eq!(asked.claim(1, 9, ceiling), Claim::Exhausted, "unused");
    }
    assert_eq!(asked.claim_for(1, 0, 9, PLENTY), Claim::UsedOtherwise);
    // one more is allowed, and then no other; the other batch is not concerned
    let three = Ceiling { batch_total: 3, batch_per_tick: Some(3), all: 5 };
    assert_eq!(asked.claim(1, 3, three), Claim::New);
    assert_eq!(asked.claim(1, 4, three), Claim::Exhausted);
    assert_eq!(asked.claim(2, 5, three), Claim::New);
    assert_eq!(asked.claim(2, 6, three), Claim::Exhausted, "all");
    let is_repeat = |number, request| asked.runtime.block_on(asked.store.is_repeat(id(1, number), digest(request)));
    assert!(is_repeat(0, 0).unwrap());
    assert!(!is_repeat(0, 1).unwrap());
    assert!(!is_repeat(77, 77).unwrap());
    assert_eq!(asked.claim(1, 77, PLENTY), Claim::New, "to ask uses nothing");
}

#[test]
fn the_reached_total_of_invites_by_e_mail_hides_which_of_them_were_used() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    let two = Ceiling { batch_total: 2, ..PLENTY };
    assert_eq!(asked.claim(EMAIL_BATCH, 0, two), Claim::New);
    assert_eq!(
        asked.claim_for(EMAIL_BATCH, 0, 9, two),
        Claim::UsedOtherwise,
        "there is room, and to ask costs an invite"
    );
    assert_eq!(asked.claim(EMAIL_BATCH, 1, two), Claim::New);
    assert_eq!(asked.claim(EMAIL_BATCH, 0, two), Claim::Repeat);
    assert_eq!(asked.claim_for(EMAIL_BATCH, 0, 9, two), Claim::Exhausted, "used");
    assert_eq!(asked.claim(EMAIL_BATCH, 2, two), Claim::Exhausted, "unused");
}

#[test]
fn counts_per_tick_begin_again_at_a_tick_and_survive_reopening() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    let two = Ceiling { batch_per_tick: Some(2), ..PLENTY };
    asked.claim_all(1, 0..2);
    assert_eq!(asked.claim(1, 2, two), Claim::Exhausted);
    drop(asked);
    let asked = Asked::open(&dir);
    assert_eq!(asked.claim(1, 2, two), Claim::Exhausted, "a restart gives nothing");
    asked.store.tick(0).unwrap();
    assert_eq!(asked.claim(1, 2, two), Claim::New);
    assert_eq!(asked.counts(1), (3, 1));
    drop(asked);
    let asked = Asked::open(&dir);
    assert_eq!(asked.store.last_tick(), 0);
    assert_eq!(asked.counts(1), (3, 1));
    assert_eq!(asked.claim(1, 3, two), Claim::New);
    assert_eq!(asked.claim(1, 4, two), Claim::Exhausted);
}

#[test]
fn a_tick_can_be_repeated_and_skipped_but_never_goes_back() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    assert_eq!(asked.store.last_tick(), -1);
    asked.claim_all(1, 0..5);
    asked.store.tick(7).unwrap();
    asked.claim_all(1, 5..6);
    asked.store.tick(7).unwrap();
    assert_eq!(asked.counts(1), (6, 1), "a repeated tick does not begin another");
    assert!(matches!(asked.store.tick(6), Err(StoreError::Refused(_))));
    assert_eq!(asked.claim(1, 6, PLENTY), Claim::New, "a refusal stops nothing");
    assert_eq!(names(&dir), ["since-7", "used"]);
}

/// Five claims before the tick, kept through whatever happened; one after it.
fn demand_all(copy: &Path, tick: Tick) {
    let asked = Asked::open(copy);
    let only_fresh = [format!("since-{tick}"), "used".to_owned()];
    assert_eq!(
        asked.store.has_ended(tick),
        names(copy) == only_fresh,
        "who asks knows whether there is something left to do"
    );
    for number in 0..5 {
        assert_eq!(asked.claim(1, number, PLENTY), Claim::Repeat);
        assert_eq!(asked.claim_for(1, number, 9, PLENTY), Claim::UsedOtherwise);
    }
    assert_eq!(asked.counts(1).0, 5, "nothing is counted twice");
    asked.store.tick(tick).unwrap();
    assert_eq!(asked.counts(1), (5, 0));
    assert_eq!(asked.claim(1, 5, PLENTY), Claim::New);
    assert!(asked.store.has_ended(tick));
    assert_eq!(names(copy), only_fresh);
    let used = SortedFile::<RECORD, ID>::open(&copy.join(USED)).unwrap();
    assert_eq!(used.len(), 5);
    for number in 0..5 {
        let found = used.find(id(1, number).as_bytes()).unwrap().unwrap();
        assert!(found == record(id(1, number).as_bytes(), digest(number).as_bytes()));
    }
    drop(asked);
    let asked = Asked::open(copy);
    assert_eq!(asked.counts(1), (6, 1));
    assert_eq!(asked.claim(1, 5, PLENTY), Claim::Repeat);
}

#[test]
fn a_crash_between_any_two_steps_of_a_tick_loses_and_doubles_nothing() {
    let (temp, dir) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..2);
    asked.store.tick(0).unwrap(); // so that `used` is not empty
    asked.claim_all(1, 2..5);
    let crash = |step: &str| {
        let copy = temp.path().join(step);
        copy_dir(&dir, &copy);
        for (name, tick) in [("same", 1), ("later", 2)] {
            let copy_again = temp.path().join(format!("{step}-{name}"));
            copy_dir(&copy, &copy_again);
            demand_all(&copy_again, tick);
        }
    };
    crash("before");
    fs::create_dir(dir.join("new")).unwrap();
    crash("half a new database");
    let fresh = asked.store.generations.create(1).unwrap();
    crash("a new database that is not in use");
    let freeze = move |invites: &mut Invites| {
        invites.freeze(fresh);
        Ok(())
    };
    asked.store.writer.alone(freeze).unwrap();
    asked.store.last_tick.store(1, Ordering::SeqCst);
    crash("frozen");
    fs::write(dir.join("used.tmp"), sha256("half a record", 0)).unwrap();
    crash("half a merge");
    asked.store.merge_frozen().unwrap();
    crash("merged");
    fs::rename(dir.join("since-0"), dir.join("removed-since-0")).unwrap();
    crash("about to delete");
    fs::remove_file(dir.join("removed-since-0/conf")).unwrap();
    crash("half deleted");
    asked.store.tick(1).unwrap();
    crash("after");
    assert_eq!(asked.counts(1), (5, 0));
}

#[test]
fn claims_during_ticks_have_one_winner_each_and_all_are_kept() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    let store = Arc::new(asked.store);
    let claims: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            asked.runtime.spawn(async move {
                let mut won = 0;
                for number in 0..400 {
                    let claim = store.claim(id(1, number), digest(task), PLENTY).await.unwrap();
                    won += usize::from(claim == Claim::New);
                }
                won
            })
        })
        .collect();
    for tick in 0..6 {
        store.tick(tick).unwrap();
    }
    let won: usize = claims.into_iter().map(|claims| asked.runtime.block_on(claims).unwrap()).sum();
    assert_eq!(won, 400);
    store.tick(6).unwrap();
    assert_eq!(SortedFile::<RECORD, ID>::open(&dir.join(USED)).unwrap().len(), 400);
}

#[test]
fn the_file_of_used_invites_is_the_same_whatever_the_order() {
    let (_temp, dir) = temp();
    let (_other_temp, other) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..300);
    asked.store.tick(0).unwrap();
    let asked_otherwise = Asked::open(&other);
    asked_otherwise.claim_all(1, (100..200).rev());
    asked_otherwise.store.tick(0).unwrap();
    asked_otherwise.claim_all(1, (200..300).chain(0..100));
    asked_otherwise.store.tick(1).unwrap();
    assert!(fs::read(dir.join(USED)).unwrap() == fs::read(other.join(USED)).unwrap());
}

#[test]
fn no_order_from_before_the_last_tick_is_on_disk() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..1500);
    let ids: Vec<InviteId> = (0..1500).map(|number| id(1, number)).collect();
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let since = order_on_disk(&dir, &keys, 5);
    assert!(since > 0.9, "sled keeps the order: {since}");
    asked.store.tick(0).unwrap();
    asked.claim_all(1, 1500..1600);
    let before = order_on_disk(&dir, &keys, 5);
    assert!(before <= 0.1, "{before}");
    assert_eq!(names(&dir), ["since-0", "used"]);
}

#[test]
fn a_tick_leaves_alone_what_somebody_else_is_just_writing() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..2);
    let batches = dir.join("batches.json.tmp");
    fs::write(&batches, b"on its way").unwrap();
    asked.store.tick(1).unwrap();
    assert!(batches.exists());
    drop(asked);
    Asked::open(&dir);
    assert!(!batches.exists(), "whoever wrote it is gone");
}

#[test]
fn a_store_that_lost_its_used_invites_does_not_open() {
    let (_temp, dir) = temp();
    drop(Asked::open(&dir));
    fs::remove_file(dir.join(USED)).unwrap();
    assert!(matches!(AttestationStore::open(&dir, 0), Err(StoreError::Corrupt(_))));
}

#[test]
fn one_invite_with_two_requests_on_disk_does_not_open() {
    let (_temp, dir) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..1);
    asked.store.tick(0).unwrap();
    let forged = BTreeMap::from([(*id(1, 0).as_bytes(), *digest(9).as_bytes())]);
    asked.store.writer.alone(move |invites| invites.fresh.write(&forged)).unwrap();
    drop(asked);
    assert!(matches!(AttestationStore::open(&dir, 0), Err(StoreError::Corrupt(_))));
}

#[test]
fn a_destroyed_store_is_gone_and_says_so() {
    let (temp, dir) = temp();
    let asked = Asked::open(&dir);
    asked.claim_all(1, 0..10);
    asked.store.destroy().unwrap();
    assert!(names(temp.path()).is_empty());
    let claim = asked.store.claim(id(1, 0), digest(0), PLENTY);
    assert!(matches!(asked.runtime.block_on(claim), Err(StoreError::Stopped)));
    assert!(matches!(asked.store.tick(9), Err(StoreError::Stopped | StoreError::Io { .. })));
    asked.store.destroy().unwrap();
}
