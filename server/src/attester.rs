//! Attester: an invite → [`Attested`]. It knows which invites were used, for which request, and never a token.

use crate::batches::{Batch, BatchRequest, Batches, Rules};
use crate::config::REPEATS_PER_TICK_MAX;
use crate::email_offer::EmailOffer;
use crate::error::{Error, Refusal};
use crate::organisers::Account;
use crate::store::attestation::{AttestationStore, Ceiling, Claim};
use protocol::campaign::Campaign;
use protocol::invite::{EMAIL_BATCH, Invite, InviteId, InviteKey, InviteLink};
use protocol::issuance::TokenRequest;
use protocol::problem::Problem;
use protocol::publication::Tick;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The proof that one invite stands behind one TokenRequest, durably. Only [`Attester::attest`] makes one.
pub(crate) struct Attested(());

/// The role, as long as the campaign issues tokens.
pub(crate) struct Attester {
    campaign: Arc<Campaign>,
    key: InviteKey,
    store: AttestationStore,
    batches: Mutex<Batches>,
    /// The most tokens for invites by e-mail, a part of all.
    email_maximum: u64,
    /// One change of the batches at a time; held while the disk is written, which those who ask for tokens do not wait for.
    changing: Mutex<()>,
    /// Exact repeats since the last tick, for their limit. In memory only.
    repeats: Mutex<HashMap<InviteId, u8>>,
}

impl Attester {
    /// Opens the folder of used invites.
    pub(crate) fn open(
        folder: &Path,
        campaign: Arc<Campaign>,
        key: InviteKey,
        first_tick: Tick,
    ) -> Result<Self, Error> {
        let store = AttestationStore::open(folder, first_tick)?;
        let batches = Mutex::new(Batches::open(folder)?);
        let email_maximum = EmailOffer::open(folder)?.map_or(0, |offer| offer.maximum);
        Ok(Self { campaign, key, store, batches, email_maximum, changing: Mutex::default(), repeats: Mutex::default() })
    }

    /// Whether this tick, or a later one, has cleaned the store.
    pub(crate) fn has_ended(&self, tick: Tick) -> bool {
        self.store.has_ended(tick)
    }

    /// Recognises a code by its MAC, without touching a store.
    pub(crate) fn recognise(&self, code: &str) -> Result<InviteId, Refusal> {
        let invite = Invite::parse(code).map_err(|_| Problem::InviteUnknown)?;
        Ok(self.key.recognise(self.campaign.id(), &invite).map_err(|_| Problem::InviteUnknown)?)
    }

    /// Binds an invite to a request, durably and for ever; the same pair again is attested again, up to a limit.
    ///
    /// `tick` is the one under way while new tokens are issued; none says that none are. Where an unused invite would be
    /// refused, a used one hears the same, so that asking about an invite tells nothing.
    pub(crate) async fn attest(
        &self,
        id: InviteId,
        request: &TokenRequest,
        tick: Option<Tick>,
    ) -> Result<Attested, Refusal> {
        let digest = request.digest();
        let refusal = match self.ceiling(id.batch(), tick) {
            Ok(ceiling) => match self.store.claim(id, digest, ceiling).await? {
                Claim::New => return Ok(Attested(())),
                Claim::Repeat => return self.repeat(id),
                Claim::UsedOtherwise => Problem::InviteUsed,
                Claim::Exhausted => Problem::Exhausted,
            },
            Err(problem) => problem,
        };
        match self.store.is_repeat(id, digest).await? {
            true => self.repeat(id),
            false => Err(refusal.into()),
        }
    }

    /// Makes invites of a batch for an account while a tick is under way; nothing remembers them. What can be refused is
    /// refused before `record` is called, and nothing is done before it has returned.
    pub(crate) fn mint(
        &self,
        request: &BatchRequest,
        account: &Account,
        tick: Tick,
        record: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Vec<InviteLink>, Refusal> {
        let genesis = self.campaign.genesis();
        let eligible = genesis.eligible.saturating_sub(self.email_maximum);
        let rules = Rules { k: genesis.k, eligible, schedule: genesis.schedule(), tick };
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (grown, batch) = self.batches().grown(request, account, &rules)?;
        record()?;
        Batches::replace(&self.batches, grown)?; // until then those who ask for tokens go on with the list as it was
        let base_url = genesis.origin_url();
        let link = |_| {
            let id = InviteId::new(batch, rand::random());
            let invite = Some(self.key.mint(self.campaign.id(), id));
            InviteLink { base_url: base_url.clone(), invite, campaign: self.campaign.id() }
        };
        Ok((0..request.count).map(link).collect())
    }

    /// Revokes a batch of this name, for ever and durably; repeats change nothing. `record` as for [`Self::mint`].
    pub(crate) fn revoke(
        &self,
        name: &str,
        account: &Account,
        record: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.batches().revoked(name, account)?;
        if let Some(changed) = changed {
            record()?;
            Batches::replace(&self.batches, changed)?;
        }
        Ok(())
    }

    /// The batches that an account sees. Nothing in them depends on who used an invite.
    pub(crate) fn batches_of(&self, account: &Account) -> Vec<Batch> {
        self.batches().of(account)
    }

    /// The link of the invite with this id, which an e-mail address earned; nothing remembers it.
    pub(crate) fn link(&self, id: InviteId) -> InviteLink {
        let invite = Some(self.key.mint(self.campaign.id(), id));
        InviteLink { base_url: self.campaign.genesis().origin_url(), invite, campaign: self.campaign.id() }
    }

    /// Cleans the store of the order in which invites came, and finishes that where it was cut off. Idempotent; blocking.
    pub(crate) fn tick(&self, tick: Tick) -> Result<(), Error> {
        let last = self.store.last_tick();
        if tick > last {
            self.repeats.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(self.store.tick(tick.max(last))?)
    }

    /// At close: ends the store and removes it from the disk. Blocking.
    pub(crate) fn destroy(&self) -> Result<(), Error> {
        Ok(self.store.destroy()?)
    }

    /// What an invite of a batch may earn while a tick is under way, or why it earns nothing, used or not.
    fn ceiling(&self, batch: u16, tick: Option<Tick>) -> Result<Ceiling, Problem> {
        let (tick, all) = (tick.ok_or(Problem::Closed)?, self.campaign.genesis().eligible);
        if batch == EMAIL_BATCH && self.email_maximum > 0 {
            return Ok(Ceiling { batch_total: self.email_maximum, batch_per_tick: None, all });
        }
        let batches = self.batches();
        let batch = batches.find(batch).filter(|batch| !batch.revoked).ok_or(Problem::InviteUnknown)?;
        match batch.has_expired(tick) {
            true => Err(Problem::Closed),
            false => Ok(Ceiling { batch_total: batch.maximum, batch_per_tick: batch.per_tick.map(u64::from), all }),
        }
    }

    fn repeat(&self, id: InviteId) -> Result<Attested, Refusal> {
        let mut repeats = self.repeats.lock().unwrap_or_else(PoisonError::into_inner);
        let count = repeats.entry(id).or_insert(0);
        if *count >= REPEATS_PER_TICK_MAX {
            return Err(Problem::RateLimited.into());
        }
        *count += 1;
        Ok(Attested(()))
    }

    fn batches(&self) -> MutexGuard<'_, Batches> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
