//! What messages give away without their meaning being known: bytes that occur on both sides, the sets and values of
//! headers, the lengths of everything, and how often somebody sent what.

use super::{Evidence, Party};
use crate::observation::{headers, split};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Eight bytes that occur on both sides, forwards or backwards, with few people only.
pub(super) fn equal_bytes(lefts: &[&Party], rights: &[&Party]) -> Vec<Evidence> {
    let (lefts, rights) = (rare_windows(lefts), rare_windows(rights));
    let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (window, left) in &lefts {
        let from = rights.partition_point(|(other, _)| other < window);
        for (_, right) in rights[from..].iter().take_while(|(other, _)| other == window) {
            *sums.entry((*left, *right)).or_default() += 1.0;
        }
    }
    sums.into_iter().map(|((left, right), weight)| Evidence { left, right, weight }).collect()
}

/// All windows of eight bytes that at most three people have, sorted, with each who has it.
fn rare_windows(parties: &[&Party]) -> Vec<(u64, usize)> {
    // what two people share is how messages look, not who sent them; it is left out early to save memory
    let [one, two] = [0, 1].map(|index| windows(parties[index]));
    let usual: HashSet<u64> = one.intersection(&two).copied().collect();
    let mut all: Vec<(u64, usize)> = Vec::new();
    for (index, party) in parties.iter().enumerate() {
        all.extend(windows(party).difference(&usual).map(|window| (*window, index)));
    }
    all.sort_unstable();
    all.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() < 4).flatten().copied().collect()
}

fn windows(party: &Party) -> HashSet<u64> {
    // head and body apart: across the seam lies the place, which is what a pledge says and no secret of its sender
    let parts = |message: &Vec<u8>| {
        let (head, body) = split(message);
        [head.into_bytes(), body.to_vec()]
    };
    let messages = party.exchanges.iter().flat_map(|exchange| [&exchange.sent, &exchange.answered]);
    let raw = messages.flat_map(parts);
    let reversed = party.values.iter().map(|value| value.iter().rev().copied().collect::<Vec<u8>>());
    let texts: Vec<Vec<u8>> = raw.chain(party.values.iter().cloned()).chain(reversed).collect();
    let windows = |text: &Vec<u8>| -> Vec<u64> {
        text.windows(8).map(|window| u64::from_be_bytes(window.try_into().unwrap())).collect()
    };
    texts.iter().flat_map(windows).collect()
}

/// Headers and lengths that not everybody has.
pub(super) fn features(lefts: &[&Party], rights: &[&Party]) -> Vec<Evidence> {
    let (of_lefts, of_rights) = (unusual(lefts), unusual(rights));
    let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (feature, people) in &of_lefts {
        let Some(others) = of_rights.get(feature) else {
            continue;
        };
        if people.len() * others.len() > MOST_PAIRS {
            continue;
        }
        let weight = (lefts.len() as f64 / people.len() as f64).ln() + (rights.len() as f64 / others.len() as f64).ln();
        for left in people {
            for right in others {
                *sums.entry((*left, *right)).or_default() += weight;
            }
        }
    }
    sums.into_iter().map(|((left, right), weight)| Evidence { left, right, weight }).collect()
}

/// Each feature with the people who have it, unless more than half do.
fn unusual(parties: &[&Party]) -> BTreeMap<String, Vec<usize>> {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, party) in parties.iter().enumerate() {
        for feature in features_of(party, parties) {
            found.entry(feature).or_default().push(index);
        }
    }
    found.retain(|_, people| people.len() * 2 <= parties.len());
    found
}

fn features_of(party: &Party, all: &[&Party]) -> BTreeSet<String> {
    let mut found = BTreeSet::from([format!("{} exchanges", party.exchanges.len())]);
    let usual = all[0].exchanges[0].clone();
    for exchange in &party.exchanges {
        found.insert(format!("status {}", exchange.status()));
        for (message, usual) in [(&exchange.sent, &usual.sent), (&exchange.answered, &usual.answered)] {
            let ((head, body), (usual_head, usual_body)) = (split(message), split(usual));
            found.insert(format!("body longer by {}", body.len() as i64 - usual_body.len() as i64));
            found.insert(format!("head longer by {}", head.len() as i64 - usual_head.len() as i64));
            let fields = headers(&head);
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            found.insert(format!("names {names:?}"));
            for (_, value) in fields {
                found.insert(format!("value {value}"));
                found.insert(format!("value of {} characters", value.len()));
            }
        }
    }
    found
}

/// A feature of more pairs than this says nothing worth its memory.
const MOST_PAIRS: usize = 400_000;
