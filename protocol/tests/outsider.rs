//! P1 by enumeration: all that an outsider can work out from what small campaigns publish, by trying every history.
//! For every view, two things must not follow from it and the rule (cells are pairs of a place and a tick of arrival):
//! 1. *presence*: that somebody pledged in a place in an interval in none of whose ticks it had a group of its own;
//! 2. *isolation*: the exact number of pledges in any set of cells, if it is from 1 to k − 1.
//!
//! `--nocapture` prints what was tried. What a group's last tick brought, at least one of it, is known and remains.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by a panic and tells why")]

#[path = "outsider/campaigns.rs"]
mod campaigns;
#[path = "outsider/knowledge.rs"]
mod knowledge;
#[path = "outsider/large.rs"]
mod large;
#[path = "support/log.rs"]
mod log;
#[path = "outsider/publishers.rs"]
mod publishers;
#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;

use campaigns::{Campaigns, History, Outputs, View, in_words, own_group, shapes, up_to};
use knowledge::{hole, isolated};
use protocol::publication::{Area, decide};
use publishers::{FAULTY, Publisher};
use std::collections::{BTreeMap, BTreeSet};

/// What a search saw.
#[derive(Default)]
struct Found {
    shapes: usize,
    histories: usize,
    views: usize,
    holes: usize,
    smallest: Option<String>,
}

impl Found {
    fn add(&mut self, of: &Campaigns, outputs: &Outputs, hole: impl Fn(&View, &[&History]) -> Option<String>) {
        self.shapes += 1;
        self.views += outputs.len();
        for (view, histories) in outputs {
            self.histories += histories.len();
            let histories: Vec<&History> = histories.iter().collect();
            if let Some(hole) = hole(view, &histories) {
                self.holes += 1;
                let example = || format!("k {}, regions of {:?}: {}: {hole}", of.k, of.sizes, in_words(view));
                self.smallest.get_or_insert_with(example);
            }
        }
    }

    fn print(&self, what: &str) {
        let Self { shapes, histories, views, holes, smallest } = self;
        println!("{what:<58} {shapes:>3} trees {histories:>7} histories {views:>6} views {holes:>5} holes");
        if let Some(example) = smallest {
            println!("    {example}");
        }
    }
}

// What an outsider sees: the groups of every tick, those of regions and root at the closing one, and when that is, which
// an organiser decides who sees no more than he. `counts.json` is sums of these groups in every state (`large.rs` makes
// it from a log), announcements know nothing. What is certain after a tick is so at the end: whole campaigns suffice.
//
// Why the closing tick alone stands for campaigns of several: ordinary ticks treat each place by itself. They show its
// groups, and that fewer than k were left. Whatever a place showed before, its leftovers can be 0 to k − 1, and can have
// come at any tick since its last group. So a closing tick's groups allow the same pools after any past; and a set
// whose number is certain holds a place's cells up to a group all or not at all, which is k or more, and those
// since its last group all or not at all, which are the pool. `p1_an_ordinary_tick_treats_every_place_by_itself` and
// `p1_several_ticks_show_no_more_whenever_the_campaign_closes` check this with all histories and no reduction.

/// Campaigns of one tick, the closing one, of every shape with so many places.
fn closing_ticks(places: u32, k: u32, fullest: u32) -> impl Iterator<Item = Campaigns> {
    shapes(places).into_iter().map(move |sizes| Campaigns { sizes, k, ticks: 1, fullest: u64::from(fullest) })
}

fn search(campaigns: impl Iterator<Item = Campaigns>, publisher: Publisher) -> Found {
    let mut found = Found::default();
    for of in campaigns {
        let outputs = of.outputs(publisher);
        found.add(&of, &outputs, |view, histories| Some(hole(&of, view, histories)?.to_string()));
    }
    found
}

