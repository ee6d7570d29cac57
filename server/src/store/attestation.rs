//! Which invites were used, and for which request; never a token (DESIGN §3, §6).
//!
//! `used` is one sorted file of `id || digest`, 42 bytes each, the same whatever the order they came in;
//! `since-<tick>` is the sled database of what came after the end of that tick.

use super::disk::{create_dir, remove_dir, sync_dir};
use super::generations::{Generation, Generations};
use super::group_commit::{Ledger, Writer};
use super::sled_dir::SledDir;
use super::sorted_file::{SortedFile, Source};
use super::{SECRET_DIR, StoreError};
use protocol::invite::{EMAIL_BATCH, InviteId};
use protocol::issuance::RequestDigest;
use protocol::publication::Tick;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many tokens may be issued; each number is a total, this claim included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ceiling {
    /// For the invite's batch, ever.
    pub batch_total: u64,
    /// For the invite's batch since the last tick, if that is limited.
    pub batch_per_tick: Option<u64>,
    /// For all batches together, ever.
    pub all: u64,
}

impl Ceiling {
    /// Nothing may be issued: only a repeat is recognised.
    const NOTHING: Self = Self { batch_total: 0, batch_per_tick: None, all: 0 };
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The invite is now used, for this request. Exactly one request ever gets this for one invite.
    New,
    /// It was used for this very request before: the answer may be given again.
    Repeat,
    /// It was used for another request.
    UsedOtherwise,
    /// The ceiling per tick is reached, and whether the invite was used for another request is not said; or the invite
    /// is unused and a total is reached, which only happens where more invites were made than a batch allows.
    Exhausted,
}

/// The store of used invites. Dropping it ends its thread; nothing is lost by that.
pub(crate) struct AttestationStore {
    dir: PathBuf,
    writer: Writer<Invites>,
    generations: Generations<SledDir>,
    last_tick: AtomicI64,
    /// Nothing of before the last tick is left in the order in which it came.
    is_clean: AtomicBool,
    /// One tick at a time.
    turn: Mutex<()>,
}

impl AttestationStore {
    /// Opens the store in `dir`, or makes an empty one there whose last tick is `start_tick`. Blocks: reads all
    /// records once, to check and to count them.
    ///
    /// Errors: [`StoreError::Corrupt`] if used invites may be missing; then nothing may be issued.
    pub(crate) fn open(dir: &Path, start_tick: Tick) -> Result<Self, StoreError> {
        create_dir(dir, SECRET_DIR)?;
        let generations = Generations::new(dir, PREFIX);
        let path = dir.join(USED);
        let used = if path.exists() {
            SortedFile::open(&path)?
        } else if generations.ticks()?.is_empty() {
            // before the first database, so that a store without this file has lost it
            SortedFile::merge(&path, Vec::new())?
        } else {
            return Err(StoreError::Corrupt(format!("{} is missing", path.display())));
        };
        let mut frozen = generations.open(start_tick)?;
        let Some(fresh) = frozen.pop() else {
            return Err(StoreError::Corrupt(format!("{} holds no database", dir.display())));
        };
        let mut invites =
            Invites { used: Arc::new(used), frozen, fresh, staged: BTreeMap::new(), issued: Issued::default() };
        // the last rename may still be in the page cache only
        sync_dir(dir)?;
        invites.count()?;
        Ok(Self {
            dir: dir.to_owned(),
            last_tick: AtomicI64::new(invites.fresh.tick()),
            is_clean: AtomicBool::new(invites.frozen.is_empty()),
            writer: Writer::start("attestation", invites)?,
            generations,
            turn: Mutex::new(()),
        })
    }

    /// Uses an invite for a request; durable before the answer. In this order: used for this request is
    /// [`Claim::Repeat`]; then a reached ceiling per tick is [`Claim::Exhausted`], whether the invite is used or not, so
    /// that asking about one tells nothing, and so is the reached total of invites by e-mail, because more addresses can
    /// earn one than may be used; then used for another request is [`Claim::UsedOtherwise`]; then a reached total is
    /// [`Claim::Exhausted`]; else [`Claim::New`].
    pub(crate) async fn claim(
        &self,
        id: InviteId,
        digest: RequestDigest,
        ceiling: Ceiling,
    ) -> Result<Claim, StoreError> {
        self.writer.decide((id, digest, ceiling)).await
    }

