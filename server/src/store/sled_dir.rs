//! sled, and all that has to be known about it. The only file that names the crate.
//!
//! sled 0.34 calls durable what it has handed to `sync_file_range`; a power cut takes it. It also keeps the order of
//! arrival in its file, even of what was deleted. So every commit ends in our own `sync_data`, and a database lives
//! for one tick only: then its whole directory goes.

use super::disk::{failed, names_in, remove_file, sync_dir};
use super::generations::Generation;
use super::{SECRET_FILE, StoreError};
use protocol::publication::Tick;
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// One open database: rows of fixed sizes under keys of a fixed size. A clone is another handle of the same.
#[derive(Clone)]
pub(super) struct SledDir {
    tick: Tick,
    db: sled::Db,
    file: Arc<File>,
    path: PathBuf,
}

impl Generation for SledDir {
    fn create(path: &Path) -> Result<(), StoreError> {
        let db = open_unlocked(path)?;
        db.insert(MARK, &[]).map_err(|error| convert(path, error))?;
        db.flush().map_err(|error| convert(path, error))?;
        drop(db);
        sync_below(path)
    }

    /// Waits a little for another handle in the act of closing.
    fn open(path: &Path, tick: Tick) -> Result<Self, StoreError> {
        let data = path.join("db");
        if !data.is_file() {
            // sled would make an empty one and say nothing
            return Err(StoreError::Corrupt(format!("{} is missing", data.display())));
        }
        remove_half_snapshots(path)?;
        sync_below(path)?;
        let db = open_unlocked(path)?;
        sync_below(path)?;
        let opened =
            Self { tick, file: Arc::new(File::open(&data).map_err(failed("open", &data))?), path: path.to_owned(), db };
        if opened.get(MARK)?.is_none() {
            // what sled cannot read it takes for new; at the next start nothing else would tell
            return Err(opened.corrupt("has lost what it held"));
        }
        Ok(opened)
    }

    fn tick(&self) -> Tick {
        self.tick
    }

    /// Nothing: an encrypted disk has to do it.
    fn erase(_path: &Path) -> Result<(), StoreError> {
        Ok(())
    }
}

impl SledDir {
    /// The value under a key, written or only about to be.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.db.get(key).map_err(|error| self.error(error))
    }

    /// All rows in the order of their keys.
    pub(super) fn rows<const K: usize, const V: usize>(
        &self,
    ) -> impl Iterator<Item = Result<([u8; K], [u8; V]), StoreError>> + '_ {
        let rows = self.db.iter().filter(|row| !matches!(row, Ok((key, _)) if key == MARK));
        rows.map(|row| {
            let (key, value) = row.map_err(|error| self.error(error))?;
            match (<[u8; K]>::try_from(&*key), <[u8; V]>::try_from(&*value)) {
                (Ok(key), Ok(value)) => Ok((key, value)),
                _ => Err(self.corrupt("holds a row of another size")),
            }
        })
    }

    /// Writes rows, durable when this returns. Their order among themselves is lost on the way (sled's batch is a hash
    /// map with a random key), which is welcome.
    pub(super) fn write<const K: usize, const V: usize>(
        &self,
        rows: &BTreeMap<[u8; K], [u8; V]>,
    ) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in rows {
            batch.insert(key.as_slice(), value.as_slice());
        }
        self.db.apply_batch(batch).map_err(|error| self.error(error))?;
        self.db.flush().map_err(|error| self.error(error))?;
        // Between opening and closing sled writes no other file: values so small never become blobs, and snapshots
        // are taken when it opens.
        self.file.sync_data().map_err(failed("sync", &self.path))
    }

    fn corrupt(&self, why: &str) -> StoreError {
        StoreError::Corrupt(format!("the database {} {why}", self.path.display()))
    }

    fn error(&self, error: sled::Error) -> StoreError {
        convert(&self.path, error)
    }
}

/// Opens sled in a directory. It frees its lock some moments after its last handle is dropped, so a handle that is
/// just being closed is waited for; one in another process is still there at the end.
fn open_unlocked(path: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let mut waits = 0;
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") && waits < LOCK_WAITS => {
                waits += 1;
                std::thread::sleep(LOCK_WAIT);
            }
            result => return result.map_err(|error| convert(path, error)),
        }
    }
}

/// Deletes what a kill left of the snapshot that sled writes whenever it opens: at the next opening sled would take it
/// for the newest one and call the database damaged. A snapshot only saves work: everything is in `db`.
fn remove_half_snapshots(dir: &Path) -> Result<(), StoreError> {
    for name in names_in(dir)?.iter().filter(|name| name.ends_with(HALF_SNAPSHOT)) {
        let path = dir.join(name);
        remove_file(&path)?;
    }
    Ok(())
}

/// Syncs every file in a database's directory, then the directories: sled syncs neither its configuration nor names.
fn sync_below(dir: &Path) -> Result<(), StoreError> {
    for name in names_in(dir)? {
        let path = dir.join(name);
        if path.is_dir() {
            sync_below(&path)?;
        } else {
            fs::set_permissions(&path, Permissions::from_mode(SECRET_FILE))
                .map_err(failed("set the mode of", &path))?;
            let file = File::open(&path).map_err(failed("open", &path))?;
            file.sync_all().map_err(failed("sync", &path))?;
        }
    }
    sync_dir(dir)
}

/// sled's errors name offsets and files, not rows; still, only the kind is taken over.
fn convert(path: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => failed("use the database", path)(error),
        sled::Error::Corruption { .. } => {
            StoreError::Corrupt(format!("sled finds the database {} damaged", path.display()))
        }
        sled::Error::Unsupported(why) => StoreError::Corrupt(format!("sled refuses {}: {why}", path.display())),
        _ => StoreError::Corrupt(format!("sled failed on {}", path.display())),
    }
}

const CACHE_BYTES: u64 = 32 << 20;
const LOCK_WAITS: u32 = 500;
const LOCK_WAIT: Duration = Duration::from_millis(10);
/// Key of a row that every database has from its making on.
const MARK: &[u8] = b"mark";
/// What the name of sled's snapshot ends in until it is whole.
const HALF_SNAPSHOT: &str = ".generating";

#[cfg(test)]
mod tests;
