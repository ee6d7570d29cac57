//! What follows from a view: an outsider who knows the rule rules out every history that would have shown something
//! else, and what all the others have in common is certain. Nothing is estimated: the histories are all there.

use crate::campaigns::{Campaigns, History, View, own_group};
use std::fmt;

/// Something that must not be certain.
pub(crate) enum Hole {
    /// Somebody pledged in this place between these ticks, inclusive, in none of which it had a group of its own.
    Presence { place: usize, from: usize, to: usize },
    /// So many pledges came in these cells, given by place and tick.
    Isolated { cells: Vec<(usize, usize)>, count: u64 },
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence { place, from, to } => write!(f, "somebody is in place {place}, tick {from} to {to}"),
            Self::Isolated { cells, count } => {
                let cells: Vec<String> = cells.iter().map(|(place, tick)| format!("{place}@{tick}")).collect();
                write!(f, "exactly {count} in place@tick {}", cells.join(" + "))
            }
        }
    }
}

/// A place and an interval without a group of its own, in which there was somebody whatever happened.
pub(crate) fn presence(of: &Campaigns, view: &View, histories: &[&History]) -> Option<Hole> {
    for place in 0..of.places() {
        for from in 0..of.ticks {
            let silent = |lines: &&Vec<_>| own_group(lines, u32::try_from(place).unwrap()).is_none();
            let longest = view[from..].iter().take_while(silent).count();
            for to in from..from + longest {
                let cells = place * of.ticks + from..=place * of.ticks + to;
                if histories.iter().all(|history| history[cells.clone()].iter().any(|count| *count > 0)) {
                    return Some(Hole::Presence { place, from: from + 1, to: to + 1 });
                }
            }
        }
    }
    None
}

/// A set of cells whose number is the same whatever happened and, without `own` pledges, from 1 to below `least`;
/// of several one with the fewest cells. Every set is tried: places, regions, the root's pool, their unions and
/// differences, each over any ticks.
pub(crate) fn isolated(of: &Campaigns, histories: &[&History], own: &[u8], least: u64) -> Option<Hole> {
    let cells = of.places() * of.ticks;
    let sum = |set: u32, history: &[u8]| -> u64 {
        history.iter().enumerate().filter(|(cell, _)| set >> cell & 1 == 1).map(|(_, count)| u64::from(*count)).sum()
    };
    let (first, others) = histories.split_first()?;
    // neighbours differ in little: a few from far apart refute most sets at once
    let spread = others.iter().step_by(others.len() / 32 + 1).chain(others);
    let certain = |set: &u32| {
        let (count, own) = (sum(*set, first), sum(*set, own));
        (own + 1..own + least).contains(&count) && spread.clone().all(|history| sum(*set, history) == count)
    };
    let set = (1..1u32 << cells).filter(certain).min_by_key(|set| set.count_ones())?;
    let cell = |cell: &usize| set >> cell & 1 == 1;
    let named = (0..cells).filter(cell).map(|cell| (cell / of.ticks, cell % of.ticks + 1)).collect();
    Some(Hole::Isolated { cells: named, count: sum(set, first) })
}

/// The hole of a view, if it has one, for somebody who controls nothing and knows nothing else.
pub(crate) fn hole(of: &Campaigns, view: &View, histories: &[&History]) -> Option<Hole> {
    let nothing = vec![0; of.places() * of.ticks];
    presence(of, view, histories).or_else(|| isolated(of, histories, &nothing, u64::from(of.k)))
}
