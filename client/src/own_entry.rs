//! Finding one's own pledge in the log (DESIGN §4). There is no question for a single entry, because it would give the
//! asker away: the whole log is read, and what is looked for never leaves this device.

use crate::audit::{Report, audit};
use crate::error::Error;
use crate::log_reader::Source;
use crate::transport::Network;
use protocol::campaign::{Campaign, CampaignId};
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

/// Looks for a pledge made from this phrase, for whatever place. It is an audit that looks on: whoever serves the log
/// sees the same questions in the same order, and so cannot tell who has a phrase from who recounts.
pub async fn find(
    network: &Network,
    source: &Source,
    expected: Option<CampaignId>,
    now: u64,
    phrase: &Phrase,
    progress: impl FnMut(u64, u64),
) -> Result<(Report, Option<OwnEntry>), Error> {
    let (mut own, mut tick, mut found) = (HashMap::new(), 0, None);
    let look = |campaign: &Campaign, index: u64, bytes: &[u8]| {
        if own.is_empty() {
            own = nonces(campaign, phrase);
        }
        match Entry::decode(bytes) {
            Ok(Entry::Group { tick: of_group, .. }) => tick = of_group,
            Ok(Entry::Pledge(pledge)) => {
                if let Some(place) = own.get(&pledge.nonce()) {
                    found = Some(OwnEntry { place: *place, area: pledge.area, tick, index });
                }
            }
            _ => {} // the audit judges it
        }
    };
    let report = audit(network, source, expected, now, progress, look).await?;
    Ok((report, found))
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
