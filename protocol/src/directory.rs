//! The issuer directory (RFC 9578 §4): where to ask for tokens, and under which key. Here always one key.

use crate::codec::{from_base64, object, to_base64};
use crate::error::Error;
use crate::keys::IssuerPublicKey;
use crate::token::TOKEN_TYPE;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Path of the directory on the issuer.
pub const DIRECTORY_PATH: &str = "/.well-known/private-token-issuer-directory";

/// The directory as JSON. Unknown members are ignored, as RFC 9578 §4 wants of clients.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case", remote = "Self")]
pub struct IssuerDirectory {
    /// Absolute or relative URL that takes TokenRequests.
    pub issuer_request_uri: String,
    /// Keys in order of preference.
    #[serde(deserialize_with = "object::deserialize_list")]
    pub token_keys: Vec<TokenKey>,
}

impl Serialize for IssuerDirectory {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, s) // the derived one
    }
}

impl<'de> Deserialize<'de> for IssuerDirectory {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Members(#[serde(with = "IssuerDirectory")] IssuerDirectory);
        object::Object::<Members>::deserialize(d).map(|object| object.0.0)
    }
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
