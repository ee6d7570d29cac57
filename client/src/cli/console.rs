//! The only file that prints or asks. Talk goes to standard output, or to standard error when a program reads along;
//! a question that cannot be asked is an error that names the flag which answers it, never a silent yes.

use crate::cli::secrets::read_file;
use client::error::Error;
use client::place_choice::harmless_lines;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// The terminal, or the program, at the other end.
pub(crate) struct Console {
    json: bool,
    language: Option<String>,
    proxy: Option<String>,
}

impl Console {
    pub(crate) fn new(json: bool, language: Option<String>, proxy: Option<String>) -> Self {
        Self { json, language, proxy }
    }

    /// The language of names and texts, if one was asked for.
    pub(crate) fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// How the commands that are shown go the same road as this one.
    pub(crate) fn road(&self) -> String {
        self.proxy.as_ref().map_or_else(String::new, |proxy| format!(" --proxy {proxy}"))
    }

    /// Talk for a person.
    pub(crate) fn say(&self, text: &str) {
        if self.json { to_err(text) } else { to_out(text) }
    }

    /// Something that a person should know even when output is piped away.
    pub(crate) fn warn(&self, text: &str) {
        to_err(&format!("Careful: {text}"));
    }

    /// A result: the document for a program, the text for a person.
    pub(crate) fn result(&self, document: &Value, text: &str) {
        let _ = self.must_show(document, text); // a reader that went away is no error of ours
    }

    /// What has to be shown before anything goes on.
    pub(crate) fn must_show(&self, document: &Value, text: &str) -> Result<(), Error> {
        let mut out = std::io::stdout();
        let shown = if self.json { writeln!(out, "{document}") } else { writeln!(out, "{text}") };
        let gone = |_| Error::Local("What had to be shown could not be; nothing was sent.".to_owned());
        shown.and_then(|()| out.flush()).map_err(gone)
    }

    /// What went wrong, and what to do now. Whatever a server may have had a part in is made harmless.
    pub(crate) fn failure(&self, what: &Error, then: Option<&str>) {
        let what_text = harmless_lines(&what.to_string());
        to_err(&format!("headcount: {what_text}"));
        if let Some(then) = then {
            to_err(&format!("\n{then}"));
        }
        if self.json {
            let problem = match what {
                Error::Refused { problem, .. } => Some(problem.name()),
                _ => None,
            };
            to_out(&json!({"error": what_text, "problem": problem, "then": then}).to_string());
        }
    }

    /// Demands a yes. `answered` is the flag's own answer, `flag` its name.
    pub(crate) fn confirm(&self, question: &str, flag: &str, answered: bool) -> Result<(), Error> {
        if answered {
            return Ok(());
        }
        let answer = self.line(question, " [yes/no] ", flag)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::Local("Stopped, because the answer was not yes.".to_owned())),
        }
    }

    /// Asks for a line that may be seen.
    pub(crate) fn line(&self, question: &str, end: &str, flag: &str) -> Result<String, Error> {
        if !std::io::stdin().is_terminal() {
            return Err(cannot_ask(question, flag));
        }
        let _ = write!(std::io::stderr(), "{question}{end}");
        let mut answer = String::new();
        match std::io::stdin().read_line(&mut answer) {
            Ok(read) if read > 0 => Ok(answer),
            _ => Err(cannot_ask(question, flag)),
        }
    }

    /// Waits until a person has done something; nobody is waited for where there is no terminal.
    pub(crate) fn pause(&self, until: &str) {
        if std::io::stdin().is_terminal() && !self.json {
            let _ = write!(std::io::stderr(), "{until}: press Enter. ");
            let _ = std::io::stdin().read_line(&mut String::new());
        }
    }

    /// Asks for a secret, without showing what is typed; where there is no terminal, standard input is the answer.
    pub(crate) fn secret(&self, question: &str, flag: &str) -> Result<Zeroizing<String>, Error> {
        if !std::io::stdin().is_terminal() {
            let piped = read_file(Path::new("-"))?;
            return if piped.trim().is_empty() { Err(cannot_ask(question, flag)) } else { Ok(piped) };
        }
        let answer = rpassword::prompt_password(format!("{question} (not shown): "));
        answer.map(Zeroizing::new).map_err(|_| cannot_ask(question, flag))
    }

    /// A progress bar on standard error; none for programs.
    pub(crate) fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        let target = match self.json {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} ({eta})");
        let bar = ProgressBar::with_draw_target(Some(length), target)
            .with_message(what)
            .with_finish(ProgressFinish::AndClear);
        match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    /// A sign of life while something takes a moment.
    pub(crate) fn spinner(&self, what: &'static str) -> ProgressBar {
        let target = match self.json {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let spinner = ProgressBar::with_draw_target(None, target)
            .with_style(ProgressStyle::default_spinner())
            .with_message(what)
            .with_finish(ProgressFinish::AndClear);
        spinner.enable_steady_tick(std::time::Duration::from_millis(200));
        spinner
    }
}

/// A reader that went away is no reason to stop half-way.
fn to_out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn to_err(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn cannot_ask(question: &str, flag: &str) -> Error {
    let question = question.lines().last().unwrap_or_default();
    Error::Local(format!(
        "This needs an answer, and there is no terminal to ask on: {question}. Answer it with {flag}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_cannot_be_asked_is_an_error_that_names_its_flag() {
        let console = Console::new(true, None, None);
        assert_eq!(console.confirm("Sure?", "--yes", true), Ok(()));
        let error = cannot_ask("Long.\nSure?", "--yes").to_string();
        assert!(error.contains("Sure?") && error.contains("--yes") && !error.contains("Long"));
    }
}
