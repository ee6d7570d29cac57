//! P1 by exhaustion: nothing that small campaigns can publish proves that anybody is in a place without a group; and
//! rule 4 against its letter.

use super::super::*;
use super::{pool, tree};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Every list of `length` numbers of the range.
fn lists(length: usize, values: RangeInclusive<u64>) -> impl Iterator<Item = Vec<u64>> {
    let width = values.end() - values.start() + 1;
    let total = width.pow(u32::try_from(length).unwrap());
    (0..total).map(move |number| {
        let digit = |place| number / width.pow(place) % width + values.start();
        (0..u32::try_from(length).unwrap()).map(digit).collect()
    })
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// Whether rule 4 sends a region's total up instead of publishing it, by the letter.
fn goes_up(m: u64, total: u64, k: u64) -> bool {
    total < k || total as i64 > (m as i64 - 1) * (k as i64 - 1)
}

#[test]
fn the_sumset_test_allows_exactly_the_root_pools_that_leave_every_place_a_zero_and_every_region_open() {
    for (k, regions) in lists(3, 0..=3).flat_map(|m| (2..=4).map(move |k| (k, m.clone()))) {
        let places = size(regions.iter().sum());
        let most = places as u64 * (k - 1);
        // zero[n][p]: place p is zero in some assignment that passes n up; parts[n][r]: what region r has in them
        let mut zero = vec![vec![false; places]; size(most) + 1];
        let mut parts = vec![vec![BTreeSet::new(); regions.len()]; size(most) + 1];
        for counts in lists(places, 0..=k - 1) {
            let mut rest = counts.as_slice();
            let totals = regions.iter().map(|m| {
                let (region, others) = rest.split_at(size(*m));
                rest = others;
                region.iter().sum()
            });
            let totals: Vec<u64> = totals.collect();
            if regions.iter().zip(&totals).all(|(m, total)| goes_up(*m, *total, k)) {
                let n = size(counts.iter().sum());
                for (parts, total) in parts[n].iter_mut().zip(totals) {
                    parts.insert(total);
                }
                for (place, count) in counts.iter().enumerate() {
                    zero[n][place] |= *count == 0;
                }
            }
        }
        for n in 0..=most + 2 {
            let feasible = |places: &Vec<bool>| places.iter().all(|zero| *zero) && !places.is_empty();
            let known = |parts: &BTreeSet<u64>| parts.len() == 1 && (1..k).contains(parts.first().unwrap());
            let open = |parts: &Vec<BTreeSet<u64>>| !parts.iter().any(known);
            let allowed = n >= k && zero.get(size(n)).is_some_and(feasible) && open(&parts[size(n)]);
            assert_eq!(root_may_publish(&regions, n, k), allowed, "k {k}, {regions:?}, n {n}");
        }
    }
}

/// Which parts of rule 4 a variant of the publisher keeps.
#[derive(Clone, Copy)]
struct Keeps {
    upper_bound: bool,
    sumset: bool,
}

const ALL: Keeps = Keeps { upper_bound: true, sumset: true };

/// The closing tick written down a second time, from the text of the rule.
fn closing_tick(sizes: &[u32], k: u64, counts: &[u64], keeps: Keeps) -> Vec<(Area, u64)> {
    let (mut groups, mut passed_up, mut root, mut first) = (Vec::new(), Vec::new(), 0, 0);
    for (region, size) in (0..).zip(sizes) {
        let own: Vec<u64> = counts[first..].iter().copied().take(*size as usize).collect();
        for (place, count) in (0..).zip(&own).filter(|(_, count)| **count >= k) {
            groups.push((Area::place(u32::try_from(first).unwrap() + place), *count));
        }
        let silent: Vec<u64> = own.into_iter().filter(|count| *count < k).collect();
        let (m, pooled) = (silent.len() as u64, silent.iter().sum());
        if pooled >= k && (!keeps.upper_bound || !goes_up(m, pooled, k)) {
            groups.push((Area::region(region), pooled));
        } else {
            passed_up.push(m);
            root += pooled;
        }
        first += *size as usize;
    }
    if root >= k && (!keeps.sumset || root_may_publish(&passed_up, root, k)) {
        groups.push((Area::ROOT, root));
    }
    groups.sort();
    groups
}

/// All that the public can ever see of a closing tick, with, for each place, whether it can be empty then.
type Outputs = BTreeMap<Vec<(Area, u64)>, Vec<bool>>;

fn outputs(sizes: &[u32], k: u64, publish: impl Fn(&[u64]) -> Vec<(Area, u64)>) -> Outputs {
    let places = sizes.iter().sum::<u32>() as usize;
    let mut outputs = Outputs::new();
    for counts in lists(places, 0..=k + 1) {
        let zeros = outputs.entry(publish(&counts)).or_insert_with(|| vec![false; counts.len()]);
        for (zero, count) in zeros.iter_mut().zip(&counts) {
            *zero |= *count == 0;
        }
    }
    outputs
}

/// Outputs that prove the presence of somebody in a place that has no group of its own.
fn proofs_of_presence(outputs: &Outputs) -> usize {
    let proves = |(groups, zeros): &(&Vec<(Area, u64)>, &Vec<bool>)| {
        let silent = |place: &u32| groups.iter().all(|(area, _)| *area != Area::place(*place));
        (0..).zip(zeros.iter()).any(|(place, zero)| silent(&place) && !*zero)
    };
    outputs.iter().filter(proves).count()
}

/// Small campaigns by the number of places in each region; a region may have none.
const SMALL: [[u32; 3]; 9] =
    [[2, 0, 0], [3, 0, 0], [1, 2, 0], [1, 1, 1], [2, 2, 0], [3, 2, 0], [2, 2, 2], [3, 3, 0], [4, 0, 1]];

#[test]
fn p1_no_output_of_a_small_campaign_proves_that_anybody_is_in_a_place_without_a_group() {
    for (sizes, k) in SMALL.into_iter().flat_map(|sizes| [(sizes, 3), (sizes, 4)]) {
        let tree = tree(&sizes);
        let outputs = outputs(&sizes, u64::from(k), |counts| {
            let groups: Vec<_> = decide(&tree, k, &pool(counts), true).groups.into_iter().collect();
            assert_eq!(groups, closing_tick(&sizes, u64::from(k), counts, ALL), "{counts:?}");
            assert!(groups.iter().all(|(_, size)| *size >= u64::from(k)), "{counts:?}");
            groups
        });
        assert_eq!(proofs_of_presence(&outputs), 0, "places {sizes:?}, k {k}");
    }
}

#[test]
fn p1_the_search_finds_proofs_of_presence_when_a_part_of_rule_4_is_left_out() {
    let faulty = |sizes: &[u32], keeps| proofs_of_presence(&outputs(sizes, 3, |c| closing_tick(sizes, 3, c, keeps)));
    let unbounded = Keeps { upper_bound: false, sumset: true };
    let any_root = Keeps { upper_bound: true, sumset: false };
    for sizes in [&[2u32] as &[u32], &[3], &[2, 2], &[3, 2]] {
        assert!(faulty(sizes, unbounded) > 0, "without the upper bound: {sizes:?}");
        assert!(faulty(sizes, any_root) > 0, "without the sumset test: {sizes:?}");
    }
}

#[test]
fn what_is_known_to_be_nothing_isolates_nobody() {
    // with k = 2 five of two regions of five places and one of one are 5 + 0 + 0 or 0 + 5 + 0
    assert!(root_may_publish(&[5, 5, 1], 5, 2));
    assert!(!root_may_publish(&[5, 5, 1], 3, 2), "1 + 1 + 1");
    assert!(!root_may_publish(&[5, 5, 1], 7, 2), "the region of one place has one");
}

proptest! {
    #[test]
    fn the_sumset_test_agrees_with_plain_sets_on_pools_of_hundreds(
        regions in prop::collection::vec(0u64..6, 1..6),
        k in 2u64..40,
        at: prop::sample::Index,
    ) {
        let most: u64 = regions.iter().map(|m| m * (k - 1)).sum();
        let n = at.index(size(most) + 2) as u64;
        let totals = |m: u64| (0..=m * (k - 1)).filter(move |total| goes_up(m, *total, k));
        let parts_of = |chosen: usize| {
            let mut sums = BTreeSet::from([0]);
            for (_, m) in regions.iter().enumerate().filter(|(region, _)| *region != chosen) {
                sums = totals(*m).flat_map(|total| sums.iter().map(move |sum| sum + total)).collect();
            }
            totals(regions[chosen]).filter(|part| *part <= n && sums.contains(&(n - part))).collect::<Vec<_>>()
        };
        let good = |chosen: usize| {
            let parts = parts_of(chosen);
            parts.iter().any(|part| *part <= (regions[chosen] - 1) * (k - 1))
                && (parts.len() > 1 || !(1..k).contains(&parts[0]))
        };
        let zeros = (0..regions.len()).filter(|region| regions[*region] > 0).all(good);
        prop_assert_eq!(root_may_publish(&regions, n, k), n >= k && n <= most && zeros);
    }
}
