//! RSABSSA-SHA384-PSS-Deterministic with 2048-bit keys and e = 65537 (RFC 9474). The only file that names the RSA crates of
//! pure Rust; AWS-LC verifies in `verifier.rs`.
//!
//! It wraps the types of `blind-rsa-signatures` because those print, copy and keep their secrets.

use crate::error::Error;
use blind_rsa_signatures as brs;
use brs::{BlindMessage, BlindSignature, BlindingResult, Secret};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a modulus, a blinded message, a blind signature and an authenticator: Nk of RFC 9578 §6.
pub(crate) const RSA_BYTES: usize = 256;

/// An RSA public key that passed every check of [`PublicKey::from_spki`].
#[derive(Clone)]
pub(crate) struct PublicKey {
    key: brs::PublicKeySha384PSSDeterministic,
    #[cfg(not(target_arch = "wasm32"))]
    verifier: crate::verifier::Verifier,
    modulus: [u8; RSA_BYTES],
    spki: Vec<u8>,
}

impl PublicKey {
    /// Reads an RSASSA-PSS SubjectPublicKeyInfo (RFC 9578 §6.5) and checks what DESIGN §2 demands before
    /// anything is blinded: exactly 2048 bits, e = 65537, n odd and without a prime factor below 2^16,
    /// and that the bytes are the one canonical encoding.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        let key = brs::PublicKeySha384PSSDeterministic::from_spki(spki).map_err(|_| Error::Malformed("issuer key"))?;
        Self::checked(key, Some(spki))
    }

    fn checked(key: brs::PublicKeySha384PSSDeterministic, spki: Option<&[u8]>) -> Result<Self, Error> {
        let components = key.components();
        let n = components.n();
        let significant: &[u8] = &n[n.iter().take_while(|b| **b == 0).count()..];
        let modulus: [u8; RSA_BYTES] =
            significant.try_into().map_err(|_| Error::BadKey("the modulus is not 2048 bits long"))?;
        if modulus[0] & 0x80 == 0 {
            return Err(Error::BadKey("the modulus is not 2048 bits long"));
        }
        let e = components.e();
        if e[e.iter().take_while(|b| **b == 0).count()..] != [1, 0, 1] {
            return Err(Error::BadKey("the exponent is not 65537"));
        }
        if let Some(prime) = small_factor(&modulus) {
            return Err(Error::BadKey(if prime == 2 {
                "the modulus is even"
            } else {
                "the modulus has a small factor"
            }));
        }
        let canonical = key.to_spki().map_err(|_| Error::Malformed("issuer key"))?;
        if spki.is_some_and(|given| given != canonical) {
            return Err(Error::BadKey("the encoding is not the canonical one"));
        }
        Ok(Self {
            key,
            #[cfg(not(target_arch = "wasm32"))]
            verifier: crate::verifier::Verifier::new(&modulus)?,
            modulus,
            spki: canonical,
        })
    }

    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// n, big-endian.
    #[cfg(test)]
    pub(crate) fn modulus(&self) -> &[u8; RSA_BYTES] {
        &self.modulus
    }

    /// Whether 1 < `m` < n − 1, so that no engine's own idea of the edges decides.
    pub(crate) fn in_range(&self, m: &[u8; RSA_BYTES]) -> bool {
        let mut last = self.modulus; // n is odd, so n − 1 only clears the lowest bit
        last[RSA_BYTES - 1] &= 0xfe;
        let mut one = [0; RSA_BYTES];
        one[RSA_BYTES - 1] = 1;
        *m > one && *m < last
    }

    /// RFC 9474 §4.2 Blind. The draws from `rng` are 48 bytes of salt, then the blinding factor below n.
    pub(crate) fn blind(
        &self,
        rng: &mut impl CryptoRng,
        input: &[u8],
    ) -> Result<([u8; RSA_BYTES], BlindSecret), Error> {
        let mut result = self.key.blind(rng, input).map_err(|_| Error::BadKey("it cannot blind"))?;
        let secret = Zeroizing::new(std::mem::take(&mut result.secret.0));
        let blinded = result.blind_message.0.as_slice().try_into().map_err(|_| Error::BadKey("it cannot blind"))?;
        Ok((blinded, BlindSecret(secret)))
    }

    /// RFC 9474 §4.4 Finalize, which verifies: an error means that the issuer did not sign what was asked.
    pub(crate) fn finalize(
        &self,
        blind_signature: &[u8; RSA_BYTES],
        secret: BlindSecret,
        input: &[u8],
    ) -> Result<[u8; RSA_BYTES], Error> {
        let mut result = BlindingResult {
            blind_message: BlindMessage(Vec::new()),
            secret: Secret(secret.0.to_vec()),
            msg_randomizer: None,
        };
        let signature = self.key.finalize(&BlindSignature(blind_signature.to_vec()), &result, input);
        result.secret.0.zeroize();
        let signature = signature.map_err(|_| Error::Forged("token"))?;
        signature.0.as_slice().try_into().map_err(|_| Error::Forged("token"))
    }

    /// RSASSA-PSS-VERIFY with SHA-384, MGF1-SHA-384 and a salt of 48 bytes.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn verify(&self, input: &[u8], signature: &[u8; RSA_BYTES]) -> Result<(), Error> {
        self.verifier.verify(input, signature)
    }

    /// The same, by the reference, which is all that the registration page has.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn verify(&self, input: &[u8], signature: &[u8; RSA_BYTES]) -> Result<(), Error> {
        self.verify_by_reference(input, signature)
    }

    /// What [`Self::verify`] must agree with.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn verify_by_reference(&self, input: &[u8], signature: &[u8; RSA_BYTES]) -> Result<(), Error> {
        self.key.verify(&brs::Signature(signature.to_vec()), None, input).map_err(|_| Error::Forged("token"))
    }
}

