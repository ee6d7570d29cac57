//! Tests: the model. What the server has to answer and what its log has to hold, with plain maps and sets; clock and rule
//! of publication written down anew from DESIGN §5, naively. It must never call what it is compared with.

use super::country::{
    FINAL_TICK, FREE_UNTIL, HOUR, ISSUING_CLOSES, K, LIMITED_FROM, OPENS, PER_TICK, REGION_OF, START, place_of,
};
use std::collections::{BTreeMap, BTreeSet};

/// A group of the log with its tickets, or what else stands there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    Group { tick: i64, level: u8, area: u32, tickets: BTreeSet<usize> },
    Announcement { number: u32, other: bool },
    Close { tick: i64 },
}

impl Line {
    pub(super) fn pledges(&self) -> usize {
        if let Self::Group { tickets, .. } = self { tickets.len() } else { 0 }
    }
}

#[derive(Default)]
pub(super) struct Expected {
    pub wall: u64,
    steady: u64,
    /// Both clocks when they were last believed without looking back.
    anchor: (u64, u64),
    believed: u64,
    doubted_from_start: bool,
    /// The operator has left word that the clock is right.
    pub word: bool,
    pub last_tick: i64,
    cleaned: i64,
    pub closing: Option<i64>,
    pub closed: bool,
    /// The batch of limited invites is revoked.
    revoked: bool,
    used: BTreeMap<usize, usize>,
    limited_since_tick: u64,
    repeats: BTreeMap<usize, u32>,
    pub pending: BTreeSet<usize>,
    pub published: BTreeSet<usize>,
    pub announced: (u32, bool),
    pub log: Vec<Line>,
}

const TOLERANCE: u64 = HOUR + 600;

fn end_of(tick: i64) -> u64 {
    START.checked_add_signed(tick * HOUR.cast_signed()).unwrap()
}

/// The last tick that has ended.
fn last_ended(now: u64) -> i64 {
    (-1000..1000).rfind(|tick| end_of(*tick) <= now).unwrap()
}

impl Expected {
    pub(super) fn new(wall: u64) -> Self {
        let mut new = Self { wall, last_tick: -2, cleaned: -2, ..Self::default() };
        new.start();
        new
    }

    pub(super) fn closing_tick(&self) -> i64 {
        self.closing.unwrap_or(FINAL_TICK)
    }

    pub(super) fn start(&mut self) {
        (self.anchor, self.believed) = ((self.wall, self.steady), self.wall);
        self.repeats.clear();
        self.doubted_from_start = !self.closed && self.wall > end_of(self.closing_tick()) + TOLERANCE;
        if self.doubted_from_start {
            self.believed = end_of(self.last_tick);
        }
    }

    pub(super) fn move_clocks(&mut self, both: u64, wall: i64) {
        self.steady += both;
        self.wall = (self.wall + both).saturating_add_signed(wall);
        if !self.doubts() {
            self.believed = self.wall;
        }
    }

    pub(super) fn doubts(&self) -> bool {
        let expected = self.anchor.0 + (self.steady - self.anchor.1);
        self.doubted_from_start || expected.abs_diff(self.wall) > TOLERANCE
    }

    /// Time does not go back behind a tick that was run; before the first there is none.
    fn now(&self) -> u64 {
        if self.last_tick > -2 { self.believed.max(end_of(self.last_tick)) } else { self.believed }
    }

