//! `install`: writes what a machine needs around the server, and says what to do with it.

use server::Error;
use server::install::{Machine, install};
use std::io::Write;
use std::path::Path;

pub(super) fn run(machine: &Machine, folder: &Path) -> Result<(), Error> {
    let next = install(machine, folder)?;
    let _ = std::io::stdout().write_all(next.as_bytes()); // whoever does not listen has the files
    Ok(())
}
