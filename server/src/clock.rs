//! The time, and the doubt in it: a wall clock that jumps must not publish, close or destroy anything (DESIGN §5).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One look at both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Unix seconds, which an operator or a network may set.
    pub wall: u64,
    /// Time since some start, which only goes on.
    pub steady: Duration,
}

/// Where the server reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Reading + Send + Sync>);

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Self {
        let start = Instant::now();
        Self::new(move || Reading {
            wall: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            steady: start.elapsed(),
        })
    }

    /// Other clocks.
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    fn read(&self) -> Reading {
        (self.0)()
    }
}

/// A clock that is believed as long as wall and steady time agree.
pub struct Timekeeper {
    clock: Clock,
    tolerance_secs: u64,
    belief: Mutex<Belief>,
}

struct Belief {
    anchor: Reading,
    /// The last time that was believed.
    believed: u64,
    /// Set at start when the clock lies past the end of the campaign: only the operator clears it.
    doubted_from_start: bool,
}

/// What a timekeeper says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Unix seconds; while in doubt the last that were believed.
    pub seconds: u64,
    /// Whether the clock is in doubt, so that nothing may be published, closed or destroyed.
    pub in_doubt: bool,
}

impl Timekeeper {
    /// Starts to watch the clock.
    pub fn new(clock: Clock, tolerance_secs: u64) -> Self {
        let anchor = clock.read();
        let belief = Belief { anchor, believed: anchor.wall, doubted_from_start: false };
        Self { clock, tolerance_secs, belief: Mutex::new(belief) }
    }

    /// Doubts the clock from the start if it shows more than the tolerance past `closes`; `last` is the time of the last tick.
    pub fn doubt_if_past(&self, closes: u64, last: u64) {
        let mut belief = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        if belief.anchor.wall > closes.saturating_add(self.tolerance_secs) {
            belief.doubted_from_start = true;
            belief.believed = last;
        }
    }

    /// The time.
    pub fn now(&self) -> Now {
        let reading = self.clock.read();
        let mut belief = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = reading.steady.saturating_sub(belief.anchor.steady);
        let expected = belief.anchor.wall.saturating_add(elapsed.as_secs());
        let in_doubt = belief.doubted_from_start || expected.abs_diff(reading.wall) > self.tolerance_secs;
        if !in_doubt {
            belief.believed = reading.wall;
        }
        Now { seconds: belief.believed, in_doubt }
    }

    /// The operator says that the clock is right as it is.
    pub fn confirm(&self) {
        let anchor = self.clock.read();
        let mut belief = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        *belief = Belief { anchor, believed: anchor.wall, doubted_from_start: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    fn two_clocks() -> (Arc<AtomicU64>, Arc<AtomicU64>, Timekeeper) {
        let (wall, steady) = (Arc::new(AtomicU64::new(1000)), Arc::new(AtomicU64::new(0)));
        let (w, s) = (wall.clone(), steady.clone());
        let clock = Clock::new(move || Reading { wall: w.load(SeqCst), steady: Duration::from_secs(s.load(SeqCst)) });
        (wall, steady, Timekeeper::new(clock, 100))
    }

    #[test]
    fn a_clock_that_jumps_is_doubted_until_it_returns_or_is_confirmed() {
        let (wall, steady, keeper) = two_clocks();
        wall.store(1050, SeqCst);
        steady.store(50, SeqCst);
        assert_eq!(keeper.now(), Now { seconds: 1050, in_doubt: false });
        wall.store(1151, SeqCst);
        assert_eq!(keeper.now(), Now { seconds: 1050, in_doubt: true });
        wall.store(1150, SeqCst);
        assert_eq!(keeper.now(), Now { seconds: 1150, in_doubt: false });
        wall.store(900, SeqCst);
        assert!(keeper.now().in_doubt);
        keeper.confirm();
        assert_eq!(keeper.now(), Now { seconds: 900, in_doubt: false });
    }

    #[test]
    fn a_clock_far_past_the_close_is_doubted_from_the_start() {
        let (_, _, keeper) = two_clocks();
        keeper.doubt_if_past(900, 500);
        assert_eq!(keeper.now(), Now { seconds: 1000, in_doubt: false });
        keeper.doubt_if_past(899, 500);
        assert_eq!(keeper.now(), Now { seconds: 500, in_doubt: true });
        keeper.confirm();
        assert!(!keeper.now().in_doubt);
    }
}
