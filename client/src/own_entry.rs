//! Finding one's own pledge in the log (DESIGN §4). There is no question for a single entry, because it would give the
//! asker away: the whole log is read, and what is looked for never leaves this device.

use crate::campaign::Site;
use crate::error::Error;
use crate::log_reader::LogReader;
use protocol::campaign::Campaign;
use protocol::entry::Entry;
use protocol::phrase::Phrase;
use protocol::pledge::Nonce;
use protocol::publication::Area;
use std::collections::HashMap;

/// Where a pledge stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnEntry {
    /// The place that was chosen, which the phrase alone tells.
    pub place: u32,
    /// What the pledge counts for.
    pub area: Area,
    /// The tick that published it.
    pub tick: u32,
    /// Its index in the log.
    pub index: u64,
}

/// Looks for a pledge made from this phrase, for whatever place. `None` after the whole log was read and proven.
pub async fn find(site: &Site, phrase: &Phrase, mut progress: impl FnMut(u64, u64)) -> Result<Option<OwnEntry>, Error> {
    let campaign = &site.campaign;
    let nonces = nonces(campaign, phrase);
    let mut log = LogReader::new(&site.source, site.head, false);
    let (mut tick, mut found, mut index) = (0, None, 0);
    while let Some(entries) = log.next().await? {
        for bytes in &entries {
            match Entry::decode(bytes) {
                Ok(Entry::Group { tick: of_group, .. }) => tick = of_group,
                Ok(Entry::Pledge(pledge)) => {
                    if let Some(place) = nonces.get(&pledge.nonce()) {
                        pledge.token(campaign).verify_signature(campaign.token_key())?;
                        found = Some(OwnEntry { place: *place, area: pledge.area, tick, index });
                    }
                }
                Ok(_) => {}
                Err(_) if index == 0 => {} // the genesis, which is not of these types
                Err(error) => return Err(error.into()),
            }
            index += 1;
        }
        progress(log.done(), site.head.size);
    }
    log.finish().await?;
    Ok(found)
}

/// The nonce of every place that the phrase could have been used for.
fn nonces(campaign: &Campaign, phrase: &Phrase) -> HashMap<Nonce, u32> {
    let regions = campaign.places().places.iter().map(|place| place.region);
    let nonce = |(place, region)| {
        let pledge = phrase.secrets(campaign.id(), place).pledge();
        (pledge.nonce(region), place)
    };
    (0..).zip(regions).map(nonce).collect()
}
