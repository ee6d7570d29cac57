//! Files that this program writes, and only when it is told to: new ones, readable by their owner alone.
//! Nothing is overwritten, and nothing empty or half written is left behind, however the program ends.

use crate::error::Error;
use std::fs::{File, OpenOptions, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a file that can be made.
pub struct PrivateFile(PathBuf);

impl PrivateFile {
    /// Finds a wrong path before an invite is used: makes the file and takes it away again at once, so that nothing is
    /// left when the program is interrupted before there is anything to write.
    pub fn at(path: &Path) -> Result<Self, Error> {
        drop(create(path)?);
        let _ = remove_file(path); // ours, and empty
        Ok(Self(path.to_owned()))
    }

    /// Writes the contents and waits until they are on the disk.
    pub fn write(self, contents: &[u8]) -> Result<(), Error> {
        let mut file = create(&self.0)?;
        let written = file.write_all(contents).and_then(|()| file.sync_all());
        written.map_err(|error| {
            let _ = remove_file(&self.0); // ours, and not whole
            Error::file(&self.0, "written", &error)
        })
    }
}

fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Error::file(path, "made", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        PrivateFile::at(&path).unwrap().write(b"first").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(PrivateFile::at(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn there_is_no_file_before_there_is_something_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let file = PrivateFile::at(&path).unwrap();
        assert!(!path.exists());
        std::fs::write(&path, b"another's").unwrap();
        assert!(file.write(b"ours").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"another's");
        assert!(PrivateFile::at(&folder.path().join("no/folder")).is_err());
    }
}
