//! A table written anew, row after row in the order of labels: with twice the homes while the old one goes on taking
//! rows, or in its own size after a crash. The new file has another name until it is whole and synced.

use super::super::disk::{self, DiskFile, rename, sync_dir};
use super::super::{SECRET_FILE, StoreError, UNFINISHED, parent};
use super::seal::{EMPTY, Label, SLOT, Slot, label_of};
use super::table::{Change, SIZES, Table};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Writes rows that come in the order of their labels to where a table has them.
pub(super) struct Writing {
    file: DiskFile,
    homes: u64,
    /// Slots that are written, the buffered ones included.
    next: u64,
    buffered: Vec<u8>,
    last: Option<Label>,
}

impl Writing {
    /// Begins a table of so many homes that will have the name `path`.
    pub(super) fn begin(path: &Path, homes: u64) -> Result<Self, StoreError> {
        let file = DiskFile::create(&unfinished(path), SECRET_FILE)?;
        Ok(Self { file, homes, next: 0, buffered: Vec::new(), last: None })
    }

    /// The next row; one that came already is left out.
    pub(super) fn add(&mut self, slot: &Slot) -> Result<(), StoreError> {
        let Some(label) = label_of(slot).filter(|label| self.last.is_none_or(|last| last < *label)) else {
            return Ok(());
        };
        self.skip_to(Table::home(self.homes, &label))?;
        self.push(slot)?;
        self.last = Some(label);
        Ok(())
    }

    fn skip_to(&mut self, slot: u64) -> Result<(), StoreError> {
        while self.next < slot {
            self.push(&EMPTY)?;
        }
        Ok(())
    }

    fn push(&mut self, slot: &Slot) -> Result<(), StoreError> {
        self.buffered.extend_from_slice(slot);
        self.next += 1;
        if self.buffered.len() >= BUFFERED_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let begin = self.next * SLOT as u64 - self.buffered.len() as u64;
        self.file.write_at(&self.buffered, begin)?;
        self.buffered.clear();
        Ok(())
    }

    /// Makes durable what was added, so that the last sync is as short as any.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync()
    }

    /// Fills the rest with empty slots. The table is not in use yet: [`Self::put_in_place`].
    pub(super) fn end(mut self) -> Result<Table, StoreError> {
        self.skip_to(Table::slots_in_all(self.homes))?;
        self.sync()?;
        Table::new(self.file)
    }

    /// Gives a whole and synced table its name, durably.
    pub(super) fn put_in_place(path: &Path) -> Result<Table, StoreError> {
        DiskFile::open(&unfinished(path))?.blur_times()?;
        rename(&unfinished(path), path)?;
        sync_dir(parent(path))?;
        Table::new(DiskFile::open(path)?)
    }

    /// Deletes what a crash left of one.
    pub(super) fn sweep(path: &Path) -> Result<(), StoreError> {
        if unfinished(path).exists() { disk::remove_file(&unfinished(path)) } else { Ok(()) }
    }
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// A table that is growing to twice its homes, a bounded step at a time. Crashes and ticks may cut it off.
pub(super) struct Growth {
    stage: Stage,
    /// Rows that came since it began.
    since: BTreeSet<Label>,
}

enum Stage {
    /// The old slots up to `from` are copied.
    Copying { writing: Writing, from: u64 },
    /// All are; what came since is being added.
    Adding(Table),
}

impl Growth {
    /// Begins to double a table.
    pub(super) fn begin(table: &Table) -> Result<Self, StoreError> {
        let writing = Writing::begin(table.path(), table.homes() * 2)?;
        Ok(Self { stage: Stage::Copying { writing, from: 0 }, since: BTreeSet::new() })
    }

    /// A row was put into the old table.
    pub(super) fn came(&mut self, label: Label) {
        self.since.insert(label);
    }

    /// Does one step: at most a megabyte read, two written and one sync. Gives the new table once it is in place.
    pub(super) fn step(self, old: &Table) -> Result<(Option<Self>, Option<Table>), StoreError> {
        let Self { stage, mut since } = self;
        match stage {
            Stage::Copying { mut writing, from } if from < old.slots() => {
                let to = (from + SIZES.step_slots).min(old.slots());
                for slot in old.read(from, to)? {
                    writing.add(&slot)?;
                }
                writing.sync()?;
                Ok((Some(Self { stage: Stage::Copying { writing, from: to }, since }), None))
            }
            Stage::Copying { writing, .. } => {
                let stage = Stage::Adding(writing.end()?);
                Ok((Some(Self { stage, since }), None))
            }
            Stage::Adding(new) if since.is_empty() => {
                drop(new);
                Ok((None, Some(Writing::put_in_place(old.path())?)))
            }
            Stage::Adding(new) => {
                let mut change = Change::default();
                for _ in 0..SIZES.step_rows {
                    if change.len() >= SIZES.full_change {
                        break;
                    }
                    let Some(label) = since.pop_first() else { break };
                    if let Some(slot) = old.find(&Change::default(), &label)? {
                        new.place(&mut change, slot)?;
                    }
                }
                new.fill_in(&change)?;
                Ok((Some(Self { stage: Stage::Adding(new), since }), None))
            }
        }
    }
}

const BUFFERED_BYTES: usize = 1 << 20;
