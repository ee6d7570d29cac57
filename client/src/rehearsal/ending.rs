//! How a rehearsal ends: what was pledged is given time to be published, or the campaign is closed; both are seen in the
//! published numbers, as everybody sees them. Whether they are right is for the audit to say.

use super::{Sighting, Watch};
use crate::campaign::Site;
use crate::error::Error;
use protocol::publication::{State, Tick};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The tick after which everything that was acknowledged before `now` has been judged by the rule. The tick under way
/// may have been begun without the last pledges, and clocks differ, so it is the one after.
pub fn settling_tick(site: &Site, seen: Option<Sighting>, now: u64) -> Tick {
    let by_clock = site.campaign.genesis().schedule().last_ended(now);
    seen.map_or(by_clock, |seen| seen.tick.max(by_clock)) + 2
}

/// Waits until a tick has run; `progress` hears how many seconds have gone and how many it may take.
pub async fn wait_for_tick(
    site: &Site,
    watch: &Watch,
    tick: Tick,
    progress: impl FnMut(u64, u64),
) -> Result<(), Error> {
    let reached = |seen: &Sighting| seen.tick >= tick || seen.state == State::Closed;
    wait(site, watch, reached, progress, "run the next ticks").await
}

/// Waits until the campaign has closed.
pub async fn wait_for_close(site: &Site, watch: &Watch, progress: impl FnMut(u64, u64)) -> Result<(), Error> {
    wait(site, watch, |seen| seen.state == State::Closed, progress, "close").await
}

async fn wait(
    site: &Site,
    watch: &Watch,
    reached: impl Fn(&Sighting) -> bool,
    mut progress: impl FnMut(u64, u64),
    what: &str,
) -> Result<(), Error> {
    let (begun, tick) = (Instant::now(), u64::from(site.campaign.genesis().tick_seconds));
    let longest = tick.saturating_mul(2).saturating_add(PATIENCE_SECONDS);
    while !watch.last().is_some_and(|seen| reached(&seen)) {
        let waited = begun.elapsed().as_secs();
        if waited > longest {
            return Err(Error::Misbehaved(format!(
                "The server should {what} within {} seconds, and {longest} have gone; look at what it says on its \
                 standard error.",
                tick.saturating_mul(2)
            )));
        }
        progress(waited, tick.saturating_mul(2));
        sleep(LOOK).await;
    }
    Ok(())
}

const LOOK: Duration = Duration::from_millis(200);
/// A tick of many pledges takes a moment, on a busy machine more than that.
const PATIENCE_SECONDS: u64 = 120;
