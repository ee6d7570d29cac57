//! Whole log: the log as an auditor would read it, every hash of the tree included, once after each start. Requests are
//! served meanwhile, by what is written down in `published`; a tick waits, so that nothing is published behind a log that
//! is damaged.
//!
//! The signatures of the tokens are not looked at: this server saw them before it took them.

use crate::error::Error;
use crate::published::Published;
use crate::store::StoreError;
use crate::store::log::LogReader;
use protocol::campaign::Campaign;
use protocol::note::TreeHead;
use protocol::recount::{Recount, Summary};
use protocol::tile::{TileTree, leaf_hash};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The log as it was at the start, and what reading it has found.
pub(crate) struct WholeLog {
    campaign: Arc<Campaign>,
    log: LogReader,
    head: TreeHead,
    expected: Published,
    /// None until it was read to its end, or to what is wrong. Held while it is being read.
    found: Mutex<Option<Result<(), Error>>>,
    ended: AtomicBool,
}

impl WholeLog {
    /// A log that is to be read, and by what is written down says this.
    pub(crate) fn to_be_read(campaign: Arc<Campaign>, log: LogReader, expected: Published) -> Self {
        let head = log.head();
        Self { campaign, log, head, expected, found: Mutex::default(), ended: AtomicBool::new(false) }
    }

    /// Reads a log at once: there is nothing written down that could be served meanwhile.
    pub(crate) fn read_now(campaign: Arc<Campaign>, log: LogReader) -> Result<(Self, Published), Error> {
        let published = Published::from(read_log(&campaign, &log)?);
        let whole = Self::to_be_read(campaign, log, published.clone());
        *whole.lock() = Some(Ok(()));
        Ok((whole, published))
    }

    /// Reads it, or waits for whoever does; once it was read, answers at once. An error of the system is not remembered:
    /// the next time may do better. A file that is not there is no such error. Blocking.
    pub(crate) fn read(&self) -> Result<(), Error> {
        let mut found = self.lock();
        if let Some(found) = &*found {
            return found.clone();
        }
        match self.compare() {
            Err(Error::Store(StoreError::Io { what, source })) if source.kind() != ErrorKind::NotFound => {
                Err(StoreError::Io { what, source }.into())
            }
            read => found.insert(read.map_err(lasting)).clone(),
        }
    }

    /// What was found, as far as is known now.
    pub(crate) fn found(&self) -> Result<(), Error> {
        self.found.try_lock().map_or(Ok(()), |found| found.clone().unwrap_or(Ok(())))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Result<(), Error>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a reading that goes on, with an error: the server stops.
    pub(crate) fn end(&self) {
        self.ended.store(true, SeqCst);
    }

    fn compare(&self) -> Result<(), Error> {
        let goes_on = || match self.ended.load(SeqCst) {
            false => Ok(()),
            true => Err(Error::Refused("the server was stopped before it had read its log".to_owned())),
        };
        let summary = read(&self.campaign, &self.log, self.head, goes_on)?;
        match self.expected.agrees_with(summary) {
            true => Ok(()),
            false => {
                let why = "the file published says other than the log; delete that file and start the server again";
                Err(Error::Refused(why.to_owned()))
            }
        }
    }
}

/// What the operator is told at every look from then on.
fn lasting(error: Error) -> Error {
    let said = error.to_string();
    let remedy = "nothing is published until an exact copy of the log is back and the server was started again";
    Error::Refused(if said.contains(';') { said } else { format!("{said}; {remedy}") })
}

/// Reads the whole log as it is signed now.
pub(crate) fn read_log(campaign: &Campaign, log: &LogReader) -> Result<Summary, Error> {
    read(campaign, log, log.head(), || Ok(()))
}

fn read(
    campaign: &Campaign,
    log: &LogReader,
    head: TreeHead,
    goes_on: impl Fn() -> Result<(), Error>,
) -> Result<Summary, Error> {
    let (mut recount, mut tree) = (Recount::new(campaign), TileTree::new());
    log.entries(0, head.size, |_, entry| {
        goes_on()?;
        tree.push(leaf_hash(entry));
        recount.entry(entry).map(|_| ()).map_err(Error::from)
    })?;
    if tree.head() != head {
        return Err(Error::damaged("the entries of the log are not those of its checkpoint"));
    }
    Ok(recount.finish()?)
}

#[cfg(test)]
mod tests;
