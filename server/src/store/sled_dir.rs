//! sled, and all that has to be known about it. The only file that names the crate.
//!
//! sled 0.34 calls durable what it has handed to `sync_file_range`; a power cut takes it. It also keeps the order of
//! arrival in its file, even of what was deleted. So every commit ends in our own `sync_data`, and a database lives
//! for one tick only: then its whole directory goes.

use super::disk::{create_dir, failed, names_in, remove_dir, remove_file, rename, sync_dir};
use super::{SECRET_DIR, SECRET_FILE, StoreError, UNFINISHED};
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

impl SledDir {
    /// The tick after whose end it was opened.
    pub(super) fn tick(&self) -> Tick {
        self.tick
    }

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

    /// Opens a database that exists. Waits a little for another handle in the act of closing.
    fn open(path: &Path, tick: Tick) -> Result<Self, StoreError> {
        let data = path.join("db");
        if !data.is_file() {
            // sled would make an empty one and say nothing
            return Err(StoreError::Corrupt(format!("{} is missing", data.display())));
        }
        remove_half_snapshots(path)?;
        settle(path)?;
        let db = open_unlocked(path)?;
        settle(path)?;
        let opened =
            Self { tick, file: Arc::new(File::open(&data).map_err(failed("open", &data))?), path: path.to_owned(), db };
        if opened.get(MARK)?.is_none() {
            // what sled cannot read it takes for new; at the next start nothing else would tell
            return Err(opened.corrupt("has lost what it held"));
        }
        Ok(opened)
    }

    fn corrupt(&self, why: &str) -> StoreError {
        StoreError::Corrupt(format!("the database {} {why}", self.path.display()))
    }

    fn error(&self, error: sled::Error) -> StoreError {
        convert(&self.path, error)
    }
}

/// The databases of one store, `PREFIX<tick>` each: the one of the highest tick is fresh, the others are frozen.
pub(super) struct Generations {
    dir: PathBuf,
    prefix: &'static str,
}

impl Generations {
    /// The databases of a store in a directory.
    pub(super) fn new(dir: &Path, prefix: &'static str) -> Self {
        Self { dir: dir.to_owned(), prefix }
    }

    /// Opens all databases, ascending by tick, after deleting what a crash left half-made or half-deleted. If there is
    /// none yet, makes that of `start`.
    pub(super) fn open(&self, start: Tick) -> Result<Vec<SledDir>, StoreError> {
        self.sweep()?;
        let mut open = Vec::new();
        for tick in self.ticks()? {
            open.push(SledDir::open(&self.path(tick), tick)?);
        }
        if open.is_empty() {
            open.push(self.create(start)?);
        }
        Ok(open)
    }

    /// The ticks of the databases that exist, ascending.
    pub(super) fn ticks(&self) -> Result<Vec<Tick>, StoreError> {
        let tick = |name: &String| -> Option<Tick> {
            let tick = name.strip_prefix(self.prefix)?.parse().ok()?;
            (format!("{}{tick}", self.prefix) == *name).then_some(tick)
        };
        let mut ticks: Vec<Tick> = names_in(&self.dir)?.iter().filter_map(tick).collect();
        ticks.sort_unstable();
        Ok(ticks)
    }

    /// Makes the database of a tick, durably, and opens it; or opens it if a failed attempt left it behind.
    pub(super) fn create(&self, tick: Tick) -> Result<SledDir, StoreError> {
        let path = self.path(tick);
        if !path.exists() {
            // under another name first: half a database must not be taken for one
            let new = self.dir.join(NEW);
            remove_dir(&new)?;
            create_dir(&new, SECRET_DIR)?;
            let db = open_unlocked(&new)?;
            db.insert(MARK, &[]).map_err(|error| convert(&new, error))?;
            db.flush().map_err(|error| convert(&new, error))?;
            drop(db);
            settle(&new)?;
            rename(&new, &path)?;
        }
        sync_dir(&self.dir)?;
        SledDir::open(&path, tick)
    }

    /// Deletes every database but that of one tick; their handles must have been dropped. Can be repeated.
    pub(super) fn remove_all_but(&self, kept: Option<Tick>) -> Result<(), StoreError> {
        self.sweep()?;
        for tick in self.ticks()?.into_iter().filter(|tick| Some(*tick) != kept) {
            // under another name first: half a database must not be taken for one
            let removed = self.dir.join(format!("{REMOVED}{}{tick}", self.prefix));
            let path = self.path(tick);
            rename(&path, &removed)?;
        }
        sync_dir(&self.dir)?;
        self.sweep()
    }

    /// Deletes what is half-made, half-deleted or half-written.
    fn sweep(&self) -> Result<(), StoreError> {
        for name in names_in(&self.dir)? {
            let path = self.dir.join(&name);
            if name == NEW || name.starts_with(REMOVED) {
                remove_dir(&path)?;
            } else if name.ends_with(UNFINISHED) {
                remove_file(&path)?;
            }
        }
        sync_dir(&self.dir)
    }

    fn path(&self, tick: Tick) -> PathBuf {
        self.dir.join(format!("{}{tick}", self.prefix))
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
fn settle(dir: &Path) -> Result<(), StoreError> {
    for name in names_in(dir)? {
        let path = dir.join(name);
        if path.is_dir() {
            settle(&path)?;
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
const NEW: &str = "new";
const REMOVED: &str = "removed-";
/// What the name of sled's snapshot ends in until it is whole.
const HALF_SNAPSHOT: &str = ".generating";

#[cfg(test)]
mod tests;
