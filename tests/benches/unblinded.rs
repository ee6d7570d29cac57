//! Tokens signed by the Issuer's key without blinding, which no Issuer could: a finished authenticator is an ordinary RSASSA-PSS
//! signature, and to make it at once costs half of what blinding, signing and finalizing do.

use crate::fixture::{Made, on_all_cores};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA384;
use protocol::campaign::Campaign;
use protocol::pledge::Pledge;
use protocol::token::{TOKEN_TYPE, Token};
use rand::RngExt;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// So many tokens of a campaign whose data directory this is, for its places in turn, so that so many that follow each other
/// leave no place with less than its share.
pub(crate) fn tokens(campaign: &Campaign, data: &Path, count: u32) -> Vec<Made> {
    let der = fs::read(data.join("keys/issuer.pkcs8")).expect("the issuer's key");
    let key = KeyPair::from_pkcs8(&der).expect("a good key");
    let places = u32::try_from(campaign.places().places.len()).expect("few places");
    let done = AtomicUsize::new(0);
    let part = |numbers: &[u32]| {
        let one = |number: &u32| {
            let made = token(campaign, &key, number % places);
            let done = done.fetch_add(1, Relaxed) + 1;
            if done.is_multiple_of(20_000) {
                crate::tell(&format!("{done} of {count} tokens made"));
            }
            made
        };
        numbers.iter().map(one).collect::<Vec<_>>()
    };
    let numbers: Vec<u32> = (0..count).collect();
    let made: Vec<Made> = on_all_cores(&numbers, part).into_iter().flatten().collect();
    made[0].token.verify_signature(campaign.token_key()).expect("what an Issuer's signature is");
    made
}

fn token(campaign: &Campaign, key: &KeyPair, place: u32) -> Made {
    let mut rng = rand::rng();
    let pledge = Pledge { place, place_salt: rng.random(), region_salt: rng.random() };
    let nonce = pledge.nonce(campaign.places().region_of(place).expect("a place"));
    let mut bytes = TOKEN_TYPE.to_be_bytes().to_vec();
    bytes.extend_from_slice(nonce.as_bytes());
    bytes.extend_from_slice(campaign.challenge_digest().as_bytes());
    bytes.extend_from_slice(campaign.token_key().token_key_id().as_bytes());
    let mut authenticator = vec![0; key.public_modulus_len()];
    // this encoding has a salt as long as its digest, 48 bytes, as RFC 9578 demands
    key.sign(&RSA_PSS_SHA384, &SystemRandom::new(), &bytes, &mut authenticator).expect("a signature");
    bytes.append(&mut authenticator);
    Made::new(NOWHERE, Token::decode(&bytes).expect("a token"), pledge)
}

/// The same request goes to several servers, none of which asks for whom it is.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);
