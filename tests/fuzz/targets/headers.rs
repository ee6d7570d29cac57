//! Values of `Authorization` and `WWW-Authenticate`, and forms: what is read is read as others read it.

#![no_main]

use data_encoding::BASE64URL;
use fuzz::kind_of_text;
use libfuzzer_sys::fuzz_target;
use protocol::auth_scheme::{challenge_header, parse_challenge_header, parse_token_header, token_header};
use protocol::keys::IssuerPublicKey;
use std::collections::BTreeMap;

/// The fields that a form may have here.
const FIELDS: [&str; 4] = ["batch", "count", "per_tick", "x"];

fuzz_target!(|data: &[u8]| {
    let Some((kind, text)) = kind_of_text(data) else { return };
    match kind {
        b't' => token(text),
        b'c' => challenge(text),
        b'f' => form(text),
        _ => {}
    }
});

fn token(value: &str) {
    let Ok(token) = parse_token_header(value) else { return };
    let written = token_header(&token);
    assert!(parse_token_header(&written).is_ok_and(|read| read == token));
    assert!(value.contains(&BASE64URL.encode(&token.encode())), "its bytes stand there in the one spelling");
}

fn challenge(value: &str) {
    let Ok((challenge, key)) = parse_challenge_header(value) else { return };
    assert!(value.contains(&BASE64URL.encode(&key)));
    assert!(value.contains(&BASE64URL.encode(&challenge.encode().expect("it was read"))));
    if let Ok(key) = IssuerPublicKey::from_spki(&key) {
        let written = challenge_header(&challenge, &key).expect("it was read");
        assert_eq!(parse_challenge_header(&written), Ok((challenge, key.spki().to_vec())));
    }
}

fn form(body: &str) {
    let Some(ours) = server::fuzzed::form(body.as_bytes(), &FIELDS) else { return };
    let theirs: Vec<(String, String)> =
        form_urlencoded::parse(body.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    assert_eq!(theirs.len(), ours.len(), "each field once");
    assert_eq!(theirs.into_iter().collect::<BTreeMap<_, _>>(), ours);
    assert!(ours.keys().all(|name| FIELDS.contains(&name.as_str())));
}
