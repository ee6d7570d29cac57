//! The issuer directory (RFC 9578 §4): where to ask for tokens, and under which key. Here always one key.

use crate::codec::{from_base64, to_base64};
use crate::error::Error;
use crate::keys::IssuerPublicKey;
use crate::token::TOKEN_TYPE;
use serde::{Deserialize, Serialize};

/// Path of the directory on the issuer.
pub const DIRECTORY_PATH: &str = "/.well-known/private-token-issuer-directory";

/// The directory as JSON. Unknown members are ignored, as RFC 9578 §4 wants of clients.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub struct IssuerDirectory {
    /// Absolute or relative URL that takes TokenRequests.
    pub issuer_request_uri: String,
    /// Keys in order of preference.
    pub token_keys: Vec<TokenKey>,
}

/// One key of a directory.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub struct TokenKey {
    /// The token type of the key.
    pub token_type: u16,
    /// SubjectPublicKeyInfo, base64url with padding.
    pub token_key: String,
}

impl IssuerDirectory {
    /// The directory of an issuer with this one key.
    pub fn new(key: &IssuerPublicKey) -> Self {
        let token_key = TokenKey { token_type: TOKEN_TYPE, token_key: to_base64(key.spki()) };
        Self { issuer_request_uri: "/token-request".to_owned(), token_keys: vec![token_key] }
    }

    /// Demands that the directory offers exactly the key of the genesis and no other: a second key is a tag.
    pub fn check(&self, key: &IssuerPublicKey) -> Result<(), Error> {
        let [only] = self.token_keys.as_slice() else {
            return Err(Error::BadKey("the directory offers another number of keys than one"));
        };
        if only.token_type != TOKEN_TYPE || from_base64(&only.token_key, "issuer directory")? != key.spki() {
            return Err(Error::BadKey("the directory offers another key than the genesis"));
        }
        Ok(())
    }
}
