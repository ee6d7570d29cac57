use super::*;
use crate::store::tests_support::{copy_dir, names, sha256};
use sha2::{Digest, Sha256};
use std::fs;

fn nonces(range: std::ops::Range<usize>) -> Vec<Nonce> {
    range.map(|number| Nonce::from_bytes(sha256("nonce", number))).collect()
}

/// A run's file with these nonces.
fn file_of(range: std::ops::Range<usize>) -> Vec<u8> {
    let mut sorted = nonces(range);
    sorted.sort_unstable();
    let mut bytes: Vec<u8> = sorted.iter().flat_map(|nonce| *nonce.as_bytes()).collect();
    bytes.extend_from_slice(&Sha256::digest(&bytes));
    bytes
}

fn has(spent: &SpentRuns, number: usize) -> bool {
    let nonce = sha256("nonce", number);
    spent.files().iter().any(|run| run.find(&nonce).unwrap().is_some())
}

#[test]
fn every_nonce_is_found_over_many_merged_runs_and_their_number_stays_small() {
    let dir = tempfile::tempdir().unwrap();
    let mut spent = SpentRuns::open(dir.path()).unwrap();
    let (mut entry, mut nonce) = (0, 0);
    for tick in 0..300 {
        let size = [0, 7, 1, 40, 3, 0, 0, 15][tick % 8];
        let next = entry + size as u64 + 2; // the groups' own entries
        spent.add(entry, next, nonces(nonce..nonce + size)).unwrap();
        (entry, nonce) = (next, nonce + size);
        assert_eq!(spent.through(), entry);
        assert!(spent.runs.len() <= 14, "{} runs", spent.runs.len());
        assert_eq!(names(dir.path()).len(), spent.runs.len());
    }
    let spent = SpentRuns::open(dir.path()).unwrap();
    assert_eq!(spent.through(), entry);
    assert!((0..nonce).all(|number| has(&spent, number)));
    assert!((nonce..nonce + 500).all(|number| !has(&spent, number)));
}

#[test]
fn an_empty_run_extends_what_is_covered_and_a_repeated_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spent = SpentRuns::open(dir.path()).unwrap();
    spent.add(0, 1, Vec::new()).unwrap();
    spent.add(1, 12, nonces(0..10)).unwrap();
    spent.add(1, 12, nonces(0..10)).unwrap();
    spent.add(12, 13, Vec::new()).unwrap();
    assert_eq!(spent.through(), 13);
    for (from, to) in [(14, 20), (12, 20)] {
        assert!(matches!(spent.add(from, to, Vec::new()), Err(StoreError::Refused(_))));
    }
    assert_eq!(SpentRuns::open(dir.path()).unwrap().through(), 13);
}

#[test]
fn a_gap_an_odd_overlap_and_a_spoilt_run_end_what_is_covered() {
    let dir = tempfile::tempdir().unwrap();
    let run = |from: usize, to: usize| {
        fs::write(dir.path().join(format!("{from}-{to}")), file_of(from..to)).unwrap();
    };
    let open = || {
        let spent = SpentRuns::open(dir.path()).unwrap();
        assert_eq!(names(dir.path()).len(), spent.runs.len(), "what is not covered is deleted");
        spent
    };
    run(0, 20);
    run(30, 40);
    assert_eq!(open().through(), 20);
    run(10, 30);
    assert_eq!(open().through(), 20);
    run(20, 30);
    run(30, 31);
    fs::write(dir.path().join("31-40"), [7; 33]).unwrap();
    fs::write(dir.path().join("40-50.tmp"), [7; 33]).unwrap();
    let mut spent = open();
    assert_eq!(spent.through(), 31);
    spent.add(31, 60, nonces(31..60)).unwrap();
    assert!((0..60).all(|number| has(&spent, number)));
}

#[test]
fn a_crash_between_merging_and_deleting_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let mut spent = SpentRuns::open(dir.path()).unwrap();
    spent.add(0, 10, nonces(0..10)).unwrap();
    let killed = tempfile::tempdir().unwrap();
    for (step, survivors) in [vec!["0-10"], vec!["10-20"], vec!["0-10", "10-20"]].iter().enumerate() {
        let copy = killed.path().join(step.to_string());
        let source = killed.path().join(format!("source-{step}"));
        copy_dir(dir.path(), &source);
        let mut merged = SpentRuns::open(&source).unwrap();
        merged.add(10, 20, nonces(10..20)).unwrap();
        assert_eq!(names(&source), ["0-20"]);
        copy_dir(&source, &copy);
        for survivor in survivors {
            fs::write(copy.join(survivor), []).unwrap();
        }
        let reopened = SpentRuns::open(&copy).unwrap();
        assert_eq!((reopened.through(), names(&copy)), (20, vec!["0-20".to_owned()]));
        assert!((0..20).all(|number| has(&reopened, number)));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Runs are derived from the log: whatever stands in their folder, opening it ends with runs that follow each other
    /// from entry 0, and with nothing beside them that has the name of a run.
    #[test]
    fn any_files_become_runs_that_follow_each_other(
        files in proptest::collection::vec(("([0-9+x]{1,3}-[0-9]{1,3}|0-[0-9]|[a-z-]{1,5}|[0-9]-[0-9]\\.tmp)", 0usize..5, 0usize..40), 0..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (name, records, more) in &files {
            let mut bytes = file_of(0..*records);
            bytes.extend(vec![0; more % 3]);
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let spent = SpentRuns::open(dir.path()).unwrap();
        let mut through = 0;
        for run in &spent.runs {
            proptest::prop_assert!(run.from == through && run.from < run.to);
            through = run.to;
        }
        proptest::prop_assert_eq!(through, spent.through());
        let left = names(dir.path()).into_iter().filter(|name| range(name).is_some()).count();
        proptest::prop_assert_eq!(left, spent.runs.len());
        proptest::prop_assert_eq!(SpentRuns::open(dir.path()).unwrap().through(), through);
    }
}
