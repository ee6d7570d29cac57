//! What the disk gives away: in which order invites and pledges lie in any of its files, and bytes that occur both where
//! invites are kept and where pledges are.

use super::{Evidence, Party, aligned};
use std::collections::HashMap;
use std::path::PathBuf;

/// Each file's order of invites beside each file's order of pledges, rank by rank: by first and by last occurrence.
pub(super) fn orders(files: &[(PathBuf, Vec<u8>)], lefts: &[&Party], rights: &[&Party]) -> Vec<Vec<Evidence>> {
    let (lefts, rights) = (orders_of(files, lefts), orders_of(files, rights));
    lefts.iter().flat_map(|left| rights.iter().map(move |right| aligned(left, right))).collect()
}

/// The orders in which at least a quarter of these people lie in a folder, its files read in the order of their names.
fn orders_of(files: &[(PathBuf, Vec<u8>)], parties: &[&Party]) -> Vec<Vec<usize>> {
    let needles = needles(parties);
    let mut found = Vec::new();
    for folder in files.chunk_by(|one, other| one.0.parent() == other.0.parent()) {
        let (mut first, mut last) = (HashMap::new(), HashMap::new());
        let windows = folder.iter().flat_map(|(_, bytes)| bytes.windows(8));
        for (position, window) in windows.enumerate() {
            if let Some(party) = needles.get(window) {
                first.entry(*party).or_insert(position);
                last.insert(*party, position);
            }
        }
        for positions in [first, last] {
            if positions.len() * 4 >= parties.len() {
                let mut order: Vec<usize> = positions.keys().copied().collect();
                order.sort_by_key(|party| positions[party]);
                found.push(order);
            }
        }
    }
    found
}

/// These people in the order in which they lie in a folder that has most of them.
pub(super) fn longest_order(files: &[(PathBuf, Vec<u8>)], parties: &[&Party]) -> Vec<usize> {
    orders_of(files, parties).into_iter().max_by_key(Vec::len).unwrap_or_default()
}

/// Eight inner bytes of the values by which somebody lies on the disk: stores leave out what two keys share in front.
fn needles(parties: &[&Party]) -> HashMap<Vec<u8>, usize> {
    let inner = |value: &[u8]| match value.len() {
        8..16 => Some(value[value.len() - 8..].to_vec()),
        16.. => Some(value[8..16].to_vec()),
        _ => None,
    };
    let all = parties.iter().enumerate();
    all.flat_map(|(index, party)| party.values.iter().take(3).filter_map(move |value| Some((inner(value)?, index))))
        .collect()
}

/// Eight bytes that occur once where invites are kept and once where pledges are: whoever lies just before each.
pub(super) fn equal_bytes(files: &[(PathBuf, Vec<u8>)], lefts: &[&Party], rights: &[&Party]) -> Vec<Evidence> {
    let inside = |folder: &'static str| {
        let inside = files.iter().filter(move |(path, _)| path.iter().any(|part| part == folder));
        inside.map(|(_, bytes)| bytes.as_slice())
    };
    let invites = single_windows(inside("attestation"), &needles(lefts));
    let others = inside("redemption").chain(inside("spent")).chain(inside("log"));
    let pledges = single_windows(others, &needles(rights));
    let pairs = invites.iter().filter_map(|(window, left)| Some(((*left)?, (*pledges.get(window)?)?)));
    pairs.map(|(left, right)| Evidence { left, right, weight: 1.0 }).collect()
}

/// Each window that occurs once in these files, with the last person before it.
fn single_windows<'a>(
    files: impl Iterator<Item = &'a [u8]>,
    needles: &HashMap<Vec<u8>, usize>,
) -> HashMap<u64, Option<usize>> {
    let mut found: HashMap<u64, (usize, Option<usize>)> = HashMap::new();
    for bytes in files {
        let mut before = None;
        for window in bytes.windows(8) {
            before = needles.get(window).copied().or(before);
            let entry = found.entry(u64::from_be_bytes(window.try_into().unwrap())).or_default();
            *entry = (entry.0 + 1, before);
        }
    }
    found.retain(|_, (times, _)| *times == 1);
    found.into_iter().map(|(window, (_, party))| (window, party)).collect()
}

#[test]
fn a_store_that_keeps_one_number_beside_invite_and_pledge_is_found_out() {
    let party = |value: u8| Party { values: vec![vec![value; 32]], ..Party::default() };
    let (invites, pledges) = ([1, 2, 3].map(party), [11, 12, 13].map(party));
    let lefts: Vec<&Party> = invites.iter().collect();
    let rights: Vec<&Party> = pledges.iter().collect();
    let row = |value: u8, number: u64| [&[value; 32][..], &[0; 8], &number.to_be_bytes()].concat();
    let number = |index: u64| 0x1234_5678_9abc_def0 + index * 0x0101_0101_0101_0101;
    let folder = |name: &str, rows: [Vec<u8>; 3]| (PathBuf::from(name), rows.concat());
    let used = folder("attestation/used", [row(1, number(1)), row(2, number(2)), row(3, number(3))]);
    let run = folder("spent/run", [row(11, number(2)), row(12, number(3)), row(13, number(1))]);
    let found = equal_bytes(&[used, run], &lefts, &rights);
    let named = |left, right| found.iter().any(|evidence| (evidence.left, evidence.right) == (left, right));
    assert!(named(0, 2) && named(1, 0) && named(2, 1) && !named(0, 0));
}
