//! Signing threads: work for the processor on threads of its own, one for each core, behind a bounded queue, so that pledges
//! and pages never wait behind signatures.

use crate::error::{Error, Refusal};
use protocol::problem::Problem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// The threads and their queue. They end when it is dropped.
pub(crate) struct Workers {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
}

impl Workers {
    /// Starts a thread for each core, with so many jobs per core that may wait. `name` shows in debuggers only.
    pub(crate) fn start(name: &str, waiting_per_core: u32) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..cores {
            let queue = queue.clone();
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&queue));
            thread.map_err(|error| Error::io(format!("the thread {name} could not start"), error))?;
        }
        let places = cores * (1 + usize::try_from(waiting_per_core).unwrap_or_default());
        Ok(Self { jobs, places: Arc::new(Semaphore::new(places)) })
    }

    /// A place in the queue, or the refusal `unavailable`, with the constant time to wait: a full queue is empty well
    /// before, and a measured one would tell how busy the machine is. Take it before anything durable is done.
    pub(crate) fn admit(&self) -> Result<Admission<'_>, Refusal> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Problem::Unavailable)?;
        Ok(Admission { place, workers: self })
    }
}

/// A place in the queue; it is given back when the work is done.
pub(crate) struct Admission<'a> {
    place: OwnedSemaphorePermit,
    workers: &'a Workers,
}

impl Admission<'_> {
    /// Has the work done. A panic in it is the refusal `unavailable`. If the caller stops waiting, it is done all the same.
    pub(crate) async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let (to, done) = oneshot::channel();
        let place = self.place;
        let job = Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            drop(place);
            if let Ok(result) = result {
                let _gone = to.send(result);
            }
        });
        self.workers.jobs.send(job).map_err(|_| Problem::Unavailable)?;
        done.await.map_err(|_| Problem::Unavailable.into())
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        // the lock is held while waiting: whoever has it takes the next job
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_queue_refuses_until_there_is_room() {
        let workers = Arc::new(Workers::start("worker", 2).unwrap());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let slow = || std::thread::sleep(Duration::from_millis(400));
        workers.admit().unwrap().run(slow).await.unwrap();
        let waiting: Vec<_> = (0..cores * 3)
            .map(|_| {
                let workers = workers.clone();
                tokio::spawn(async move { workers.admit().unwrap().run(slow).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(workers.admit().is_err());
        for done in waiting {
            done.await.unwrap().unwrap();
        }
        assert!(workers.admit().is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_refuses_its_own_caller_only_and_costs_no_place() {
        let workers = Workers::start("worker", 1).unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        for turn in 0..50usize {
            let counted = done.clone();
            let result = workers.admit().unwrap().run(move || {
                assert!(turn % 5 != 0, "on purpose");
                counted.fetch_add(1, Relaxed)
            });
            assert_eq!(result.await.is_err(), turn % 5 == 0);
        }
        assert_eq!(done.load(Relaxed), 40);
    }
}
