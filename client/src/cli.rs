//! The commands of `headcount`, and what all of them share: the road (`--proxy`), the language, and how they end:
//! one sentence on standard error and exit code 1, or 2 for a command line that cannot be read.

use clap::{Args, Parser, Subcommand};
use client::address::BaseUrl;
use client::error::{Error, in_words};
use client::transport::Network;
use client::typed;
use protocol::campaign::CampaignId;
use std::process::ExitCode;

mod advice;
mod announce;
mod approach;
mod auditing;
mod batches;
mod clock;
mod console;
mod delivery;
mod interruption;
mod invite;
mod join;
mod looking;
mod mistyped;
mod organiser;
mod rehearse;
mod road;
mod secrets;
mod sittings;
mod times;
mod usage;

use advice::Advice;
use console::Console;

/// Take part in a Headcount campaign, look at its numbers, check them, or organise one.
#[derive(Parser)]
#[command(name = "headcount", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Shared {
    /// Print results for programs: JSON, one document a line, on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Go through this SOCKS5 proxy and never otherwise: socks5h://127.0.0.1:9050 is Tor, port 9150 Tor Browser's.
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// Pledge through an OHTTP relay (not in this version; use --proxy).
    #[arg(long, global = true, value_name = "URL")]
    relay: Option<String>,
    /// Language of names and texts, such as en or ru.
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Take part: the whole way from an invite to a counted pledge.
    Join(join::Join),
    /// First sitting: turn an invite into a token, and keep the token for later.
    Token(sittings::TokenSitting),
    /// Second sitting: pledge with a token and the phrase that belongs to it.
    Pledge(sittings::PledgeSitting),
    /// Find out from your phrase whether your pledge is published; the whole log is read, so nobody learns whose.
    Status(auditing::Status),
    /// Ask for an invite by e-mail, if the campaign gives them so.
    Invite(invite::InviteAsked),
    /// Show the published numbers.
    Counts(looking::CountsShown),
    /// Recount the public log, and check all that is served beside it.
    Audit(auditing::Audit),
    /// The organiser's commands.
    #[command(subcommand)]
    Organiser(organiser::Organiser),
    /// Let simulated participants take part in a rehearsal.
    Rehearse(rehearse::Rehearse),
}

/// A sentence that ends the program, and what to type next, if something helps.
pub(crate) struct Failure {
    what: Option<Error>,
    then: Option<Advice>,
}

impl Failure {
    /// Adds what to do now, if something helps.
    pub(crate) fn then(what: Error, then: Option<Advice>) -> Self {
        Self { what: Some(what), then }
    }

    /// A failure that the result itself has told already.
    pub(crate) fn told() -> Self {
        Self { what: None, then: None }
    }
}

impl From<Error> for Failure {
    fn from(what: Error) -> Self {
        Self { what: Some(what), then: None }
    }
}

/// Reads the command line. What is wrong with it, or the help that was asked for, is told here.
pub(crate) fn read() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        let Some(sentence) = usage::sentence(&error) else {
            let _ = error.print(); // to standard output
            return ExitCode::SUCCESS;
        };
        if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let _ = error.print(); // what there is to choose from, on standard error
        }
        let json = std::env::args_os().any(|argument| argument == "--json");
        Console::new(json, None).failure(&Error::Local(sentence), None);
        ExitCode::from(2)
    })
}

