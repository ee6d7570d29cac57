//! `headcount token` and `headcount pledge`: a participation in two sittings, days apart if one likes. The second never
//! speaks to the issuer, and waits like `join` unless it is told not to: it may follow the first at once.

use crate::cli::approach::{Approach, Participant};
use crate::cli::console::Console;
use crate::cli::join::{not_kept, pledge_after, show_counted, show_token_for_later};
use crate::cli::road::{Direct, Waiting};
use crate::cli::secrets::{PhraseSource, TokenSource, one_on_stdin, parse_token};
use crate::cli::{Failure, Where, clock, times};
use clap::Args;
use client::campaign::{counts, fetch};
use client::error::Error;
use client::participation::place_of;
use client::place_choice::title;
use client::private_file::PrivateFile;
use client::transport::Network;
use client::typed::token_text;
use std::path::PathBuf;

/// Arguments of `token`.
#[derive(Args)]
pub(crate) struct TokenSitting {
    #[command(flatten)]
    participant: Participant,
    /// Write the token to a new file instead of showing it.
    #[arg(long, value_name = "FILE", visible_alias = "keep-token")]
    out: Option<PathBuf>,
}

impl TokenSitting {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let keep = self.out.as_deref().map(PrivateFile::at).transpose()?;
        let approach = Approach::make(console, network, &self.participant, "token", None).await?;
        let (token, _) = approach.obtain(console, network).await?;
        if let Some(keep) = keep {
            let written = keep.write(token_text(&token).as_bytes()); // before any talk
            written.map_err(|error| not_kept(network, &approach.site, &token, error))?;
        }
        console.say("The token is there, and its signature is right.");
        let kept = self.out.as_deref().map(|path| path.display().to_string());
        show_token_for_later(console, network, &approach.site, &token, kept)
    }
}

/// Arguments of `pledge`.
#[derive(Args)]
pub(crate) struct PledgeSitting {
    #[command(flatten)]
    site: Where,
    #[command(flatten)]
    token: TokenSource,
    #[command(flatten)]
    phrase: PhraseSource,
    #[command(flatten)]
    direct: Direct,
    #[command(flatten)]
    waiting: Waiting,
    /// Has no effect here: the token itself pins the campaign, so there is nothing to compare. Taken as in `join`.
    #[arg(long, hide = true)]
    #[allow(dead_code, reason = "read by nobody, so that one set of flags serves both sittings")]
    checked: bool,
}

impl PledgeSitting {
    /// Runs the command. The token itself pins the campaign: it fits no other.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        one_on_stdin(&[self.token.takes_or_asks_stdin(), self.phrase.takes_or_asks_stdin()])?;
        let (base, expected) = self.site.read(console)?;
        let token = parse_token(&self.token.read(console, "Your token")?)?;
        let phrase = self.phrase.read(console)?;
        self.direct.agree(
            console,
            network,
            "now and with the pledge, and can link the pledge to whoever was seen at that address",
        )?;
        let spinner = console.spinner("reading the campaign");
        let site = fetch(network, &base, expected).await?;
        let counts = counts(&site.source, &site.campaign).await?;
        let place = place_of(&site.campaign, &phrase, &token);
        spinner.finish_and_clear();
        let place = place.ok_or_else(|| {
            Error::Local(
                "This token was not made from this phrase for any place of this campaign; check the phrase, the token \
                 and the address."
                    .to_owned(),
            )
        })?;
        let genesis = site.campaign.genesis();
        times::before_pledge(genesis, counts.as_ref(), clock::now())?;
        let name = title(site.campaign.places(), place, console.language());
        console.say(&format!("Pledging for {name} (number {place})."));
        let delay = self.waiting.choose(console, &genesis.schedule(), counts.map(|counts| counts.state))?;
        let pledge = phrase.secrets(site.campaign.id(), place).pledge();
        let redeemed = pledge_after(console, network, &site, (&token, &pledge), delay).await?;
        show_counted(console, network, &site, place, &redeemed);
        Ok(())
    }
}
