//! Clock and rule of publication (DESIGN §5): when a tick ends, what it may publish, and whether a log kept to it.
//!
//! Publisher and auditor use the same functions, so that what one does and what the other demands cannot drift apart.
//! Nothing here reads a clock; whoever calls brings the time.

use crate::error::Error;
use std::collections::BTreeMap;
use std::iter::once;

/// Number of a tick. Ticks of 1 and more publish; those of 0 and less, before `pledges_open`, only clean the stores.
pub type Tick = i64;

/// Where in its life a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is taken yet.
    Before,
    /// Tokens only.
    Collecting,
    /// Tokens and pledges.
    Open,
    /// As open; an organiser has closed the campaign and the closing tick is coming.
    Closing,
    /// Nothing is taken any more.
    Closed,
}

/// The times of a genesis, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// When tokens can be had.
    pub opens: u64,
    /// When tick 1 begins.
    pub pledges_open: u64,
    /// When no more tokens are issued.
    pub issuing_closes: u64,
    /// When the last tick ends; on the grid.
    pub closes: u64,
    /// Length of a tick, at least 1.
    pub tick_seconds: u64,
}

impl Schedule {
    /// The last tick whose end is not after `now`: 0 at `pledges_open`, negative before.
    pub fn last_ended(&self, now: u64) -> Tick {
        let elapsed = signed(now) - signed(self.pledges_open);
        elapsed.div_euclid(signed(self.tick_seconds))
    }

    /// When a tick ends.
    pub fn end_of(&self, tick: Tick) -> u64 {
        let end = signed(self.pledges_open) + tick * signed(self.tick_seconds);
        u64::try_from(end).unwrap_or(0)
    }

    /// The tick that ends at `closes`.
    pub fn final_tick(&self) -> Tick {
        self.last_ended(self.closes)
    }

    /// The closing tick that a `POST close` at `now` makes: the next after the one under way, not before tick 1 and
    /// not after the final one.
    pub fn closing_tick(&self, now: u64) -> Tick {
        (self.last_ended(now) + 2).clamp(1, self.final_tick())
    }

    /// The state at `now`; `closing` is the closing tick that an organiser made, if one did.
    pub fn state(&self, now: u64, closing: Option<Tick>) -> State {
        if now >= self.end_of(closing.unwrap_or_else(|| self.final_tick())) {
            State::Closed
        } else if now < self.opens {
            State::Before
        } else if now < self.pledges_open {
            State::Collecting
        } else if closing.is_some() {
            State::Closing
        } else {
            State::Open
        }
    }
}

/// One of the three sizes of area at which a count is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything: area 0.
    Root = 0,
    /// A region by its index.
    Region = 1,
    /// A place by its index.
    Place = 2,
}

impl Level {
    /// The byte of an entry.
    pub fn from_byte(byte: u8) -> Result<Self, Error> {
        match byte {
            0 => Ok(Self::Root),
            1 => Ok(Self::Region),
            2 => Ok(Self::Place),
            _ => Err(Error::Malformed("level")),
        }
    }
}

/// What a group is of: sorted as groups are, by (level, area).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area {
    /// How large.
    pub level: Level,
    /// Which: an index, 0 for the root.
    pub index: u32,
}

impl Area {
    /// The whole.
    pub const ROOT: Self = Self { level: Level::Root, index: 0 };

    /// A place.
    pub fn place(index: u32) -> Self {
        Self { level: Level::Place, index }
    }

    /// A region.
    pub fn region(index: u32) -> Self {
        Self { level: Level::Region, index }
    }
}

/// The list of places as the rule sees it.
#[derive(Debug, Clone)]
pub struct Tree {
    region_of: Vec<u32>,
    regions: u32,
}

impl Tree {
    /// From the region of each place, all below `regions`.
    pub fn new(region_of: Vec<u32>, regions: u32) -> Self {
        Self { region_of, regions }
    }

    /// Whether an area exists.
    pub fn has(&self, area: Area) -> bool {
        match area.level {
            Level::Root => area.index == 0,
            Level::Region => area.index < self.regions,
            Level::Place => (area.index as usize) < self.region_of.len(),
        }
    }

    /// How many places of each region publish no group at this tick.
    fn silent_places(&self, published: impl Fn(u32) -> bool) -> Vec<u64> {
        let mut silent = vec![0; self.regions as usize];
        for (place, region) in self.region_of.iter().enumerate() {
            silent[*region as usize] += u64::from(!published(u32::try_from(place).unwrap_or(u32::MAX)));
        }
        silent
    }
}

