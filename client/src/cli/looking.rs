//! `headcount counts`: the numbers as the server shows them, to everybody alike. They are checked as far as that goes
//! without the log; `audit` recounts.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::{Failure, Where, clock};
use clap::Args;
use client::campaign::{self, fetch};
use client::error::Error;
use client::place_choice::{region_title, text_in_language, title};
use client::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::publication::State;
use serde_json::json;

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
        let counts = counts.ok_or_else(|| {
            Error::Misbehaved("This server shows no counts.json, which every campaign has.".to_owned())
        })?;
        let next = next_tick(&site.campaign, counts.state);
        let text = format!(
            "{}\n\n{}",
            heading(console, &site.campaign),
            table(console, Some(&site.campaign), &counts, self.top)
        );
        let next_text = next.map(|end| format!("\nThe next tick ends on {}.", clock::utc(end)));
        let mut document = json!(counts); // the announcement in it is as it was signed
        document["next_tick_ends"] = json!(next);
        console.result(&document, &format!("{text}{}", next_text.unwrap_or_default()));
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
    lines.push(format!("\n{AS_THE_SERVER_SAYS}"));
    lines.join("\n")
}

const AS_THE_SERVER_SAYS: &str =
    "These numbers and this state are as the server says; `headcount audit` recounts them from the log.";

/// An announcement in one language.
pub(crate) fn announced(console: &Console, announcement: &Announcement) -> String {
    let date = announcement.date.map(|date| format!(" for {}", clock::utc(date)));
    format!(
        "Announcement {}{}: {}",
        announcement.number,
        date.unwrap_or_default(),
        text_in_language(&announcement.text, console.language())
    )
}
