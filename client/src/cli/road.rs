//! What keeps token and pledge apart (N1): the road that was agreed to, and the time between the two.

use crate::cli::console::Console;
use crate::cli::{Failure, clock};
use clap::Args;
use client::campaign::Site;
use client::transport::Network;
use protocol::counts::Counts;
use protocol::publication::State;
use rand::RngExt;
use std::time::Duration;

/// The flag that agrees to a direct connection.
#[derive(Args)]
pub(crate) struct Direct {
    /// Go straight to the server, which can then link invite and pledge by your address; do not ask.
    #[arg(long, conflicts_with = "proxy")]
    direct: bool,
}

impl Direct {
    /// Where there is no proxy, the participant is told and asked before the first connection of all; there is no silent
    /// direct one.
    pub(crate) fn agree(&self, console: &Console, network: &Network) -> Result<(), Failure> {
        if !network.is_direct() || self.direct {
            return Ok(());
        }
        console.say(
            "There is no proxy: from its first question on this program shows the server this device's network address, \
             with the invite and again with the pledge, and the server can link the two by it. Tor prevents that: --proxy socks5h://127.0.0.1:9050 (9150 for Tor \
             Browser's).",
        );
        let question = "Go straight to the server all the same?";
        Ok(console.confirm(question, "--direct, or --proxy", self.direct)?)
    }
}

/// How long to wait before the pledge.
#[derive(Args)]
pub(crate) struct Waiting {
    /// Wait this many seconds before the pledge, instead of a random time of up to ten minutes.
    #[arg(long, value_name = "SECONDS", conflicts_with = "now")]
    delay: Option<u64>,
    /// Pledge at once: whoever watches the server just after the token can match the two by their time.
    #[arg(long)]
    now: bool,
}

impl Waiting {
    /// Waits, with a progress bar. `seconds_left` is how long pledges are surely taken.
    /// False if Ctrl-C ended it.
    pub(crate) async fn wait(&self, console: &Console, seconds_left: u64) -> bool {
        let seconds = match (self.now, self.delay) {
            (true, _) => 0,
            (false, Some(seconds)) => seconds,
            (false, None) => random_delay(seconds_left),
        };
        if seconds == 0 {
            return true;
        }
        if seconds > seconds_left {
            console.warn("the campaign may have closed by then.");
        }
        console.say(&format!(
            "Waiting {seconds} seconds before the pledge, so that its time does not show which token it belongs to. \
             Ctrl-C ends this, and you are told how to finish it later."
        ));
        let bar = console.bar(seconds, "waiting");
        for _ in 0..seconds {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => bar.inc(1),
                _ = tokio::signal::ctrl_c() => {
                    bar.finish_and_clear();
                    return false;
                }
            }
        }
        bar.finish_and_clear();
        true
    }
}

/// How many seconds pledges are surely taken: a campaign that is closing may end with the tick that is under way.
pub(crate) fn seconds_left(site: &Site, counts: Option<&Counts>) -> u64 {
    let (schedule, now) = (site.campaign.genesis().schedule(), clock::now());
    let end = match counts.map(|counts| counts.state) {
        Some(State::Closed) => 0,
        Some(State::Closing) => schedule.end_of((schedule.last_ended(now) + 1).max(1)),
        _ => schedule.closes,
    };
    end.saturating_sub(now)
}

/// Seconds from 0 to 600, evenly; when the campaign ends soon, at most half of what is left.
fn random_delay(seconds_left: u64) -> u64 {
    rand::rng().random_range(0..=DELAY_SECONDS_MAX.min(seconds_left / 2))
}

const DELAY_SECONDS_MAX: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_delay_is_at_most_ten_minutes_and_never_outlasts_the_campaign() {
        let drawn: Vec<u64> = (0..2000).map(|_| random_delay(1_000_000)).collect();
        assert!(drawn.iter().all(|delay| *delay <= 600));
        assert!(drawn.iter().any(|delay| *delay < 60) && drawn.iter().any(|delay| *delay > 540));
        assert!((0..100).all(|_| random_delay(20) <= 10));
        assert_eq!(random_delay(0), 0);
    }
}
