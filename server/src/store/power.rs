//! Tests: a disk that loses its power (DESIGN §7, O2). From a log of what was done to files it makes what kill -9
//! leaves, and what a power cut may leave: of what was not synced any part, in any order.
//!
//! It promises no more than POSIX: a synced file need not have a name, a name need not have synced contents behind it,
//! and a rename orders nothing. It must never keep what no sync covers as a matter of course, and never invent a state
//! that no disk could have: each sector of 512 bytes is whole, each operation on names is done or not.

use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A file whatever its names: each `Create` has a number of its own, which is never used again.
pub(crate) type FileId = u64;

/// One thing done to a disk. Paths are relative to the disk's root; the root itself is "" and always there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Op {
    /// mkdir of a name that was free.
    MakeDir { path: PathBuf },
    /// A new, empty file under a name that was free. To open what exists and empty it is `SetLen`.
    Create { path: PathBuf, file: FileId },
    /// Bytes written at an offset; behind the end, zeros fill the gap.
    Write { file: FileId, offset: u64, bytes: Vec<u8> },
    /// ftruncate, either way.
    SetLen { file: FileId, len: u64 },
    /// fsync or fdatasync of a file that succeeded: contents and length, no name.
    SyncFile { file: FileId },
    /// rename within one directory, of a file or a directory, over what may be there.
    Rename { from: PathBuf, to: PathBuf },
    /// unlink of a file.
    Unlink { path: PathBuf },
    /// rmdir.
    RemoveDir { path: PathBuf },
    /// fsync of a directory that succeeded: the names in it, nothing below.
    SyncDir { path: PathBuf },
    /// Somebody was told something: whatever it rests on must be in every image from here on.
    Told(String),
}

/// How a disk is stopped.
pub(crate) enum Cut<'a> {
    /// kill -9: everything that was done is there.
    Everything,
    /// The power is cut and nothing survives that was not synced.
    OnlySynced,
    /// The power is cut; all names survive, and of the contents only what was synced: new files are empty.
    NamesWithoutData,
    /// The power is cut; all contents survive, and of the names only what was synced.
    DataWithoutNames,
    /// The power is cut: each sector, each length and each operation on names that was not synced survives or not.
    /// For each file and directory the chance is drawn first, so that all, none and one are seen often.
    Power(&'a mut StdRng),
}

/// What lies on a disk after it was stopped: directories are `None`, files their bytes; parents before children.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Image(pub(crate) BTreeMap<PathBuf, Option<Vec<u8>>>);

impl Image {
    /// Makes the image a real directory, which must not exist.
    pub(crate) fn write_to(&self, dir: &Path) {
        fs::create_dir(dir).unwrap();
        for (path, node) in &self.0 {
            match node {
                None => fs::create_dir(dir.join(path)).unwrap(),
                Some(bytes) => fs::write(dir.join(path), bytes).unwrap(),
            }
        }
    }
}

/// The image after a log was done on an empty disk.
pub(crate) fn image(ops: &[Op], cut: Cut<'_>) -> Image {
    let mut disk = Disk::default();
    for op in ops {
        disk.apply(op);
    }
    disk.image(cut)
}

/// A disk in the middle of a log: what is there for the living, and what of it is not synced.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    root: Dir,
    files: BTreeMap<FileId, Content>,
    last_file: FileId,
}

#[derive(Clone, Default)]
struct Dir {
    names: BTreeMap<String, Node>,
    /// As of the last sync.
    synced: BTreeMap<String, Node>,
    /// Since then, in their order.
    unsynced: Vec<NameOp>,
    dirs: BTreeMap<u64, Dir>,
    last_dir: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    File(FileId),
    /// One of `dirs` beside it, so that a renamed directory stays what it is.
    Dir(u64),
}

/// It moves or removes a node by whatever name that has, because the operation before it may be lost.
#[derive(Clone)]
enum NameOp {
    Name(String, Node),
    Remove(Node),
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    /// For each sector that was changed since the last sync, what it held before each change.
    before: BTreeMap<usize, Vec<[u8; SECTOR]>>,
    /// The lengths since the last sync but the present one.
    lengths: Vec<usize>,
}

