//! Pledges that are not published yet, and the nonces of those that are; never a person (DESIGN §3, §6).
//!
//! `pool-<tick>` holds what came after the end of that tick: nonce to pledge and authenticator, in a file that never says
//! in which order (`slot_file.rs`). The highest is fresh, the others are frozen. Spending and counting are one write,
//! keyed by the nonce.

use super::disk::{create_dir, remove_dir};
use super::generations::{Generation, Generations};
use super::group_commit::{Ledger, Rest, Writer};
use super::slot_file::SlotFile;
use super::spent::{NonceFile, SpentRuns};
use super::{SECRET_DIR, StoreError};
use protocol::pledge::{Nonce, Pledge};
use protocol::publication::Tick;
use protocol::token::{Authenticator, VerifiedToken};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It is counted now. Exactly one caller ever gets this for one nonce.
    Now,
    /// It was counted before, and that is durable.
    Before,
    /// The store takes nothing any more: the problem `closed`, whether it was counted or not.
    Closed,
}

/// A pledge that is counted and not published. No `Debug`: it says where somebody will be.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PooledPledge {
    /// Its key.
    pub nonce: Nonce,
    /// What was pledged.
    pub pledge: Pledge,
    /// The signature that its entry will repeat.
    pub authenticator: Authenticator,
}

/// The store of pledges. Dropping it ends its thread; nothing is lost by that.
///
/// The calls that block are the publisher's and must not be made from an async task.
pub struct RedemptionStore {
    dir: PathBuf,
    writer: Writer<Pools>,
    generations: Generations<Pool>,
    last_tick: AtomicI64,
    /// The publisher's view of the spent nonces; also what lets it take one step at a time.
    spent: Mutex<SpentRuns>,
}

impl RedemptionStore {
    /// Opens the pools in `redemption_dir`, or makes an empty one whose last tick is `start_tick`, and the spent nonces
    /// in `spent_dir`. Before anything is spent, the caller compares `spent_through` with the log. Blocks.
    pub fn open(redemption_dir: &Path, spent_dir: &Path, start_tick: Tick) -> Result<Self, StoreError> {
        create_dir(redemption_dir, SECRET_DIR)?;
        let generations = Generations::new(redemption_dir, PREFIX);
        let mut pools = generations.open(start_tick)?;
        let spent = SpentRuns::open(spent_dir)?;
        let fresh = pools.pop();
        let last_tick = fresh.as_ref().map_or(start_tick, Pool::tick);
        let frozen = pools.into_iter().map(Arc::new).collect();
        let pools = Pools { fresh, frozen, spent: spent.files(), staged: BTreeMap::new() };
        Ok(Self {
            dir: redemption_dir.to_owned(),
            writer: Writer::start("redemption", pools)?,
            generations,
            last_tick: AtomicI64::new(last_tick),
            spent: Mutex::new(spent),
        })
    }

    /// Counts a token, once: looks among pending and published pledges, and if it is in neither, puts it into the
    /// fresh pool. Durable before the answer, whichever it is.
    pub async fn spend(&self, token: VerifiedToken) -> Result<Redeemed, StoreError> {
        self.writer.decide(token).await
    }

    /// At the closing tick: finishes the writes under way; from then on every spend is [`Redeemed::Closed`] and every
    /// pool counts as frozen. It holds until the store is opened again. Blocks.
    pub(crate) fn refuse(&self) -> Result<(), StoreError> {
        self.writer.alone(|pools| {
            pools.frozen.extend(pools.fresh.take().map(Arc::new));
            Ok(())
        })
    }

    /// At the end of a tick: opens a fresh pool and freezes the one before. Does nothing if that was done for this
    /// tick; an earlier one, or a store that refuses, is [`StoreError::Refused`]. Durable when it returns. Blocks.
    pub(crate) fn freeze(&self, tick: Tick) -> Result<(), StoreError> {
        let _turn = self.turn();
        let last = self.last_tick();
        if tick < last {
            return Err(StoreError::Refused(format!(
                "the redemption store has seen tick {last} and does not go back to {tick}"
            )));
        }
        self.writer.alone(|pools| pools.fresh().map(|_| ()))?;
        if tick > last {
            let fresh = self.generations.create(tick)?;
            self.writer.alone(move |pools| {
                pools.frozen.extend(pools.fresh.replace(fresh).map(Arc::new));
                Ok(())
            })?;
            self.last_tick.store(tick, Ordering::SeqCst);
        }
        Ok(())
    }

