//! The one error of this crate: each is one plain sentence that says what is wrong and, where it can, what to do.
//! It holds no secret. What it quotes of a server is made harmless where it is shown.

use protocol::problem::Problem;
use std::fmt;

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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(what)
            | Self::Lost(what)
            | Self::Misbehaved(what)
            | Self::NoSignature(what)
            | Self::Local(what)
            | Self::Unsupported(what) => f.write_str(what),
            Self::Refused { problem, retry_after_seconds: None } => f.write_str(problem.advice()),
            Self::Refused { problem, retry_after_seconds: Some(seconds) } => {
                write!(f, "{} (The server asks to wait {seconds} seconds.)", problem.advice())
            }
            Self::Protocol(error) => write!(f, "Something does not fit: {error}."),
        }
    }
}

impl std::error::Error for Error {}

impl From<protocol::error::Error> for Error {
    fn from(error: protocol::error::Error) -> Self {
        Self::Protocol(error)
    }
}
