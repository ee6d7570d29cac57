//! Recount: the audit of a log, entry by entry, without any I/O (DESIGN §4, "Audit").
//!
//! The server reads its own log with the same eyes at every start. Signatures of tokens are left to the caller, who
//! can check them on all cores: every published pledge comes back as the Token that has to verify.

use crate::announcement::Announcement;
use crate::campaign::Campaign;
use crate::counts::Sums;
use crate::entry::Entry;
use crate::error::Error;
use crate::pledge::Nonce;
use crate::publication::{Area, Tick, Tree, follows};
use crate::token::Token;

/// What a log says so far.
pub struct Recount<'a> {
    campaign: &'a Campaign,
    tree: Tree,
    final_tick: Tick,
    entries: u64,
    sums: Sums,
    pledges: u64,
    announcement: Option<Announcement>,
    manifest_sha256: Option<[u8; 32]>,
    closed_at: Option<u32>,
    last_tick: u32,
    tick_groups: Vec<(Area, u64)>,
    open_group: Option<OpenGroup>,
}

/// A group whose pledges are still coming.
struct OpenGroup {
    area: Area,
    missing: u32,
    last_entry: Vec<u8>,
}

/// What an entry was, as far as a caller has work with it.
pub enum Seen {
    /// A pledge: its nonce must be new, its token must verify, and `area` is what it counts for.
    Pledge {
        /// The nonce.
        nonce: Nonce,
        /// The token, signature unchecked.
        token: Box<Token>,
        /// What it counts for.
        area: Area,
    },
    /// Anything else: fully checked here.
    Other,
}

impl<'a> Recount<'a> {
    /// Starts before entry 0.
    pub fn new(campaign: &'a Campaign) -> Self {
        Self {
            campaign,
            tree: campaign.tree(),
            final_tick: campaign.genesis().schedule().final_tick(),
            entries: 0,
            sums: Sums::default(),
            pledges: 0,
            announcement: None,
            manifest_sha256: None,
            closed_at: None,
            last_tick: 0,
            tick_groups: Vec::new(),
            open_group: None,
        }
    }

    /// Takes the next entry. An error names its index and the rule that it breaks.
    pub fn entry(&mut self, bytes: &[u8]) -> Result<Seen, Error> {
        let index = self.entries;
        let seen = self.checked(bytes).map_err(|error| Error::Audit(format!("log entry {index}: {error}")))?;
        self.entries += 1;
        Ok(seen)
    }

    fn checked(&mut self, bytes: &[u8]) -> Result<Seen, Error> {
        if self.entries == 0 {
            let same = bytes == self.campaign.genesis_bytes();
            return if same { Ok(Seen::Other) } else { broken("it is not the genesis of this campaign") };
        }
        let entry = Entry::decode(bytes)?;
        if entry.encode() != bytes {
            return broken("it is not encoded canonically");
        }
        if self.open_group.is_some() != matches!(entry, Entry::Pledge(_)) {
            return broken("a group has another number of pledges than it says");
        }
        match entry {
            Entry::Group { tick, area, size } => self.group(tick, area, size)?,
            Entry::Pledge(pledge) => {
                self.pledge(pledge.area, bytes)?;
                let token = Box::new(pledge.token(self.campaign));
                return Ok(Seen::Pledge { nonce: token.nonce(), token, area: pledge.area });
            }
            Entry::Announcement(note) => {
                self.end_of_tick(false)?;
                let announcement = Announcement::open(&note, self.campaign)?;
                if announcement.number != self.announcement.as_ref().map_or(0, |a| a.number) + 1 {
                    return broken("the announcement repeats a number or leaves one out");
                }
                self.announcement = Some(announcement);
            }
            Entry::Close { tick } => self.close(tick)?,
            Entry::Page { manifest_sha256 } => {
                self.end_of_tick(false)?;
                self.manifest_sha256 = Some(manifest_sha256);
            }
        }
        Ok(Seen::Other)
    }

