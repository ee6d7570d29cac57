//! What keeps token and pledge apart (N1): the road that was agreed to, and the time between the two.

use crate::cli::clock::{self, utc};
use crate::cli::console::Console;
use clap::Args;
use client::error::Error;
use client::transport::Network;
use protocol::publication::{Schedule, State};
use rand::RngExt;
use std::time::Duration;

/// The flag that agrees to a direct connection.
#[derive(Args)]
pub(crate) struct Direct {
    /// Go straight to the server, which then sees this device's network address, and can link what is sent by it; do
    /// not ask.
    #[arg(long, conflicts_with = "proxy")]
    direct: bool,
}

impl Direct {
    /// Where there is neither relay nor proxy, the user is told what the address gives away, and asked, before anything
    /// at all is sent; there is no silent direct connection.
    pub(crate) fn agree(&self, console: &Console, network: &Network, gives_away: &str) -> Result<(), Error> {
        if !network.is_direct() {
            return Ok(());
        }
        console.say(&format!(
            "There is no proxy: the server, and whoever watches the way, sees this device's network address {gives_away}. \
             Tor prevents that: --proxy socks5h://127.0.0.1:9050 (9150 for Tor Browser's)."
        ));
        console.confirm("Go straight to the server all the same?", "--direct, or --proxy", self.direct)
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

/// How long a random delay may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Longest {
    seconds: u64,
    /// The genesis would allow more; only the server's unsigned word makes it shorter.
    by_the_servers_word: bool,
}

impl Waiting {
    /// Decides how many seconds to wait, before anything secret is sent. `state` is the server's unsigned word: it may
    /// not shorten the delay, which protects against this very server, without a yes.
    pub(crate) fn choose(&self, console: &Console, schedule: &Schedule, state: Option<State>) -> Result<u64, Error> {
        let now = clock::now();
        if self.now {
            return Ok(0);
        }
        let closing = closing_end(schedule, state, now);
        if let Some(seconds) = self.delay {
            let ends = now.saturating_add(seconds);
            if ends >= schedule.closes {
                console.warn(&format!(
                    "the delay outlasts the campaign, which closes on {}: the pledge would not be counted.",
                    utc(schedule.closes)
                ));
            } else if closing.is_some_and(|end| ends >= end) {
                console.warn("the server says that the campaign is closing, and the delay may outlast it.");
            }
            return Ok(seconds);
        }
        let longest = longest_delay(schedule, closing, now);
        if longest.by_the_servers_word {
            console.say(&format!(
                "The server says that the campaign is closing and may take pledges only until {}. That is not signed: \
                 a hostile server could say so to make you pledge sooner, because the longer you wait, the less the time \
                 tells. A delay of your own: --delay SECONDS.",
                closing.map_or_else(String::new, utc)
            ));
            let question = format!("Wait at most {} seconds before the pledge?", longest.seconds);
            console.confirm(&question, "--now or --delay SECONDS", false)?;
        }
        Ok(rand::rng().random_range(0..=longest.seconds))
    }

    /// Waits, with a progress bar.
    pub(crate) async fn wait(console: &Console, seconds: u64) {
        if seconds == 0 {
            return;
        }
        console.say(&format!(
            "Waiting {seconds} seconds before the pledge, so that its time does not show which token it belongs to. \
             Ctrl-C ends this, and tells how to finish later."
        ));
        let bar = console.bar(seconds, "waiting");
        for _ in 0..seconds {
            tokio::time::sleep(Duration::from_secs(1)).await;
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
}

/// When a campaign that says it is closing may end: with the tick under way.
fn closing_end(schedule: &Schedule, state: Option<State>, now: u64) -> Option<u64> {
    (state == Some(State::Closing)).then(|| schedule.end_of((schedule.last_ended(now) + 1).max(1)))
}

/// Ten minutes; when the campaign ends soon, half of what is left.
fn longest_delay(schedule: &Schedule, closing: Option<u64>, now: u64) -> Longest {
    let until = |end: u64| DELAY_SECONDS_MAX.min(end.saturating_sub(now) / 2);
    let signed = until(schedule.closes);
    let seconds = closing.map_or(signed, until).min(signed);
    Longest { seconds, by_the_servers_word: seconds < signed }
}

const DELAY_SECONDS_MAX: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule =
        Schedule { opens: 0, pledges_open: 0, issuing_closes: 100_000, closes: 100_000, tick_seconds: 100 };

    #[test]
    fn n1_the_servers_unsigned_word_never_shortens_the_delay_unasked() {
        let longest = |state, now| longest_delay(&SCHEDULE, closing_end(&SCHEDULE, state, now), now);
        for state in [None, Some(State::Open), Some(State::Collecting)] {
            assert_eq!(longest(state, 10), Longest { seconds: 600, by_the_servers_word: false });
            assert_eq!(longest(state, 99_980), Longest { seconds: 10, by_the_servers_word: false });
            assert_eq!(longest(state, 100_001), Longest { seconds: 0, by_the_servers_word: false });
        }
        assert_eq!(longest(Some(State::Closing), 20), Longest { seconds: 40, by_the_servers_word: true });
        assert_eq!(longest(Some(State::Closing), 99_980), Longest { seconds: 10, by_the_servers_word: false });
        // nobody is there to be asked here, so it stops, and names the flags
        let now = clock::now();
        let schedule = Schedule { pledges_open: now - 10, closes: now + 100_000, ..SCHEDULE };
        let choose = |delay, now| {
            let console = Console::new(true, None);
            Waiting { delay, now }.choose(&console, &schedule, Some(State::Closing)).map_err(|error| error.to_string())
        };
        assert_eq!((choose(None, true), choose(Some(7), false)), (Ok(0), Ok(7)));
    }
}
