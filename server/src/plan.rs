//! The plan of a tick: which entries go into the log, at which index. Written down before the first of them is, so
//! that a tick that was cut off is finished and never decided anew.

use crate::error::Error;
use crate::store::SECRET_FILE;
use crate::store::disk::{remove_file, sync_dir, write_file};
use crate::store::redemption::PooledPledge;
use protocol::campaign::Campaign;
use protocol::codec::Reader;
use protocol::entry::{Entry, PublishedPledge};
use protocol::publication::{Area, Tick, decide};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A decided tick.
pub(crate) struct Plan {
    /// Its number.
    pub tick: Tick,
    /// Index of the first entry.
    pub base: u64,
    /// The entries, encoded, in canonical order; the close entry last, if there is one.
    pub entries: Vec<Vec<u8>>,
    /// Whether the tick closes the campaign.
    pub closing: bool,
}

impl Plan {
    /// Applies the rule of publication to a pool: the same pool gives the same plan. If its groups were more than
    /// `room`, what is left of `eligible`, none is published: more tokens exist than were issued here, and a log that
    /// showed them would be refused by everybody.
    pub(crate) fn make(
        campaign: &Campaign,
        tick: Tick,
        closing: bool,
        base: u64,
        room: u64,
        pool: &[PooledPledge],
    ) -> Result<Self, Error> {
        let mut entries = Vec::new();
        if let Some(number) = u32::try_from(tick).ok().filter(|number| *number > 0) {
            let groups = groups(campaign, closing, pool)?;
            if groups.values().map(|pledges| pledges.len() as u64).sum::<u64>() <= room {
                entries = group_entries(number, groups)?;
            } else {
                crate::tell(&"more pledges came than people are eligible: somebody else signs with the issuer's key");
            }
            if closing {
                entries.push(Entry::Close { tick: number }.encode());
            }
        }
        Ok(Self { tick, base, entries, closing })
    }

    /// Writes the plan down, durably, with its SHA-256 behind it.
    pub(crate) fn write(&self, data: &Path) -> Result<(), Error> {
        let mut bytes = vec![u8::from(self.closing)];
        bytes.extend_from_slice(&self.tick.to_be_bytes());
        bytes.extend_from_slice(&self.base.to_be_bytes());
        for entry in &self.entries {
            let length = u32::try_from(entry.len()).map_err(|error| Error::Refused(error.to_string()))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(write_file(&file(data), SECRET_FILE, &bytes)?)
    }

    /// Reads the plan of a tick that was cut off, if there is one.
    pub(crate) fn read(data: &Path) -> Result<Option<Self>, Error> {
        let bytes = match std::fs::read(file(data)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(file(data).display(), error)),
        };
        let damaged = || Error::damaged(format!("{} is damaged", file(data).display()));
        // what is in here will be published and can never be taken back
        let (bytes, digest) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        if <[u8; 32]>::from(Sha256::digest(bytes)) != *digest {
            return Err(damaged());
        }
        let mut reader = Reader::new(bytes, "plan");
        let closing = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(damaged()),
        };
        let tick = Tick::from_be_bytes(reader.array()?);
        let base = u64::from_be_bytes(reader.array()?);
        let mut entries = Vec::new();
        let mut rest = reader.rest();
        while !rest.is_empty() {
            let mut reader = Reader::new(rest, "plan");
            let length = usize::try_from(reader.u32()?).map_err(|error| Error::Refused(error.to_string()))?;
            let (entry, after) = reader.rest().split_at_checked(length).ok_or_else(damaged)?;
            entries.push(entry.to_vec());
            rest = after;
        }
        Ok(Some(Self { tick, base, entries, closing }))
    }

    /// Removes a plan that was carried out, durably.
    pub(crate) fn remove(data: &Path) -> Result<(), Error> {
        if file(data).exists() {
            remove_file(&file(data))?;
        }
        Ok(sync_dir(data)?)
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("plan")
}

/// The groups that the rule allows, each with its encoded pledges.
type Groups = BTreeMap<Area, Vec<Vec<u8>>>;

fn groups(campaign: &Campaign, closing: bool, pool: &[PooledPledge]) -> Result<Groups, Error> {
    let mut pending: BTreeMap<u32, u64> = BTreeMap::new();
    for pledge in pool {
        *pending.entry(pledge.pledge.place).or_insert(0) += 1;
    }
    let decision = decide(&campaign.tree(), campaign.genesis().k, &pending, closing);
    let mut groups = Groups::new();
    for pooled in pool {
        let Some(area) = decision.destination(pooled.pledge.place) else { continue };
        let region = campaign.places().region_of(pooled.pledge.place);
        let region = region.ok_or_else(|| Error::Refused("the pool holds a place that does not exist".to_owned()))?;
        let published = PublishedPledge::new(area.level, &pooled.pledge, region, pooled.authenticator);
        groups.entry(area).or_default().push(Entry::Pledge(published).encode());
    }
    Ok(groups)
}

/// Groups by (level, area), each with its pledges by entry bytes.
fn group_entries(tick: u32, groups: Groups) -> Result<Vec<Vec<u8>>, Error> {
    let mut entries = Vec::new();
    for (area, mut pledges) in groups {
        pledges.sort_unstable();
        let size = u32::try_from(pledges.len()).map_err(|error| Error::Refused(error.to_string()))?;
        entries.push(Entry::Group { tick, area, size }.encode());
        entries.append(&mut pledges);
    }
    Ok(entries)
}
