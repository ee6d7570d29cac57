//! The closing of accounts: the log, audited, against what was acknowledged. Published and withheld are exactly that,
//! and which is which is computed again from the participants' own receipts.

use crate::campaign::{K, now};
use crate::crowd::Crowd;
use client::address::BaseUrl;
use client::audit::audit;
use client::log_reader::{LogReader, Source};
use client::transport::Network;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::pledge::Nonce;
use protocol::publication::{Area, State, decide};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tests::programs::{headcount, program};

/// What a log holds.
pub(crate) struct Published {
    /// Where and at which tick each pledge was published.
    pledges: BTreeMap<Nonce, (u32, Area)>,
    /// The tick of the close entry.
    closed: Option<u32>,
}

/// How accounts were closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Balance {
    /// Pledges in the log.
    pub published: usize,
    /// Pledges that the rule withholds for ever.
    pub withheld: usize,
}

/// Reads the whole log of the server at this address, after an audit by the client's library.
pub(crate) async fn published(url: &str, campaign: &Campaign) -> Published {
    let (network, base) = (Network::direct(), BaseUrl::parse(url).unwrap());
    let source = Source::Web(network.reading(&base).unwrap());
    let report = audit(&network, &source, Some(campaign.id()), now(), |_, _| {}).await.unwrap();
    let mut published = Published { pledges: BTreeMap::new(), closed: None };
    let mut log = LogReader::new(&source, source.head(campaign).await.unwrap(), true);
    let mut group = 0;
    while let Some(entries) = log.next().await.unwrap() {
        for entry in entries.into_iter().filter(|entry| entry.first() != Some(&b'{')) {
            match Entry::decode(&entry).unwrap() {
                Entry::Group { tick, .. } => group = tick,
                Entry::Pledge(pledge) => {
                    let before = published.pledges.insert(pledge.nonce(), (group, pledge.area));
                    assert!(before.is_none(), "a pledge stands in the log twice");
                }
                Entry::Close { tick } => published.closed = Some(tick),
                Entry::Announcement(_) | Entry::Page { .. } => panic!("nobody announced or changed a page"),
            }
        }
    }
    log.finish().await.unwrap();
    assert!(published.pledges.len() as u64 >= report.pledges, "the log has shrunk since the audit");
    published
}

impl Published {
    /// Demands that at a tick exactly those were published whom the rule publishes, of all who were acknowledged and
    /// not published before; `closing` if it is the closing tick.
    pub(crate) fn demand(&self, crowd: &Crowd, campaign: &Campaign, tick: u32, closing: bool) -> Balance {
        assert_eq!(self.closed, closing.then_some(tick), "the close entry");
        let (people, told) = (&crowd.people, crowd.told().clone());
        let mut pending: BTreeMap<u32, u64> = BTreeMap::new();
        let mut before = 0;
        let at = |who: usize| self.pledges.get(&people.nonce(who)).copied();
        for who in &told.pledges {
            match at(*who) {
                Some((earlier, _)) if earlier < tick => before += 1,
                _ => *pending.entry(people.place(*who)).or_default() += 1,
            }
        }
        let decision = decide(&campaign.tree(), K, &pending, closing);
        let (mut now, mut withheld) = (0, 0);
        for who in told.pledges.iter().filter(|who| at(**who).is_none_or(|(earlier, _)| earlier >= tick)) {
            let expected = decision.destination(people.place(*who)).map(|area| (tick, area));
            assert_eq!(at(*who), expected, "participant {who} of place {}", people.place(*who));
            if expected.is_some() { now += 1 } else { withheld += 1 }
        }
        assert_eq!(self.pledges.len(), before + now, "the log holds pledges that nobody was acknowledged");
        assert_eq!(before + now + withheld, told.pledges.len());
        Balance { published: before + now, withheld }
    }
}

/// The published numbers.
pub(crate) async fn counts(url: &str) -> Counts {
    let answer = tests::send(reqwest::Client::new().get(format!("{url}/counts.json"))).await;
    serde_json::from_slice(&answer.body).unwrap()
}

/// Waits until the campaign is closed and what endangers people is gone. Then all the tools must be content.
pub(crate) async fn demand_close(url: &str, data: &Path, crowd: &Crowd, campaign: &Campaign) -> Balance {
    for attempt in 0.. {
        if counts(url).await.state == State::Closed && is_destroyed(data) && check(data).is_ok() {
            break;
        }
        assert!(attempt < 300, "the campaign does not close: {:?}", check(data));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let published = published(url, campaign).await;
    let tick = published.closed.unwrap();
    published.demand(crowd, campaign, tick, true)
}

/// Whether what endangers people is gone.
pub(crate) fn is_destroyed(data: &Path) -> bool {
    let keys = ["keys/issuer.pkcs8", "keys/invite", "keys/removed-issuer.pkcs8", "keys/removed-invite"];
    let folders = ["redemption", "attestation", "spent", "plan"];
    !keys.iter().chain(&folders).any(|name| data.join(name).exists())
}

/// `headcount-server check`, in words.
pub(crate) fn check(data: &Path) -> Result<(), String> {
    let checked = Command::new(program("headcount-server")).args(["check", "--data"]).arg(data).output().unwrap();
    if checked.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&checked.stderr).into_owned()) }
}

/// `headcount audit` must be content, too.
pub(crate) fn demand_audit(source: &str, campaign: &Campaign) {
    let audited = headcount(&["audit", source, "--campaign", &campaign.id().to_string()], "");
    assert!(audited.status.success(), "{}", String::from_utf8_lossy(&audited.stderr));
}
