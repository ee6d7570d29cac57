//! `check`: looks whether a campaign's folder is whole.

use server::{Error, check};
use std::path::Path;

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(data: &Path, clock_is_right: bool) -> Result<(), Error> {
    if clock_is_right {
        check::clock_is_right(data)?;
        println!("The server will take the clock as it is.");
        return Ok(());
    }
    for line in check::check(data)? {
        println!("ok  {line}");
    }
    println!("To check every token's signature too: headcount audit {}", data.display());
    Ok(())
}
