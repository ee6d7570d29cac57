//! Issuance of one Token (RFC 9578 §6): TokenRequest → TokenResponse → Token.

use crate::blind_rsa::{BlindSecret, RSA_BYTES};
use crate::challenge::ChallengeDigest;
use crate::codec::Reader;
use crate::error::Error;
use crate::keys::IssuerPublicKey;
use crate::pledge::Nonce;
use crate::token::{TOKEN_TYPE, Token, token_input};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// What the Client sends (RFC 9578 §6.1), 259 bytes, media type [`crate::media::TOKEN_REQUEST`]:
///
/// ```text
/// struct {
///     uint16 token_type = 0x0002;
///     uint8 truncated_token_key_id;
///     uint8 blinded_msg[Nk];
/// } TokenRequest;
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRequest {
    truncated_token_key_id: u8,
    pub(crate) blinded_msg: [u8; RSA_BYTES],
}

/// SHA-256 of a TokenRequest: what the Attester remembers of an invite that was used. 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDigest([u8; 32]);

impl RequestDigest {
    /// A digest as it stands on a disk.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TokenRequest {
    /// Bytes of an encoded TokenRequest.
    pub const BYTES: usize = 3 + RSA_BYTES;

    /// Blinds a token input for `nonce`. `rng` decides the salt and the blinding: a participant's comes from her
    /// phrase and place ([`crate::phrase::Secrets`]), so that the same request can be made again.
    pub fn new(
        rng: &mut impl CryptoRng,
        key: &IssuerPublicKey,
        challenge_digest: ChallengeDigest,
        nonce: Nonce,
    ) -> Result<(Self, PendingToken), Error> {
        let input = token_input(&nonce, &challenge_digest, &key.token_key_id());
        let (blinded_msg, secret) = key.rsa.blind(rng, &input)?;
        let request = Self { truncated_token_key_id: key.token_key_id().truncated(), blinded_msg };
        Ok((request, PendingToken { nonce, challenge_digest, key: key.clone(), secret }))
    }

    /// Reads exactly 259 bytes of type 0x0002.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "token request");
        if reader.u16()? != TOKEN_TYPE {
            return Err(Error::Malformed("token request"));
        }
        let request = Self { truncated_token_key_id: reader.u8()?, blinded_msg: reader.array()? };
        reader.finish()?;
        Ok(request)
    }

    /// The 259 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..2].copy_from_slice(&TOKEN_TYPE.to_be_bytes());
        out[2] = self.truncated_token_key_id;
        out[3..].copy_from_slice(&self.blinded_msg);
        out
    }

    /// Whether this key could answer: the key id's last byte, and 1 < blinded_msg < n − 1.
    pub fn check(&self, key: &IssuerPublicKey) -> Result<(), Error> {
        if self.truncated_token_key_id == key.token_key_id().truncated() && key.rsa.in_range(&self.blinded_msg) {
            Ok(())
        } else {
            Err(Error::Malformed("token request"))
        }
    }

    /// What the Issuer is to sign: big-endian, below the modulus if [`Self::check`] says so.
    pub fn blinded_msg(&self) -> &[u8; RSA_BYTES] {
        &self.blinded_msg
    }

    /// What is remembered of this request.
    pub fn digest(&self) -> RequestDigest {
        RequestDigest(Sha256::digest(self.encode()).into())
    }
}

/// What the Issuer answers (RFC 9578 §6.2): the blind signature, 256 bytes, media type [`crate::media::TOKEN_RESPONSE`].
pub struct TokenResponse(pub(crate) [u8; RSA_BYTES]);

impl TokenResponse {
    /// Bytes of an encoded TokenResponse.
    pub const BYTES: usize = RSA_BYTES;

    /// Reads exactly 256 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self(bytes.try_into().map_err(|_| Error::Malformed("token response"))?))
    }

    /// The 256 bytes.
    pub fn encode(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// What the Client keeps in memory between request and response. It cannot be printed and erases itself.
pub struct PendingToken {
    nonce: Nonce,
    challenge_digest: ChallengeDigest,
    key: IssuerPublicKey,
    secret: BlindSecret,
}

impl PendingToken {
    /// Unblinds and verifies (RFC 9578 §6.3). An error means that the Issuer did not sign the request: discard, tell
    /// the participant, and do not ask again and again.
    pub fn finalize(self, response: &TokenResponse) -> Result<Token, Error> {
        let token_key_id = self.key.token_key_id();
        let input = token_input(&self.nonce, &self.challenge_digest, &token_key_id);
        let authenticator = self.key.rsa.finalize(&response.0, self.secret, &input)?;
        Ok(Token { nonce: self.nonce, challenge_digest: self.challenge_digest, token_key_id, authenticator })
    }
}
