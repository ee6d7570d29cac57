//! The account of a rehearsal: everything that a report says, in one place, whether for a person, a program or a page.
//! It holds no invite, token, phrase or address, and of the time only the day.

use super::arrivals::Curve;
use super::machine::Limits;
use super::measurement::{Latency, per_second};
use super::reckoning::Reckoning;
use super::trouble::{Answers, Kind};
use super::{Outcome, Plan, Sighting};
use crate::audit::Report;
use crate::place_choice::{in_language, title};
use protocol::campaign::Campaign;
use protocol::phrase::campaign_words;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the audit found, as far as a report says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audited {
    /// Entries of the log.
    pub log_size: u64,
    /// Published pledges, everybody's.
    pub pledges: u64,
    /// Groups.
    pub groups: u64,
    /// The last tick that published.
    pub last_tick: i64,
    /// Whether the campaign has closed.
    pub closed: bool,
}

impl From<&Report> for Audited {
    fn from(report: &Report) -> Self {
        Self {
            log_size: report.head.size,
            pledges: report.pledges,
            groups: report.groups,
            last_tick: report.last_tick,
            closed: report.closed_at.is_some(),
        }
    }
}

/// All of it.
pub struct Account {
    /// The campaign's title.
    pub title: String,
    /// Its id.
    pub campaign_id: String,
    /// Its words.
    pub words: String,
    /// The day, in UTC.
    pub day: String,
    /// The least size of a group.
    pub k: u32,
    /// Length of a tick in seconds.
    pub tick_seconds: u32,
    /// What was asked for.
    pub plan: Plan,
    /// What was measured.
    pub outcome: Outcome,
    /// Seconds since the start and published pledges, as the watch saw them.
    pub published_over_time: Vec<(f64, u64)>,
    /// What this machine can do at most, if that was measured.
    pub limits: Option<Limits>,
    /// Whether the server runs on this machine too.
    pub server_is_here: bool,
    /// Receipts against the log, if the log could be read.
    pub reckoning: Option<Reckoning>,
    /// The audit of the log.
    pub audited: Option<Audited>,
    /// Names of the places that have own pledges.
    pub place_names: BTreeMap<u32, String>,
    /// What was not done or could not be looked at.
    pub notes: Vec<String>,
    /// What is wrong beside the failures of clients.
    pub faults: Vec<String>,
}

impl Account {
    /// Begins an account with what was measured.
    pub fn new(campaign: &Campaign, plan: Plan, outcome: Outcome, day: String, language: Option<&str>) -> Self {
        let genesis = campaign.genesis();
        let mut notes = Vec::new();
        if outcome.stopped {
            notes.push("It was ended before all had come.".to_owned());
        }
        if outcome.reads_left > 0 {
            notes.push(format!(
                "{} more readings were due that had not had their turn when the last participant was done.",
                grouped(outcome.reads_left)
            ));
        }
        if outcome.started.is_some() && !outcome.bare_bytes && (plan.slow_percent > 0 || plan.broken_percent > 0) {
            notes.push(
                "Clients that send byte by byte, rubbish, or half a message were left out: they need plain HTTP on this \
                 device."
                    .to_owned(),
            );
        }
        Self {
            title: in_language(&genesis.title, language),
            campaign_id: campaign.id().to_string(),
            words: campaign_words(campaign.id()).join(" "),
            day,
            k: genesis.k,
            tick_seconds: genesis.tick_seconds,
            plan,
            place_names: place_names(campaign, &outcome, language),
            outcome,
            published_over_time: Vec::new(),
            limits: None,
            server_is_here: false,
            reckoning: None,
            audited: None,
            notes,
            faults: Vec::new(),
        }
    }

    /// Adds what the watch saw since the start.
    pub fn saw(&mut self, sightings: &[Sighting]) {
        let Some(started) = self.outcome.started else { return };
        let since = |at: tokio::time::Instant| at.saturating_duration_since(started).as_secs_f64();
        let later = sightings.iter().filter(|seen| seen.at >= started);
        self.published_over_time = later.map(|seen| (since(seen.at), seen.total)).collect();
    }

    /// Failures of clients and faults of the reckoning.
    pub fn errors(&self) -> u64 {
        self.outcome.errors() + self.faults.len() as u64
    }

    /// The sum that must come out, once the log was read: published and waiting are what was acknowledged.
    pub fn sum(&self) -> Option<String> {
        let reckoning = self.reckoning.as_ref()?;
        let closed = self.audited.as_ref().is_some_and(|audited| audited.closed);
        Some(format!(
            "{} pledged = {} published + {} {}",
            grouped(reckoning.acknowledged),
            grouped(reckoning.published()),
            grouped(reckoning.waiting),
            if closed { "withheld" } else { "still waiting" }
        ))
    }

    /// Seconds from the first arrival to the last.
    pub fn arrival_seconds(&self) -> f64 {
        self.outcome.arrived.last().map_or(0.0, Duration::as_secs_f64)
    }

    /// The most arrivals in one second.
    pub fn busiest_second(&self) -> u64 {
        per_second(self.outcome.arrived.iter().copied()).into_iter().max().unwrap_or(0)
    }

    /// The most tokens and the most pledges that came back in one second.
    pub fn busiest_seconds(&self) -> [u64; 2] {
        let Outcome { tokens, pledges, .. } = &self.outcome;
        [tokens, pledges].map(|series| per_second(series.ends()).into_iter().max().unwrap_or(0))
    }

