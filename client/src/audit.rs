//! Audit (DESIGN §4): downloads a whole log, recounts it, verifies every token, and compares all that is served beside it.
//!
//! Which log it was is told by its size and root: another visitor may be shown another one, and only comparing finds it.
//! What it proves: the count, the places, the order, that nothing was changed. What it cannot: that the issuer made no
//! tokens for itself (`eligible` bounds that), or that nothing below k was dropped or delayed.

use crate::campaign::{self, homes};
use crate::error::Error;
use crate::log_reader::{LogReader, Source};
use crate::own_entry::Published;
use crate::participation::check_challenge;
use crate::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, CampaignId};
use protocol::codec::to_base64;
use protocol::counts::Counts;
use protocol::keys::IssuerPublicKey;
use protocol::note::TreeHead;
use protocol::publication::{Level, Tick};
use protocol::recount::Summary;
use protocol::token::Token;
use std::collections::VecDeque;
use std::num::NonZero;
use std::time::Duration;
use tokio::task::JoinHandle;

mod page;
mod tally;

pub use page::Page;

use page::Host;
use tally::Tally;

/// What was found to be in order.
pub struct Report {
    /// The campaign.
    pub campaign: Campaign,
    /// Whether its id was demanded; if not, it is some campaign.
    pub pinned: bool,
    /// The checkpoint that was audited.
    pub head: TreeHead,
    /// All pledges, to look for one's own.
    pub published: Published,
    /// All published pledges; each one's token was verified.
    pub pledges: u64,
    /// Groups in the log.
    pub groups: u64,
    /// Places, regions and the root with at least one group: how many of each.
    pub places: u64,
    /// Regions with a group of their own.
    pub regions: u64,
    /// Pledges at root level.
    pub root: u64,
    /// The last tick that published, 0 if none did.
    pub last_tick: Tick,
    /// The closing tick, if the campaign has closed.
    pub closed_at: Option<Tick>,
    /// The announcement that holds.
    pub announcement: Option<Announcement>,
    /// The registration page, if the log names one and it is here: each of its files was compared.
    pub page: Option<Page>,
    /// Size of the log at which `counts.json` was compared, if there was one.
    pub counts_compared_at: Option<u64>,
    /// What could not be looked at, or should be known, in sentences.
    pub remarks: Vec<String>,
}

impl Report {
    /// The root hash of the log as the third line of its checkpoint has it, to compare with others.
    pub fn root_hash(&self) -> String {
        to_base64(&self.head.root).replace('-', "+").replace('_', "/")
    }
}

