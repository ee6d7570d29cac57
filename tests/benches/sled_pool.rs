//! The pool as it was while it lay in sled: one thread that gathers what waits, looks each nonce up, writes a batch,
//! flushes, and syncs the file itself. It keeps the order of arrival on disk: what the pool of today must not, at no less speed.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A waiting spend: nonce, value, and whom to tell whether it counts now.
type Spend = (Vec<u8>, Vec<u8>, oneshot::Sender<bool>);

/// The way to its thread.
pub(crate) struct SledPool {
    spends: Sender<Spend>,
    _folder: TempDir,
}

impl SledPool {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let config = sled::Config::new().path(folder.path().join("pool")).cache_capacity(32 << 20).flush_every_ms(None);
        let db = config.open().expect("a database");
        let file = File::open(folder.path().join("pool/db")).expect("its file");
        let (spends, waiting) = channel();
        std::thread::spawn(move || work(&db, &file, &waiting));
        Self { spends, _folder: folder }
    }

    /// Counts a record, which begins with its nonce, once; durable before the answer.
    pub(crate) async fn spend(&self, record: &[u8]) -> bool {
        let (nonce, value) = record.split_at(NONCE_BYTES);
        let (to, told) = oneshot::channel();
        self.spends.send((nonce.to_vec(), value.to_vec(), to)).expect("the thread");
        told.await.expect("an answer")
    }
}

fn work(db: &sled::Db, file: &File, waiting: &Receiver<Spend>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Spend> = std::iter::once(first).chain(waiting.try_iter().take(GROUP_MAX - 1)).collect();
        let mut batch = sled::Batch::default();
        let mut answers = Vec::new();
        for (nonce, value, to) in group {
            let new = db.get(&nonce).expect("a look-up").is_none();
            if new {
                batch.insert(nonce, value);
            }
            answers.push((to, new));
        }
        db.apply_batch(batch).expect("a batch");
        db.flush().expect("a flush");
        file.sync_data().expect("a sync");
        for (to, new) in answers {
            to.send(new).expect("somebody who waits");
        }
    }
}

/// Spends records from so many tasks at once; how many counted now.
pub(crate) async fn spend_all(pool: &Arc<SledPool>, records: &[Vec<u8>], tasks: usize) -> usize {
    let shares = (0..tasks).map(|task| records.iter().skip(task).step_by(tasks).cloned().collect::<Vec<_>>());
    let spend = |share: Vec<Vec<u8>>| {
        let pool = pool.clone();
        async move {
            let mut counted = 0;
            for record in share {
                counted += usize::from(pool.spend(&record).await);
            }
            counted
        }
    };
    let running: Vec<_> = shares.map(|share| tokio::spawn(spend(share))).collect();
    let mut counted = 0;
    for task in running {
        counted += task.await.expect("no panic");
    }
    counted
}

const NONCE_BYTES: usize = 32;
const GROUP_MAX: usize = 256;
