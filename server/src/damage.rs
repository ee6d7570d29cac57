//! Tests: the small files of a data directory as a damaged disk gives them back. A plan would be published and can never
//! be taken back, batches bound how many tokens there are, a closing tick ends the campaign: each is refused when it is
//! not as it was written, and nothing panics.

use crate::batches::{BatchRequest, Batches, Rules};
use crate::clock::{Clock, Reading, Timekeeper};
use crate::organisers::Account;
use crate::plan::Plan;
use crate::timeline::Timeline;
use proptest::prelude::*;
use protocol::publication::Schedule;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn read_plan(data: &Path) -> Option<(i64, u64, bool, Vec<Vec<u8>>)> {
    let plan = Plan::read(data).ok()?;
    plan.map(|plan| (plan.tick, plan.base, plan.closing, plan.entries))
}

#[test]
fn every_flipped_bit_and_every_other_length_of_a_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan");
    assert!(Plan::read(folder.path()).unwrap().is_none(), "no plan is no damage");
    let entries = vec![vec![4, 0, 0, 0, 9], vec![], vec![7; 40]];
    Plan { tick: 9, base: 100, entries: entries.clone(), closing: true }.write(folder.path()).unwrap();
    assert_eq!(read_plan(folder.path()), Some((9, 100, true, entries)));
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Plan::read(folder.path()).is_err()
    };
    for bit in 0..whole.len() * 8 {
        let mut other = whole.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(refused(&other), "bit {bit}");
    }
    assert!((0..whole.len()).all(|end| refused(&whole[..end])));
    assert!((0..=255).all(|byte| refused(&[whole.as_slice(), &[byte]].concat())));
}

#[test]
fn a_plan_that_neither_closes_nor_does_not_is_refused_though_its_digest_is_good() {
    let folder = tempfile::tempdir().unwrap();
    Plan { tick: 9, base: 100, entries: Vec::new(), closing: true }.write(folder.path()).unwrap();
    let path = folder.path().join("plan");
    let whole = fs::read(&path).unwrap();
    for closing in 0..=u8::MAX {
        let mut other = whole[..whole.len() - 32].to_vec();
        other[0] = closing;
        let digest = Sha256::digest(&other);
        fs::write(&path, [other.as_slice(), &digest].concat()).unwrap();
        assert_eq!(read_plan(folder.path()).map(|plan| plan.2), (closing < 2).then_some(closing == 1), "{closing}");
    }
}

const BATCHES: &str = r#"{"next":3,"batches":[{"number":1,"name":"a","maximum":5,"per_tick":null,"expires_tick":null,"revoked":false,"maker":"m"},{"number":2,"name":"b","maximum":7,"per_tick":9,"expires_tick":-7,"revoked":true,"maker":"n"}]}"#;

fn batches(folder: &Path, text: &[u8]) -> Option<Batches> {
    fs::write(folder.join("batches.json"), text).unwrap();
    Batches::open(folder).ok()
}

#[test]
fn batches_that_do_not_fit_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        batches(folder.path(), BATCHES.as_bytes()).is_some()
            && batches(folder.path(), br#"{"next":1,"batches":[]}"#).is_some()
    );
    for (from, to) in [
        ("\"number\":2", "\"number\":1"),
        ("\"number\":2", "\"number\":65535"),
        ("\"next\":3", "\"next\":0"),
        ("\"next\":3", "\"next\":65535"),
        ("\"next\":3,", ""),
        ("\"number\":1", "\"number\":0"),
        ("\"number\":1", "\"number\":65536"),
        ("\"name\":\"b\"", "\"name\":\"a\""),
        ("\"maximum\":5", "\"maximum\":18446744073709551615"),
        ("\"maximum\":5", "\"maximum\":5.0"),
        ("\"maximum\":5", "\"maximum\":-5"),
        ("\"maximum\":5", "\"maximum\":5,\"maximum\":6"),
        ("\"revoked\":true", "\"revoked\":true,\"more\":1"),
        ("\"revoked\":true", "\"revoked\":1"),
        (",\"revoked\":true", ""),
        (",\"maker\":\"n\"", ""),
        ("\"expires_tick\":-7", "\"expires_tick\":2147483648"),
        ("\"expires_tick\":-7", "\"expires_tick\":-7.0"),
        ("]", ""),
        ("]", "]]"),
    ] {
        let other = BATCHES.replacen(from, to, 1);
        assert!(other != BATCHES && batches(folder.path(), other.as_bytes()).is_none(), "{other}");
    }
}