    pub(super) fn state(&self) -> &'static str {
        match self.now() {
            _ if self.closed => "closed",
            now if now >= end_of(self.closing_tick()) => "closed",
            now if now < OPENS => "before",
            now if now < START => "collecting",
            _ if self.closing.is_some() => "closing",
            _ => "open",
        }
    }

    pub(super) fn claim(&mut self, invite: usize, request: usize) -> &'static str {
        let issues = self.now() < ISSUING_CLOSES;
        match (self.state(), self.used.get(&invite)) {
            ("before", _) => "403 not-open",
            ("closed", _) => "410 closed",
            (_, Some(used)) if *used == request => {
                let repeats = self.repeats.entry(invite).or_default();
                *repeats += 1;
                if *repeats > 10 { "429 rate-limited" } else { "200" }
            }
            _ if !issues => "410 closed",
            _ if invite >= LIMITED_FROM && self.revoked => "401 invite-unknown",
            _ if invite < LIMITED_FROM && self.now() >= end_of(FREE_UNTIL) => "410 closed",
            _ if invite >= LIMITED_FROM && self.limited_since_tick >= PER_TICK => "403 exhausted",
            (_, Some(_)) => "409 invite-used",
            (_, None) => {
                self.used.insert(invite, request);
                self.limited_since_tick += u64::from(invite >= LIMITED_FROM);
                "200"
            }
        }
    }

    pub(super) fn revoke(&mut self) -> &'static str {
        if self.state() == "closed" {
            return "410 closed";
        }
        self.revoked = true;
        "202"
    }

    pub(super) fn pledge(&mut self, ticket: usize) -> &'static str {
        match self.state() {
            "before" | "collecting" => "403 not-open",
            "closed" => "410 closed",
            _ if self.published.contains(&ticket) || !self.pending.insert(ticket) => "200",
            _ => "201",
        }
    }

    pub(super) fn announce(&mut self, number: u32, other: bool) -> &'static str {
        if self.announced == (number, other) {
            return "202";
        }
        if number != self.announced.0 + 1 {
            return "400 malformed";
        }
        self.announced = (number, other);
        self.log.push(Line::Announcement { number, other });
        "202"
    }

    pub(super) fn close(&mut self) -> &'static str {
        match self.state() {
            "closed" => return "410 closed",
            _ if self.closing.is_some() => {}
            _ if self.doubts() => return "503 unavailable",
            _ => self.closing = Some((last_ended(self.now()) + 2).clamp(1, FINAL_TICK)),
        }
        "202"
    }

    /// The tick that a look at the clock runs.
    pub(super) fn due(&self) -> Option<i64> {
        let tick = last_ended(self.now()).min(self.closing_tick());
        let looks = !self.closed && !self.doubts() && self.now() >= OPENS;
        (looks && tick > self.last_tick).then_some(tick)
    }

    /// The word is taken by the first look in doubt.
    pub(super) fn take_word(&mut self) {
        if self.doubts() && std::mem::take(&mut self.word) {
            (self.anchor, self.believed) = ((self.wall, self.steady), self.wall);
            self.doubted_from_start = false;
        }
    }

    pub(super) fn look(&mut self) {
        self.take_word();
        if let Some(tick) = self.due() {
            self.run(tick);
        }
        if !self.closed && self.cleaned < self.last_tick {
            self.cleaned = self.last_tick;
            self.limited_since_tick = 0;
            self.repeats.clear();
        }
    }

    /// A tick: whole groups of at least k, and at the closing one what rule 4 allows.
    pub(super) fn run(&mut self, tick: i64) {
        let closing = tick == self.closing_tick();
        self.last_tick = tick;
        if tick < 1 {
            return;
        }
        let mut groups: BTreeMap<(u8, u32), BTreeSet<usize>> = BTreeMap::new();
        for ticket in &self.pending {
            groups.entry((2, place_of(*ticket))).or_default().insert(*ticket);
        }
        let left: Vec<usize> =
            groups.values().filter(|tickets| (tickets.len() as u64) < K).flatten().copied().collect();
        groups.retain(|_, tickets| tickets.len() as u64 >= K);
        if closing {
            groups.extend(roll_up(&groups.keys().map(|(_, place)| *place).collect(), &left));
        }
        for ((level, area), tickets) in groups {
            self.pending.retain(|ticket| !tickets.contains(ticket));
            self.published.extend(&tickets);
            self.log.push(Line::Group { tick, level, area, tickets });
        }
        if closing {
            self.closed = true;
            self.log.push(Line::Close { tick });
        }
    }
}

/// Rule 4: what is left of places that publish nothing goes to the region, or to the root, or is withheld.
fn roll_up(loud: &BTreeSet<u32>, left: &[usize]) -> BTreeMap<(u8, u32), BTreeSet<usize>> {
    let silent: Vec<u32> = (0..5).filter(|place| !loud.contains(place)).collect();
    let region_of = |place: u32| REGION_OF[place as usize];
    let silent_in = |region| silent.iter().filter(|place| region_of(**place) == region).count() as u64;
    let may = |region, pooled: u64| pooled >= K && pooled <= silent_in(region).saturating_sub(1) * (K - 1);
    let mut groups: BTreeMap<(u8, u32), BTreeSet<usize>> = BTreeMap::new();
    for ticket in left {
        groups.entry((1, region_of(place_of(*ticket)))).or_default().insert(*ticket);
    }
    groups.retain(|(_, region), pool| may(*region, pool.len() as u64));
    let shown = |ticket: &usize| groups.values().any(|tickets| tickets.contains(ticket));
    let root: BTreeSet<usize> = left.iter().copied().filter(|ticket| !shown(ticket)).collect();
    // of the silent places of every region that shows nothing: all that they can hold, as far as the public knows
    let unknown: Vec<u32> =
        silent.iter().copied().filter(|place| !groups.contains_key(&(1, region_of(*place)))).collect();
    let sum = |held: &[u64], region| -> u64 {
        unknown.iter().zip(held).filter(|(place, _)| region_of(**place) == region).map(|(_, count)| count).sum()
    };
    let possible: Vec<Vec<u64>> = (0..K.pow(u32::try_from(unknown.len()).unwrap()))
        .map(|number| (0..unknown.len()).map(|digit| number / K.pow(u32::try_from(digit).unwrap()) % K).collect())
        .filter(|held: &Vec<u64>| held.iter().sum::<u64>() == root.len() as u64)
        .filter(|held| (0..2).all(|region| !may(region, sum(held, region))))
        .collect();
    let each_may_be_zero = (0..unknown.len()).all(|place| possible.iter().any(|held| held[place] == 0));
    let each_region_is_open = unknown.iter().all(|place| {
        let sums: BTreeSet<u64> = possible.iter().map(|held| sum(held, region_of(*place))).collect();
        sums.len() > 1
    });
    if root.len() as u64 >= K && each_may_be_zero && each_region_is_open {
        groups.insert((0, 0), root);
    }
    groups
}
