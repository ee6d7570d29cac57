//! The one error of this crate. Variants name what is wrong with the input, never what it contained.

use std::fmt;

/// Why something was not accepted. It holds no byte of what was refused, so it can be shown and logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes or the text are not a whole, exact encoding of the named thing.
    Malformed(&'static str),
    /// An issuer key that fails a check of RFC 9578 §6 or of DESIGN §2: the reason.
    BadKey(&'static str),
    /// A signature or a MAC over the named thing does not verify.
    Forged(&'static str),
    /// A token for another challenge or another key than this campaign's.
    WrongCampaign,
    /// The opening does not give the nonce of the token, or names a place that does not exist.
    PledgeMismatch,
    /// A campaign file or a genesis that breaks a rule: the rule, in a sentence.
    Campaign(String),
    /// A manifest of the registration bundle that is none, or lists what no page has: why.
    Manifest(&'static str),
    /// A log that breaks the rule of publication or of order: the rule, in a sentence.
    Audit(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "malformed {what}"),
            Self::BadKey(why) => write!(f, "the issuer key is not acceptable: {why}"),
            Self::Forged(what) => write!(f, "the signature of the {what} does not verify"),
            Self::Manifest(why) => write!(f, "the manifest of the page is not acceptable: {why}"),
            Self::WrongCampaign => write!(f, "the token belongs to another campaign"),
            Self::PledgeMismatch => write!(f, "the pledge does not open the token's nonce"),
            Self::Campaign(why) | Self::Audit(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Error {}
