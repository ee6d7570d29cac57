//! One writer thread per store. It gathers whatever waits, decides each request in order, makes all of them durable
//! with one sync, and only then answers all (DESIGN §6).
//!
//! It must never answer yes to what is not durable, and never decide anything after a write has failed.

use super::StoreError;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The state of a store, owned by its writer thread.
pub(super) trait Ledger: Send + 'static {
    /// What a caller asks.
    type Request: Send;
    /// What he is told once everything that the answer rests on is durable.
    type Answer: Send;

    /// Decides one request; later requests of the same group must see what was decided. Nothing is on disk yet.
    fn decide(&mut self, request: Self::Request) -> Result<Self::Answer, StoreError>;

    /// Makes durable whatever was decided since the last commit.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// What the last commit left to do that no answer needs to wait for, done once all have theirs.
    fn settle(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// A bounded piece of work that nobody waits for, done between groups. `quiet` says that nobody has asked for a while.
    fn rest(&mut self, quiet: bool) -> Result<Rest, StoreError> {
        let _ = quiet;
        Ok(Rest::Done)
    }
}

/// What a ledger still has to do for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Done,
    /// Something, once it is quiet.
    WhenQuiet,
    /// Something, as soon as no request waits, and one step after each group.
    More,
}

/// The way to a writer thread. To drop it is to wait until the thread has ended: nobody else may open the ledger's files
/// while it has its hands in them.
pub(super) struct Writer<L: Ledger> {
    /// None once it is being dropped.
    jobs: Option<mpsc::Sender<Job<L>>>,
    thread: Option<JoinHandle<()>>,
}

enum Job<L: Ledger> {
    Decide(L::Request, Caller<L>),
    Alone(Alone<L>),
    Stop(oneshot::Sender<()>),
}

/// Who waits for a decision.
type Caller<L> = oneshot::Sender<Result<<L as Ledger>::Answer, StoreError>>;

/// Work between two groups; it answers its caller itself and says whether the ledger is still sound.
type Alone<L> = Box<dyn FnOnce(&mut L) -> bool + Send>;

impl<L: Ledger> Writer<L> {
    /// Starts the thread. `name` shows in debuggers only.
    pub(super) fn start(name: &str, ledger: L) -> Result<Self, StoreError> {
        let failed =
            |source: io::Error| StoreError::Io { what: format!("start the thread {name}"), source: source.into() };
        let (jobs, queue) = mpsc::channel(WAITING_MAX);
        let timer = Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let thread = std::thread::Builder::new().name(name.to_owned());
        let body = move || {
            if let Some(stopped) = run(queue, ledger, &timer) {
                answer(stopped, ());
            }
        };
        let thread = thread.spawn(body).map_err(failed)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Job<L>>, StoreError> {
        self.jobs.as_ref().ok_or(StoreError::Stopped)
    }

    /// Has a request decided. If the caller stops waiting, the request is decided all the same.
    pub(super) async fn decide(&self, request: L::Request) -> Result<L::Answer, StoreError> {
        let (to, result) = oneshot::channel();
        let sent = self.jobs()?.send(Job::Decide(request, to)).await;
        sent.map_err(|_| StoreError::Stopped)?;
        result.await.map_err(|_| StoreError::Stopped)?
    }

    /// Has `work` done with the ledger between two groups, and waits for it. Any error but
    /// [`StoreError::Refused`] stops the store. Blocks: not to be called from an async task, where tokio panics.
    pub(super) fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut L) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (to, result) = oneshot::channel();
        let job = Job::Alone(Box::new(move |ledger| {
            let outcome = work(ledger);
            let sound = matches!(outcome, Ok(_) | Err(StoreError::Refused(_)));
            answer(to, outcome);
            sound
        }));
        self.jobs()?.blocking_send(job).map_err(|_| StoreError::Stopped)?;
        result.blocking_recv().map_err(|_| StoreError::Stopped)?
    }

    /// Finishes what waits and ends the thread; when this returns, the ledger has been dropped. Blocks likewise.
    pub(super) fn stop(&self) {
        let (to, result) = oneshot::channel();
        // an error of either says that the thread has ended before, which is what is wanted
        if self.jobs().is_ok_and(|jobs| jobs.blocking_send(Job::Stop(to)).is_ok()) {
            let _ended = result.blocking_recv();
        }
    }
}

