//! The publisher, and publishers that are right but for one thing. All of them ask the real rule of publication and
//! then spoil its answer; none of them has a copy of it.

use crate::campaigns::{Campaigns, Line};
use protocol::publication::{Area, Decision, Level, Tree, decide};
use std::collections::{BTreeMap, BTreeSet};

/// Who decides what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// As DESIGN §5 has it.
    Right,
    /// A region publishes whatever it has from k up: rule 4 without its upper bound.
    WithoutUpperBound,
    /// The root publishes whatever it has from k up: rule 4 without the sumset test.
    WithoutSumsetTest,
    /// At close, the number of tokens issued is known, and so is that all were redeemed.
    ShowsIssued,
    /// At every tick, the number of those who wait.
    ShowsPending,
    /// At close, whether the root's pool was withheld or empty.
    ShowsThatItWithholds,
    /// A place that was published once is published anew whenever it has grown.
    PublishesAgain,
    /// What regions publish at close also goes to the root, with all that is left elsewhere.
    PublishesAtTwoLevels,
    /// At ordinary ticks too, what regions hold, within their bound; the pledges stay, and go to their places later.
    ShowsRegionsEarly,
}

/// All that are not right.
pub(crate) const FAULTY: [Publisher; 8] = [
    Publisher::WithoutUpperBound,
    Publisher::WithoutSumsetTest,
    Publisher::ShowsIssued,
    Publisher::ShowsPending,
    Publisher::ShowsThatItWithholds,
    Publisher::PublishesAgain,
    Publisher::PublishesAtTwoLevels,
    Publisher::ShowsRegionsEarly,
];

/// What a publisher holds between two ticks.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    pending: BTreeMap<u32, u64>,
    published: BTreeMap<u32, u64>, // by place, at place level
    pledged: u64,
}

impl Pool {
    /// How many of a place wait.
    pub(crate) fn pending(&self, place: u32) -> u64 {
        self.pending.get(&place).copied().unwrap_or(0)
    }

    /// Takes pledges.
    pub(crate) fn take(&mut self, place: u32, count: u64) {
        *self.pending.entry(place).or_insert(0) += count;
        self.pledged += count;
    }

    fn publish(&mut self, decision: &Decision) -> Vec<Line> {
        for place in decision.groups.keys().filter(|area| area.level == Level::Place) {
            *self.published.entry(place.index).or_insert(0) += decision.groups[place];
        }
        self.pending.retain(|place, _| decision.destination(*place).is_none());
        decision.groups.iter().map(|(area, size)| Line::Group(*area, *size)).collect()
    }

    /// Takes out the pledges of some places: their sum.
    fn drain(&mut self, places: impl Fn(u32) -> bool) -> u64 {
        let before = self.waiting();
        self.pending.retain(|place, _| !places(*place));
        before - self.waiting()
    }

    fn waiting(&self) -> u64 {
        self.pending.values().sum()
    }
}

impl Publisher {
    /// What a tick shows. The pool keeps what stays.
    pub(crate) fn tick(self, of: &Campaigns, tree: &Tree, pool: &mut Pool, closing: bool) -> Vec<Line> {
        let k = u64::from(of.k);
        let more = match self {
            Self::WithoutUpperBound if closing => every_region_with_k(of, pool),
            Self::PublishesAgain => places_that_grew(pool),
            Self::ShowsRegionsEarly if !closing => regions_of(&decide(tree, of.k, &pool.pending, true)),
            _ => Vec::new(),
        };
        let decision = decide(tree, of.k, &pool.pending, closing);
        let mut lines = [pool.publish(&decision), more].concat();
        match self {
            Self::WithoutSumsetTest if closing && pool.waiting() >= k => {
                lines.push(Line::Group(Area::ROOT, pool.drain(|_| true)));
            }
            Self::PublishesAtTwoLevels if closing => {
                let regions = decision.groups.iter().filter(|(area, _)| area.level == Level::Region);
                let twice: u64 = regions.map(|(_, size)| size).sum();
                if twice > 0 {
                    let root = twice + pool.waiting() + decision.groups.get(&Area::ROOT).copied().unwrap_or(0);
                    lines.retain(|line| !matches!(line, Line::Group(Area::ROOT, _)));
                    lines.push(Line::Group(Area::ROOT, root));
                }
            }
            Self::ShowsIssued if closing => lines.push(Line::Issued(pool.pledged)),
            Self::ShowsPending => lines.push(Line::Pending(pool.waiting())),
            Self::ShowsThatItWithholds if closing && pool.waiting() > 0 => lines.push(Line::Withheld),
            _ => {}
        }
        lines.sort();
        lines
    }
}

/// The groups of regions alone.
fn regions_of(decision: &Decision) -> Vec<Line> {
    let regions = decision.groups.iter().filter(|(area, _)| area.level == Level::Region);
    regions.map(|(area, size)| Line::Group(*area, *size)).collect()
}

/// The groups of regions whose leftovers are k or more; what has to go to the root stays in the pool.
fn every_region_with_k(of: &Campaigns, pool: &mut Pool) -> Vec<Line> {
    let (k, region_of) = (u64::from(of.k), of.region_of());
    let full: BTreeSet<u32> = pool.pending.iter().filter(|(_, count)| **count >= k).map(|(place, _)| *place).collect();
    let mut lines = Vec::new();
    for region in (0..).take(of.sizes.len()) {
        let mut rest = pool.clone();
        let left = rest.drain(|place| region_of[place as usize] == region && !full.contains(&place));
        if left >= k {
            lines.push(Line::Group(Area::region(region), left));
            *pool = rest;
        }
    }
    lines
}

/// The new sums of places that have one already.
fn places_that_grew(pool: &mut Pool) -> Vec<Line> {
    let mut lines = Vec::new();
    for (place, sum) in &mut pool.published {
        if let Some(grown) = pool.pending.remove(place).filter(|count| *count > 0) {
            *sum += grown;
            lines.push(Line::Group(Area::place(*place), *sum));
        }
    }
    lines
}
