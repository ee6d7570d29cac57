//! The clock over all its borders, the rule on hand cases, and the auditor's view of what the publisher decides.

use super::*;
use proptest::prelude::*;

#[cfg(test)]
mod presence;

const SCHEDULE: Schedule =
    Schedule { opens: 1000, pledges_open: 2000, issuing_closes: 2300, closes: 2500, tick_seconds: 100 };

#[test]
fn a_tick_ends_exactly_on_its_border_and_the_grid_reaches_back_before_pledges_open() {
    for (now, tick) in [
        (0, -20),
        (1000, -10),
        (1001, -10),
        (1999, -1),
        (2000, 0),
        (2099, 0),
        (2100, 1),
        (2499, 4),
        (2500, 5),
        (9000, 70),
    ] {
        assert_eq!(SCHEDULE.last_ended(now), tick, "at {now}");
    }
    assert_eq!((SCHEDULE.end_of(-10), SCHEDULE.end_of(0)), (1000, 2000));
    assert_eq!((SCHEDULE.end_of(1), SCHEDULE.end_of(5)), (2100, 2500));
    assert_eq!(SCHEDULE.end_of(-21), 0, "there is no time before 1970");
    assert_eq!(SCHEDULE.final_tick(), 5);
}

#[test]
fn the_state_changes_exactly_at_opens_pledges_open_and_the_end_of_the_closing_tick() {
    use State::{Before, Closed, Closing, Collecting, Open};
    for (now, closing, state) in [
        (999, None, Before),
        (1000, None, Collecting),
        (1999, None, Collecting),
        (2000, None, Open),
        (2300, None, Open), // the end of issuing is not the end of pledging
        (2499, None, Open),
        (2500, None, Closed),
        (999, Some(1), Before),
        (1000, Some(1), Collecting), // closed early, before pledges_open: the first tick still comes
        (1999, Some(1), Collecting),
        (2000, Some(1), Closing),
        (2099, Some(1), Closing),
        (2100, Some(1), Closed),
        (2399, Some(4), Closing),
        (2400, Some(4), Closed),
        (2499, Some(5), Closing),
        (2500, Some(5), Closed),
        (u64::from(u32::MAX), Some(1), Closed),
    ] {
        assert_eq!(SCHEDULE.state(now, closing), state, "at {now}, closing {closing:?}");
    }
}

#[test]
fn a_campaign_that_opens_for_everything_at_once_has_no_time_of_collecting() {
    let mut at_once = SCHEDULE;
    at_once.opens = at_once.pledges_open;
    assert_eq!(at_once.state(1999, None), State::Before);
    assert_eq!(at_once.state(2000, None), State::Open);
}

#[test]
fn the_closing_tick_is_the_next_one_but_never_before_the_first_nor_after_the_final() {
    for (now, tick) in [
        (0, 1),
        (1000, 1),
        (1899, 1),
        (1999, 1),
        (2000, 2), // tick 1 is under way, so the next is tick 2
        (2099, 2),
        (2100, 3),
        (2299, 4),
        (2300, 5),
        (2399, 5),
        (2400, 5), // the final tick is under way and there is no next
        (2499, 5),
        (3000, 5),
    ] {
        assert_eq!(SCHEDULE.closing_tick(now), tick, "at {now}");
    }
}

fn tree(places_per_region: &[u32]) -> Tree {
    let region_of = (0..).zip(places_per_region).flat_map(|(region, places)| (0..*places).map(move |_| region));
    let regions = u32::try_from(places_per_region.len()).unwrap();
    Tree::new(region_of.collect(), regions)
}

fn pool(counts: &[u64]) -> BTreeMap<u32, u64> {
    (0..).zip(counts.iter().copied()).collect()
}

/// The groups of a decision as (level, index, size).
fn decided(sizes: &[u32], k: u32, counts: &[u64], closing: bool) -> Vec<(Level, u32, u64)> {
    let decision = decide(&tree(sizes), k, &pool(counts), closing);
    let groups = decision.groups.iter();
    groups.map(|(area, size)| (area.level, area.index, *size)).collect()
}

