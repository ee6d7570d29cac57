//! Publisher: the log's only writer, on its own clock. At a tick it moves groups of at least k pledges from the pool
//! to the log, in seven steps that each may be cut off and repeated (DESIGN §6); between ticks it appends announcements
//! and the page's manifest.

use crate::board::Board;
use crate::error::{Error, Refusal};
use crate::plan::Plan;
use crate::published::Published;
use crate::store::log::LogStore;
use crate::store::redemption::{PooledPledge, RedemptionStore};
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::entry::Entry;
use protocol::note::NoteSigner;
use protocol::pledge::Nonce;
use protocol::problem::Problem;
use protocol::publication::Tick;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The role.
pub(crate) struct Publisher {
    data: PathBuf,
    campaign: Arc<Campaign>,
    signer: NoteSigner,
    log: LogStore,
    board: Arc<Board>,
    published: Published,
    /// The pool; none after close.
    pool: Option<Arc<RedemptionStore>>,
}

impl Publisher {
    /// The role over a log whose content is `published`.
    pub(crate) fn new(
        data: &Path,
        campaign: Arc<Campaign>,
        signer: NoteSigner,
        log: LogStore,
        board: Arc<Board>,
        published: Published,
        pool: Option<Arc<RedemptionStore>>,
    ) -> Self {
        Self { data: data.to_owned(), campaign, signer, log, board, published, pool }
    }

    /// Whether a start has something to finish: what it then publishes or derives from the log rests on the whole of it.
    pub(crate) fn is_unfinished(&self) -> Result<bool, Error> {
        let Some(pool) = &self.pool else { return Ok(false) };
        let behind = pool.spent_through() != self.log.reader().size();
        Ok(behind || pool.has_frozen()? || Plan::read(&self.data)?.is_some())
    }

    /// At start: finishes a tick that was cut off, whether its plan was written or its pool only frozen. Returns true if
    /// the campaign closed by it.
    pub(crate) fn resume(&mut self) -> Result<bool, Error> {
        self.catch_up_spent()?;
        if self.finish_plan()? {
            return Ok(true);
        }
        match &self.pool {
            Some(pool) if pool.has_frozen()? => {
                let tick = pool.last_tick();
                self.publish(tick, false)
            }
            _ => Ok(false),
        }
    }

    /// Runs a tick; the closing one also takes the last pledges out of the pool. Returns true once the close entry is signed.
    pub(crate) fn tick(&mut self, tick: Tick, closing: bool) -> Result<bool, Error> {
        if self.finish_plan()? {
            return Ok(true);
        }
        let Some(pool) = &self.pool else { return Ok(true) };
        if closing {
            pool.refuse()?; // from here on everything in every pool is frozen, an earlier cut-off tick's too
        } else {
            if pool.has_frozen()? {
                let earlier = pool.last_tick();
                self.publish(earlier, false)?;
            }
            let Some(pool) = &self.pool else { return Ok(true) };
            pool.freeze(tick)?;
        }
        self.publish(tick, closing)
    }

    /// Carries out a plan that was written and not finished.
    fn finish_plan(&mut self) -> Result<bool, Error> {
        match Plan::read(&self.data)? {
            Some(plan) => self.carry_out(&plan),
            None => Ok(false),
        }
    }

