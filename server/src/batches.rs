//! Batches of invites: how many each may earn tokens for, in all and per tick, and until when. Codes themselves are written
//! down nowhere, and nothing here knows how many were used.

use crate::config::INVITES_PER_REQUEST_MAX;
use crate::error::{Error, Refusal};
use crate::organisers::{Account, Role};
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use protocol::invite::EMAIL_BATCH;
use protocol::letters::hides;
use protocol::problem::Problem;
use protocol::publication::{Schedule, Tick};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What an organiser asks for: so many invites of a batch. It makes the batch, or makes it larger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// The batch's name, for the organisers only.
    pub batch: String,
    /// How many invites.
    pub count: u32,
    /// The most tokens per tick, at least k; none means no maximum.
    #[serde(default)]
    pub per_tick: Option<u32>,
    /// Until when its invites are good, in Unix seconds: until the first end of a tick that is not before; none means as
    /// long as tokens are issued.
    #[serde(default)]
    pub expires: Option<u64>,
}

/// What a campaign demands of its batches, and the tick under way.
pub(crate) struct Rules {
    /// The least size of a group.
    pub k: u32,
    /// The most tokens in all.
    pub eligible: u64,
    /// When ticks end.
    pub schedule: Schedule,
    /// The tick under way.
    pub tick: Tick,
}

/// One batch.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    /// Its number, the first two bytes of its invites' ids.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// How many tokens it may earn in all: the number of invites made.
    pub maximum: u64,
    /// How many between two ticks.
    pub per_tick: Option<u32>,
    /// The last tick in which it earns tokens, if not all are. A number, so that no time of day is kept.
    pub expires_tick: Option<Tick>,
    /// A revoked batch earns no new token, for ever.
    pub revoked: bool,
    /// The account that made it.
    pub maker: String,
}

impl Batch {
    /// Whether an account sees it, lets it grow and revokes it: its maker, and whoever leads.
    fn is_of(&self, account: &Account) -> bool {
        self.maker == account.name || account.may(Role::Announces)
    }

    /// Whether its time is over while this tick is under way.
    pub(crate) fn has_expired(&self, tick: Tick) -> bool {
        self.expires_tick.is_some_and(|last| tick > last)
    }

    /// What keeps it from growing by a request.
    fn demand_growth(&self, request: &BatchRequest, account: &Account, tick: Tick) -> Result<(), Refusal> {
        let refused = |problem: Problem, detail: &str| Err(Refusal::from(problem).with_detail(detail));
        if !self.is_of(account) {
            return refused(Problem::Forbidden, "Another organiser has a batch of this name; choose another name.");
        }
        if self.revoked {
            return refused(Problem::Closed, "This batch is revoked, for ever; make another.");
        }
        if self.has_expired(tick) {
            return refused(Problem::Closed, "This batch has expired; make another.");
        }
        if self.per_tick != request.per_tick {
            return refused(Problem::Malformed, "A batch keeps the maximum per tick that it was made with.");
        }
        Ok(())
    }
}

/// All batches, with the file that keeps them.
#[derive(Clone)]
pub(crate) struct Batches {
    file: PathBuf,
    /// The number from which on the next batch gets the first free one.
    next: u16,
    list: Vec<Batch>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<L> {
    next: u16,
    batches: L,
}

impl Batches {
    /// The empty list of a new campaign, durably.
    pub(crate) fn create(folder: &Path) -> Result<(), Error> {
        Self { file: file(folder), next: 1, list: Vec::new() }.write()
    }

    /// Reads the batches of a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let file = file(folder);
        let bytes = std::fs::read(&file).map_err(|error| Error::io(file.display(), error))?;
        let Written { next, batches: list } = serde_json::from_slice::<Written<Vec<Batch>>>(&bytes)
            .map_err(|error| Error::damaged(format!("{} is damaged: {error}", file.display())))?;
        if !(1..EMAIL_BATCH).contains(&next) || !consistent(&list) {
            return Err(Error::damaged(format!("{} is damaged: its batches do not fit each other", file.display())));
        }
        Ok(Self { file, next, list })
    }

