//! `headcount audit` and `headcount status`: both recount the whole log, with the same questions in the same order.
//! What only `status` does, it does afterwards and on this device: nothing that is sent depends on a phrase.

use crate::cli::advice::typed;
use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::looking::announced;
use crate::cli::road::Direct;
use crate::cli::secrets::PhraseSource;
use crate::cli::{Failure, campaign_id, clock, locate};
use clap::Args;
use client::audit::{Report, audit};
use client::error::Error;
use client::log_reader::Source;
use client::mirror::keep;
use client::own_entry::OwnEntry;
use client::place_choice::{region_title, title};
use client::transport::Network;
use protocol::campaign::CampaignId;
use protocol::publication::Level;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is to be audited.
#[derive(Args)]
pub(crate) struct Subject {
    /// Address of the campaign or of a mirror, a link that names the campaign, or a folder with its files.
    #[arg(value_name = "URL|FOLDER")]
    source: String,
    /// Id of the campaign, 64 digits and letters, from a poster or another person.
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
}

impl Subject {
    fn is_folder(&self) -> bool {
        Path::new(&self.source).is_dir()
    }

    fn open(&self, console: &Console, network: &Network) -> Result<(Source, Option<CampaignId>), Error> {
        if self.is_folder() {
            let expected = self.campaign.as_deref().map(campaign_id).transpose()?;
            return Ok((Source::Folder(Path::new(&self.source).to_owned()), expected));
        }
        if !self.source.contains("://") {
            let source = &self.source;
            return Err(Error::Local(format!(
                "{source} is neither a folder nor an address such as https://HOST; check how it is written."
            )));
        }
        let (base, expected) = locate(console, &self.source, self.campaign.as_deref())?;
        Ok((Source::Web(network.reading(&base)?), expected))
    }

    /// A mirror of it in a folder.
    async fn keep(self, console: &Console, network: &Network, folder: &Path) -> Result<Self, Error> {
        let (source, expected) = self.open(console, network)?;
        let bar = console.bar(0, "keeping");
        let kept = keep(&source, expected, folder, |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        kept.await?;
        bar.finish_and_clear();
        let campaign = expected.map(|id| id.to_string());
        Ok(Self { source: folder.to_string_lossy().into_owned(), campaign })
    }

    /// The same for both commands, to the byte and to the pause.
    async fn audit(&self, console: &Console, network: &Network) -> Result<Report, Error> {
        let (source, expected) = self.open(console, network)?;
        let bar = console.bar(0, "auditing");
        let report = audit(network, &source, expected, clock::now(), |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        let report = report.await?;
        bar.finish_and_clear();
        Ok(report)
    }
}

/// Arguments of `audit`.
#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    subject: Subject,
    /// Keep all that is public in this folder, which does not exist yet or is empty, and audit that.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

impl Audit {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let subject = match &self.keep {
            Some(folder) => self.subject.keep(console, network, folder).await?,
            None => self.subject,
        };
        let report = subject.audit(console, network).await?;
        console.result(&audit_document(&report), &audit_text(console, &report));
        Ok(())
    }
}

/// Arguments of `status`.
#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    phrase: PhraseSource,
    #[command(flatten)]
    direct: Direct,
}

impl Status {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let phrase = self.phrase.read(console)?;
        if !self.subject.is_folder() {
            let gives_away = "read the whole log, as an audit does; it does not see for which entry";
            self.direct.agree(console, network, gives_away)?;
        }
        let report = self.subject.audit(console, network).await?;
        console.say(&heading(console, &report.campaign));
        let (document, text) = match report.published.find(&report.campaign, &phrase) {
            Some(entry) => describe(console, &report, &entry),
            None => (
                json!({"published": false, "log_size": report.head.size, "closed_at": report.closed_at}),
                absent(network, &report),
            ),
        };
        console.result(&document, &text);
        Ok(())
    }
}

