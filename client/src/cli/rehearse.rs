//! `headcount rehearse`: simulated participants against a server whose campaign is a rehearsal. It is also what
//! `headcount-server demo --simulate N` starts, with the invites on standard input.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::road::Direct;
use crate::cli::secrets::read_file;
use crate::cli::{Failure, Where};
use clap::Args;
use client::campaign::fetch;
use client::participation::Issuer;
use client::rehearsal::{Outcome, Plan, Stage, check_rehearsal, read_invites, rehearse};
use client::transport::Network;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `rehearse`.
#[derive(Args)]
pub(crate) struct Rehearse {
    #[command(flatten)]
    site: Where,
    /// How many take part.
    #[arg(long, value_name = "N")]
    participants: usize,
    /// Invite codes or links, one a line: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    invites: PathBuf,
    /// The most that begin in one second.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// The most that are under way at once.
    #[arg(long, value_name = "N", default_value_t = 16)]
    in_flight: usize,
    /// Decides who chooses which place; the same seed, the same choices.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    direct: Direct,
}

impl Rehearse {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
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
        console.say(&heading(console, &site.campaign));
        let invites = read_invites(&read_file(&self.invites)?, site.campaign.id())?;
        let stage = Arc::new(Stage { network: network.clone(), issuer: Issuer::find(network, &site).await?, site });
        let plan = Plan {
            participants: self.participants,
            rate_per_second: self.rate,
            in_flight_max: self.in_flight,
            seed: self.seed.unwrap_or_else(rand::random),
        };
        let bar = console.bar(self.participants as u64, "taking part");
        let stop = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await; // no signals here: it ends by itself
            }
        };
        let outcome = rehearse(stage, invites, plan, stop, |so_far| {
            bar.set_position(so_far.pledged + so_far.errors());
        });
        let outcome = outcome.await?;
        bar.finish_and_clear();
        report(console, &outcome);
        match outcome.errors() {
            0 => Ok(()),
            _ => Err(Failure::told()),
        }
    }
}

fn report(console: &Console, outcome: &Outcome) {
    let document = json!({
        "participants": outcome.participants,
        "issued": outcome.issued,
        "pledged": outcome.pledged,
        "errors": outcome.errors(),
        "failures": outcome.failures,
    });
    let mut text = format!(
        "{} took part: {} tokens, {} pledges counted, {} errors.",
        outcome.participants,
        outcome.issued,
        outcome.pledged,
        outcome.errors()
    );
    for (reason, count) in &outcome.failures {
        text.push_str(&format!("\n  {count} times: {reason}"));
    }
    console.result(&document, &text);
}