/// What a tick does with the pool: to which area each place's pledges go, or that they stay (at the closing tick: are
/// withheld for ever). Sizes of groups in canonical order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The groups of the tick with their sizes, by (level, area).
    pub groups: BTreeMap<Area, u64>,
    destination: BTreeMap<u32, Area>,
}

impl Decision {
    /// Where the pledges of a place are published at this tick, if anywhere.
    pub fn destination(&self, place: u32) -> Option<Area> {
        self.destination.get(&place).copied()
    }
}

/// The rule, as the publisher applies it: rules 2 to 4 of DESIGN §5 on the numbers of pending pledges by place.
pub fn decide(tree: &Tree, k: u32, pending: &BTreeMap<u32, u64>, closing: bool) -> Decision {
    let k = u64::from(k);
    let mut groups = BTreeMap::new();
    let mut destination = BTreeMap::new();
    for (place, count) in pending.iter().filter(|(_, count)| **count >= k) {
        groups.insert(Area::place(*place), *count);
        destination.insert(*place, Area::place(*place));
    }
    if closing {
        roll_up(tree, k, pending, &mut groups, &mut destination);
    }
    Decision { groups, destination }
}

/// Rule 4: what is left of each region goes to the region, or to the root, or is withheld.
fn roll_up(
    tree: &Tree,
    k: u64,
    pending: &BTreeMap<u32, u64>,
    groups: &mut BTreeMap<Area, u64>,
    destination: &mut BTreeMap<u32, Area>,
) {
    let silent = tree.silent_places(|place| groups.contains_key(&Area::place(place)));
    let mut left = vec![0; silent.len()];
    let leftover = |place: &u32| !groups.contains_key(&Area::place(*place));
    let leftovers: Vec<(u32, u32, u64)> = pending
        .iter()
        .filter(|(place, count)| **count > 0 && leftover(place))
        .map(|(place, count)| (*place, tree.region_of[*place as usize], *count))
        .collect();
    for (_, region, count) in &leftovers {
        left[*region as usize] += count;
    }
    let at_region: Vec<bool> = silent.iter().zip(&left).map(|(m, n)| region_may_publish(*m, *n, k)).collect();
    let passed_up: Vec<u64> = silent.iter().zip(&at_region).filter(|(_, at)| !**at).map(|(m, _)| *m).collect();
    let root: u64 = left.iter().zip(&at_region).filter(|(_, at)| !**at).map(|(n, _)| *n).sum();
    let at_root = root_may_publish(&passed_up, root, k);
    for (place, region, count) in leftovers {
        let area = match (at_region[region as usize], at_root) {
            (true, _) => Area::region(region),
            (false, true) => Area::ROOT,
            (false, false) => continue,
        };
        destination.insert(place, area);
        *groups.entry(area).or_insert(0) += count;
    }
}

/// Whether a region's pool of `n` from `m` silent places may be published: `k ≤ n ≤ (m−1)(k−1)`. Above the upper
/// bound every silent place would be known to have some.
fn region_may_publish(m: u64, n: u64, k: u64) -> bool {
    k <= n && n <= m.saturating_sub(1) * (k - 1)
}

/// The sumset test: whether a root pool of `n` leaves "zero" feasible for every silent place of the regions that
/// passed theirs up, and leaves open how much each region passed up, unless that is nothing, given for each such region
/// the number of its silent places.
///
/// The public knows that a region that passed up holds either fewer than k or more than its bound, so its total lies
/// in `S = {0..k−1} ∪ {(m−1)(k−1)+1 .. m(k−1)}`; one of its places can be zero only at totals up to `(m−1)(k−1)`.
/// Because of the gap in S a sum can have one solution only: with k = 3, 4 of two regions of three places is 2 + 2.
/// That would isolate fewer than k.
fn root_may_publish(passed_up: &[u64], n: u64, k: u64) -> bool {
    let regions: Vec<u64> = passed_up.iter().copied().filter(|m| *m > 0).collect();
    if n < k || is_more_than_all_have(&regions, n, k) {
        return false;
    }
    let all = |m: u64| (0..k).chain((m - 1) * (k - 1) + 1..=m * (k - 1)).filter(move |total| *total <= n);
    // suffixes[i]: the sums that regions i.. can have
    let mut suffixes = vec![Sums::zero(n)];
    for m in regions.iter().rev() {
        let next = suffixes[suffixes.len() - 1].plus(all(*m));
        suffixes.push(next);
    }
    suffixes.reverse();
    let mut prefix = Sums::zero(n);
    for (index, m) in regions.iter().enumerate() {
        // what this region can have passed up, the least first
        let mut parts = all(*m).filter(|part| prefix.plus(once(*part)).meets(&suffixes[index + 1], n));
        let Some(least) = parts.next().filter(|least| *least <= (m - 1) * (k - 1)) else {
            return false; // "zero" is not feasible
        };
        if least > 0 && parts.next().is_none() {
            return false;
        }
        prefix = prefix.plus(all(*m));
    }
    true
}

