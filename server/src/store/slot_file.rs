//! The pool of one tick on disk: a file whose bytes say what it holds and not in which order that came, at any time,
//! beside the key that seals its rows (DESIGN §6). `rows` is the table, `key` its key; with the key gone the rows are noise.
//!
//! A power cut in the middle of a commit leaves every row that was durable in its slot or in a scratch; opening the
//! file finds what is out of order and writes the table anew.

mod growth;
mod seal;
mod table;

use self::growth::{Growth, Writing};
use self::seal::{ROW_MAX, Seals, Slot, label_of};
use self::table::{Change, SIZES, Scratches, Table};
use super::StoreError;
use super::disk::{DiskFile, sync_dir};
use super::generations::Generation;
use super::group_commit::Rest;
use protocol::publication::Tick;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Rows of fixed sizes under keys of a fixed size, in one directory.
pub(super) struct SlotFile<const K: usize, const V: usize> {
    tick: Tick,
    path: PathBuf,
    seals: Seals,
    table: Table,
    /// Rows in the table.
    count: u64,
    scratches: Scratches,
    /// Durable in a scratch, not in its place yet.
    unsettled: Change,
    growth: Option<Growth>,
}

impl<const K: usize, const V: usize> Generation for SlotFile<K, V> {
    fn create(path: &Path) -> Result<(), StoreError> {
        Seals::create(&path.join(KEY))?;
        Writing::begin(&path.join(ROWS), SIZES.homes_min)?.end()?;
        Writing::put_in_place(&path.join(ROWS)).map(|_| ())
    }

    fn open(path: &Path, tick: Tick) -> Result<Self, StoreError> {
        let seals = Seals::open(&path.join(KEY))?;
        let rows = path.join(ROWS);
        if !rows.is_file() {
            return Err(StoreError::Corrupt(format!("{} is missing", rows.display())));
        }
        Writing::sweep(&rows)?;
        // a killed process may have left the last commit in the page cache only
        let file = DiskFile::open(&rows)?;
        file.sync()?;
        sync_dir(path)?;
        let table = Table::new(file)?;
        let (scratches, unsettled) = (Scratches::default(), Change::default());
        let mut opened =
            Self { tick, path: path.to_owned(), seals, table, count: 0, scratches, unsettled, growth: None };
        opened.look_through()?;
        Ok(opened)
    }

    fn tick(&self) -> Tick {
        self.tick
    }

    /// Overwrites the key: what the blocks of the disk still hold is noise from then on.
    fn erase(path: &Path) -> Result<(), StoreError> {
        Seals::erase(&path.join(KEY))
    }
}

impl<const K: usize, const V: usize> SlotFile<K, V> {
    /// The value under a key.
    pub(super) fn get(&self, key: &[u8; K]) -> Result<Option<[u8; V]>, StoreError> {
        let slot = self.table.find(&self.unsettled, &self.seals.label(key))?;
        Ok(slot.map(|slot| self.row(&slot)).transpose()?.map(|(_, value)| value))
    }

