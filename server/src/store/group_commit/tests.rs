use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

/// Adds up what it is asked to; the disk fails when the sum reaches a limit.
struct Sum {
    sum: u64,
    fails_at: u64,
    commits: Arc<AtomicUsize>,
    settled: Arc<AtomicUsize>,
}

impl Ledger for Sum {
    type Request = u64;
    type Answer = u64;

    fn decide(&mut self, request: u64) -> Result<u64, StoreError> {
        self.sum += request;
        Ok(self.sum)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2)); // what a disk takes
        if self.sum >= self.fails_at {
            return Err(StoreError::Corrupt("disk full".to_owned()));
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        if self.fails_at == SETTLES_SLOWLY {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.settled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// As the sum at which the disk fails: it does not, but putting things in their place takes a while.
const SETTLES_SLOWLY: u64 = u64::MAX - 1;

fn start(fails_at: u64) -> (Arc<Writer<Sum>>, Arc<AtomicUsize>) {
    let commits = Arc::new(AtomicUsize::new(0));
    let sum = Sum { sum: 0, fails_at, commits: commits.clone(), settled: Arc::default() };
    (Arc::new(Writer::start("sum", sum).unwrap()), commits)
}

async fn ask_at_once(writer: &Arc<Writer<Sum>>, count: usize) -> Vec<Result<u64, StoreError>> {
    let asking: Vec<_> = (0..count)
        .map(|_| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.decide(1).await })
        })
        .collect();
    let mut answers = Vec::new();
    for asked in asking {
        answers.push(asked.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_few_commits_and_each_gets_his_own_answer() {
    let (writer, commits) = start(u64::MAX);
    let mut answers: Vec<u64> = ask_at_once(&writer, 3000).await.into_iter().map(Result::unwrap).collect();
    answers.sort_unstable();
    assert_eq!(answers, (1..=3000).collect::<Vec<_>>());
    assert!(commits.load(Ordering::SeqCst) < 300, "{commits:?} commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_a_failing_group_gets_an_answer_and_nobody_after_it() {
    let (writer, commits) = start(500);
    let answers = ask_at_once(&writer, 1500).await;
    let answered: Vec<u64> = answers.iter().filter_map(|answer| answer.as_ref().ok().copied()).collect();
    assert!(answered.iter().all(|sum| *sum < 500));
    let failed = |error: &StoreError| matches!(error, StoreError::Corrupt(_) | StoreError::Stopped);
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(failed));
    assert!(answers.iter().any(|answer| matches!(answer, Err(StoreError::Corrupt(_)))));
    let commits_before = commits.load(Ordering::SeqCst);
    assert!(matches!(writer.decide(1).await, Err(StoreError::Stopped)));
    tokio::task::spawn_blocking(move || {
        assert!(matches!(writer.alone(|sum| Ok(sum.sum)), Err(StoreError::Stopped)));
        writer.stop();
    })
    .await
    .unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), commits_before);
}

#[test]
fn work_alone_sees_what_was_decided_and_only_a_refusal_leaves_the_store_running() {
    let (writer, _) = start(u64::MAX);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(writer.decide(7)).unwrap();
    assert_eq!(writer.alone(|sum| Ok(sum.sum)).unwrap(), 7);
    let refused = writer.alone(|_| Err::<(), _>(StoreError::Refused("no".to_owned())));
    assert!(matches!(refused, Err(StoreError::Refused(_))));
    assert_eq!(runtime.block_on(writer.decide(1)).unwrap(), 8);
    let failed = writer.alone(|_| Err::<(), _>(StoreError::Corrupt("disk".to_owned())));
    assert!(matches!(failed, Err(StoreError::Corrupt(_))));
    assert!(matches!(runtime.block_on(writer.decide(1)), Err(StoreError::Stopped)));
}

#[tokio::test]
async fn nobody_waits_for_settling_but_whoever_drops_the_writer() {
    let settled = Arc::<AtomicUsize>::default();
    let sum = Sum { sum: 0, fails_at: SETTLES_SLOWLY, commits: Arc::default(), settled: settled.clone() };
    let writer = Writer::start("sum", sum).unwrap();
    assert_eq!(writer.decide(1).await.unwrap(), 1);
    assert_eq!(settled.load(Ordering::SeqCst), 0);
    drop(writer);
    assert_eq!(settled.load(Ordering::SeqCst), 1);
}

#[test]
fn stopping_drops_the_ledger_before_it_returns() {
    let (writer, commits) = start(u64::MAX);
    assert_eq!(Arc::strong_count(&commits), 2);
    writer.stop();
    assert_eq!(Arc::strong_count(&commits), 1);
    writer.stop();
}

#[test]
fn a_caller_who_stops_waiting_is_decided_all_the_same() {
    let (writer, _) = start(u64::MAX);
    {
        let mut asking = std::pin::pin!(writer.decide(5));
        let mut context = Context::from_waker(Waker::noop());
        assert!(asking.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(writer.alone(|sum| Ok(sum.sum)).unwrap(), 5);
}