/// Runs a command to its end.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let Arguments { shared, command } = arguments;
    let console = Console::new(shared.json, shared.lang.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(&console, &shared, command)),
        Err(error) => Err(Error::Local(format!(
            "This system lets no threads be made ({}); close other programs and try again.",
            in_words(&error)
        ))
        .into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure.what {
                Some(what) => console.failure(what, failure.then.as_ref()),
                None => console.not_all_went_well(),
            }
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(console: &Console, shared: &Shared, command: Command) -> Result<(), Failure> {
    let network = network(shared)?;
    match command {
        Command::Join(join) => join.run(console, &network).await,
        Command::Token(sitting) => sitting.run(console, &network).await,
        Command::Pledge(sitting) => sitting.run(console, &network).await,
        Command::Status(status) => status.run(console, &network).await,
        Command::Invite(asked) => asked.run(console, &network).await,
        Command::Counts(counts) => counts.run(console, &network).await,
        Command::Audit(audit) => audit.run(console, &network).await,
        Command::Organiser(organiser) => organiser.run(console, &network).await,
        Command::Rehearse(rehearse) => rehearse.run(console, &network).await,
    }
}

fn network(shared: &Shared) -> Result<Network, Error> {
    if shared.relay.is_some() {
        return Err(Error::Unsupported(
            "This version cannot use relays; go through Tor instead, with --proxy socks5h://127.0.0.1:9050.".to_owned(),
        ));
    }
    match &shared.proxy {
        Some(proxy) => Network::through(proxy),
        None => Ok(Network::direct()),
    }
}

/// Where a campaign is, and which one, as far as it is known.
#[derive(Args)]
pub(crate) struct Where {
    /// Address of the campaign, such as https://HOST; a link that names the campaign is better.
    #[arg(value_name = "URL")]
    url: String,
    /// Id of the campaign, 64 digits and letters, from a poster or another person.
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
}

impl Where {
    /// The address and the id to demand.
    pub(crate) fn read(&self, console: &Console) -> Result<(BaseUrl, Option<CampaignId>), Error> {
        locate(console, &self.url, self.campaign.as_deref())
    }
}

/// Reads an address or a link, with an id or without.
pub(crate) fn locate(
    console: &Console,
    url: &str,
    campaign: Option<&str>,
) -> Result<(BaseUrl, Option<CampaignId>), Error> {
    let given = campaign.map(campaign_id).transpose()?;
    let link = match typed::link(url) {
        Ok(link) => link,
        Err(mistake) if url.contains("/join#") => return Err(Error::Local(mistyped::link(mistake))),
        Err(_) => return Ok((BaseUrl::parse(url)?, given)),
    };
    if given.is_some_and(|given| given != link.campaign) {
        return Err(Error::Local(
            "The link and --campaign name different campaigns; ask which of them is right.".to_owned(),
        ));
    }
    if link.invite.is_some() {
        console.warn(
            "the link holds an invite; other users of this machine can see arguments. The address with --campaign ID \
             does here too.",
        );
    }
    Ok((BaseUrl::parse(&link.base_url)?, Some(link.campaign)))
}

/// Reads a campaign id.
pub(crate) fn campaign_id(text: &str) -> Result<CampaignId, Error> {
    CampaignId::parse(&text.trim().to_lowercase()).map_err(|_| {
        Error::Local("A campaign id has 64 characters, digits and the letters a to f; check it.".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn relays_are_refused_and_never_replaced_by_a_direct_connection() {
        let parse = |words: &[&str]| Arguments::try_parse_from(words).unwrap().shared;
        let counts = ["headcount", "counts", "https://example.org"];
        assert!(network(&parse(&counts)).is_ok_and(|network| network.is_direct()));
        let relay = [&counts[..], &["--relay", "https://relay.example"]].concat();
        assert!(matches!(network(&parse(&relay)), Err(Error::Unsupported(_))));
        let proxy = [&counts[..], &["--proxy", "socks5h://127.0.0.1:9050"]].concat();
        assert!(network(&parse(&proxy)).is_ok_and(|network| !network.is_direct()));
        let local_names = [&counts[..], &["--proxy", "socks5://127.0.0.1:9050"]].concat();
        assert!(network(&parse(&local_names)).is_err());
    }

    #[test]
    fn a_link_or_an_id_pins_the_campaign() {
        let id = "00".repeat(32);
        let link = format!("https://example.org/join#c={}", "a".repeat(52));
        let console = Console::new(true, None);
        let locate = |url: &str, id: Option<&str>| locate(&console, url, id);
        let zero = CampaignId::from_bytes([0; 32]);
        assert_eq!(locate("https://example.org", None).unwrap().1, None);
        assert_eq!(locate("https://example.org", Some(&id)).unwrap().1, Some(zero));
        assert_eq!(locate(&link, None).unwrap().1, Some(zero));
        assert!(locate(&link, Some(&"11".repeat(32))).is_err());
        assert!(locate("https://example.org", Some("11")).is_err());
    }
}
