//! `raid`: destroys what endangers people, at once, and tells what is done and what is not.

use server::{Error, raid};
use std::path::Path;
use std::time::Instant;

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(data: &Path) -> Result<(), Error> {
    let start = Instant::now();
    raid::raid(data, |line| println!("{:6.2} s  {line}", start.elapsed().as_secs_f64()))?;
    println!(
        "\nNow turn the machine off. Its memory and its swap may still hold keys; and what was deleted can lie on a flash"
    );
    println!(
        "disk, in a journal, a snapshot or an image until it is written over: only an encrypted disk that is off hides it."
    );
    println!("Backups are not destroyed: whoever holds one and its age key has the keys again.");
    println!("What everybody may read is in {}, for any server of files.", data.join("site").display());
    Ok(())
}
