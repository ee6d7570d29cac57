//! `headcount organiser batches`, `revoke` and `actions`: what was decided about invites, and by whom. None of it says how
//! many invites were used, which nobody but the server's store knows.

use crate::cli::console::Console;
use crate::cli::organiser::Listener;
use crate::cli::{Failure, clock};
use clap::Args;
use client::error::Error;
use client::organiser::{Action, Batch};
use client::transport::Network;
use protocol::problem::Problem;
use serde_json::json;

/// Arguments of `organiser batches`.
#[derive(Args)]
pub(crate) struct Batches {
    #[command(flatten)]
    listener: Listener,
}

impl Batches {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let batches = self.listener.open(console, network)?.batches().await?;
        let lines: Vec<String> = batches.iter().map(line_of_batch).collect();
        let text =
            if lines.is_empty() { "There are no batches that you may see.".to_owned() } else { lines.join("\n") };
        console.result(&json!({ "batches": batches }), &text);
        Ok(())
    }
}

fn line_of_batch(batch: &Batch) -> String {
    let per_tick = batch.per_tick.map(|most| format!(", at most {most} per tick")).unwrap_or_default();
    let expires = batch.expires.map(|time| format!(", until {}", clock::utc(time))).unwrap_or_default();
    let revoked = if batch.revoked { ", REVOKED" } else { "" };
    format!("{}: {} invites by {}{per_tick}{expires}{revoked}", batch.batch, batch.maximum, batch.maker)
}

/// Arguments of `organiser revoke`.
#[derive(Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    listener: Listener,
    /// Name of the batch.
    #[arg(long, value_name = "NAME")]
    batch: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Revoke {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let organiser = self.listener.open(console, network)?;
        let question = "Every invite of this batch that was not used will be good for nothing, for ever; pledges and \
                        tokens that were had with the others stay. Revoke it?";
        console.confirm(question, "--yes", self.yes)?;
        organiser.revoke(&self.batch).await.map_err(|error| match error {
            Error::Refused { problem: Problem::NotFound, .. } => Error::Local(
                "There is no batch of that name among those that you may see; look at `headcount organiser batches`."
                    .to_owned(),
            ),
            other => other,
        })?;
        console
            .result(&json!({ "batch": self.batch, "revoked": true }), "Revoked: its unused invites open nothing more.");
        Ok(())
    }
}

/// Arguments of `organiser actions`.
#[derive(Args)]
pub(crate) struct Actions {
    #[command(flatten)]
    listener: Listener,
}

impl Actions {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let actions = self.listener.open(console, network)?.actions().await?;
        let lines: Vec<String> = actions.iter().map(line_of_action).collect();
        let text = if lines.is_empty() { "Nothing was done yet.".to_owned() } else { lines.join("\n") };
        console.result(&json!({ "actions": actions }), &text);
        Ok(())
    }
}

fn line_of_action(action: &Action) -> String {
    let batch = action.batch.as_deref().unwrap_or_default();
    let account = action.account.as_deref().unwrap_or_default();
    let (count, number) = (action.count.unwrap_or_default(), action.number.unwrap_or_default());
    let did = match action.did.as_str() {
        "invites-made" => format!("made {count} invites of the batch {batch}"),
        "batch-revoked" => format!("revoked the batch {batch}"),
        "announced" => format!("published announcement {number}"),
        "closed" => "closed the campaign".to_owned(),
        "account-added" => format!("added the account {account}"),
        "account-removed" => format!("removed the account {account}"),
        other => other.to_owned(),
    };
    format!("tick {}: {} {did}", action.tick, action.organiser)
}

/// What a refusal of invites can mean besides what it means elsewhere.
pub(crate) fn not_made(error: Error) -> Error {
    let Error::Refused { problem, .. } = &error else { return error };
    let what = match problem {
        Problem::Closed => {
            "No invites can be made of this: the batch is revoked or has expired, or the campaign issues no more tokens; \
             make another batch, or look at the campaign's dates."
        }
        Problem::Forbidden => {
            "Your organiser's role does not allow this, or another organiser has a batch of this name; choose another name, \
             or ask an organiser whose role does."
        }
        Problem::Malformed => {
            "The server does not make such a batch: it wants a name, a maximum per tick of at least k, an expiry before the \
             close, and for a batch that there is the maximum per tick and the expiry that it was made with; look at \
             `headcount organiser batches`."
        }
        _ => return error,
    };
    Error::Local(what.to_owned())
}

/// Reads until when invites shall be good; it must lie ahead.
pub(crate) fn read_expiry(text: &str, now: u64) -> Result<u64, Error> {
    let time = clock::parse(text).ok_or_else(|| {
        Error::Local("The expiry must look like 2021-04-21, 2021-04-21T16:00Z, or be Unix seconds.".to_owned())
    })?;
    if time < now {
        return Err(Error::Local(format!(
            "The expiry is past (this device's clock says {}), so no invites were made; check date and clock.",
            clock::utc(now - now % 60)
        )));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_lies_ahead() {
        assert_eq!(read_expiry("2030-01-01", 1_800_000_000), Ok(1_893_456_000));
        assert!(read_expiry("1799999999", 1_800_000_000).unwrap_err().to_string().contains("past"));
        assert!(read_expiry("tomorrow", 1_800_000_000).unwrap_err().to_string().contains("look like"));
    }

    #[test]
    fn batches_and_actions_are_told_in_words() {
        let batch = Batch {
            batch: "square".to_owned(),
            maximum: 20,
            per_tick: Some(10),
            expires_tick: Some(3),
            expires: Some(1_893_456_000),
            revoked: true,
            maker: "anna".to_owned(),
        };
        let said = line_of_batch(&batch);
        assert_eq!(said, "square: 20 invites by anna, at most 10 per tick, until 2030-01-01 00:00 UTC, REVOKED");
        let read = |json: &str| line_of_action(&serde_json::from_str(json).unwrap());
        let made = read(r#"{"tick":-2,"organiser":"anna","did":"invites-made","batch":"square","count":20}"#);
        assert_eq!(made, "tick -2: anna made 20 invites of the batch square");
        let added = read(r#"{"tick":7,"organiser":"operator","did":"account-added","account":"anna"}"#);
        assert_eq!(added, "tick 7: operator added the account anna");
        assert_eq!(read(r#"{"tick":1,"organiser":"x","did":"something-new"}"#), "tick 1: x something-new");
    }
}
