//! `headcount status`, `counts` and `audit`: commands that only read, and read what everybody reads.
//! Nothing that they send depends on a phrase.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::road::Direct;
use crate::cli::secrets::PhraseSource;
use crate::cli::{Failure, Where, clock, locate};
use clap::Args;
use client::audit::{Report, audit};
use client::campaign::{self, fetch};
use client::error::Error;
use client::log_reader::Source;
use client::own_entry::{self, OwnEntry};
use client::place_choice::{in_language, region_title, title};
use client::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, Places};
use protocol::codec::to_hex;
use protocol::counts::Counts;
use protocol::publication::{Level, State};
use serde_json::{Value, json};
use std::path::Path;

/// Arguments of `status`.
#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    site: Where,
    #[command(flatten)]
    phrase: PhraseSource,
    #[command(flatten)]
    direct: Direct,
}

impl Status {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let (base, expected) = self.site.read(console)?;
        let phrase = self.phrase.read(console)?;
        self.direct.agree(console, network)?;
        let source = Source::Web(network.reading(&base)?);
        let bar = console.bar(0, "reading the whole log");
        let advance = |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let (report, found) = own_entry::find(network, &source, expected, clock::now(), &phrase, advance).await?;
        bar.finish_and_clear();
        console.say(&heading(console, &report.campaign));
        let closed = report.closed_at.is_some();
        let (document, text) = match found {
            Some(entry) => describe(console, report.campaign.places(), &entry),
            None => (
                json!({"published": false, "log_size": report.head.size, "closed": closed}),
                not_found(&report, closed),
            ),
        };
        console.result(&document, &text);
        Ok(())
    }
}

fn not_found(report: &Report, closed: bool) -> String {
    let why = match closed {
        true => {
            "The campaign has closed: it was withheld because too few were together, or was never counted.".to_owned()
        }
        false => {
            let k = report.campaign.genesis().k;
            format!("It may wait until {k} pledges of its place are together, or was never counted.")
        }
    };
    let size = report.head.size;
    format!(
        "No entry of this phrase is in the log ({size} entries). {why} Check the phrase too: a mistyped one fits nothing."
    )
}

fn describe(console: &Console, places: &Places, entry: &OwnEntry) -> (Value, String) {
    let language = console.language();
    let (level, shown_as) = match entry.area.level {
        Level::Place => ("place", format!("for its place, {}", title(places, entry.area.index, language))),
        Level::Region => ("region", format!("for its region, {}", region_title(places, entry.area.index, language))),
        Level::Root => ("root", "for the whole, without place or region".to_owned()),
    };
    let document = json!({
        "published": true,
        "level": level,
        "area": entry.area.index,
        "place": entry.place,
        "tick": entry.tick,
        "index": entry.index,
    });
    let text = format!(
        "Published {shown_as}, at tick {}, as entry {} of the log. (Your place: {}.)",
        entry.tick,
        entry.index,
        title(places, entry.place, language)
    );
    (document, text)
}

/// Arguments of `counts`.
#[derive(Args)]
pub(crate) struct CountsShown {
    #[command(flatten)]
    site: Where,
    /// How many places to list.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

impl CountsShown {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let (base, expected) = self.site.read(console)?;
        let site = fetch(network, &base, expected).await?;
        let counts = campaign::counts(&site.source, &site.campaign).await?;
        let counts = counts.ok_or_else(|| Error::Misbehaved("This server shows no counts.json.".to_owned()))?;
        let next = next_tick(&site.campaign, counts.state);
        let text = format!(
            "{}\n\n{}",
            heading(console, &site.campaign),
            table(console, Some(&site.campaign), &counts, self.top)
        );
        let next_text = next.map(|end| format!("\nThe next tick ends on {}.", clock::utc(end)));
        let mut document = json!(counts);
        document["next_tick_ends"] = json!(next);
        let source = "\nAs the server says; `headcount audit` recounts them.";
        console.result(&document, &format!("{text}{}{source}", next_text.unwrap_or_default()));
        Ok(())
    }
}

fn next_tick(campaign: &Campaign, state: State) -> Option<u64> {
    let schedule = campaign.genesis().schedule();
    let next = schedule.end_of((schedule.last_ended(clock::now()) + 1).max(1));
    (state != State::Closed && next <= schedule.closes).then_some(next)
}

