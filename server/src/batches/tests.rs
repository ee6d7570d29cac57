//! Tests: what batches may become, and what is on the disk when writing them down fails.

use super::*;
use crate::store::disk::faults::{Fault, Watch};

const SCHEDULE: Schedule =
    Schedule { opens: 900, pledges_open: 1000, issuing_closes: 2000, closes: 2000, tick_seconds: 100 };

fn rules(tick: Tick) -> Rules {
    Rules { k: 5, eligible: 100, schedule: SCHEDULE, tick }
}

fn ask(batch: &str, count: u32, expires: Option<u64>) -> BatchRequest {
    BatchRequest { batch: batch.to_owned(), count, per_tick: None, expires }
}

fn account(name: &str, roles: &[Role]) -> Account {
    Account { name: name.to_owned(), roles: roles.to_vec() }
}

fn empty() -> Batches {
    Batches { file: PathBuf::new(), next: 1, list: Vec::new() }
}

#[test]
fn a_batch_lasts_until_the_first_end_of_a_tick_that_is_not_before_its_expiry() {
    let anna = account("anna", &[Role::Invites]);
    for (tick, expires, last) in [(-1, 800, -2), (0, 950, 0), (1, 1000, 0), (1, 1001, 1), (1, 1100, 1), (1, 2000, 10)] {
        let grown = empty().grown(&ask("a", 1, Some(expires)), &anna, &rules(tick));
        let made = grown.ok().map(|(list, number)| list.find(number).unwrap().clone());
        assert_eq!(made.as_ref().and_then(|batch| batch.expires_tick), (tick <= last).then_some(last), "{expires}");
        assert!(made.is_none_or(|batch| !batch.has_expired(last) && batch.has_expired(last + 1)));
    }
    for far in [2001, u64::MAX] {
        assert!(empty().grown(&ask("a", 1, Some(far)), &anna, &rules(1)).is_err(), "{far}");
    }
}

#[test]
fn a_revoked_batch_stays_so_keeps_its_room_and_does_not_grow() {
    let (anna, lead) = (account("anna", &[Role::Invites]), account("lead", &[Role::Announces]));
    let (list, _) = empty().grown(&ask("a", 60, None), &anna, &rules(1)).ok().unwrap();
    assert!(list.revoked("a", &account("boris", &[Role::Invites])).is_err());
    let revoked = list.revoked("a", &lead).ok().unwrap().unwrap();
    assert!(revoked.revoked("a", &anna).ok().unwrap().is_none(), "once is enough");
    let problem = |asked: Result<(Batches, u16), Refusal>| asked.err().unwrap().problem();
    assert_eq!(problem(revoked.grown(&ask("a", 1, None), &anna, &rules(1))), Problem::Closed);
    assert_eq!(problem(revoked.grown(&ask("b", 41, None), &anna, &rules(1))), Problem::Exhausted);
    assert!(revoked.grown(&ask("b", 40, None), &anna, &rules(1)).is_ok());
}

fn numbers(batches: &Batches) -> Vec<u16> {
    batches.list.iter().map(|batch| batch.number).collect()
}

#[test]
fn no_two_batches_have_one_number_wherever_the_next_begins() {
    let anna = account("anna", &[Role::Invites]);
    let mut batches = empty();
    for (next, name) in [(1, "a"), (2, "b"), (EMAIL_BATCH - 1, "c"), (EMAIL_BATCH - 1, "d"), (1, "e")] {
        batches.next = next;
        batches = batches.grown(&ask(name, 1, None), &anna, &rules(1)).ok().unwrap().0;
    }
    assert_eq!(numbers(&batches), [1, 2, EMAIL_BATCH - 1, 3, 4]);
    assert!(consistent(&batches.list) && (1..EMAIL_BATCH).contains(&batches.next));
}

#[test]
fn after_a_restore_numbers_go_on_elsewhere() {
    let (folder, anna) = (tempfile::tempdir().unwrap(), account("anna", &[Role::Invites]));
    Batches::create(folder.path()).unwrap();
    let chosen: BTreeSet<u16> = (0..20)
        .map(|_| {
            Batches::renumber(folder.path(), &mut rand::rng()).unwrap();
            let batches = Batches::open(folder.path()).unwrap();
            batches.grown(&ask("a", 1, None), &anna, &rules(1)).ok().unwrap().1
        })
        .collect();
    assert!(chosen.len() > 15, "{chosen:?}");
}

#[test]
fn a_change_that_may_be_on_the_disk_counts_even_where_writing_it_failed() {
    let anna = account("anna", &[Role::Invites]);
    for fault in [Fault::Refused, Fault::DoneButRefused, Fault::Torn, Fault::Full] {
        let mut failed = 0;
        for step in 0.. {
            let folder = tempfile::tempdir().unwrap();
            Batches::create(folder.path()).unwrap();
            let (grown, _) =
                Batches::open(folder.path()).unwrap().grown(&ask("a", 1, None), &anna, &rules(1)).ok().unwrap();
            grown.write().unwrap();
            let shared = Mutex::new(grown.clone());
            let watch = Watch::without_a_log(folder.path());
            watch.fail(step, fault);
            let revoked = grown.revoked("a", &anna).ok().unwrap().unwrap();
            let told = Batches::replace(&shared, revoked);
            watch.mend();
            let (now, found) = (shared.lock().unwrap().list.clone(), Batches::open(folder.path()).unwrap().list);
            assert_eq!(now, found, "{fault:?} at {step}: what a start would find");
            assert!(told.is_err() || now[0].revoked);
            failed += usize::from(told.is_err());
            if watch.steps() <= step {
                break;
            }
        }
        assert!(failed > 2, "{fault:?}");
    }
}

#[test]
fn a_name_in_which_something_cannot_be_seen_is_no_name_of_a_batch() {
    for bad in
        ["a\u{61c}b", "a\u{ad}b", "a\u{202e}b", "a\u{200b}b", "a\u{3164}b", "a\u{fe0f}", "a\u{e0041}", "a\nb", " a", ""]
    {
        assert!(check(&ask(bad, 1, None), 5).is_err(), "{bad:?}");
    }
    for good in ["a b", "\u{645}\u{6cc}\u{200c}\u{62f}\u{627}\u{646}", "площадь", "=1+1"] {
        assert!(check(&ask(good, 1, None), 5).is_ok(), "{good:?}");
    }
}
