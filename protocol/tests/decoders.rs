//! Decoders: no panic on any input, what is read is written back the same, and nothing is read that is not whole and exact.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "decoders/binary.rs"]
mod binary;
#[path = "decoders/documents.rs"]
mod documents;
#[path = "decoders/flips.rs"]
mod flips;
#[path = "decoders/issuer_key.rs"]
mod issuer_key;
#[path = "decoders/json.rs"]
mod json;
#[path = "decoders/notes.rs"]
mod notes;
#[path = "decoders/page_manifest.rs"]
mod page_manifest;
#[path = "decoders/spellings.rs"]
mod spellings;
#[path = "support/campaign.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod support;
#[path = "decoders/text.rs"]
mod text;

use protocol::issuance::{PendingToken, TokenRequest};
use protocol::phrase::Phrase;
use protocol::token::Token;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use support::ISSUER;

/// A request of the small campaign, and what finalizes it.
fn request() -> (TokenRequest, PendingToken) {
    let campaign = support::campaign(ISSUER.public());
    let secrets = Phrase::from_bytes([6; 16]).secrets(campaign.id(), 6);
    let (key, digest) = (campaign.token_key(), campaign.challenge_digest());
    TokenRequest::new(&mut secrets.blinding(), key, digest, secrets.pledge().nonce(2)).unwrap()
}

fn token() -> Token {
    let (request, pending) = request();
    let response = ISSUER.issue(&mut ChaCha20Rng::seed_from_u64(0), &request).unwrap();
    pending.finalize(&response).unwrap()
}

/// Every beginning of a message but the whole, and every message that is one byte longer.
fn maimed(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let longer = (0..=255).map(move |byte| [whole, &[byte]].concat());
    (0..whole.len()).map(move |end| whole[..end].to_vec()).chain(longer)
}

/// The same of a text. White space behind a document changes nothing that anybody reads, so it is not added.
fn maimed_text(whole: &str) -> impl Iterator<Item = String> + '_ {
    let longer = (0..=127u8).filter(|byte| !byte.is_ascii_whitespace() && *byte != 0x0b);
    let longer = longer.map(move |byte| format!("{whole}{}", char::from(byte)));
    (0..whole.len()).filter_map(move |end| whole.get(..end)).map(str::to_owned).chain(longer)
}
