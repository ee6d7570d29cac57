//! The one error of this crate: each is one plain sentence that says what is wrong and what to do.
//! It holds no secret. What it quotes of a server is made harmless where it is shown.

use protocol::problem::Problem;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// Why something was not done. Variants name the culprit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An address that must not be contacted, or a proxy that must not be used.
    Address(String),
    /// No usable answer came. Whether the request arrived is unknown, so to repeat the very same one is right.
    Lost(String),
    /// The server refused, in the words of the protocol.
    Refused {
        /// What it said.
        problem: Problem,
        /// How long it asks to wait, in seconds.
        retry_after_seconds: Option<u64>,
    },
    /// The server did what a working, honest one does not do.
    Misbehaved(String),
    /// An answer to a TokenRequest that is no signature of it. To ask again is of no use and tells the server more.
    NoSignature(String),
    /// What was received breaks a rule of the protocol.
    Protocol(protocol::error::Error),
    /// Something on this device: a file, an input, an answer that is missing.
    Local(String),
    /// This version cannot do it.
    Unsupported(String),
}

impl Error {
    /// Whether the very same request may be tried again at once or after a pause.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Refused { problem: Problem::Unavailable | Problem::RateLimited, .. })
    }

    /// A file that could not be `done` ("read", "made") to.
    pub fn file(path: &Path, done: &str, error: &std::io::Error) -> Self {
        let why = match error.kind() {
            ErrorKind::NotFound => "there is no such file or folder; check the name".to_owned(),
            ErrorKind::PermissionDenied => "this user may not do that; check the permissions".to_owned(),
            ErrorKind::IsADirectory => "it is a folder; name a file".to_owned(),
            ErrorKind::NotADirectory => "a part of its path is no folder; check the name".to_owned(),
            ErrorKind::InvalidData => "it is not a text; choose the right file".to_owned(),
            ErrorKind::AlreadyExists => {
                let path = path.display();
                return Self::Local(format!("{path} exists already and is not overwritten; choose another name."));
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full; make room".to_owned(),
            _ => format!("{}; check its name and the disk", in_words(error)),
        };
        Self::Local(format!("{} cannot be {done}: {why}.", path.display()))
    }
}

/// What the system said, without its number.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default().trim_end_matches('.');
    text.chars().filter(|c| !c.is_control()).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(what) | Self::NoSignature(what) | Self::Local(what) | Self::Unsupported(what) => {
                f.write_str(what)
            }
            Self::Refused { problem, retry_after_seconds: None } => f.write_str(problem.advice()),
            Self::Refused { problem, retry_after_seconds: Some(seconds) } => {
                write!(f, "{} (The server asks to wait {seconds} seconds.)", problem.advice())
            }
            Self::Lost(what) => f.write_str(&advised(what, TRY_AGAIN)),
            Self::Misbehaved(what) => f.write_str(&advised(what, DO_NOT_RELY)),
            Self::Protocol(error) => f.write_str(&advised(&format!("Something does not fit: {error}."), DO_NOT_RELY)),
        }
    }
}

/// A sentence, with the advice of its kind unless it has its own, which always stands behind a semicolon.
fn advised(what: &str, advice: &str) -> String {
    let end = if what.ends_with(['.', ')', ':']) { "" } else { "." };
    let (first, rest) = what.split_at(what.chars().next().map_or(0, char::len_utf8));
    let is_name = !what.split(' ').next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    let first = if is_name { first.to_owned() } else { first.to_uppercase() }; // of names of files nothing changes
    let advice = if what.contains(';') { String::new() } else { format!(" {advice}") };
    format!("{first}{rest}{end}{advice}")
}

const TRY_AGAIN: &str = "Try again; if it stays so, check the address and the network.";
const DO_NOT_RELY: &str = "Check that the address or folder is the right one; if it is, do not rely on it, and tell the \
    organisers by another way than through this server.";

impl std::error::Error for Error {}

impl From<protocol::error::Error> for Error {
    fn from(error: protocol::error::Error) -> Self {
        Self::Protocol(error)
    }
}
