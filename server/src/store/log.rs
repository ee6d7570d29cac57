//! The log's files (C2SP tlog-tiles) under one directory: `checkpoint`, `tile/<L>/…`, `tile/entries/…` (DESIGN §4).
//!
//! Appending writes and signs nothing; signing moves the checkpoint and writes nothing else. What lies beyond the
//! signed size is never read for anybody: another append may replace it.

use super::disk::{self, DiskFile, create_dir, failed, sync_dir, write_file};
use super::{LOG_FILE_BYTES_MAX, PUBLIC_DIR, PUBLIC_FILE, StoreError};
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use protocol::tile::{TILE_WIDTH, TileName, TileTree, leaf_hash, put_bundled, read_bundle};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The log for its one writer.
pub(crate) struct LogStore {
    reader: LogReader,
    /// Of the signed size.
    tree: TileTree,
    /// What was appended since.
    appended: Option<TileTree>,
    /// Files that may not be needed at the next append; none until all were looked at.
    leftovers: Option<BTreeSet<TileName>>,
}

/// The log as far as it is signed. A clone is cheap and sees what the writer signs later.
#[derive(Clone)]
pub(crate) struct LogReader {
    dir: Arc<Path>,
    signed: Arc<RwLock<Signed>>,
}

#[derive(Clone)]
struct Signed {
    head: TreeHead,
    /// The signed note; empty before there is one.
    checkpoint: Arc<[u8]>,
}

impl LogStore {
    /// Makes a log of one entry, signed and durable when this returns. A directory that has a checkpoint is
    /// [`StoreError::Refused`].
    pub(crate) fn create(dir: &Path, genesis: &[u8], signer: &NoteSigner) -> Result<Self, StoreError> {
        create_dir(dir, PUBLIC_DIR)?;
        if !read_checkpoint(dir)?.is_empty() {
            return Err(StoreError::Refused(format!("{} holds a log already", dir.display())));
        }
        let mut log = Self::new(dir, TileTree::new(), Vec::new());
        let head = log.append(0, &[genesis.to_vec()])?;
        log.sign(0, head, signer)?;
        Ok(log)
    }

    /// Opens a log: verifies its checkpoint, and that tiles and last bundle are those of the signed tree's right edge.
    /// Full tiles are not read; an audit does that.
    pub(crate) fn open(dir: &Path, verifier: &NoteVerifier) -> Result<Self, StoreError> {
        // a killed process may have renamed the checkpoint and not synced that
        sync_dir(dir)?;
        let corrupt = |why: String| StoreError::Corrupt(format!("the log in {}: {why}", dir.display()));
        let checkpoint = read_checkpoint(dir)?;
        let head = TreeHead::open(&checkpoint, verifier).map_err(|error| corrupt(error.to_string()))?;
        let tree = TileTree::restore(head.size, |name| {
            let path = dir.join(name.path());
            disk::read_file(&path, LOG_FILE_BYTES_MAX).map_err(|error| Unreadable(failed("read", &path)(error)))
        });
        let tree = tree.map_err(|Unreadable(error)| error)?;
        if tree.head() != head {
            return Err(corrupt("the tiles do not have the root of the checkpoint".to_owned()));
        }
        let log = Self::new(dir, tree, checkpoint);
        let mut leaves = TileTree::new();
        for entry in read_entries(&log.last_bundle()?, head.size % TILE_WIDTH)? {
            leaves.push(leaf_hash(entry));
        }
        let of_leaves = |tree: &TileTree| {
            let tile = tree.partial_tiles().into_iter().next();
            tile.filter(|tile| tile.name.level == Some(0)).map(|tile| tile.bytes)
        };
        if of_leaves(&leaves) != of_leaves(&log.tree) {
            return Err(corrupt("the entries of the last bundle are not those of its tile".to_owned()));
        }
        Ok(log)
    }

    fn new(dir: &Path, tree: TileTree, checkpoint: Vec<u8>) -> Self {
        let signed = Signed { head: tree.head(), checkpoint: checkpoint.into() };
        let reader = LogReader { dir: dir.into(), signed: Arc::new(RwLock::new(signed)) };
        Self { reader, tree, appended: None, leftovers: None }
    }

