//! The genesis document and its rules.

use crate::codec::{self, object, unique_map};
use crate::error::Error;
use crate::publication::Schedule;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A text per language tag.
pub type Text = BTreeMap<String, String>;

/// The genesis document. Its bytes, not its values, are what the campaign id names; unknown, missing and repeated
/// members are refused. Times are Unix seconds.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Of this format: 1.
    pub version: u32,
    /// One line per language.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub title: Text,
    /// What the campaign is, per language; the same languages as the title.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub text: Text,
    /// `host[:port]` of the Issuer.
    pub issuer_name: String,
    /// `host[:port]` of the Origin; also the first half of the log's name.
    pub origin_name: String,
    /// `host[:port]` of the Origin's onion service.
    #[serde(deserialize_with = "Option::deserialize")]
    pub onion: Option<String>,
    /// URLs of OHTTP relays.
    pub relays: Vec<String>,
    /// The Issuer's key: RSASSA-PSS SubjectPublicKeyInfo (RFC 9578 §6.5).
    #[serde(with = "codec::base64_bytes")]
    pub token_key: Vec<u8>,
    /// Ed25519 key of the log's checkpoints.
    #[serde(with = "codec::base64_array")]
    pub log_key: [u8; 32],
    /// Ed25519 key of the receipts.
    #[serde(with = "codec::base64_array")]
    pub receipt_key: [u8; 32],
    /// Ed25519 key of the announcements, whose private half is never on the server.
    #[serde(with = "codec::base64_array")]
    pub organiser_key: [u8; 32],
    /// OHTTP key configurations.
    #[serde(deserialize_with = "object::deserialize")]
    pub ohttp_keys: OhttpKeys,
    /// The least size of a published group, 5 or more.
    pub k: u32,
    /// Length of a tick.
    pub tick_seconds: u32,
    /// When tokens can be had.
    pub opens: u64,
    /// When tick 1 begins, and with it pledging.
    pub pledges_open: u64,
    /// When no more tokens are issued.
    pub issuing_closes: u64,
    /// When the last tick ends, unless an organiser closes earlier.
    pub closes: u64,
    /// What the organisers hope for; a number to show, without effect.
    pub target: u64,
    /// The most tokens that may ever be issued.
    pub eligible: u64,
    /// SHA-256 of `/places.json`.
    #[serde(with = "codec::base64_array")]
    pub places_sha256: [u8; 32],
    /// SHA-256 of `/map.json`.
    #[serde(with = "codec::base64_array")]
    pub map_sha256: [u8; 32],
    /// Note keys of the log's cosigners.
    pub witnesses: Vec<String>,
    /// How many cosignatures a checkpoint needs: more than half of the witnesses, 0 if there are none.
    pub quorum: u32,
    /// A demo or a rehearsal, not the real thing; pages show it large.
    pub rehearsal: bool,
}

/// OHTTP key configurations of the two gateways; either may be absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct OhttpKeys {
    /// Of the issuer's gateway, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub issuer: Option<String>,
    /// Of the origin's gateway, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub origin: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    String::deserialize(d).map(Some)
}

impl Genesis {
    /// The largest genesis: the size of a log entry.
    pub const BYTES_MAX: usize = 65_535;