impl<L: Ledger> Drop for Writer<L> {
    fn drop(&mut self) {
        self.jobs = None;
        let _panicked = self.thread.take().map(JoinHandle::join);
    }
}

/// Works until a job says stop, all senders are gone, or a write fails. On the way out `ledger` is dropped before
/// `queue`, so whoever finds the queue closed knows that the store's files are closed too.
fn run<L: Ledger>(mut queue: mpsc::Receiver<Job<L>>, mut ledger: L, timer: &Runtime) -> Option<oneshot::Sender<()>> {
    let mut group = Vec::new();
    let mut quiet = false;
    loop {
        let rest = ledger.rest(quiet).ok()?;
        quiet = false;
        let first = match (queue.try_recv(), rest) {
            (Err(TryRecvError::Empty), Rest::More) => continue,
            (Err(TryRecvError::Empty), Rest::WhenQuiet) => {
                match timer.block_on(async { timeout(QUIET, queue.recv()).await }) {
                    Ok(job) => job?,
                    Err(_) => {
                        quiet = true;
                        continue;
                    }
                }
            }
            (Err(TryRecvError::Empty), Rest::Done) => queue.blocking_recv()?,
            (result, _) => result.ok()?,
        };
        let other = gather(&mut queue, first, &mut group);
        let mut sound = commit(&mut ledger, &mut group);
        match other {
            Some(Job::Stop(stopped)) => return Some(stopped),
            Some(Job::Alone(work)) if sound => sound = work(&mut ledger),
            _ => {}
        }
        if !sound {
            return None;
        }
    }
}

/// Gathers a group of requests, up to the first job that is none.
fn gather<L: Ledger>(
    queue: &mut mpsc::Receiver<Job<L>>,
    first: Job<L>,
    group: &mut Vec<(L::Request, Caller<L>)>,
) -> Option<Job<L>> {
    let mut next = Some(first);
    while let Some(job) = next.take() {
        match job {
            Job::Decide(request, to) => group.push((request, to)),
            job => return Some(job),
        }
        if group.len() < GROUP_MAX {
            next = queue.try_recv().ok();
        }
    }
    None
}

/// Decides and commits a group, then answers it and settles. False if any of it failed.
fn commit<L: Ledger>(ledger: &mut L, group: &mut Vec<(L::Request, Caller<L>)>) -> bool {
    let (requests, waiting): (Vec<_>, Vec<_>) = group.drain(..).unzip();
    let decided: Result<Vec<_>, _> = requests.into_iter().map(|request| ledger.decide(request)).collect();
    let durable = decided.and_then(|answers| ledger.commit().map(|()| answers));
    match durable {
        Ok(answers) => {
            for (to, decision) in waiting.into_iter().zip(answers) {
                answer(to, Ok(decision));
            }
            ledger.settle().is_ok()
        }
        Err(error) => {
            for to in waiting {
                answer(to, Err(error.clone()));
            }
            false
        }
    }
}

/// A caller who went away needs no answer: asking again gives the same one.
fn answer<T>(to: oneshot::Sender<T>, answer: T) {
    let _gone = to.send(answer);
}

/// Requests in one group, and so in one sync. Also what keeps the bytes between two syncs below one sled segment:
/// sled reuses a segment as soon as it has *written* what replaces it, which is sound only if we sync sooner.
const GROUP_MAX: usize = 256;
/// After so long without a request a store tidies up.
const QUIET: Duration = Duration::from_millis(100);
/// Requests that may wait; further callers wait for room.
const WAITING_MAX: usize = 1024;

#[cfg(test)]
mod tests;
