//! Reckoning: the rehearsal's own receipts against the log. It knows the place and the nonce of every pledge that was
//! acknowledged, so it needs nobody's word for what is published where, and what still waits.
//!
//! What it cannot tell: a pledge that was dropped from one that is rightly withheld, where the rule withholds both.

use crate::own_entry::{Published, Standing};
use protocol::campaign::Campaign;
use protocol::pledge::Nonce;
use protocol::publication::{Area, Level, Tick, decide};
use std::collections::{BTreeMap, BTreeSet};

/// A simulated participant's pledge: enough to find it, not enough to make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnPledge {
    /// Its nonce.
    pub nonce: Nonce,
    /// Its place.
    pub place: u32,
}

/// The pledges of one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AtPlace {
    /// Acknowledged and published, at whatever level.
    pub published: u64,
    /// Acknowledged and not published: waiting, or withheld for ever once the campaign has closed.
    pub waiting: u64,
}

/// When a log is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At any time: a tick may be under way.
    Any,
    /// Every acknowledged pledge has been judged by a tick since.
    Settled,
    /// After this closing tick.
    Closed(Tick),
}

/// What receipts and log say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// Pledges with a receipt.
    pub acknowledged: u64,
    /// Of these, published: by level of the entry.
    pub at_place: u64,
    /// Published for a region.
    pub at_region: u64,
    /// Published for the whole.
    pub at_root: u64,
    /// Acknowledged and not published.
    pub waiting: u64,
    /// Pledges without a receipt that are published all the same.
    pub unacknowledged: u64,
    /// Published pledges that are not this rehearsal's.
    pub others: u64,
    /// Whether the rule of publication was applied to what waited for the close, and gave exactly what the log shows.
    pub rule_replayed: bool,
    /// By place.
    pub places: BTreeMap<u32, AtPlace>,
    /// What does not fit, in sentences.
    pub faults: Vec<String>,
}

impl Reckoning {
    /// Acknowledged and published.
    pub fn published(&self) -> u64 {
        self.at_place + self.at_region + self.at_root
    }
}

/// Looks every own pledge up in a log that was audited, and applies what the rule says of those that are not there.
pub fn reckon(
    campaign: &Campaign,
    log: &Published,
    moment: Moment,
    acknowledged: &[OwnPledge],
    uncertain: &[OwnPledge],
) -> Reckoning {
    let mut found = Reckoning { acknowledged: acknowledged.len() as u64, ..Reckoning::default() };
    let mut strangers = 0u64;
    for own in acknowledged {
        let place = found.places.entry(own.place).or_default();
        let Some(standing) = log.of(&own.nonce) else {
            place.waiting += 1;
            found.waiting += 1;
            continue;
        };
        place.published += 1;
        strangers += u64::from(!belongs(campaign, *own, standing.area));
        match standing.area.level {
            Level::Place => found.at_place += 1,
            Level::Region => found.at_region += 1,
            Level::Root => found.at_root += 1,
        }
    }
    found.unacknowledged = uncertain.iter().filter(|own| log.of(&own.nonce).is_some()).count() as u64;
    let own = found.published() + found.unacknowledged;
    found.others = (log.standings().count() as u64).saturating_sub(own);
    fault(&mut found, strangers, "stand in the log for another area than their own");
    let distinct: BTreeSet<&Nonce> = acknowledged.iter().map(|own| &own.nonce).collect();
    let repeated = (acknowledged.len() - distinct.len()) as u64;
    fault(&mut found, repeated, "were acknowledged twice");
    match moment {
        Moment::Any => {}
        Moment::Settled => large_enough_and_not_published(campaign, &mut found),
        Moment::Closed(tick) if found.others == 0 && uncertain.is_empty() => {
            replay(campaign, log, tick, acknowledged, &mut found);
        }
        Moment::Closed(_) => {
            large_enough_and_not_published(campaign, &mut found);
            left_out_of_their_group(campaign, log, &mut found);
        }
    }
    found
}

fn belongs(campaign: &Campaign, own: OwnPledge, area: Area) -> bool {
    match area.level {
        Level::Place => area.index == own.place,
        Level::Region => campaign.places().region_of(own.place) == Some(area.index),
        Level::Root => true,
    }
}

/// A place with at least k publishes all it has at every tick.
fn large_enough_and_not_published(campaign: &Campaign, found: &mut Reckoning) {
    let k = u64::from(campaign.genesis().k);
    let held_back = found.places.values().filter(|place| place.waiting >= k).map(|place| place.waiting).sum();
    fault(found, held_back, "are missing in places that have enough of them for a group");
}

/// At the close a region's leftovers are published whole or not at all, and so are those of the root.
fn left_out_of_their_group(campaign: &Campaign, log: &Published, found: &mut Reckoning) {
    let rolled_up: BTreeSet<Area> = log.standings().map(|standing| standing.area).collect();
    let has_group = |place: &u32| {
        let region = campaign.places().region_of(*place).map(Area::region);
        rolled_up.contains(&Area::ROOT) || region.is_some_and(|region| rolled_up.contains(&region))
    };
    let waiting = found.places.iter().filter(|(place, _)| has_group(place)).map(|(_, at)| at.waiting).sum();
    fault(found, waiting, "are missing although the leftovers of their region, or of all regions, were published");
}

/// Nobody else is in the log, so what had waited for the close is known to the last one, and so is what the rule does.
fn replay(campaign: &Campaign, log: &Published, closed_at: Tick, acknowledged: &[OwnPledge], found: &mut Reckoning) {
    let at_close = |standing: &Standing| Tick::from(standing.tick) == closed_at;
    let left: Vec<(OwnPledge, Option<Area>)> = acknowledged
        .iter()
        .map(|own| (*own, log.of(&own.nonce)))
        .filter(|(_, standing)| standing.as_ref().is_none_or(at_close))
        .map(|(own, standing)| (own, standing.map(|standing| standing.area)))
        .collect();
    let mut pending = BTreeMap::new();
    for (own, _) in &left {
        *pending.entry(own.place).or_insert(0) += 1;
    }
    let decision = decide(&campaign.tree(), campaign.genesis().k, &pending, true);
    let (mut missing, mut elsewhere, mut shown) = (0, 0, 0);
    for (own, area) in left {
        match (decision.destination(own.place), area) {
            (Some(_), None) => missing += 1,
            (None, Some(_)) => shown += 1,
            (Some(right), Some(area)) if right != area => elsewhere += 1,
            _ => {}
        }
    }
    found.rule_replayed = missing + elsewhere + shown == 0;
    // who is withheld is not in the log, so somebody else could have been in the pool
    let unless = "unless other people pledged too";
    fault(found, missing, &format!("are missing in the log although the rule publishes them at the close, {unless}"));
    fault(found, elsewhere, &format!("were published at the close for another area than the rule says, {unless}"));
    fault(found, shown, &format!("were published at the close although the rule withholds them, {unless}"));
}

fn fault(found: &mut Reckoning, count: u64, what: &str) {
    if count > 0 {
        found.faults.push(format!("{count} of the acknowledged pledges {what}."));
    }
}

#[cfg(test)]
mod tests;
