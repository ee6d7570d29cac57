//! Logs, built as a publisher builds them and read as an auditor reads them.

use protocol::campaign::Campaign;
use protocol::entry::{Entry, PublishedPledge};
use protocol::error::Error;
use protocol::pledge::Pledge;
use protocol::publication::{Area, Level, decide};
use protocol::recount::{Recount, Seen, Summary};
use protocol::token::{Authenticator, Token};
use std::collections::BTreeMap;

/// A pledge with the signature of its token, as the pool holds it.
#[derive(Clone)]
pub(crate) struct Pooled {
    pub(crate) pledge: Pledge,
    pub(crate) authenticator: Authenticator,
}

/// The entries of one group: the header, then the pledges in canonical order.
pub(crate) fn group(tick: u32, area: Area, mut pledges: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    pledges.sort();
    let size = u32::try_from(pledges.len()).unwrap();
    let mut entries = vec![Entry::Group { tick, area, size }.encode()];
    entries.append(&mut pledges);
    entries
}

/// A pledge as an entry at one level.
pub(crate) fn published(campaign: &Campaign, level: Level, pooled: &Pooled) -> Vec<u8> {
    let region = campaign.places().region_of(pooled.pledge.place).unwrap();
    Entry::Pledge(PublishedPledge::new(level, &pooled.pledge, region, pooled.authenticator)).encode()
}

/// What an honest publisher appends at a tick, the close entry included; the pool keeps what stays.
pub(crate) fn tick(campaign: &Campaign, pool: &mut Vec<Pooled>, tick: u32, closing: bool) -> Vec<Vec<u8>> {
    let mut pending = BTreeMap::new();
    for pooled in pool.iter() {
        *pending.entry(pooled.pledge.place).or_insert(0) += 1;
    }
    let decision = decide(&campaign.tree(), campaign.genesis().k, &pending, closing);
    let mut entries = Vec::new();
    for area in decision.groups.keys() {
        let of_area = |pooled: &&Pooled| decision.destination(pooled.pledge.place) == Some(*area);
        let pledges = pool.iter().filter(of_area);
        let pledges = pledges.map(|pooled| published(campaign, area.level, pooled));
        entries.extend(group(tick, *area, pledges.collect()));
    }
    pool.retain(|pooled| decision.destination(pooled.pledge.place).is_none());
    if closing {
        entries.push(Entry::Close { tick }.encode());
    }
    entries
}

/// Recounts a whole log; the tokens are those of its pledges, in order, with the areas that they count for.
pub(crate) fn recount(campaign: &Campaign, entries: &[Vec<u8>]) -> Result<(Summary, Vec<(Token, Area)>), Error> {
    let mut recount = Recount::new(campaign);
    let mut tokens = Vec::new();
    for entry in entries {
        if let Seen::Pledge { nonce, token, area } = recount.entry(entry)? {
            assert!(nonce == token.nonce());
            tokens.push((*token, area));
        }
    }
    Ok((recount.finish()?, tokens))
}
