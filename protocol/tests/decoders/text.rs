//! What people and headers carry as text: invites, phrases, links, header values, names of tiles.

use super::{ISSUER, maimed_text, support, token};
use proptest::prelude::*;
use protocol::auth_scheme::{challenge_header, parse_challenge_header, parse_token_header, token_header};
use protocol::campaign::CampaignId;
use protocol::codec::{array_from_base64, array_from_hex, from_base64, to_base64, to_hex};
use protocol::error::Error;
use protocol::invite::{Invite, InviteId, InviteKey, InviteLink};
use protocol::keys::IssuerPublicKey;
use protocol::phrase::Phrase;
use protocol::tile::TileName;

fn invite(batch: u16, random: [u8; 8]) -> Invite {
    InviteKey::from_bytes([7; 32]).mint(CampaignId::from_bytes([9; 32]), InviteId::new(batch, random))
}

fn link() -> InviteLink {
    InviteLink {
        base_url: "https://origin.example:8443".to_owned(),
        invite: Some(invite(1, [2; 8])),
        campaign: CampaignId::from_bytes([9; 32]),
    }
}

#[test]
fn an_invite_code_with_a_character_more_or_less_is_refused() {
    let code = invite(1, [2; 8]).code();
    assert!(Invite::parse(&code).is_ok());
    for bad in maimed_text(&code).filter(|text| !text.ends_with("--") && *text != format!("{}-", *code)) {
        assert!(Invite::parse(&bad).is_err(), "{bad}");
    }
    for (position, _) in code.char_indices().filter(|(_, c)| *c != '-') {
        let mut other = code.to_string();
        other.replace_range(position..=position, "U");
        assert!(Invite::parse(&other).is_err(), "Crockford's alphabet has no U: {other}");
    }
}

