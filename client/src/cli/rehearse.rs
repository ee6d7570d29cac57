//! `headcount rehearse`: simulated participants against a server whose campaign is a rehearsal, and what came of it.
//! It is also what `headcount-server demo --simulate N` starts, with the invites on standard input.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::road::Direct;
use crate::cli::secrets::{TokenSource, one_on_stdin, read_file};
use crate::cli::{Failure, Where, clock};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use client::address::BaseUrl;
use client::campaign::{Site, counts, fetch};
use client::error::Error;
use client::organiser::Organiser;
use client::participation::Issuer;
use client::private_file::PrivateFile;
use client::rehearsal::account::Account;
use client::rehearsal::arrivals::Curve;
use client::rehearsal::machine::Limits;
use client::rehearsal::report::page;
use client::rehearsal::{Outcome, Plan, Stage, Watch, check_rehearsal, read_invites, rehearse};
use client::transport::Network;
use protocol::invite::Invite;
use protocol::publication::State;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

mod ending;
mod progress;
mod telling;

use progress::Shown;

/// Arguments of `rehearse`.
#[derive(Args)]
pub(crate) struct Rehearse {
    #[command(flatten)]
    site: Where,
    /// How many take part.
    #[arg(long, value_name = "N")]
    participants: usize,
    /// Address of the organiser's listener, which makes the invites, and closes the campaign with --close.
    #[arg(long, value_name = "URL")]
    organiser_url: Option<String>,
    #[command(flatten)]
    token: TokenSource,
    /// Invite codes or links, one a line: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    invites: Option<PathBuf>,
    /// Close the campaign in the end, for ever, and prove that published and withheld are what was pledged.
    #[arg(long, requires = "organiser_url")]
    close: bool,
    /// Write the report as a page to a new file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How they come: steady, launch (a spike that decays) or day (two humps).
    #[arg(long, value_name = "CURVE", default_value = "steady", value_parser = curves())]
    arrivals: Curve,
    /// The most that come in one second.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// The most that are under way at once; whoever waits for that waits in the measurement.
    #[arg(long, value_name = "N", default_value_t = 256)]
    in_flight: usize,
    /// Readers who refresh the page.
    #[arg(long, value_name = "N", default_value_t = 10)]
    readers: usize,
    /// How often each reader asks.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    refresh: u64,
    /// Readings for each participant besides, over connections that stay open, as through a cache; most find nothing new.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    readings: u32,
    /// Clients that send byte by byte, for a hundred participants.
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=100))]
    slow: u32,
    /// Clients that forge, break off or send rubbish, for a hundred participants.
    #[arg(long, value_name = "PERCENT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(..=100))]
    broken: u32,
    /// Decides who chooses which place and when they come; the same seed, the same choices.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    direct: Direct,
}