impl Disk {
    /// Does one thing. Panics if it is impossible: then the log is not what happened.
    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::MakeDir { path } => {
                let (dir, name) = self.place(path);
                assert!(!dir.names.contains_key(&name), "{op:?}: exists");
                dir.last_dir += 1;
                let node = Node::Dir(dir.last_dir);
                dir.dirs.insert(dir.last_dir, Dir::default());
                dir.change(NameOp::Name(name, node));
            }
            Op::Create { path, file } => {
                assert!(self.files.insert(*file, Content::default()).is_none(), "{op:?}: not a new file");
                self.last_file = self.last_file.max(*file);
                let (dir, name) = self.place(path);
                assert!(!dir.names.contains_key(&name), "{op:?}: exists");
                dir.change(NameOp::Name(name, Node::File(*file)));
            }
            Op::Write { file, offset, bytes } => self.content(*file).write(usize::try_from(*offset).unwrap(), bytes),
            Op::SetLen { file, len } => self.content(*file).set_len(usize::try_from(*len).unwrap()),
            Op::SyncFile { file } => {
                let content = self.content(*file);
                content.before.clear();
                content.lengths.clear();
            }
            Op::Rename { from, to } => {
                assert_eq!(from.parent(), to.parent(), "the model knows no rename from one directory to another");
                let (dir, name) = self.place(from);
                let node = *dir.names.get(&name).unwrap_or_else(|| panic!("{op:?}: is not there"));
                dir.change(NameOp::Name(last_name(to), node));
            }
            Op::Unlink { path } | Op::RemoveDir { path } => {
                let (dir, name) = self.place(path);
                let node = *dir.names.get(&name).unwrap_or_else(|| panic!("{op:?}: is not there"));
                assert_eq!(matches!(node, Node::File(_)), matches!(op, Op::Unlink { .. }), "{op:?}");
                dir.change(NameOp::Remove(node));
            }
            Op::SyncDir { path } => {
                let dir = self.root.below(path).unwrap_or_else(|| panic!("{op:?}: is not there"));
                dir.synced = dir.names.clone();
                dir.unsynced.clear();
            }
            Op::Told(_) => {}
        }
    }

    /// The file that has a name now.
    pub(crate) fn file_at(&self, path: &Path) -> Option<FileId> {
        let dir = self.root.look(path.parent()?)?;
        match dir.names.get(path.file_name()?.to_str()?)? {
            Node::File(file) => Some(*file),
            Node::Dir(_) => None,
        }
    }

    /// Whether a directory has a name now.
    pub(crate) fn is_dir(&self, path: &Path) -> bool {
        self.root.look(path).is_some()
    }

    /// A number that no file has had.
    pub(crate) fn next_file(&self) -> FileId {
        self.last_file + 1
    }

    /// The present length of a file in bytes.
    pub(crate) fn len(&self, file: FileId) -> u64 {
        self.files[&file].now.len() as u64
    }

    /// What is left if the disk is stopped now.
    pub(crate) fn image(&self, mut cut: Cut<'_>) -> Image {
        let mut nodes = BTreeMap::new();
        self.gather(&self.root, Path::new(""), &mut cut, &mut nodes);
        Image(nodes)
    }

    /// A disk that holds an image and nothing unsynced, as after a power cut.
    pub(crate) fn from_image(image: &Image) -> Self {
        let mut disk = Self::default();
        for (path, node) in &image.0 {
            match node {
                None => disk.apply(&Op::MakeDir { path: path.clone() }),
                Some(bytes) => {
                    let file = disk.next_file();
                    disk.apply(&Op::Create { path: path.clone(), file });
                    disk.apply(&Op::Write { file, offset: 0, bytes: bytes.clone() });
                    disk.apply(&Op::SyncFile { file });
                }
            }
        }
        for path in image.0.iter().filter(|(_, node)| node.is_none()).map(|(path, _)| path.clone()) {
            disk.apply(&Op::SyncDir { path });
        }
        disk.apply(&Op::SyncDir { path: PathBuf::new() });
        disk
    }

    fn gather(&self, dir: &Dir, path: &Path, cut: &mut Cut<'_>, nodes: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
        for (name, node) in dir.survivors(cut) {
            let path = path.join(name);
            match node {
                Node::File(file) => {
                    nodes.insert(path, Some(self.files[&file].survivor(cut)));
                }
                Node::Dir(number) => {
                    nodes.insert(path.clone(), None);
                    self.gather(&dir.dirs[&number], &path, cut, nodes);
                }
            }
        }
    }

    fn place(&mut self, path: &Path) -> (&mut Dir, String) {
        let parent = path.parent().unwrap_or_else(|| panic!("{}: the root stays", path.display()));
        let dir = self.root.below(parent).unwrap_or_else(|| panic!("{}: no such directory", parent.display()));
        (dir, last_name(path))
    }

    fn content(&mut self, file: FileId) -> &mut Content {
        self.files.get_mut(&file).unwrap_or_else(|| panic!("no file {file}"))
    }
}

