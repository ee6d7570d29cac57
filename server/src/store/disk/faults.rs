//! Tests: what is done to the disk below a watched folder is written down, for `power.rs` to cut off, and any step of it
//! can be made to fail, in each of the ways in which disks fail.

use super::Step;
use crate::store::power::{Disk, Op};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a step fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It is not done.
    Refused,
    /// It is done, and said to have failed.
    DoneButRefused,
    /// Of a write only the first of its sectors reach the disk, for any other step as [`Fault::Refused`].
    Torn,
    /// From here on nothing can be written or made; to sync and to delete still works.
    Full,
}

/// A watched folder, for as long as this lives.
pub(crate) struct Watch {
    root: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Steps are only counted and failed, not written down.
    without_a_log: bool,
    ops: Vec<Op>,
    disk: Disk,
    /// Inodes of the files that were made since, with the numbers that the model has for them.
    files: BTreeMap<u64, u64>,
    steps: usize,
    fault: Option<(usize, Fault)>,
}

static WATCHES: Mutex<Vec<(PathBuf, Arc<Mutex<State>>)>> = Mutex::new(Vec::new());

impl Watch {
    /// Watches an empty folder.
    pub(crate) fn of(root: &Path) -> Self {
        Self::begin(root, State::default())
    }

    /// Watches a folder in which there may be anything, and in which others write too: nothing is written down.
    pub(crate) fn without_a_log(root: &Path) -> Self {
        Self::begin(root, State { without_a_log: true, ..State::default() })
    }

    fn begin(root: &Path, state: State) -> Self {
        let watch = Self { root: root.to_owned(), state: Arc::new(Mutex::new(state)) };
        lock(&WATCHES).push((watch.root.clone(), watch.state.clone()));
        watch
    }

    /// Lets one step fail; the first has number 0.
    pub(crate) fn fail(&self, step: usize, fault: Fault) {
        lock(&self.state).fault = Some((step, fault));
    }

    /// From here on nothing fails.
    pub(crate) fn mend(&self) {
        lock(&self.state).fault = None;
    }

    /// How many steps were done or refused.
    pub(crate) fn steps(&self) -> usize {
        lock(&self.state).steps
    }

    /// Somebody was told something that must hold from here on.
    pub(crate) fn told(&self, what: impl Into<String>) {
        lock(&self.state).ops.push(Op::Told(what.into()));
    }

    /// All that was done.
    pub(crate) fn ops(&self) -> Vec<Op> {
        lock(&self.state).ops.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&WATCHES).retain(|(root, _)| *root != self.root);
    }
}

/// Does a step, unless it is to fail.
pub(super) fn around<T>(step: Step<'_>, doing: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let path = match step {
        Step::MakeDir(path) | Step::Create(path) | Step::Unlink(path) => path,
        Step::RemoveDir(path) | Step::SyncDir(path) | Step::Rename { from: path, .. } => path,
        Step::Write { file, .. } | Step::Sync(file) => file.path(),
    };
    let found = lock(&WATCHES).iter().find(|(root, _)| path.starts_with(root)).cloned();
    let Some((root, state)) = found else { return doing() };
    let mut state = lock(&state);
    let number = state.steps;
    state.steps += 1;
    let fault = match state.fault {
        Some((at, fault)) if number == at || number > at && fault == Fault::Full => Some(fault),
        _ => None,
    };
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    match fault {
        None => {}
        Some(Fault::Full)
            if matches!(step, Step::Sync(_) | Step::SyncDir(_) | Step::Unlink(_) | Step::RemoveDir(_)) => {}
        Some(Fault::Full) => return Err(full()),
        Some(Fault::Refused) => return Err(io::Error::other("refused by the test")),
        Some(Fault::DoneButRefused) => {
            let done = doing()?;
            state.record(&root, step);
            drop(done);
            return Err(io::Error::other("refused by the test after it was done"));
        }
        Some(Fault::Torn) => {
            if let Step::Write { file, offset, bytes } = step {
                let part = &bytes[..bytes.len() / 2 / 512 * 512];
                file.file.write_all_at(part, offset)?;
                state.record(&root, Step::Write { file, offset, bytes: part });
            }
            return Err(full());
        }
    }
    let existed = matches!(step, Step::Create(path) if path.exists());
    let done = doing()?;
    if let (Step::Create(path), true) = (step, existed) {
        state.emptied(path);
    } else {
        state.record(&root, step);
    }
    Ok(done)
}

impl State {
    fn record(&mut self, root: &Path, step: Step<'_>) {
        if self.without_a_log {
            return;
        }
        let below = |path: &Path| path.strip_prefix(root).expect("a path below the root").to_owned();
        let op = match step {
            Step::MakeDir(path) => Op::MakeDir { path: below(path) },
            Step::Create(path) => {
                let file = self.disk.next_file();
                self.files.insert(fs::metadata(path).expect("it was made").ino(), file);
                Op::Create { path: below(path), file }
            }
            Step::Write { file, offset, bytes } => Op::Write { file: self.number(file), offset, bytes: bytes.to_vec() },
            Step::Sync(file) => Op::SyncFile { file: self.number(file) },
            Step::Rename { from, to } => Op::Rename { from: below(from), to: below(to) },
            Step::Unlink(path) => Op::Unlink { path: below(path) },
            Step::RemoveDir(path) => Op::RemoveDir { path: below(path) },
            Step::SyncDir(path) => Op::SyncDir { path: below(path) },
        };
        self.push(op);
    }

    fn emptied(&mut self, path: &Path) {
        if self.without_a_log {
            return;
        }
        let file = self.files[&fs::metadata(path).expect("it is there").ino()];
        self.push(Op::SetLen { file, len: 0 });
    }

    fn number(&self, file: &super::DiskFile) -> u64 {
        let inode = file.file.metadata().expect("an open file").ino();
        *self.files.get(&inode).expect("a file that was made below the root")
    }

    fn push(&mut self, op: Op) {
        self.disk.apply(&op);
        self.ops.push(op);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
