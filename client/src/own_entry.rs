//! Finding one's own pledge in the log (DESIGN §4). There is no question for a single entry, because it would give the
//! asker away. Nor is there a reading of its own: an audit is made, which everybody may make, and when all of it is
//! done the pledge is looked for in what was read. So nothing that is sent, and no pause between, tells who looks.

use protocol::campaign::Campaign;
use protocol::phrase::Phrase;
use protocol::pledge::Nonce;
use protocol::publication::Area;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Where a pledge stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnEntry {
    /// The place that was chosen, which the phrase alone tells.
    pub place: u32,
    /// Where it stands.
    pub standing: Standing,
}

/// A published pledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the pledge counts for.
    pub area: Area,
    /// The tick that published it.
    pub tick: u32,
    /// Its index in the log.
    pub index: u64,
}

/// All pledges of a log.
#[derive(Default)]
pub struct Published(HashMap<Nonce, Standing>);

impl Published {
    /// Takes a pledge, unless it was there before.
    pub(crate) fn add(&mut self, nonce: Nonce, standing: Standing) -> bool {
        match self.0.entry(nonce) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(standing);
                true
            }
        }
    }

    /// Where the pledge of this nonce stands. The answer is on this device, like the whole log: nothing is asked.
    pub fn of(&self, nonce: &Nonce) -> Option<Standing> {
        self.0.get(nonce).copied()
    }

    /// Where all of them stand, in no order.
    pub fn standings(&self) -> impl Iterator<Item = Standing> + '_ {
        self.0.values().copied()
    }

    /// The pledge made from this phrase, for whatever place; the first one, should there be several.
    pub fn find(&self, campaign: &Campaign, phrase: &Phrase) -> Option<OwnEntry> {
        let regions = campaign.places().places.iter().map(|place| place.region);
        let standing = |(place, region)| {
            let pledge = phrase.secrets(campaign.id(), place).pledge();
            let standing = *self.0.get(&pledge.nonce(region))?;
            Some(OwnEntry { place, standing })
        };
        (0..).zip(regions).find_map(standing)
    }
}
