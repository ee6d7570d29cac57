//! The only file that prints or asks. Talk goes to standard output, or to standard error when a program reads along;
//! a question that cannot be asked is an error that names the flag which answers it, never a silent yes.
//! Nothing reaches a terminal that could steer it, and an output that went away stops nothing but what must be seen.

use crate::cli::advice::Advice;
use crate::cli::secrets::read_file;
use client::error::{Error, in_words};
use client::place_choice::{harmless_json, harmless_lines};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// The terminal, or the program, at the other end.
pub(crate) struct Console {
    json: bool,
    language: Option<String>,
}

impl Console {
    pub(crate) fn new(json: bool, language: Option<String>) -> Self {
        Self { json, language }
    }

    /// The language of names and texts, if one was asked for.
    pub(crate) fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// Talk for a person.
    pub(crate) fn say(&self, text: &str) {
        let _ = if self.json { write(std::io::stderr(), text) } else { write(std::io::stdout(), text) };
    }

    /// Something that a person should know even when output is piped away.
    pub(crate) fn warn(&self, text: &str) {
        let _ = write(std::io::stderr(), &format!("Careful: {text}"));
    }

    /// A result: the document for a program, the text for a person. A reader that went away is no error of ours.
    pub(crate) fn result(&self, document: &Value, text: &str) {
        let _ = self.show(document, text);
    }

    /// The same, for what must be seen: it is an error if it cannot be. `what` says what that means.
    pub(crate) fn must_be_seen(&self, document: &Value, text: &str, what: &str) -> Result<(), Error> {
        self.show(document, text)
            .map_err(|error| Error::Local(format!("{what} ({}); check where the output goes.", in_words(&error))))
    }

    fn show(&self, document: &Value, text: &str) -> std::io::Result<()> {
        match self.json {
            true => write_raw(std::io::stdout(), &harmless_json(&Zeroizing::new(document.to_string()))),
            false => write(std::io::stdout(), text),
        }
    }

    /// What went wrong, and what to do now.
    pub(crate) fn failure(&self, what: &Error, then: Option<&Advice>) {
        let _ = write(std::io::stderr(), &format!("headcount: {what}"));
        if let Some(then) = then {
            let _ = write(std::io::stderr(), &format!("\n{}", then.text()));
        }
        if self.json {
            let problem = match what {
                Error::Refused { problem, .. } => Some(problem.name()),
                _ => None,
            };
            let document = json!({"error": what.to_string(), "problem": problem, "finish": then.map(Advice::document)});
            let _ = self.show(&document, "");
        }
    }

    /// What a result itself has told already.
    pub(crate) fn not_all_went_well(&self) {
        let sentence =
            "Not everything went well; look at the errors in the report above, mend what they name, and try again.";
        let _ = write(std::io::stderr(), &format!("headcount: {sentence}"));
    }

    /// Demands a yes. `answered` is the flag's own answer, `flag` its name.
    pub(crate) fn confirm(&self, question: &str, flag: &str, answered: bool) -> Result<(), Error> {
        if answered {
            return Ok(());
        }
        let answer = self.line(question, " [yes/no] ", flag)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => {
                Err(Error::Local("Stopped, because the answer was not yes; run it again when you are sure.".to_owned()))
            }
        }
    }

    /// Waits until a person has done something, where there is one.
    pub(crate) fn pause(&self, request: &str) -> Result<(), Error> {
        if self.json || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        self.line(request, " ", "").map(|_| ())
    }

    /// Asks for a line that may be seen.
    pub(crate) fn line(&self, question: &str, end: &str, flag: &str) -> Result<String, Error> {
        if !std::io::stdin().is_terminal() {
            return Err(cannot_ask(question, flag));
        }
        let mut screen = std::io::stderr();
        let _ = write!(screen, "{}{end}", harmless_lines(question)).and_then(|()| screen.flush());
        let mut answer = String::new();
        match std::io::stdin().read_line(&mut answer) {
            Ok(read) if read > 0 => Ok(answer),
            _ => Err(Error::Local(
                "Stopped, because there was no answer; run it again when you can give one.".to_owned(),
            )),
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

/// Text for a terminal: whatever a server or an error put into it, it steers nothing there.
fn write(to: impl Write, text: &str) -> std::io::Result<()> {
    write_raw(to, &Zeroizing::new(harmless_lines(text)))
}

/// `println!` would panic where the reader has gone away.
fn write_raw(mut to: impl Write, text: &str) -> std::io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

fn cannot_ask(question: &str, flag: &str) -> Error {
    let question = question.lines().last().unwrap_or_default();
    let stop = if question.ends_with(['?', '.']) { "" } else { "." };
    Error::Local(format!(
        "This needs an answer, and there is no terminal to ask on: {question}{stop} Answer it with {flag}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_cannot_be_asked_is_an_error_that_names_its_flag() {
        let console = Console::new(true, None);
        assert_eq!(console.confirm("Sure?", "--yes", true), Ok(()));
        let error = cannot_ask("Long.\nSure?", "--yes").to_string();
        assert!(error.contains("Sure?") && error.contains("--yes") && !error.contains("Long"));
        assert!(cannot_ask("Your invite link", "--link-file FILE").to_string().contains("link. Answer it with --link"));
    }

    #[test]
    fn nothing_that_is_written_steers_a_terminal() {
        let mut shown = Vec::new();
        write(&mut shown, "a\u{1b}]0;x\u{7}\nb\u{2028}c").unwrap();
        assert_eq!(shown, b"a ]0;x \nb c\n");
    }
}
