//! What can be typed behind `headcount-server`, and what each command says; the work is the library's.

mod backup;
mod check;
mod demo;
mod email;
mod init;
mod install;
mod organiser;
mod raid;
mod restore;
mod serve;

use clap::Subcommand;
use email::EmailOptions;
use server::Error;
use server::demo::Options;
use server::install::Machine;
use server::restore::Sources;
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
        #[arg(long, required_unless_present = "dry_run")]
        data: Option<PathBuf>,
        /// Only say what is wrong with the campaign and what to think about again
        #[arg(long)]
        dry_run: bool,
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
        #[command(flatten)]
        email: EmailOptions,
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
    /// Write what a campaign cannot be restored without, encrypted; the server may run
    Backup {
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
        /// A file that does not exist yet
        #[arg(long)]
        to: PathBuf,
        /// The public key of an age identity that is kept elsewhere, age1...
        #[arg(long)]
        recipient: String,
    },
    /// Make a campaign's folder anew from a backup and the newest public log
    Restore {
        /// The file that backup wrote
        #[arg(long)]
        from: PathBuf,
        /// The file with the age identity
        #[arg(long)]
        identity: PathBuf,
        /// A folder that does not exist yet or is empty
        #[arg(long)]
        data: PathBuf,
        /// A folder with the newest public log: a static site, a mirror, or what headcount audit --keep made
        #[arg(long)]
        log: PathBuf,
        /// Issue tokens again, although invites used since the backup could be used a second time
        #[arg(long)]
        issue_again: bool,
    },
    /// Somebody comes for the machine: destroy at once what endangers people, keep what is public
    Raid {
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
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
    /// Write what a machine needs around the server: systemd's unit, nginx or Caddy in front, Tor
    Install {
        /// The folder for these files
        #[arg(long)]
        to: PathBuf,
        /// The host name of the campaign
        #[arg(long)]
        host: String,
        /// The name of its onion service, once Tor has made one
        #[arg(long)]
        onion: Option<String>,
        /// The system's user for the server
        #[arg(long, default_value = "headcount")]
        user: String,
        /// The campaign's folder on that machine
        #[arg(long, default_value = "/var/lib/headcount/campaign")]
        data: PathBuf,
    },
}

impl Command {
    /// Runs it.
    pub(crate) async fn run(self) -> Result<(), Error> {
        match self {
            Self::Init { campaign, data, dry_run } => init::run(&campaign, data.as_deref(), dry_run),
            Self::Serve { data, listen, organiser_listen, page, email } => {
                serve::run(&data, listen, organiser_listen, page, email).await
            }
            Self::Demo { listen, organiser_listen, tick, k, invites, simulate, data, page, json } => {
                let options =
                    Options { listen, organiser_listen, tick_seconds: tick, k, invites, simulate, data, page };
                demo::run(&options, json).await
            }
            Self::Backup { data, to, recipient } => backup::run(&data, &to, &recipient),
            Self::Restore { from, identity, data, log, issue_again } => {
                restore::run(&Sources { backup: &from, identity: &identity, public: &log }, &data, issue_again)
            }
            Self::Raid { data } => raid::run(&data),
            Self::Organiser(organiser) => organiser.run(),
            Self::Check { data, clock_is_right } => check::run(&data, clock_is_right),
            Self::Install { to, host, onion, user, data } => install::run(&Machine { host, onion, user, data }, &to),
        }
    }
}
