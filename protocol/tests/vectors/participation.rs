//! One participation, computed twice: by the crate, and by the formulas of DESIGN §2.

use super::{Document, log::Pooled};
use crate::support::REGION_OF;
use blind_rsa_signatures::reexports::crypto_bigint::BoxedUint;
use hkdf::Hkdf;
use protocol::campaign::Campaign;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::keys::IssuerPrivateKey;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::token::Token;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// All that a participant makes and gets.
pub(super) struct Participation {
    pub(super) seed: [u8; 16],
    pub(super) token: Token,
    phrase: Phrase,
    pledge: Pledge,
    request: TokenRequest,
    response: TokenResponse,
    draws: Draws,
}

/// What the generator of the blinding yields.
struct Draws {
    key: [u8; 32],
    salt: [u8; 48],
    /// Big endian.
    factor: [u8; 256],
    refused: usize,
}

impl Participation {
    pub(super) fn new(issuer: &IssuerPrivateKey, campaign: &Campaign, seed: [u8; 16], place: u32) -> Self {
        let phrase = Phrase::from_bytes(seed);
        let secrets = phrase.secrets(campaign.id(), place);
        let pledge = secrets.pledge();
        let nonce = pledge.nonce(REGION_OF[place as usize]);
        let (key, digest) = (issuer.public(), campaign.challenge_digest());
        let (request, pending) = TokenRequest::new(&mut secrets.blinding(), key, digest, nonce).unwrap();
        let response = issuer.issue(&mut ChaCha20Rng::seed_from_u64(0), &request).unwrap();
        let token = pending.finalize(&response).unwrap();
        let draws = Draws::new(derive(&seed, "blind", campaign, place), key.spki());
        assert_unblinds(key.spki(), &draws.factor, &token, &response);
        Self { seed, token, phrase, pledge, request, response, draws }
    }

    pub(super) fn pooled(&self) -> Pooled {
        Pooled { pledge: self.pledge.clone(), authenticator: self.token.encode()[98..].try_into().unwrap() }
    }
}

impl Draws {
    fn new(key: [u8; 32], spki: &[u8]) -> Self {
        let (mut rng, mut salt, mut factor) = (ChaCha20Rng::from_seed(key), [0; 48], [0; 256]);
        rng.fill_bytes(&mut salt);
        for refused in 0.. {
            rng.fill_bytes(&mut factor);
            factor.reverse();
            if factor.as_slice() < modulus(spki) {
                return Self { key, salt, factor, refused };
            }
        }
        unreachable!("a draw below n comes soon")
    }
}

/// The 256 bytes of n stand before those of e, which are the last five.
fn modulus(spki: &[u8]) -> &[u8] {
    &spki[spki.len() - 261..spki.len() - 5]
}

/// The factor is the one that was used: response = authenticator · r mod n.
fn assert_unblinds(spki: &[u8], factor: &[u8], token: &Token, response: &TokenResponse) {
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, 2048).unwrap();
    let n = number(modulus(spki)).to_nz().unwrap();
    let product = number(&token.encode()[98..]).mul_mod(&number(factor), &n);
    assert_eq!(product, number(response.encode()));
}

pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

fn derive(seed: &[u8; 16], purpose: &str, campaign: &Campaign, place: u32) -> [u8; 32] {
    let info = [b"headcount/v1/", purpose.as_bytes(), campaign.id().as_bytes(), &place.to_be_bytes()].concat();
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(None, seed).expand(&info, &mut out).unwrap();
    out
}

