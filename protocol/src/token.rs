//! Token (RFC 9577 §2.2) and the road from a received one to a proof: open it, then verify it.

use crate::blind_rsa::RSA_BYTES;
use crate::campaign::Campaign;
use crate::challenge::ChallengeDigest;
use crate::codec::Reader;
use crate::error::Error;
use crate::keys::{IssuerPublicKey, TokenKeyId};
use crate::pledge::{Nonce, Pledge};

/// Token type Blind RSA (2048-bit), RFC 9578 §8.2.1.
pub const TOKEN_TYPE: u16 = 0x0002;

/// The signature of a Token: 256 bytes.
pub type Authenticator = [u8; RSA_BYTES];

/// Bytes of a token input: all of a Token but its authenticator.
const INPUT_BYTES: usize = 98;

/// A Token as received or as held; nothing about it is checked yet but its form:
///
/// ```text
/// struct {
///     uint16 token_type = 0x0002;
///     opaque nonce[32];
///     opaque challenge_digest[32];
///     opaque token_key_id[32];
///     opaque authenticator[256];
/// } Token;                                   // 354 bytes
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub(crate) nonce: Nonce,
    pub(crate) challenge_digest: ChallengeDigest,
    pub(crate) token_key_id: TokenKeyId,
    pub(crate) authenticator: Authenticator,
}

impl Token {
    /// Bytes of an encoded Token.
    pub const BYTES: usize = INPUT_BYTES + RSA_BYTES;

    /// Reads exactly 354 bytes of type 0x0002.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "token");
        if reader.u16()? != TOKEN_TYPE {
            return Err(Error::Malformed("token"));
        }
        let token = Self {
            nonce: Nonce(reader.array()?),
            challenge_digest: ChallengeDigest(reader.array()?),
            token_key_id: TokenKeyId(reader.array()?),
            authenticator: reader.array()?,
        };
        reader.finish()?;
        Ok(token)
    }

    /// The 354 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..INPUT_BYTES].copy_from_slice(&token_input(&self.nonce, &self.challenge_digest, &self.token_key_id));
        out[INPUT_BYTES..].copy_from_slice(&self.authenticator);
        out
    }

    /// The nonce.
    pub fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// Whether it is of this campaign's challenge and key; its signature is not looked at.
    pub fn is_of(&self, campaign: &Campaign) -> bool {
        self.challenge_digest == campaign.challenge_digest() && self.token_key_id == campaign.token_key().token_key_id()
    }

    /// Checks the signature alone: that this key signed this token, of whatever challenge.
    pub fn verify_signature(&self, key: &IssuerPublicKey) -> Result<(), Error> {
        if self.token_key_id != key.token_key_id() {
            return Err(Error::WrongCampaign);
        }
        key.rsa.verify(&token_input(&self.nonce, &self.challenge_digest, &self.token_key_id), &self.authenticator)
    }

    /// The cheap half of redeeming: the token is of this campaign's challenge and key, and the pledge opens its nonce.
    ///
    /// Errors: [`Error::WrongCampaign`], then [`Error::PledgeMismatch`].
    pub fn open(self, pledge: Pledge, campaign: &Campaign) -> Result<OpenedToken, Error> {
        if !self.is_of(campaign) {
            return Err(Error::WrongCampaign);
        }
        let region = campaign.places().region_of(pledge.place).ok_or(Error::PledgeMismatch)?;
        if pledge.nonce(region) != self.nonce {
            return Err(Error::PledgeMismatch);
        }
        Ok(OpenedToken { token: self, pledge })
    }
}

/// A Token with the Pledge that opens its nonce. The signature is still unchecked.
pub struct OpenedToken {
    token: Token,
    pledge: Pledge,
}

impl OpenedToken {
    /// The dear half: the RSA signature.
    pub fn verify(self, key: &IssuerPublicKey) -> Result<VerifiedToken, Error> {
        self.token.verify_signature(key)?;
        Ok(VerifiedToken { token: self.token, pledge: self.pledge })
    }
}

/// The proof that a token was issued for this campaign and that the pledge is what it was issued for.
/// The only way to one is [`Token::open`] and [`OpenedToken::verify`]; a store that counts takes nothing less.
pub struct VerifiedToken {
    token: Token,
    pledge: Pledge,
}

impl VerifiedToken {
    /// The key of this pledge in every store.
    pub fn nonce(&self) -> Nonce {
        self.token.nonce
    }

    /// What was pledged.
    pub fn pledge(&self) -> &Pledge {
        &self.pledge
    }

    /// The signature that a published entry repeats.
    pub fn authenticator(&self) -> &Authenticator {
        &self.token.authenticator
    }
}

/// What the authenticator signs (RFC 9577 §2.2): 98 bytes.
pub(crate) fn token_input(nonce: &Nonce, challenge: &ChallengeDigest, key: &TokenKeyId) -> [u8; INPUT_BYTES] {
    let mut out = [0; INPUT_BYTES];
    out[..2].copy_from_slice(&TOKEN_TYPE.to_be_bytes());
    out[2..34].copy_from_slice(&nonce.0);
    out[34..66].copy_from_slice(&challenge.0);
    out[66..].copy_from_slice(&key.0);
    out
}