    /// The tick at whose end the fresh pool was opened.
    pub(crate) fn last_tick(&self) -> Tick {
        self.last_tick.load(Ordering::SeqCst)
    }

    /// Whether there is a frozen pool, empty or not: a tick that is not finished. Blocks.
    pub(crate) fn has_frozen(&self) -> Result<bool, StoreError> {
        self.writer.alone(|pools| Ok(!pools.frozen.is_empty()))
    }

    /// The pledges of all frozen pools that are not among the spent nonces, by nonce, each once. Blocks.
    pub(crate) fn frozen(&self) -> Result<Vec<PooledPledge>, StoreError> {
        let now = |pools: &mut Pools| Ok((pools.frozen.clone(), pools.spent.clone()));
        let (frozen, spent) = self.writer.alone(now)?;
        let mut pledges = BTreeMap::new();
        for pool in &frozen {
            for row in pool.rows() {
                let (nonce, value) = row?;
                if !is_spent(&spent, &nonce)? {
                    pledges.entry(nonce).or_insert(pooled(nonce, &value)?);
                }
            }
        }
        Ok(pledges.into_values().collect())
    }

    /// Puts the pledges that stay pending into the fresh pool, in the order of their nonces; durable when it returns.
    /// What is there already stays as it is. Spends go on in between. Blocks.
    pub(crate) fn keep(&self, survivors: &[PooledPledge]) -> Result<(), StoreError> {
        let _turn = self.turn();
        let mut survivors: Vec<&PooledPledge> = survivors.iter().collect();
        survivors.sort_unstable_by_key(|survivor| survivor.nonce);
        for chunk in survivors.chunks(KEPT_AT_ONCE) {
            let rows: Vec<_> = chunk.iter().map(|pledge| row(pledge)).collect();
            self.writer.alone(move |pools| {
                for (nonce, value) in rows {
                    if pools.fresh()?.get(&nonce)?.is_none() {
                        pools.staged.insert(nonce, value);
                    }
                }
                pools.commit()?;
                pools.settle()
            })?;
        }
        Ok(())
    }

    /// Deletes the frozen pools, and with them the keys that they are read with. The caller has made durable what
    /// becomes of each: published and added to the spent nonces, or kept. Can be repeated. Blocks.
    pub(crate) fn drop_frozen(&self) -> Result<(), StoreError> {
        let _turn = self.turn();
        let fresh = self.writer.alone(|pools| {
            pools.frozen.clear();
            Ok(pools.fresh.as_ref().map(Pool::tick))
        })?;
        self.generations.remove_all_but(fresh)
    }

    /// How many log entries the spent nonces cover, from 0 without a gap. If that is less than the log's size, the
    /// caller derives the rest from the log before anything is spent; if it is more, the log has lost entries.
    pub(crate) fn spent_through(&self) -> u64 {
        self.turn().through()
    }

    /// Adds the nonces of the log entries `from..to`; an empty list, too, extends what is covered. From its return on
    /// [`Self::spend`] looks into them. Ranges that are covered are ignored; one that does not begin at
    /// [`Self::spent_through`] is [`StoreError::Refused`]. Durable when it returns. Blocks.
    pub(crate) fn add_spent(&self, from: u64, to: u64, nonces: Vec<Nonce>) -> Result<(), StoreError> {
        let mut spent = self.turn();
        let added = spent.add(from, to, nonces);
        // also after an error: a run may have been added before a merge failed
        let files = spent.files();
        self.writer.alone(move |pools| {
            pools.spent = files;
            Ok(())
        })?;
        added
    }

    /// At close: stops the store for everybody, deletes the pools with all that was withheld, and syncs the parent.
    /// Later calls are [`StoreError::Stopped`]. After a crash in between, [`remove`] finishes it. The spent nonces
    /// stay: they are in the public log. Blocks.
    pub(crate) fn destroy(&self) -> Result<(), StoreError> {
        self.writer.stop();
        let _turn = self.turn();
        remove(&self.dir)
    }

