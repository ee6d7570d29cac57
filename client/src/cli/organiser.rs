//! `headcount organiser …`: the organiser's key, invites, counts, announcements, close. The listener's token is asked
//! for, read from a file or piped in; the key that signs stays in its file.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::looking::table;
use crate::cli::secrets::{TokenSource, read_file};
use crate::cli::{Failure, Where, clock, locate};
use clap::{Args, Subcommand};
use client::address::BaseUrl;
use client::campaign::{self, fetch};
use client::error::Error;
use client::organiser::{self as office, OrganiserKey};
use client::private_file::PrivateFile;
use client::transport::Network;
use protocol::campaign::Text;
use protocol::codec::to_base64;
use serde_json::json;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The organiser's commands.
#[derive(Subcommand)]
pub(crate) enum Organiser {
    /// Make the key that signs announcements, on this device; it never goes to a server.
    Key(Key),
    /// Ask for invite links, each good for one participant.
    Invites(Invites),
    /// Show the published numbers, from the organiser's listener.
    Counts(OrganiserCounts),
    /// Sign and publish an announcement; it cannot be taken back.
    Announce(Announce),
    /// Close the campaign at the end of the next tick, for ever.
    Close(Close),
}

impl Organiser {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        match self {
            Self::Key(key) => key.run(console),
            Self::Invites(invites) => invites.run(console, network).await,
            Self::Counts(counts) => counts.run(console, network).await,
            Self::Announce(announce) => announce.run(console, network).await,
            Self::Close(close) => close.run(console, network).await,
        }
    }
}

/// The organiser's listener, and what opens it.
#[derive(Args)]
pub(crate) struct Listener {
    /// Address of the organiser's listener, such as http://127.0.0.1:8081.
    #[arg(long, value_name = "URL")]
    organiser_url: String,
    #[command(flatten)]
    token: TokenSource,
}

impl Listener {
    fn open(&self, console: &Console, network: &Network) -> Result<office::Organiser, Error> {
        let base = BaseUrl::parse(&self.organiser_url)?;
        let token = self.token.read(console, "The organiser's token")?;
        office::Organiser::new(network, &base, &token)
    }
}

/// Arguments of `organiser key`.
#[derive(Args)]
pub(crate) struct Key {
    /// The new file for the secret half.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Key {
    fn run(&self, console: &Console) -> Result<(), Failure> {
        let file = PrivateFile::create(&self.out)?;
        let key = OrganiserKey::generate()?;
        file.write(key.to_text().as_bytes())?;
        let public = to_base64(&key.public());
        console.result(
            &json!({"organiser_key": public}),
            &format!(
                "organiser_key = \"{public}\"\n\nPut this line into campaign.toml. The secret half is in {}; keep it on \
                 this device, and a copy where nobody finds it: without it nothing can be announced.",
                self.out.display()
            ),
        );
        Ok(())
    }
}

/// Arguments of `organiser invites`.
#[derive(Args)]
pub(crate) struct Invites {
    #[command(flatten)]
    listener: Listener,
    /// Name of the batch.
    #[arg(long, value_name = "NAME")]
    batch: String,
    /// How many.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// The most of this batch that can be used in one tick; without it there is no maximum.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_tick: Option<u32>,
    /// Write the links to a new file, one a line, instead of showing them.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Invites {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let file = self.out.as_deref().map(PrivateFile::create).transpose()?;
        let organiser = self.listener.open(console, network)?;
        let spinner = console.spinner("asking for invites");
        let links = organiser.invites(&self.batch, self.count, self.per_tick).await?;
        spinner.finish_and_clear();
        let mut lines = Zeroizing::new(String::with_capacity(links.iter().map(|link| link.len() + 1).sum()));
        for link in &links {
            lines.push_str(link);
            lines.push('\n');
        }
        let Some(file) = file else {
            let shown: Vec<&str> = links.iter().map(|link| link.as_str()).collect();
            console.result(&json!({"batch": self.batch, "links": shown}), lines.trim_end());
            return Ok(());
        };
        file.write(lines.as_bytes())?;
        console.result(
            &json!({"batch": self.batch, "written": links.len()}),
            &format!(
                "{} invite links were written, one a line. Give them out at random, and write down nowhere who got \
                 which.",
                links.len()
            ),
        );
        Ok(())
    }
}

