//! What a campaign id pins, checked before anything of a participant is made of it (DESIGN §2): genesis, key, places,
//! addresses. Command line and page call the same functions; fetching, and what only the command line looks at, stands in
//! `network`. The id is compared before the genesis is even parsed.

use crate::error::Error;
use protocol::campaign::{Campaign, CampaignId, Genesis};

#[cfg(not(target_arch = "wasm32"))]
mod network;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use network::{COUNTS_BYTES_MAX, MAP_BYTES_MAX, PLACES_BYTES_MAX};
#[cfg(not(target_arch = "wasm32"))]
pub use network::{Site, check_counts, check_map, counts, fetch, read};

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

#[cfg(test)]
mod tests;