/// What unblinds one blind signature: erased when dropped, and not printable.
pub(crate) struct BlindSecret(Zeroizing<Vec<u8>>);

/// An RSA private key; `rsa` erases its numbers on drop (all but two Montgomery tables, see SECURITY.md).
pub(crate) struct PrivateKey {
    key: brs::SecretKeySha384PSSDeterministic,
    public: PublicKey,
}

impl PrivateKey {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let pair = brs::KeyPairSha384PSSDeterministic::generate(rng, RSA_BYTES * 8)
            .map_err(|_| Error::BadKey("it could not be generated"))?;
        Self::checked(pair.sk)
    }

    /// Reads PKCS#8 DER.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Error> {
        let key =
            brs::SecretKeySha384PSSDeterministic::from_der(der).map_err(|_| Error::Malformed("issuer private key"))?;
        let key = Self::checked(key)?;
        // the library mends some damaged numbers in silence: whatever is not as it was written is refused
        if key.to_der()?.as_slice() == der { Ok(key) } else { Err(Error::Malformed("issuer private key")) }
    }

    fn checked(key: brs::SecretKeySha384PSSDeterministic) -> Result<Self, Error> {
        let public = key.public_key().map_err(|_| Error::Malformed("issuer private key"))?;
        Ok(Self { public: PublicKey::checked(public, None)?, key })
    }

    /// PKCS#8 DER.
    pub(crate) fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(Zeroizing::new(self.key.to_der().map_err(|_| Error::Malformed("issuer private key"))?))
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// RFC 9474 §4.3 BlindSign, with base blinding from `rng` and the check of the result that stops fault attacks.
    pub(crate) fn blind_sign(
        &self,
        rng: &mut impl CryptoRng,
        blinded: &[u8; RSA_BYTES],
    ) -> Result<[u8; RSA_BYTES], Error> {
        if !self.public.in_range(blinded) {
            return Err(Error::Malformed("blinded message"));
        }
        let signature = self.key.blind_sign_with_rng(rng, blinded).map_err(|_| Error::Malformed("blinded message"))?;
        signature.0.as_slice().try_into().map_err(|_| Error::Malformed("blind signature"))
    }
}

/// The smallest prime below 2^16 that divides the big-endian number, if there is one.
fn small_factor(n: &[u8]) -> Option<u32> {
    // four bytes at a time: whoever reads a campaign waits for this
    let limb = |bytes: &[u8]| bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    let limbs: Vec<u64> = n.rchunks(4).rev().map(limb).collect();
    let mut composite = vec![false; 1 << 16];
    for p in 2..1u32 << 16 {
        if composite[p as usize] {
            continue;
        }
        let mut multiple = p * p.min(1 << 8);
        while multiple < 1 << 16 {
            composite[multiple as usize] = true;
            multiple += p;
        }
        if limbs.iter().fold(0, |rest, limb| (rest << 32 | limb) % u64::from(p)) == 0 {
            return Some(p);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_factors_are_found_up_to_the_last_prime_below_two_to_the_sixteen() {
        assert_eq!(small_factor(&[12]), Some(2));
        assert_eq!(small_factor(&65521u32.to_be_bytes()), Some(65521));
        assert_eq!(small_factor(&(65521u64 * 65521).to_be_bytes()), Some(65521));
        assert_eq!(small_factor(&(65537u64 * 65539).to_be_bytes()), None);
    }
}