/// Audits what is at `source`. `network` is for the one question that goes to the Origin beside the files, `now` the
/// time in Unix seconds. Nothing is printed; `progress` hears how many of how many entries are done.
pub async fn audit(
    network: &Network,
    source: &Source,
    expected: Option<CampaignId>,
    now: u64,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, Error> {
    let campaign = campaign::read(source, expected).await?;
    campaign::check_map(source, &campaign).await?;
    let (counts, head) = counts_and_head(source, &campaign).await?;
    let compared = counts.as_ref().map(|counts| (counts.log_size, counts.tick));

    let mut tally = Tally::new(&campaign, counts, now);
    let mut log = LogReader::new(source, head, true);
    let mut signatures = Signatures::new(campaign.token_key());
    while let Some(entries) = log.next().await? {
        let mut tokens = Vec::new();
        for entry in &entries {
            tokens.extend(tally.take(entry)?);
        }
        signatures.verify(tokens).await?;
        progress(log.done(), head.size);
    }
    signatures.finish().await?;
    log.finish().await?;
    let (summary, groups, published) = tally.finish()?;

    let mut remarks = remarks(&campaign, &summary, compared.map(|(_, tick)| tick), now);
    let homes = homes(campaign.genesis());
    let at_home = matches!(source, Source::Web(operation) if homes.contains(&operation.base().to_string()));
    let host = match source {
        Source::Web(operation) if at_home => {
            let asked = summary.closed_at.is_none();
            let takes_pledges = asked && check_challenge(network, operation.base(), &campaign).await?;
            if asked && !takes_pledges {
                remarks.push(NO_PLEDGES.to_owned());
            }
            if takes_pledges { Host::Own } else { Host::Files }
        }
        Source::Web(_) => {
            remarks.push("This is a mirror, not the campaign's own server; the log is the same everywhere.".to_owned());
            Host::Elsewhere
        }
        Source::Folder(_) => Host::Elsewhere,
    };
    let page = page::check(source, &campaign, summary.manifest_sha256, host, &mut remarks).await?;
    let areas = |level| summary.sums.level(level).len() as u64;
    Ok(Report {
        campaign,
        pinned: expected.is_some(),
        head,
        published,
        pledges: summary.sums.total(),
        groups,
        places: areas(Level::Place),
        regions: areas(Level::Region),
        root: summary.sums.level(Level::Root).values().sum(),
        last_tick: summary.last_tick,
        closed_at: summary.closed_at,
        announcement: summary.announcement,
        page,
        counts_compared_at: compared.map(|(log_size, _)| log_size),
        remarks,
    })
}

/// What is no proof of a fault, but should be known.
fn remarks(campaign: &Campaign, summary: &Summary, counts_tick: Option<Tick>, now: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    match counts_tick {
        None => {
            remarks.push("There is no counts.json here, so the numbers shown elsewhere were not compared.".to_owned())
        }
        Some(tick) if tick < summary.last_tick => remarks.push(format!(
            "counts.json is of tick {tick}, and the log goes to tick {}: old numbers are shown. For a moment after a \
             tick that is harmless.",
            summary.last_tick
        )),
        Some(_) => {}
    }
    let genesis = campaign.genesis();
    if summary.closed_at.is_none() && now > genesis.closes.saturating_add(genesis.tick_seconds.into()) {
        remarks.push(
            "The campaign should have closed more than a tick ago, and the log does not say that it has: what was to \
             be destroyed at close may still be there."
                .to_owned(),
        );
    }
    remarks
}

/// Reads the counts first, then the checkpoint, which is then no older; a cache between may say otherwise for a while.
async fn counts_and_head(source: &Source, campaign: &Campaign) -> Result<(Option<Counts>, TreeHead), Error> {
    let counts = campaign::counts(source, campaign).await?;
    if counts.is_none() && matches!(source, Source::Web(_)) {
        return Err(Error::Misbehaved("There is no counts.json here, which every campaign has.".to_owned()));
    }
    let mut head = source.head(campaign).await?;
    let wanted = counts.as_ref().map_or(0, |counts| counts.log_size);
    for _ in 0..CHECKPOINT_ATTEMPTS {
        if head.size >= wanted {
            return Ok((counts, head));
        }
        tokio::time::sleep(CHECKPOINT_PAUSE).await;
        head = source.head(campaign).await?;
    }
    if head.size >= wanted {
        return Ok((counts, head));
    }
    Err(Error::Misbehaved(format!(
        "counts.json is taken from {wanted} log entries, but the checkpoint signs only {}.",
        head.size
    )))
}

/// RSA signatures, on all cores: a bundle is one piece of work, and only as many wait as there are cores.
struct Signatures {
    key: IssuerPublicKey,
    under_way: VecDeque<JoinHandle<Result<(), Error>>>,
    cores: usize,
}

impl Signatures {
    fn new(key: &IssuerPublicKey) -> Self {
        Self {
            key: key.clone(),
            under_way: VecDeque::new(),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    async fn verify(&mut self, tokens: Vec<(u64, Token)>) -> Result<(), Error> {
        if tokens.is_empty() {
            return Ok(());
        }
        while self.under_way.len() >= self.cores {
            self.first().await?;
        }
        let key = self.key.clone();
        self.under_way.push_back(tokio::task::spawn_blocking(move || {
            for (index, token) in &tokens {
                token.verify_signature(&key).map_err(|_| {
                    Error::Misbehaved(format!("log entry {index}: the token was not signed by the issuer"))
                })?;
            }
            Ok(())
        }));
        Ok(())
    }

    async fn finish(mut self) -> Result<(), Error> {
        while !self.under_way.is_empty() {
            self.first().await?;
        }
        Ok(())
    }

    async fn first(&mut self) -> Result<(), Error> {
        match self.under_way.pop_front() {
            Some(task) => task
                .await
                .map_err(|_| Error::Local("The checking of signatures was interrupted; try again.".to_owned()))?,
            None => Ok(()),
        }
    }
}

const NO_PLEDGES: &str = "Nobody takes pledges here, although the log does not say that the campaign has closed: it was ended \
    before its close, or only a server of files stands here.";
const CHECKPOINT_ATTEMPTS: u32 = 5;
#[cfg(not(test))]
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(2);
#[cfg(test)]
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
