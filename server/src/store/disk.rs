//! The file layer: every byte written, every sync and every change of a name in the server's folder goes through here,
//! so that one place says what a crash can leave, and the tests can fail, tear and lose each of them.
//!
//! It must never call durable what is not: a file's content is so after its sync, its name after the directory's.

use super::{PUBLIC_DIR, StoreError, UNFINISHED, parent};
use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

#[cfg(test)]
pub(crate) mod faults;

/// The whole content of a file, which may be somebody else's: not of a pipe that never ends or a device, and at most so many
/// bytes.
pub(crate) fn read_file(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(io::Error::new(ErrorKind::InvalidInput, "is larger than it may be")),
        false => Ok(bytes),
    }
}

/// What is done to the disk.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A directory is made.
    MakeDir(&'a Path),
    /// A file is made, or emptied if there is one.
    Create(&'a Path),
    /// Bytes are written.
    Write {
        /// Where to.
        file: &'a DiskFile,
        /// From which offset on.
        #[cfg_attr(not(test), expect(dead_code, reason = "the tests' faults look at it"))]
        offset: u64,
        /// Which.
        #[cfg_attr(not(test), expect(dead_code, reason = "the tests' faults look at it"))]
        bytes: &'a [u8],
    },
    /// A file's content becomes durable.
    Sync(&'a DiskFile),
    /// A name is moved, in place of another if there is one.
    Rename {
        /// The old one.
        from: &'a Path,
        /// The new one.
        #[cfg_attr(not(test), expect(dead_code, reason = "the tests' faults look at it"))]
        to: &'a Path,
    },
    /// A file's name is removed.
    Unlink(&'a Path),
    /// An empty directory is removed.
    RemoveDir(&'a Path),
    /// The names in a directory become durable.
    SyncDir(&'a Path),
}

impl Step<'_> {
    fn refused(self, source: io::Error) -> StoreError {
        let (verb, path) = match self {
            Self::MakeDir(path) | Self::Create(path) => ("create", path),
            Self::Write { file, .. } => ("write", file.path.as_path()),
            Self::Sync(file) => ("sync", file.path.as_path()),
            Self::Rename { from, .. } => ("rename", from),
            Self::Unlink(path) | Self::RemoveDir(path) => ("delete", path),
            Self::SyncDir(path) => ("sync", path),
        };
        failed(verb, path)(source)
    }
}

/// The one door to the disk.
fn act<T>(step: Step<'_>, doing: impl FnOnce() -> io::Result<T>) -> Result<T, StoreError> {
    #[cfg(test)]
    let doing = || faults::around(step, doing);
    doing().map_err(|source| step.refused(source))
}

/// An open file.
pub(crate) struct DiskFile {
    file: File,
    path: PathBuf,
    /// Where the next byte of [`Write`] goes.
    end: u64,
}

impl DiskFile {
    /// A new file of this mode, or an old one emptied, to be read and written.
    pub(crate) fn create(path: &Path, mode: u32) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(mode);
        let file = act(Step::Create(path), || options.open(path))?;
        Ok(Self { file, path: path.to_owned(), end: 0 })
    }

    /// A file that exists, to be read and written.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed("open", path))?;
        Ok(Self { file, path: path.to_owned(), end: 0 })
    }

    /// Its path when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub(crate) fn len(&self) -> Result<u64, StoreError> {
        Ok(self.file.metadata().map_err(failed("read", &self.path))?.len())
    }

    /// Fills `bytes` from an offset on.
    pub(crate) fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<(), StoreError> {
        self.file.read_exact_at(bytes, offset).map_err(failed("read", &self.path))
    }

    /// Writes all of `bytes` from an offset on; durable after [`Self::sync`] only.
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), StoreError> {
        act(Step::Write { file: self, offset, bytes }, || self.file.write_all_at(bytes, offset))
    }

    /// Makes the content durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        act(Step::Sync(self), || self.file.sync_data())
    }

    /// Sets the times of last change and last reading to the beginning of 1970, so that they say nothing.
    pub(crate) fn blur_times(&self) -> Result<(), StoreError> {
        blur(&self.file).map_err(failed("set the times of", &self.path))
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.write_at(bytes, self.end) {
            Ok(()) => {
                self.end += bytes.len() as u64;
                Ok(bytes.len())
            }
            Err(StoreError::Io { source, .. }) => Err(Arc::into_inner(source).unwrap_or(ErrorKind::Other.into())),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a whole file, so that after a crash either the old or the new one is there, and when this returns the new one
/// on the disk itself.
pub(crate) fn write_file(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), StoreError> {
    write_file_with(path, mode, |file| file.write_all(bytes).map_err(failed("write", path)))
}

/// [`write_file`] for what is too large to be held in memory.
pub(crate) fn write_file_with(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut BufWriter<DiskFile>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let unfinished = unfinished(path);
    let mut file = BufWriter::with_capacity(1 << 16, DiskFile::create(&unfinished, mode)?);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| failed("write", &unfinished)(error.into_error()))?;
    file.sync()?;
    rename(&unfinished, path)?;
    sync_dir(parent(path))
}

/// Where a file is written until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    PathBuf::from(unfinished)
}

