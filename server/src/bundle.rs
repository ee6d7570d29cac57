//! The registration bundle: static files with a manifest, the same bytes for everyone (DESIGN §4, type 5).
//!
//! What is read here was compared with its manifest, file by file; nothing that the manifest does not list is in it,
//! and no file is ever read again: what is served is what was checked.

use crate::error::Error;
use crate::store::disk;
use protocol::campaign::Genesis;
use protocol::page_manifest::{MANIFEST, MANIFEST_BYTES_MAX, PageFile, PageManifest};
use sha2::{Digest, Sha256};
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::Path;

mod kept;

use kept::{keep, kept};
pub(crate) use kept::{look, was_cut_off};

/// The bundle that a campaign is to serve: the given one, which is copied first, else the copy that it has.
pub(crate) fn take_in(data: &Path, given: Option<&Path>, genesis: &Genesis) -> Result<Option<Bundle>, Error> {
    let bundle = match given {
        Some(folder) => Some(read_given(folder)?),
        None => kept(data)?,
    };
    let Some(bundle) = bundle else { return Ok(None) };
    bundle.demand_compiler(genesis)?;
    if given.is_some() {
        keep(data, &bundle)?;
    }
    Ok(Some(bundle))
}

/// Reads the folder that somebody gave.
pub(crate) fn read_given(folder: &Path) -> Result<Bundle, Error> {
    Bundle::read(folder).map_err(|error| Error::Refused(format!("{error}; build the page again with: make page")))
}

/// A whole bundle in memory.
pub(crate) struct Bundle {
    manifest: PageManifest,
    manifest_bytes: Vec<u8>,
    /// In the manifest's order.
    contents: Vec<Vec<u8>>,
}

impl Bundle {
    /// Reads a folder that holds a manifest and exactly the files that it lists. The error is one sentence without
    /// advice, which depends on whose folder it is.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let manifest_bytes = read_file(&folder.join(MANIFEST), MANIFEST_BYTES_MAX)?;
        let manifest = PageManifest::decode(&manifest_bytes)
            .map_err(|error| Error::Refused(format!("in {}, {error}", folder.join(MANIFEST).display())))?;
        let failed = |error| Error::io(folder.display(), error);
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !is_listed(&entry, &manifest) {
                let why = "is not a file that its manifest lists";
                return Err(Error::Refused(format!("{} {why}", entry.path().display())));
            }
        }
        let read = |file: &PageFile| {
            let path = folder.join(file.name());
            let bytes = read_file(&path, file.size())?;
            if file.is(&bytes) {
                Ok(bytes)
            } else {
                Err(Error::Refused(format!("{} is not the file that its manifest lists", path.display())))
            }
        };
        let contents = manifest.files().iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { manifest, manifest_bytes, contents })
    }

    /// The manifest.
    pub(crate) fn manifest(&self) -> &PageManifest {
        &self.manifest
    }

    /// Its bytes.
    pub(crate) fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// What the log names the bundle by.
    pub(crate) fn manifest_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.manifest_bytes).into()
    }

    /// The files with their bytes, in the order of their names.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&PageFile, &[u8])> {
        self.manifest.files().iter().zip(self.contents.iter().map(Vec::as_slice))
    }

    /// Refuses a bundle that the log of this campaign may not name.
    pub(crate) fn demand_compiler(&self, genesis: &Genesis) -> Result<(), Error> {
        if self.manifest.may_be_entered(genesis.rehearsal) {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "the page was built with \"{}\", and the page of a campaign that is no rehearsal must be built with \
             Debian's rustc-web, so that anybody can build the same bytes; build it there",
            self.manifest.compiler()
        )))
    }
}

fn is_listed(entry: &DirEntry, manifest: &PageManifest) -> bool {
    let (name, kind) = (entry.file_name(), entry.file_type());
    let listed = name == MANIFEST || manifest.files().iter().any(|file| name == file.name());
    listed && kind.is_ok_and(|kind| kind.is_file())
}

/// A file of at most so many bytes; one that is longer is not read.
fn read_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    disk::read_file(path, bytes_max).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => Error::Refused(format!("{} {error}", path.display())),
        _ => Error::io(path.display(), error),
    })
}

#[cfg(test)]
mod tests;
