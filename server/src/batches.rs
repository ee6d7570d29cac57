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
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    list: Vec<Batch>,
}

impl Batches {
    /// The empty list of a new campaign, durably.
    pub(crate) fn create(folder: &Path) -> Result<(), Error> {
        Self { file: file(folder), list: Vec::new() }.write()
    }

    /// Reads the batches of a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let file = file(folder);
        let bytes = std::fs::read(&file).map_err(|error| Error::io(file.display(), error))?;
        let list: Vec<Batch> = serde_json::from_slice(&bytes)
            .map_err(|error| Error::damaged(format!("{} is damaged: {error}", file.display())))?;
        if !consistent(&list) {
            return Err(Error::damaged(format!("{} is damaged: its batches do not fit each other", file.display())));
        }
        Ok(Self { file, list })
    }

    /// Writes the list down, durably.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(&self.list).map_err(|error| Error::Refused(error.to_string()))?;
        Ok(write_file(&self.file, SECRET_FILE, &bytes)?)
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
        let next = u16::try_from(grown.list.len() + 1).ok().filter(|number| *number != EMAIL_BATCH);
        let number = next.ok_or_else(|| malformed("There can be no more batches.".to_owned()))?;
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

/// What every list that was written here keeps: numbers from 1 on, no name twice, maxima that can be
/// summed, and ticks that end at some time.
fn consistent(list: &[Batch]) -> bool {
    let mut names: Vec<&str> = list.iter().map(|batch| batch.name.as_str()).collect();
    names.sort_unstable();
    let numbered = (1..=u64::from(u16::MAX)).zip(list).all(|(number, batch)| u64::from(batch.number) == number);
    let summed = list.iter().try_fold(0u64, |sum, batch| sum.checked_add(batch.maximum));
    let timed = list.iter().all(|batch| batch.expires_tick.is_none_or(|tick| i32::try_from(tick).is_ok()));
    numbered
        && timed
        && list.len() < usize::from(EMAIL_BATCH)
        && names.windows(2).all(|two| two[0] != two[1])
        && summed.is_some()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("batches.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule =
        Schedule { opens: 900, pledges_open: 1000, issuing_closes: 2000, closes: 2000, tick_seconds: 100 };

    fn rules(tick: Tick) -> Rules {
        Rules { k: 5, eligible: 100, schedule: SCHEDULE, tick }
    }

    fn ask(batch: &str, count: u32, expires: Option<u64>) -> BatchRequest {
        BatchRequest { batch: batch.to_owned(), count, per_tick: None, expires }
    }

    fn account(name: &str, roles: &[Role]) -> Account {
        Account { name: name.to_owned(), roles: roles.to_vec() }
    }

    fn empty() -> Batches {
        Batches { file: PathBuf::new(), list: Vec::new() }
    }

    #[test]
    fn a_batch_lasts_until_the_first_end_of_a_tick_that_is_not_before_its_expiry() {
        let anna = account("anna", &[Role::Invites]);
        for (tick, expires, last) in
            [(-1, 800, -2), (0, 950, 0), (1, 1000, 0), (1, 1001, 1), (1, 1100, 1), (1, 2000, 10)]
        {
            let grown = empty().grown(&ask("a", 1, Some(expires)), &anna, &rules(tick));
            let made = grown.ok().map(|(list, number)| list.find(number).unwrap().clone());
            assert_eq!(made.as_ref().and_then(|batch| batch.expires_tick), (tick <= last).then_some(last), "{expires}");
            assert!(made.is_none_or(|batch| !batch.has_expired(last) && batch.has_expired(last + 1)));
        }
        for far in [2001, u64::MAX] {
            assert!(empty().grown(&ask("a", 1, Some(far)), &anna, &rules(1)).is_err(), "{far}");
        }
    }

    #[test]
    fn a_name_in_which_something_cannot_be_seen_is_no_name_of_a_batch() {
        for bad in [
            "a\u{61c}b",
            "a\u{ad}b",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{3164}b",
            "a\u{fe0f}",
            "a\u{e0041}",
            "a\nb",
            " a",
            "",
        ] {
            assert!(check(&ask(bad, 1, None), 5).is_err(), "{bad:?}");
        }
        for good in ["a b", "\u{645}\u{6cc}\u{200c}\u{62f}\u{627}\u{646}", "площадь", "=1+1"] {
            assert!(check(&ask(good, 1, None), 5).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_revoked_batch_stays_so_keeps_its_room_and_does_not_grow() {
        let (anna, lead) = (account("anna", &[Role::Invites]), account("lead", &[Role::Announces]));
        let (list, _) = empty().grown(&ask("a", 60, None), &anna, &rules(1)).ok().unwrap();
        assert!(list.revoked("a", &account("boris", &[Role::Invites])).is_err());
        let revoked = list.revoked("a", &lead).ok().unwrap().unwrap();
        assert!(revoked.revoked("a", &anna).ok().unwrap().is_none(), "once is enough");
        let problem = |asked: Result<(Batches, u16), Refusal>| asked.err().unwrap().problem();
        assert_eq!(problem(revoked.grown(&ask("a", 1, None), &anna, &rules(1))), Problem::Closed);
        assert_eq!(problem(revoked.grown(&ask("b", 41, None), &anna, &rules(1))), Problem::Exhausted);
        assert!(revoked.grown(&ask("b", 40, None), &anna, &rules(1)).is_ok());
    }
}
