//! The nonces of published pledges, as sorted runs named by the log entries that they were read from: `<from>-<to>`,
//! half-open. Derived from the log, so whatever is doubtful is deleted and read from there again.

use super::disk::{create_dir, names_in, remove_file, sync_dir};
use super::sorted_file::{SortedFile, Source};
use super::{SECRET_DIR, StoreError, UNFINISHED};
use protocol::pledge::Nonce;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A sorted file of 32-byte nonces.
pub(super) type NonceFile = SortedFile<32, 32>;

/// The runs, which follow each other without gap or overlap from entry 0.
pub(super) struct SpentRuns {
    dir: PathBuf,
    runs: Vec<Run>,
}

struct Run {
    from: u64,
    to: u64,
    nonces: Arc<NonceFile>,
}

impl SpentRuns {
    /// Opens the runs in `dir`, which is made if missing. Those that are not needed (within another's range), do not
    /// follow the ones before, or cannot be read as what they should be, are deleted.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        create_dir(dir, SECRET_DIR)?;
        let mut ranges = Vec::new();
        for name in names_in(dir)? {
            match range(&name) {
                Some(range) => ranges.push(range),
                None if name.ends_with(UNFINISHED) => remove_file(&dir.join(name))?,
                None => {}
            }
        }
        ranges.sort_by_key(|(from, to)| (*from, std::cmp::Reverse(*to)));
        let mut spent = Self { dir: dir.to_owned(), runs: Vec::new() };
        for (from, to) in ranges {
            let path = spent.path(from, to);
            let run = if from == spent.through() { NonceFile::open(&path).map(Some) } else { Ok(None) };
            match run {
                Ok(Some(nonces)) => spent.push(from, to, nonces),
                Ok(None) | Err(StoreError::Corrupt(_)) => remove_file(&path)?,
                Err(error) => return Err(error),
            }
        }
        sync_dir(dir)?;
        Ok(spent)
    }

    /// How many log entries are covered, from 0 without a gap.
    pub(super) fn through(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.to)
    }

    /// The files to look into.
    pub(super) fn files(&self) -> Vec<Arc<NonceFile>> {
        self.runs.iter().map(|run| run.nonces.clone()).collect()
    }

    /// Adds the nonces of the entries `from..to`, durable when this returns, and merges runs so that their number
    /// stays logarithmic. What is covered already is not added again; a gap is refused.
    pub(super) fn add(&mut self, from: u64, to: u64, mut nonces: Vec<Nonce>) -> Result<(), StoreError> {
        let through = self.through();
        if to <= through {
            return Ok(());
        }
        if from != through {
            return Err(StoreError::Refused(format!(
                "the spent nonces of log entries {from} to {to} do not follow those up to {through}"
            )));
        }
        nonces.sort_unstable();
        nonces.dedup();
        let records: Source<'_, 32> = Box::new(nonces.iter().map(|nonce| Ok(*nonce.as_bytes())));
        let run = NonceFile::merge(&self.path(from, to), vec![records])?;
        self.push(from, to, run);
        while self.merge_last_two()? {}
        Ok(())
    }

    /// Merges the last two runs if the older is at most twice the newer. False if not.
    fn merge_last_two(&mut self) -> Result<bool, StoreError> {
        let [.., older, newer] = self.runs.as_slice() else {
            return Ok(false);
        };
        if older.nonces.len() > 2 * newer.nonces.len() {
            return Ok(false);
        }
        let (from, to) = (older.from, newer.to);
        let sources: Vec<Source<'_, 32>> = vec![Box::new(older.nonces.records()), Box::new(newer.nonces.records())];
        let merged = NonceFile::merge(&self.path(from, to), sources)?;
        // whoever still looks into the two keeps them open; they vanish when he is done
        let merged_away = self.runs.split_off(self.runs.len() - 2);
        self.push(from, to, merged);
        for run in merged_away {
            remove_file(run.nonces.path())?;
        }
        sync_dir(&self.dir)?;
        Ok(true)
    }

    fn push(&mut self, from: u64, to: u64, nonces: NonceFile) {
        self.runs.push(Run { from, to, nonces: Arc::new(nonces) });
    }

    fn path(&self, from: u64, to: u64) -> PathBuf {
        self.dir.join(format!("{from}-{to}"))
    }
}

/// Reads the name of a run: two numbers in their one spelling, the first the smaller.
fn range(name: &str) -> Option<(u64, u64)> {
    let (from, to) = name.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from < to && format!("{from}-{to}") == name).then_some((from, to))
}

#[cfg(test)]
mod tests;