    /// The first and only encoding of a new genesis.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a struct of strings, numbers and lists is always JSON")
    }

    /// Reads a document and checks every rule that needs nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > Self::BYTES_MAX || bytes.first() != Some(&b'{') {
            return Err(Error::Malformed("genesis"));
        }
        let genesis: Self = serde_json::from_slice(bytes)
            .map_err(|e| Error::Campaign(format!("the genesis cannot be read: {}", codec::in_words(&e))))?;
        match genesis.mistakes().into_iter().next() {
            Some((member, why)) => Err(Error::Campaign(format!("genesis, {member}: {why}"))),
            None => Ok(genesis),
        }
    }

    /// Every rule that the document breaks: the member, and what is wrong with it.
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let rules =
            self.rules_of_names().into_iter().chain(self.rules_of_times()).chain(self.rules_of_numbers_and_keys());
        rules.filter(|rule| !rule.holds).map(|rule| (rule.member, rule.why.to_owned())).collect()
    }

    fn rules_of_names(&self) -> Vec<Rule> {
        let host = "it must be a whole host or host:port in lower case, without scheme or path";
        let title = "it needs at least one language, tags such as \"en\", no empty and no multi-line title";
        let is_onion = |name: &str| is_host(name) && host_of(name).ends_with(".onion");
        vec![
            rule(self.version == 1, "version", "it must be 1"),
            rule(is_text(&self.title), "title", title),
            rule(self.text.keys().eq(self.title.keys()), "text", "it must have the same languages as the title"),
            rule(is_host(&self.issuer_name), "issuer_name", host),
            rule(is_host(&self.origin_name), "origin_name", host),
            rule(self.onion.as_deref().is_none_or(is_onion), "onion", "it must be a host that ends in .onion"),
        ]
    }

    fn rules_of_times(&self) -> Vec<Rule> {
        let tick = u64::from(self.tick_seconds);
        let on_grid = self.closes.saturating_sub(self.pledges_open).checked_rem(tick).is_none_or(|rest| rest == 0);
        let ticks = self.closes.saturating_sub(self.opens).checked_div(tick).unwrap_or(0);
        let tick_fits = (1..=TICK_SECONDS_MAX).contains(&self.tick_seconds);
        vec![
            rule(self.opens <= self.pledges_open, "pledges_open", "it must not be before opens"),
            rule(self.pledges_open < self.closes, "closes", "it must be after pledges_open"),
            rule(self.opens < self.issuing_closes, "issuing_closes", "it must be after opens"),
            rule(self.issuing_closes <= self.closes, "issuing_closes", "it must not be after closes"),
            rule(self.closes <= TIME_MAX, "closes", "it lies too far in the future"),
            rule(tick_fits, "tick_seconds", "it must be between 1 second and 31 days"),
            rule(on_grid, "closes", "it must lie a whole number of ticks after pledges_open"),
            rule(ticks < u64::from(u32::MAX / 2), "closes", "there are too many ticks"),
        ]
    }

    fn rules_of_numbers_and_keys(&self) -> Vec<Rule> {
        let eligible_fits = (u64::from(self.k)..=ELIGIBLE_MAX).contains(&self.eligible);
        let most = self.witnesses.len();
        let majority = if most == 0 { 0..=0 } else { most / 2 + 1..=most };
        let quorum = "it must be more than half of the witnesses, or 0 if there are none";
        let is_key = |key| VerifyingKey::from_bytes(key).is_ok_and(|key| !key.is_weak());
        vec![
            rule(self.k >= 5, "k", "it must be 5 or more: smaller groups do not hide anybody"),
            rule(self.k <= K_MAX, "k", "it must be 1,000 or less: larger groups would never come together"),
            rule(self.target >= 1, "target", "it must be 1 or more"),
            rule(eligible_fits, "eligible", "it must be at least k and at most 100,000,000"),
            rule(majority.contains(&(self.quorum as usize)), "quorum", quorum),
            rule(is_key(&self.log_key), "log_key", NO_KEY),
            rule(is_key(&self.receipt_key), "receipt_key", NO_KEY),
            rule(is_key(&self.organiser_key), "organiser_key", NO_KEY),
        ]
    }

    /// When what happens.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            opens: self.opens,
            pledges_open: self.pledges_open,
            issuing_closes: self.issuing_closes,
            closes: self.closes,
            tick_seconds: u64::from(self.tick_seconds),
        }
    }

    /// Where the Issuer is: https, and http only for loopback and onion services.
    pub fn issuer_url(&self) -> String {
        base_url(&self.issuer_name)
    }

    /// Where the Origin is, likewise.
    pub fn origin_url(&self) -> String {
        base_url(&self.origin_name)
    }
}

/// A rule of one member, and whether this genesis keeps it.
struct Rule {
    holds: bool,
    member: &'static str,
    why: &'static str,
}

fn rule(holds: bool, member: &'static str, why: &'static str) -> Rule {
    Rule { holds, member, why }
}

const NO_KEY: &str = "it is not an Ed25519 public key";
/// More would only make the auditor's sumset test dear.
const K_MAX: u32 = 1000;
/// No time of this protocol lies later: far enough, and no arithmetic overflows.
pub(crate) const TIME_MAX: u64 = 1 << 40;
const TICK_SECONDS_MAX: u32 = 31 * 24 * 3600;
const ELIGIBLE_MAX: u64 = 100_000_000;

/// Whether it can be the tag of a language, as far as its form goes.
pub(crate) fn is_tag(tag: &str) -> bool {
    (2..=16).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Whether it is one line that says something.
pub(crate) fn is_line(line: &str) -> bool {
    !line.trim().is_empty() && !line.contains(char::is_control)
}

fn is_text(text: &Text) -> bool {
    !text.is_empty() && text.iter().all(|(tag, line)| is_tag(tag) && is_line(line))
}

/// Whether it is `host` or `host:port`: a name as DNS takes it, or an address.
pub(crate) fn is_host(name: &str) -> bool {
    let (host, port) = (host_of(name), name.strip_prefix(host_of(name)).unwrap_or_default());
    let is_port = |p: &str| p.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == p);
    let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    let is_label = |label: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let host_fits = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.contains(':') && address.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c)),
        // a name that ends in a number is read as an address by every browser
        None if host.rsplit('.').next().is_some_and(|last| last.parse::<u32>().is_ok()) => {
            host.parse::<std::net::Ipv4Addr>().is_ok()
        }
        None => host.split('.').all(is_label),
    };
    (1..=253).contains(&host.len()) && host_fits && port_fits
}

/// The host of `host[:port]`; an IPv6 address stands in brackets.
fn host_of(name: &str) -> &str {
    match name.rfind(']') {
        Some(end) => &name[..=end],
        None => name.split(':').next().unwrap_or(name),
    }
}

/// https, and http only for loopback and onion services.
pub(crate) fn base_url(name: &str) -> String {
    let host = host_of(name);
    let loopback =
        host == "localhost" || host == "[::1]" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    let scheme = if loopback || host.ends_with(".onion") { "http" } else { "https" };
    format!("{scheme}://{name}")
}
