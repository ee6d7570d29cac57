//! The end of a rehearsal: the next ticks or the close, then the audit, then the receipts against the log. Whatever goes
//! wrong here becomes a fault in the account, so that there is a report all the same.

use super::told;
use crate::cli::clock;
use crate::cli::console::Console;
use client::audit::audit;
use client::error::Error;
use client::log_reader::Source;
use client::organiser::Organiser;
use client::rehearsal::account::{Account, Audited};
use client::rehearsal::ending::{settling_tick, wait_for_close, wait_for_tick};
use client::rehearsal::reckoning::{Moment, reckon};
use client::rehearsal::{Stage, Watch};
use tokio::sync::watch;

/// Brings it to its end, closing the campaign if there is a `closer`.
pub(super) async fn end(
    console: &Console,
    stage: &Stage,
    closer: Option<&Organiser>,
    watch: &Watch,
    interrupted: watch::Receiver<bool>,
    account: &mut Account,
) {
    let waiting = wait(console, stage, closer, watch, account);
    let settled = tokio::select! {
        settled = waiting => settled,
        () = told(interrupted.clone()) => false,
    };
    if closer.is_some() && *interrupted.borrow() {
        let fault = match account.outcome.stopped {
            true => "It was interrupted, so the campaign was not closed.",
            false => "It was interrupted, so nobody waited until the campaign had closed.",
        };
        account.faults.push(fault.to_owned());
    }
    if let Err(error) = recount(console, stage, settled, account).await {
        account.faults.push(format!("The log could not be audited. {}", stage.nameless(&error)));
    }
}

/// Waits for what comes next; whether every pledge has been judged by a tick then.
async fn wait(
    console: &Console,
    stage: &Stage,
    closer: Option<&Organiser>,
    watch: &Watch,
    account: &mut Account,
) -> bool {
    let site = &stage.site;
    let waited = match closer {
        Some(_) if account.outcome.stopped => return false, // a close cannot be taken back
        Some(organiser) => {
            let bar = console.bar(0, "closing");
            let waited = async {
                organiser.close().await?;
                wait_for_close(site, watch, |waited, of| {
                    bar.set_length(of);
                    bar.set_position(waited);
                })
                .await
            };
            waited.await
        }
        None if account.outcome.stopped => return false,
        None if account.tick_seconds > TICK_SECONDS_MAX => {
            account.notes.push("Ticks are long here, so the log was read without waiting for the next.".to_owned());
            return false;
        }
        None => {
            let bar = console.bar(0, "waiting for the next ticks");
            let tick = settling_tick(site, watch.last(), clock::now());
            wait_for_tick(site, watch, tick, |waited, of| {
                bar.set_length(of);
                bar.set_position(waited);
            })
            .await
        }
    };
    if let Err(error) = &waited {
        account.faults.push(stage.nameless(error));
    }
    waited.is_ok()
}

/// Audits the log and holds the receipts against it.
async fn recount(console: &Console, stage: &Stage, settled: bool, account: &mut Account) -> Result<(), Error> {
    let (site, network) = (&stage.site, &stage.network);
    let source = Source::Web(network.reading(&site.origin)?);
    let bar = console.bar(0, "auditing");
    let report = audit(network, &source, Some(site.campaign.id()), clock::now(), |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    let report = report.await?;
    bar.finish_and_clear();
    let moment = match report.closed_at {
        Some(tick) => Moment::Closed(tick),
        None if settled => Moment::Settled,
        None => Moment::Any,
    };
    let (acknowledged, uncertain) = (&account.outcome.acknowledged, &account.outcome.uncertain);
    let reckoning = reckon(&site.campaign, &report.published, moment, acknowledged, uncertain);
    account.faults.extend(reckoning.faults.iter().cloned());
    account.reckoning = Some(reckoning);
    account.audited = Some(Audited::from(&report));
    Ok(())
}

/// Whose ticks are longer is not kept waiting for them.
const TICK_SECONDS_MAX: u32 = 120;
