//! Campaigns too large to enumerate, drawn at random and published in a real log: what `counts.json` shows at each tick
//! is sums of whole groups, and for every place and region something else may have happened that shows the same.
//!
//! The other past is built from the published groups alone, and the real rule is asked what it shows of it.

use crate::support::{self, ISSUER};
use crate::{log, log::Pooled};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use protocol::campaign::{Campaign, Place, Places, Region};
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::pledge::Pledge;
use protocol::publication::{Area, Level, State, decide};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// A campaign and who pledges when.
#[derive(Debug, Clone, PartialEq)]
struct Story {
    sizes: Vec<u32>,
    k: u32,
    /// Pledges by tick and place.
    arrivals: Vec<Vec<u64>>,
}

fn stories() -> impl Strategy<Value = Story> {
    let sizes = prop::collection::vec(1u32..8, 1..6);
    (sizes, 5u32..16, 1usize..5, 1u64..4).prop_flat_map(|(sizes, k, ticks, busy)| {
        let places = sizes.iter().sum::<u32>() as usize;
        // few a tick, so that there are leftovers, and now and then enough for a place
        let arrival = prop_oneof![9 => 0..=u64::from(k) * busy / 4 / ticks as u64 + 1, 1 => 0..=u64::from(k) + 3];
        let arrivals = prop::collection::vec(prop::collection::vec(arrival, places), ticks);
        arrivals.prop_map(move |arrivals| Story { sizes: sizes.clone(), k, arrivals })
    })
}

impl Story {
    fn campaign(&self) -> Campaign {
        let regions = self.sizes.iter().map(|_| Region { name: support::english("Region") });
        let region_of = (0..).zip(&self.sizes).flat_map(|(region, size)| (0..*size).map(move |_| region));
        let name = support::english("Place");
        let place = |region| Place { region, name: name.clone(), lat: 0.0, lon: 0.0, population: 1 };
        let places = Places { regions: regions.collect(), places: region_of.map(place).collect() };
        let places = serde_json::to_vec(&places).unwrap();
        let mut genesis = support::genesis(ISSUER.public());
        (genesis.k, genesis.eligible) = (self.k, 1_000_000);
        genesis.places_sha256 = Sha256::digest(&places).into();
        Campaign::new(&genesis.encode(), &places).unwrap()
    }
}

/// A pledge that differs from all with another number; nobody signed its token.
fn unsigned(place: u32, number: u32) -> Pooled {
    let mut salt = [0; 32];
    salt[..4].copy_from_slice(&number.to_be_bytes());
    Pooled { pledge: Pledge { place, place_salt: salt, region_salt: salt }, authenticator: [0; 256] }
}

/// Plays a story into a log; at every tick the log is recounted and its numbers compared with all earlier ones.
/// The groups of the closing tick.
fn play(story: &Story, campaign: &Campaign) -> BTreeMap<Area, u64> {
    let (mut pool, mut number) = (Vec::new(), 0);
    let mut entries = vec![campaign.genesis_bytes().to_vec()];
    let mut shown: Vec<(usize, Counts)> = Vec::new(); // with the length of the log
    for (tick, arrivals) in (1..).zip(&story.arrivals) {
        for (place, count) in (0..).zip(arrivals) {
            pool.extend((number..).take(usize::try_from(*count).unwrap()).map(|number| unsigned(place, number)));
            number += u32::try_from(*count).unwrap();
        }
        let closing = tick as usize == story.arrivals.len();
        entries.extend(log::tick(campaign, &mut pool, tick, closing));
        let (summary, tokens) = log::recount(campaign, &entries).unwrap();
        let nonces: BTreeSet<[u8; 32]> = tokens.iter().map(|(token, _)| *token.nonce().as_bytes()).collect();
        assert_eq!(nonces.len(), tokens.len(), "every pledge once");
        let state = if closing { State::Closed } else { State::Open };
        let counts = Counts::new(campaign, state, i64::from(tick), summary.entries, &summary.sums, None);
        for (length, earlier) in &shown {
            differences_are_whole_groups(story.k, &groups(&entries[*length..]), earlier, &counts);
        }
        shown.push((entries.len(), counts));
    }
    groups(&entries)
        .into_iter()
        .filter(|(tick, ..)| *tick as usize == story.arrivals.len())
        .map(|(_, a, s)| (a, s))
        .collect()
}

/// The groups of some entries: tick, area, size.
fn groups(entries: &[Vec<u8>]) -> Vec<(u32, Area, u64)> {
    let group = |entry: &Vec<u8>| match Entry::decode(entry) {
        Ok(Entry::Group { tick, area, size }) => Some((tick, area, u64::from(size))),
        _ => None,
    };
    entries.iter().filter_map(group).collect()
}

