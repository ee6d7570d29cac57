//! `headcount organiser …`: the organiser's key, invites, counts, close (`announce` and what concerns batches stand beside). The listener's token is asked
//! for, read from a file or piped in; the key that signs stays in its file.

use crate::cli::announce::Announce;
use crate::cli::batches::{Actions, Batches, Revoke, not_made, read_expiry};
use crate::cli::console::Console;
use crate::cli::delivery::Delivered;
use crate::cli::looking::table;
use crate::cli::secrets::TokenSource;
use crate::cli::{Failure, clock, locate};
use clap::{Args, Subcommand};
use client::address::BaseUrl;
use client::campaign::{Site, check_counts, fetch};
use client::error::Error;
use client::organiser::{self as office, Order, OrganiserKey};
use client::place_choice::in_language;
use client::private_file::PrivateFile;
use client::transport::Network;
use protocol::codec::to_base64;
use protocol::counts::Counts;
use protocol::phrase::campaign_words;
use protocol::problem::Problem;
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
    /// Show the batches of invites: how many were made, by whom, until when. How many were used nobody is told.
    Batches(Batches),
    /// Revoke a batch, for ever: its unused invites are good for nothing any more.
    Revoke(Revoke),
    /// Show the published numbers, from the organiser's listener.
    Counts(OrganiserCounts),
    /// Sign and publish an announcement; it cannot be taken back.
    ///
    /// Two addresses are needed. URL is the public one, which everybody uses: the campaign, and the announcement that
    /// holds now, are read there. --organiser-url is the organiser's listener, which takes the announcement in and wants
    /// your token for it.
    Announce(Announce),
    /// Close the campaign at the end of the next tick, for ever.
    Close(Close),
    /// Show what all organisers did, tick by tick; at the close this log is destroyed.
    Actions(Actions),
}

impl Organiser {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        match self {
            Self::Key(key) => key.run(console),
            Self::Invites(invites) => invites.run(console, network).await,
            Self::Batches(batches) => batches.run(console, network).await,
            Self::Revoke(revoke) => revoke.run(console, network).await,
            Self::Counts(counts) => counts.run(console, network).await,
            Self::Announce(announce) => announce.run(console, network).await,
            Self::Close(close) => close.run(console, network).await,
            Self::Actions(actions) => actions.run(console, network).await,
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
    /// Prepares to speak with it.
    pub(crate) fn open(&self, console: &Console, network: &Network) -> Result<office::Organiser, Error> {
        listen(console, network, &self.organiser_url, &self.token)
    }
}

/// Prepares to speak with an organiser's listener.
pub(crate) fn listen(
    console: &Console,
    network: &Network,
    url: &str,
    token: &TokenSource,
) -> Result<office::Organiser, Error> {
    let base = BaseUrl::parse(url)?;
    let token = token.read(console, "The organiser's token")?;
    office::Organiser::new(network, &base, &token)
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
        let file = PrivateFile::at(&self.out)?;
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
    /// The most of this batch that can be used in one tick, at least the size of a group; without it there is no
    /// maximum.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_tick: Option<u32>,
    /// Until when these invites are good: 2021-04-21, 2021-04-21T16:00Z, or Unix seconds. They are good until the first end
    /// of a tick that is not before; without it, as long as the campaign issues tokens.
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// Write to a new file instead of showing the links.
    #[arg(long, value_name = "FILE", required_if_eq_any([("form", "csv"), ("form", "cards"), ("form", "screen")]))]
    out: Option<PathBuf>,
    #[command(flatten)]
    delivered: Delivered,
}

impl Invites {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let expires = self.expires.as_deref().map(|date| read_expiry(date, clock::now())).transpose()?;
        if let Some(delivery) = self.delivered.file()? {
            let organiser = self.listener.open(console, network)?;
            let (batch, count, per_tick) = (&self.batch, self.count, self.per_tick);
            let order = Order { batch, count, per_tick, expires, language: None, also: None };
            return self.delivered.run(console, &organiser, delivery, order, self.out.as_deref()).await;
        }
        let file = self.out.as_deref().map(PrivateFile::at).transpose()?;
        let organiser = self.listener.open(console, network)?;
        let spinner = console.spinner("asking for invites");
        let links = organiser.invites(&self.batch, self.count, self.per_tick, expires).await.map_err(not_made)?;
        spinner.finish_and_clear();
        let mut lines = Zeroizing::new(String::with_capacity(links.iter().map(|link| link.len() + 1).sum()));
        for link in &links {
            lines.push_str(link);
            lines.push('\n');
        }
        let written = file.map(|file| file.write(lines.as_bytes()));
        if !matches!(written, Some(Ok(()))) {
            let shown: Vec<&str> = links.iter().map(|link| link.as_str()).collect();
            console.result(&json!({"batch": self.batch, "links": shown}), lines.trim_end());
            return Ok(written.transpose().map(|_| ())?); // what could not be written is not lost: it was shown
        }
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
    #[command(flatten)]
    public: Public,
}

/// The campaign as everybody sees it, if it can be reached from here.
#[derive(Args)]
pub(crate) struct Public {
    /// Public address of the campaign, or a link that names it, for names, titles and announcements.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Public {
    /// The campaign at the public address, which must be the one that the listener counts for.
    async fn find(&self, console: &Console, network: &Network, counts: &Counts) -> Result<Option<Site>, Error> {
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let (base, expected) = locate(console, url, None)?;
        let site = fetch(network, &base, expected.or(Some(counts.campaign_id))).await?;
        check_counts(counts, &site.campaign)?;
        Ok(Some(site))
    }
}

impl OrganiserCounts {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let organiser = self.listener.open(console, network)?;
        let mut counts = organiser.counts().await?;
        let site = self.public.find(console, network, &counts).await?;
        if !counts.adds_up() {
            return Err(Error::Misbehaved("The server's counts do not add up to their total.".to_owned()).into());
        }
        // Without the genesis nobody can tell whether the organiser key signed it.
        let unchecked = counts.announcement.take_if(|_| site.is_none()).is_some();
        let mut text = table(console, site.as_ref().map(|site| &site.campaign), &counts, usize::MAX);
        if unchecked {
            text.push_str("\nThere is an announcement, which can be checked and shown only with --url URL.");
        }
        let mut document = json!(counts);
        document["announcement_unchecked"] = json!(unchecked);
        console.result(&document, &text);
        Ok(())
    }
}

/// Arguments of `organiser close`.
#[derive(Args)]
pub(crate) struct Close {
    #[command(flatten)]
    listener: Listener,
    #[command(flatten)]
    public: Public,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Close {
    async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let organiser = self.listener.open(console, network)?;
        match organiser.counts().await {
            Ok(counts) => {
                if let Some(site) = self.public.find(console, network, &counts).await? {
                    console.say(&in_language(&site.campaign.genesis().title, console.language()));
                }
                let id = counts.campaign_id;
                console.say(&format!("campaign {id}\n         {}", campaign_words(id).join(" ")));
            }
            Err(error @ Error::Refused { problem: Problem::Unauthorised, .. }) => return Err(error.into()),
            Err(error) => console.warn(&format!("the server does not tell which campaign it is. {error}")),
        }
        let question = "This campaign will close at the end of the next tick, for ever, and what is not published then \
                        is destroyed. Close it?";
        console.confirm(question, "--yes", self.yes)?;
        organiser.close().await?;
        console.result(&json!({"closing": true}), "The campaign closes at the end of the next tick.");
        Ok(())
    }
}
