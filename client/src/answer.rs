//! What a server answered, and what it means: the reading of refusals, for command line and page alike.
//! It quotes nothing of a body but the name of a problem from the closed set.

use crate::error::Error;
use protocol::media;
use protocol::problem::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, within its limit.
    pub body: Vec<u8>,
    /// `Content-Type` as [`essence`] gives it.
    pub media_type: Option<String>,
    /// `WWW-Authenticate`.
    pub www_authenticate: Option<String>,
    /// `Content-Security-Policy`, if there is exactly one.
    pub policy: Option<String>,
    /// Whether a browser would load or follow something that a header of the answer names (`Link`, `Refresh`).
    pub leads_elsewhere: bool,
    /// `ETag`, by which the same document is known again.
    pub tag: Option<String>,
    /// How long it asks to wait, in seconds.
    pub retry_after_seconds: Option<u64>,
    /// Who answered, for sentences.
    pub host: String,
}

impl Answer {
    /// An answer with nothing in its headers but a `Content-Type`.
    pub fn new(status: u16, content_type: Option<&str>, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            media_type: content_type.map(essence),
            www_authenticate: None,
            policy: None,
            leads_elsewhere: false,
            tag: None,
            retry_after_seconds: None,
            host: String::new(),
        }
    }

    /// Demands one of these statuses, and the media type if one is named; anything else is the error that it is.
    pub fn demand(self, statuses: &[u16], media_type: Option<&str>) -> Result<Self, Error> {
        if !statuses.contains(&self.status) {
            return Err(self.refusal());
        }
        if media_type.is_some_and(|wanted| self.media_type.as_deref() != Some(wanted)) {
            return Err(Error::Misbehaved(format!(
                "{} answered with another kind of message than the protocol has here.",
                self.host
            )));
        }
        Ok(self)
    }

    /// What an answer that was not hoped for means.
    pub fn refusal(&self) -> Error {
        #[derive(Deserialize)]
        struct Document {
            r#type: String,
        }
        let problem = (self.media_type.as_deref() == Some(media::PROBLEM))
            .then(|| read_json::<Document>(&self.body))
            .flatten()
            .and_then(|document| Problem::from_urn(&document.r#type));
        let (host, status) = (&self.host, self.status);
        match (problem, status) {
            (Some(problem), _) => Error::Refused { problem, retry_after_seconds: self.retry_after_seconds },
            (None, 300..=399) => Error::Misbehaved(format!(
                "{host} points to another address, and that is not followed; use the campaign's own address."
            )),
            // What a web server in front says when the one behind it is away: nobody knows if the request arrived.
            (None, 500 | 502..=504) => Error::Lost(format!("{host} cannot answer now (status {status}); try again.")),
            (None, 404) => Error::Misbehaved(format!(
                "{host} does not have what a campaign has at this address; check the address."
            )),
            _ => Error::Misbehaved(format!("{host} gave an answer that means nothing here (status {status}).")),
        }
    }
}

/// Reads a body as JSON. It is UTF-8 (RFC 8259 §8.1) also where nobody reads it, so that no two clients see another answer.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
}

/// A media type without its parameters, in lower case.
pub fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_with_bytes_that_are_no_text_is_none() {
        let refused = |title: &[u8]| {
            let body = [&b"{\"title\":\""[..], title, b"\",\"type\":\"urn:headcount:problem:invite-used\"}"].concat();
            matches!(Answer::new(409, Some(media::PROBLEM), body).refusal(), Error::Refused { .. })
        };
        assert!(refused(b"used"));
        assert!(!refused(b"used\xfe\xff"));
    }
}
