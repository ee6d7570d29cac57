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
fn keys_that_lie_close_together_are_found_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let record = |key: u32| {
        let mut record = [0; 32];
        record[..4].copy_from_slice(&key.to_be_bytes());
        record
    };
    // a dense run, one that grows by squares, and some far away
    let mut keys: Vec<u32> = (70_000..75_000).chain((0..5000u32).map(|number| (1 << 24) | (number * number))).collect();
    keys.extend([0, 1, u32::MAX - 1, u32::MAX]);
    keys.sort_unstable();
    keys.dedup();
    let records: Vec<_> = keys.iter().map(|key| record(*key)).collect();
    let file = Words::merge(&dir.path().join("words"), vec![source(&records)]).unwrap();
    for key in keys.iter().flat_map(|key| [key.saturating_sub(1), *key, key.saturating_add(1)]) {
        let expected = keys.binary_search(&key).is_ok().then(|| record(key));
        assert_eq!(file.find(&key.to_be_bytes()).unwrap(), expected, "{key}");
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

/// A file with these records, whatever their order.
fn written(records: &[[u8; 32]]) -> Vec<u8> {
    let digest = Sha256::digest(records.concat());
    [&records.concat()[..], &digest[..]].concat()
}

#[test]
fn a_file_that_is_torn_or_not_sorted_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("words");
    let records = sorted(10);
    let whole = written(&records);
    let bad = [
        whole[..whole.len() - 1].to_vec(),
        records.concat(),
        written(&[records[1], records[0]]),
        written(&[records[1], records[1]]),
        [&records[..9].concat()[..], &whole[320..]].concat(),
        Vec::new(),
    ];
    for bad in bad {
        fs::write(&path, bad).unwrap();
        assert!(matches!(Words::open(&path), Err(StoreError::Corrupt(_))));
    }
    fs::write(&path, whole).unwrap();
    assert_eq!(Words::open(&path).unwrap().len(), 10);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever a disk gives back: if it is not what was written, it is refused.
    #[test]
    fn o1_used_invites_that_a_disk_forgets_or_alters_are_noticed(
        count in 0usize..200, at: proptest::sample::Index, bit in 0u8..8, cut in 0usize..70, random: bool, bytes: Vec<u8>,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        let whole = written(&sorted(count));
        let mut damaged = if random { bytes } else { whole.clone() };
        if !damaged.is_empty() {
            let at = at.index(damaged.len());
            damaged[at] ^= 1 << bit;
        }
        damaged.truncate(damaged.len().saturating_sub(cut));
        for refused in [&damaged[..], &whole[..whole.len() - 32 * count.min(1)]] {
            fs::write(&path, refused).unwrap();
            if refused != whole {
                proptest::prop_assert!(matches!(Words::open(&path), Err(StoreError::Corrupt(_))));
            }
        }
        fs::write(&path, whole).unwrap();
        proptest::prop_assert_eq!(Words::open(&path).unwrap().len(), count as u64);
    }
}