/// Why an entry may not be there.
fn absent(network: &Network, report: &Report) -> String {
    let (size, k) = (report.head.size, report.campaign.genesis().k);
    let why = match report.closed_at {
        Some(tick) => format!(
            "The campaign closed at tick {tick}, so it will not come any more: its group was too small to be shown \
             (fewer than {k}), or it was never counted"
        ),
        None => format!(
            "It may wait until {k} pledges of its place are together, may never be shown, or was never counted (then \
             `{}` with the same phrase and token counts it)",
            typed(network, "pledge")
        ),
    };
    format!(
        "No entry of this phrase is in the log ({size} entries). {why}; or this is another phrase than the one that you \
         pledged with, for every invite had one of its own."
    )
}

fn describe(console: &Console, report: &Report, entry: &OwnEntry) -> (Value, String) {
    let (places, language, standing) = (report.campaign.places(), console.language(), entry.standing);
    let index = standing.area.index;
    let (level, shown_as) = match standing.area.level {
        Level::Place => ("place", format!("for its place, {}", title(places, index, language))),
        Level::Region => ("region", format!("for its region, {}", region_title(places, index, language))),
        Level::Root => ("root", "for the whole, without place or region".to_owned()),
    };
    let document = json!({
        "published": true,
        "level": level,
        "area": index,
        "place": entry.place,
        "tick": standing.tick,
        "index": standing.index,
        "log_size": report.head.size,
        "closed_at": report.closed_at,
    });
    let text = format!(
        "Published {shown_as}, at tick {}, as entry {} of the log. (Your place: {}.)",
        standing.tick,
        standing.index,
        title(places, entry.place, language)
    );
    (document, text)
}

fn audit_document(report: &Report) -> Value {
    json!({
        "campaign_id": report.campaign.id().to_string(),
        "campaign_id_was_given": report.pinned,
        "log_size": report.head.size,
        "root_hash": report.root_hash(),
        "pledges": report.pledges,
        "groups": report.groups,
        "places": report.places,
        "regions": report.regions,
        "root": report.root,
        "last_tick": report.last_tick,
        "closed_at": report.closed_at,
        "announcement": report.announcement.as_ref().map(|announcement| announcement.number),
        "page": report.page.as_ref().map(|page| json!({
            "manifest_sha256": page.digest(), "files": page.files, "compiler": page.compiler,
        })),
        "counts_compared_at": report.counts_compared_at,
        "remarks": report.remarks,
    })
}

fn audit_text(console: &Console, report: &Report) -> String {
    let genesis = report.campaign.genesis();
    let mut lines = vec![
        heading(console, &report.campaign),
        String::new(),
        "Everything fits: checkpoint, hashes, groups and ticks, announcements, and every token.".to_owned(),
        format!(
            "{} pledges in {} groups, each of at least {}; {} places and {} regions shown, {} pledges for the whole.",
            report.pledges, report.groups, genesis.k, report.places, report.regions, report.root
        ),
        format!("No pledge twice; at most {} could take part.", genesis.eligible),
        match report.closed_at {
            Some(tick) => format!("Closed at tick {tick}."),
            None => format!("Not closed; the last tick that published is {}.", report.last_tick),
        },
    ];
    if let Some(size) = report.counts_compared_at {
        lines.push(format!("counts.json shows the sums of the first {size} entries."));
    }
    if let Some(page) = &report.page {
        lines.push(format!(
            "The page at /join is the one that the log names, file by file ({} files, built with {}); its manifest is {}.",
            page.files,
            page.compiler,
            page.digest()
        ));
    }
    if let Some(announcement) = &report.announcement {
        lines.push(announced(console, announcement));
    }
    lines.extend(report.remarks.iter().map(|remark| format!("Remark: {remark}")));
    lines.push(format!(
        "\nThis log: {} entries, root hash {}.\nAnother visitor may be shown another log: compare size and root with \
         somebody else's, at the same size.",
        report.head.size,
        report.root_hash()
    ));
    lines.push(match report.pinned {
        true => "The campaign is the one whose id you gave.".to_owned(),
        false => "No campaign id was given, so this is only some campaign: compare its words with a poster or another \
                  person, or give --campaign ID."
            .to_owned(),
    });
    lines.push(
        "This cannot show whether the issuer made tokens for itself, or whether pledges below the group size were \
         dropped."
            .to_owned(),
    );
    lines.join("\n")
}