    /// Whether the invite was used for this very request. Uses nothing.
    pub(crate) async fn is_repeat(&self, id: InviteId, digest: RequestDigest) -> Result<bool, StoreError> {
        Ok(self.claim(id, digest, Ceiling::NOTHING).await? == Claim::Repeat)
    }

    /// The tick whose end the store has last seen.
    pub(crate) fn last_tick(&self) -> Tick {
        self.last_tick.load(Ordering::SeqCst)
    }

    /// Whether the end of a tick left no trace of the order in which earlier claims came: a crash or an error may have cut it off.
    pub(crate) fn has_ended(&self, tick: Tick) -> bool {
        self.last_tick() >= tick && self.is_clean.load(Ordering::SeqCst)
    }

    /// Ends a tick: counts per tick begin again, and no trace of the order in which earlier claims came is left in the
    /// directory. Claims go on meanwhile. Can be repeated, and finishes what a crash or an error interrupted; an
    /// earlier tick than the last is [`StoreError::Refused`]. Blocks: not to be called from an async task.
    pub(crate) fn tick(&self, tick: Tick) -> Result<(), StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last_tick();
        if tick < last {
            return Err(StoreError::Refused(format!(
                "the attestation store has seen tick {last} and does not go back to {tick}"
            )));
        }
        if tick > last {
            let fresh = self.generations.create(tick)?;
            self.is_clean.store(false, Ordering::SeqCst);
            self.writer.alone(move |invites| {
                invites.freeze(fresh);
                Ok(())
            })?;
            self.last_tick.store(tick, Ordering::SeqCst);
        }
        self.merge_frozen()?;
        self.generations.remove_all_but(Some(tick))?;
        self.is_clean.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn merge_frozen(&self) -> Result<(), StoreError> {
        let now = |invites: &mut Invites| Ok((invites.used.clone(), invites.frozen.clone()));
        let (used, frozen) = self.writer.alone(now)?;
        let mut rows = frozen.iter().map(|database| database.rows::<ID, DIGEST>().next().transpose());
        if rows.try_fold(true, |empty, row| row.map(|row| empty && row.is_none()))? {
            // nobody used an invite: the file of all who ever did is not written anew for that
            return self.writer.alone(|invites| {
                invites.frozen.clear();
                Ok(())
            });
        }
        let mut sources: Vec<Source<'_, RECORD>> = vec![Box::new(used.records())];
        for database in &frozen {
            sources.push(Box::new(database.rows().map(|row| row.map(|(id, digest)| record(&id, &digest)))));
        }
        let merged = Arc::new(SortedFile::merge(&self.dir.join(USED), sources)?);
        self.writer.alone(move |invites| {
            invites.used = merged;
            invites.frozen.clear();
            Ok(())
        })
    }

    /// At close: stops the store for everybody, deletes its directory and syncs the parent. Claims under way are
    /// answered first, later ones are [`StoreError::Stopped`]. After a crash in between, [`remove_dir`] finishes it.
    /// Blocks: not to be called from an async task.
    pub(crate) fn destroy(&self) -> Result<(), StoreError> {
        self.writer.stop();
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        remove_dir(&self.dir)
    }
}

/// What the writer owns.
struct Invites {
    used: Arc<SortedFile<RECORD, ID>>,
    frozen: Vec<SledDir>,
    fresh: SledDir,
    /// Decided, not committed yet.
    staged: BTreeMap<[u8; ID], [u8; DIGEST]>,
    issued: Issued,
}

/// How many invites are used.
#[derive(Default)]
struct Issued {
    all: u64,
    total: HashMap<u16, u64>,
    since_tick: HashMap<u16, u64>,
}

impl Issued {
    fn exhausts_tick(&self, batch: u16, ceiling: Ceiling) -> bool {
        let since_tick = self.since_tick.get(&batch).copied().unwrap_or(0);
        ceiling.batch_per_tick.is_some_and(|most| since_tick >= most)
    }

    fn exhausts_total(&self, batch: u16, ceiling: Ceiling) -> bool {
        self.all >= ceiling.all || self.total.get(&batch).copied().unwrap_or(0) >= ceiling.batch_total
    }

    fn add(&mut self, batch: u16) {
        self.all += 1;
        *self.total.entry(batch).or_default() += 1;
    }
}

