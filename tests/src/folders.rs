//! Folders as a seizure or a copy takes them: whole.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helping functions too")]

use protocol::tile::{TileName, read_bundle};
use std::path::{Path, PathBuf};

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (source, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if source.is_dir() {
            copy_folder(&source, &target);
        } else {
            std::fs::copy(source, target).unwrap();
        }
    }
}

/// The entries of the log in a folder, as far as its checkpoint says.
pub fn entries(log: &Path) -> Vec<Vec<u8>> {
    let checkpoint = std::fs::read_to_string(log.join("checkpoint")).unwrap();
    let size: u64 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    let mut found = Vec::new();
    for name in TileName::bundles(size) {
        let bundle = std::fs::read(log.join(name.path())).unwrap();
        found.extend(read_bundle(&bundle, name.width).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    found
}

/// Every file below a folder, with its bytes, in the order of names.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}