pub(super) fn put(out: &mut Document, campaign: &Campaign, one: &Participation) {
    let (place, region) = (one.pledge.place, REGION_OF[one.pledge.place as usize]);
    out.put_hex("phrase_seed", "Input. 128 bits, drawn at random for each invite.", one.seed);
    let words = "The seed as BIP-39 writes it in English words.";
    out.put("phrase_words", words, one.phrase.words().as_str());
    let numbers = "The same words by their numbers; the first of the list is 1.";
    out.put("phrase_numbers", numbers, one.phrase.numbers().as_str());
    assert!(Phrase::parse(&one.phrase.words()).is_ok_and(|read| read == one.phrase));
    out.put("place", "Input. Index of the chosen place.", place);
    out.put("region", "Its region, from places_json.", region);
    let [place_salt, region_salt] = ["place-salt", "region-salt"].map(|p| derive(&one.seed, p, campaign, place));
    assert_eq!((one.pledge.place_salt, one.pledge.region_salt), (place_salt, region_salt));
    out.put_hex(
        "place_salt",
        "HKDF-SHA256 (RFC 5869) of phrase_seed without salt, info = \"headcount/v1/place-salt\" || campaign_id || \
         uint32 place, 32 bytes.",
        place_salt,
    );
    out.put_hex("region_salt", "The same with \"headcount/v1/region-salt\".", region_salt);
    out.put_hex("blind", "The same with \"headcount/v1/blind\".", one.draws.key);
    let of_place = sha256(&[b"headcount/v1/place", &place.to_be_bytes(), &place_salt]);
    let of_region = sha256(&[b"headcount/v1/region", &region.to_be_bytes(), &region_salt]);
    let commit = "SHA-256(\"headcount/v1/place\" || uint32 place || place_salt).";
    out.put_hex("place_commitment", commit, of_place);
    let commit = "SHA-256(\"headcount/v1/region\" || uint32 region || region_salt).";
    out.put_hex("region_commitment", commit, of_region);
    let nonce = sha256(&[b"headcount/v1/nonce", &of_place, &of_region]);
    assert_eq!(one.pledge.nonce(region).as_bytes(), &nonce);
    let commit = "SHA-256(\"headcount/v1/nonce\" || place_commitment || region_commitment).";
    out.put_hex("nonce", commit, nonce);
    let pledge = [&place.to_be_bytes()[..], &place_salt, &region_salt].concat();
    assert_eq!(one.pledge.encode()[..], pledge);
    out.put_hex("pledge", "uint32 place || place_salt || region_salt.", pledge);
    put_issuance(out, campaign, one, &nonce);
}

fn put_issuance(out: &mut Document, campaign: &Campaign, one: &Participation, nonce: &[u8; 32]) {
    let key_id = campaign.token_key().token_key_id();
    let input = [&[0, 2][..], nonce, campaign.challenge_digest().as_bytes(), key_id.as_bytes().as_slice()].concat();
    assert_eq!(one.token.encode()[..98], input);
    let what = "uint16 2 || nonce || challenge_digest || token_key_id: what is signed.";
    out.put_hex("token_input", what, input);
    out.put_hex(
        "pss_salt",
        "The first 48 bytes of the ChaCha20 keystream (RFC 8439 without the limit on its counter) with the key blind, \
         nonce and counter zero.",
        one.draws.salt,
    );
    out.put_hex(
        "blinding_factor",
        "The next 256 bytes of that keystream as a little-endian number, here written big endian. Where it is not less \
         than n, the 256 bytes after it are taken, and so on.",
        one.draws.factor,
    );
    out.put_hex(
        "token_request",
        "uint16 2 || last byte of token_key_id || m * r^e mod n as 256 bytes, where r is blinding_factor and m the \
         EMSA-PSS encoding (RFC 8017, section 9.1.1) of token_input: SHA-384, MGF1 with SHA-384, pss_salt, 2047 bits.",
        one.request.encode(),
    );
    assert_eq!(one.request.digest().as_bytes(), &sha256(&[&one.request.encode()]));
    let what = "SHA-256(token_request): what the Attester records beside invite_id.";
    out.put_hex("request_digest", what, one.request.digest().as_bytes());
    out.put_hex("token_response", "(m * r^e)^d mod n as 256 bytes.", one.response.encode());
    let what = "token_input || token_response / r mod n as 256 bytes, which is m^d mod n.";
    out.put_hex("token", what, one.token.encode());
}

/// A request whose first draw of a blinding factor is not below n: where implementations would part unnoticed.
pub(super) fn put_redrawn(out: &mut Document, issuer: &IssuerPrivateKey, campaign: &Campaign) {
    let place = 6;
    let mut candidates = (0..64u8).map(|byte| Participation::new(issuer, campaign, [byte; 16], place));
    let one = candidates.find(|one| one.draws.refused > 0).unwrap();
    let what = "Input. Another phrase seed, for which the first draw of a blinding factor is not less than n.";
    out.put_hex("redrawn_phrase_seed", what, one.seed);
    out.put("redrawn_place", "Input. The place chosen with it.", place);
    out.put("redrawn_draws_refused", "How many draws were not less than n.", one.draws.refused);
    let what = "The pledge, computed as above.";
    out.put_hex("redrawn_pledge", what, one.pledge.encode());
    out.put_hex("redrawn_blinding_factor", "The first draw less than n.", one.draws.factor);
    out.put_hex("redrawn_token_request", "The request, computed as above.", one.request.encode());
}
