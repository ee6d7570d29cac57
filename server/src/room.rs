//! Room on the disk: yes or no, as of the last tick. How many bytes are free follows the pledges that wait, so nobody
//! learns the number, and the answer changes at ticks only.

use crate::config::DISK_FREE_BYTES_MIN;
use crate::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

/// What was found at the last tick since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// No tick was run since the start.
    Unknown,
    /// There is room.
    Enough,
    /// Make room.
    Low,
}

/// The disk of the data directory.
pub(crate) struct Disk {
    data: PathBuf,
    room: AtomicU8,
}

impl Disk {
    /// The disk that holds this folder; nothing is measured yet.
    pub(crate) fn of(data: &Path) -> Self {
        Self { data: data.to_owned(), room: AtomicU8::new(Room::Unknown as u8) }
    }

    /// Measures. For ticks alone. Blocking.
    pub(crate) fn measure(&self) -> Result<(), Error> {
        let room = if free_bytes(&self.data)? < DISK_FREE_BYTES_MIN { Room::Low } else { Room::Enough };
        self.room.store(room as u8, SeqCst);
        Ok(())
    }

    /// What was measured last.
    pub(crate) fn room(&self) -> Room {
        let room = self.room.load(SeqCst);
        [Room::Enough, Room::Low].into_iter().find(|one| *one as u8 == room).unwrap_or(Room::Unknown)
    }
}

/// What somebody without privileges can still write there.
fn free_bytes(folder: &Path) -> Result<u64, Error> {
    let failed =
        |error: rustix::io::Errno| Error::io(format!("the room on the disk of {}", folder.display()), error.into());
    let found = rustix::fs::statvfs(folder).map_err(failed)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_is_low_once_it_is_measured() {
        let full = Disk::of(Path::new("/proc")); // a real file system that never has any
        assert_eq!(full.room(), Room::Unknown);
        full.measure().unwrap();
        assert_eq!((full.room(), free_bytes(Path::new("/proc")).unwrap()), (Room::Low, 0));
        let folder = tempfile::tempdir().unwrap();
        let here = Disk::of(folder.path());
        here.measure().unwrap();
        let low = free_bytes(folder.path()).unwrap() < DISK_FREE_BYTES_MIN;
        assert_eq!(here.room(), if low { Room::Low } else { Room::Enough });
        assert!(Disk::of(&folder.path().join("gone")).measure().is_err());
    }
}
