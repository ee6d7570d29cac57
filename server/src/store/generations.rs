//! The generations of a store, `PREFIX<tick>` each: what came after the end of that tick. The one of the highest tick is
//! fresh, the others are frozen.

use super::disk::{create_dir, names_in, remove_dir, remove_file, rename, sync_dir};
use super::{SECRET_DIR, StoreError, UNFINISHED};
use protocol::publication::Tick;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// What lies in the directory of a generation.
pub(super) trait Generation: Sized {
    /// Makes an empty one in a directory that exists, durably but for the directory's own name.
    fn create(path: &Path) -> Result<(), StoreError>;

    /// Opens one that exists, mending what a crash left.
    fn open(path: &Path, tick: Tick) -> Result<Self, StoreError>;

    /// The tick after whose end it was made.
    fn tick(&self) -> Tick;

    /// Before one is deleted, makes unreadable what deleting leaves on the disk.
    fn erase(path: &Path) -> Result<(), StoreError>;
}

/// All generations of one store.
pub(super) struct Generations<G> {
    dir: PathBuf,
    prefix: &'static str,
    kind: PhantomData<fn() -> G>,
}

impl<G: Generation> Generations<G> {
    /// The generations of a store in a directory.
    pub(super) fn new(dir: &Path, prefix: &'static str) -> Self {
        Self { dir: dir.to_owned(), prefix, kind: PhantomData }
    }

    /// Opens all generations, ascending by tick, after deleting what a crash left half-made or half-deleted. If there is
    /// none yet, makes that of `start`.
    pub(super) fn open(&self, start: Tick) -> Result<Vec<G>, StoreError> {
        self.sweep()?;
        self.sweep_files()?;
        let mut open = Vec::new();
        for tick in self.ticks()? {
            open.push(G::open(&self.path(tick), tick)?);
        }
        if open.is_empty() {
            open.push(self.create(start)?);
        }
        Ok(open)
    }

    /// The ticks of the generations that exist, ascending.
    pub(super) fn ticks(&self) -> Result<Vec<Tick>, StoreError> {
        let tick = |name: &String| -> Option<Tick> {
            let tick = name.strip_prefix(self.prefix)?.parse().ok()?;
            (format!("{}{tick}", self.prefix) == *name).then_some(tick)
        };
        let mut ticks: Vec<Tick> = names_in(&self.dir)?.iter().filter_map(tick).collect();
        ticks.sort_unstable();
        Ok(ticks)
    }

    /// Makes the generation of a tick, durably, and opens it; or opens it if a failed attempt left it behind.
    pub(super) fn create(&self, tick: Tick) -> Result<G, StoreError> {
        let path = self.path(tick);
        if !path.exists() {
            // under another name first: half a one must not be taken for one
            let new = self.dir.join(NEW);
            remove_dir(&new)?;
            create_dir(&new, SECRET_DIR)?;
            G::create(&new)?;
            rename(&new, &path)?;
        }
        sync_dir(&self.dir)?;
        G::open(&path, tick)
    }

    /// Deletes every generation but that of one tick; their handles must have been dropped. Can be repeated.
    pub(super) fn remove_all_but(&self, kept: Option<Tick>) -> Result<(), StoreError> {
        self.sweep()?;
        for tick in self.ticks()?.into_iter().filter(|tick| Some(*tick) != kept) {
            // under another name first: half a one must not be taken for one
            let removed = self.dir.join(format!("{REMOVED}{}{tick}", self.prefix));
            let path = self.path(tick);
            rename(&path, &removed)?;
        }
        sync_dir(&self.dir)?;
        self.sweep()
    }

    /// Makes all of them unreadable, before the whole directory is deleted.
    pub(super) fn erase(&self) -> Result<(), StoreError> {
        self.sweep()?;
        self.ticks()?.into_iter().try_for_each(|tick| G::erase(&self.path(tick)))
    }

    /// Deletes generations that are half-made or half-deleted.
    fn sweep(&self) -> Result<(), StoreError> {
        for name in names_in(&self.dir)? {
            let path = self.dir.join(&name);
            if name == NEW || name.starts_with(REMOVED) {
                G::erase(&path)?;
                remove_dir(&path)?;
            }
        }
        sync_dir(&self.dir)
    }

    /// Deletes what is half-written. Not at a tick: somebody may be writing it.
    fn sweep_files(&self) -> Result<(), StoreError> {
        for name in names_in(&self.dir)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
            remove_file(&self.dir.join(name))?;
        }
        sync_dir(&self.dir)
    }

    fn path(&self, tick: Tick) -> PathBuf {
        self.dir.join(format!("{}{tick}", self.prefix))
    }
}

const NEW: &str = "new";
const REMOVED: &str = "removed-";
