//! `headcount`: the library's functions on a command line.
//! It parses, asks and shows; everything else is in the library.

use clap::Parser;
use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::run(arguments)
}
