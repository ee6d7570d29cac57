//! Every small campaign there can be: who pledges where at which tick, and what a publisher then shows.
//!
//! A campaign of `ticks` ticks is one that closes there, at its time or early: an outsider sees when it closes, and
//! an organiser who closes early knows no more than he does. Nothing here judges what is shown.

use crate::publishers::{Pool, Publisher};
use protocol::publication::{Area, Level, Tree};
use std::collections::BTreeMap;

/// Something that a tick shows to everybody. A right publisher shows groups only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    /// A group and its size, as the log has it.
    Group(Area, u64),
    /// How many tokens were issued, by somebody who knows that all of them were redeemed.
    Issued(u64),
    /// How many pledges are waiting.
    Pending(u64),
    /// That something was withheld.
    Withheld,
}

/// All that a campaign ever shows: a list for each tick, the last of them for the closing one.
pub(crate) type View = Vec<Vec<Line>>;

/// How many pledges came, by place and, within a place, by tick: the cells of a campaign.
pub(crate) type History = Vec<u8>;

/// What can be shown, and for each of these views everything that may have happened when it is.
pub(crate) type Outputs = BTreeMap<View, Vec<History>>;

/// Campaigns of one shape and length.
#[derive(Clone)]
pub(crate) struct Campaigns {
    /// Number of places in each region.
    pub(crate) sizes: Vec<u32>,
    /// The smallest group.
    pub(crate) k: u32,
    /// The closing tick.
    pub(crate) ticks: usize,
    /// No place has more than these pending. With k or more, every place can publish.
    pub(crate) fullest: u64,
}

impl Campaigns {
    /// How many places there are.
    pub(crate) fn places(&self) -> usize {
        self.sizes.iter().sum::<u32>() as usize
    }

    /// The region of a place.
    pub(crate) fn region_of(&self) -> Vec<u32> {
        (0..).zip(&self.sizes).flat_map(|(region, size)| (0..*size).map(move |_| region)).collect()
    }

    /// The places as the rule sees them.
    pub(crate) fn tree(&self) -> Tree {
        Tree::new(self.region_of(), u32::try_from(self.sizes.len()).unwrap())
    }

    /// The same campaigns, closed at another tick.
    pub(crate) fn closing_at(&self, ticks: usize) -> Self {
        Self { ticks, ..self.clone() }
    }

    /// Every history, sorted by what this publisher shows of it.
    pub(crate) fn outputs(&self, publisher: Publisher) -> Outputs {
        let mut outputs = Outputs::new();
        let before = Sofar { pool: Pool::default(), view: Vec::new(), history: vec![0; self.places() * self.ticks] };
        self.go_on(publisher, &self.tree(), before, &mut outputs);
        outputs
    }

    fn go_on(&self, publisher: Publisher, tree: &Tree, sofar: Sofar, outputs: &mut Outputs) {
        let tick = sofar.view.len();
        if tick == self.ticks {
            outputs.entry(sofar.view).or_default().push(sofar.history);
            return;
        }
        let room: Vec<u64> = (0..).take(self.places()).map(|p| self.fullest - sofar.pool.pending(p)).collect();
        for arrivals in up_to(&room) {
            let mut next = sofar.clone();
            for (place, count) in (0..).zip(&arrivals) {
                next.history[place as usize * self.ticks + tick] = u8::try_from(*count).unwrap();
                next.pool.take(place, *count);
            }
            next.view.push(publisher.tick(self, tree, &mut next.pool, tick + 1 == self.ticks));
            self.go_on(publisher, tree, next, outputs);
        }
    }
}

/// A campaign between two ticks.
#[derive(Clone)]
struct Sofar {
    pool: Pool,
    view: View,
    history: History,
}

/// Every list of numbers with each at most its limit.
pub(crate) fn up_to(limits: &[u64]) -> Vec<Vec<u64>> {
    limits.iter().fold(vec![Vec::new()], |lists, limit| {
        let longer = |list: Vec<u64>| (0..=*limit).map(move |last| [list.as_slice(), &[last]].concat());
        lists.into_iter().flat_map(longer).collect()
    })
}

/// Every shape of a tree of so many places: regions differ by nothing but their size, places by nothing but their
/// region, so one list of sizes, falling, stands for all that are alike. A region without places adds nothing.
pub(crate) fn shapes(places: u32) -> Vec<Vec<u32>> {
    fn of(places: u32, largest: u32) -> Vec<Vec<u32>> {
        if places == 0 {
            return vec![Vec::new()];
        }
        let with = |first: u32| {
            let rest = of(places - first, first);
            rest.into_iter().map(move |rest| [&[first], rest.as_slice()].concat())
        };
        (1..=largest.min(places)).flat_map(with).collect()
    }
    of(places, places)
}

/// The size of a place's own group in what a tick shows.
pub(crate) fn own_group(lines: &[Line], place: u32) -> Option<u64> {
    lines.iter().find_map(|line| match line {
        Line::Group(area, size) if *area == Area::place(place) => Some(*size),
        _ => None,
    })
}

/// A view in words.
pub(crate) fn in_words(view: &View) -> String {
    let line = |line: &Line| match line {
        Line::Group(Area { level: Level::Root, .. }, size) => format!("root {size}"),
        Line::Group(Area { level: Level::Region, index }, size) => format!("region {index}: {size}"),
        Line::Group(Area { level: Level::Place, index }, size) => format!("place {index}: {size}"),
        Line::Issued(count) => format!("{count} issued"),
        Line::Pending(count) => format!("{count} pending"),
        Line::Withheld => "some withheld".to_owned(),
    };
    let tick = |lines: &Vec<Line>| match lines.len() {
        0 => "nothing".to_owned(),
        _ => lines.iter().map(line).collect::<Vec<_>>().join(", "),
    };
    let ticks: Vec<String> = view.iter().map(tick).collect();
    format!("{}; close", ticks.join(" | "))
}
