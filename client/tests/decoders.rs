//! What a participant or an organiser types or keeps in a file, as the client library reads it: addresses, places, keys,
//! lists of invites, proxies. No text makes a reader panic, and what is taken has the one meaning that it is shown with.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use client::address::BaseUrl;
use client::error::Error;
use client::organiser::OrganiserKey;
use client::place_choice::{find, harmless, harmless_json, harmless_lines};
use client::private_file::PrivateFile;
use client::rehearsal::read_invites;
use client::transport::Network;
use proptest::prelude::*;
use protocol::campaign::{CampaignId, Places};
use protocol::codec::to_base64;

fn places() -> Places {
    let place = |index: usize| {
        format!(r#"{{"region":0,"name":{{"en":"Place {index}","ru":"{index} город"}},"lat":1,"lon":2,"population":3}}"#)
    };
    let all: Vec<String> = (0..12).map(place).collect();
    Places::decode(format!(r#"{{"regions":[{{"name":{{"en":"R"}}}}],"places":[{}]}}"#, all.join(",")).as_bytes())
        .unwrap()
}

fn is_a_sentence(error: &Error) -> bool {
    let text = error.to_string();
    !text.contains("os error")
        && !text.contains("Error {")
        && (text.contains(';') || text.contains(':') || text.contains("must"))
}

#[test]
fn a_place_has_its_number_in_plain_digits_or_its_name() {
    let places = places();
    for (text, place) in [("0", 0), ("11", 11), (" 3\n", 3), ("003", 3), ("place 7", 7), ("4 ГОРОД", 4)] {
        assert_eq!(find(&places, text, None), Ok(place), "{text}");
    }
    for bad in
        ["+3", "-1", "12", "3.0", "3e0", "0x3", "4294967296", "18446744073709551617", "", " ", "place 1 2", "Place"]
    {
        assert!(find(&places, bad, None).is_err_and(|error| is_a_sentence(&error)), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_address_that_is_taken_is_shown_as_what_it_is_and_is_taken_again(
        text in "(https?|HTTPS|ftp|socks5h)?:?/{0,3}([a-z0-9.\\[\\]:@-]{0,16}|127\\.0\\.0\\.1|localhost|0x7f\\.1)(:[0-9]{1,6})?[/?#\\\\ \t]{0,2}|\\PC{0,20}",
    ) {
        match BaseUrl::parse(&text) {
            Ok(base) => {
                prop_assert_eq!(BaseUrl::parse(&base.to_string()), Ok(base.clone()));
                prop_assert!(base.is_encrypted() || base.is_loopback() || base.is_onion(), "{} is {}", text, base);
                prop_assert!(!base.to_string().contains(['@', '?', '#', ' ']) && base.to_string().matches('/').count() == 2);
            }
            Err(error) => prop_assert!(is_a_sentence(&error), "{}", error),
        }
        if let Ok(network) = Network::through(&text) {
            prop_assert!(network.proxy().is_some_and(|proxy| proxy.starts_with("socks5h://") && !proxy.contains('@')));
        }
    }

    #[test]
    fn any_text_is_one_place_or_a_sentence(text in "[ 0-9+.eEx-]{0,6}|\\PC{0,12}|[Pp]lace [0-9]{0,2}") {
        match find(&places(), &text, None) {
            Ok(place) => {
                let digits = text.trim().chars().all(|c| c.is_ascii_digit());
                prop_assert!(place < 12 && (!digits || text.trim().parse() == Ok(place)), "{}", text);
            }
            Err(error) => prop_assert!(is_a_sentence(&error), "{}", error),
        }
    }

    #[test]
    fn an_organisers_key_has_one_spelling(seed: [u8; 32], at: prop::sample::Index, strange in "[^A-Za-z0-9_=-]|\\PC") {
        let text = to_base64(&seed);
        let line = format!("{text}\n");
        prop_assert!(OrganiserKey::parse(&line).is_ok_and(|key| *key.to_text() == line));
        let at = at.index(43);
        let mut other = text.clone();
        other.replace_range(at..=at, &strange);
        if let Ok(key) = OrganiserKey::parse(&other) {
            let back = key.to_text();
            prop_assert_eq!(back.trim_end(), other.trim());
        }
        for other in [&text[1..], text.trim_end_matches('='), &format!("{text}="), &format!("{text}AAAA"), &format!("{text}\n{text}")] {
            prop_assert!(OrganiserKey::parse(other).is_err());
        }
    }

    #[test]
    fn lists_of_invites_are_whole_or_refused_by_their_line(lines in prop::collection::vec("[0-9A-HJKMNP-TV-Z]{32}|[ -~]{0,40}|", 0..6)) {
        let text = lines.join("\n");
        let filled = lines.iter().filter(|line| !line.trim().is_empty()).count();
        match read_invites(&text, CampaignId::from_bytes([1; 32])) {
            Ok(invites) => prop_assert_eq!(invites.len(), filled),
            Err(error) => prop_assert!(error.to_string().starts_with("Line "), "{}", error),
        }
    }

    #[test]
    fn what_is_shown_steers_no_terminal_and_json_stays_the_same(text in "\\PC{0,20}|[\u{0}-\u{ff}\u{200b}-\u{2069}]{0,20}") {
        let quiet = |shown: &str| shown.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
        prop_assert!(quiet(&harmless(&text)) && quiet(&harmless_lines(&text).replace('\n', "")));
        let json = serde_json::json!({ "text": text });
        let shown = harmless_json(&json.to_string());
        prop_assert!(quiet(&shown));
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}

#[test]
fn a_path_that_cannot_be_written_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "x").unwrap();
    for path in [taken.clone(), taken.join("below"), folder.path().join("no/folder"), folder.path().to_owned()] {
        assert!(PrivateFile::at(&path).is_err_and(|error| is_a_sentence(&error)), "{}", path.display());
    }
    assert_eq!(std::fs::read(&taken).unwrap(), b"x");
}