    fn group(&mut self, tick: u32, area: Area, size: u32) -> Result<(), Error> {
        if self.closed_at.is_some() {
            return broken("a group stands behind the close");
        }
        if tick == 0 || Tick::from(tick) > self.final_tick || tick < self.last_tick {
            return broken("the tick does not exist or goes back");
        }
        if tick != self.last_tick {
            self.end_of_tick(false)?;
        } else if self.tick_groups.is_empty() {
            return broken("a tick goes on after something else was published");
        }
        if size == 0 {
            return broken("a group is empty");
        }
        self.last_tick = tick;
        self.tick_groups.push((area, u64::from(size)));
        self.open_group = Some(OpenGroup { area, missing: size, last_entry: Vec::new() });
        Ok(())
    }

    fn pledge(&mut self, area: Area, bytes: &[u8]) -> Result<(), Error> {
        let Some(group) = self.open_group.as_mut() else {
            return broken("a pledge stands outside a group");
        };
        if area != group.area {
            return broken("a pledge stands in a group of another area");
        }
        if bytes <= group.last_entry.as_slice() {
            return broken("the pledges of a group are not sorted, or one is doubled");
        }
        group.last_entry = bytes.to_vec();
        group.missing -= 1;
        if group.missing == 0 {
            self.open_group = None;
        }
        self.sums.add(area, 1);
        self.pledges += 1;
        if self.pledges > self.campaign.genesis().eligible {
            return broken("there are more pledges than people eligible");
        }
        Ok(())
    }

    fn close(&mut self, tick: u32) -> Result<(), Error> {
        if self.closed_at.is_some() {
            return broken("the campaign closes twice");
        }
        if tick == 0 || Tick::from(tick) > self.final_tick || tick < self.last_tick {
            return broken("the closing tick does not exist or goes back");
        }
        if tick == self.last_tick && self.tick_groups.is_empty() {
            return broken("a tick goes on after something else was published");
        }
        if tick != self.last_tick {
            self.end_of_tick(false)?; // the groups before are of an ordinary tick, the closing one has none
        }
        self.end_of_tick(true)?;
        self.last_tick = tick;
        self.closed_at = Some(tick);
        Ok(())
    }

    /// All groups of a tick are known now: the rule of publication judges them together.
    fn end_of_tick(&mut self, closing: bool) -> Result<(), Error> {
        let groups = std::mem::take(&mut self.tick_groups);
        if !closing && !groups.is_empty() && Tick::from(self.last_tick) == self.final_tick {
            return broken("the groups of the final tick stand without the close entry");
        }
        follows(&self.tree, self.campaign.genesis().k, &groups, closing)
    }

    /// Ends the reading at a checkpoint: no group may be open, and the last tick is judged too.
    pub fn finish(mut self) -> Result<Summary, Error> {
        if self.open_group.is_some() {
            return broken("the log ends inside a group");
        }
        if self.entries == 0 {
            return broken("the log is empty");
        }
        self.end_of_tick(false)?;
        Ok(Summary {
            entries: self.entries,
            sums: self.sums,
            announcement: self.announcement,
            manifest_sha256: self.manifest_sha256,
            closed_at: self.closed_at.map(Tick::from),
            last_tick: Tick::from(self.last_tick),
        })
    }
}

/// What a whole log says.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Number of entries, the genesis included.
    pub entries: u64,
    /// Published pledges by area.
    pub sums: Sums,
    /// The announcement that holds.
    pub announcement: Option<Announcement>,
    /// Digest of the page's manifest that holds.
    pub manifest_sha256: Option<[u8; 32]>,
    /// The closing tick, once the campaign has closed.
    pub closed_at: Option<Tick>,
    /// The last tick that published, 0 if none did.
    pub last_tick: Tick,
}

fn broken<T>(rule: &str) -> Result<T, Error> {
    Err(Error::Audit(rule.to_owned()))
}