#[test]
fn an_ordinary_tick_publishes_all_of_every_place_with_k_and_nothing_of_the_others() {
    assert_eq!(decided(&[2, 3], 5, &[5, 4, 0, 12, 4], false), [(Level::Place, 0, 5), (Level::Place, 3, 12)]);
    assert_eq!(decided(&[2, 3], 5, &[4, 4, 4, 4, 4], false), []);
    let decision = decide(&tree(&[2]), 5, &pool(&[5, 4]), false);
    assert_eq!(decision.destination(0), Some(Area::place(0)));
    assert_eq!(decision.destination(1), None, "what is too little stays");
}

#[test]
fn the_closing_tick_pools_leftovers_in_their_region_from_k_up_to_the_bound_inclusive() {
    // three places, k = 5: the bound is (3 − 1)(5 − 1) = 8
    assert_eq!(decided(&[3], 5, &[4, 0, 1], true), [(Level::Region, 0, 5)]);
    assert_eq!(decided(&[3], 5, &[4, 3, 1], true), [(Level::Region, 0, 8)]);
    assert_eq!(decided(&[3], 5, &[4, 4, 1], true), [], "9 would show all three");
    assert_eq!(decided(&[3], 5, &[4, 0, 0], true), [], "4 are fewer than k");
    // a place that publishes at this tick is known to have none left: m falls to 2 and the bound to 4
    assert_eq!(decided(&[3], 5, &[7, 4, 1], true), [(Level::Place, 0, 7)]);
    assert_eq!(decided(&[4], 5, &[7, 4, 1, 0], true), [(Level::Region, 0, 5), (Level::Place, 0, 7)]);
}

#[test]
fn what_exceeds_its_regions_bound_goes_to_the_root_and_leaves_zero_feasible_there() {
    let pending = pool(&[4, 4, 1, 1, 0, 1, 4, 0]);
    let decision = decide(&tree(&[3, 2, 3]), 5, &pending, true);
    // region 0 holds 9 > 8, region 1 holds 1 < k, region 2 holds 5: the root gets 10
    assert_eq!(decision.groups, BTreeMap::from([(Area::ROOT, 10), (Area::region(2), 5)]));
    assert_eq!(decision.destination(0), Some(Area::ROOT));
    assert_eq!(decision.destination(3), Some(Area::ROOT));
    assert_eq!(decision.destination(4), None, "a place without pledges has none to send");
    assert_eq!(decision.destination(5), Some(Area::region(2)));
}

#[test]
fn regions_of_one_and_of_two_places_never_publish_at_their_own_level() {
    assert_eq!(decided(&[1], 5, &[4], true), []);
    assert_eq!(decided(&[2], 5, &[4, 4], true), []);
    assert_eq!(decided(&[1, 1, 1], 5, &[4, 1, 1], true), [(Level::Root, 0, 6)]);
    assert_eq!(decided(&[2, 2], 5, &[4, 0, 1, 0], true), [(Level::Root, 0, 5)]);
}

#[test]
fn a_root_pool_below_k_or_too_full_for_zero_is_withheld_and_looks_like_an_empty_one() {
    assert_eq!(decided(&[2, 2], 5, &[4, 0, 0, 0], true), [], "4 are fewer than k");
    assert_eq!(decided(&[2, 2], 5, &[4, 4, 4, 0], true), [(Level::Root, 0, 12)]);
    assert_eq!(decided(&[2, 2], 5, &[4, 4, 4, 1], true), [], "13 of at most 16 show every place");
    assert_eq!(decided(&[2, 2], 5, &[0, 0, 0, 0], true), []);
}

#[test]
fn a_root_pool_that_shows_what_each_region_passed_up_is_withheld() {
    // a region of three places with 5 to 8 would have published them, so 8 of two regions can only be 4 + 4
    assert_eq!(decided(&[3, 3], 5, &[4, 0, 0, 2, 2, 0], true), []);
    assert_eq!(decided(&[3, 3], 5, &[4, 0, 0, 2, 1, 0], true), [(Level::Root, 0, 7)], "4 + 3 or 3 + 4");
    assert_eq!(decided(&[3, 3, 1], 5, &[4, 0, 0, 2, 2, 0, 5], true), [(Level::Place, 6, 5)]);
    assert_eq!(decided(&[3, 3, 2], 5, &[4, 0, 0, 2, 2, 0, 0, 0], true), [(Level::Root, 0, 8)]);
}

