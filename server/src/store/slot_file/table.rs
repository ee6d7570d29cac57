//! A hash table in a file whose bytes are a function of what it holds and of its size, whatever the order of arrival:
//! linear probing, the smaller label wins the slot, and the one that had it moves on. Because a row's home is the
//! leading bits of its label, the table as a whole is sorted by label, with gaps.
//!
//! ```text
//! homes (a power of two) || tail (what runs over the last home) || two scratches (zero at rest), slots of 512 bytes each
//! ```
//!
//! A commit must never have a row that was durable in no durable place. All that it changes is written into one scratch and
//! synced; that is when it counts. Then the slots are written, which nobody has to wait for, and the next commit, which
//! takes the other scratch, syncs them together with its own. So each commit has one sync, and at every moment a scratch holds what a slot may lack.

use super::super::StoreError;
use super::super::disk::DiskFile;
use super::seal::{EMPTY, Label, SLOT, Slot, label_of};
use std::collections::BTreeMap;
use std::path::Path;

/// How large things are. In the unit tests all of them are small, so that every crash of a growing file can be tried, and
/// under the fuzzer, so that many files can; the tests of the workspace run with the real ones.
pub(super) struct Sizes {
    /// Homes of an empty table: sixteen megabytes, so that most ticks pass without growing, and growing is faster than
    /// filling.
    pub homes_min: u64,
    /// Slots behind the last home. So many rows never stand without a gap: with homes three quarters full a run of 400
    /// has a probability below 2^-50 at a million homes.
    pub tail: u64,
    /// Slots that one commit may change.
    pub scratch: u64,
    /// Changed slots after which a commit is made in two.
    pub full_change: usize,
    /// Rows after which growing, if it is due, takes its next step.
    pub rows_at_once: usize,
    /// Slots copied in such a step: for every row that comes eight or more, so that it ends long before the old table is full.
    pub step_slots: u64,
    /// Rows added in a step: more than can come meanwhile.
    pub step_rows: usize,
}

/// See [`Sizes`].
#[cfg(not(any(test, fuzzing)))]
pub(super) const SIZES: Sizes = Sizes {
    homes_min: 32768,
    tail: 512,
    scratch: 2048,
    full_change: 1024,
    rows_at_once: 256,
    step_slots: 2048,
    step_rows: 1024,
};
#[cfg(any(test, fuzzing))]
pub(super) const SIZES: Sizes =
    Sizes { homes_min: 64, tail: 96, scratch: 256, full_change: 64, rows_at_once: 8, step_slots: 64, step_rows: 32 };

/// The file, with its geometry.
pub(super) struct Table {
    file: DiskFile,
    homes: u64,
}

/// What a commit will write: slots by index.
pub(super) type Change = BTreeMap<u64, Slot>;

/// Which scratch is next, and how many slots of each are not zero.
#[derive(Default)]
pub(super) struct Scratches {
    next: usize,
    used: [usize; 2],
}

impl Scratches {
    /// Whether both are zero.
    pub(super) fn are_clear(&self) -> bool {
        self.used == [0, 0]
    }
}

impl Table {
    /// An open file as a table. Errors: [`StoreError::Corrupt`] if it is as long as no table.
    pub(super) fn new(file: DiskFile) -> Result<Self, StoreError> {
        let slots = file.len()? / SLOT as u64;
        let homes = slots.saturating_sub(SIZES.tail + 2 * SIZES.scratch);
        if file.len()? % SLOT as u64 != 0 || !homes.is_power_of_two() {
            return Err(StoreError::Corrupt(format!("{} is cut off", file.path().display())));
        }
        Ok(Self { file, homes })
    }

    /// How many slots are some label's home.
    pub(super) fn homes(&self) -> u64 {
        self.homes
    }

    /// Slots that can hold a row for good.
    pub(super) fn slots(&self) -> u64 {
        self.homes + SIZES.tail
    }

    /// Slots of a table in all.
    pub(super) fn slots_in_all(homes: u64) -> u64 {
        homes + SIZES.tail + 2 * SIZES.scratch
    }

    /// The first slot that a label would have.
    pub(super) fn home(homes: u64, label: &Label) -> u64 {
        let leading = label.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if homes > 1 { leading >> (u64::BITS - homes.ilog2()) } else { 0 }
    }

    /// The slots `from..to`.
    pub(super) fn read(&self, from: u64, to: u64) -> Result<Vec<Slot>, StoreError> {
        let mut slots = vec![EMPTY; usize::try_from(to - from).unwrap_or_default()];
        self.file.read_at(slots.as_flattened_mut(), from * SLOT as u64)?;
        Ok(slots)
    }

