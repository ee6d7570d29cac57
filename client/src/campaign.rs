//! What a campaign id pins, checked before anything of a participant is made of it (DESIGN §2): genesis, key, places,
//! addresses; and the numbers that a server shows. Command line and page call the same functions; fetching is the
//! command line's own and stands in `network`. The id is compared before the genesis is even parsed.

use crate::error::Error;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, CampaignId, Genesis};
use protocol::counts::Counts;
use std::collections::BTreeMap;

#[cfg(not(target_arch = "wasm32"))]
mod network;
#[cfg(not(target_arch = "wasm32"))]
pub use network::{Site, check_map, counts, fetch, read};

/// Demands that a genesis is the one of the id that was given, if one was.
pub fn check_id(genesis: &[u8], expected: Option<CampaignId>) -> Result<(), Error> {
    let found = CampaignId::of(genesis);
    if expected.is_some_and(|expected| expected != found) {
        return Err(Error::Misbehaved(format!(
            "This is another campaign (id {found}) than the one that was asked for; do not go on, and tell whoever \
             gave you the link or the id."
        )));
    }
    Ok(())
}

/// Reads genesis and places and checks them against each other: key, digest of the places, every rule of the document.
pub fn assemble(genesis: &[u8], places: &[u8]) -> Result<Campaign, Error> {
    let campaign = Campaign::new(genesis, places)?;
    if !campaign.genesis().witnesses.is_empty() {
        return Err(Error::Unsupported(
            "This campaign has witnesses, and this version cannot check their signatures; use a newer one.".to_owned(),
        ));
    }
    Ok(campaign)
}

/// The addresses of the Origin, as browsers write them: scheme, host, and the port unless it is the scheme's own.
pub fn homes(genesis: &Genesis) -> Vec<String> {
    let onion = genesis.onion.as_ref().map(|onion| format!("http://{onion}"));
    [genesis.origin_url()].into_iter().chain(onion).map(|url| without_default_port(&url).to_owned()).collect()
}

/// The address of the Issuer for whoever found the campaign at `origin`, one of its [`homes`]: who came by the onion
/// address stays there if Issuer and Origin are one server.
pub fn issuer_at(genesis: &Genesis, origin: &str) -> String {
    if genesis.issuer_name == genesis.origin_name && homes(genesis).iter().any(|home| home == origin) {
        origin.to_owned()
    } else {
        without_default_port(&genesis.issuer_url()).to_owned()
    }
}

fn without_default_port(url: &str) -> &str {
    let port = if url.starts_with("https:") { ":443" } else { ":80" };
    url.strip_suffix(port).unwrap_or(url)
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
    if !adds_up(counts) {
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

/// Whether the total is the sum of all areas: all that can be asked of numbers without their campaign.
pub fn adds_up(counts: &Counts) -> bool {
    let mut areas = counts.places.values().chain(counts.regions.values()).chain([&counts.root]);
    areas.try_fold(0u64, |sum, area| sum.checked_add(*area)) == Some(counts.total)
}

#[cfg(test)]
mod tests;
