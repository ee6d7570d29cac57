//! Published: what the signed log says, as far as the server needs to know it, and the file `published` that saves a start
//! the reading of the whole log. The file is a copy: one that is missing, damaged, or of another head of the log is
//! thrown away, and the log is read.

use crate::error::Error;
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::codec::{array_from_hex, to_hex};
use protocol::counts::{Counts, Sums};
use protocol::note::TreeHead;
use protocol::publication::{Area, State, Tick};
use protocol::recount::Summary;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// What the signed log says, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// Entries below the signed checkpoint.
    pub log_size: u64,
    /// Sums of the published groups.
    pub sums: Sums,
    /// The announcement that holds.
    pub announcement: Option<Announcement>,
    /// Digest of the manifest of the page that holds.
    pub manifest_sha256: Option<[u8; 32]>,
    /// The last tick that was run, whether it published or not.
    pub tick: Tick,
    /// Whether the close entry is among them.
    pub closed: bool,
}

impl From<Summary> for Published {
    fn from(summary: Summary) -> Self {
        Self {
            log_size: summary.entries,
            sums: summary.sums,
            announcement: summary.announcement,
            manifest_sha256: summary.manifest_sha256,
            tick: summary.last_tick,
            closed: summary.closed_at.is_some(),
        }
    }
}

/// The file: JSON behind a line with its SHA-256.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    /// Root of the tree whose size stands in `counts`, lower-case hex.
    root: String,
    manifest_sha256: Option<String>,
    counts: Counts,
}

impl Published {
    /// What was written down of the log with this head, if that is there and as it was written.
    pub(crate) fn read(data: &Path, campaign: &Campaign, head: TreeHead) -> Option<Self> {
        decode(&std::fs::read_to_string(file(data)).ok()?, campaign, head)
    }

    /// Writes down what the log with this head says; durable when this returns.
    pub(crate) fn write(&self, data: &Path, campaign: &Campaign, head: TreeHead) -> Result<(), Error> {
        let state = if self.closed { State::Closed } else { State::Open };
        let counts = Counts::new(campaign, state, self.tick, self.log_size, &self.sums, self.announcement.clone());
        let manifest_sha256 = self.manifest_sha256.map(|digest| to_hex(&digest));
        let json = serde_json::to_string(&Copy { root: to_hex(&head.root), manifest_sha256, counts });
        let json = json.map_err(|error| Error::Refused(error.to_string()))?;
        let text = format!("{}\n{json}\n", to_hex(&Sha256::digest(&json)));
        Ok(write_file(&file(data), SECRET_FILE, text.as_bytes())?)
    }

    /// Whether a reading of the same log, which knows nothing of ticks that published nothing, says the same.
    pub(crate) fn agrees_with(&self, summary: Summary) -> bool {
        let read = Self::from(summary);
        let ran = read.tick == 0 || read.tick <= self.tick; // 0 says that none has published; those before the first are negative
        ran && Self { tick: self.tick, ..read } == *self
    }
}

fn decode(text: &str, campaign: &Campaign, head: TreeHead) -> Option<Published> {
    let (digest, json) = text.strip_suffix('\n')?.split_once('\n')?;
    if digest != to_hex(&Sha256::digest(json)) {
        return None;
    }
    let Copy { root, manifest_sha256, counts } = serde_json::from_str(json).ok()?;
    if root != to_hex(&head.root) || counts.log_size != head.size || counts.campaign_id != campaign.id() {
        return None;
    }
    let manifest_sha256 = match manifest_sha256 {
        Some(hex) => Some(array_from_hex(&hex, "digest").ok()?),
        None => None,
    };
    if !counts.adds_up() {
        return None; // nor could it be counted
    }
    let sums = sums(&counts);
    let whole = counts.check(&sums).is_ok() && sums.iter().all(|(area, sum)| campaign.tree().has(area) && sum > 0);
    whole.then_some(Published {
        log_size: counts.log_size,
        sums,
        announcement: counts.announcement,
        manifest_sha256,
        tick: counts.tick,
        closed: counts.state == State::Closed,
    })
}

fn sums(counts: &Counts) -> Sums {
    let mut sums = Sums::default();
    counts.places.iter().for_each(|(place, sum)| sums.add(Area::place(*place), *sum));
    counts.regions.iter().for_each(|(region, sum)| sums.add(Area::region(*region), *sum));
    if counts.root > 0 {
        sums.add(Area::ROOT, counts.root);
    }
    sums
}

fn file(data: &Path) -> PathBuf {
    data.join("published")
}