    /// The slot of a label, as far as the change says.
    pub(super) fn find(&self, change: &Change, label: &Label) -> Result<Option<Slot>, StoreError> {
        let (_, slot) = self.probe(change, *label)?;
        Ok(slot.filter(|slot| label_of(slot) == Some(*label)))
    }

    /// Puts a slot where it belongs, as far as the change says. False if its label is there.
    pub(super) fn place(&self, change: &mut Change, slot: Slot) -> Result<bool, StoreError> {
        let Some(label) = label_of(&slot) else { return Ok(false) };
        let (mut at, mut found) = self.probe(change, label)?;
        if found.is_some_and(|found| label_of(&found) == Some(label)) {
            return Ok(false);
        }
        let mut moving = slot;
        loop {
            change.insert(at, moving);
            let Some(displaced) = found else { return Ok(true) };
            moving = displaced;
            at += 1;
            found = Some(self.load(change, at)?).filter(|slot| label_of(slot).is_some());
        }
    }

    /// The first slot from a label's home on that is empty or has no smaller label.
    fn probe(&self, change: &Change, label: Label) -> Result<(u64, Option<Slot>), StoreError> {
        let mut at = Self::home(self.homes, &label);
        loop {
            let slot = self.load(change, at)?;
            match label_of(&slot) {
                Some(other) if other < label => at += 1,
                Some(_) => return Ok((at, Some(slot))),
                None => return Ok((at, None)),
            }
        }
    }

    fn load(&self, change: &Change, at: u64) -> Result<Slot, StoreError> {
        if let Some(slot) = change.get(&at) {
            return Ok(*slot);
        }
        if at >= self.slots() {
            let why = format!("{} has no room behind its last slot", self.file.path().display());
            return Err(StoreError::Corrupt(why));
        }
        let mut slot = EMPTY;
        self.file.read_at(&mut slot, at * SLOT as u64)?;
        Ok(slot)
    }

    /// Makes a change durable; [`Self::settle`] must follow before the next one.
    pub(super) fn commit(&self, change: &Change, scratches: &mut Scratches) -> Result<(), StoreError> {
        if change.is_empty() {
            return Ok(());
        }
        if change.len() as u64 > SIZES.scratch {
            return Err(StoreError::Corrupt(format!(
                "{} would move too many rows at once",
                self.file.path().display()
            )));
        }
        let turn = scratches.next;
        let mut scratch = change.values().map(Slot::as_slice).collect::<Vec<_>>().concat();
        scratch.resize(change.len().max(scratches.used[turn]) * SLOT, 0);
        self.file.write_at(&scratch, self.scratch(turn))?;
        self.file.sync()?;
        scratches.used[turn] = change.len();
        scratches.next = 1 - turn;
        Ok(())
    }

    /// Writes what was committed to where it belongs. The next sync makes it durable there too.
    pub(super) fn settle(&self, change: &Change) -> Result<(), StoreError> {
        self.write(change)?;
        self.file.blur_times()
    }

    /// Lets the times of the file say nothing, after reading too.
    pub(super) fn blur_times(&self) -> Result<(), StoreError> {
        self.file.blur_times()
    }

    /// Writes a change into a table that nobody relies on yet, durably.
    pub(super) fn fill_in(&self, change: &Change) -> Result<(), StoreError> {
        self.write(change)?;
        self.file.sync()
    }

    /// Zeroes the scratches, durably, after what they hold is durable in its slots.
    pub(super) fn clear(&self, scratches: &mut Scratches) -> Result<(), StoreError> {
        self.file.sync()?;
        for (turn, used) in scratches.used.iter_mut().enumerate() {
            self.file.write_at(&vec![0; *used * SLOT], self.scratch(turn))?;
            *used = 0;
        }
        self.file.blur_times()?;
        self.file.sync()
    }

    /// Where a scratch begins, in bytes.
    fn scratch(&self, turn: usize) -> u64 {
        (self.slots() + turn as u64 * SIZES.scratch) * SLOT as u64
    }

    /// Writes slots, neighbours together.
    fn write(&self, slots: &Change) -> Result<(), StoreError> {
        let mut run = Vec::new();
        let mut next = 0;
        for (&at, slot) in slots {
            if at != next && !run.is_empty() {
                self.file.write_at(&run, next * SLOT as u64 - run.len() as u64)?;
                run.clear();
            }
            run.extend_from_slice(slot);
            next = at + 1;
        }
        self.file.write_at(&run, next * SLOT as u64 - run.len() as u64)
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }
}