    fn turn(&self) -> MutexGuard<'_, SpentRuns> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deletes the pools in `redemption_dir`, after erasing the keys that they are read with. Can be repeated.
pub(crate) fn remove(redemption_dir: &Path) -> Result<(), StoreError> {
    if redemption_dir.is_dir() {
        Generations::<Pool>::new(redemption_dir, PREFIX).erase()?;
    }
    remove_dir(redemption_dir)
}

/// What the writer owns.
struct Pools {
    /// None once the store refuses.
    fresh: Option<Pool>,
    frozen: Vec<Arc<Pool>>,
    spent: Vec<Arc<NonceFile>>,
    /// Decided, not committed yet.
    staged: BTreeMap<[u8; 32], [u8; VALUE]>,
}

impl Pools {
    fn fresh(&mut self) -> Result<&mut Pool, StoreError> {
        let closed = || StoreError::Refused("the redemption store takes no more pledges".to_owned());
        self.fresh.as_mut().ok_or_else(closed)
    }

    fn is_known(&self, fresh: &Pool, nonce: &[u8; 32]) -> Result<bool, StoreError> {
        if self.staged.contains_key(nonce) {
            return Ok(true);
        }
        for pool in [fresh].into_iter().chain(self.frozen.iter().map(Arc::as_ref)) {
            if pool.get(nonce)?.is_some() {
                return Ok(true);
            }
        }
        is_spent(&self.spent, nonce)
    }
}

impl Ledger for Pools {
    type Request = VerifiedToken;
    type Answer = Redeemed;

    fn decide(&mut self, token: VerifiedToken) -> Result<Redeemed, StoreError> {
        let Some(fresh) = &self.fresh else {
            return Ok(Redeemed::Closed);
        };
        if self.is_known(fresh, token.nonce().as_bytes())? {
            return Ok(Redeemed::Before);
        }
        let (nonce, value) = row(&PooledPledge {
            nonce: token.nonce(),
            pledge: token.pledge().clone(),
            authenticator: *token.authenticator(),
        });
        self.staged.insert(nonce, value);
        Ok(Redeemed::Now)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !self.staged.is_empty() {
            let staged = std::mem::take(&mut self.staged);
            self.fresh()?.write(&staged)?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        self.fresh.as_mut().map_or(Ok(()), Pool::settle)
    }

    fn rest(&mut self, quiet: bool) -> Result<Rest, StoreError> {
        self.fresh.as_mut().map_or(Ok(Rest::Done), |fresh| fresh.rest(quiet))
    }
}

fn is_spent(spent: &[Arc<NonceFile>], nonce: &[u8; 32]) -> Result<bool, StoreError> {
    for run in spent {
        if run.find(nonce)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A pledge as it lies in a pool: its nonce, then `Pledge || authenticator`.
fn row(pooled: &PooledPledge) -> ([u8; 32], [u8; VALUE]) {
    let mut value = [0; VALUE];
    value[..Pledge::BYTES].copy_from_slice(&pooled.pledge.encode());
    value[Pledge::BYTES..].copy_from_slice(&pooled.authenticator);
    (*pooled.nonce.as_bytes(), value)
}

fn pooled(nonce: [u8; 32], value: &[u8; VALUE]) -> Result<PooledPledge, StoreError> {
    let (pledge, authenticator) = value.split_at(Pledge::BYTES);
    let malformed = || StoreError::Corrupt("a pool holds what is not a pledge".to_owned());
    Ok(PooledPledge {
        nonce: Nonce::from_bytes(nonce),
        pledge: Pledge::decode(pledge).map_err(|_| malformed())?,
        authenticator: authenticator.try_into().map_err(|_| malformed())?,
    })
}

/// The pending pledges of one tick.
type Pool = SlotFile<32, VALUE>;

const PREFIX: &str = "pool-";
const AUTHENTICATOR: usize = size_of::<Authenticator>();
const VALUE: usize = Pledge::BYTES + AUTHENTICATOR;
/// Survivors between which spends get their turn.
const KEPT_AT_ONCE: usize = 256;

#[cfg(test)]
mod tests;
