//! The peers: what other implementations do in the same run. Each checks its own answers, as ours do.

use crate::clocks::{Took, alone};
use crate::fixture::Made;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA384};
use axum::http::HeaderValue;
use privacypass::auth::authenticate::TokenChallenge;
use privacypass::auth::authorize::parse_authorization_header;
use privacypass::public_tokens::server::{IssuerServer, OriginKeyStore, OriginServer};
use privacypass::public_tokens::{
    PublicKey, PublicToken, TokenRequest, TokenResponse, TokenState, public_key_to_truncated_token_key_id,
};
use privacypass::test_utils::nonce_store::MemoryNonceStore;
use privacypass::test_utils::public_memory_store::{IssuerMemoryKeyStore, OriginMemoryKeyStore};
use privacypass::{Deserialize, Serialize, TokenType};
use protocol::keys::IssuerPublicKey;
use protocol::token::Token;
use std::collections::HashSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{Seek, Write};
use std::process::Command;
use tempfile::TempDir;
use tokio::runtime::Builder;

/// What the command `openssl speed rsa2048` says, per second of processor time.
pub(crate) struct Speed {
    pub(crate) sign: f64,
    pub(crate) verify: f64,
}

/// Lets OpenSSL measure itself for two seconds.
pub(crate) fn openssl_speed() -> Speed {
    let output = Command::new("openssl").args(["speed", "-mr", "-seconds", "1", "rsa2048"]).output();
    let output = output.expect("the command openssl is there; make setup-bench installs it");
    let text = String::from_utf8_lossy(&output.stdout);
    // as +F2:2:2048:1279.0:47200.0, or in seconds for each before OpenSSL 3
    let figures = text.lines().find_map(|line| {
        let mut fields = line.strip_prefix("+F2:")?.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    });
    let (sign, verify): (f64, f64) = figures.unwrap_or_else(|| panic!("openssl speed says something else: {text}"));
    assert!(sign > 1.0 && verify > sign, "these are not operations per second: {text}");
    Speed { sign, verify }
}

/// The verifier of AWS-LC with a key that was parsed once.
pub(crate) struct FastVerifier(ParsedPublicKey);

impl FastVerifier {
    /// From our SubjectPublicKeyInfo, which ends in the PKCS#1 key that the library wants.
    pub(crate) fn new(spki: &[u8]) -> Self {
        let pkcs1 = &spki[spki.len() - PKCS1_BYTES..];
        Self(ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA384, pkcs1).expect("an RSA public key"))
    }

    pub(crate) fn verify(&self, token: &Token) {
        let bytes = token.encode();
        let (input, signature) = bytes.split_at(INPUT_BYTES);
        self.0.verify_sig(black_box(input), signature).expect("a valid token");
    }
}

/// The crate `privacypass` with a key of its own, all stores in memory.
pub(crate) struct Foreign {
    issuer: IssuerServer,
    issuer_keys: IssuerMemoryKeyStore,
    key: PublicKey,
    challenge: TokenChallenge,
    request: TokenRequest,
    state: TokenState,
    response: TokenResponse,
}

impl Foreign {
    pub(crate) fn new() -> Self {
        let (issuer, issuer_keys) = (IssuerServer::new(), IssuerMemoryKeyStore::default());
        let key = now(issuer.create_keypair(&mut rand::rng(), &issuer_keys)).expect("a key");
        let challenge = TokenChallenge::new(TokenType::Public, "example.com", None, &["example.com".to_owned()]);
        let (request, state) = TokenRequest::new(&mut rand::rng(), key.clone(), &challenge).expect("a request");
        let response = now(issuer.issue_token_response(&issuer_keys, request.clone())).expect("a response");
        response.clone().issue_token(&state).expect("a valid token");
        Self { issuer, issuer_keys, key, challenge, request, state, response }
    }

    /// The client's first step.
    pub(crate) fn request(&self) -> TokenRequest {
        TokenRequest::new(&mut rand::rng(), self.key.clone(), &self.challenge).expect("a good key").0
    }

    /// The issuer's step, so many times.
    pub(crate) fn issue(&self, count: u64) -> Took {
        let issue = async || {
            let response = self.issuer.issue_token_response(&self.issuer_keys, self.request.clone()).await;
            response.expect("a response")
        };
        let issue_all = async || {
            let mut made = Vec::new();
            for _ in 0..count {
                made.push(issue().await);
            }
            made
        };
        let (made, took) = alone(|| now(issue_all()));
        assert!(made.iter().all(|one| *one == self.response), "only one answer to a request is right");
        took
    }

