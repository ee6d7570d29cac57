//! `headcount join`: the whole way in one sitting. What is shown, asked and sent, and in which order, is decided here
//! and in `approach`; nothing is sent that a question before it could have stopped.

use crate::cli::approach::{Approach, Participant};
use crate::cli::console::Console;
use crate::cli::road::{Waiting, seconds_left};
use crate::cli::secrets::token_text;
use crate::cli::{Failure, clock};
use clap::Args;
use client::campaign::Site;
use client::error::Error;
use client::participation::{Redeemed, redeem};
use client::place_choice::title;
use client::private_file::PrivateFile;
use client::transport::Network;
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::token::Token;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `join`.
#[derive(Args)]
pub(crate) struct Join {
    #[command(flatten)]
    participant: Participant,
    #[command(flatten)]
    waiting: Waiting,
    /// Keep the finished token in a new file, in case the pledge does not get through.
    #[arg(long, value_name = "FILE")]
    keep_token: Option<PathBuf>,
}

impl Join {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let keep = self.keep_token.as_deref().map(PrivateFile::create).transpose()?;
        let approach = Approach::make(console, network, &self.participant, "join").await?;
        let (token, pledge) = approach.obtain(console, network).await?;
        if let Some(keep) = keep {
            match keep.write(token_text(&token).as_bytes()) {
                Ok(()) => console.say("The token is in the file that you named."),
                Err(error) => console.warn(&format!("{error} The pledge goes on without the file.")),
            }
        }
        let site = &approach.site;
        if clock::now() < site.campaign.genesis().pledges_open {
            let kept = self.keep_token.as_deref().map(|path| path.display().to_string());
            show_token_for_later(console, site, &token, kept.as_deref());
            return Ok(());
        }
        if !self.waiting.wait(console, seconds_left(site, approach.counts.as_ref())).await {
            return Err(interrupted(console, site, &token));
        }
        let redeemed = pledge_now(console, network, site, &token, &pledge).await?;
        show_counted(console, site, pledge.place, &redeemed);
        Ok(())
    }
}

/// Redeems over connections of their own; a failure says how to finish without asking the issuer again.
pub(crate) async fn pledge_now(
    console: &Console,
    network: &Network,
    site: &Site,
    token: &Token,
    pledge: &Pledge,
) -> Result<Redeemed, Failure> {
    let spinner = console.spinner("pledging");
    let redeemed = redeem(network, site, token, pledge).await;
    spinner.finish_and_clear();
    redeemed.map_err(|error| match error {
        // Nothing would make it go better another time.
        Error::Protocol(_)
        | Error::Refused { problem: Problem::Closed | Problem::TokenInvalid | Problem::PledgeMismatch, .. } => {
            error.into()
        }
        _ => Failure::then(error, token_advice(console, site, &token_text(token))),
    })
}

/// After Ctrl-C while waiting: the token is not spent, and this is how it will be.
pub(crate) fn interrupted(console: &Console, site: &Site, token: &Token) -> Failure {
    let stopped = Error::Local("Stopped before the pledge; nothing is counted yet.".to_owned());
    Failure::then(stopped, token_advice(console, site, &token_text(token)))
}

/// After a token that could not be spent: how to spend it without asking the issuer again, which would tell it when.
fn token_advice(console: &Console, site: &Site, token: &str) -> String {
    format!(
        "The token was not spent, or the answer was lost; to repeat is safe and counts once. Save this token in a \
         file:\n\n{token}\n\nand type\n\n  headcount pledge {} --token-file FILE{}\n\nwith the same phrase. If the token \
         is lost too, `headcount join` with the same phrase, place and invite gets it again, but tells the issuer that \
         you pledge just then.",
        site.origin,
        console.road()
    )
}

/// Before pledging opens: the token, and how to use it.
pub(crate) fn show_token_for_later(console: &Console, site: &Site, token: &Token, kept: Option<&str>) {
    let opens = site.campaign.genesis().pledges_open;
    let text = token_text(token);
    let (token_line, source) = match kept {
        Some(path) => (String::new(), path),
        None => (format!("Your token; nothing of it is kept here, so save it yourself:\n\n{}\n\n", *text), "FILE"),
    };
    let time = if clock::now() < opens {
        format!("Pledging opens on {}. From then on type", clock::utc(opens))
    } else {
        "Pledging is open; when you want to, and rather not at once, type".to_owned()
    };
    let sentence = format!(
        "{token_line}You have the token; it counts only after you pledge with it. {time}\n\n  headcount pledge {} \
         --token-file {source}{}\n\nand give the phrase when you are asked. Whoever has both the token and the phrase \
         knows what you did.",
        site.origin,
        console.road()
    );
    let document = json!({
        "campaign_id": site.campaign.id().to_string(),
        "counted": false,
        "token": kept.is_none().then_some(text.as_str()),
        "pledges_open": opens,
    });
    console.result(&document, &sentence);
}

/// After a pledge: what happens to it now.
pub(crate) fn show_counted(console: &Console, site: &Site, place: u32, redeemed: &Redeemed) {
    let genesis = site.campaign.genesis();
    let schedule = genesis.schedule();
    let next = schedule.end_of((schedule.last_ended(clock::now()) + 1).max(1));
    let counted = match redeemed.repeated {
        true => "Counted, perhaps by a try before this one; it counts once.",
        false => "Counted, and the server's receipt is genuine.",
    };
    let sentence = format!(
        "{counted} Your place: {}.\nIt will show in the public numbers at the next tick ({}) or a later one, once at \
         least {} pledges of the place are together; perhaps only when the campaign closes, for its region or the \
         whole; perhaps never.\nThis program stored nothing but what you told it to; your terminal may still show the phrase, and your shell \
         may remember a link that you typed: clear both. Destroy the phrase, unless \
         you want to look for your entry with `headcount status`.",
        title(site.campaign.places(), place, console.language()),
        clock::utc(next),
        genesis.k
    );
    let document = json!({
        "campaign_id": site.campaign.id().to_string(),
        "counted": true,
        "repeated": redeemed.repeated,
        "place": place,
    });
    console.result(&document, &sentence);
}
