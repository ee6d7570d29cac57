//! Messages in bytes: whatever is read is exactly what it would be written as, and only the right one passes a check.

#![no_main]

use fuzz::{CAMPAIGN, array, bytes, kind, text, token_key};
use libfuzzer_sys::fuzz_target;
use protocol::auth_scheme::{parse_token_header, token_header};
use protocol::challenge::TokenChallenge;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::keys::IssuerPublicKey;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::verify_receipt;
use protocol::token::Token;
use sha2::{Digest, Sha256};

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    match kind {
        b't' => token(bytes),
        b'q' => request(bytes),
        b's' => response(bytes),
        b'p' => pledge(bytes),
        b'c' => challenge(bytes),
        b'r' => receipt(bytes),
        b'k' => key(bytes),
        _ => {}
    }
});

fn token(input: &[u8]) {
    let Ok(token) = Token::decode(input) else {
        assert!(input.len() != Token::BYTES || input[..2] != [0, 2], "a whole token was refused");
        return;
    };
    assert_eq!(token.encode(), input);
    assert!(parse_token_header(&token_header(&token)).is_ok_and(|read| read == token));
    let opening = Pledge::decode(&bytes("pledge")).expect("a pledge");
    let opened = token.open(opening, &CAMPAIGN);
    assert_eq!(opened.is_ok(), input[..98] == bytes("token_input"), "it opens for its own nonce alone");
    let verified = opened.and_then(|opened| opened.verify(CAMPAIGN.token_key()));
    assert_eq!(verified.is_ok(), input == bytes("token"), "of one input there is one signature");
}

fn request(input: &[u8]) {
    let Ok(request) = TokenRequest::decode(input) else {
        assert!(input.len() != TokenRequest::BYTES || input[..2] != [0, 2], "a whole request was refused");
        return;
    };
    assert_eq!(request.encode(), input);
    assert_eq!(request.digest().as_bytes()[..], Sha256::digest(input)[..]);
    // SubjectPublicKeyInfo ends in the modulus and INTEGER 65537, which takes five bytes
    let spki = token_key();
    let n = &spki[spki.len() - 5 - 256..spki.len() - 5];
    let (mut one, mut below) = ([0; 256], n.to_vec());
    one[255] = 1;
    below[255] -= 1; // n is odd
    let fits =
        input[2] == CAMPAIGN.token_key().token_key_id().truncated() && input[3..] > one[..] && input[3..] < below[..];
    assert_eq!(request.check(CAMPAIGN.token_key()).is_ok(), fits);
}

fn response(input: &[u8]) {
    let Ok(response) = TokenResponse::decode(input) else {
        assert_ne!(input.len(), TokenResponse::BYTES);
        return;
    };
    assert_eq!(response.encode()[..], *input);
    let secrets = Phrase::from_bytes(array("phrase_seed")).secrets(CAMPAIGN.id(), 5);
    let nonce = secrets.pledge().nonce(2);
    let (key, digest) = (CAMPAIGN.token_key(), CAMPAIGN.challenge_digest());
    let (_, pending) = TokenRequest::new(&mut secrets.blinding(), key, digest, nonce).expect("a good key");
    assert_eq!(pending.finalize(&response).is_ok(), input == bytes("token_response"), "one answer is the right one");
}

fn pledge(input: &[u8]) {
    let Ok(pledge) = Pledge::decode(input) else {
        assert_ne!(input.len(), Pledge::BYTES);
        return;
    };
    assert_eq!(pledge.encode()[..], *input);
    let region = CAMPAIGN.places().region_of(pledge.place);
    assert_eq!(region.is_some(), pledge.place < 7);
    if let Some(region) = region {
        assert_eq!(*pledge.nonce(region).as_bytes() == array("nonce"), input == bytes("pledge"));
    }
}

fn challenge(input: &[u8]) {
    let Ok(challenge) = TokenChallenge::decode(input) else { return };
    assert_eq!(challenge.encode().expect("it was read"), input);
    let digest = challenge.digest().expect("it was read");
    assert_eq!(digest == CAMPAIGN.challenge_digest(), input == bytes("token_challenge"));
}

fn receipt(input: &[u8]) {
    let nonce = Pledge::decode(&bytes("pledge")).expect("a pledge").nonce(2);
    let good = verify_receipt(&CAMPAIGN.genesis().receipt_key, CAMPAIGN.id(), &nonce, input).is_ok();
    assert_eq!(good, input == bytes("receipt"), "of one pledge there is one receipt");
}

fn key(input: &[u8]) {
    let Ok(key) = IssuerPublicKey::from_spki(input) else {
        assert_ne!(input, token_key());
        return;
    };
    assert_eq!(key.spki(), input);
    assert_eq!(key.token_key_id().as_bytes()[..], Sha256::digest(input)[..]);
    assert!(input.len() == token_key().len() && input[..input.len() - 261] == token_key()[..input.len() - 261]);
    assert!(!text("token_key_id").is_empty());
}