/// Whether `n` is more than the silent places of these regions can have together. The sumset test finds the same, but takes
/// memory for it that whoever writes a log could ask for.
fn is_more_than_all_have(regions: &[u64], n: u64, k: u64) -> bool {
    n > regions.iter().map(|m| m * (k - 1)).sum::<u64>()
}

/// A set of sums from 0 to a limit, one bit each.
struct Sums(Vec<u64>);

impl Sums {
    /// The set {0}, with room up to `limit`.
    fn zero(limit: u64) -> Self {
        let words = usize::try_from(limit / 64).expect("a pool fits into memory") + 1;
        let mut bits = vec![0; words];
        bits[0] = 1;
        Self(bits)
    }

    fn has(&self, sum: u64) -> bool {
        let word = usize::try_from(sum / 64).ok().and_then(|index| self.0.get(index));
        word.is_some_and(|word| word >> (sum % 64) & 1 == 1)
    }

    /// Every sum of a member of this set and one of `terms`, up to the limit.
    fn plus(&self, terms: impl Iterator<Item = u64>) -> Self {
        let mut out = vec![0; self.0.len()];
        for term in terms {
            let (words, bits) = (usize::try_from(term / 64).unwrap_or(usize::MAX), term % 64);
            for (index, word) in self.0.iter().enumerate() {
                let Some(low) = index.checked_add(words).filter(|low| *low < out.len()) else {
                    break;
                };
                out[low] |= word << bits;
                if bits > 0 && low + 1 < out.len() {
                    out[low + 1] |= word >> (64 - bits);
                }
            }
        }
        Self(out)
    }

    /// Whether a member of this set and one of the other sum to `n`.
    fn meets(&self, other: &Self, n: u64) -> bool {
        (0..=n).any(|sum| self.has(sum) && other.has(n - sum))
    }
}

/// The rule, as the auditor demands it of the groups of one tick, in the order of the log.
///
/// `closing` says whether a close entry follows them. Errors name the broken rule.
pub fn follows(tree: &Tree, k: u32, groups: &[(Area, u64)], closing: bool) -> Result<(), Error> {
    let broken = |rule: String| Err(Error::Audit(rule));
    for pair in groups.windows(2) {
        if pair[0].0 >= pair[1].0 {
            return broken("two groups of a tick are out of order or of one area".to_owned());
        }
    }
    for (area, size) in groups {
        if !tree.has(*area) {
            return broken(format!("a group is of {area:?}, which does not exist"));
        }
        if *size < u64::from(k) {
            return broken(format!("a group of {size} is smaller than k = {k}"));
        }
        if area.level != Level::Place && !closing {
            return broken(format!("a group of {area:?} stands at a tick that is not the closing one"));
        }
    }
    if closing { follows_roll_up(tree, u64::from(k), groups) } else { Ok(()) }
}

fn follows_roll_up(tree: &Tree, k: u64, groups: &[(Area, u64)]) -> Result<(), Error> {
    let sizes: BTreeMap<Area, u64> = groups.iter().copied().collect();
    let silent = tree.silent_places(|place| sizes.contains_key(&Area::place(place)));
    let mut passed_up = Vec::new();
    for (region, m) in (0..).zip(&silent) {
        match sizes.get(&Area::region(region)) {
            Some(n) if !region_may_publish(*m, *n, k) => {
                return Err(Error::Audit(format!("the group of region {region} shows more than rule 4 allows")));
            }
            Some(_) => {}
            None => passed_up.push(*m),
        }
    }
    match sizes.get(&Area::ROOT) {
        Some(n) if !root_may_publish(&passed_up, *n, k) => {
            Err(Error::Audit("the group of the root shows more than rule 4 allows".to_owned()))
        }
        _ => Ok(()),
    }
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).expect("a genesis allows no time beyond 2^40, and a clock shows none")
}

#[cfg(test)]
mod tests;
