//! What the order of arrival adds, for the second table: a simulation of times over the same matching program. There is
//! nothing here that a message tells; who watches the server live has this, and the delay and the calendar against it.

use crate::adversary::{Evidence, aligned, assign};
use crate::scoring::{SEED, score};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// When people pledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    /// `--now`: one to five seconds for two connections.
    AtOnce,
    /// What `headcount join` does unasked: up to ten minutes more.
    Default,
    /// Tokens first; pledging opens a day after the last of them, and people pledge within twelve hours of that.
    CollectedFirst,
}

/// What the adversary goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// All times; the likeliest assignment that keeps the order.
    Order,
    /// All times; anybody whose token is not too old.
    Window,
    /// Only which hour each of the two fell into.
    Ticks,
}

/// One campaign's times in seconds: of tokens in order, and of pledges with whose they are.
struct Times {
    tokens: Vec<f64>,
    pledges: Vec<(f64, usize)>,
}

/// One in twenty takes a token and never pledges.
fn simulate(people: usize, per_hour: f64, delay: Delay, rng: &mut StdRng) -> Times {
    let mut now = 0.0;
    let mut tokens = Vec::new();
    for _ in 0..people {
        now -= (1.0 - rng.random_range(0.0..1.0f64)).ln() * 3600.0 / per_hour;
        tokens.push(now);
    }
    let mut pledges: Vec<(f64, usize)> = Vec::new();
    for (person, token) in tokens.iter().enumerate() {
        let connections = rng.random_range(1.0..5.0);
        let time = match delay {
            Delay::AtOnce => token + connections,
            Delay::Default => token + connections + f64::from(rng.random_range(0..=DEFAULT_DELAY_MOST)),
            Delay::CollectedFirst => now + 86_400.0 + rng.random_range(0.0..43_200.0),
        };
        if person % 20 != 19 {
            pledges.push((time, person));
        }
    }
    pledges.sort_by(|a, b| a.0.total_cmp(&b.0));
    Times { tokens, pledges }
}

/// Percent of pledgers that the adversary names rightly, on average over some campaigns.
pub(crate) fn percent_right(people: usize, per_hour: f64, delay: Delay, knowledge: Knowledge) -> f64 {
    let mut sum = 0.0;
    for run in 0..RUNS {
        let mut rng = StdRng::seed_from_u64(SEED + run);
        let times = simulate(people, per_hour, delay, &mut rng);
        let evidence = match knowledge {
            Knowledge::Order => in_order(&times, delay),
            Knowledge::Window => in_window(&times, delay),
            Knowledge::Ticks => in_ticks(&times, delay, &mut rng),
        };
        let mut answers = vec![None; people];
        for (pledge, (_, person)) in times.pledges.iter().enumerate() {
            answers[*person] = Some(pledge);
        }
        let score = score(&assign(&evidence, people, times.pledges.len(), SEED + run), &answers);
        sum += 100.0 * score.right as f64 / score.of as f64;
    }
    sum / RUNS as f64
}

/// The delays that are possible, and the usual one.
fn delays(delay: Delay) -> (f64, f64, f64) {
    match delay {
        Delay::AtOnce => (1.0, 5.0, 3.0),
        Delay::Default => (1.0, 5.0 + f64::from(DEFAULT_DELAY_MOST), 3.0 + f64::from(DEFAULT_DELAY_MOST) / 2.0),
        Delay::CollectedFirst => (0.0, f64::INFINITY, 0.0),
    }
}

/// The cheapest assignment of pledges to tokens that keeps the order: a delay costs its square distance from the usual
/// one, and an impossible one more than all others together. By dynamic programming, row by row of pledges.
fn in_order(times: &Times, delay: Delay) -> Vec<Evidence> {
    let (least, most, usual) = delays(delay);
    let (rows, columns) = (times.pledges.len(), times.tokens.len());
    if delay == Delay::CollectedFirst {
        return aligned(&(0..columns).collect::<Vec<_>>(), &(0..rows).collect::<Vec<_>>());
    }
    let mut takes = vec![false; (rows + 1) * (columns + 1)];
    let mut above = vec![0.0; columns + 1];
    for row in 1..=rows {
        let mut here = vec![f64::INFINITY; columns + 1];
        for column in row..=columns {
            let waited = times.pledges[row - 1].0 - times.tokens[column - 1];
            let impossible = if (least..=most).contains(&waited) { 0.0 } else { 1e12 };
            let taken = above[column - 1] + (waited - usual).powi(2) + impossible;
            takes[row * (columns + 1) + column] = taken < here[column - 1];
            here[column] = taken.min(here[column - 1]);
        }
        above = here;
    }
    let (mut evidence, mut row, mut column) = (Vec::new(), rows, columns);
    while row > 0 && column > 0 {
        if takes[row * (columns + 1) + column] {
            evidence.push(Evidence { left: column - 1, right: row - 1, weight: 1.0 });
            row -= 1;
        }
        column -= 1;
    }
    evidence
}

/// Every pair whose delay is possible, all alike.
fn in_window(times: &Times, delay: Delay) -> Vec<Evidence> {
    let (least, most, _) = delays(delay);
    if delay == Delay::CollectedFirst {
        return Vec::new(); // every pair
    }
    let mut evidence = Vec::new();
    for (right, (pledge, _)) in times.pledges.iter().enumerate() {
        let from = times.tokens.partition_point(|token| *token < pledge - most);
        let until = times.tokens.partition_point(|token| *token <= pledge - least);
        evidence.extend((from..until).map(|left| Evidence { left, right, weight: 1.0 }));
    }
    evidence
}

/// Within each hour at random.
fn in_ticks(times: &Times, delay: Delay, rng: &mut StdRng) -> Vec<Evidence> {
    let tick = |time: f64| (time / 3600.0).floor();
    if delay == Delay::CollectedFirst {
        return Vec::new(); // no tick has both
    }
    let mut evidence = Vec::new();
    let mut hour = 0.0;
    while hour <= tick(times.pledges.last().map_or(0.0, |(time, _)| *time)) {
        let mut tokens: Vec<usize> = (0..times.tokens.len()).filter(|one| tick(times.tokens[*one]) == hour).collect();
        let within = |one: &usize| tick(times.pledges[*one].0) == hour;
        let pledges: Vec<usize> = (0..times.pledges.len()).filter(within).collect();
        tokens.shuffle(rng);
        if !tokens.is_empty() {
            evidence.extend(aligned(&tokens, &pledges));
        }
        hour += 1.0;
    }
    evidence
}

/// The longest random delay of the command line, in seconds.
const DEFAULT_DELAY_MOST: u32 = 600;
const RUNS: u64 = 10;