    /// Appends an announcement at once, with a checkpoint of its own, never while a plan exists.
    pub(crate) fn announce(
        &mut self,
        announcement: Announcement,
        record: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Refusal> {
        if Plan::read(&self.data)?.is_some() {
            return Err(Problem::Unavailable.into()); // a tick was cut off; it comes first, and may be the closing one
        }
        let due = self.published.announcement.as_ref().map_or(0, |earlier| earlier.number) + 1;
        if self.published.announcement.as_ref() == Some(&announcement) {
            return Ok(()); // the answer to the first attempt was lost
        }
        if announcement.number != due {
            let detail = format!("The next announcement has the number {due}.");
            return Err(Refusal::from(Problem::Malformed).with_detail(detail));
        }
        record()?;
        let entry = Entry::Announcement(announcement.note.clone().into_bytes()).encode();
        self.append(self.log.reader().size(), &[entry])?;
        self.published.announcement = Some(announcement);
        self.show();
        Ok(self.catch_up_spent()?)
    }

    /// Enters the page of this manifest in the log, with a checkpoint of its own, unless the log names it last: the same
    /// page is never entered twice in a row, however often this is repeated. False while the plan of a tick exists,
    /// which comes first.
    pub(crate) fn enter_page(&mut self, manifest_sha256: [u8; 32]) -> Result<bool, Error> {
        if self.published.manifest_sha256 == Some(manifest_sha256) {
            return Ok(true);
        }
        if Plan::read(&self.data)?.is_some() {
            return Ok(false);
        }
        self.append(self.log.reader().size(), &[Entry::Page { manifest_sha256 }.encode()])?;
        self.published.manifest_sha256 = Some(manifest_sha256);
        self.show();
        self.catch_up_spent()?;
        Ok(true)
    }

    /// The log as everybody reads it.
    #[cfg(test)]
    pub(crate) fn log(&self) -> crate::store::log::LogReader {
        self.log.reader().clone()
    }

    /// The pool, until close.
    #[cfg(test)]
    pub(crate) fn pool(&self) -> Option<Arc<RedemptionStore>> {
        self.pool.clone()
    }

    /// At close: removes the pool with all that is withheld. Repeats change nothing. Blocking.
    pub(crate) fn destroy_pool(&mut self) -> Result<(), Error> {
        if let Some(pool) = self.pool.take() {
            pool.destroy()?;
        }
        Plan::remove(&self.data)
    }

    /// Step 2 for a pool that is frozen, then the rest. An empty plan needs no file: the same pool gives it again.
    fn publish(&mut self, tick: Tick, closing: bool) -> Result<bool, Error> {
        let Some(pool) = &self.pool else { return Ok(true) };
        let room = self.campaign.genesis().eligible.saturating_sub(self.published.sums.total());
        let plan = Plan::make(&self.campaign, tick, closing, self.log.reader().size(), room, &pool.frozen()?)?;
        if !plan.entries.is_empty() {
            plan.write(&self.data)?;
        }
        self.carry_out(&plan)
    }

    /// Steps 3 to 7. What is done already is found done.
    fn carry_out(&mut self, plan: &Plan) -> Result<bool, Error> {
        let end = plan.base + plan.entries.len() as u64;
        if self.log.reader().size() == plan.base && end > plan.base {
            self.append(plan.base, &plan.entries)?;
            self.count(&plan.entries)?;
        } else if self.log.reader().size() != end {
            let why = "the plan of a tick does not fit the log; restore the log that it was made for";
            return Err(Error::Refused(why.to_owned()));
        }
        // numbers and tick change together and before the rest, whose time depends on what is still pending
        self.published.tick = plan.tick;
        self.published.closed = plan.closing;
        self.show();
        if plan.closing {
            return Ok(true); // what is left is destroyed, not kept
        }
        self.catch_up_spent()?;
        if let Some(pool) = &self.pool {
            let published: HashSet<Nonce> = nonces(plan.entries.iter().map(Vec::as_slice))?.into_iter().collect();
            let survivors: Vec<PooledPledge> =
                pool.frozen()?.into_iter().filter(|pledge| !published.contains(&pledge.nonce)).collect();
            pool.keep(&survivors)?;
            pool.drop_frozen()?;
        }
        Plan::remove(&self.data)?;
        Ok(false)
    }

    /// Steps 3 and 4: entries and tiles, synced; then the checkpoint.
    fn append(&mut self, at: u64, entries: &[Vec<u8>]) -> Result<(), Error> {
        let head = self.log.append(at, entries)?;
        self.log.sign(at, head, &self.signer)?;
        self.published.log_size = head.size;
        Ok(())
    }

    fn count(&mut self, entries: &[Vec<u8>]) -> Result<(), Error> {
        for entry in entries {
            if let Entry::Group { area, size, .. } = Entry::decode(entry)? {
                self.published.sums.add(area, u64::from(size));
            }
        }
        Ok(())
    }

    /// To everybody, and to the next start, which can do without: a full disk must not keep a close from its end.
    fn show(&self) {
        self.board.show(self.published.clone());
        if let Err(error) = self.published.write(&self.data, &self.campaign, self.log.reader().head()) {
            crate::tell(&error);
        }
    }

    /// Step 5: the nonces of all entries that the spent runs do not cover yet, read from the log.
    fn catch_up_spent(&self) -> Result<(), Error> {
        let Some(pool) = &self.pool else { return Ok(()) };
        let (from, to) = (pool.spent_through(), self.log.reader().size());
        if from > to {
            let why = "the log is older than the spent nonces: it was rolled back; restore the newest one";
            return Err(Error::Refused(why.to_owned()));
        }
        if from == to {
            return Ok(());
        }
        let mut found = Vec::new();
        self.log.reader().entries(from, to, |index, entry| {
            if index > 0 {
                found.extend(nonces(std::iter::once(entry))?);
            }
            Ok::<_, Error>(())
        })?;
        Ok(pool.add_spent(from, to, found)?)
    }
}

fn nonces<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Nonce>, Error> {
    let mut found = Vec::new();
    for entry in entries {
        if let Entry::Pledge(pledge) = Entry::decode(entry)? {
            found.push(pledge.nonce());
        }
    }
    Ok(found)
}
