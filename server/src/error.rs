//! What can go wrong in a server, and the one place where it becomes an answer.

use crate::config::RETRY_AFTER_SECS;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::media;
use protocol::problem::Problem;
use std::fmt;

/// A failure of the server itself or of what its operator gave it: one sentence saying what is wrong.
#[derive(Debug)]
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
        if let Some(value) = self.authenticate.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if matches!(self.problem, Problem::RateLimited | Problem::Unavailable) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_secs));
        }
        response
    }
}