/// Every number of two documents differs by the sum of the groups between them, each of k or more.
fn differences_are_whole_groups(k: u32, between: &[(u32, Area, u64)], earlier: &Counts, later: &Counts) {
    assert!(between.iter().all(|(.., size)| *size >= u64::from(k)));
    let sum = |level, index| -> u64 {
        let here = |group: &&(u32, Area, u64)| group.1 == Area { level, index };
        between.iter().filter(here).map(|(.., size)| size).sum()
    };
    let grown = |level, earlier: &BTreeMap<u32, u64>, later: &BTreeMap<u32, u64>| {
        for (index, count) in later {
            assert_eq!(count - earlier.get(index).unwrap_or(&0), sum(level, *index), "{level:?} {index}");
        }
        assert!(earlier.keys().all(|index| later.contains_key(index)));
    };
    grown(Level::Place, &earlier.places, &later.places);
    grown(Level::Region, &earlier.regions, &later.regions);
    assert_eq!(later.root - earlier.root, sum(Level::Root, 0));
    assert_eq!(later.total - earlier.total, between.iter().map(|(.., size)| size).sum::<u64>());
}

/// What the groups of a closing tick leave open.
struct Closing<'a> {
    story: &'a Story,
    campaign: &'a Campaign,
    groups: BTreeMap<Area, u64>,
    /// By region, the places without a group of their own.
    silent: Vec<Vec<u32>>,
}

impl<'a> Closing<'a> {
    fn new(story: &'a Story, campaign: &'a Campaign, groups: BTreeMap<Area, u64>) -> Self {
        let mut silent = vec![Vec::new(); story.sizes.len()];
        for (place, at) in (0..).zip(&campaign.places().places) {
            if !groups.contains_key(&Area::place(place)) {
                silent[at.region as usize].push(place);
            }
        }
        Self { story, campaign, groups, silent }
    }

    fn most(&self) -> u64 {
        u64::from(self.story.k) - 1
    }

    /// Totals by region that show these groups, with `total` in one region: by trying region after region.
    fn totals(&self, chosen: usize, total: u64) -> Option<Vec<u64>> {
        let root = self.groups.get(&Area::ROOT).copied().unwrap_or(0);
        let mut sums = BTreeMap::from([(0, Vec::new())]);
        for (region, places) in self.silent.iter().enumerate() {
            let (m, k) = (places.len() as u64, u64::from(self.story.k));
            let group = self.groups.get(&Area::region(u32::try_from(region).unwrap()));
            let stays = |total: &u64| *total < k || *total > m.saturating_sub(1) * (k - 1);
            let parts: Vec<u64> = match group {
                Some(size) => vec![*size],
                None => (0..=m * (k - 1)).filter(stays).filter(|part| *part <= root).collect(),
            };
            let parts = parts.into_iter().filter(|part| region != chosen || *part == total);
            let to_root = u64::from(group.is_none());
            let longer = |part: u64| {
                sums.iter().map(move |(sum, parts): (&u64, &Vec<u64>)| {
                    (sum + part * to_root, [parts.as_slice(), &[part]].concat())
                })
            };
            sums = parts.flat_map(longer).filter(|(sum, _)| *sum <= root).collect();
        }
        sums.remove(&root)
    }

    /// Whether the rule shows these very groups when the regions have these totals, and a place this many.
    fn is_shown(&self, totals: &[u64], place: u32, has: u64) -> bool {
        let own = self.groups.iter().filter(|(area, _)| area.level == Level::Place);
        let mut pending: BTreeMap<u32, u64> = own.map(|(area, size)| (area.index, *size)).collect();
        for (places, total) in self.silent.iter().zip(totals) {
            let here = places.contains(&place);
            let Some(mut rest) = total.checked_sub(if here { has } else { 0 }) else {
                return false;
            };
            for other in places.iter().filter(|other| **other != place) {
                let some = rest.min(self.most());
                pending.insert(*other, some);
                rest -= some;
            }
            if rest > 0 {
                return false;
            }
        }
        pending.insert(place, has);
        decide(&self.campaign.tree(), self.story.k, &pending, true).groups == self.groups
    }

    /// For every silent place nobody may be there; and no part below k is the only one possible.
    fn leaves_all_open(&self) {
        for (region, places) in self.silent.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
            let possible = |total: &u64| self.totals(region, *total).is_some();
            let parts: Vec<u64> = (0..=places.len() as u64 * self.most()).filter(possible).collect();
            for place in places {
                let empty = |total: &u64| self.is_shown(&self.totals(region, *total).unwrap(), *place, 0);
                assert!(parts.iter().any(empty), "somebody is in place {place}: {:?}", self.groups);
            }
            let known = parts.len() == 1 && (1..=self.most()).contains(&parts[0]);
            assert!(!known, "region {region} has {parts:?}: {:?}", self.groups);
        }
    }
}

#[test]
fn p1_large_campaigns_show_sums_of_groups_and_leave_every_place_and_region_open() {
    let (at_region, at_root) = (Cell::new(0), Cell::new(0));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new_with_rng(config, rng).run(&stories(), |story| {
        let campaign = story.campaign();
        let closing = Closing::new(&story, &campaign, play(&story, &campaign));
        closing.leaves_all_open();
        let has = |level| u32::from(closing.groups.keys().any(|area| area.level == level));
        at_region.set(at_region.get() + has(Level::Region));
        at_root.set(at_root.get() + has(Level::Root));
        Ok(())
    });
    println!("large campaigns: 200, a region's group in {}, the root's in {}", at_region.get(), at_root.get());
    assert_eq!(result, Ok(()));
    assert!(at_region.get() > 20 && at_root.get() > 20, "too few leftovers to mean anything");
}
