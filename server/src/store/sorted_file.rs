//! A sorted file of records of one size: canonical, so that it says what it holds and nothing of when that came.
//! Behind the records stands their SHA-256: a file that lost or changed some would let used invites be used again.
//!
//! Records are never loaded into memory: a look-up reads a few blocks of the file, merging is streaming.

use super::disk::{failed, write_file_with};
use super::{SECRET_FILE, StoreError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// `N` bytes a record, of which the first `K` are its key; keys are strictly ascending.
pub(super) struct SortedFile<const N: usize, const K: usize> {
    file: File,
    path: PathBuf,
    records: u64,
}

/// Where records come from: ascending, or the first error.
pub(super) type Source<'a, const N: usize> = Box<dyn Iterator<Item = Result<[u8; N], StoreError>> + 'a>;

impl<const N: usize, const K: usize> SortedFile<N, K> {
    /// Opens a file and reads it through once to see that it is whole, sorted and as it was written.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let bytes = file.metadata().map_err(failed("read", path))?.len();
        let of_records = bytes.saturating_sub(DIGEST as u64);
        let sorted = Self { file, path: path.to_owned(), records: of_records / N as u64 };
        if bytes < DIGEST as u64 || of_records % N as u64 != 0 {
            return Err(sorted.corrupt("is cut off"));
        }
        let (mut last, mut digest) = (None, Sha256::new());
        for record in sorted.records() {
            let record = record?;
            if last.is_some_and(|last: [u8; N]| last[..K] >= record[..K]) {
                return Err(sorted.corrupt("is not sorted"));
            }
            digest.update(record);
            last = Some(record);
        }
        let mut written = [0; DIGEST];
        sorted.file.read_exact_at(&mut written, of_records).map_err(failed("read", path))?;
        if digest.finalize()[..] != written {
            return Err(sorted.corrupt("is not as it was written"));
        }
        Ok(sorted)
    }

    /// Merges ascending sources into a file, durable when this returns, and opens it. What several sources hold is
    /// written once; one key with two values is an error.
    pub(super) fn merge(path: &Path, sources: Vec<Source<'_, N>>) -> Result<Self, StoreError> {
        let mut sources: Vec<_> = sources.into_iter().map(Iterator::peekable).collect();
        let (mut last, mut digest, mut records) = (None::<[u8; N]>, Sha256::new(), 0);
        write_file_with(path, SECRET_FILE, |file| {
            loop {
                let mut least: Option<[u8; N]> = None;
                for source in &mut sources {
                    match source.peek() {
                        Some(Ok(record)) if least.is_none_or(|least| *record < least) => least = Some(*record),
                        Some(Err(error)) => return Err(error.clone()),
                        _ => {}
                    }
                }
                let Some(record) = least else {
                    return file.write_all(&digest.finalize_reset()).map_err(failed("write", path));
                };
                for source in &mut sources {
                    source.next_if(|head| matches!(head, Ok(head) if *head == record));
                }
                if last.is_some_and(|last| last[..K] >= record[..K]) {
                    let what = format!("what is merged into {} contradicts itself", path.display());
                    return Err(StoreError::Corrupt(what));
                }
                file.write_all(&record).map_err(failed("write", path))?;
                digest.update(record);
                last = Some(record);
                records += 1;
            }
        })?;
        // what was just written is not read again: it was seen going in
        let file = File::open(path).map_err(failed("open", path))?;
        Ok(Self { file, path: path.to_owned(), records })
    }

    /// How many records there are.
    pub(super) fn len(&self) -> u64 {
        self.records
    }

    /// The file's name when it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The record of a key. Where keys are spread evenly, as digests are, two or three reads find it among millions;
    /// whatever they are, four and two for each halving are the most.
    pub(super) fn find(&self, key: &[u8; K]) -> Result<Option<[u8; N]>, StoreError> {
        let wanted = leading(key);
        // the key is not before `low`, not from `high` on; what leads the keys there is known, or as far off as can be
        let (mut low, mut high, mut below, mut above) = (0, self.records, 0, u64::MAX);
        for turn in 0u32.. {
            if high - low <= SCANNED {
                break;
            }
            let guess = if turn < GUESSES || turn.is_multiple_of(2) {
                let part = u128::from(wanted.clamp(below, above) - below) * u128::from(high - low);
                low + u64::try_from(part / (u128::from(above - below) + 1)).unwrap_or_default()
            } else {
                low + (high - low) / 2
            };
            let at = guess.saturating_sub(SCANNED / 2).clamp(low, high - SCANNED);
            let block = self.read(at, SCANNED)?;
            match (block.first(), block.last()) {
                (Some(first), _) if first[..K] > key[..] => (high, above) = (at, leading(&first[..K])),
                (_, Some(last)) if last[..K] < key[..] => (low, below) = (at + SCANNED, leading(&last[..K])),
                _ => return Ok(block.into_iter().find(|record| record[..K] == key[..])),
            }
        }
        let block = self.read(low, high - low)?;
        Ok(block.into_iter().find(|record| record[..K] == key[..]))
    }

    /// All records, ascending.
    pub(super) fn records(&self) -> impl Iterator<Item = Result<[u8; N], StoreError>> + '_ {
        let mut at = 0;
        let mut block = Vec::new().into_iter();
        std::iter::from_fn(move || {
            if block.len() == 0 && at < self.records {
                let count = STREAMED.min(self.records - at);
                match self.read(at, count) {
                    Ok(records) => block = records.into_iter(),
                    Err(error) => {
                        at = self.records;
                        return Some(Err(error));
                    }
                }
                at += count;
            }
            block.next().map(Ok)
        })
    }

    fn read(&self, at: u64, count: u64) -> Result<Vec<[u8; N]>, StoreError> {
        let bytes = usize::try_from(count).map_or(0, |count| count * N);
        let mut block = vec![0; bytes];
        let read = self.file.read_exact_at(&mut block, at * N as u64);
        read.map_err(failed("read", &self.path))?;
        Ok(block.as_chunks::<N>().0.to_vec())
    }

    fn corrupt(&self, why: &str) -> StoreError {
        StoreError::Corrupt(format!("{} {why}", self.path.display()))
    }
}

/// The first eight bytes of a key as a number; a shorter key goes on with zeros.
fn leading(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(key).for_each(|(byte, key)| *byte = *key);
    u64::from_be_bytes(bytes)
}

/// Length of a SHA-256, in bytes.
const DIGEST: usize = 32;
/// Records that a look-up reads at once: about one page.
const SCANNED: u64 = 64;
/// Reads of a look-up that go to where an even spread would have the key, before every second one halves what is left.
const GUESSES: u32 = 4;
/// Records read at once when all are read.
const STREAMED: u64 = 4096;

#[cfg(test)]
mod tests;
