//! The `PrivateToken` authentication scheme (RFC 9577 §2): header values as text.

use crate::challenge::TokenChallenge;
use crate::codec::{from_base64, to_base64};
use crate::error::Error;
use crate::keys::IssuerPublicKey;
use crate::token::Token;

/// The value of `WWW-Authenticate` for a challenge (RFC 9577 §2.1.1).
pub fn challenge_header(challenge: &TokenChallenge, key: &IssuerPublicKey) -> Result<String, Error> {
    let challenge = to_base64(&challenge.encode()?);
    Ok(format!("PrivateToken challenge=\"{challenge}\", token-key=\"{}\"", to_base64(key.spki())))
}

/// Reads the `challenge` and `token-key` of a `WWW-Authenticate` value, both as bytes.
pub fn parse_challenge_header(value: &str) -> Result<(TokenChallenge, Vec<u8>), Error> {
    const WHAT: &str = "token challenge header";
    let (mut challenge, mut key) = (None, None);
    for (name, value) in parameters(value, WHAT)? {
        match name {
            "challenge" if challenge.is_none() => challenge = Some(TokenChallenge::decode(&from_base64(value, WHAT)?)?),
            "token-key" if key.is_none() => key = Some(from_base64(value, WHAT)?),
            "challenge" | "token-key" => return Err(Error::Malformed(WHAT)),
            _ => {} // RFC 9577 §2.1.1: unknown parameters are ignored
        }
    }
    challenge.zip(key).ok_or(Error::Malformed(WHAT))
}

/// The value of `Authorization` for a token (RFC 9577 §2.2.1).
pub fn token_header(token: &Token) -> String {
    format!("PrivateToken token=\"{}\"", to_base64(&token.encode()))
}

/// Reads the token of an `Authorization` value. The value may be quoted or not, as clients differ.
pub fn parse_token_header(value: &str) -> Result<Token, Error> {
    const WHAT: &str = "token header";
    let mut token = None;
    for (name, value) in parameters(value, WHAT)? {
        if name != "token" || token.is_some() {
            return Err(Error::Malformed(WHAT));
        }
        token = Some(Token::decode(&from_base64(value, WHAT)?)?);
    }
    token.ok_or(Error::Malformed(WHAT))
}

/// A token of RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The `name=value` pairs behind the scheme's name. No value of this scheme holds a comma or a quote.
fn parameters<'a>(value: &'a str, what: &'static str) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let (scheme, rest) = value.trim().split_once(' ').ok_or(Error::Malformed(what))?;
    if !scheme.eq_ignore_ascii_case("PrivateToken") {
        return Err(Error::Malformed(what));
    }
    rest.split(',')
        .map(|pair| {
            let (name, value) = pair.trim().split_once('=').ok_or(Error::Malformed(what))?;
            let quoted = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
            let value = quoted.unwrap_or(value);
            if is_token(name) && !value.contains(['"', ' ', '\t']) {
                Ok((name, value))
            } else {
                Err(Error::Malformed(what))
            }
        })
        .collect()
}
