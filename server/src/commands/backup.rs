//! `backup`: writes what a campaign cannot be restored without, encrypted to an age key.

use server::{Error, backup};
use std::path::Path;

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(data: &Path, to: &Path, recipient: &str) -> Result<(), Error> {
    let saved = backup::backup(data, to, recipient)?;
    println!("The backup of campaign {} is in {}, {} files.\n", saved.campaign_id, to.display(), saved.files);
    println!(
        "It holds the private keys, and the invites that were used up to the last tick. Keep it away from this machine,"
    );
    println!("and the age identity away from both. Keep the newest only: two of them show what came between.");
    println!("Destroy it when the campaign has closed: the close cannot reach it.");
    println!("The pledges that wait for a tick are in no backup.");
    Ok(())
}
