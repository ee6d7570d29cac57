//! The stores (DESIGN §6): a few verbs each, and one contract for all of them.
//!
//! * **Durable when it returns.** An answer leaves only when what it rests on survives kill -9 and a power cut: files
//!   are synced before they are renamed, directories after, and sled's own flush is never enough
//!   (`store/sled_dir.rs`). What opening a store finds is synced again before anything is answered from it: a killed
//!   process may have left it in the page cache only.
//! * **Exactly one winner.** One writer thread per store decides all requests one after the other
//!   (`store/group_commit.rs`). If a write fails, everyone who waits gets the error, nobody a yes, and the store is
//!   [`StoreError::Stopped`] until it is opened again, because until then nobody knows what is on the disk.
//! * **No timestamps,** no addresses, no sequence numbers. Pending pledges lie in a file that never says in which order
//!   they came (`store/slot_file.rs`). Invites used since the last tick lie in sled, which keeps the order of arrival on
//!   disk; at each tick they are merged into a sorted file and the old database is deleted.
//! * **One door to the disk.** Whatever is written, synced, named or removed goes through `store/disk.rs`, but for sled.
//! * **Every step of a tick can be repeated.** A crash between any two leaves one of these, which opening the store
//!   and repeating the tick finish:
//!   - a half-made generation (`new`), a half-deleted one (`removed-…`) or a half-written file (`….tmp`): deleted;
//!   - a pool whose rows were moving aside or growing: written anew in order;
//!   - a frozen generation that is already merged or copied: the same records twice, which count once;
//!   - a run of spent nonces beside the longer one that it was merged into: deleted;
//!   - tiles beyond the signed size: never served, deleted by the next append, which writes its own.
//!
//! Attestation and redemption stores know nothing of each other, and no type here takes both.

pub(crate) mod attestation;
#[cfg(test)]
pub(crate) mod crashes;
pub(crate) mod disk;
mod generations;
mod group_commit;
pub(crate) mod log;
#[cfg(test)]
pub(crate) mod power;
pub(crate) mod redemption;
mod sled_dir;
mod slot_file;
mod sorted_file;
mod spent;
#[cfg(test)]
mod tests_support;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes that a file of the log can have: 256 entries as long as they can be, each with its length.
pub(crate) const LOG_FILE_BYTES_MAX: u64 = 256 * (65_535 + 2);
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

/// The directory that a name lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What a file's name ends in until it is whole.
const UNFINISHED: &str = ".tmp";
