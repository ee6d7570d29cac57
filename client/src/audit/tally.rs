//! The tally of an audit: applies the rules of the log to every entry, lets no nonce pass twice and no tick that has
//! not come, and compares the published counts at exactly the log size that they name, neither earlier nor later.

use crate::error::Error;
use crate::own_entry::{Published, Standing};
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::counts::{Counts, Sums};
use protocol::entry::Entry;
use protocol::publication::{State, Tick};
use protocol::recount::{Recount, Seen, Summary};
use protocol::token::Token;

/// What was read so far.
pub(super) struct Tally<'a> {
    campaign: &'a Campaign,
    recount: Recount<'a>,
    published: Published,
    last_ended: Tick,
    counts: Option<Counts>,
    entries: u64,
    groups: u64,
    sums: Sums,
    missing_in_group: u32,
    last_tick: u32,
    closed: bool,
    announcement: Option<Vec<u8>>,
}

impl<'a> Tally<'a> {
    /// `now` is the time in Unix seconds; somewhat later ticks pass too, because clocks differ.
    pub(super) fn new(campaign: &'a Campaign, counts: Option<Counts>, now: u64) -> Self {
        Self {
            campaign,
            recount: Recount::new(campaign),
            published: Published::default(),
            last_ended: campaign.genesis().schedule().last_ended(now.saturating_add(CLOCK_SLACK_SECONDS)),
            counts,
            entries: 0,
            groups: 0,
            sums: Sums::default(),
            missing_in_group: 0,
            last_tick: 0,
            closed: false,
            announcement: None,
        }
    }

    /// Takes the next entry; a pledge comes back as the token that has to verify, with its index.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Option<(u64, Token)>, Error> {
        self.compare_counts()?;
        let index = self.entries;
        let seen = self.recount.entry(bytes)?;
        self.entries += 1;
        match seen {
            Seen::Pledge { nonce, token, area } => {
                if !self.published.add(nonce, Standing { area, tick: self.last_tick, index }) {
                    return Err(Error::Misbehaved(format!("log entry {index}: this pledge was published before")));
                }
                self.sums.add(area, 1);
                self.missing_in_group = self.missing_in_group.saturating_sub(1);
                Ok(Some((index, *token)))
            }
            Seen::Other if index == 0 => Ok(None), // the genesis
            Seen::Other => {
                match Entry::decode(bytes)? {
                    Entry::Group { tick, size, .. } => {
                        self.check_tick(&format!("log entry {index}"), tick.into())?;
                        self.groups += 1;
                        self.last_tick = tick;
                        self.missing_in_group = size;
                    }
                    Entry::Announcement(note) => self.announcement = Some(note),
                    Entry::Close { tick } => {
                        self.check_tick(&format!("log entry {index}"), tick.into())?;
                        self.last_tick = tick;
                        self.closed = true;
                    }
                    Entry::Pledge(_) | Entry::Page { .. } => {}
                }
                Ok(None)
            }
        }
    }

    /// Nothing can have been published at a tick that has not ended.
    fn check_tick(&self, what: &str, tick: Tick) -> Result<(), Error> {
        if tick <= self.last_ended {
            return Ok(());
        }
        Err(Error::Misbehaved(format!(
            "{what}: it is of tick {tick}, which has not ended by this device's clock; if the clock is right, the \
             server is wrong"
        )))
    }

    /// Ends at the checkpoint: what the log says, the number of groups, and all pledges.
    pub(super) fn finish(mut self) -> Result<(Summary, u64, Published), Error> {
        self.compare_counts()?;
        if self.counts.is_some() {
            return Err(Error::Misbehaved("counts.json names a log size that the log never had.".to_owned()));
        }
        Ok((self.recount.finish()?, self.groups, self.published))
    }

    /// Compares `counts.json` once, where the log has the size that it names.
    fn compare_counts(&mut self) -> Result<(), Error> {
        let Some(counts) = self.counts.take_if(|counts| counts.log_size == self.entries) else {
            return Ok(());
        };
        let wrong = |what: &str| {
            Err(Error::Misbehaved(format!("counts.json, taken from {} log entries, {what}.", counts.log_size)))
        };
        if self.missing_in_group != 0 {
            return wrong("ends inside a group, so it shows fewer than the group");
        }
        if counts.check(&self.sums).is_err() {
            return wrong("shows other numbers than the log");
        }
        if self.closed != (counts.state == State::Closed) {
            return wrong("and the log disagree whether the campaign has closed");
        }
        if counts.tick < i64::from(self.last_tick) {
            return wrong("names an earlier tick than the log");
        }
        self.check_tick("counts.json", counts.tick)?;
        let announcement = match &self.announcement {
            Some(note) => Some(Announcement::open(note, self.campaign)?),
            None => None,
        };
        if counts.announcement != announcement {
            return wrong("shows another announcement than the log");
        }
        Ok(())
    }
}

/// How far this device's clock may be behind the server's.
const CLOCK_SLACK_SECONDS: u64 = 600;