impl Rehearse {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let invites_on_stdin = self.invites.as_deref() == Some(Path::new("-"));
        one_on_stdin(&[invites_on_stdin, self.organiser_url.is_some() && self.token.takes_or_asks_stdin()])?;
        let file = self.report.as_deref().map(PrivateFile::at).transpose()?;
        let site = self.find_site(console, network).await?;
        let organiser = self.find_organiser(console, network, &site).await?;
        console.say(&heading(console, &site.campaign));
        let invites = self.invites(console, organiser.as_ref(), &site).await?;
        let stage = Arc::new(Stage { network: network.clone(), issuer: Issuer::find(network, &site).await?, site });
        console.say("Measuring what this machine can do.");
        let limits = tokio::task::spawn_blocking(Limits::measure).await;
        let limits = limits
            .map_err(|_| Error::Local("This machine's limits could not be measured; try again.".to_owned()))??;
        let watch = Watch::begin(Arc::clone(&stage));
        let interrupted = interruptions(console);
        let outcome = self.take_part(console, &stage, invites, interrupted.clone()).await?;
        let (plan, outcome) = outcome;
        let day = clock::utc(clock::now()).chars().take(10).collect();
        let mut account = Account::new(&stage.site.campaign, plan, outcome, day, console.language());
        (account.limits, account.server_is_here) = (Some(limits), stage.site.origin.is_loopback());
        let closer = organiser.as_ref().filter(|_| self.close);
        ending::end(console, &stage, closer, &watch, interrupted, &mut account).await;
        account.saw(&watch.seen());
        console.result(&account.document(), &telling::text(&account));
        if let Some(file) = file {
            file.write(page(&account).as_bytes())?;
            console.say(&format!("The report is in {}.", self.report.unwrap_or_default().display()));
        }
        match account.errors() {
            0 => Ok(()),
            _ => Err(Failure::told()),
        }
    }

    async fn find_site(&self, console: &Console, network: &Network) -> Result<Site, Error> {
        let (base, expected) = self.site.read(console)?;
        // On this device itself there is no address to hide; elsewhere a rehearsal rehearses the road as well.
        let gives_away = "with every simulated participant";
        if !base.is_loopback() {
            self.direct.agree(console, network, gives_away)?;
        }
        let site = fetch(network, &base, expected).await?;
        if base.is_loopback() && !site.issuer()?.is_loopback() {
            self.direct.agree(console, network, gives_away)?;
        }
        check_rehearsal(&site.campaign)?;
        let state = counts(&site.source, &site.campaign).await?.map(|counts| counts.state);
        match state {
            Some(State::Open | State::Closing) | None => Ok(site),
            Some(State::Before | State::Collecting) => Err(Error::Local(
                "This campaign takes no pledges yet; rehearse when its pledges have opened.".to_owned(),
            )),
            Some(State::Closed) => {
                Err(Error::Local("This campaign has closed; make another one to rehearse with.".to_owned()))
            }
        }
    }

    /// The organiser's listener, which must be of this campaign: a close cannot be taken back.
    async fn find_organiser(
        &self,
        console: &Console,
        network: &Network,
        site: &Site,
    ) -> Result<Option<Organiser>, Error> {
        let Some(url) = &self.organiser_url else {
            return Ok(None);
        };
        let base = BaseUrl::parse(url)?;
        let token = self.token.read(console, "The organiser's token")?;
        let organiser = Organiser::new(network, &base, &token)?;
        if organiser.counts().await?.campaign_id == site.campaign.id() {
            return Ok(Some(organiser));
        }
        Err(Error::Local(
            "The organiser's listener is of another campaign than the address to rehearse at; check both.".to_owned(),
        ))
    }

    /// Invites from a file or standard input, else made by the organiser's listener for this rehearsal.
    async fn invites(
        &self,
        console: &Console,
        organiser: Option<&Organiser>,
        site: &Site,
    ) -> Result<Vec<Invite>, Error> {
        if let Some(file) = &self.invites {
            return read_invites(&read_file(file)?, site.campaign.id());
        }
        let organiser = organiser.ok_or_else(|| {
            Error::Local(
                "Every simulated participant needs an invite: give --invites FILE, or --organiser-url URL to have them \
                 made."
                    .to_owned(),
            )
        })?;
        let bar = console.bar(self.participants as u64, "invites");
        let mut invites = Vec::new();
        while invites.len() < self.participants {
            let count = u32::try_from(self.participants - invites.len()).unwrap_or(u32::MAX).min(INVITES_AT_ONCE);
            for link in organiser.invites("rehearsal", count, None, None).await? {
                invites.extend(read_invites(&link, site.campaign.id())?);
            }
            bar.set_position(invites.len() as u64);
        }
        bar.finish_and_clear();
        Ok(invites)
    }

    async fn take_part(
        &self,
        console: &Console,
        stage: &Arc<Stage>,
        invites: Vec<Invite>,
        interrupted: watch::Receiver<bool>,
    ) -> Result<(Plan, Outcome), Error> {
        let plan = Plan {
            participants: self.participants,
            arrivals: self.arrivals,
            rate_per_second: self.rate,
            in_flight_max: self.in_flight,
            readers: self.readers,
            refresh: Duration::from_secs(self.refresh),
            readings: self.readings,
            slow_percent: self.slow,
            broken_percent: self.broken,
            seed: self.seed.unwrap_or_else(rand::random),
        };
        let mut shown = Shown::new(console, self.participants as u64);
        let outcome = rehearse(Arc::clone(stage), invites, plan, told(interrupted), |progress| shown.show(progress));
        let outcome = outcome.await?;
        Ok((plan, outcome))
    }
}

/// The first Ctrl-C ends what is being done, and the report follows; the second ends the program.
fn interruptions(console: &Console) -> watch::Receiver<bool> {
    let (tell, hear) = watch::channel(false);
    console.say("Ctrl-C ends the arrivals, and the report follows; Ctrl-C again ends at once.\n");
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await; // no signals here: it ends by itself
        }
        let _ = tell.send(true);
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    hear
}

/// Comes to its end with the first Ctrl-C.
async fn told(mut interrupted: watch::Receiver<bool>) {
    if interrupted.wait_for(|told| *told).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A batch grows by as many as one answer holds comfortably.
const INVITES_AT_ONCE: u32 = 10_000;

/// The names of the curves: who types another one is told all of them.
fn curves() -> impl TypedValueParser<Value = Curve> {
    PossibleValuesParser::new(Curve::ALL.map(Curve::name)).try_map(|name| Curve::parse(&name))
}
