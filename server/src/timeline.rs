//! Where in its life the campaign is: schedule, clock, and what an organiser or the log has decided about the end.

use crate::clock::{Now, Timekeeper};
use crate::error::Error;
use crate::store::SECRET_FILE;
use crate::store::disk::{remove_file, sync_dir, write_file};
use protocol::publication::{Schedule, State, Tick};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file of the decision to close, in the data directory.
pub(crate) const CLOSING: &str = "closing";

/// The campaign's time. Roles ask it for the state and learn no time of day.
pub(crate) struct Timeline {
    schedule: Schedule,
    keeper: Timekeeper,
    closing_file: PathBuf,
    confirm_file: PathBuf,
    /// The campaign was restored, and nobody knows which invites were used since its backup.
    issuing_stopped: bool,
    end: Mutex<End>,
    /// One organiser closes at a time; held while the disk is written, which nobody else waits for.
    closer: Mutex<()>,
}

#[derive(Clone, Copy)]
struct End {
    /// The closing tick that an organiser made.
    closing: Option<Tick>,
    /// The last tick that was run: time does not go back behind its end.
    last_tick: Tick,
    /// The close entry is in the signed checkpoint.
    closed: bool,
}

impl Timeline {
    /// Reads what an organiser decided earlier, if anything. `last_tick` is what the stores remember.
    pub(crate) fn open(
        data: &Path,
        schedule: Schedule,
        keeper: Timekeeper,
        last_tick: Tick,
        closed: bool,
    ) -> Result<Self, Error> {
        let closing_file = data.join(CLOSING);
        let closing = match std::fs::read_to_string(&closing_file) {
            Ok(text) => {
                let tick: Option<Tick> = text.parse().ok().filter(|tick: &Tick| tick.to_string() == text);
                Some(tick.ok_or_else(|| Error::damaged(format!("{} is damaged", closing_file.display())))?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io(closing_file.display(), error)),
        };
        // a closing tick that was written down but not answered for may lie behind what was run since
        let closing = closing.map(|tick: Tick| tick.max(last_tick + 1).min(schedule.final_tick()));
        if !closed {
            let last = schedule.end_of(last_tick);
            keeper.doubt_if_past(schedule.end_of(closing.unwrap_or_else(|| schedule.final_tick())), last);
        }
        let end = Mutex::new(End { closing, last_tick, closed });
        let (confirm_file, issuing_stopped) = (confirm_file(data), data.join(ISSUING_STOPPED).exists());
        Ok(Self { schedule, keeper, closing_file, confirm_file, issuing_stopped, end, closer: Mutex::default() })
    }

    /// The state in which requests are judged.
    pub(crate) fn state(&self) -> State {
        let end = *self.end();
        if end.closed { State::Closed } else { self.schedule.state(self.now(end).seconds, end.closing) }
    }

    /// The state as the log shows it: closed only once the close entry is in the checkpoint.
    pub(crate) fn published_state(&self) -> State {
        let end = *self.end();
        match self.state() {
            State::Closed if !end.closed && end.closing.is_some() => State::Closing,
            State::Closed if !end.closed => State::Open,
            state => state,
        }
    }

    /// Whether new tokens are issued, by time, and by what the operator knows after a restore.
    pub(crate) fn issues_tokens(&self) -> bool {
        let end = *self.end();
        !self.issuing_stopped && self.now(end).seconds < self.schedule.issuing_closes
    }

    /// The tick under way.
    pub(crate) fn tick_under_way(&self) -> Tick {
        let end = *self.end();
        self.schedule.last_ended(self.now(end).seconds) + 1
    }

    /// When a tick ends, in Unix seconds.
    pub(crate) fn end_of(&self, tick: Tick) -> u64 {
        self.schedule.end_of(tick)
    }

    /// The tick that should be run now, if one is due, and whether it is the closing one. None while the clock is in doubt.
    pub(crate) fn due(&self) -> Option<(Tick, bool)> {
        let end = *self.end();
        let now = self.now(end);
        if end.closed || now.in_doubt || now.seconds < self.schedule.opens {
            return None;
        }
        let closing_tick = end.closing.unwrap_or_else(|| self.schedule.final_tick());
        let tick = self.schedule.last_ended(now.seconds).min(closing_tick);
        (tick > end.last_tick).then_some((tick, tick == closing_tick))
    }

    /// The last tick that was run.
    pub(crate) fn last_tick(&self) -> Tick {
        self.end().last_tick
    }

    /// A tick was run.
    pub(crate) fn ran(&self, tick: Tick) {
        let mut end = self.end();
        end.last_tick = end.last_tick.max(tick);
    }

    /// Whether the close entry is in the signed checkpoint.
    pub(crate) fn is_closed(&self) -> bool {
        self.end().closed
    }

    /// The close entry is in the signed checkpoint.
    pub(crate) fn closed(&self) {
        self.end().closed = true;
    }

    /// An organiser closes the campaign: durable when this returns, and for ever. Repeats change nothing. While the
    /// clock is in doubt nobody can say which tick is the next. What can be refused is refused before `record` is called,
    /// and nothing is done before it has returned.
    pub(crate) fn close(&self, record: impl FnOnce() -> Result<(), Error>) -> Result<Tick, Error> {
        let _one = self.closer.lock().unwrap_or_else(PoisonError::into_inner);
        let end = *self.end();
        if let Some(tick) = end.closing {
            return Ok(tick);
        }
        let now = self.now(end);
        if now.in_doubt {
            return Err(Error::Refused("a close was refused while the clock is in doubt".to_owned()));
        }
        let tick = self.schedule.closing_tick(now.seconds);
        record()?;
        let written = write_file(&self.closing_file, SECRET_FILE, tick.to_string().as_bytes());
        if written.is_ok() || self.closing_file.exists() {
            self.end().closing = Some(tick); // a start would find it too
        }
        written?;
        Ok(tick)
    }

    /// Takes the operator's word that the clock is right, if he has left it (`check --clock-is-right`). It serves one
    /// doubt: it is gone from the disk before it counts.
    pub(crate) fn take_confirmation(&self) -> Result<(), Error> {
        if !self.in_doubt() || !self.confirm_file.exists() {
            return Ok(());
        }
        remove_file(&self.confirm_file)?;
        sync_dir(self.confirm_file.parent().unwrap_or(Path::new(".")))?;
        self.keeper.confirm();
        Ok(())
    }

    /// Seconds until the tick under way ends, for whoever is told to come back after it.
    pub(crate) fn seconds_to_next_tick(&self) -> u64 {
        let end = *self.end();
        let now = self.now(end).seconds;
        self.schedule.end_of(self.schedule.last_ended(now) + 1).saturating_sub(now)
    }

    /// What the server's clock says, for organisers to compare with their own. No role may use it.
    pub(crate) fn clock(&self) -> u64 {
        self.keeper.now().seconds
    }

    /// Whether the clock is in doubt.
    pub(crate) fn in_doubt(&self) -> bool {
        self.keeper.now().in_doubt
    }

    fn now(&self, end: End) -> Now {
        let now = self.keeper.now();
        // the tick that the stores are made with was never run: it may end when the campaign opens, and holds nothing up
        let ran = end.last_tick > self.schedule.last_ended(self.schedule.opens);
        let not_before = if ran { self.schedule.end_of(end.last_tick) } else { 0 };
        Now { seconds: now.seconds.max(not_before), ..now }
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file by which the operator says that the clock is right.
pub(crate) fn confirm_file(data: &Path) -> PathBuf {
    data.join("clock-is-right")
}

/// After a restore: no token is issued until the operator removes this word.
pub(crate) fn stop_issuing(data: &Path) -> Result<(), Error> {
    Ok(write_file(&data.join(ISSUING_STOPPED), SECRET_FILE, b"")?)
}

const ISSUING_STOPPED: &str = "issuing-stopped";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Reading};
    use std::time::Duration;

    #[test]
    fn o1_a_campaign_that_opens_on_the_grid_takes_nothing_before() {
        let folder = tempfile::tempdir().unwrap();
        let (opens, tick_seconds) = (36_000, 3600);
        for pledges_open in [opens, opens + tick_seconds, opens + tick_seconds / 2] {
            let closes = pledges_open + 10 * tick_seconds;
            let schedule = Schedule { opens, pledges_open, issuing_closes: closes, closes, tick_seconds };
            for (now, expected) in [(opens - 1, State::Before), (opens, schedule.state(opens, None))] {
                let clock = Clock::new(move || Reading { wall: now, steady: Duration::ZERO });
                // what the stores remember from their making
                let first = schedule.last_ended(opens);
                let timeline = Timeline::open(folder.path(), schedule, Timekeeper::new(clock, 600), first, false);
                assert_eq!(timeline.ok().unwrap().state(), expected, "{pledges_open}, {now}");
            }
        }
    }
}