    /// What handlers read from.
    pub(crate) fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Writes entries and tiles behind the signed size `at`, durable when this returns, and yields the head to be
    /// signed. Nobody sees them before. Can be repeated, with the same or with other entries, also after a crash;
    /// if exactly these entries are signed already, yields that head. Any other `at` is [`StoreError::Refused`].
    pub(crate) fn append(&mut self, at: u64, entries: &[Vec<u8>]) -> Result<TreeHead, StoreError> {
        let signed = self.reader.head();
        if at != signed.size {
            return if self.holds(at, entries)? {
                Ok(signed)
            } else {
                Err(StoreError::Refused(format!(
                    "the log is signed up to entry {} and cannot be continued at {at}",
                    signed.size
                )))
            };
        }
        // before any file is touched: a checkpoint whose write seemed to fail may be there, and its tiles with it
        if read_checkpoint(&self.reader.dir)? != *self.reader.checkpoint() {
            let why = "the checkpoint on disk is not the one in memory; start the server again";
            return Err(StoreError::Refused(why.to_owned()));
        }
        self.appended = None;
        let (mut leftovers, touched) = self.tidy(at)?;
        let mut tree = self.tree.clone();
        let mut bundle = self.last_bundle()?;
        let mut files = Vec::new();
        for entry in entries {
            put_bundled(&mut bundle, entry).map_err(|error| StoreError::Refused(error.to_string()))?;
            let full = tree.push(leaf_hash(entry));
            files.extend(full.into_iter().map(|tile| (tile.name, tile.bytes)));
            if tree.size().is_multiple_of(TILE_WIDTH) {
                files.push((bundle_name(tree.size()), std::mem::take(&mut bundle)));
            }
        }
        if !bundle.is_empty() {
            files.push((bundle_name(tree.size()), bundle));
        }
        files.extend(tree.partial_tiles().into_iter().map(|tile| (tile.name, tile.bytes)));
        // what is signed is being served, and stays untouched
        files.retain(|(name, _)| !name.is_within(at));
        write_files(&self.reader.dir, &files, touched)?;
        leftovers.extend(files.into_iter().map(|(name, _)| name));
        self.leftovers = Some(leftovers);
        let head = tree.head();
        self.appended = Some(tree);
        Ok(head)
    }

    /// Signs the head that [`Self::append`] gave and puts it in the place of the checkpoint of size `previous_size`;
    /// durable when this returns, and only then do readers see it. Does nothing if it is signed already. Refused if
    /// the checkpoint on disk is another one, or if the head is not what was appended.
    pub(crate) fn sign(&mut self, previous_size: u64, head: TreeHead, signer: &NoteSigner) -> Result<(), StoreError> {
        let refused = |why: &str| Err(StoreError::Refused(format!("the log's head is not signed: {why}")));
        let signed = self.reader.signed();
        let malformed = |error: protocol::error::Error| StoreError::Refused(error.to_string());
        let checkpoint = head.sign(signer).map_err(malformed)?;
        let on_disk = read_checkpoint(&self.reader.dir)?;
        if head == signed.head && on_disk == checkpoint {
            return sync_dir(&self.reader.dir);
        }
        let Some(tree) = self.appended.take_if(|tree| tree.head() == head) else {
            return refused("it is not what was appended");
        };
        let is_previous = signed.head.size == previous_size && on_disk == *signed.checkpoint;
        if !is_previous && on_disk != checkpoint {
            self.appended = Some(tree);
            return refused("the checkpoint on disk is not the one that it follows");
        }
        let written = write_file(&self.reader.dir.join(CHECKPOINT), PUBLIC_FILE, &checkpoint);
        if written.is_err() {
            self.appended = Some(tree);
            return written;
        }
        self.tree = tree;
        *self.reader.signed.write().unwrap_or_else(PoisonError::into_inner) =
            Signed { head, checkpoint: checkpoint.into() };
        Ok(())
    }