    /// Writes the list down, durably. Nobody waits for that who only asks for a token.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(&Written { next: self.next, batches: &self.list })
            .map_err(|error| Error::Refused(error.to_string()))?;
        Ok(write_file(&self.file, SECRET_FILE, &bytes)?)
    }

    /// Puts a changed list in the place of this one, once it is written down. Where that fails this is what a start would
    /// find: the change may be on the disk all the same.
    pub(crate) fn replace(shared: &Mutex<Self>, changed: Self) -> Result<(), Error> {
        let written = changed.write();
        let now = match written {
            Ok(()) => Some(changed),
            Err(_) => changed.file.parent().and_then(|folder| Self::open(folder).ok()),
        };
        if let Some(now) = now {
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
        written
    }

    /// A batch by its number.
    pub(crate) fn find(&self, number: u16) -> Option<&Batch> {
        self.list.iter().find(|batch| batch.number == number)
    }

    /// The batches that an account sees.
    pub(crate) fn of(&self, account: &Account) -> Vec<Batch> {
        self.list.iter().filter(|batch| batch.is_of(account)).cloned().collect()
    }

    /// The list with room for more invites, not written down yet, and the batch's number. The sum of all maxima never
    /// exceeds `eligible`; those of revoked and expired batches stay in it, for nobody knows how many of them were used.
    /// A batch keeps its maximum per tick and its end: whoever could change them could count with them.
    pub(crate) fn grown(
        &self,
        request: &BatchRequest,
        account: &Account,
        rules: &Rules,
    ) -> Result<(Self, u16), Refusal> {
        let malformed = |detail: String| Refusal::from(Problem::Malformed).with_detail(detail);
        check(request, rules.k).map_err(malformed)?;
        let expires_tick = request.expires.map(|time| rules.last_tick_until(time)).transpose().map_err(malformed)?;
        let known = self.list.iter().position(|batch| batch.name == request.batch);
        if let Some(batch) = known.and_then(|at| self.list.get(at)) {
            batch.demand_growth(request, account, rules.tick)?;
            if batch.expires_tick != expires_tick {
                return Err(malformed(
                    "A batch keeps the end that it was made with; give the same, or make another.".to_owned(),
                ));
            }
        } else if expires_tick.is_some_and(|last| rules.tick > last) {
            return Err(malformed("That time is over already; give a later one.".to_owned()));
        }
        let promised: u64 = self.list.iter().map(|batch| batch.maximum).sum();
        let free = rules.eligible.saturating_sub(promised);
        if u64::from(request.count) > free {
            let detail = format!("The campaign's number of eligible people leaves {free} more invites.");
            return Err(Refusal::from(Problem::Exhausted).with_detail(detail));
        }
        let mut grown = self.clone();
        if let Some(batch) = known.and_then(|at| grown.list.get_mut(at)) {
            batch.maximum += u64::from(request.count);
            let number = batch.number;
            return Ok((grown, number));
        }
        let number = grown.take_number().ok_or_else(|| malformed("There can be no more batches.".to_owned()))?;
        grown.list.push(Batch {
            number,
            name: request.batch.clone(),
            maximum: u64::from(request.count),
            per_tick: request.per_tick,
            expires_tick,
            revoked: false,
            maker: account.name.clone(),
        });
        Ok((grown, number))
    }

    /// The next number that no batch has.
    fn take_number(&mut self) -> Option<u16> {
        let taken: BTreeSet<u16> = self.list.iter().map(|batch| batch.number).collect();
        let number = (self.next..EMAIL_BATCH).chain(1..self.next).find(|number| !taken.contains(number))?;
        self.next = if number + 1 < EMAIL_BATCH { number + 1 } else { 1 };
        Some(number)
    }

    /// After a restore: nobody knows which numbers were given since the backup, and invites of such a batch must not be good
    /// for another. So numbers go on from somewhere else, by chance.
    pub(crate) fn renumber(folder: &Path, rng: &mut impl Rng) -> Result<(), Error> {
        let mut batches = Self::open(folder)?;
        batches.next = rng.random_range(1..EMAIL_BATCH);
        batches.write()
    }

    /// The list with a batch revoked, not written down yet; none if it is already. Whoever may not see a batch is told
    /// what he would be told if there were none.
    pub(crate) fn revoked(&self, name: &str, account: &Account) -> Result<Option<Self>, Refusal> {
        let at = self.list.iter().position(|batch| batch.name == name && batch.is_of(account));
        let mut changed = self.clone();
        let Some(batch) = at.and_then(|at| changed.list.get_mut(at)) else {
            let detail = "There is no batch of that name among yours; look at the list of batches.";
            return Err(Refusal::from(Problem::NotFound).with_detail(detail));
        };
        let before = std::mem::replace(&mut batch.revoked, true);
        Ok((!before).then_some(changed))
    }
}

impl Rules {
    /// The tick at whose end something is over that must last until a time, in Unix seconds.
    fn last_tick_until(&self, time: u64) -> Result<Tick, String> {
        if time > self.schedule.closes {
            return Err("The campaign closes before that time; leave it out, or give an earlier one.".to_owned());
        }
        Ok(self.schedule.last_ended(time.saturating_sub(1)) + 1)
    }
}

/// What is wrong with a request by itself, in a sentence for the organiser.
fn check(request: &BatchRequest, k: u32) -> Result<(), String> {
    let name = request.batch.as_str();
    if name.is_empty() || name.len() > 100 || name.trim() != name || name.contains(|c: char| c.is_control() || hides(c))
    {
        return Err("The name of a batch has 1 to 100 characters, all of which can be seen.".to_owned());
    }
    if !(1..=INVITES_PER_REQUEST_MAX).contains(&request.count) {
        return Err(format!("Ask for 1 to {INVITES_PER_REQUEST_MAX} invites at a time."));
    }
    if request.per_tick.is_some_and(|most| most < k) {
        return Err(format!("The maximum per tick must be at least k, which is {k}: less would tell who came."));
    }
    Ok(())
}

/// What every list that was written here keeps: no number and no name twice, maxima that can be summed, and ticks that end
/// at some time.
fn consistent(list: &[Batch]) -> bool {
    let mut names: Vec<&str> = list.iter().map(|batch| batch.name.as_str()).collect();
    names.sort_unstable();
    let numbers: BTreeSet<u16> = list.iter().map(|batch| batch.number).collect();
    let numbered = numbers.len() == list.len() && !numbers.contains(&0) && !numbers.contains(&EMAIL_BATCH);
    let summed = list.iter().try_fold(0u64, |sum, batch| sum.checked_add(batch.maximum));
    let timed = list.iter().all(|batch| batch.expires_tick.is_none_or(|tick| i32::try_from(tick).is_ok()));
    numbered && timed && names.windows(2).all(|two| two[0] != two[1]) && summed.is_some()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("batches.json")
}

#[cfg(test)]
mod tests;
