//! The stores (DESIGN §6): a few verbs each, and one contract for all of them.
//!
//! * **Durable when it returns.** An answer leaves only when what it rests on survives kill -9 and a power cut: files
//!   are synced before they are renamed, directories after, and sled's own flush is never enough
//!   (`store/sled_dir.rs`). What opening a store finds is synced again before anything is answered from it: a killed
//!   process may have left it in the page cache only.
//! * **Exactly one winner.** One writer thread per store decides all requests one after the other
//!   (`store/group_commit.rs`). If a write fails, everyone who waits gets the error, nobody a yes, and the store is
//!   [`StoreError::Stopped`] until it is opened again, because until then nobody knows what is on the disk.
//! * **No timestamps,** no addresses, no sequence numbers. What came since the last tick lies in sled, which keeps the
//!   order of arrival on disk; at each tick it is rewritten in the order of its keys and the old database is deleted.
//! * **Every step of a tick can be repeated.** A crash between any two leaves one of these, which opening the store
//!   and repeating the tick finish:
//!   - a half-made database (`new`), a half-deleted one (`removed-…`) or a half-written file (`….tmp`): deleted;
//!   - a frozen database that is already merged or copied: the same records twice, which count once;
//!   - a run of spent nonces beside the longer one that it was merged into: deleted;
//!   - tiles beyond the signed size: never served, deleted by the next append, which writes its own.
//!
//! Attestation and redemption stores know nothing of each other, and no type here takes both.

pub(crate) mod attestation;
mod group_commit;
pub(crate) mod log;
pub(crate) mod redemption;
mod sled_dir;
mod sorted_file;
mod spent;
#[cfg(test)]
mod tests_support;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Mode of a file that nobody but the server may read.
pub(crate) const SECRET_FILE: u32 = 0o600;
/// Mode of a directory that nobody but the server may enter.
pub(crate) const SECRET_DIR: u32 = 0o700;
/// Mode of a file that everybody may read.
pub(crate) const PUBLIC_FILE: u32 = 0o644;
/// Mode of a directory that everybody may enter.
pub(crate) const PUBLIC_DIR: u32 = 0o755;

/// Why a store did not do what it was asked. It names files, never their contents.
#[derive(Debug, Clone)]
pub enum StoreError {
    /// The operating system refused; every waiting caller gets a copy.
    Io {
        /// What was tried, as "write FILE".
        what: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// What is on the disk is not what a store writes: the file, and what is wrong with it.
    Corrupt(String),
    /// The call does not fit the state of the store; nothing was changed.
    Refused(String),
    /// The store was destroyed, or a write failed before; it has to be opened again.
    Stopped,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { what, source } => write!(f, "cannot {what}: {source}"),
            Self::Corrupt(why) | Self::Refused(why) => f.write_str(why),
            Self::Stopped => f.write_str(
                "the store has stopped, because a write failed or it was destroyed; mend the cause and start the server again",
            ),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// Writes a whole file, so that after a crash either the old or the new one is there, and when this returns the new one
/// on the disk itself.
pub(crate) fn write_file(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), StoreError> {
    write_file_with(path, mode, |file| file.write_all(bytes).map_err(failed("write", path)))
}

/// [`write_file`] for what is too large to be held in memory.
fn write_file_with(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    let file = options.open(&unfinished).map_err(failed("create", &unfinished))?;
    let mut file = BufWriter::with_capacity(1 << 16, file);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| failed("write", &unfinished)(error.into_error()))?;
    file.sync_all().map_err(failed("sync", &unfinished))?;
    fs::rename(&unfinished, path).map_err(failed("rename", &unfinished))?;
    sync_dir(parent(path))
}

/// Makes a directory unless it exists, with this mode either way, and syncs its parent.
pub(crate) fn create_dir(path: &Path, mode: u32) -> Result<(), StoreError> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("set the mode of", path))?;
        }
        result => result.map_err(failed("create", path))?,
    }
    sync_dir(parent(path))
}

/// Syncs a directory: the names in it, not the contents of its files.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let dir = File::open(path).map_err(failed("open", path))?;
    dir.sync_all().map_err(failed("sync", path))
}

/// Deletes a directory with all that is in it, if it exists, and syncs its parent. It can be repeated after a crash.
/// The blocks of a disk keep what they held until they are written again: hence an encrypted disk.
pub(crate) fn remove_dir(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        result => result.map_err(failed("delete", path))?,
    }
    sync_dir(parent(path))
}

/// The entries of a directory: names that are not UTF-8 are not ours, and are left out.
fn names_in(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("read", dir))? {
        names.extend(entry.map_err(failed("read", dir))?.file_name().into_string());
    }
    Ok(names)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { what: format!("{verb} {}", path.display()), source: Arc::new(source) }
}

/// What a file's name ends in until it is whole.
const UNFINISHED: &str = ".tmp";
