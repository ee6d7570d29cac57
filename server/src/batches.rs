//! Batches of invites: how many each may earn tokens for, in all and per tick. Codes themselves are written down nowhere.

use crate::config::INVITES_PER_REQUEST_MAX;
use crate::error::{Error, Refusal};
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use protocol::invite::EMAIL_BATCH;
use protocol::problem::Problem;
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
    /// A revoked batch earns no new token.
    pub revoked: bool,
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

    /// The list with room for more invites, not written down yet, and the batch's number. The sum of all maxima never
    /// exceeds `eligible`. A batch keeps its maximum per tick: whoever could change it could count with it.
    pub(crate) fn grown(&self, request: &BatchRequest, k: u32, eligible: u64) -> Result<(Self, u16), Refusal> {
        let malformed = |detail: String| Refusal::from(Problem::Malformed).with_detail(detail);
        check(request, k).map_err(malformed)?;
        let promised: u64 = self.list.iter().map(|batch| batch.maximum).sum();
        let free = eligible.saturating_sub(promised);
        if u64::from(request.count) > free {
            let detail = format!("The campaign's number of eligible people leaves {free} more invites.");
            return Err(Refusal::from(Problem::Exhausted).with_detail(detail));
        }
        let mut grown = self.clone();
        if let Some(batch) = grown.list.iter_mut().find(|batch| batch.name == request.batch) {
            if batch.per_tick != request.per_tick {
                return Err(malformed("A batch keeps the maximum per tick that it was made with.".to_owned()));
            }
            batch.maximum += u64::from(request.count);
            let number = batch.number;
            return Ok((grown, number));
        }
        let next = u16::try_from(grown.list.len() + 1).ok().filter(|number| *number != EMAIL_BATCH);
        let number = next.ok_or_else(|| malformed("There can be no more batches.".to_owned()))?;
        let (name, maximum) = (request.batch.clone(), u64::from(request.count));
        grown.list.push(Batch { number, name, maximum, per_tick: request.per_tick, revoked: false });
        Ok((grown, number))
    }
}

/// What is wrong with a request by itself, in a sentence for the organiser.
fn check(request: &BatchRequest, k: u32) -> Result<(), String> {
    if request.batch.is_empty() || request.batch.len() > 100 || request.batch.contains(char::is_control) {
        return Err("The name of a batch has 1 to 100 characters.".to_owned());
    }
    if !(1..=INVITES_PER_REQUEST_MAX).contains(&request.count) {
        return Err(format!("Ask for 1 to {INVITES_PER_REQUEST_MAX} invites at a time."));
    }
    if request.per_tick.is_some_and(|most| most < k) {
        return Err(format!("The maximum per tick must be at least k, which is {k}: less would tell who came."));
    }
    Ok(())
}

/// What every list that was written here keeps: numbers from 1 on, no name twice, and maxima that can be summed.
fn consistent(list: &[Batch]) -> bool {
    let mut names: Vec<&str> = list.iter().map(|batch| batch.name.as_str()).collect();
    names.sort_unstable();
    let numbered = (1..=u64::from(u16::MAX)).zip(list).all(|(number, batch)| u64::from(batch.number) == number);
    let summed = list.iter().try_fold(0u64, |sum, batch| sum.checked_add(batch.maximum));
    numbered
        && list.len() < usize::from(EMAIL_BATCH)
        && names.windows(2).all(|two| two[0] != two[1])
        && summed.is_some()
}

fn file(folder: &Path) -> PathBuf {
    folder.join("batches.json")
}
