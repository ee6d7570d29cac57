use super::*;
use crate::store::tests_support::sha256;
use std::fs;

type Words = SortedFile<32, 4>;

fn source<'a>(records: &'a [[u8; 32]]) -> Source<'a, 32> {
    Box::new(records.iter().copied().map(Ok))
}

fn sorted(count: usize) -> Vec<[u8; 32]> {
    let mut records: Vec<_> = (0..count).map(|number| sha256("record", number)).collect();
    records.sort_unstable();
    records
}

#[test]
fn every_key_is_found_and_no_other_at_every_size_around_a_block() {
    let dir = tempfile::tempdir().unwrap();
    for count in [0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 4097] {
        let records = sorted(count);
        let file = Words::merge(&dir.path().join("words"), vec![source(&records)]).unwrap();
        assert_eq!(file.len(), count as u64);
        assert!(file.records().map(Result::unwrap).eq(records.iter().copied()));
        for record in &records {
            assert_eq!(file.find(record.first_chunk().unwrap()).unwrap(), Some(*record));
        }
        for number in 0..50 {
            let absent = sha256("absent", number);
            assert_eq!(file.find(absent.first_chunk().unwrap()).unwrap(), None);
        }
        for edge in [[0; 4], [0xff; 4]] {
            assert_eq!(file.find(&edge).unwrap(), None);
        }
    }
}

#[test]
fn a_merge_has_every_record_once_and_refuses_a_contradiction() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("words");
    let all = sorted(5000);
    let (even, odd): (Vec<_>, Vec<_>) = all.iter().partition(|record| record[31] % 2 == 0);
    let merged = Words::merge(&path, vec![source(&even), source(&odd), source(&all[100..200])]).unwrap();
    assert!(merged.records().map(Result::unwrap).eq(all.iter().copied()));
    let mut other = all[150];
    other[20] ^= 1;
    let contradiction = Words::merge(&path, vec![source(&all), source(&[other])]);
    assert!(matches!(contradiction, Err(StoreError::Corrupt(_))));
    // the failed attempt changed nothing
    assert!(Words::open(&path).unwrap().records().map(Result::unwrap).eq(all.iter().copied()));
}

#[test]
fn a_file_that_is_torn_or_not_sorted_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("words");
    let records = sorted(10);
    for bad in [records.concat()[..319].to_vec(), [records[1], records[0]].concat(), [records[1], records[1]].concat()]
    {
        fs::write(&path, bad).unwrap();
        assert!(matches!(Words::open(&path), Err(StoreError::Corrupt(_))));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever a disk gives back: it is refused, or it is sorted records of which each is found and no other.
    #[test]
    fn any_bytes_are_refused_or_sorted_records(
        count in 0usize..200, at: proptest::sample::Index, bit in 0u8..8, cut in 0usize..70, random: bool, bytes: Vec<u8>,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        let mut damaged = if random { bytes } else { sorted(count).concat() };
        if !damaged.is_empty() {
            let at = at.index(damaged.len());
            damaged[at] ^= 1 << bit;
        }
        damaged.truncate(damaged.len().saturating_sub(cut));
        fs::write(&path, &damaged).unwrap();
        match Words::open(&path) {
            Err(error) => proptest::prop_assert!(matches!(error, StoreError::Corrupt(_))),
            Ok(file) => {
                let records: Vec<[u8; 32]> = file.records().map(Result::unwrap).collect();
                proptest::prop_assert_eq!(records.concat(), damaged);
                proptest::prop_assert!(records.windows(2).all(|two| two[0][..4] < two[1][..4]));
                for record in &records {
                    proptest::prop_assert_eq!(file.find(record.first_chunk().unwrap()).unwrap(), Some(*record));
                }
            }
        }
    }
}
