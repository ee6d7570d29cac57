//! Outlook: where the numbers lead if they go on as they did, as a range, or that it is too early to say. It is computed
//! from what each tick published and from the genesis, so that everybody with the public log finds the same.

use crate::growth::Ticks;
use protocol::publication::Tick;

/// Ticks that must have ended before anything is said.
pub(super) const TICKS_MIN: u64 = 12;

/// Ticks that must have published something: groups come in steps, and of few steps nobody can tell a pace.
pub(super) const STEPS_MIN: u64 = 4;

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Nothing yet.
    TooEarly,
    /// So many by the close, at the slowest and at the fastest pace so far.
    Range {
        /// At the slowest.
        low: u64,
        /// At the fastest.
        high: u64,
        /// The tick at whose end the fastest pace reaches the target, if that comes before the close.
        earliest: Option<Tick>,
    },
}

/// The pace per tick of the whole time, of its last half and of its last quarter: the slowest and the fastest of the three,
/// carried on until the close, rounded outwards to two digits, within what is published already and who is eligible.
pub(super) fn outlook(ticks: &Ticks, last: Tick, final_tick: Tick, target: u64, eligible: u64) -> Outlook {
    let (ended, left) = (natural(last), natural(final_tick - last));
    let steps = ticks.values().filter(|published| **published > 0).count() as u64;
    if ended < TICKS_MIN || steps < STEPS_MIN || ended.saturating_mul(10) < natural(final_tick) {
        return Outlook::TooEarly;
    }
    let total: u64 = ticks.values().sum();
    let more = |stretch: u64| {
        let since = last - Tick::try_from(stretch).unwrap_or(last);
        let published: u64 = ticks.range(since + 1..=last).map(|(_, published)| published).sum();
        (u128::from(published), u128::from(stretch))
    };
    let paces = [ended, ended.div_ceil(2), ended.div_ceil(4)].map(more);
    let carried = |(published, stretch): (u128, u128)| published * u128::from(left) / stretch;
    let (slowest, fastest) =
        (paces.map(carried).into_iter().min(), paces.into_iter().max_by_key(|pace| carried(*pace)));
    let by_close = |more: Option<u128>| total.saturating_add(u64::try_from(more.unwrap_or(0)).unwrap_or(u64::MAX));
    let earliest =
        fastest.filter(|(published, _)| *published > 0 && target > total).and_then(|(published, stretch)| {
            let needed = (u128::from(target - total) * stretch).div_ceil(published);
            Tick::try_from(needed).ok().map(|needed| last.saturating_add(needed)).filter(|tick| *tick <= final_tick)
        });
    Outlook::Range {
        low: rounded_down(by_close(slowest)).min(eligible).max(total),
        high: rounded_up(by_close(fastest.map(carried))).min(eligible).max(total),
        earliest,
    }
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The unit of the second digit.
fn unit(number: u64) -> u64 {
    10u64.pow(number.max(1).ilog10().saturating_sub(1))
}

fn rounded_down(number: u64) -> u64 {
    number / unit(number) * unit(number)
}

fn rounded_up(number: u64) -> u64 {
    number.div_ceil(unit(number)).saturating_mul(unit(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(last: Tick, each: u64) -> Ticks {
        (1..=last).map(|tick| (tick, each)).collect()
    }

    #[test]
    fn a_steady_pace_is_carried_on() {
        let found = outlook(&steady(50, 100), 50, 100, 8_000, 1_000_000);
        assert_eq!(found, Outlook::Range { low: 10_000, high: 10_000, earliest: Some(80) });
        let found = outlook(&steady(50, 101), 50, 100, 1_000_000, 1_000_000);
        assert_eq!(found, Outlook::Range { low: 10_000, high: 11_000, earliest: None });
    }

    #[test]
    fn a_pace_that_slows_or_quickens_gives_a_range() {
        let mut ticks = steady(40, 100);
        ticks.extend((41..=80).map(|tick| (tick, 20)));
        // whole time 60 a tick, last half and quarter 20
        let found = outlook(&ticks, 80, 100, 6_000, 1_000_000);
        assert_eq!(found, Outlook::Range { low: 5_200, high: 6_000, earliest: Some(100) });
        assert_eq!(
            outlook(&ticks, 80, 100, 6_001, 1_000_000),
            Outlook::Range { low: 5_200, high: 6_000, earliest: None }
        );
    }

    #[test]
    fn nothing_is_said_too_early_and_nothing_beyond_who_is_eligible() {
        assert_eq!(outlook(&Ticks::new(), 0, 100, 10, 100), Outlook::TooEarly);
        assert_eq!(outlook(&Ticks::new(), -5, 100, 10, 100), Outlook::TooEarly);
        assert_eq!(outlook(&steady(11, 9), 11, 100, 10, 100), Outlook::TooEarly, "few ticks");
        assert_eq!(outlook(&steady(12, 9), 12, 121, 10, 100), Outlook::TooEarly, "less than a tenth");
        let three = Ticks::from([(1, 50), (20, 50), (50, 50)]);
        assert_eq!(outlook(&three, 50, 100, 10, 1000), Outlook::TooEarly, "few steps");
        let found = outlook(&steady(12, 9), 12, 120, 500, 200);
        assert_eq!(found, Outlook::Range { low: 200, high: 200, earliest: Some(56) });
    }

    #[test]
    fn a_pause_is_told_as_one() {
        let ticks = steady(20, 10);
        let found = outlook(&ticks, 80, 100, 1_000, 10_000);
        assert_eq!(found, Outlook::Range { low: 200, high: 250, earliest: None });
        // the last tick: nothing is left to come
        let found = outlook(&ticks, 100, 100, 1_000, 10_000);
        assert_eq!(found, Outlook::Range { low: 200, high: 200, earliest: None });
    }
}