    /// All rows, in an order that says nothing; the last ones only after [`Self::settle`].
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<([u8; K], [u8; V]), StoreError>> + '_ {
        let steps = (0..self.table.slots()).step_by(READ_AT_ONCE);
        let slots = steps.flat_map(|from| {
            let read = self.table.read(from, (from + READ_AT_ONCE as u64).min(self.table.slots()));
            read.map_or_else(|error| vec![Err(error)], |slots| slots.into_iter().map(Ok).collect())
        });
        let held = slots.filter(|slot| slot.as_ref().map_or(true, |slot| label_of(slot).is_some()));
        held.map(|slot| self.row(&slot?))
    }

    /// Writes rows, durable when this returns. One that is there stays as it is. What nobody needs to wait for is left to
    /// [`Self::settle`].
    pub(super) fn write(&mut self, rows: &BTreeMap<[u8; K], [u8; V]>) -> Result<(), StoreError> {
        self.settle()?;
        let mut change = Change::default();
        for (number, (key, value)) in rows.iter().enumerate() {
            if change.len() >= SIZES.full_change || number > 0 && number % SIZES.rows_at_once == 0 {
                self.commit(std::mem::take(&mut change))?;
                self.settle()?;
                self.grow()?;
            }
            let label = self.seals.label(key);
            let mut row = Zeroizing::new([0; ROW_MAX]);
            row[..K].copy_from_slice(key);
            row[K..K + V].copy_from_slice(value);
            if self.table.place(&mut change, self.seals.seal(label, &row[..K + V]))? {
                self.count += 1;
                if let Some(growth) = &mut self.growth {
                    growth.came(label);
                }
            }
        }
        self.commit(change)
    }

    fn commit(&mut self, change: Change) -> Result<(), StoreError> {
        self.table.commit(&change, &mut self.scratches)?;
        self.unsettled = change;
        Ok(())
    }

    /// Puts what was written last where it belongs.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        if !self.unsettled.is_empty() {
            self.table.settle(&std::mem::take(&mut self.unsettled))?;
        }
        Ok(())
    }

    /// A bounded piece of work that nobody waits for: growing, and clearing the scratches once it is quiet.
    pub(super) fn rest(&mut self, quiet: bool) -> Result<Rest, StoreError> {
        self.settle()?;
        if self.grow()? {
            return Ok(Rest::More);
        }
        if quiet && !self.scratches.are_clear() {
            self.table.clear(&mut self.scratches)?;
        }
        Ok(if self.scratches.are_clear() { Rest::Done } else { Rest::WhenQuiet })
    }

    /// Takes the next step of growing, if that is due. False if not.
    fn grow(&mut self) -> Result<bool, StoreError> {
        if self.growth.is_none() && self.count > self.table.homes() / 2 {
            self.growth = Some(Growth::begin(&self.table)?);
        }
        let was_due = self.growth.is_some();
        while let Some(growth) = self.growth.take() {
            let (growth, grown) = growth.step(&self.table)?;
            self.growth = growth;
            if let Some(grown) = grown {
                self.table = grown;
                self.scratches = Scratches::default();
            }
            // a step for each commit is more than enough but for the smallest tables: in these nothing takes long
            if self.count <= self.table.homes() / 4 * 3 {
                break;
            }
        }
        if was_due {
            self.table.blur_times()?;
        }
        Ok(was_due)
    }

    fn row(&self, slot: &Slot) -> Result<([u8; K], [u8; V]), StoreError> {
        let damaged = || StoreError::Corrupt(format!("{} holds what was not written there", self.path.display()));
        let row = self.seals.open_slot(slot).ok_or_else(damaged)?;
        let (key, rest) = row.split_first_chunk::<K>().ok_or_else(damaged)?;
        let value = rest.first_chunk::<V>().ok_or_else(damaged)?;
        if Some(self.seals.label(key)) != label_of(slot) {
            return Err(damaged());
        }
        Ok((*key, *value))
    }

    /// Reads every row once, to count them, and mends what a power cut left out of order.
    fn look_through(&mut self) -> Result<(), StoreError> {
        let mut found: BTreeMap<seal::Label, u64> = BTreeMap::new();
        let mut in_order = true;
        let (mut last, mut gap_before) = (None, true);
        for from in (0..Table::slots_in_all(self.table.homes())).step_by(READ_AT_ONCE) {
            let to = (from + READ_AT_ONCE as u64).min(Table::slots_in_all(self.table.homes()));
            for (at, slot) in (from..to).zip(self.table.read(from, to)?) {
                let Some(label) = label_of(&slot) else {
                    gap_before = true;
                    continue;
                };
                self.row(&slot)?;
                let home = Table::home(self.table.homes(), &label);
                in_order &= at < self.table.slots() && home <= at && (home == at || !gap_before);
                in_order &= last.is_none_or(|last| last < label);
                (last, gap_before) = (Some(label), false);
                found.entry(label).or_insert(at);
            }
        }
        self.count = found.len() as u64;
        if in_order { Ok(()) } else { self.mend(&found) }
    }

    fn mend(&mut self, found: &BTreeMap<seal::Label, u64>) -> Result<(), StoreError> {
        let rows = self.path.join(ROWS);
        let mut writing = Writing::begin(&rows, self.table.homes())?;
        for at in found.values() {
            writing.add(&self.table.read(*at, at + 1)?[0])?;
        }
        writing.end()?;
        self.table = Writing::put_in_place(&rows)?;
        Ok(())
    }
}

const ROWS: &str = "rows";
const KEY: &str = "key";
const READ_AT_ONCE: usize = 2048;

#[cfg(test)]
mod tests;
