//! Pace: answers that a forger hears come at a bounded rate, in the order in which they were asked for. So who sends forged
//! invites and tokens as fast as he hears of them costs others little, however many connections he has: there is room for
//! so many, and who waits here is the first to end where others come (`connections`).
//!
//! Everybody else's answers do not wait, and who mistypes a code does not notice unless somebody forges at that moment. What
//! is refused is not remembered, nor whom; the one thing kept is when the next may be told.

use crate::config::{GUESSES_AT_ONCE_MAX, GUESSES_PER_SECOND_MAX};
use axum::http::StatusCode;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// One for each listener.
pub(crate) struct Pace {
    /// When the next may be told. A fair lock: who waits for it stands in line, and who goes away leaves the line.
    next: Mutex<Instant>,
}

impl Pace {
    /// Nobody has guessed yet.
    pub(crate) fn new() -> Self {
        Self { next: Mutex::new(earliest()) }
    }

    /// Waits for the turn of an answer: a wrong invite, token or password, or one repeat too many. Others have no turn to wait for.
    pub(crate) async fn turn(&self, status: StatusCode) {
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS) {
            return;
        }
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = earliest().max(*next) + INTERVAL;
    }
}

/// Between two answers.
const INTERVAL: Duration = Duration::from_nanos(1_000_000_000 / GUESSES_PER_SECOND_MAX as u64);

/// The turns of a pause are saved up to here.
fn earliest() -> Instant {
    let now = Instant::now();
    now.checked_sub(INTERVAL * (GUESSES_AT_ONCE_MAX - 1)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// More than are told at once.
    const MORE: u32 = 200;

    #[tokio::test]
    async fn d1_guesses_are_answered_at_a_bounded_rate_and_nobody_else_waits() {
        let (pace, told, begin) = (Arc::new(Pace::new()), Arc::new(AtomicU32::new(0)), Instant::now());
        let guess = |pace: Arc<Pace>, told: Arc<AtomicU32>| async move {
            pace.turn(StatusCode::UNAUTHORIZED).await;
            told.fetch_add(1, SeqCst);
        };
        let all = GUESSES_AT_ONCE_MAX + MORE;
        let guesses: Vec<_> = (0..all).map(|_| tokio::spawn(guess(pace.clone(), told.clone()))).collect();
        for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE] {
            pace.turn(status).await;
        }
        assert_eq!(told.load(SeqCst), 0, "others do not even let the guesses begin");
        for guess in guesses {
            guess.await.unwrap();
        }
        let least = INTERVAL * (MORE - 1);
        assert!(begin.elapsed() >= least, "{:?} for {MORE} more than at once", begin.elapsed());
    }

    #[tokio::test]
    async fn d1_who_goes_away_leaves_the_line() {
        let pace = Arc::new(Pace::new());
        let guess = |pace: Arc<Pace>| async move { pace.turn(StatusCode::TOO_MANY_REQUESTS).await };
        let crowd: Vec<_> = (0..50 * GUESSES_PER_SECOND_MAX).map(|_| tokio::spawn(guess(pace.clone()))).collect();
        tokio::task::yield_now().await;
        crowd.iter().for_each(tokio::task::JoinHandle::abort);
        for task in crowd {
            let _ = task.await;
        }
        // the whole crowd would take fifty seconds
        tokio::time::timeout(Duration::from_secs(20), pace.turn(StatusCode::UNAUTHORIZED)).await.unwrap();
    }
}
