//! Crate `privacypass`, RFC 9578 by others, as origin of our tokens, as client of our server and as issuer to our client.
//! It stands on the same blind-signature crate as ours, so what it judges is the encodings and what is signed.

use privacypass::auth::authenticate::{TokenChallenge, parse_www_authenticate_header};
use privacypass::auth::authorize::{build_authorization_header, parse_authorization_header};
use privacypass::common::errors::RedeemTokenError;
use privacypass::public_tokens::server::{IssuerServer, OriginKeyStore, OriginServer};
use privacypass::public_tokens::{PublicKey, PublicToken, TokenRequest, TokenResponse};
use privacypass::test_utils::nonce_store::MemoryNonceStore;
use privacypass::test_utils::public_memory_store::{IssuerMemoryKeyStore, OriginMemoryKeyStore};
use privacypass::{Deserialize, Serialize, TokenType};
use protocol::auth_scheme::{parse_token_header, token_header};
use protocol::issuance;
use protocol::keys::IssuerPublicKey;
use protocol::phrase::{Phrase, Secrets};
use protocol::token::Token;
use rand::CryptoRng;
use rand::rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use tests::{K, World, send};

/// A generator whose first 32 bytes are a nonce of ours: the crate draws it first, and from the caller's generator.
struct NonceFirst<R> {
    nonce: Option<[u8; 32]>,
    rest: R,
}

impl<R: CryptoRng> TryRng for NonceFirst<R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rest.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.rest.next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        match self.nonce.take() {
            Some(nonce) => out.copy_from_slice(&nonce), // panics if the first draw is not the nonce
            None => self.rest.fill_bytes(out),
        }
        Ok(())
    }
}

impl<R: CryptoRng> TryCryptoRng for NonceFirst<R> {}

/// An origin by the crate that knows one key.
struct ForeignOrigin {
    keys: OriginMemoryKeyStore,
    spent: MemoryNonceStore,
}

impl ForeignOrigin {
    async fn of(key: &IssuerPublicKey) -> Self {
        let keys = OriginMemoryKeyStore::default();
        keys.insert(key.token_key_id().truncated(), foreign_key(key)).await;
        Self { keys, spent: MemoryNonceStore::default() }
    }

    async fn redeem(&self, token: &[u8]) -> Result<(), RedeemTokenError> {
        let token = PublicToken::tls_deserialize_exact(token).unwrap();
        OriginServer::new().redeem_token(&self.keys, &self.spent, token).await
    }
}

fn foreign_key(key: &IssuerPublicKey) -> PublicKey {
    PublicKey::from_spki(key.spki()).unwrap()
}

fn foreign_challenge(world: &World) -> TokenChallenge {
    let genesis = world.campaign.genesis();
    let context = Some(*world.campaign.id().as_bytes());
    TokenChallenge::new(TokenType::Public, &genesis.issuer_name, context, std::slice::from_ref(&genesis.origin_name))
}

