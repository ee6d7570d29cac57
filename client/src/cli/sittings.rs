//! `headcount token` and `headcount pledge`: a participation in two sittings, days apart if one likes. The second never
//! speaks to the issuer, and waits like `join` unless it is told not to: it may follow the first at once.

use crate::cli::approach::{Approach, Participant};
use crate::cli::console::Console;
use crate::cli::join::{interrupted, pledge_now, show_counted, show_token_for_later};
use crate::cli::road::{Direct, Waiting, seconds_left};
use crate::cli::secrets::{PhraseSource, TokenSource, one_on_stdin, parse_token, token_text};
use crate::cli::{Failure, Where, clock};
use clap::Args;
use client::campaign::{counts, fetch};
use client::error::Error;
use client::participation::place_of;
use client::place_choice::title;
use client::private_file::PrivateFile;
use client::transport::Network;
use protocol::publication::State;
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
        let keep = self.out.as_deref().map(PrivateFile::create).transpose()?;
        let approach = Approach::make(console, network, &self.participant, "token").await?;
        let (token, _) = approach.obtain(console, network).await?;
        let kept = self.out.as_deref().map(|path| path.display().to_string());
        if let Some(keep) = keep {
            let written = keep.write(token_text(&token).as_bytes());
            if let Err(error) = written {
                // the invite is used: the token must not be lost with the file
                show_token_for_later(console, &approach.site, &token, None);
                return Err(error.into());
            }
        }
        show_token_for_later(console, &approach.site, &token, kept.as_deref());
        Ok(())
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
        one_on_stdin(&[self.token.takes_stdin(), self.phrase.takes_stdin()])?;
        let (base, expected) = self.site.read(console)?;
        let token = parse_token(&self.token.read(console, "Your token")?)?;
        let phrase = self.phrase.read(console)?;
        self.direct.agree(console, network)?;
        let spinner = console.spinner("reading the campaign");
        let site = fetch(network, &base, expected).await?;
        let place = place_of(&site.campaign, &phrase, &token);
        spinner.finish_and_clear();
        let place = place.ok_or_else(|| {
            Error::Local(
                "This token was not made from this phrase for any place of this campaign; check the phrase, the token \
                 and the address."
                    .to_owned(),
            )
        })?;
        let (opens, closes) = (site.campaign.genesis().pledges_open, site.campaign.genesis().closes);
        let now = clock::now();
        if now < opens {
            let opens = clock::utc(opens);
            return Err(Error::Local(format!("Pledging opens on {opens}; keep token and phrase until then.")).into());
        }
        if now >= closes {
            let closes = clock::utc(closes);
            return Err(Error::Local(format!("The campaign closed on {closes}; nothing more can be done here.")).into());
        }
        console.say(&format!("Your place: {}.", title(site.campaign.places(), place, console.language())));
        let counts = counts(&site.source, &site.campaign).await?;
        if counts.as_ref().is_some_and(|counts| counts.state == State::Closed) {
            return Err(
                Error::Local("The organisers have closed this campaign; nothing more can be done.".to_owned()).into()
            );
        }
        if !self.waiting.wait(console, seconds_left(&site, counts.as_ref())).await {
            return Err(interrupted(console, &site, &token));
        }
        let pledge = phrase.secrets(site.campaign.id(), place).pledge();
        let redeemed = pledge_now(console, network, &site, &token, &pledge).await?;
        show_counted(console, &site, place, &redeemed);
        Ok(())
    }
}
