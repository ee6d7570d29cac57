//! Links, phrases and tokens: they come from a file, standard input or a prompt that does not echo; as an argument only
//! with a warning. Where there is no terminal to ask on, what is piped in is the answer to the first question.

use crate::cli::console::Console;
use crate::cli::mistyped;
use clap::Args;
use client::error::{Error, in_words};
use client::typed;
use protocol::invite::InviteLink;
use protocol::phrase::Phrase;
use protocol::token::Token;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// An invite link.
#[derive(Args)]
pub(crate) struct LinkSource {
    /// The invite link, or - for standard input. Other users of this machine can see arguments; without it you are asked.
    #[arg(value_name = "LINK", conflicts_with = "link_file")]
    link: Option<String>,
    /// Read the invite link from a file.
    #[arg(long, value_name = "FILE")]
    link_file: Option<PathBuf>,
}

impl LinkSource {
    /// Reads the link.
    pub(crate) fn read(&self, console: &Console) -> Result<InviteLink, Error> {
        let text = match (self.link.as_deref(), &self.link_file) {
            (Some("-"), _) => read_file(Path::new("-"))?,
            (Some(link), _) => {
                warn_of_argument(console, "the invite link");
                Zeroizing::new(link.to_owned())
            }
            (None, Some(file)) => read_file(file)?,
            (None, None) => console.secret("Your invite link", "--link-file FILE, or - for standard input")?,
        };
        typed::link(&text).map_err(|mistake| Error::Local(mistyped::link(mistake)))
    }

    /// Whether standard input is taken by the link: named so, or because there is nobody to be asked for it.
    pub(crate) fn takes_stdin(&self) -> bool {
        let given = self.link.is_some() || self.link_file.is_some();
        self.link.as_deref() == Some("-") || is_stdin(self.link_file.as_deref()) || (!given && asks_stdin())
    }
}

/// A phrase of twelve words.
#[derive(Args)]
pub(crate) struct PhraseSource {
    /// The twelve words or numbers; other users of this machine can see arguments, so rather use --phrase-file.
    #[arg(long, value_name = "WORDS", conflicts_with = "phrase_file")]
    phrase: Option<String>,
    /// Read the phrase from a file, or from standard input with -.
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
}

impl PhraseSource {
    /// The phrase that was given, if one was.
    pub(crate) fn given(&self, console: &Console) -> Result<Option<Phrase>, Error> {
        let text = match (&self.phrase, &self.phrase_file) {
            (Some(words), _) => {
                warn_of_argument(console, "the phrase");
                Zeroizing::new(words.clone())
            }
            (None, Some(file)) => read_file(file)?,
            (None, None) => return Ok(None),
        };
        parse_phrase(&text).map(Some)
    }

    /// The phrase; asks for it if none was given.
    pub(crate) fn read(&self, console: &Console) -> Result<Phrase, Error> {
        match self.given(console)? {
            Some(phrase) => Ok(phrase),
            None => parse_phrase(&console.secret("Your twelve words or numbers", "--phrase-file FILE")?),
        }
    }

    /// Whether standard input is taken by the phrase, where a new one is made if none is given.
    pub(crate) fn takes_stdin(&self) -> bool {
        is_stdin(self.phrase_file.as_deref())
    }

    /// The same, where it is asked for.
    pub(crate) fn takes_or_asks_stdin(&self) -> bool {
        self.takes_stdin() || (self.phrase.is_none() && self.phrase_file.is_none() && asks_stdin())
    }
}

/// A secret word: a finished token, or the organiser's.
#[derive(Args)]
pub(crate) struct TokenSource {
    /// The token; other users of this machine can see arguments, so rather use --token-file.
    #[arg(long, value_name = "TEXT", conflicts_with = "token_file")]
    token: Option<String>,
    /// Read the token from a file, or from standard input with -.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenSource {
    /// The text of the token; asks for it if none was given.
    pub(crate) fn read(&self, console: &Console, question: &str) -> Result<Zeroizing<String>, Error> {
        match (&self.token, &self.token_file) {
            (Some(token), _) => {
                warn_of_argument(console, "the token");
                Ok(Zeroizing::new(token.clone()))
            }
            (None, Some(file)) => read_file(file),
            (None, None) => console.secret(question, "--token-file FILE"),
        }
    }

