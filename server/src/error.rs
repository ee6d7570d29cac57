//! What can go wrong in a server, and the one place where it becomes an answer.

use crate::config::RETRY_AFTER_SECS;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::media;
use protocol::problem::Problem;
use std::fmt;

/// A failure of the server itself or of what its operator gave it: one sentence saying what is wrong.
#[derive(Debug, Clone)]
pub enum Error {
    /// A store or a file could not be read or written.
    Store(StoreError),
    /// Campaign, keys, log or data directory do not fit.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<protocol::error::Error> for Error {
    fn from(error: protocol::error::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Error {
    /// A failure to do something with a file or folder.
    pub fn io(what: impl fmt::Display, error: std::io::Error) -> Self {
        Self::Refused(format!("{what}: {error}"))
    }

    /// A file of the campaign's folder that is not what it should be.
    pub(crate) fn damaged(what: impl fmt::Display) -> Self {
        Self::Store(StoreError::Corrupt(what.to_string()))
    }

    /// For whoever started the program: one sentence that says what is wrong and what to do. What has no advice of its
    /// own, which always stands behind a semicolon, gets that of its kind.
    pub fn sentence(&self) -> String {
        let said = in_words(&self.to_string());
        let advice = match self {
            _ if said.contains(';') => "",
            Self::Store(StoreError::Corrupt(_)) => {
                "; leave the folder as it is, look whether the disk is sound, and bring back an exact copy"
            }
            _ => "; check the names, the files and who may read and write them, and try again",
        };
        let word = said.split(' ').next().unwrap_or_default();
        let is_name = !word.chars().all(char::is_alphabetic);
        let (first, rest) = said.split_at(said.chars().next().map_or(0, char::len_utf8));
        let first = if is_name { first.to_owned() } else { first.to_uppercase() };
        let end = if rest.ends_with(')') && advice.is_empty() { "" } else { "." };
        format!("{first}{}{advice}{end}", rest.trim_end_matches('.'))
    }
}

/// The system's own words without its numbers, which say nothing to a person.
fn in_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut parts = text.split(" (os error ");
    words.push_str(parts.next().unwrap_or_default());
    for part in parts {
        words.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    words
}

/// A refusal on its way to a client: a problem of the closed set, and nothing that depends on secret state.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    problem: Problem,
    status: u16,
    authenticate: Option<String>,
    detail: Option<String>,
    retry_after_secs: u64,
}

/// What a refusal said, beside the answer that it became: the organisers' page says it in its own way.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    /// The problem.
    pub(crate) problem: Problem,
    /// A sentence of its own, if it has one.
    pub(crate) detail: Option<String>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let authenticate = match problem {
            Problem::InviteUnknown | Problem::Unauthorised => Some("Bearer".to_owned()),
            _ => None,
        };
        Self { problem, status: problem.status(), authenticate, detail: None, retry_after_secs: RETRY_AFTER_SECS }
    }
}

impl From<Error> for Refusal {
    /// The operator reads the reason on standard error; the client hears only that it did not work.
    fn from(error: Error) -> Self {
        crate::tell(&error);
        Problem::Unavailable.into()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl Refusal {
    /// With another status: RFC 9578 wants 422 for a malformed TokenRequest.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// With the challenge that a valid token answers (RFC 9577 §2.1).
    pub(crate) fn with_challenge(self, challenge: &str) -> Self {
        Self { authenticate: Some(challenge.to_owned()), ..self }
    }

    /// With another time to wait.
    pub(crate) fn with_retry_after(self, retry_after_secs: u64) -> Self {
        Self { retry_after_secs, ..self }
    }

    /// With a sentence of its own, for an organiser.
    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The problem.
    pub(crate) fn problem(&self) -> Problem {
        self.problem
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::json!({
            "type": self.problem.urn(),
            "title": self.problem.name(),
            "status": self.status,
            "detail": self.detail.as_deref().unwrap_or(self.problem.advice()),
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media::PROBLEM));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = self.authenticate.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if matches!(self.problem, Problem::RateLimited | Problem::Unavailable) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_secs));
        }
        response.extensions_mut().insert(Refused { problem: self.problem, detail: self.detail });
        response
    }
}
