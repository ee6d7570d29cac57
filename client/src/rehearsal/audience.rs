//! Audience: readers who refresh the page all the time, and one watch that looks at the published numbers each second.
//! A reader's requests have fixed instants too; whoever gets a late answer asks late, and that is in the latency.

use super::{Plan, Run, Stage};
use crate::campaign::counts;
use crate::error::Error;
use crate::transport::Operation;
use protocol::publication::{State, Tick};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Lets the readers begin, spread over the time between two of their requests.
pub(super) fn begin(run: &Arc<Run>, plan: &Plan) -> JoinSet<()> {
    let mut readers = JoinSet::new();
    for reader in 0..u32::try_from(plan.readers).unwrap_or(u32::MAX) {
        let readers_all = u32::try_from(plan.readers).unwrap_or(u32::MAX);
        let phase = plan.refresh.mul_f64(f64::from(reader) / f64::from(readers_all));
        readers.spawn(read(Arc::clone(run), phase, plan.refresh.max(Duration::from_millis(1)), reader));
    }
    readers
}

async fn read(run: Arc<Run>, phase: Duration, refresh: Duration, reader: u32) {
    let mut over = run.over.subscribe();
    let operation = match run.stage.network.operation(&run.stage.site.origin) {
        Ok(operation) => operation,
        Err(error) => {
            let reason = format!("no page: {}", run.stage.nameless(&error));
            return run.outcome().failed(reason);
        }
    };
    for number in 0u32.. {
        let due = phase + refresh * number;
        tokio::select! {
            () = sleep_until(run.start + due) => {}
            _ = over.wait_for(|over| *over) => return,
        }
        let answer = read_one(&run.stage, &operation, number.wrapping_add(reader) % 3).await;
        let took = (run.start + due).elapsed();
        match answer {
            Ok(()) => run.outcome().reads.add(due, took),
            Err(error) => {
                let reason = format!("no page: {}", run.stage.nameless(&error));
                run.outcome().failed(reason);
            }
        }
    }
}

/// The page, the counts and the checkpoint in turn, each checked as far as a reader can.
async fn read_one(stage: &Stage, operation: &Operation, which: u32) -> Result<(), Error> {
    let site = &stage.site;
    match which {
        0 => {
            let page = operation.get("/", PAGE_BYTES_MAX).await?.demand(&[200], Some("text/html"))?;
            if page.body.is_empty() {
                return Err(Error::Misbehaved("The page is empty.".to_owned()));
            }
        }
        1 => {
            let shown = counts(&site.source, &site.campaign).await?;
            shown.ok_or_else(|| Error::Misbehaved("There is no counts.json.".to_owned()))?;
        }
        _ => {
            let head = site.source.head(&site.campaign).await?;
            if head.size < site.head.size {
                return Err(Error::Misbehaved("The log has become shorter.".to_owned()));
            }
        }
    }
    Ok(())
}

/// The published numbers as they were seen once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Instant,
    /// All published pledges.
    pub total: u64,
    /// The last tick that was run.
    pub tick: Tick,
    /// Where in its life the campaign is.
    pub state: State,
}

/// Looks at `counts.json` each second, from its making to its end.
pub struct Watch {
    seen: Arc<Mutex<Vec<Sighting>>>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins to look.
    pub fn begin(stage: Arc<Stage>) -> Self {
        let seen: Arc<Mutex<Vec<Sighting>>> = Arc::default();
        let notes = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut beat = interval(Duration::from_secs(1));
            beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                beat.tick().await;
                // a look that fails is left out: readers count failures, and the audit has the last word
                if let Ok(Some(counts)) = counts(&stage.site.source, &stage.site.campaign).await {
                    let (total, tick, state) = (counts.total, counts.tick, counts.state);
                    let sighting = Sighting { at: Instant::now(), total, tick, state };
                    notes.lock().unwrap_or_else(PoisonError::into_inner).push(sighting);
                }
            }
        });
        Self { seen, task }
    }

    /// What was seen last.
    pub fn last(&self) -> Option<Sighting> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).last().copied()
    }

    /// All that was seen so far.
    pub fn seen(&self) -> Vec<Sighting> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