impl Invites {
    fn digest_of(&self, id: &[u8; ID]) -> Result<Option<[u8; DIGEST]>, StoreError> {
        let staged = self.staged.get(id).copied();
        let lying = digest_in(&self.used, std::iter::once(&self.fresh).chain(&self.frozen), id)?;
        Ok(staged.or(lying))
    }

    fn freeze(&mut self, fresh: SledDir) {
        let frozen = std::mem::replace(&mut self.fresh, fresh);
        self.frozen.push(frozen);
        self.issued.since_tick.clear();
    }

    /// Counts everything anew. An id that an interrupted merge left in two places counts once.
    fn count(&mut self) -> Result<(), StoreError> {
        let mut issued = Issued::default();
        for record in self.used.records() {
            issued.add(batch_of(&record?));
        }
        let databases: Vec<&SledDir> = self.frozen.iter().chain([&self.fresh]).collect();
        for (index, database) in databases.iter().enumerate() {
            for row in database.rows::<ID, DIGEST>() {
                let (id, digest) = row?;
                match digest_in(&self.used, databases[..index].iter().copied(), &id)? {
                    None => {
                        issued.add(batch_of(&id));
                        if index + 1 == databases.len() {
                            *issued.since_tick.entry(batch_of(&id)).or_default() += 1;
                        }
                    }
                    Some(before) if before == digest => {}
                    Some(_) => {
                        let why = "the attestation store holds two requests for one invite";
                        return Err(StoreError::Corrupt(why.to_owned()));
                    }
                }
            }
        }
        self.issued = issued;
        Ok(())
    }
}

impl Ledger for Invites {
    type Request = (InviteId, RequestDigest, Ceiling);
    type Answer = Claim;

    fn decide(&mut self, (id, digest, ceiling): Self::Request) -> Result<Claim, StoreError> {
        let before = self.digest_of(id.as_bytes())?;
        if before == Some(*digest.as_bytes()) {
            return Ok(Claim::Repeat);
        }
        let earned_by_more = id.batch() == EMAIL_BATCH && self.issued.exhausts_total(id.batch(), ceiling);
        if self.issued.exhausts_tick(id.batch(), ceiling) || earned_by_more {
            return Ok(Claim::Exhausted);
        }
        if before.is_some() {
            // also when the total is reached: another answer would tell that the last invite of the batch was used
            return Ok(Claim::UsedOtherwise);
        }
        if self.issued.exhausts_total(id.batch(), ceiling) {
            return Ok(Claim::Exhausted);
        }
        self.staged.insert(*id.as_bytes(), *digest.as_bytes());
        self.issued.add(id.batch());
        *self.issued.since_tick.entry(id.batch()).or_default() += 1;
        Ok(Claim::New)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !self.staged.is_empty() {
            self.fresh.write(&self.staged)?;
            self.staged.clear();
        }
        Ok(())
    }
}

/// Looks everywhere, wherever it finds something: how long that takes must not tell whether, and since when, an invite is used.
fn digest_in<'a>(
    used: &SortedFile<RECORD, ID>,
    databases: impl Iterator<Item = &'a SledDir>,
    id: &[u8; ID],
) -> Result<Option<[u8; DIGEST]>, StoreError> {
    let malformed = || StoreError::Corrupt("the attestation store holds a digest of another size".to_owned());
    let record = used.find(id)?;
    let mut found = record.and_then(|record| record.last_chunk().copied());
    for database in databases {
        if let Some(digest) = database.get(id)? {
            found = Some(<[u8; DIGEST]>::try_from(&*digest).map_err(|_| malformed())?);
        }
    }
    Ok(found)
}

fn record(id: &[u8; ID], digest: &[u8; DIGEST]) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..ID].copy_from_slice(id);
    record[ID..].copy_from_slice(digest);
    record
}

/// The batch of an id, or of a record that begins with one.
fn batch_of(id: &[u8]) -> u16 {
    id.first_chunk().map_or(0, |batch| u16::from_be_bytes(*batch))
}

const USED: &str = "used";
const PREFIX: &str = "since-";
const ID: usize = InviteId::BYTES;
const DIGEST: usize = 32;
const RECORD: usize = ID + DIGEST;

#[cfg(test)]
mod tests;