    /// Whether standard input is taken by the token: named so, or because there is nobody to be asked for it.
    pub(crate) fn takes_or_asks_stdin(&self) -> bool {
        let given = self.token.is_some() || self.token_file.is_some();
        is_stdin(self.token_file.as_deref()) || (!given && asks_stdin())
    }
}

/// Reads a finished token.
pub(crate) fn parse_token(text: &str) -> Result<Token, Error> {
    typed::token(text).map_err(|mistake| Error::Local(mistyped::token(mistake)))
}

/// Demands that no two secrets are to come from standard input.
pub(crate) fn one_on_stdin(taken: &[bool]) -> Result<(), Error> {
    if taken.iter().filter(|taken| **taken).count() <= 1 {
        return Ok(());
    }
    Err(Error::Local(
        "Only one thing can come from standard input, and where there is no terminal what is not given is read from it \
         too; put the others into files (--link-file, --phrase-file, --token-file)."
            .to_owned(),
    ))
}

/// A text from a file, or from standard input for `-`.
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<String>, Error> {
    let mut text = Zeroizing::new(String::new());
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(INPUT_BYTES_MAX).read_to_string(&mut text))
    };
    match read {
        Ok(read) if read as u64 == INPUT_BYTES_MAX => Err(Error::Local(format!(
            "{} is too large for what it should hold; choose the right file.",
            path.display()
        ))),
        Ok(_) => Ok(text),
        Err(error) if path == Path::new("-") => {
            Err(Error::Local(format!("Standard input cannot be read: {}; check what is piped in.", in_words(&error))))
        }
        Err(error) => Err(Error::file(path, "read", &error)),
    }
}

fn parse_phrase(text: &str) -> Result<Phrase, Error> {
    Phrase::parse(text).map_err(|_| Error::Local(mistyped::phrase(Phrase::mistake(text))))
}

/// Whether a question would be answered by standard input, because it is no terminal.
fn asks_stdin() -> bool {
    !std::io::stdin().is_terminal()
}

fn is_stdin(path: Option<&Path>) -> bool {
    path == Some(Path::new("-"))
}

fn warn_of_argument(console: &Console, what: &str) {
    console.warn(&format!(
        "{what} was an argument; other users of this machine can see it, and the shell keeps it in its history."
    ));
}

/// Enough for the invites of a large rehearsal.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn console() -> Console {
        Console::new(true, None)
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_link_comes_from_an_argument_or_a_file() {
        let link = format!("https://example.org/join#c={}", "a".repeat(52));
        let from = |link: Option<&str>, link_file: Option<PathBuf>| {
            let source = LinkSource { link: link.map(str::to_owned), link_file };
            source.read(&console())
        };
        assert!(from(Some(&link), None).is_ok_and(|link| link.base_url == "https://example.org"));
        let file = file(&format!("{link}\n"));
        assert!(from(None, Some(file.path().to_owned())).is_ok());
        assert!(from(Some("https://example.org"), None).is_err());
        assert!(from(None, Some("/nowhere".into())).is_err());
    }

    #[test]
    fn a_phrase_comes_from_an_argument_or_a_file_and_is_checked() {
        let words = Phrase::from_bytes([5; 16]).words();
        let from = |phrase: Option<&str>, phrase_file: Option<PathBuf>| {
            let source = PhraseSource { phrase: phrase.map(str::to_owned), phrase_file };
            source.given(&console())
        };
        assert!(from(None, None).is_ok_and(|phrase| phrase.is_none()));
        assert!(from(Some(&words), None).is_ok_and(|phrase| phrase == Some(Phrase::from_bytes([5; 16]))));
        let file = file(&Phrase::from_bytes([5; 16]).numbers());
        assert!(from(None, Some(file.path().to_owned())).is_ok_and(|phrase| phrase.is_some()));
        assert!(from(Some("one two three"), None).is_err());
    }

    #[test]
    fn standard_input_gives_one_secret_only() {
        assert!(one_on_stdin(&[true, false]).is_ok() && one_on_stdin(&[]).is_ok());
        assert!(one_on_stdin(&[true, false, true]).is_err());
    }
}
