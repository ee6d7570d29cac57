//! Fetching a campaign and its public documents: the command line's side of `campaign`; the page fetches by itself.
//! Nothing is handed out that was not checked against the campaign id and the address first.

use super::{assemble, check_id, homes, issuer_at};
use crate::address::BaseUrl;
use crate::answer::read_json;
use crate::error::Error;
use crate::log_reader::{Source, check_genesis};
use crate::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, CampaignId, Genesis};
use protocol::counts::Counts;
use protocol::note::TreeHead;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A campaign with the address at which it was found and the head of its log. Having one proves that the address is
/// one of the genesis's own, that the checkpoint is signed by the log key, and that the log begins with the genesis.
pub struct Site {
    /// The campaign.
    pub campaign: Campaign,
    /// The Origin, at its name or at its onion address, whichever was asked for.
    pub origin: BaseUrl,
    /// The log's head.
    pub head: TreeHead,
    /// The operation that read it, for more reading.
    pub source: Source,
}

impl Site {
    /// Where the Issuer is.
    pub fn issuer(&self) -> Result<BaseUrl, Error> {
        BaseUrl::parse(&issuer_at(self.campaign.genesis(), &self.origin.to_string()))
    }
}

/// Fetches a campaign from its Origin. `expected` is compared with the genesis's bytes before anything else is read.
pub async fn fetch(network: &Network, base: &BaseUrl, expected: Option<CampaignId>) -> Result<Site, Error> {
    let source = Source::Web(network.operation(base)?);
    let campaign = read(&source, expected).await?;
    let homes = homes(campaign.genesis());
    if !homes.contains(&base.to_string()) {
        return Err(Error::Address(format!(
            "This campaign lives at {}, not at {base}; use that address, if you trust it.",
            homes.join(" and ")
        )));
    }
    let head = source.head(&campaign).await?;
    check_genesis(&source, &campaign, head).await?;
    Ok(Site { campaign, origin: base.clone(), head, source })
}

/// Reads genesis and places, from wherever they are, and checks them against each other and the id.
pub async fn read(source: &Source, expected: Option<CampaignId>) -> Result<Campaign, Error> {
    let genesis = match source.read("campaign", Genesis::BYTES_MAX).await? {
        Some(genesis) => genesis,
        None if matches!(source, Source::Folder(_)) => source.need("genesis.json", Genesis::BYTES_MAX).await?,
        None => {
            return Err(Error::Misbehaved("There is no campaign at this address; check it.".to_owned()));
        }
    };
    check_id(&genesis, expected)?;
    let places = source.need("places.json", PLACES_BYTES_MAX).await?;
    assemble(&genesis, &places)
}

/// The published numbers as the server shows them, checked as far as that goes without the log, with which
/// `headcount audit` compares them. `None` if there are none, as in a folder.
pub async fn counts(source: &Source, campaign: &Campaign) -> Result<Option<Counts>, Error> {
    let Some(bytes) = source.read("counts.json", COUNTS_BYTES_MAX).await? else {
        return Ok(None);
    };
    let counts: Counts = read_json(&bytes)
        .ok_or_else(|| Error::Misbehaved("The server's counts.json is not in the form of this protocol.".to_owned()))?;
    check_counts(&counts, campaign)?;
    Ok(Some(counts))
}

/// Demands what can be demanded of a server's numbers: they are of this campaign, of places that it has, and add up;
/// and the announcement is what the organiser key signed. A server that shows another text shows none (V2).
pub fn check_counts(counts: &Counts, campaign: &Campaign) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::Misbehaved(format!("The server's counts {what}.")));
    if counts.campaign_id != campaign.id() || counts.target != campaign.genesis().target {
        return wrong("show another campaign or another target than the genesis");
    }
    let exist = |areas: &BTreeMap<u32, u64>, all: usize| areas.keys().all(|area| (*area as usize) < all);
    let places = campaign.places();
    if !exist(&counts.places, places.places.len()) || !exist(&counts.regions, places.regions.len()) {
        return wrong("name a place or a region that the campaign does not have");
    }
    if !counts.adds_up() {
        return wrong("do not add up to their total");
    }
    if counts.total > campaign.genesis().eligible {
        return wrong("show more people than could take part");
    }
    match &counts.announcement {
        Some(shown) if Announcement::open(shown.note.as_bytes(), campaign).as_ref() != Ok(shown) => {
            wrong("show an announcement that the organiser key did not sign like that; do not believe it")
        }
        _ => Ok(()),
    }
}

/// Demands that the map is the one of the genesis.
pub async fn check_map(source: &Source, campaign: &Campaign) -> Result<(), Error> {
    let map = source.need("map.json", MAP_BYTES_MAX).await?;
    if <[u8; 32]>::from(Sha256::digest(&map)) == campaign.genesis().map_sha256 {
        Ok(())
    } else {
        Err(Error::Misbehaved("The map is not the one that the genesis names.".to_owned()))
    }
}

pub(crate) const PLACES_BYTES_MAX: usize = 32 * 1024 * 1024;
pub(crate) const MAP_BYTES_MAX: usize = 64 * 1024 * 1024;
pub(crate) const COUNTS_BYTES_MAX: usize = 8 * 1024 * 1024;
