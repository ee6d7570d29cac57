//! Batches of invites: how many each may earn tokens for, in all and per tick. Codes themselves are written down nowhere.

use crate::error::{Error, Refusal};
use crate::store::{SECRET_FILE, write_file};
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
pub(crate) struct Batches {
    file: PathBuf,
    list: Vec<Batch>,
}

impl Batches {
    /// Reads the batches of a folder; none if there is no file yet.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let file = folder.join("batches.json");
        let list = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::Refused(format!("{} is damaged: {error}", file.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io(file.display(), error)),
        };
        Ok(Self { file, list })
    }

    /// A batch by its number.
    pub(crate) fn find(&self, number: u16) -> Option<&Batch> {
        self.list.iter().find(|batch| batch.number == number)
    }

    /// Makes room for more invites, durably, and yields the batch's number. The sum of all maxima never exceeds `eligible`.
    pub(crate) fn grow(&mut self, request: &BatchRequest, k: u32, eligible: u64) -> Result<u16, Refusal> {
        let malformed = |detail: String| Err(Refusal::from(Problem::Malformed).with_detail(detail));
        if request.batch.is_empty() || request.batch.len() > 100 || request.batch.contains(char::is_control) {
            return malformed("The name of a batch has 1 to 100 characters.".to_owned());
        }
        if request.count == 0 || request.count > crate::config::INVITES_PER_REQUEST_MAX {
            let most = crate::config::INVITES_PER_REQUEST_MAX;
            return malformed(format!("Ask for 1 to {most} invites at a time."));
        }
        if request.per_tick.is_some_and(|most| most < k) {
            return malformed(format!(
                "The maximum per tick must be at least k, which is {k}: less would tell who came."
            ));
        }
        let promised: u64 = self.list.iter().map(|batch| batch.maximum).sum();
        let free = eligible.saturating_sub(promised);
        if u64::from(request.count) > free {
            let detail = format!("The campaign's number of eligible people leaves {free} more invites.");
            return Err(Refusal::from(Problem::Exhausted).with_detail(detail));
        }
        let mut list = self.list.clone();
        let number = match list.iter_mut().find(|batch| batch.name == request.batch) {
            Some(batch) => {
                batch.maximum += u64::from(request.count);
                batch.per_tick = request.per_tick;
                batch.number
            }
            None => {
                let next = list.len() + 1;
                let Some(number) = u16::try_from(next).ok().filter(|number| *number != EMAIL_BATCH) else {
                    return malformed("There can be no more batches.".to_owned());
                };
                let (name, maximum) = (request.batch.clone(), u64::from(request.count));
                list.push(Batch { number, name, maximum, per_tick: request.per_tick, revoked: false });
                number
            }
        };
        let bytes = serde_json::to_vec_pretty(&list).map_err(|error| Error::Refused(error.to_string()))?;
        write_file(&self.file, SECRET_FILE, &bytes)?;
        self.list = list;
        Ok(number)
    }
}
