//! `headcount invite`: an invite by e-mail, where a campaign gives them. The address is asked for, never an argument, and
//! it is said first who learns of it.

use crate::cli::console::Console;
use crate::cli::road::Direct;
use crate::cli::secrets::read_file;
use crate::cli::{Failure, Where};
use clap::Args;
use client::by_email::{ask, offer};
use client::campaign::fetch;
use client::error::Error;
use client::transport::Network;
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Arguments of `invite`.
#[derive(Args)]
pub(crate) struct InviteAsked {
    #[command(flatten)]
    site: Where,
    /// Have it sent by e-mail; you are asked for the address.
    #[arg(long, required = true)]
    email: bool,
    /// Read the address from a file, or from standard input with -.
    #[arg(long, value_name = "FILE")]
    email_file: Option<PathBuf>,
    #[command(flatten)]
    direct: Direct,
}

impl InviteAsked {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        debug_assert!(self.email, "the only way there is");
        let (base, expected) = self.site.read(console)?;
        console.say(
            "The operator of the campaign and your mail provider will learn that you asked for an invite, and the \
             provider can read the link. They do not learn from it what you do with it. An invite from somebody's hand \
             tells them nothing.",
        );
        self.direct.agree(console, network, "beside the e-mail address")?;
        let site = fetch(network, &base, expected).await?;
        let offer = offer(network, &site).await?;
        let address = self.address(console)?;
        ask(network, &site, &offer, &address).await?;
        console.result(
            &json!({ "asked": true }),
            "Asked. If the address is right, the link comes within some minutes; look among the unwanted mail too. The \
             same address always gets the same invite. Before you use the link, compare the campaign's words with a \
             printed poster: a link by e-mail proves nothing. Use it over another circuit or network than this one.",
        );
        Ok(())
    }

    fn address(&self, console: &Console) -> Result<Zeroizing<String>, Error> {
        let address = match &self.email_file {
            Some(file) => read_file(file)?,
            None if std::io::stdin().is_terminal() => {
                Zeroizing::new(console.line("Your e-mail address:", " ", "--email-file FILE")?)
            }
            None => console.secret("Your e-mail address", "--email-file FILE")?,
        };
        let plain = address.trim();
        if plain.lines().count() != 1 || !plain.contains('@') {
            return Err(Error::Local("That is no e-mail address; give one, such as name@example.org.".to_owned()));
        }
        Ok(address)
    }
}