    /// What the processors were used for, and what a machine like this carries that runs nothing but the server.
    pub fn carried(&self) -> Option<String> {
        let busy = self.outcome.busy?;
        let idle = (1.0 - busy.rehearsing - busy.others).max(0.0);
        let shares = format!(
            "Of the processors' time the simulated people and readers took {}, everything else {}; {} was left.",
            per_cent(busy.rehearsing),
            per_cent(busy.others),
            per_cent(idle)
        );
        let pledged = self.outcome.pledges.count() as f64;
        let alone = pledged / (busy.others * busy.seconds);
        if !self.server_is_here || pledged == 0.0 || !alone.is_finite() {
            return Some(shares);
        }
        Some(format!(
            "{shares} If the server runs here, a machine like this that does nothing else carries about {} participants a \
             second with as many readers to each, as far as processors go: half a million in {:.0} minutes.",
            grouped(format!("{alone:.0}").parse().unwrap_or_default()),
            (500_000.0 / alone / 60.0).ceil()
        ))
    }

    /// Latencies by kind of request.
    pub fn latencies(&self) -> [(&'static str, Latency); 3] {
        let Outcome { tokens, pledges, reads, .. } = &self.outcome;
        [("token", tokens.latency()), ("pledge", pledges.latency()), ("read", reads.latency())]
    }

    /// Places, those with the most published first.
    pub fn places(&self) -> Vec<(&str, u64, u64)> {
        let Some(reckoning) = &self.reckoning else { return Vec::new() };
        let name = |place: &u32| self.place_names.get(place).map_or("", String::as_str);
        let mut places: Vec<_> =
            reckoning.places.iter().map(|(place, at)| (name(place), at.published, at.waiting)).collect();
        places.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.cmp(&a.2)).then(a.0.cmp(b.0)));
        places
    }

    /// The document for programs.
    pub fn document(&self) -> Value {
        let (outcome, plan) = (&self.outcome, &self.plan);
        let latency: BTreeMap<_, _> = self.latencies().into_iter().collect();
        let lag = outcome.lag.latency();
        json!({
            "campaign_id": self.campaign_id,
            "participants": outcome.participants(),
            "issued": outcome.tokens.count(),
            "pledged": outcome.pledges.count(),
            "errors": self.errors(),
            "failures": outcome.failures,
            "faults": self.faults,
            "notes": self.notes,
            "plan": {
                "participants": plan.participants, "arrivals": plan.arrivals, "rate": plan.rate_per_second,
                "in_flight": plan.in_flight_max, "readers": plan.readers, "readings": plan.readings, "seed": plan.seed,
            },
            "arrival_seconds": self.arrival_seconds(),
            "busiest_second": self.busiest_second(),
            "busiest_second_answers": self.busiest_seconds(),
            "machine": {"limits": self.limits, "busy": outcome.busy, "server_is_here": self.server_is_here},
            "latency": latency,
            "generator_lag": lag,
            "in_flight_reached": outcome.valve_reached,
            "retried": outcome.retried,
            "slow_and_broken": outcome.trouble.iter().map(|(kind, answers)| trouble(*kind, answers)).collect::<Vec<_>>(),
            "published": self.reckoning.as_ref().map(reckoning_document),
            "audit": self.audited.as_ref().map(|audited| json!({
                "log_size": audited.log_size, "pledges": audited.pledges, "groups": audited.groups,
                "last_tick": audited.last_tick, "closed": audited.closed,
            })),
        })
    }
}

/// The places that were pledged for, with their regions only where two have one name.
fn place_names(campaign: &Campaign, outcome: &Outcome, language: Option<&str>) -> BTreeMap<u32, String> {
    let list = campaign.places();
    let own: BTreeSet<u32> = outcome.acknowledged.iter().chain(&outcome.uncertain).map(|own| own.place).collect();
    let short = |place: &u32| list.places.get(*place as usize).map(|place| in_language(&place.name, language));
    let mut bearers: BTreeMap<Option<String>, u32> = BTreeMap::new();
    own.iter().for_each(|place| *bearers.entry(short(place)).or_insert(0) += 1);
    let name = |place: u32| match short(&place) {
        Some(name) if bearers.get(&Some(name.clone())) == Some(&1) => (place, name),
        _ => (place, title(list, place, language)),
    };
    own.iter().copied().map(name).collect()
}

fn trouble(kind: Kind, answers: &Answers) -> Value {
    json!({
        "client": kind.what(), "expected": kind.expected(), "as_expected": answers.right, "otherwise": answers.wrong,
    })
}

fn reckoning_document(reckoning: &Reckoning) -> Value {
    let places = reckoning.places.iter();
    let places = places.map(|(place, at)| (place, json!({"published": at.published, "waiting": at.waiting})));
    json!({
        "acknowledged": reckoning.acknowledged,
        "published": reckoning.published(),
        "waiting_or_withheld": reckoning.waiting,
        "at_places": reckoning.at_place,
        "at_regions": reckoning.at_region,
        "at_root": reckoning.at_root,
        "without_receipt": reckoning.unacknowledged,
        "of_others": reckoning.others,
        "rule_replayed": reckoning.rule_replayed,
        "places": places.collect::<BTreeMap<_, _>>(),
    })
}

/// How people read a curve's name.
pub fn curve_in_words(curve: Curve) -> &'static str {
    match curve {
        Curve::Steady => "at a steady rate",
        Curve::Launch => "as at a launch, a spike that decays",
        Curve::Day => "as over a day, in two humps",
    }
}

/// A number with thin spaces between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A share as people read it.
pub fn per_cent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Milliseconds as people read them.
pub fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 100_000.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}
