//! What can be typed behind `headcount-server`, and what each command says; the work is the library's.

mod check;
mod demo;
mod init;
mod organiser;
mod serve;

use clap::Subcommand;
use server::Error;
use server::demo::Options;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What can be asked for.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a campaign: keys, genesis, log, organiser's token
    Init {
        /// The campaign file
        #[arg(long)]
        campaign: PathBuf,
        /// A folder that does not exist yet or is empty
        #[arg(long)]
        data: PathBuf,
    },
    /// Serve a campaign
    Serve {
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
        /// Where participants and the public reach it
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Where organisers reach it: keep it on loopback, behind a tunnel or an onion service
        #[arg(long, default_value = "127.0.0.1:8081")]
        organiser_listen: SocketAddr,
        /// The folder of a registration page, as make page builds it; without it the one that was given last is served
        #[arg(long)]
        page: Option<PathBuf>,
    },
    /// Try everything on this machine: Russia 2021 as a rehearsal, with simulated participants
    Demo {
        /// Where participants and the public reach it
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Where organisers reach it
        #[arg(long, default_value = "127.0.0.1:8081")]
        organiser_listen: SocketAddr,
        /// Length of a tick in seconds
        #[arg(long, default_value_t = 10)]
        tick: u32,
        /// The least size of a published group
        #[arg(long, default_value_t = 10)]
        k: u32,
        /// Invites to print
        #[arg(long, default_value_t = 20)]
        invites: u32,
        /// Simulated participants
        #[arg(long, default_value_t = 20_000)]
        simulate: u32,
        /// Keep the campaign in this folder instead of a temporary one
        #[arg(long)]
        data: Option<PathBuf>,
        /// The folder of a registration page, as make page builds it
        #[arg(long)]
        page: Option<PathBuf>,
        /// Print one line of JSON once it serves, for programs
        #[arg(long)]
        json: bool,
    },
    /// Organisers' accounts: names, roles, tokens
    #[command(subcommand)]
    Organiser(organiser::Organiser),
    /// Look whether a campaign's folder is whole
    Check {
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
        /// Say that the machine's clock is right although it jumped
        #[arg(long)]
        clock_is_right: bool,
    },
}

impl Command {
    /// Runs it.
    pub(crate) async fn run(self) -> Result<(), Error> {
        match self {
            Self::Init { campaign, data } => init::run(&campaign, &data),
            Self::Serve { data, listen, organiser_listen, page } => {
                serve::run(&data, listen, organiser_listen, page).await
            }
            Self::Demo { listen, organiser_listen, tick, k, invites, simulate, data, page, json } => {
                let options =
                    Options { listen, organiser_listen, tick_seconds: tick, k, invites, simulate, data, page };
                demo::run(&options, json).await
            }
            Self::Organiser(organiser) => organiser.run(),
            Self::Check { data, clock_is_right } => check::run(&data, clock_is_right),
        }
    }
}
