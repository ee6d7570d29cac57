//! Vectors: those of the RFCs, and Headcount's own, from which a stranger can write another client.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "vectors/headcount.rs"]
mod headcount;
#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;

use blind_rsa_signatures::{BlindSignature, SecretKeySha384PSSDeterministic};
use data_encoding::HEXLOWER;
use protocol::challenge::TokenChallenge;
use protocol::error::Error;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::keys::{IssuerPrivateKey, IssuerPublicKey};
use protocol::pledge::Nonce;
use protocol::token::Token;
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryCryptoRng, TryRng};
use rsa::{BoxedUint, RsaPrivateKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;

/// A file of vectors of others: members by name, in hexadecimal.
#[derive(Deserialize)]
struct Foreign {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector(BTreeMap<String, String>);

impl Vector {
    fn read(file: &str) -> Vec<Self> {
        serde_json::from_str::<Foreign>(file).unwrap().vectors
    }

    fn bytes(&self, member: &str) -> Vec<u8> {
        HEXLOWER.decode(self.0[member].as_bytes()).unwrap()
    }

    fn array<const N: usize>(&self, member: &str) -> [u8; N] {
        self.bytes(member).try_into().unwrap()
    }

    fn number(&self, member: &str) -> BoxedUint {
        BoxedUint::from_be_slice_vartime(&self.bytes(member))
    }
}

/// A generator that yields given bytes and must not be asked for more.
struct Scripted(VecDeque<u8>);

impl Scripted {
    /// What makes `blind` draw this salt and this blinding factor, which it reads little-endian.
    fn new(salt: &[u8], blind: &[u8]) -> Self {
        Self(salt.iter().chain(blind.iter().rev()).copied().collect())
    }
}

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.0.pop_front().expect("no draw beyond salt and blinding factor"));
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

/// The key of RFC 9474 has 4096 bits and this protocol takes none but 2048, so what is tested is the implementation
/// that [`protocol`] is built on, and that the protocol refuses the key.
#[test]
fn rfc9474_rsabssa_sha384_pss_deterministic() {
    let vectors = Vector::read(include_str!("vectors/rfc9474.json"));
    let [vector] = vectors.as_slice() else {
        panic!("one vector");
    };
    let primes = vec![vector.number("p"), vector.number("q")];
    let key = RsaPrivateKey::from_components(vector.number("n"), vector.number("e"), vector.number("d"), primes);
    let key = SecretKeySha384PSSDeterministic::new(key.unwrap());
    let public = key.public_key().unwrap();
    let message = vector.bytes("msg");

    let n = vector.number("n").to_nz().unwrap();
    let blind = vector.number("inv").invert_mod(&n).unwrap().to_be_bytes();
    let mut rng = Scripted::new(&vector.bytes("salt"), &blind);
    let blinded = public.blind(&mut rng, &message).unwrap();
    assert!(rng.0.is_empty());
    assert_eq!(blinded.blind_message.0, vector.bytes("blinded_msg"));
    assert_eq!(blinded.secret.0, vector.bytes("inv"));

    let mut rng = ChaCha20Rng::seed_from_u64(0);
    let signature = key.blind_sign_with_rng(&mut rng, &blinded.blind_message).unwrap();
    assert_eq!(signature.0, vector.bytes("blind_sig"));
    let given = BlindSignature(vector.bytes("blind_sig"));
    let signature = public.finalize(&given, &blinded, &message).unwrap();
    assert_eq!(signature.0, vector.bytes("sig"));
    public.verify(&signature, None, &message).unwrap();

    let refused = IssuerPublicKey::from_spki(&public.to_spki().unwrap());
    assert_eq!(refused.err(), Some(Error::BadKey("the modulus is not 2048 bits long")));
}

#[test]
fn rfc9578_blind_rsa_of_the_implementation_in_go() {
    let vectors = Vector::read(include_str!("vectors/rfc9578-go.json"));
    assert_eq!(vectors.len(), 5);
    vectors.iter().for_each(issuance_is_reproduced);
}

#[test]
fn rfc9578_blind_rsa_of_the_implementation_in_rust() {
    let vectors = Vector::read(include_str!("vectors/rfc9578-rust.json"));
    assert_eq!(vectors.len(), 5);
    vectors.iter().for_each(issuance_is_reproduced);
}

fn issuance_is_reproduced(vector: &Vector) {
    let issuer = IssuerPrivateKey::from_der(&vector.bytes("private_key")).unwrap();
    let key = IssuerPublicKey::from_spki(&vector.bytes("public_key")).unwrap();
    assert_eq!(issuer.public().spki(), vector.bytes("public_key"));
    assert_eq!(key.spki(), vector.bytes("public_key"));
    assert_eq!(key.token_key_id().as_bytes()[..], Sha256::digest(key.spki())[..]);

    let challenge = TokenChallenge::decode(&vector.bytes("token_challenge")).unwrap();
    assert_eq!(challenge.encode().unwrap(), vector.bytes("token_challenge"));
    let digest = challenge.digest().unwrap();

    let mut rng = Scripted::new(&vector.bytes("salt"), &vector.bytes("blind"));
    let nonce = Nonce::from_bytes(vector.array("nonce"));
    let (request, pending) = TokenRequest::new(&mut rng, &key, digest, nonce).unwrap();
    assert!(rng.0.is_empty());
    assert_eq!(request.encode()[..], vector.bytes("token_request"));

    let theirs = TokenRequest::decode(&vector.bytes("token_request")).unwrap();
    assert_eq!(theirs.encode()[..], vector.bytes("token_request"));
    let response = issuer.issue(&mut ChaCha20Rng::seed_from_u64(0), &theirs).unwrap();
    assert_eq!(response.encode()[..], vector.bytes("token_response"));

    let theirs = TokenResponse::decode(&vector.bytes("token_response")).unwrap();
    let token = pending.finalize(&theirs).unwrap();
    assert_eq!(token.encode()[..], vector.bytes("token"));

    let theirs = Token::decode(&vector.bytes("token")).unwrap();
    assert_eq!(theirs.encode()[..], vector.bytes("token"));
    assert_eq!(theirs.verify_signature(&key), Ok(()));
    assert_eq!(theirs.encode()[34..66], digest.as_bytes()[..]);
    assert_eq!(theirs.encode()[66..98], key.token_key_id().as_bytes()[..]);
    for byte in [2, 40, 353] {
        let mut forged = vector.bytes("token");
        forged[byte] ^= 1;
        let forged = Token::decode(&forged).unwrap().verify_signature(&key);
        assert_eq!(forged, Err(Error::Forged("token")), "byte {byte}");
    }
}
