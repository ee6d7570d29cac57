//! Signer: the Issuer's private operation (RFC 9474 §4.3, RFC 9578 §6.2) by OpenSSL: constant time, blinded, and three to four
//! times as fast as the pure Rust behind [`IssuerPrivateKey::issue`], which stays the reference and gives the same bytes.
//!
//! It must never let out what the public operation does not take back to the request: one faulty signature beside a good
//! one would factor the modulus.

use crate::error::Error;
use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::keys::{IssuerPrivateKey, IssuerPublicKey};

/// A key that signs. OpenSSL erases its numbers when it is dropped.
pub(crate) struct Signer {
    key: Rsa<Private>,
    check: Rsa<Public>,
    public: IssuerPublicKey,
}

impl Signer {
    /// For a key that was checked; its other copy erases itself.
    pub(crate) fn new(key: &IssuerPrivateKey) -> Result<Self, Error> {
        let signer = (|| {
            let private = PKey::private_key_from_pkcs8(&key.to_der().ok()?).ok()?.rsa().ok()?;
            let of = |number: &BigNumRef| number.to_owned().ok();
            let check = Rsa::from_public_components(of(private.n())?, of(private.e())?).ok()?;
            Some(Self { key: private, check, public: key.public().clone() })
        })();
        signer.ok_or_else(|| Error::damaged("the issuer's key is one that OpenSSL does not take"))
    }

    /// BlindSign. The result is the same for the same request.
    ///
    /// Errors: what [`TokenRequest::check`] refuses, and a machine that computes wrongly.
    pub(crate) fn issue(&self, request: &TokenRequest) -> Result<TokenResponse, Error> {
        request.check(&self.public)?;
        let blinded = request.blinded_msg();
        let faulty = |_: ErrorStack| Error::damaged("OpenSSL could not sign");
        let mut signature = [0; TokenResponse::BYTES];
        self.key.private_encrypt(blinded, &mut signature, Padding::NONE).map_err(faulty)?;
        let mut back = [0; TokenResponse::BYTES];
        self.check.public_encrypt(&signature, &mut back, Padding::NONE).map_err(faulty)?;
        if back != *blinded {
            return Err(Error::damaged("a signature was computed wrongly and thrown away; do not trust this machine"));
        }
        Ok(TokenResponse::decode(&signature)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    fn request(key: &IssuerPrivateKey, blinded: &[u8; 256]) -> TokenRequest {
        let start = [&[0, 2, key.public().token_key_id().truncated()], blinded.as_slice()].concat();
        TokenRequest::decode(&start).unwrap()
    }

    #[test]
    fn both_signers_give_the_same_thousand_answers() {
        let mut rng = StdRng::seed_from_u64(9474);
        let key = IssuerPrivateKey::generate(&mut rng).unwrap();
        let signer = Signer::new(&key).unwrap();
        for _ in 0..1000 {
            let mut blinded = [0; 256];
            rng.fill_bytes(&mut blinded);
            blinded[0] &= 0x7f; // below any modulus
            let request = request(&key, &blinded);
            let (ours, reference) = (signer.issue(&request).unwrap(), key.issue(&mut rng, &request).unwrap());
            assert!(ours.encode() == reference.encode());
        }
    }

    #[test]
    fn both_signers_refuse_and_take_the_same_at_the_edges() {
        let mut rng = StdRng::seed_from_u64(9475);
        let key = IssuerPrivateKey::generate(&mut rng).unwrap();
        let signer = Signer::new(&key).unwrap();
        let spki = key.public().spki();
        let n: [u8; 256] = spki[spki.len() - 261..][..256].try_into().unwrap();
        let (zero, mut one, mut two) = ([0; 256], [0; 256], [0; 256]);
        (one[255], two[255]) = (1, 2);
        let (mut last, mut before) = (n, n);
        last[255] -= 1; // n is odd
        before[255] = before[255].wrapping_sub(2);
        for (blinded, taken) in
            [(zero, false), (one, false), (two, true), (last, false), (n, false), ([0xff; 256], false)]
        {
            let request = request(&key, &blinded);
            let (ours, reference) = (signer.issue(&request), key.issue(&mut rng, &request));
            assert_eq!(ours.is_ok(), taken);
            assert_eq!(reference.is_ok(), taken);
            if let (Ok(ours), Ok(reference)) = (ours, reference) {
                assert!(ours.encode() == reference.encode());
            }
        }
        if before[255] != 0xff {
            let request = request(&key, &before);
            assert!(signer.issue(&request).unwrap().encode() == key.issue(&mut rng, &request).unwrap().encode());
        }
    }

    #[test]
    fn a_signature_that_the_public_operation_does_not_take_back_never_leaves() {
        let mut rng = StdRng::seed_from_u64(9476);
        let (key, other) =
            (IssuerPrivateKey::generate(&mut rng).unwrap(), IssuerPrivateKey::generate(&mut rng).unwrap());
        let mut signer = Signer::new(&key).unwrap();
        signer.key = Signer::new(&other).unwrap().key; // computes something else, as a fault would
        assert!(signer.issue(&request(&key, &[1; 256])).is_err());
    }
}
