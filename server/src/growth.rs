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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::LogStore;
    use protocol::note::NoteSigner;
    use protocol::publication::Area;

    /// A tick's groups, each with as many entries of pledges as its head says: heads alone are looked at.
    fn groups(tick: u32, sizes: &[u32]) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for (place, size) in (0..).zip(sizes) {
            entries.push(Entry::Group { tick, area: Area::place(place), size: *size }.encode());
            entries.extend((0..*size).map(|_| vec![2; 326]));
        }
        entries
    }

    #[test]
    fn each_tick_is_the_sum_of_its_groups_however_they_lie_in_bundles() {
        let (folder, signer) = (tempfile::tempdir().unwrap(), NoteSigner::new("origin.example/00", &[1; 32]));
        let mut log = LogStore::create(&folder.path().join("log"), b"{}", &signer).unwrap();
        let growth = Growth::new(log.reader().clone());
        let mut append = |entries: &[Vec<u8>]| {
            let size = log.reader().size();
            let head = log.append(size, entries).unwrap();
            log.sign(size, head, &signer).unwrap();
            head.size
        };
        assert_eq!(growth.ticks(1, 0).unwrap(), Ticks::new());
        // groups that end with a bundle, begin with one, and reach over several
        let first = append(&groups(1, &[5, 248, 6]));
        assert_eq!(growth.ticks(first, 1).unwrap(), Ticks::from([(1, 259)]));
        append(&[Entry::Page { manifest_sha256: [7; 32] }.encode()]);
        let second = append(&groups(4, &[1000, 5]));
        let third = append(&groups(5, &[7]));
        let all = Ticks::from([(1, 259), (4, 1005), (5, 7)]);
        assert_eq!(growth.ticks(third, 5).unwrap(), all);
        // an older moment shows no more than it knew, whoever asked before
        assert_eq!(growth.ticks(second, 4).unwrap(), Ticks::from([(1, 259), (4, 1005)]));
        let anew = Growth::new(log.reader().clone());
        assert_eq!((anew.ticks(second, 4).unwrap().len(), anew.ticks(third, 5).unwrap()), (2, all));
        assert!(anew.ticks(third + 1, 6).is_err(), "more than is signed");
    }
}