/// Gives a file or directory another name, in place of a file that has it; durable after [`sync_dir`] of both parents.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    act(Step::Rename { from, to }, || fs::rename(from, to))
}

/// Removes a file; durable after [`sync_dir`] of its parent.
pub(crate) fn remove_file(path: &Path) -> Result<(), StoreError> {
    act(Step::Unlink(path), || fs::remove_file(path))
}

/// [`remove_file`] for a file that may be gone, with what a crash left of writing it; durable when this returns.
pub(crate) fn remove_file_if_there(path: &Path) -> Result<(), StoreError> {
    for path in [unfinished(path).as_path(), path] {
        if path.exists() {
            remove_file(path)?;
        }
    }
    sync_dir(parent(path))
}

/// Held by whoever changes a file that other threads and other programs change too: all of them wait for it, and none
/// writes what another has just changed.
pub(crate) struct Alone {
    _folder: File,
}

impl Alone {
    /// Waits until nobody else changes such files in this directory. Blocking.
    pub(crate) fn with(dir: &Path) -> Result<Self, StoreError> {
        let folder = File::open(dir).map_err(failed("open", dir))?;
        folder.lock().map_err(failed("lock", dir))?;
        Ok(Self { _folder: folder })
    }
}

/// Makes a directory unless it exists, with this mode either way, and syncs its parent.
pub(crate) fn create_dir(path: &Path, mode: u32) -> Result<(), StoreError> {
    if path.is_dir() {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("set the mode of", path))?;
    } else {
        act(Step::MakeDir(path), || DirBuilder::new().mode(mode).create(path))?;
    }
    sync_dir(parent(path))
}

/// Makes a directory and those above it that are missing, for everybody to read; their names are synced by the caller.
pub(crate) fn create_dir_all(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    create_dir_all(parent(path))?;
    act(Step::MakeDir(path), || DirBuilder::new().mode(PUBLIC_DIR).create(path))
}

/// Removes a directory if it is empty; durable after [`sync_dir`] of its parent.
pub(crate) fn remove_empty_dir(path: &Path) -> Result<(), StoreError> {
    act(Step::RemoveDir(path), || fs::remove_dir(path))
}

/// Syncs a directory: the names in it, not the contents of its files.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    act(Step::SyncDir(path), || File::open(path)?.sync_all())
}

/// Deletes a directory with all that is in it, if it exists, and syncs its parent. It can be repeated after a crash.
/// The blocks of a disk keep what they held until they are written again: hence an encrypted disk.
pub(crate) fn remove_dir(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        empty_dir(path)?;
        remove_empty_dir(path)?;
    }
    sync_dir(parent(path))
}

fn empty_dir(path: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(path).map_err(failed("read", path))? {
        let entry = entry.map_err(failed("read", path))?;
        let below = entry.path();
        // not by its target: a link is removed, never followed
        if entry.file_type().map_err(failed("read", &below))?.is_dir() {
            empty_dir(&below)?;
            remove_empty_dir(&below)?;
        } else {
            remove_file(&below)?;
        }
    }
    Ok(())
}

/// Sets the times of everything below a directory that exists as [`DiskFile::blur_times`] does. What the system keeps
/// beside them, when a file was last touched in any way, becomes the time of this call: made often, that says nothing either.
pub(crate) fn blur_times_below(dir: &Path) -> Result<(), StoreError> {
    if !dir.is_dir() {
        return Ok(());
    }
    for name in names_in(dir)? {
        let path = dir.join(name);
        blur_times_below(&path)?;
        blur_times_of(&path)?;
    }
    Ok(())
}

/// The same of one file or directory. One that is gone, were it there a moment ago, had its time.
pub(crate) fn blur_times_of(path: &Path) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| blur(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed("set the times of", path)),
    }
}

fn blur(file: &File) -> io::Result<()> {
    let never = FileTimes::new().set_accessed(UNIX_EPOCH).set_modified(UNIX_EPOCH);
    file.set_times(never)
}

/// The entries of a directory: names that are not UTF-8 are not ours, and are left out.
pub(crate) fn names_in(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("read", dir))? {
        names.extend(entry.map_err(failed("read", dir))?.file_name().into_string());
    }
    Ok(names)
}

/// An error of the system, with what was tried.
pub(crate) fn failed(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { what: format!("{verb} {}", path.display()), source: Arc::new(source) }
}
