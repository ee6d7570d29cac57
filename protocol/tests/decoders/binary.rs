//! The binary messages of DESIGN §3 and §4.

use super::{ISSUER, maimed, request, token};
use proptest::prelude::*;
use protocol::challenge::TokenChallenge;
use protocol::codec::Reader;
use protocol::entry::{ENTRY_BYTES_MAX, Entry};
use protocol::error::Error;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::pledge::Pledge;
use protocol::publication::Area;
use protocol::tile::{put_bundled, read_bundle};
use protocol::token::Token;

/// A decoder followed by its encoder.
type Echo = fn(&[u8]) -> Option<Vec<u8>>;

/// Every binary message with its name, its size where it has one, and its echo.
const MESSAGES: [(&str, Option<usize>, Echo); 6] = [
    ("Token", Some(354), |b| Token::decode(b).ok().map(|m| m.encode().to_vec())),
    ("TokenRequest", Some(259), |b| TokenRequest::decode(b).ok().map(|m| m.encode().to_vec())),
    ("TokenResponse", Some(256), |b| TokenResponse::decode(b).ok().map(|m| m.encode().to_vec())),
    ("Pledge", Some(68), |b| Pledge::decode(b).ok().map(|m| m.encode().to_vec())),
    ("TokenChallenge", None, |b| TokenChallenge::decode(b).ok().map(|m| m.encode().unwrap())),
    ("Entry", None, |b| Entry::decode(b).ok().map(|m| m.encode())),
];

fn echo(name: &str) -> Echo {
    MESSAGES.iter().find(|(other, ..)| *other == name).unwrap().2
}

/// One valid message of each kind, and of each kind of entry with a fixed size.
fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let group = Entry::Group { tick: 3, area: Area::region(1), size: 7 };
    let pledge = [&[2u8, 2, 0, 0, 0, 6][..], &[7; 320]].concat();
    let page = Entry::Page { manifest_sha256: [8; 32] };
    let mut challenge = vec![0, 2, 0, 3];
    challenge.extend_from_slice(b"a.b\x20");
    challenge.extend_from_slice(&[5; 32]);
    challenge.extend_from_slice(b"\0\x03c.d");
    vec![
        ("Token", token().encode().to_vec()),
        ("TokenRequest", request().0.encode().to_vec()),
        ("TokenResponse", vec![9; 256]),
        ("Pledge", vec![10; 68]),
        ("TokenChallenge", challenge),
        ("TokenChallenge", b"\0\x02\0\x03a.b\0\0\0".to_vec()),
        ("Entry", group.encode()),
        ("Entry", pledge),
        ("Entry", Entry::Close { tick: 4 }.encode()),
        ("Entry", page.encode()),
    ]
}

#[test]
fn every_valid_message_is_written_back_byte_for_byte() {
    for (name, bytes) in valid() {
        assert_eq!(echo(name)(&bytes), Some(bytes.clone()), "{name}");
        let size = MESSAGES.iter().find(|(other, ..)| *other == name).unwrap().1;
        assert!(size.is_none_or(|size| size == bytes.len()), "{name} of {} bytes", bytes.len());
    }
}

#[test]
fn every_truncated_and_every_longer_message_is_refused() {
    for (name, bytes) in valid() {
        for bad in maimed(&bytes) {
            assert!(echo(name)(&bad).is_none(), "{name} of {} of {} bytes", bad.len(), bytes.len());
        }
    }
}

#[test]
fn messages_of_another_token_type_are_refused() {
    for (name, mut bytes) in valid().into_iter().take(6).filter(|(name, _)| *name != "Pledge") {
        if name == "TokenResponse" {
            continue; // it has no type
        }
        for (high, low) in [(0, 0), (0, 1), (0, 3), (1, 2), (0xff, 0xff)] {
            bytes[..2].copy_from_slice(&[high, low]);
            assert!(echo(name)(&bytes).is_none(), "{name} of type {high:02x}{low:02x}");
        }
    }
}

#[test]
fn a_challenge_without_issuer_or_with_another_size_of_context_or_without_utf8_is_refused() {
    let challenge = echo("TokenChallenge");
    assert!(challenge(b"\0\x02\0\x01a\0\0\0").is_some());
    assert!(challenge(b"\0\x02\0\0\0\0\0").is_none(), "no issuer");
    for size in (1..=255u8).filter(|size| *size != 32) {
        let bytes = [b"\0\x02\0\x01a", &[size][..], &vec![0; usize::from(size)], b"\0\0"].concat();
        assert!(challenge(&bytes).is_none(), "a context of {size} bytes");
    }
    assert!(challenge(b"\0\x02\0\x01\xff\0\0\0").is_none(), "an issuer that is not UTF-8");
    assert!(challenge(b"\0\x02\0\x01a\0\0\x01\xff").is_none(), "an origin that is not UTF-8");
}

#[test]
fn an_entry_of_an_unknown_type_or_level_or_of_another_root_or_too_long_is_refused() {
    let entry = echo("Entry");
    let group = Entry::Group { tick: 1, area: Area::ROOT, size: 5 };
    let group = group.encode();
    for first in (0..=255).filter(|byte| !(1..=5).contains(byte)) {
        let bytes = [&[first], &group[1..]].concat();
        assert!(entry(&bytes).is_none(), "type {first}");
    }
    for level in 3..=255 {
        let mut bytes = group.clone();
        bytes[5] = level;
        assert!(entry(&bytes).is_none(), "level {level}");
    }
    for byte in 6..10 {
        let mut bytes = group.clone();
        bytes[byte] = 1;
        assert!(entry(&bytes).is_none(), "a root with a number");
    }
    assert!(entry(&vec![3; ENTRY_BYTES_MAX]).is_some());
    assert!(entry(&vec![3; ENTRY_BYTES_MAX + 1]).is_none());
}

