//! `headcount join`: the whole way in one sitting. What is shown, asked and sent, and in which order, is decided here
//! and in `approach`; nothing is sent that a question before it could have stopped.

use crate::cli::advice::{Advice, pledge_command, typed};
use crate::cli::approach::{Approach, Participant};
use crate::cli::console::Console;
use crate::cli::interruption::unless_interrupted;
use crate::cli::road::Waiting;
use crate::cli::{Failure, clock};
use clap::Args;
use client::campaign::Site;
use client::error::Error;
use client::participation::{Redeemed, redeem};
use client::place_choice::title;
use client::private_file::PrivateFile;
use client::transport::Network;
use client::typed::token_text;
use protocol::pledge::Pledge;
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
        let keep = self.keep_token.as_deref().map(PrivateFile::at).transpose()?;
        let approach = Approach::make(console, network, &self.participant, "join", Some(&self.waiting)).await?;
        let (token, pledge) = approach.obtain(console, network).await?;
        let kept = keep.map(|keep| keep.write(token_text(&token).as_bytes())); // before any talk
        let site = &approach.site;
        if let Some(Err(error)) = &kept {
            // the token is not lost for that, and the pledge can follow
            console.warn(&format!("{error}\n\n{}", Advice::with_token(network, site, &token).text()));
        }
        console.say("The token is there, and its signature is right.");
        let Some(delay) = approach.delay else {
            let kept = self.keep_token.as_deref().filter(|_| matches!(kept, Some(Ok(()))));
            return show_token_for_later(console, network, site, &token, kept.map(|path| path.display().to_string()));
        };
        let redeemed = pledge_after(console, network, site, (&token, &pledge), delay).await?;
        show_counted(console, network, site, pledge.place, &redeemed);
        if approach.fresh {
            console.say(
                "Now clear this terminal, with what can be scrolled back, and the shell's history if the link or the \
                 phrase was in a command: the phrase is on the screen.",
            );
        }
        Ok(())
    }
}

/// Waits and redeems, over connections of their own; a failure, or Ctrl-C, says how to finish without asking the issuer
/// again.
pub(crate) async fn pledge_after(
    console: &Console,
    network: &Network,
    site: &Site,
    (token, pledge): (&Token, &Pledge),
    delay: u64,
) -> Result<Redeemed, Failure> {
    let with_token = || Advice::with_token(network, site, token);
    let pledging = async {
        Waiting::wait(console, delay).await;
        let spinner = console.spinner("pledging");
        let redeemed = redeem(network, site, token, pledge).await;
        spinner.finish_and_clear();
        redeemed.map_err(|error| {
            let advice = Advice::after_pledge(&error, with_token);
            Failure::then(error, advice)
        })
    };
    unless_interrupted(pledging, "before the server said that the pledge is counted", with_token).await
}

/// A token that was not spent now, and how to use it. `kept` is the file that holds it; otherwise it is shown.
pub(crate) fn show_token_for_later(
    console: &Console,
    network: &Network,
    site: &Site,
    token: &Token,
    kept: Option<String>,
) -> Result<(), Failure> {
    let opens = site.campaign.genesis().pledges_open;
    let text = token_text(token);
    let token_line = match kept {
        Some(_) => String::new(),
        None => format!("Your token; nothing of it is kept here, so save it yourself:\n\n{}\n\n", *text),
    };
    let time = if clock::now() < opens {
        format!("Pledging opens on {}. From then on type", clock::utc(opens))
    } else {
        "Pledging is open; when you want to, and rather not at once, type".to_owned()
    };
    let command = pledge_command(network, site, kept.as_deref().unwrap_or("FILE"));
    let sentence = format!(
        "{token_line}You have the token; it counts only after you pledge with it. {time}\n\n  {command}\n\nand give the \
         phrase when you are asked. Whoever has both the token and the phrase knows what you did. Clear this terminal, \
         and the shell's history if the link was in a command."
    );
    let document = json!({
        "campaign_id": site.campaign.id().to_string(),
        "counted": false,
        "token": kept.is_none().then_some(text.as_str()), // what went to a file is not shown beside it
        "token_file": kept,
        "command": command,
        "pledges_open": opens,
    });
    if kept.is_some() {
        console.result(&document, &sentence);
        return Ok(());
    }
    let shown = console.must_be_seen(&document, &sentence, "Your token cannot be shown where it should be");
    shown.map_err(|error| not_kept(network, site, token, error))
}

/// After a pledge: what happens to it now.
pub(crate) fn show_counted(console: &Console, network: &Network, site: &Site, place: u32, redeemed: &Redeemed) {
    let genesis = site.campaign.genesis();
    let schedule = genesis.schedule();
    let next = schedule.end_of((schedule.last_ended(clock::now()) + 1).max(1));
    let counted = match (redeemed.repeated, redeemed.retried) {
        (true, true) => "Counted (perhaps by the try a moment ago, whose answer was lost); it counts once.",
        (true, false) => "This pledge was counted before; it counts once.",
        (false, _) => "Counted, and the server's receipt is genuine.",
    };
    let sentence = format!(
        "{counted} Your place: {}.\nIt will show in the public numbers at the next tick ({}) or a later one, once at \
         least {} pledges of the place are together; perhaps only when the campaign closes, for its region or the \
         whole; perhaps never.\nNothing was stored on this device but what you told it to. Destroy the phrase, unless \
         you want to look for your entry with\n\n  {}\n",
        title(site.campaign.places(), place, console.language()),
        clock::utc(next),
        genesis.k,
        typed(network, &format!("status {} --campaign {}", site.origin, site.campaign.id())),
    );
    let document = json!({
        "campaign_id": site.campaign.id().to_string(),
        "counted": true,
        "repeated": redeemed.repeated,
        "retried": redeemed.retried,
        "place": place,
    });
    console.result(&document, &sentence);
}

/// After a token that could not be written or shown where it should be: an error that shows it, so that it is not lost.
pub(crate) fn not_kept(network: &Network, site: &Site, token: &Token, error: Error) -> Failure {
    Failure::then(error, Some(Advice::with_token(network, site, token)))
}
