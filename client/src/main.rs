//! `headcount`: the library's functions on a command line.
//! It parses, asks and shows; everything else is in the library.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    match cli::read() {
        Ok(arguments) => cli::run(arguments),
        Err(ended) => ended,
    }
}
