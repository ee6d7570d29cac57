//! The campaign's own copy of its registration bundle, `page/` (DESIGN §6): what is served when no other is given, and
//! what a file server carries on with after the close. It stays when all else is destroyed.
//!
//! A crash at any point leaves the old copy whole or the new one: the new one is written and synced beside it first,
//! and an old one that was put aside and not replaced is put back.

use super::Bundle;
use crate::error::Error;
use crate::store::disk::{create_dir, remove_dir, rename, sync_dir, write_file};
use crate::store::{PUBLIC_DIR, PUBLIC_FILE};
use protocol::page_manifest::MANIFEST;
use std::path::Path;

/// The folder of the copy.
const KEPT: &str = "page";
/// A copy that is being written.
const NEW: &str = "page-new";
/// A copy that is being replaced.
const OLD: &str = "page-old";

/// The copy of a data directory, if it has one, after finishing what a crash cut off.
pub(crate) fn kept(data: &Path) -> Result<Option<Bundle>, Error> {
    mend(data)?;
    look(data)
}

/// The copy as it lies there; changes nothing.
pub(crate) fn look(data: &Path) -> Result<Option<Bundle>, Error> {
    let folder = data.join(KEPT);
    if !folder.exists() {
        return Ok(None);
    }
    let damaged = |error| Error::damaged(format!("the page is damaged, {error}; give it again with --page"));
    Bundle::read(&folder).map(Some).map_err(damaged)
}

/// Whether a crash left something to be finished.
pub(crate) fn was_cut_off(data: &Path) -> bool {
    data.join(NEW).exists() || data.join(OLD).exists()
}

/// Makes this bundle the copy, durably.
pub(crate) fn keep(data: &Path, bundle: &Bundle) -> Result<(), Error> {
    mend(data)?;
    let (folder, new, old) = (data.join(KEPT), data.join(NEW), data.join(OLD));
    if Bundle::read(&folder).is_ok_and(|kept| kept.manifest_bytes() == bundle.manifest_bytes()) {
        return Ok(sync_dir(data)?); // a killed process may have renamed it and not synced that
    }
    create_dir(&new, PUBLIC_DIR)?;
    for (file, bytes) in bundle.files() {
        write_file(&new.join(file.name()), PUBLIC_FILE, bytes)?;
    }
    write_file(&new.join(MANIFEST), PUBLIC_FILE, bundle.manifest_bytes())?;
    if folder.exists() {
        rename(&folder, &old)?;
    }
    rename(&new, &folder)?;
    sync_dir(data)?;
    mend(data)
}

/// Finishes a replacement that was cut off: back to the old copy unless the new one stands in its place.
fn mend(data: &Path) -> Result<(), Error> {
    let (folder, new, old) = (data.join(KEPT), data.join(NEW), data.join(OLD));
    if old.exists() && !folder.exists() {
        rename(&old, &folder)?;
        sync_dir(data)?;
    }
    for left in [new, old] {
        if left.exists() {
            remove_dir(&left)?;
        }
    }
    Ok(())
}
