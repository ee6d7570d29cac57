//! The command `headcount-server`: arguments, then the library; nothing else.

mod commands;

use clap::Parser;
use commands::Command;
use protocol::letters::harmless_lines;
use server::Error;
use std::io::Write;
use std::process::ExitCode;

/// Counts heads, not names: the server of an anonymous count of people who say that they will come.
#[derive(Parser)]
#[command(name = "headcount-server", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.exit_code() == 0 => error.exit(), // help was asked for
        Err(error) => {
            say(&usage(&error));
            return ExitCode::from(2);
        }
    };
    match arguments.command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.sentence());
            ExitCode::FAILURE
        }
    }
}

/// Tells an error; what it repeats of a file or an argument steers no terminal. That nobody reads it is no error of its own.
fn say(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "headcount-server: {}", harmless_lines(sentence));
}

/// A command line that cannot be read, in one sentence. Nothing secret is ever typed into one.
fn usage(error: &clap::Error) -> String {
    let text = error.to_string();
    let what: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    Error::Refused(format!("{}; see headcount-server --help", what.trim_start_matches("error: "))).sentence()
}
