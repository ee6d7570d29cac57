//! The command `headcount-server`: arguments, then the library; nothing else.

use clap::{Parser, Subcommand};
use protocol::phrase::{campaign_numbers, campaign_words};
use server::clock::Clock;
use server::demo::{Demo, Options, refuse_used_folder};
use server::serve::{Running, until_told_to_stop};
use server::{Deployment, Error, check, init};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// Counts heads, not names: the server of an anonymous count of people who say that they will come.
#[derive(Parser)]
#[command(name = "headcount-server", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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

#[tokio::main]
#[allow(clippy::print_stderr, reason = "a command tells its errors there")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.exit_code() == 0 => error.exit(), // help was asked for
        Err(error) => {
            eprintln!("headcount-server: {}", usage(&error));
            return ExitCode::from(2);
        }
    };
    match run(arguments.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headcount-server: {}", error.sentence());
            ExitCode::FAILURE
        }
    }
}

/// A command line that cannot be read, in one sentence. Nothing secret is ever typed into one.
fn usage(error: &clap::Error) -> String {
    let text = error.to_string();
    let what: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    Error::Refused(format!("{}; see headcount-server --help", what.trim_start_matches("error: "))).sentence()
}

async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Init { campaign, data } => make(&campaign, &data),
        Command::Serve { data, listen, organiser_listen, page } => serve(&data, listen, organiser_listen, page).await,
        Command::Demo { listen, organiser_listen, tick, k, invites, simulate, data, page, json } => {
            let options = Options { listen, organiser_listen, tick_seconds: tick, k, invites, simulate, data, page };
            demo(&options, json).await
        }
        Command::Check { data, clock_is_right } => examine(&data, clock_is_right),
    }
}

#[allow(clippy::print_stdout, reason = "a command's answer")]
fn make(campaign: &Path, data: &Path) -> Result<(), Error> {
    let source = init::read_source(campaign)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    init::refuse_past_dates(&source, now)?;
    let made = init::init(source, data)?;
    let id = made.campaign_id;
    println!("The campaign is made in {}.\n", data.display());
    println!("Print this on paper, for participants to compare with what their device shows:");
    println!("  campaign words    {}", campaign_words(id).join(" "));
    println!("  campaign numbers  {}", campaign_numbers(id).map(|number| number.to_string()).join(" "));
    println!("  campaign id       {id}\n");
    println!("The organiser's token, shown only now; keep it apart from this machine:");
    println!("  {}\n", *made.organiser_token);
    println!("Next: headcount-server serve --data {} --listen 127.0.0.1:8080", data.display());
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a command's answer")]
async fn serve(
    data: &Path,
    listen: SocketAddr,
    organiser_listen: SocketAddr,
    page: Option<PathBuf>,
) -> Result<(), Error> {
    let bind = async |address| {
        TcpListener::bind(address).await.map_err(|error| Error::io(format!("cannot listen on {address}"), error))
    };
    let (listener, organiser_listener) = (bind(listen).await?, bind(organiser_listen).await?);
    let (folder, clock) = (data.to_owned(), Clock::system());
    let deployment = tokio::task::spawn_blocking(move || Deployment::open(&folder, clock, page.as_deref()))
        .await
        .map_err(|_| Error::Refused("the campaign could not be opened; try again".to_owned()))??;
    println!("Campaign {}", deployment.campaign().id());
    let running = Running::start(deployment, listener, organiser_listener)?;
    println!("Participants and public: http://{}   Organisers: http://{}", running.address, running.organiser_address);
    println!("Ctrl-C stops it; nothing is lost.");
    until_told_to_stop().await;
    running.stop().await;
    Ok(())
}

async fn demo(options: &Options, json: bool) -> Result<(), Error> {
    if options.tick_seconds == 0 {
        return Err(Error::Refused("a tick must last a second or more; give another --tick".to_owned()));
    }
    if let Some(data) = &options.data {
        refuse_used_folder(data, options)?;
    }
    let demo = Demo::start(options).await?;
    tell_demo(&demo, json);
    until_told_to_stop().await;
    demo.stop().await;
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a command's answer")]
fn tell_demo(demo: &Demo, json: bool) {
    let (url, organiser_url) =
        (format!("http://{}", demo.running.address), format!("http://{}", demo.running.organiser_address));
    let id = demo.running.deployment().campaign().id();
    if json {
        let codes: Vec<&str> =
            demo.invites.iter().filter_map(|link| link.split_once("#i=")?.1.split('&').next()).collect();
        let line = serde_json::json!({
            "url": url, "organiser_url": organiser_url, "organiser_token": demo.organiser_token.as_str(),
            "campaign_id": id.to_string(), "data": demo.data, "invites": codes,
        });
        println!("{line}");
        return;
    }
    println!("\nA rehearsal of Russia 2021 is running: real places, simulated people, ticks of seconds.\n");
    println!("Open in a browser:   {url}/");
    match demo.serves_page {
        true => println!("Take part there:     open one of the invites below"),
        false => {
            println!("Take part:           with the command line; the registration page was not built (make page)")
        }
    }
    println!("Campaign words:      {}\n", campaign_words(id).join(" "));
    println!("Type in another terminal (in target/debug after make demo, else wherever the programs are):");
    println!("  headcount counts {url}");
    println!("  headcount audit {url}");
    println!("  headcount join --place Moscow --direct --now      (asks for one of the invites below)");
    let key = demo.organiser_key.display();
    println!(
        "  headcount organiser announce {url} --organiser-url {organiser_url} --key {key} --text en='We meet at noon'"
    );
    println!("\nOrganiser's token (that command asks for it): {}", *demo.organiser_token);
    println!("\nInvites, one person each:");
    for link in &demo.invites {
        println!("  {}", **link);
    }
    println!("\nThe data lies in {} and Ctrl-C ends it.\n", demo.data.display());
}

#[allow(clippy::print_stdout, reason = "a command's answer")]
fn examine(data: &Path, clock_is_right: bool) -> Result<(), Error> {
    if clock_is_right {
        check::clock_is_right(data)?;
        println!("The server will take the clock as it is.");
        return Ok(());
    }
    for line in check::check(data)? {
        println!("ok  {line}");
    }
    println!("To check every token's signature too: headcount audit {}", data.display());
    Ok(())
}
