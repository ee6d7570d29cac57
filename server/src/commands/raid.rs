//! `raid`: destroys what endangers people, at once, and tells what is done and what is not.

use server::{Error, raid};
use std::io::Write;
use std::path::Path;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

/// A terminal that goes away in the middle, with a connection that is cut, ends nothing: neither by its signal nor
/// because nobody reads.
pub(super) fn run(data: &Path) -> Result<(), Error> {
    let _kept = signal(SignalKind::hangup());
    let say = |line: &str| drop(writeln!(std::io::stdout(), "{line}"));
    let start = Instant::now();
    raid::raid(data, |line| say(&format!("{:6.2} s  {line}", start.elapsed().as_secs_f64())))?;
    say(
        "\nNow turn the machine off. Its memory and its swap may still hold keys; and what was deleted can lie on a flash\n\
         disk, in a journal, a snapshot or an image until it is written over: only an encrypted disk that is off hides it.\n\
         Backups are not destroyed: whoever holds one and its age key has the keys again.\n\
         Nor are the keys of what stands in front: whoever takes Tor's folder or the certificate stands in for the service.",
    );
    say(&format!("What everybody may read is in {}, for any server of files.", data.join("site").display()));
    Ok(())
}
