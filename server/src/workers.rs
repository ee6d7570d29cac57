//! Work for the processor, off the async threads: as many at once as there are cores, and a bound on who may wait.

use crate::error::Refusal;
use protocol::problem::Problem;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A bounded set of workers for one kind of work, so that one kind never waits behind another.
pub(crate) struct Workers {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Workers {
    /// Workers for all cores, with so many requests per core that may wait.
    pub(crate) fn new(waiting_per_core: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let admitted = cores * (1 + waiting_per_core);
        Self { running: Arc::new(Semaphore::new(cores)), admitted: Arc::new(Semaphore::new(admitted)) }
    }

    /// A place in the queue, or the refusal `unavailable` when it is full. Take it before anything durable is done.
    pub(crate) fn admit(&self) -> Result<Admission, Refusal> {
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| Problem::Unavailable)?;
        Ok(Admission { _place: place, running: self.running.clone() })
    }
}

/// A place in the queue; it is given back when dropped.
pub(crate) struct Admission {
    _place: tokio::sync::OwnedSemaphorePermit,
    running: Arc<Semaphore>,
}

impl Admission {
    /// Does the work on a thread that may block. A panic in it is the refusal `unavailable`.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let core = self.running.clone().acquire_owned().await.map_err(|_| Problem::Unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(core);
            result
        });
        done.await.map_err(|_| Problem::Unavailable.into())
    }
}