/// Arguments of `organiser counts`.
#[derive(Args)]
pub(crate) struct OrganiserCounts {
    #[command(flatten)]
    listener: Listener,
    /// Public address of the campaign, for the names of places, and to check an announcement.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl OrganiserCounts {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let organiser = self.listener.open(console, network)?;
        let mut counts = organiser.counts().await?;
        let site = match &self.url {
            Some(url) => {
                let (base, expected) = locate(console, url, None)?;
                Some(fetch(network, &base, expected.or(Some(counts.campaign_id))).await?)
            }
            None => None,
        };
        match &site {
            Some(site) => campaign::check_counts(&counts, &site.campaign)?,
            None => counts.announcement = None, // whether the organisers signed it cannot be checked without the campaign
        }
        let text = table(console, site.as_ref().map(|site| &site.campaign), &counts, usize::MAX);
        console.result(&json!(counts), &text);
        Ok(())
    }
}

/// Arguments of `organiser announce`.
#[derive(Args)]
pub(crate) struct Announce {
    #[command(flatten)]
    listener: Listener,
    #[command(flatten)]
    site: Where,
    /// The file that `organiser key` made.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The text in one language, such as en="We meet on Sunday."; once for each language.
    #[arg(long = "text", value_name = "LANG=TEXT", required = true)]
    texts: Vec<String>,
    /// The day of the event: 2021-04-21, 2021-04-21T16:00Z, or Unix seconds.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Announce {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let text = texts(&self.texts)?;
        let date = self.date.as_deref().map(|date| {
            clock::parse(date).ok_or_else(|| {
                Error::Local("The date must look like 2021-04-21, 2021-04-21T16:00Z, or be Unix seconds.".to_owned())
            })
        });
        let key = OrganiserKey::parse(&read_file(&self.key)?)?;
        let organiser = self.listener.open(console, network)?;
        let (base, expected) = self.site.read(console)?;
        let site = fetch(network, &base, expected).await?;
        let counts = campaign::counts(&site.source, &site.campaign).await?;
        let now = counts.and_then(|counts| counts.announcement);
        let date = date.transpose()?;
        let soonest = clock::now();
        if date.is_some_and(|date| date < soonest || date > soonest + TEN_YEARS_SECS) {
            let why = "The date is over, or more than ten years away; nothing was announced.";
            return Err(Error::Local(why.to_owned()).into());
        }
        let announcement = key.announce(&site.campaign, now.as_ref(), date, text)?;
        console.say(&heading(console, &site.campaign));
        console.say(&format!(
            "\nAnnouncement {}{}:\n{}\n",
            announcement.number,
            announcement.date.map_or_else(String::new, |date| format!(" for {}", clock::utc(date))),
            all_languages(&announcement.text)
        ));
        let question = "An announcement cannot be taken back. Publish it?";
        console.confirm(question, "--yes", self.yes)?;
        organiser.announce(&announcement).await?;
        console.result(
            &json!({"number": announcement.number, "date": announcement.date, "text": announcement.text}),
            "Published: it is, or is about to be, an entry of the public log.",
        );
        Ok(())
    }
}

fn all_languages(text: &Text) -> String {
    text.iter().map(|(language, line)| format!("  {language}: {line}")).collect::<Vec<_>>().join("\n")
}

const TEN_YEARS_SECS: u64 = 10 * 366 * 86_400;

/// Reads `LANG=TEXT`, each language once.
fn texts(given: &[String]) -> Result<Text, Error> {
    let mut text = Text::new();
    for one in given {
        let pair = one.split_once('=').filter(|(tag, line)| {
            let is_tag = (2..=16).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            is_tag && !line.trim().is_empty()
        });
        let Some((tag, line)) = pair else {
            return Err(Error::Local("A text must look like en=\"We meet on Sunday.\", with its language.".to_owned()));
        };
        if text.insert(tag.to_owned(), line.to_owned()).is_some() {
            return Err(Error::Local(format!("There are two texts in the language {tag}; give one.")));
        }
    }
    Ok(text)
}

/// Arguments of `organiser close`.
#[derive(Args)]
pub(crate) struct Close {
    #[command(flatten)]
    listener: Listener,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Close {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let organiser = self.listener.open(console, network)?;
        let question = "The campaign will close at the end of the next tick, for ever, and what is not published then \
                        is destroyed. Close it?";
        console.confirm(question, "--yes", self.yes)?;
        organiser.close().await?;
        console.result(&json!({"closing": true}), "The campaign closes at the end of the next tick.");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_language_each_and_no_language_twice() {
        let read = |given: &[&str]| texts(&given.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["en=a=b", "ru=в"]).unwrap()["en"], "a=b");
        for bad in [&["a"][..], &["=a"], &["en="], &["en=a", "en=b"], &["e n=a"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
