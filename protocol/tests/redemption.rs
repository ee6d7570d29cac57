//! Redeeming: a token counts for the place that its owner chose before it was issued, or not at all.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;

use protocol::campaign::Campaign;
use protocol::error::Error;
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::token::Token;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use support::{ISSUER, REGION_OF};

const PLACE: u32 = 4;

/// A token of this campaign for [`PLACE`], signed by this issuer, and the pledge that opens it.
fn issued(campaign: &Campaign, issuer: &IssuerPrivateKey) -> (Token, Pledge) {
    let secrets = Phrase::from_bytes([3; 16]).secrets(campaign.id(), PLACE);
    let pledge = secrets.pledge();
    let (key, digest) = (campaign.token_key(), campaign.challenge_digest());
    let nonce = pledge.nonce(REGION_OF[PLACE as usize]);
    let (request, pending) = TokenRequest::new(&mut secrets.blinding(), key, digest, nonce).unwrap();
    let response = issuer.issue(&mut ChaCha20Rng::seed_from_u64(0), &request).unwrap();
    (pending.finalize(&response).unwrap(), pledge)
}

#[test]
fn a_token_with_its_own_pledge_is_opened_verified_and_counts_for_its_place() {
    let campaign = support::campaign(ISSUER.public());
    let (token, pledge) = issued(&campaign, &ISSUER);
    let opened = token.clone().open(pledge.clone(), &campaign).ok().unwrap();
    let verified = opened.verify(campaign.token_key()).ok().unwrap();
    assert_eq!(verified.nonce(), token.nonce());
    assert!(*verified.pledge() == pledge);
    assert_eq!(verified.authenticator()[..], token.encode()[98..]);
}

#[test]
fn v1_a_token_does_not_open_to_another_place_or_with_other_salts() {
    let campaign = support::campaign(ISSUER.public());
    let (token, pledge) = issued(&campaign, &ISSUER);
    let refused = |what: &str, change: &dyn Fn(&mut Pledge)| {
        let mut other = pledge.clone();
        change(&mut other);
        let opened = token.clone().open(other, &campaign);
        assert_eq!(opened.err(), Some(Error::PledgeMismatch), "{what}");
    };
    for place in (0..9).chain([u32::MAX]).filter(|place| *place != PLACE) {
        refused(&format!("place {place}"), &|pledge| pledge.place = place);
    }
    for byte in 0..32 {
        refused(&format!("place salt, byte {byte}"), &|pledge| pledge.place_salt[byte] ^= 1);
        refused(&format!("region salt, byte {byte}"), &|pledge| pledge.region_salt[byte] ^= 0x80);
    }
    refused("salts exchanged", &|pledge| {
        (pledge.place_salt, pledge.region_salt) = (pledge.region_salt, pledge.place_salt);
    });
}

#[test]
fn a_token_of_another_campaign_or_key_is_refused_before_any_arithmetic() {
    let campaign = support::campaign(ISSUER.public());
    let mut genesis = campaign.genesis().clone();
    genesis.target += 1;
    let other = Campaign::new(&genesis.encode(), &support::places_json()).unwrap();
    let (token, pledge) = issued(&other, &ISSUER);
    assert_eq!(token.open(pledge, &campaign).err(), Some(Error::WrongCampaign));

    let other_issuer = IssuerPrivateKey::generate(&mut ChaCha20Rng::seed_from_u64(2)).unwrap();
    let (token, pledge) = issued(&campaign, &ISSUER);
    assert_eq!(token.verify_signature(other_issuer.public()), Err(Error::WrongCampaign));
    let mut relabelled = token.encode();
    relabelled[66..98].copy_from_slice(other_issuer.public().token_key_id().as_bytes());
    let relabelled = Token::decode(&relabelled).unwrap();
    assert_eq!(relabelled.verify_signature(campaign.token_key()), Err(Error::WrongCampaign));
    assert_eq!(relabelled.verify_signature(other_issuer.public()), Err(Error::Forged("token")));
    assert_eq!(relabelled.open(pledge, &campaign).err(), Some(Error::WrongCampaign));
}

#[test]
fn a_token_with_an_altered_signature_opens_but_does_not_verify() {
    let campaign = support::campaign(ISSUER.public());
    let (token, pledge) = issued(&campaign, &ISSUER);
    for byte in [98, 200, 353] {
        let mut altered = token.encode();
        altered[byte] ^= 1;
        let opened = Token::decode(&altered).unwrap().open(pledge.clone(), &campaign).ok().unwrap();
        assert_eq!(opened.verify(campaign.token_key()).err(), Some(Error::Forged("token")), "byte {byte}");
    }
    let mut beyond_n = token.encode();
    beyond_n[98..].fill(0xff);
    let opened = Token::decode(&beyond_n).unwrap().open(pledge, &campaign).ok().unwrap();
    assert_eq!(opened.verify(campaign.token_key()).err(), Some(Error::Forged("token")));
}
