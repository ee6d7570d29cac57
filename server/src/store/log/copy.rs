//! A log as everybody may have it: copied as far as it is signed and no further, and cleaned of what never was.

use super::{CHECKPOINT, LogReader, LogStore, write_files};
use crate::store::disk::{create_dir_all, sync_dir, write_file};
use crate::store::{PUBLIC_FILE, StoreError};
use protocol::tile::TileName;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

impl LogStore {
    /// Deletes what an append left that was never signed; durable when this returns.
    pub(crate) fn drop_unsigned(&mut self) -> Result<(), StoreError> {
        let (partial, touched) = self.tidy(self.reader.size())?;
        self.leftovers = Some(partial);
        touched.iter().try_for_each(|dir| sync_dir(dir))
    }
}

impl LogReader {
    /// Copies what is signed now into a directory, tiles before the checkpoint; durable when this returns. A tile that is
    /// there with the same bytes stays as it is. Can be repeated, also after a crash or when the log has grown.
    pub(crate) fn copy_to(&self, dir: &Path) -> Result<(), StoreError> {
        let signed = self.signed();
        create_dir_all(dir)?;
        for names in TileName::all(signed.head.size).chunks(COPIED_AT_ONCE) {
            let mut missing = Vec::new();
            for name in names {
                let unreadable = || StoreError::Corrupt(format!("the log has lost its {}", name.path()));
                let bytes = self.tile(*name)?.ok_or_else(unreadable)?;
                if !fs::read(dir.join(name.path())).is_ok_and(|there| there == bytes) {
                    missing.push((*name, bytes));
                }
            }
            write_files(dir, &missing, BTreeSet::new())?;
        }
        write_file(&dir.join(CHECKPOINT), PUBLIC_FILE, &signed.checkpoint)
    }
}

/// Files of which so many are in memory, and are synced together.
const COPIED_AT_ONCE: usize = 256;