#[test]
fn p1_no_small_campaign_proves_a_presence_or_isolates_fewer_than_k() {
    let mut holes = Vec::new();
    for (places, k, fullest) in [(5, 3, 5), (7, 3, 3), (6, 4, 4), (5, 5, 5)] {
        let found = search((1..=places).flat_map(|places| closing_ticks(places, k, fullest)), Publisher::Right);
        found.print(&format!("right publisher, k {k}, up to {places} places"));
        holes.extend(found.smallest);
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
}

/// All histories of several ticks that are few enough to try: places, ticks, k, fullest. In the last no place ever
/// publishes.
const SEVERAL_TICKS: [(u32, usize, u32, u64); 8] =
    [(1, 5, 3, 4), (1, 4, 4, 7), (2, 3, 3, 4), (3, 2, 3, 5), (3, 3, 3, 3), (4, 2, 3, 3), (5, 2, 3, 3), (6, 2, 3, 2)];

fn several_ticks() -> impl Iterator<Item = Campaigns> {
    let of = |(places, ticks, k, fullest)| {
        let shapes = shapes(places).into_iter();
        shapes
            .flat_map(move |sizes| (2..=ticks).map(move |ticks| Campaigns { sizes: sizes.clone(), k, ticks, fullest }))
    };
    SEVERAL_TICKS.into_iter().flat_map(of)
}

/// What waited in each place just before the closing tick.
fn pool_at_close(of: &Campaigns, view: &View, history: &History) -> History {
    let before = &view[..of.ticks - 1];
    let since = |place| before.iter().rposition(|lines| own_group(lines, place).is_some()).map_or(0, |tick| tick + 1);
    let cells = history.chunks(of.ticks);
    (0..).zip(cells).map(|(place, cells)| cells[since(place)..].iter().sum()).collect()
}

#[test]
fn p1_several_ticks_show_no_more_whenever_the_campaign_closes() {
    let mut found = Found::default();
    for of in several_ticks() {
        let once = of.closing_at(1).outputs(Publisher::Right);
        let pools = |histories: &[History]| histories.iter().cloned().collect::<BTreeSet<_>>();
        let once: BTreeMap<_, _> = once.into_iter().map(|(view, pool)| (view[0].clone(), pools(&pool))).collect();
        let outputs = of.outputs(Publisher::Right);
        let mut seen = BTreeSet::new();
        for (view, histories) in &outputs {
            let last = view.last().unwrap();
            let left: BTreeSet<_> = histories.iter().map(|history| pool_at_close(&of, view, history)).collect();
            assert!(left == once[last], "the past tells what is left: {:?}: {}", of.sizes, in_words(view));
            seen.insert(last);
        }
        assert_eq!(seen.len(), once.len(), "{:?}: every closing can come after some past", of.sizes);
        found.add(&of, &outputs, |view, histories| Some(hole(&of, view, histories)?.to_string()));
    }
    found.print("right publisher, two to five ticks");
    assert_eq!(found.smallest, None);
}

#[test]
fn p1_an_ordinary_tick_treats_every_place_by_itself() {
    for of in (1..=7).flat_map(|places| closing_ticks(places, 3, 4)) {
        let tree = of.tree();
        for counts in up_to(&vec![of.fullest; of.places()]) {
            let pending: BTreeMap<u32, u64> = (0..).zip(counts).collect();
            let own = |(place, count): (&u32, &u64)| (*count >= 3).then_some((Area::place(*place), *count));
            let expected: BTreeMap<Area, u64> = pending.iter().filter_map(own).collect();
            assert_eq!(decide(&tree, 3, &pending, false).groups, expected, "{:?}: {pending:?}", of.sizes);
        }
    }
}

#[test]
fn p1_the_same_search_finds_a_hole_in_every_publisher_with_a_fault() {
    for publisher in FAULTY {
        let closing = (1..=5).flat_map(|places| closing_ticks(places, 3, 4));
        let two = (1..=4).flat_map(|places| closing_ticks(places, 3, 3)).map(|of| of.closing_at(2));
        let found = search(closing.chain(two), publisher);
        found.print(&format!("{publisher:?}"));
        assert!(found.holes > 0, "{publisher:?}");
    }
}

#[test]
fn p1_who_knows_how_many_are_eligible_learns_no_more() {
    let mut found = Found::default();
    for of in (1..=6).flat_map(|places| closing_ticks(places, 3, 3)) {
        found.add(&of, &of.outputs(Publisher::Right), |view, histories| {
            let total = |history: &&History| history.iter().map(|count| u64::from(*count)).sum::<u64>();
            let totals: BTreeSet<u64> = histories.iter().map(total).collect();
            totals.into_iter().find_map(|eligible| {
                let histories: Vec<_> = histories.iter().copied().filter(|h| total(h) <= eligible).collect();
                Some(format!("{eligible} eligible: {}", hole(&of, view, &histories)?))
            })
        });
    }
    found.print("right publisher, number of those eligible known");
    assert_eq!(found.smallest, None);
}

// Not promised, and not so: that nobody's presence is certain to somebody with a pledge in the root's group. With k = 3
// and regions of 3, 1 and 1 places, a root group of 5 and one own pledge in the second show another in the third.
#[test]
fn p1_who_controls_j_pledges_isolates_no_fewer_than_k_less_j() {
    let mut found = Found::default();
    let several = several_ticks().filter(|of| of.places() <= 3 && of.ticks == 2 && of.k == 3);
    let closing = [(6, 3, 3), (5, 4, 4), (4, 5, 5)];
    let closing = closing
        .into_iter()
        .flat_map(|(most, k, fullest)| (1..=most).flat_map(move |places| closing_ticks(places, k, fullest)));
    for of in closing.chain(several) {
        let k = u64::from(of.k);
        let owned: Vec<History> = up_to(&vec![k - 1; of.places() * of.ticks])
            .into_iter()
            .filter(|own| (1..k).contains(&own.iter().sum()))
            .map(|own| own.into_iter().map(|count| u8::try_from(count).unwrap()).collect())
            .collect();
        found.add(&of, &of.outputs(Publisher::Right), |_, histories| {
            owned.iter().find_map(|own| {
                let j: u64 = own.iter().map(|count| u64::from(*count)).sum();
                let has_own = |history: &&&History| history.iter().zip(own).all(|(count, own)| count >= own);
                let histories: Vec<_> = histories.iter().filter(has_own).copied().collect();
                Some(format!("own {own:?}: {}", isolated(&of, &histories, own, k - j)?))
            })
        });
    }
    found.print("right publisher, up to k − 1 colluders");
    assert_eq!(found.smallest, None);
}