    /// The client's second step, which verifies.
    pub(crate) fn finalize(&self, count: u64) -> Took {
        let responses: Vec<_> = (0..count).map(|_| self.response.clone()).collect();
        let finalize = |response: TokenResponse| {
            black_box(response.issue_token(&self.state).expect("a token"));
        };
        alone(|| responses.into_iter().for_each(finalize)).1
    }

    /// The request and the one right answer to it, as they go over the wire.
    pub(crate) fn on_the_wire(&self) -> (Vec<u8>, Vec<u8>) {
        let request = self.request.tls_serialize_detached().expect("a request");
        (request, self.response.tls_serialize_detached().expect("a response"))
    }

    /// One answer, from the bytes of a request.
    pub(crate) async fn answer(&self, mut request: &[u8]) -> Vec<u8> {
        let request = TokenRequest::tls_deserialize(&mut request).expect("a request");
        let response = self.issuer.issue_token_response(&self.issuer_keys, request).await.expect("a response");
        response.tls_serialize_detached().expect("256 bytes")
    }
}

/// The origin of the crate `privacypass`, for tokens of ours.
pub(crate) struct ForeignOrigin {
    origin: OriginServer,
    keys: OriginMemoryKeyStore,
    nonces: MemoryNonceStore,
}

impl ForeignOrigin {
    pub(crate) fn new(key: &IssuerPublicKey) -> Self {
        let key = PublicKey::from_spki(key.spki()).expect("a key");
        let keys = OriginMemoryKeyStore::default();
        let id = public_key_to_truncated_token_key_id(&key).expect("a key id");
        now(keys.insert(id, key));
        Self { origin: OriginServer::new(), keys, nonces: MemoryNonceStore::default() }
    }

    /// Redeems tokens of ours, each once, on this thread.
    pub(crate) fn redeem_all(key: &IssuerPublicKey, made: &[Made]) -> Took {
        let origin = Self::new(key);
        let tokens: Vec<PublicToken> = made
            .iter()
            .map(|made| PublicToken::tls_deserialize(&mut made.token.encode().as_slice()).expect("a token"))
            .collect();
        let redeem_all = async || {
            for token in tokens {
                origin.redeem(token).await;
            }
        };
        alone(|| now(redeem_all())).1
    }

    async fn redeem(&self, token: PublicToken) {
        self.origin.redeem_token(&self.keys, &self.nonces, token).await.expect("a token that was not spent");
    }

    /// Redeems what stands in an `Authorization` header; its parser takes no quotes, which RFC 9577 has.
    pub(crate) async fn redeem_header(&self, header: &HeaderValue) {
        let bare = header.to_str().expect("ASCII").replace('"', "");
        let bare = HeaderValue::from_str(&bare).expect("ASCII");
        let token: PublicToken = parse_authorization_header(&bare).expect("a token");
        self.redeem(token).await;
    }
}

/// The crate's functions are async and wait for nothing.
fn now<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

/// The least that a store of spent tokens can do: a set in memory, a file that grows, one sync a batch.
pub(crate) struct AppendLog {
    file: File,
    known: HashSet<Vec<u8>>,
    _folder: TempDir,
}

impl AppendLog {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let file = File::create(folder.path().join("log")).expect("a file");
        Self { file, known: HashSet::new(), _folder: folder }
    }

    /// The same in a file that has its size already, so that a sync has no block to find for it.
    pub(crate) fn written_before(bytes: usize) -> Self {
        let mut log = Self::new();
        log.file.write_all(&vec![0; bytes]).expect("a write");
        log.file.sync_all().expect("a sync");
        log.file.rewind().expect("a seek");
        log
    }

    /// Appends records, durably; each begins with its nonce, which must be new.
    pub(crate) fn append(&mut self, records: &[Vec<u8>]) {
        let mut batch = Vec::new();
        for record in records {
            assert!(self.known.insert(record[..NONCE_BYTES].to_vec()), "a nonce came twice");
            batch.extend_from_slice(record);
        }
        self.file.write_all(&batch).expect("a write");
        self.file.sync_data().expect("a sync");
    }
}

const NONCE_BYTES: usize = 32;
/// What the authenticator of a token signs.
const INPUT_BYTES: usize = 98;
/// An RSAPublicKey of 2048 bits with e = 65537.
const PKCS1_BYTES: usize = 270;