    /// Deletes what an append left that was never signed, and partial tiles whose full tile is signed. The first time it
    /// looks at every file there is; from then on at those that were written since, and at the last partial ones. Yields
    /// the partial files that stay and the directories in which it deleted something.
    fn tidy(&mut self, size: u64) -> Result<(BTreeSet<TileName>, BTreeSet<PathBuf>), StoreError> {
        let root = &self.reader.dir;
        // taken, so that after an error everything is looked at again
        let names = match self.leftovers.take() {
            Some(names) => names,
            None => {
                let mut names = BTreeSet::new();
                names_below(root, &root.join("tile"), &mut names)?;
                names
            }
        };
        let (mut partial, mut touched) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            let full = TileName { width: width(TILE_WIDTH), ..name };
            if name.is_within(size) && (name == full || !full.is_within(size)) {
                partial.extend((name != full).then_some(name));
                continue;
            }
            let path = root.join(name.path());
            disk::remove_file(&path)?;
            touched.insert(super::parent(&path).to_owned());
        }
        let still_there = |dir: PathBuf| match disk::remove_empty_dir(&dir) {
            Ok(()) => super::parent(&dir).to_owned(), // it was empty
            Err(_) => dir,
        };
        Ok((partial, touched.into_iter().map(still_there).collect()))
    }

    /// Whether the signed log ends in exactly these entries from `at` on.
    fn holds(&self, at: u64, entries: &[Vec<u8>]) -> Result<bool, StoreError> {
        let size = self.reader.size();
        if entries.is_empty() || at.checked_add(entries.len() as u64) != Some(size) {
            return Ok(false);
        }
        let mut expected = entries.iter();
        let mut same = true;
        self.reader.entries(at, size, |_, entry| {
            same &= expected.next().is_some_and(|expected| expected == entry);
            Ok::<(), StoreError>(())
        })?;
        Ok(same)
    }

    /// The last bundle of the signed tree if it is not full, else nothing.
    fn last_bundle(&self) -> Result<Vec<u8>, StoreError> {
        let size = self.tree.size();
        if size.is_multiple_of(TILE_WIDTH) {
            return Ok(Vec::new());
        }
        let path = self.reader.dir.join(bundle_name(size).path());
        disk::read_file(&path, LOG_FILE_BYTES_MAX).map_err(failed("read", &path))
    }
}

impl LogReader {
    /// The newest signed checkpoint: a note, as served.
    pub(crate) fn checkpoint(&self) -> Arc<[u8]> {
        self.signed().checkpoint
    }

    /// How many entries are signed.
    pub(crate) fn size(&self) -> u64 {
        self.head().size
    }

    /// Size and root of the newest signed checkpoint.
    pub(crate) fn head(&self) -> TreeHead {
        self.signed().head
    }

    /// A tile or bundle that lies within the signed size, or nothing. A narrower one than is on disk, for readers with
    /// an older checkpoint, is cut from that. Reads a file: at most some megabytes.
    pub(crate) fn tile(&self, name: TileName) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            let size = self.size();
            if name.width == 0 || !name.is_within(size) {
                return Ok(None);
            }
            // only files of the signed tree are read: another width may be left from an append that was never signed
            let stored = TileName { width: width_at(name, size), ..name };
            let path = self.dir.join(stored.path());
            match disk::read_file(&path, LOG_FILE_BYTES_MAX) {
                Ok(bytes) => return cut(bytes, stored, name.width).map(Some),
                Err(error) if error.kind() == ErrorKind::NotFound && self.size() != size => {}
                Err(error) => return Err(failed("read", &path)(error)),
            }
        }
    }

    /// Whether the signed tree has the tile in exactly this width, and not in a wider one.
    pub(crate) fn is_newest(&self, name: TileName) -> bool {
        name.width == width_at(name, self.size())
    }

    /// Shows the entries `from..to` with their indexes, one bundle in memory at a time; stops at the first error.
    /// More than is signed is [`StoreError::Refused`].
    pub(crate) fn entries<E: From<StoreError>>(
        &self,
        from: u64,
        to: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let size = self.size();
        if to > size {
            return Err(StoreError::Refused(format!("the log has {size} entries, not {to}")).into());
        }
        let mut next = from;
        while next < to {
            let start = next - next % TILE_WIDTH;
            let end = (start + TILE_WIDTH).min(to);
            let bundle = self.tile(bundle_name(end))?.unwrap_or_default();
            for (index, entry) in (start..end).zip(read_entries(&bundle, end - start)?) {
                if index >= next {
                    visit(index, entry)?;
                }
            }
            next = end;
        }
        Ok(())
    }

    fn signed(&self) -> Signed {
        self.signed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An error of reading a tile that `TileTree::restore` can pass on.
struct Unreadable(StoreError);

impl From<protocol::error::Error> for Unreadable {
    fn from(error: protocol::error::Error) -> Self {
        Self(StoreError::Corrupt(format!("the log has a {error}")))
    }
}

/// Empty if there is none.
fn read_checkpoint(dir: &Path) -> Result<Vec<u8>, StoreError> {
    let path = dir.join(CHECKPOINT);
    match disk::read_file(&path, LOG_FILE_BYTES_MAX) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(failed("read", &path)),
    }
}

