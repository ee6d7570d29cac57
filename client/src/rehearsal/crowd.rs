//! Crowd: so many readings for each participant, at instants of the same curve, over some connections that stay open, as
//! those of a cache in front of a server do. Each asks for what has changed since it last asked, as browsers and caches do.

use super::{Plan, Run, Stage};
use crate::campaign::check_counts;
use crate::error::Error;
use crate::transport::Operation;
use protocol::counts::Counts;
use protocol::note::{NoteVerifier, TreeHead};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// Lets the readings begin; they are over when the participants are.
pub(super) fn begin(run: &Arc<Run>, plan: &Plan, instants: &Arc<[Duration]>, readers: &mut JoinSet<()>) {
    let readings = instants.len() * plan.readings as usize;
    for connection in 0..CONNECTIONS.min(readings) {
        let (run, instants) = (Arc::clone(run), Arc::clone(instants));
        let mine = (connection..readings).step_by(CONNECTIONS);
        readers.spawn(read(run, instants, plan.readings as usize, mine));
    }
}

/// One connection's share of the readings.
async fn read(
    run: Arc<Run>,
    instants: Arc<[Duration]>,
    of_each: usize,
    mut mine: impl ExactSizeIterator<Item = usize>,
) {
    let mut over = run.over.subscribe();
    let failed = |error: &Error| {
        let reason = format!("no page: {}", run.stage.nameless(error));
        run.outcome().failed(reason);
    };
    let operation = match run.stage.network.reading(&run.stage.site.origin) {
        Ok(operation) => operation,
        Err(error) => return failed(&error),
    };
    let mut known: [Option<String>; WHAT.len()] = Default::default();
    while let Some(reading) = mine.next() {
        let due = due(&instants, of_each, reading);
        tokio::select! {
            biased;
            _ = over.wait_for(|over| *over) => {
                run.outcome().reads_left += 1 + mine.len() as u64;
                return;
            }
            () = sleep_until(run.start + due) => {}
        }
        let which = reading / CONNECTIONS % WHAT.len();
        match read_one(&run.stage, &operation, which, &mut known[which]).await {
            Ok(()) => {
                let took = (run.start + due).elapsed();
                run.outcome().reads.add(due, took);
            }
            Err(error) => failed(&error),
        }
    }
}

/// The readings that go with a participant are spread from its instant to the next one's.
fn due(instants: &[Duration], of_each: usize, reading: usize) -> Duration {
    let (participant, number) = (reading / of_each, reading % of_each);
    let from = instants[participant];
    let to = instants.get(participant + 1).copied().unwrap_or(from);
    from + to.saturating_sub(from).mul_f64(number as f64 / of_each as f64)
}

/// One document, checked as far as a reader can, unless it is still the one that is known.
async fn read_one(stage: &Stage, operation: &Operation, which: usize, known: &mut Option<String>) -> Result<(), Error> {
    let (path, media_type) = WHAT[which];
    let answer = operation.get_unless(path, known.as_deref(), BYTES_MAX).await?;
    if answer.status == 304 && known.is_some() {
        return Ok(());
    }
    let answer = answer.demand(&[200], Some(media_type))?;
    let misbehaved = |what: &str| Err(Error::Misbehaved(what.to_owned()));
    let campaign = &stage.site.campaign;
    match path {
        COUNTS => match serde_json::from_slice::<Counts>(&answer.body) {
            Ok(counts) => check_counts(&counts, campaign)?,
            Err(_) => return misbehaved("The counts are not in the form of this protocol."),
        },
        CHECKPOINT => {
            let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key)?;
            if TreeHead::open(&answer.body, &verifier)?.size < stage.site.head.size {
                return misbehaved("The log has become shorter.");
            }
        }
        _ if answer.body.is_empty() => return misbehaved("The page is empty."),
        _ => {}
    }
    *known = answer.tag;
    Ok(())
}

const COUNTS: &str = "/counts.json";
const CHECKPOINT: &str = "/log/checkpoint";
/// What is read in turn, with its media type.
const WHAT: [(&str, &str); 3] = [("/", "text/html"), (COUNTS, "application/json"), (CHECKPOINT, "text/plain")];
/// As many as a cache keeps open to the server behind it.
const CONNECTIONS: usize = 64;
const BYTES_MAX: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_lie_between_the_instants_of_two_participants() {
        let instants = [0, 10, 10, 50].map(Duration::from_millis);
        let all: Vec<_> = (0..12).map(|reading| due(&instants, 3, reading).as_micros()).collect();
        assert_eq!(all, [0, 3333, 6666, 10000, 10000, 10000, 10000, 23333, 36666, 50000, 50000, 50000]);
    }
}
