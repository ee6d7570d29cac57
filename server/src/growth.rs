//! Growth: how many pledges each tick published, as the groups of the public log say. What was read once is not read
//! again, and of a group its head is enough.

use crate::error::Error;
use crate::store::log::LogReader;
use protocol::entry::Entry;
use protocol::publication::Tick;
use protocol::tile::TILE_WIDTH;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What each tick published; ticks that published nothing are absent.
pub(crate) type Ticks = BTreeMap<Tick, u64>;

/// The log, as far as it was read for this.
pub(crate) struct Growth {
    log: LogReader,
    read: Mutex<(u64, Ticks)>,
}

impl Growth {
    /// Nothing is read yet.
    pub(crate) fn new(log: LogReader) -> Self {
        Self { log, read: Mutex::new((1, Ticks::new())) } // the genesis is no group
    }

    /// What the first `size` entries say, which must be whole groups up to the tick `last`. Blocking: at first a second or
    /// so for a million pledges, later as long as it takes to read what is new.
    pub(crate) fn ticks(&self, size: u64, last: Tick) -> Result<Ticks, Error> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut at, mut ticks) = read.clone();
        while at < size {
            let bundle_end = (at - at % TILE_WIDTH + TILE_WIDTH).min(size);
            self.log.entries(at, bundle_end, |index, entry| {
                if index == at {
                    at += 1;
                    if let Entry::Group { tick, size, .. } = Entry::decode(entry)? {
                        *ticks.entry(Tick::from(tick)).or_insert(0) += u64::from(size);
                        at += u64::from(size);
                    }
                }
                Ok::<_, Error>(())
            })?;
        }
        if at > read.0 {
            *read = (at, ticks.clone());
        }
        ticks.retain(|tick, _| *tick <= last); // another may have asked for more already
        Ok(ticks)
    }
}