/// The bundle that a tree of this size, at least 1, ends in.
fn bundle_name(size: u64) -> TileName {
    let index = size.saturating_sub(1) / TILE_WIDTH;
    TileName { level: None, index, width: width(size - index * TILE_WIDTH) }
}

/// How wide a tree of this size has a tile that lies within it.
fn width_at(name: TileName, size: u64) -> u32 {
    let shift = TILE_WIDTH.ilog2() * u32::from(name.level.unwrap_or(0));
    let at_level = size.checked_shr(shift).unwrap_or(0);
    width(at_level.saturating_sub(name.index.saturating_mul(TILE_WIDTH)))
}

fn width(count: u64) -> u32 {
    u32::try_from(count.min(TILE_WIDTH)).unwrap_or(u32::MAX)
}

/// The first `width` hashes or entries of a tile or bundle.
fn cut(mut bytes: Vec<u8>, stored: TileName, width: u32) -> Result<Vec<u8>, StoreError> {
    if width == stored.width {
        return Ok(bytes);
    }
    if stored.level.is_some() {
        bytes.truncate(width as usize * 32);
        return Ok(bytes);
    }
    let mut bundle = Vec::new();
    for entry in read_entries(&bytes, u64::from(stored.width))?.into_iter().take(width as usize) {
        put_bundled(&mut bundle, entry).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    }
    Ok(bundle)
}

fn read_entries(bundle: &[u8], count: u64) -> Result<Vec<&[u8]>, StoreError> {
    read_bundle(bundle, width(count)).map_err(|error| StoreError::Corrupt(format!("the log has a {error}")))
}

/// The tiles and bundles below a directory.
fn names_below(root: &Path, dir: &Path, names: &mut BTreeSet<TileName>) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        result => result.map_err(failed("read", dir))?,
    };
    for entry in entries {
        let entry = entry.map_err(failed("read", dir))?;
        let path = entry.path();
        if entry.file_type().map_err(failed("read", &path))?.is_dir() {
            names_below(root, &path, names)?;
        } else {
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            names.extend(name.and_then(|name| TileName::parse(name).ok()));
        }
    }
    Ok(())
}

/// Writes files below `root` and makes them durable: all are written before the first is synced, so that the disk can
/// take them together; then every directory on the way to one, and the `touched` ones.
fn write_files(root: &Path, files: &[(TileName, Vec<u8>)], mut touched: BTreeSet<PathBuf>) -> Result<(), StoreError> {
    let path_of = |name: &TileName| root.join(name.path());
    for (name, bytes) in files {
        let path = path_of(name);
        let dir = super::parent(&path);
        disk::create_dir_all(dir)?;
        DiskFile::create(&path, PUBLIC_FILE)?.write_at(bytes, 0)?;
        touched.extend(dir.ancestors().take_while(|dir| dir.starts_with(root)).map(Path::to_owned));
    }
    for (name, _) in files {
        DiskFile::open(&path_of(name))?.sync()?;
    }
    touched.iter().try_for_each(|dir| sync_dir(dir))
}

const CHECKPOINT: &str = "checkpoint";

mod copy;
#[cfg(test)]
mod tests;