/// The numbers as a person reads them; without the campaign, places are numbers.
pub(crate) fn table(console: &Console, campaign: Option<&Campaign>, counts: &Counts, top: usize) -> String {
    let language = console.language();
    let places = campaign.map(Campaign::places);
    let state = match counts.state {
        State::Before => "before it opens",
        State::Collecting => "tokens only; pledging opens later",
        State::Open => "open",
        State::Closing => "closing at the next ticks",
        State::Closed => "closed",
    };
    let mut lines =
        vec![format!("{} of {} ({state}; after tick {})", counts.total, counts.target, counts.tick), String::new()];
    let mut ranked: Vec<(&u32, &u64)> = counts.places.iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (place, count) in ranked.iter().take(top) {
        let name = places.map_or_else(|| format!("place {place}"), |places| title(places, **place, language));
        lines.push(format!("{count:>9}  {name}"));
    }
    if ranked.len() > top {
        lines.push(format!("           and {} more places", ranked.len() - top));
    }
    for (region, count) in &counts.regions {
        let name = places.map_or_else(|| format!("region {region}"), |places| region_title(places, *region, language));
        lines.push(format!("{count:>9}  {name}: places too small to be shown alone"));
    }
    if counts.root > 0 {
        lines.push(format!("{:>9}  elsewhere: regions too small to be shown alone", counts.root));
    }
    if let Some(announcement) = &counts.announcement {
        lines.push(format!("\n{}", announced(console, announcement)));
    }
    lines.join("\n")
}

fn announced(console: &Console, announcement: &Announcement) -> String {
    let date = announcement.date.map(|date| format!(" for {}", clock::utc(date)));
    format!(
        "Announcement {}{}: {}",
        announcement.number,
        date.unwrap_or_default(),
        in_language(&announcement.text, console.language())
    )
}

/// Arguments of `audit`.
#[derive(Args)]
pub(crate) struct Audit {
    /// Address of the campaign or of a mirror, a link that names the campaign, or a folder with its files.
    #[arg(value_name = "URL|FOLDER")]
    source: String,
    /// Id of the campaign, 64 digits and letters, from a poster or another person.
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
}

impl Audit {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let folder = Path::new(&self.source);
        let (source, expected) = if folder.is_dir() {
            let expected = self.campaign.as_deref().map(crate::cli::campaign_id).transpose()?;
            (Source::Folder(folder.to_owned()), expected)
        } else {
            if !self.source.contains("://") {
                let source = &self.source;
                return Err(
                    Error::Local(format!("{source} is neither a folder nor an address such as https://HOST.")).into()
                );
            }
            let (base, expected) = locate(console, &self.source, self.campaign.as_deref())?;
            (Source::Web(network.reading(&base)?), expected)
        };
        let bar = console.bar(0, "auditing");
        let advance = |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let report = audit(network, &source, expected, clock::now(), advance, |_, _, _| {}).await?;
        bar.finish_and_clear();
        console.result(&audit_document(&report, expected.is_some()), &audit_text(console, &report, expected.is_some()));
        Ok(())
    }
}

fn audit_document(report: &Report, pinned: bool) -> Value {
    json!({
        "campaign_id": report.campaign.id().to_string(),
        "pinned": pinned,
        "log_size": report.head.size,
        "root_hash": to_hex(&report.head.root),
        "pledges": report.pledges,
        "groups": report.groups,
        "places": report.places,
        "regions": report.regions,
        "root": report.root,
        "last_tick": report.last_tick,
        "closed_at": report.closed_at,
        "announcement": report.announcement.as_ref().map(|announcement| announcement.number),
        "counts_compared_at": report.counts_compared_at,
        "remarks": report.remarks,
    })
}

fn audit_text(console: &Console, report: &Report, pinned: bool) -> String {
    let genesis = report.campaign.genesis();
    let mut lines = vec![
        heading(console, &report.campaign),
        String::new(),
        "Everything fits: checkpoint, hashes, groups and ticks, announcements, and every token.".to_owned(),
        format!(
            "{} pledges in {} groups, each of at least {}; {} places and {} regions shown, {} pledges for the whole.",
            report.pledges, report.groups, genesis.k, report.places, report.regions, report.root
        ),
        format!("{} log entries; no pledge twice; at most {} could take part.", report.head.size, genesis.eligible),
        format!(
            "Root hash {}. Another visitor could be shown another log: compare size and root hash with his.",
            to_hex(&report.head.root)
        ),
        match report.closed_at {
            Some(tick) => format!("Closed at tick {tick}."),
            None => format!("Not closed; the last tick that published is {}.", report.last_tick),
        },
    ];
    if let Some(size) = report.counts_compared_at {
        lines.push(format!("counts.json shows the sums of the first {size} entries."));
    }
    if let Some(announcement) = &report.announcement {
        lines.push(announced(console, announcement));
    }
    lines.extend(report.remarks.iter().map(|remark| format!("Remark: {remark}")));
    if !pinned {
        lines.push(
            "Compare the campaign's words with a poster or another person: without that this is only some campaign."
                .to_owned(),
        );
    }
    lines.push(
        "This cannot show whether the issuer made tokens for itself, or whether pledges below the group size were \
         dropped."
            .to_owned(),
    );
    lines.join("\n")
}