#[test]
fn a_region_all_of_whose_places_publish_takes_no_part_in_the_root() {
    assert_eq!(
        decided(&[2, 1, 1], 5, &[5, 6, 4, 4], true),
        [(Level::Place, 0, 5), (Level::Place, 1, 6)],
        "8 of two single places show both, whatever the first region did"
    );
    assert!(!root_may_publish(&[0], 5, 5));
    assert!(!root_may_publish(&[], 5, 5));
    assert!(root_may_publish(&[0, 1, 1, 1], 6, 5));
}

#[test]
fn a_place_with_nothing_goes_nowhere_even_where_its_region_publishes() {
    let decision = decide(&tree(&[3]), 5, &pool(&[4, 4, 0]), true);
    assert_eq!(decision.groups, BTreeMap::from([(Area::region(0), 8)]));
    assert_eq!(
        [0, 1, 2].map(|place| decision.destination(place)),
        [Some(Area::region(0)), Some(Area::region(0)), None]
    );
}

proptest! {
    #[test]
    fn an_auditor_accepts_whatever_the_publisher_decides(
        sizes in prop::collection::vec(1u32..5, 1..5),
        k in 2u32..7,
        seeds in prop::collection::vec(any::<u64>(), 16),
        closing: bool,
    ) {
        let tree = tree(&sizes);
        let places = sizes.iter().sum::<u32>() as usize;
        let counts: Vec<u64> = seeds.iter().take(places).map(|seed| seed % u64::from(k + 2)).collect();
        let decision = decide(&tree, k, &pool(&counts), closing);
        let groups: Vec<(Area, u64)> = decision.groups.clone().into_iter().collect();
        prop_assert_eq!(follows(&tree, k, &groups, closing), Ok(()));
        let mut sent = BTreeMap::new();
        for (place, count) in (0..).zip(&counts) {
            if let Some(area) = decision.destination(place) {
                *sent.entry(area).or_insert(0) += count;
            }
        }
        prop_assert_eq!(sent, decision.groups, "every group is exactly what was sent to it");
    }
}

#[test]
fn an_auditor_refuses_every_tampering_and_names_the_rule() {
    let tree = tree(&[3, 2, 1]);
    let [root, region, place] = [Area::ROOT, Area::region(0), Area::place(0)];
    let other_root = Area { index: 1, ..Area::ROOT };
    for (groups, closing, rule) in [
        (vec![(place, 4)], false, "smaller than k"),
        (vec![(region, 4)], true, "smaller than k"),
        (vec![(Area::place(1), 5), (place, 5)], false, "out of order"),
        (vec![(place, 5), (place, 5)], false, "of one area"),
        (vec![(place, 9), (region, 5)], true, "out of order"),
        (vec![(region, 5)], false, "not the closing one"),
        (vec![(root, 5)], false, "not the closing one"),
        (vec![(region, 9)], true, "region 0 shows more"),
        (vec![(region, 5), (place, 5)], true, "region 0 shows more"),
        (vec![(Area::region(1), 5)], true, "region 1 shows more"),
        (vec![(root, 21)], true, "root shows more"),
        (vec![(root, 5), (region, 5), (Area::place(5), 5)], true, "root shows more"),
        (vec![(Area::place(6), 5)], false, "does not exist"),
        (vec![(Area::region(3), 5)], true, "does not exist"),
        (vec![(other_root, 5)], true, "does not exist"),
    ] {
        let error = follows(&tree, 5, &groups, closing).unwrap_err().to_string();
        assert!(error.contains(rule), "{groups:?}: {error}");
    }
    assert_eq!(follows(&tree, 5, &[(root, 6), (region, 8)], true), Ok(()));
}
