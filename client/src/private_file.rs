//! Files that this program writes, and only when it is told to: new ones, readable by their owner alone.
//! Nothing is overwritten, and nothing empty is left behind.

use crate::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that was made and is still empty. If nothing is written to it, it goes away again.
pub struct PrivateFile {
    path: PathBuf,
    file: File,
    written: bool,
}

impl PrivateFile {
    /// Makes the file before there is anything to write, so that a wrong path is found before an invite is used.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Error::Local(match error.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    format!("{} exists already and is not overwritten; choose another name.", path.display())
                }
                _ => format!("{} cannot be made: {error}.", path.display()),
            })
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }

    /// Writes the contents and waits until they are on the disk.
    pub fn write(mut self, contents: &[u8]) -> Result<(), Error> {
        let result = self.file.write_all(contents).and_then(|()| self.file.sync_all());
        self.written = result.is_ok();
        result.map_err(|error| Error::Local(format!("{} cannot be written: {error}.", self.path.display())))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.written {
            let _ = std::fs::remove_file(&self.path); // ours, and worthless
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        PrivateFile::create(&path).unwrap().write(b"first").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(PrivateFile::create(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_file_without_contents_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        drop(PrivateFile::create(&path).unwrap());
        assert!(!path.exists());
    }
}
