//! `restore`: makes a campaign's folder anew, and says what nobody knows any more.

use server::Error;
use server::restore::{Sources, restore};
use std::path::Path;

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(sources: &Sources<'_>, data: &Path, issue_again: bool) -> Result<(), Error> {
    println!("Reading the whole log, with every signature ...");
    let restored = restore(sources, data, issue_again)?;
    println!("Campaign {} is restored in {}.\n", restored.campaign_id, data.display());
    println!(
        "It goes on from a log of {} entries with {} pledges; the backup was made at {} entries.",
        restored.head.size, restored.pledges, restored.backup_size
    );
    println!(
        "If anybody has seen more entries than that, do not start it: it would write a second history, and every audit"
    );
    println!("would find that. Look for the newer log and restore from it.\n");
    if restored.closed {
        println!("The campaign has closed: the keys and invites that its close destroyed were not restored.");
    } else {
        println!(
            "Gone are the pledges that were waiting for a tick. Tell everybody whose pledge is not in the log to make it again,"
        );
        println!("with the same phrase: it counts once.");
        println!(
            "Which invites were used since the last tick before the backup, nobody knows. Such an invite could be used once more."
        );
        println!(
            "Accounts that were removed, batches that were revoked and a close that was asked for since the backup are undone:"
        );
        println!(
            "do all of it again before the start, see headcount-server organiser list. Batches made since are unknown, and"
        );
        println!("their invites may count for the next new one: make that small.");
        match issue_again {
            true => println!("You chose to issue tokens again all the same."),
            false => {
                println!(
                    "So tokens are not issued; who has one can pledge. To issue them again remove this file before the start:"
                );
                println!("  {}", data.join("issuing-stopped").display());
            }
        }
    }
    if !restored.page {
        println!("The registration page is not here: give it with --page.");
    }
    println!("What is in the folder belongs to you: give it to the user who serves, or run this as that user.");
    println!("\nNext: headcount-server serve --data {}", data.display());
    Ok(())
}
