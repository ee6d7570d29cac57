//! U1: an invite and a pledge cannot be linked by anything in the messages; here, by the algebra of blinding.
//!
//! A TokenRequest carries `m · r^e mod n`, where `m` is the PSS encoding of the token's input. Two requests with one
//! blinding factor `r` cancel it: once one of the two tokens is redeemed, its `m` is public, so `r^e` is, and the other
//! request shows a well-formed encoding. This is why the place belongs into the derivation of `r`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;

use blind_rsa_signatures::reexports::crypto_bigint::{BoxedUint, NonZero};
use protocol::campaign::Campaign;
use protocol::issuance::TokenRequest;
use protocol::phrase::{Phrase, Secrets};
use protocol::token::Token;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha384};
use support::{ISSUER, REGION_OF};

/// What an issuer and an origin that work together know of somebody who asked for two places and pledged one.
struct Observed {
    requests: [TokenRequest; 2],
    redeemed: Token,
}

/// A participant asks for `places[0]`, then, with the same invite, for `places[1]`, and redeems one of the two.
fn observe(campaign: &Campaign, secrets: [&Secrets; 2], blinding: [ChaCha20Rng; 2], redeemed: usize) -> Observed {
    let mut tokens = Vec::new();
    let requests = [0, 1].map(|index| {
        let pledge = secrets[index].pledge();
        let nonce = pledge.nonce(REGION_OF[pledge.place as usize]);
        let mut rng = blinding[index].clone();
        let (request, pending) =
            TokenRequest::new(&mut rng, campaign.token_key(), campaign.challenge_digest(), nonce).unwrap();
        let response = ISSUER.issue(&mut ChaCha20Rng::seed_from_u64(7), &request).unwrap();
        tokens.push(pending.finalize(&response).unwrap());
        request
    });
    Observed { requests, redeemed: tokens.swap_remove(redeemed) }
}

/// Arithmetic modulo the issuer's n.
struct Field {
    n: NonZero<BoxedUint>,
}

impl Field {
    fn of_issuer() -> Self {
        // the same key with the plain RSA identifier, which the library reads without parameters
        let spki = ISSUER.public().spki();
        let (key, header) = (&spki[spki.len() - 271..], "30820122300d06092a864886f70d01010105000382010f");
        let der = [hex(header).as_slice(), key].concat();
        let n = RsaPublicKey::from_public_key_der(&der).unwrap().n().clone();
        Self { n }
    }

    fn number(&self, bytes: &[u8]) -> BoxedUint {
        BoxedUint::from_be_slice(bytes, self.n.bits_precision()).unwrap()
    }

    fn times(&self, a: &BoxedUint, b: &BoxedUint) -> BoxedUint {
        a.mul_mod(b, &self.n)
    }

    /// a^65537: sixteen squares and one product.
    fn to_the_e(&self, a: &BoxedUint) -> BoxedUint {
        let power = (0..16).fold(a.clone(), |power, _| self.times(&power, &power));
        self.times(&power, a)
    }

    /// The other request's `m`, if both requests share their blinding factor and the token came of the first.
    fn unblinded(&self, of_token: &TokenRequest, other: &TokenRequest, token: &Token) -> Vec<u8> {
        let m = self.to_the_e(&self.number(&token.encode()[98..]));
        let blinded = |request: &TokenRequest| self.number(&request.encode()[3..]);
        let inverse_factor = self.times(&m, &blinded(of_token).invert_mod(&self.n).unwrap());
        self.times(&blinded(other), &inverse_factor).to_be_bytes().to_vec()
    }
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// Whether a number is an EMSA-PSS encoding of anything at all: SHA-384, salt of 48 bytes, 2047 bits.
fn is_encoding(em: &[u8]) -> bool {
    let (masked, rest) = em.split_at(256 - 49);
    let (h, trailer) = rest.split_at(48);
    let mut mask =
        (0u32..).flat_map(|counter| Sha384::new().chain_update(h).chain_update(counter.to_be_bytes()).finalize());
    let mut db: Vec<u8> = masked.iter().map(|byte| byte ^ mask.next().unwrap()).collect();
    db[0] &= 0x7f;
    let (padding, _salt) = db.split_at(db.len() - 48);
    let (one, zeros) = padding.split_last().unwrap();
    masked[0] < 0x80 && trailer == [0xbc] && *one == 1 && zeros.iter().all(|byte| *byte == 0)
}

/// The attack: does one of the two requests, freed of the factor that the redeemed token gives, show an encoding?
fn links(field: &Field, seen: &Observed) -> bool {
    let [first, second] = &seen.requests;
    [(first, second), (second, first)]
        .into_iter()
        .any(|(one, other)| is_encoding(&field.unblinded(one, other, &seen.redeemed)))
}

#[test]
fn u1_one_phrase_two_places() {
    let campaign = support::campaign(ISSUER.public());
    let field = Field::of_issuer();
    for seed in 0..8u8 {
        let phrase = Phrase::from_bytes([seed; 16]);
        let places = [u32::from(seed) % 7, (u32::from(seed) + 3) % 7];
        let secrets = places.map(|place| phrase.secrets(campaign.id(), place));
        let both = [&secrets[0], &secrets[1]];
        for redeemed in [0, 1] {
            let faulty = [secrets[0].blinding(), secrets[0].blinding()];
            let seen = observe(&campaign, both, faulty, redeemed);
            assert!(links(&field, &seen), "the attack must work on one blinding factor: phrase {seed}");

            let real = [secrets[0].blinding(), secrets[1].blinding()];
            let seen = observe(&campaign, both, real, redeemed);
            assert!(!links(&field, &seen), "phrase {seed}, token {redeemed} links two places");
        }
    }
}

#[test]
fn u1_no_message_repeats_a_value_of_another_place_campaign_or_phrase() {
    let campaign = support::campaign(ISSUER.public());
    let mut genesis = campaign.genesis().clone();
    genesis.target += 1;
    let other = Campaign::new(&genesis.encode(), &support::places_json()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (id, place, seed) in [&campaign, &other].iter().flat_map(|c| [(c.id(), 0, 1), (c.id(), 1, 1), (c.id(), 0, 2)]) {
        let secrets = Phrase::from_bytes([seed; 16]).secrets(id, place);
        let pledge = secrets.pledge();
        let mut draws = [0; 304];
        rand_core::Rng::fill_bytes(&mut secrets.blinding(), &mut draws);
        for value in [&pledge.place_salt[..], &pledge.region_salt, &draws[..48], &draws[48..]] {
            assert!(seen.insert(value.to_vec()), "place {place}, phrase {seed}");
        }
    }
}

#[test]
fn the_same_phrase_and_place_repeat_the_same_request_on_any_device() {
    let campaign = support::campaign(ISSUER.public());
    let [once, again, elsewhere] = [(4, 4), (4, 4), (4, 5)].map(|(seed, place)| {
        let secrets = Phrase::from_bytes([seed; 16]).secrets(campaign.id(), place);
        let nonce = secrets.pledge().nonce(REGION_OF[place as usize]);
        let mut rng = secrets.blinding();
        let request = TokenRequest::new(&mut rng, campaign.token_key(), campaign.challenge_digest(), nonce);
        request.unwrap().0.encode()
    });
    assert_eq!(once, again);
    assert_ne!(once, elsewhere);
}