const SCHEDULE: Schedule =
    Schedule { opens: 1000, pledges_open: 1000, issuing_closes: 2000, closes: 2000, tick_seconds: 10 };

fn closes(folder: &Path, text: &[u8]) -> bool {
    fs::write(folder.join("closing"), text).unwrap();
    let clock = Clock::new(|| Reading { wall: 1100, steady: Duration::ZERO });
    Timeline::open(folder, SCHEDULE, Timekeeper::new(clock, 100), 3, false).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_plan_reads_back_and_no_other_bytes_are_one(
        tick: i64, base: u64, closing: bool, entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), bytes: Vec<u8>,
    ) {
        let folder = tempfile::tempdir().unwrap();
        Plan { tick, base, entries: entries.clone(), closing }.write(folder.path()).unwrap();
        prop_assert_eq!(read_plan(folder.path()), Some((tick, base, closing, entries)));
        fs::write(folder.path().join("plan"), bytes).unwrap();
        prop_assert!(Plan::read(folder.path()).is_err());
    }

    /// What is read can be counted with, whatever it says.
    #[test]
    fn damaged_batches_are_refused_or_can_be_counted_with(at: prop::sample::Index, to in "[0-9\"{}\\[\\],:a-z]{0,3}", cut in 0usize..3) {
        let folder = tempfile::tempdir().unwrap();
        let start = at.index(BATCHES.len());
        let end = (start + cut).min(BATCHES.len());
        let other = format!("{}{to}{}", &BATCHES[..start], &BATCHES[end..]);
        if let Some(read) = batches(folder.path(), other.as_bytes()) {
            for name in ["a", "c"] {
                let request = BatchRequest { batch: name.to_owned(), count: 10, per_tick: None, expires: Some(1500) };
                let rules = Rules { k: 5, eligible: 1_000_000, schedule: SCHEDULE, tick: 3 };
                let _ = read.grown(&request, &Account::first(), &rules);
                let _ = read.revoked(name, &Account::first());
            }
            for batch in read.of(&Account::first()) {
                let _ = (batch.has_expired(3), batch.expires_tick.map(|tick| SCHEDULE.end_of(tick)));
            }
            let numbers: Vec<u16> = read.of(&Account::first()).iter().map(|batch| batch.number).collect();
            prop_assert!(matches!(numbers[..], [one, other] if one != other), "{:?}", numbers);
        }
    }

    #[test]
    fn a_closing_tick_has_one_spelling(tick: i64, text in "[0-9+ .-]{0,6}|\\PC{0,5}", before in "[+0 \t]", behind in "[ \n.0a]") {
        let folder = tempfile::tempdir().unwrap();
        prop_assert!(closes(folder.path(), tick.to_string().as_bytes()));
        let canonical = text.parse::<i64>().is_ok_and(|tick| tick.to_string() == text);
        prop_assert_eq!(closes(folder.path(), text.as_bytes()), canonical, "{}", text);
        let (before, after) = (format!("{before}{tick}"), format!("{tick}{behind}"));
        prop_assert!(!closes(folder.path(), before.as_bytes()));
        prop_assert!(behind == "0" || !closes(folder.path(), after.as_bytes()));
        prop_assert!(!closes(folder.path(), &[0xff]));
    }
}