#[test]
fn an_invite_link_with_a_character_more_or_less_is_refused() {
    let text = link().to_text();
    assert!(InviteLink::parse(&text).is_ok());
    for bad in maimed_text(&text) {
        assert!(InviteLink::parse(&bad).is_err(), "{bad}");
    }
    for (from, to) in [
        ("https://", "http:/"),
        ("https://", ""),
        ("origin.example", "user@origin.example"),
        ("origin.example:8443", "origin.example/elsewhere"),
        ("origin.example:8443", ""),
        ("/join#", "/join?"),
        ("/join#", "/join/#"),
        ("&c=", "&C="),
        ("#i=", "#i=&i="),
    ] {
        let bad = text.replacen(from, to, 1);
        assert!(InviteLink::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_phrase_with_a_word_more_less_or_exchanged_is_refused() {
    let words = Phrase::from_bytes([0x7f; 16]).words();
    let list: Vec<&str> = words.split(' ').collect();
    assert!(Phrase::parse(&list.join(" ")).is_ok());
    for left_out in 0..12 {
        let mut fewer = list.clone();
        fewer.remove(left_out);
        assert!(Phrase::parse(&fewer.join(" ")).is_err(), "without word {left_out}");
    }
    let more = [list.as_slice(), &["zoo"]].concat().join(" ");
    assert!(Phrase::parse(&more).is_err());
    for bad in maimed_text(&words) {
        let refused = Phrase::parse(&bad).is_err() || bad.ends_with([',', '.']);
        assert!(refused, "{bad}");
    }
    // the last word carries 7 bits of the seed and 4 of the checksum: each seed has one of sixteen
    let last = Phrase::parse(&words.replace("yellow", "zoo"));
    assert_eq!(last.err(), Some(Error::Malformed("phrase")));
}

#[test]
fn header_values_with_a_character_more_or_less_are_refused() {
    let campaign = support::campaign(ISSUER.public());
    let value = token_header(&token());
    assert!(parse_token_header(&value).is_ok_and(|read| read == token()));
    for bad in maimed_text(&value) {
        assert!(parse_token_header(&bad).is_err(), "{bad}");
    }
    let value = challenge_header(campaign.challenge(), campaign.token_key()).unwrap();
    let (challenge, key) = parse_challenge_header(&value).unwrap();
    assert_eq!((&challenge, key.as_slice()), (campaign.challenge(), ISSUER.public().spki()));
    for bad in maimed_text(&value) {
        // the key is handed on as bytes, and its own reader refuses none at all
        let key = parse_challenge_header(&bad).map(|(_, key)| IssuerPublicKey::from_spki(&key));
        assert!(!matches!(key, Ok(Ok(_))), "{bad}");
    }
}

#[test]
fn header_values_of_another_scheme_or_with_a_parameter_twice_or_missing_are_refused() {
    let campaign = support::campaign(ISSUER.public());
    let token = token_header(&token());
    let parameter = token.strip_prefix("PrivateToken ").unwrap();
    for bad in [
        format!("Bearer {parameter}"),
        format!("PrivateToken {parameter}, {parameter}"),
        format!("PrivateToken {parameter}, extra=\"1\""),
        token.replace("token=", "Token="),
        "PrivateToken".to_owned(),
        "PrivateToken ".to_owned(),
        token.replace('=', ""),
    ] {
        assert!(parse_token_header(&bad).is_err(), "{bad}");
    }
    assert!(parse_token_header(&token.replace("PrivateToken", "privatetoken")).is_ok());
    assert!(parse_token_header(&token.replace('"', "")).is_ok(), "some clients do not quote");

    let value = challenge_header(campaign.challenge(), campaign.token_key()).unwrap();
    let (challenge, key) = value.split_once(", ").unwrap();
    let key = format!("PrivateToken {key}");
    for bad in [
        challenge,
        &key,
        &format!("{challenge}, {value}"), // two challenges in one value
        &format!("{challenge}, {}", value.replace("PrivateToken ", "")),
        &format!("{value}, {value}"),
    ] {
        assert!(parse_challenge_header(bad).is_err(), "{bad}");
    }
    assert!(parse_challenge_header(&format!("{value}, max-age=\"9\"")).is_ok(), "RFC 9577: unknown is ignored");
}

/// A decoder that takes what no encoder writes lets two readers see two documents.
#[test]
fn base64url_has_one_spelling_for_each_byte_string() {
    assert_eq!(from_base64("AAE=", "x"), Ok(vec![0, 1]));
    for bad in ["AA==AQ==", "AA==AAE=", "AAE=AAAA", "AA=", "AA=A", "====", "=", "AAE", "AAF=", "AA E=", "AAE=\n"] {
        assert!(from_base64(bad, "x").is_err(), "{bad}");
    }
    let in_pieces = "AA==".repeat(32);
    assert!(array_from_base64::<32>(&in_pieces, "x").is_err(), "32 bytes in 32 pieces");
}

/// Paths of tiles, and texts that look like them.
fn near_paths() -> impl Strategy<Value = String> {
    let level = prop_oneof![Just("entries".to_owned()), "[0-9]{1,2}", Just("+1".to_owned()), Just("data".to_owned())];
    let number = prop::collection::vec(prop_oneof!["x?[0-9]{3}", "[0-9+x-]{0,4}"], 1..9);
    let width = prop_oneof![Just(String::new()), "\\.p/[0-9+-]{0,3}"];
    (level, number, width).prop_map(|(level, number, width)| format!("tile/{level}/{}{width}", number.join("/")))
}

proptest! {
    #[test]
    fn no_text_makes_a_decoder_panic(text in "\\PC{0,120}") {
        let _ = Phrase::parse(&text);
        let _ = Invite::parse(&text);
        let _ = InviteLink::parse(&text);
        let _ = InviteLink::parse(&format!("https://h/join#{text}"));
        let _ = parse_token_header(&text);
        let _ = parse_token_header(&format!("PrivateToken token={text}"));
        let _ = parse_challenge_header(&format!("PrivateToken challenge=\"{text}\", token-key={text}"));
        prop_assert!(parse_challenge_header(&text).is_err());
        if let Ok(bytes) = from_base64(&text, "x") {
            prop_assert_eq!(to_base64(&bytes), text.clone());
        }
        if let Ok(bytes) = array_from_hex::<2>(&text, "x") {
            prop_assert_eq!(to_hex(&bytes), text);
        }
    }

    #[test]
    fn base64url_that_decodes_encodes_back(text in "([A-D_-]{4}|[A-D]{2}==|[A-D]{3}=){0,4}") {
        if let Ok(bytes) = from_base64(&text, "x") {
            prop_assert_eq!(to_base64(&bytes), text);
        }
    }

    #[test]
    fn a_tile_path_that_parses_is_its_only_spelling(path in near_paths()) {
        if let Ok(name) = TileName::parse(&path) {
            prop_assert_eq!(name.path(), path);
        }
    }

    #[test]
    fn every_tile_name_reads_back(
        level in prop::option::of(0u8..64),
        index in prop_oneof![0u64..2000, any::<u64>()],
        width in 1u32..=256,
    ) {
        let name = TileName { level, index, width };
        prop_assert_eq!(TileName::parse(&name.path()), Ok(name), "{}", name.path());
    }

    #[test]
    fn codes_links_and_phrases_of_any_bytes_read_back(batch: u16, random: [u8; 8], id: [u8; 32], seed: [u8; 16]) {
        let code = invite(batch, random).code();
        let read = Invite::parse(&code).unwrap();
        prop_assert_eq!(read.code(), code);
        let link = InviteLink { campaign: CampaignId::from_bytes(id), ..link() };
        let read = InviteLink::parse(&link.to_text()).unwrap();
        prop_assert_eq!(read.to_text(), link.to_text());
        let phrase = Phrase::from_bytes(seed);
        prop_assert!(Phrase::parse(&phrase.words()) == Ok(phrase.clone()));
        prop_assert!(Phrase::parse(&phrase.numbers()) == Ok(phrase));
        prop_assert_eq!(CampaignId::parse(&to_hex(&id)), Ok(CampaignId::from_bytes(id)));
    }
}
