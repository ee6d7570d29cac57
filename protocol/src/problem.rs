//! Problem: the closed set of refusals that a peer may hear (RFC 9457, DESIGN §3).

use std::fmt;

/// A refusal. On the wire it is `application/problem+json` with the type `urn:headcount:problem:NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// The message is not what its media type says.
    Malformed,
    /// Another media type than the one that this resource takes.
    UnsupportedMediaType,
    /// More bytes than a message of this kind has.
    TooLarge,
    /// The invite code is missing, mistyped, forged or revoked.
    InviteUnknown,
    /// The organiser's bearer token is missing or wrong.
    Unauthorised,
    /// The invite was used for another TokenRequest.
    InviteUsed,
    /// The batch has reached its maximum, in all or for this tick.
    Exhausted,
    /// The token does not verify, or belongs to another campaign.
    TokenInvalid,
    /// The pledge does not open the token's nonce.
    PledgeMismatch,
    /// The campaign does not take this yet.
    NotOpen,
    /// The campaign does not take this any more.
    Closed,
    /// Too many; try again later.
    RateLimited,
    /// The server cannot do it now; try again later.
    Unavailable,
    /// No such resource.
    NotFound,
    /// The resource does not know this method.
    MethodNotAllowed,
    /// The organiser's role does not allow it.
    Forbidden,
}

impl Problem {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Malformed,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::InviteUnknown,
        Self::Unauthorised,
        Self::InviteUsed,
        Self::Exhausted,
        Self::TokenInvalid,
        Self::PledgeMismatch,
        Self::NotOpen,
        Self::Closed,
        Self::RateLimited,
        Self::Unavailable,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Forbidden,
    ];

    /// The last part of its type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::TooLarge => "too-large",
            Self::InviteUnknown => "invite-unknown",
            Self::Unauthorised => "unauthorised",
            Self::InviteUsed => "invite-used",
            Self::Exhausted => "exhausted",
            Self::TokenInvalid => "token-invalid",
            Self::PledgeMismatch => "pledge-mismatch",
            Self::NotOpen => "not-open",
            Self::Closed => "closed",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Forbidden => "forbidden",
        }
    }

    /// The type, a URN.
    pub fn urn(self) -> String {
        format!("urn:headcount:problem:{}", self.name())
    }

    /// Reads a type back.
    pub fn from_urn(urn: &str) -> Option<Self> {
        let name = urn.strip_prefix("urn:headcount:problem:")?;
        Self::ALL.into_iter().find(|problem| problem.name() == name)
    }

    /// The HTTP status. [`Problem::Malformed`] is 422 at `/token-request` (RFC 9578 §6.2), which its handler knows.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::PledgeMismatch => 400,
            Self::InviteUnknown | Self::Unauthorised | Self::TokenInvalid => 401,
            Self::Exhausted | Self::NotOpen | Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::InviteUsed => 409,
            Self::Closed => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
        }
    }

    /// What is wrong and what to do, in one sentence for a participant or an organiser.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The server could not read the message; check that client and server are of the same version."
            }
            Self::UnsupportedMediaType => {
                "The server does not take this kind of message here; check the address, and that client and server are of the same version."
            }
            Self::TooLarge => "The message is larger than the server takes; check what was sent, and make it smaller.",
            Self::InviteUnknown => {
                "The invite code is not one of this campaign; check each group for a typing mistake, or ask for another."
            }
            Self::Unauthorised => "The organiser's token is missing or wrong; use the one that you were given.",
            Self::InviteUsed => {
                "The invite was used already with another phrase or place; use the phrase and place of the first time, or ask for another invite."
            }
            Self::Exhausted => {
                "No more invites of this batch are given or taken for now; try again after the next tick, or ask for fewer."
            }
            Self::TokenInvalid => {
                "The token is not valid in this campaign; check that it is whole, and that it was made for this campaign."
            }
            Self::PledgeMismatch => {
                "The token was made for another place or phrase; use the phrase that belongs to it."
            }
            Self::NotOpen => "The campaign does not take this yet; look at its dates and come back then.",
            Self::Closed => "The campaign has closed for this; nothing more can be done here.",
            Self::RateLimited => "Too many requests of this kind; wait and try again.",
            Self::Unavailable => "The server cannot do this now; wait and try again.",
            Self::NotFound => "There is nothing at this address; check it.",
            Self::MethodNotAllowed => {
                "This address does not take this kind of request; check the address, and that client and server are of the same version."
            }
            Self::Forbidden => "Your organiser's role does not allow this; ask an organiser whose role does.",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.advice(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_type_of_its_own_that_reads_back() {
        for problem in Problem::ALL {
            assert_eq!(Problem::from_urn(&problem.urn()), Some(problem));
        }
        assert_eq!(Problem::from_urn("urn:headcount:problem:other"), None);
        assert_eq!(Problem::from_urn("malformed"), None);
    }
}