impl Dir {
    fn look(&self, path: &Path) -> Option<&Self> {
        path.iter().try_fold(self, |dir, name| match dir.names.get(name.to_str()?)? {
            Node::Dir(number) => dir.dirs.get(number),
            Node::File(_) => None,
        })
    }

    fn below(&mut self, path: &Path) -> Option<&mut Self> {
        path.iter().try_fold(self, |dir, name| match dir.names.get(name.to_str()?)? {
            Node::Dir(number) => dir.dirs.get_mut(number),
            Node::File(_) => None,
        })
    }

    fn change(&mut self, op: NameOp) {
        op.apply(&mut self.names);
        self.unsynced.push(op);
    }

    fn survivors(&self, cut: &mut Cut<'_>) -> BTreeMap<String, Node> {
        let mut names = match cut {
            Cut::Everything | Cut::NamesWithoutData => return self.names.clone(),
            Cut::OnlySynced | Cut::DataWithoutNames | Cut::Power(_) => self.synced.clone(),
        };
        if let Cut::Power(rng) = cut {
            let chance = chance(rng);
            for op in &self.unsynced {
                if rng.random_bool(chance) {
                    op.apply(&mut names);
                }
            }
        }
        names
    }
}

impl NameOp {
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        let (Self::Name(_, moved) | Self::Remove(moved)) = self;
        names.retain(|_, node| node != moved);
        if let Self::Name(name, node) = self {
            names.insert(name.clone(), *node);
        }
    }
}

impl Content {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.now.len() {
            self.lengths.push(self.now.len());
            self.now.resize(end, 0);
        }
        self.remember(offset, end);
        self.now[offset..end].copy_from_slice(bytes);
    }

    fn set_len(&mut self, len: usize) {
        self.remember(len, self.now.len());
        self.lengths.push(self.now.len());
        self.now.resize(len, 0);
    }

    /// Keeps what the sectors of a range hold, before it is changed.
    fn remember(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        for sector in start / SECTOR..end.div_ceil(SECTOR) {
            let mut held = [0; SECTOR];
            let at = (sector * SECTOR).min(self.now.len());
            let there = &self.now[at..self.now.len().min(at + SECTOR)];
            held[..there.len()].copy_from_slice(there);
            self.before.entry(sector).or_default().push(held);
        }
    }

    fn survivor(&self, cut: &mut Cut<'_>) -> Vec<u8> {
        let mut bytes = self.now.clone();
        let rng = match cut {
            Cut::Everything | Cut::DataWithoutNames => return bytes,
            Cut::OnlySynced | Cut::NamesWithoutData => None,
            Cut::Power(rng) => Some(rng),
        };
        if self.before.is_empty() && self.lengths.is_empty() {
            return bytes;
        }
        bytes.resize(self.before.keys().next_back().map_or(0, |last| (last + 1) * SECTOR).max(bytes.len()), 0);
        let mut len = self.lengths.first().copied().unwrap_or(self.now.len());
        match rng {
            None => {
                for (sector, versions) in &self.before {
                    bytes[sector * SECTOR..][..SECTOR].copy_from_slice(&versions[0]);
                }
            }
            Some(rng) => {
                let newest = chance(rng);
                for (sector, versions) in &self.before {
                    if !rng.random_bool(newest) {
                        let version = versions[rng.random_range(0..versions.len())];
                        bytes[sector * SECTOR..][..SECTOR].copy_from_slice(&version);
                    }
                }
                if rng.random_bool(newest) {
                    len = self.now.len();
                } else if !self.lengths.is_empty() {
                    len = self.lengths[rng.random_range(0..self.lengths.len())];
                }
            }
        }
        bytes.resize(len, 0);
        bytes
    }
}

fn last_name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_else(|| panic!("{}: no name", path.display())).to_owned()
}

fn chance(rng: &mut StdRng) -> f64 {
    [0.0, 0.1, 0.5, 0.5, 0.9, 1.0][rng.random_range(0..6)]
}

/// What a disk writes whole, in bytes.
const SECTOR: usize = 512;

#[cfg(test)]
mod invites;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trace;