#[test]
fn a_request_is_checked_for_the_key_and_for_one_less_than_message_less_than_n_minus_one() {
    let n: [u8; 256] = ISSUER.public().spki()[ISSUER.public().spki().len() - 261..][..256].try_into().unwrap();
    let key_byte = ISSUER.public().token_key_id().truncated();
    let with = |message: [u8; 256], last: u8| {
        let mut message = message;
        message[255] = last;
        let bytes = [&[0, 2, key_byte][..], &message].concat();
        TokenRequest::decode(&bytes).unwrap().check(ISSUER.public())
    };
    assert_eq!(n[255] & 1, 1, "n is odd, so its last byte can be lowered by one");
    let refused = Err(Error::Malformed("token request"));
    assert_eq!([0, 1, 2].map(|m| with([0; 256], m).is_ok()), [false, false, true]);
    assert_eq!(with(n, n[255]), refused, "n");
    assert_eq!(with(n, n[255] - 1), refused, "n - 1");
    assert_eq!(with([0xff; 256], 0xff), refused);
    let mut below = n;
    below[254] = n[254].wrapping_sub(1);
    below[253] = n[253] - u8::from(n[254] == 0);
    assert_eq!(with(below, 0xff), Ok(()), "less than n - 1");
    let mut other_key = request().0.encode();
    other_key[2] = !key_byte;
    let other_key = TokenRequest::decode(&other_key).unwrap();
    assert_eq!(other_key.check(ISSUER.public()), refused);
}

#[test]
fn a_bundle_holds_exactly_as_many_whole_entries_as_its_name_says() {
    let entries: [&[u8]; 3] = [b"one", b"", &[7; 300]];
    let mut bundle = Vec::new();
    entries.iter().for_each(|entry| put_bundled(&mut bundle, entry).unwrap());
    assert_eq!(read_bundle(&bundle, 3), Ok(entries.to_vec()));
    for width in [0, 1, 2, 4, 256, u32::MAX] {
        assert!(read_bundle(&bundle, width).is_err(), "{width} entries");
    }
    for bad in maimed(&bundle) {
        assert!(read_bundle(&bad, 3).is_err(), "{} bytes", bad.len());
    }
    assert!(put_bundled(&mut bundle, &vec![0; ENTRY_BYTES_MAX]).is_ok());
    assert!(put_bundled(&mut bundle, &vec![0; ENTRY_BYTES_MAX + 1]).is_err());
}

/// Bytes that begin like messages, in lengths around theirs.
fn near_messages() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![0usize..12, Just(14), Just(33), Just(68), 250usize..262, Just(326), 350usize..358];
    let head = prop_oneof![Just(vec![]), Just(vec![0, 2]), (1u8..6).prop_map(|b| vec![b]), Just(vec![2, 2])];
    (head, size.prop_flat_map(|size| prop::collection::vec(any::<u8>(), size))).prop_map(|(head, mut bytes)| {
        bytes.iter_mut().zip(head).for_each(|(byte, first)| *byte = first);
        bytes
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic_and_what_decodes_encodes_back(bytes in near_messages()) {
        for (name, _, echo) in MESSAGES {
            if let Some(back) = echo(&bytes) {
                prop_assert_eq!(&back, &bytes, "{}", name);
            }
        }
        if let Ok(entries) = read_bundle(&bytes, 2) {
            let mut back = Vec::new();
            entries.iter().for_each(|entry| put_bundled(&mut back, entry).unwrap());
            prop_assert_eq!(back, bytes);
        }
    }

    #[test]
    fn challenges_of_any_names_read_back(
        issuer in "\\PC{1,40}",
        context in prop::option::of(any::<[u8; 32]>()),
        origin in "\\PC{0,40}",
    ) {
        let sized = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let context = context.map_or(vec![0], |context| [&[32][..], &context].concat());
        let bytes = [vec![0, 2], sized(&issuer), context, sized(&origin)].concat();
        prop_assert_eq!(echo("TokenChallenge")(&bytes), Some(bytes));
    }

    #[test]
    fn bundles_of_any_entries_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..9)) {
        let mut bundle = Vec::new();
        entries.iter().for_each(|entry| put_bundled(&mut bundle, entry).unwrap());
        let width = u32::try_from(entries.len()).unwrap();
        prop_assert_eq!(read_bundle(&bundle, width), Ok(entries.iter().map(Vec::as_slice).collect()));
    }

    #[test]
    fn a_reader_never_reads_past_the_end(bytes in prop::collection::vec(any::<u8>(), 0..20), steps in prop::collection::vec(0u8..5, 0..8)) {
        let mut reader = Reader::new(&bytes, "thing");
        let mut read = 0;
        for step in steps {
            let size = match step {
                0 => reader.u8().map(|_| 1),
                1 => reader.u16().map(|_| 2),
                2 => reader.u32().map(|_| 4),
                3 => reader.vector8().map(|vector| vector.len() + 1),
                _ => reader.vector16().map(|vector| vector.len() + 2),
            };
            match size {
                Ok(size) => read += size,
                Err(error) => {
                    prop_assert_eq!(error, Error::Malformed("thing"));
                    return Ok(());
                }
            }
        }
        prop_assert_eq!(reader.rest(), &bytes[read..]);
    }
}
