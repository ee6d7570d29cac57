//! The Issuer's key pair for token type 0x0002 (RFC 9578 §6), one per campaign and never rotated.

use crate::blind_rsa;
use crate::error::Error;
use crate::issuance::{TokenRequest, TokenResponse};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// SHA-256 of the issuer key's SubjectPublicKeyInfo (RFC 9578 §6.5): 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKeyId(pub(crate) [u8; 32]);

impl TokenKeyId {
    /// The last byte, which is all that a TokenRequest carries (RFC 9578 §6.1).
    pub fn truncated(&self) -> u8 {
        self.0[31]
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The Issuer's public key; having one proves that it passed the checks of DESIGN §2.
#[derive(Clone)]
pub struct IssuerPublicKey {
    pub(crate) rsa: blind_rsa::PublicKey,
    id: TokenKeyId,
}

impl IssuerPublicKey {
    /// Reads and checks a SubjectPublicKeyInfo: 2048 bits exactly, e = 65537, no small factor, canonical bytes.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        Ok(Self::wrap(blind_rsa::PublicKey::from_spki(spki)?))
    }

    fn wrap(rsa: blind_rsa::PublicKey) -> Self {
        let id = TokenKeyId(Sha256::digest(rsa.spki()).into());
        Self { rsa, id }
    }

    /// The SubjectPublicKeyInfo, as it stands in the genesis and in the directory.
    pub fn spki(&self) -> &[u8] {
        self.rsa.spki()
    }

    /// The token key id of every token under this key.
    pub fn token_key_id(&self) -> TokenKeyId {
        self.id
    }
}

impl fmt::Debug for IssuerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerPublicKey({:02x?})", &self.id.0[..4])
    }
}

/// The Issuer's private key. It has no `Debug` and leaves this type only as DER that erases itself.
pub struct IssuerPrivateKey {
    rsa: blind_rsa::PrivateKey,
    public: IssuerPublicKey,
}

impl IssuerPrivateKey {
    /// Makes a key of 2048 bits: takes a fraction of a second to some seconds.
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, Error> {
        Ok(Self::wrap(blind_rsa::PrivateKey::generate(rng)?))
    }

    /// Reads PKCS#8 DER.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Ok(Self::wrap(blind_rsa::PrivateKey::from_der(der)?))
    }

    fn wrap(rsa: blind_rsa::PrivateKey) -> Self {
        let public = IssuerPublicKey::wrap(rsa.public().clone());
        Self { rsa, public }
    }

    /// PKCS#8 DER, for the key file.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.rsa.to_der()
    }

    /// The public half.
    pub fn public(&self) -> &IssuerPublicKey {
        &self.public
    }

    /// BlindSign (RFC 9578 §6.2). The result is the same for the same request, whatever `rng` gives.
    pub fn issue(&self, rng: &mut impl CryptoRng, request: &TokenRequest) -> Result<TokenResponse, Error> {
        request.check(&self.public)?;
        Ok(TokenResponse(self.rsa.blind_sign(rng, &request.blinded_msg)?))
    }
}