fn secrets(world: &World, place: u32) -> (Phrase, Secrets) {
    let phrase = Phrase::generate(&mut rand::rng());
    let secrets = phrase.secrets(world.campaign.id(), place);
    (phrase, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_foreign_crate_takes_our_tokens_once_and_no_altered_one() {
    let world = World::start().await;
    let (phrase, _) = secrets(&world, 1);
    let token = world.obtain(&world.invite().await, &phrase, 1).await.unwrap().encode();
    let origin = ForeignOrigin::of(world.campaign.token_key()).await;
    for at in [2, 33, 34, 65, 66, 96, 98, 353] {
        let mut altered = token;
        altered[at] ^= 1;
        let refused = origin.redeem(&altered).await;
        assert!(matches!(refused, Err(RedeemTokenError::InvalidSignature { .. })), "{at}: {refused:?}");
    }
    let mut of_another_key = token;
    of_another_key[97] ^= 1; // all that the crate looks a key up by
    assert!(matches!(origin.redeem(&of_another_key).await, Err(RedeemTokenError::KeyIdNotFound)));
    assert!(origin.redeem(&token).await.is_ok());
    assert!(matches!(origin.redeem(&token).await, Err(RedeemTokenError::DoubleSpending)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_foreign_crate_obtains_a_token_from_our_server_and_it_counts() {
    let world = World::start().await;
    let (place, region) = (1, 0);
    let (_, secrets) = secrets(&world, place);
    let pledge = secrets.pledge();
    let answer = send(world.request(reqwest::Method::POST, "/pledges")).await;
    // the crate reads no quotes, which RFC 9577 §2.1.1 asks for because of the padding
    let header = answer.authenticate.unwrap().replace('"', "");
    let challenges = parse_www_authenticate_header(&header.parse().unwrap()).unwrap();
    let [challenge] = challenges.as_slice() else { panic!("there is not one challenge") };
    let key = PublicKey::from_spki(challenge.token_key()).unwrap();

    let nonce = Some(*pledge.nonce(region).as_bytes());
    let mut rng = NonceFirst { nonce, rest: rand::rng() };
    let (request, state) = TokenRequest::new(&mut rng, key, challenge.token_challenge()).unwrap();
    let invite = world.invite().await;
    let answer = world.request_token(&invite.code(), &request.tls_serialize_detached().unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let response = TokenResponse::tls_deserialize_exact(&answer.body).unwrap();
    let token: PublicToken = response.issue_token(&state).unwrap();

    let (name, value) = build_authorization_header(&token).unwrap();
    for status in [201, 200] {
        let post = world.request(reqwest::Method::POST, "/pledges").header(name.clone(), value.clone());
        let post = post.header("content-type", "application/vnd.headcount.pledge").body(pledge.encode().to_vec());
        assert_eq!(send(post).await.status, status);
    }
    world.register_many(place, K - 1).await;
    world.tick().await;
    assert_eq!(world.counts().await.places.get(&place), Some(&u64::from(K)));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_takes_a_token_of_the_foreign_issuer_and_no_altered_answer() {
    let store = IssuerMemoryKeyStore::default();
    let issuer = IssuerServer::new();
    let foreign = issuer.create_keypair(&mut rand::rng(), &store).await.unwrap();
    let key = IssuerPublicKey::from_spki(&foreign.to_spki().unwrap()).unwrap();

    let world = World::start().await;
    let (_, secrets) = secrets(&world, 3);
    let nonce = secrets.pledge().nonce(1);
    let ask = || {
        let digest = world.campaign.challenge_digest();
        issuance::TokenRequest::new(&mut secrets.blinding(), &key, digest, nonce).unwrap()
    };
    let (request, pending) = ask();
    let request = TokenRequest::tls_deserialize_exact(request.encode()).unwrap();
    let response = issuer.issue_token_response(&store, request).await.unwrap().tls_serialize_detached().unwrap();
    let token = pending.finalize(&issuance::TokenResponse::decode(&response).unwrap()).unwrap();
    token.verify_signature(&key).unwrap();
    assert!(token.nonce() == nonce);
    assert!(token.verify_signature(world.campaign.token_key()).is_err(), "a token of another issuer");
    assert!(ForeignOrigin::of(&key).await.redeem(&token.encode()).await.is_ok());

    let mut altered = response;
    altered[100] ^= 1;
    assert!(ask().1.finalize(&issuance::TokenResponse::decode(&altered).unwrap()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_write_the_same_bytes() {
    let world = World::start().await;
    let (place, region) = (4, 1);
    let (phrase, secrets) = secrets(&world, place);

    let challenge = foreign_challenge(&world);
    assert_eq!(challenge.serialize().unwrap(), world.campaign.challenge().encode().unwrap());
    assert_eq!(challenge.digest().unwrap(), *world.campaign.challenge_digest().as_bytes());

    // from the same draws, the same request: nonce, token input, padding and blinding agree
    let (ours, _) = world.token_request(&phrase, place);
    let nonce = Some(*secrets.pledge().nonce(region).as_bytes());
    let mut rng = NonceFirst { nonce, rest: secrets.blinding() };
    let (theirs, state) = TokenRequest::new(&mut rng, foreign_key(world.campaign.token_key()), &challenge).unwrap();
    assert_eq!(theirs.tls_serialize_detached().unwrap(), ours.encode());
    assert!(TokenRequest::tls_deserialize_exact(ours.encode()).unwrap() == theirs);

    // and from the same answer the same token
    let token = world.obtain(&world.invite().await, &phrase, place).await.unwrap();
    let answer = world.request_token(&world.invite().await.code(), &ours.encode()).await;
    let response = TokenResponse::tls_deserialize_exact(&answer.body).unwrap();
    let foreign: PublicToken = response.issue_token(&state).unwrap();
    assert_eq!(foreign.tls_serialize_detached().unwrap(), token.encode());

    // headers either way; the crate reads none with quotes
    let (_, value) = build_authorization_header(&foreign).unwrap();
    assert!(parse_token_header(value.to_str().unwrap()).unwrap() == token);
    let header = token_header(&token).replace('"', "").parse().unwrap();
    let read: PublicToken = parse_authorization_header(&header).unwrap();
    assert!(Token::decode(&read.tls_serialize_detached().unwrap()).unwrap() == token);
}
