//! What people type, paste and scan: codes, links, phrases, addresses, tokens, keys. What is taken has one meaning, which
//! reads back; and where others read the same, they read it alike.

#![no_main]

use bip39::{Language, Mnemonic};
use client::address::BaseUrl;
use client::organiser::OrganiserKey;
use client::typed::{self, TOKEN_CHARACTERS, TokenMistake};
use data_encoding::{BASE64URL, BASE64URL_NOPAD, HEXLOWER};
use fuzz::{CAMPAIGN, kind_of_text};
use libfuzzer_sys::fuzz_target;
use protocol::campaign::CampaignId;
use protocol::codec::{array_from_hex, from_base64, to_base64};
use protocol::date::utc;
use protocol::email::{Domains, EmailAddress, EmailKey};
use protocol::invite::{Invite, InviteLink};
use protocol::phrase::{Phrase, PhraseMistake};

fuzz_target!(|data: &[u8]| {
    let Some((kind, text)) = kind_of_text(data) else { return };
    match kind {
        b'i' => invite(text),
        b'l' => link(text),
        b'w' => phrase(text),
        b'e' => address(text),
        b'd' => domains(text),
        b't' => token(text),
        b'b' => encodings(text),
        b'u' => url(text),
        b's' => date(text),
        b'n' => place(text),
        _ => {}
    }
});

fn invite(text: &str) {
    let read = Invite::parse(text);
    assert_eq!(Invite::mistyped_group(text).is_none(), read.is_ok(), "a mistake is found where there is one");
    let Ok(invite) = read else { return };
    let code = invite.code();
    assert!(code.len() == 39 && Invite::parse(&code).is_ok_and(|again| again == invite));
    assert!(Invite::parse(&code.to_lowercase().replace('-', " ")).is_ok_and(|again| again == invite));
}

fn link(text: &str) {
    let read = InviteLink::parse(text);
    assert_eq!(typed::link(text).is_ok(), read.is_ok());
    let Ok(link) = read else { return };
    let written = link.to_text();
    let again = InviteLink::parse(&written).expect("what was written");
    assert!(again.invite == link.invite && again.campaign == link.campaign && again.base_url == link.base_url);
    let base = BaseUrl::parse(&link.base_url);
    assert!(base.is_ok(), "what a link names can be contacted: {}", link.base_url);
}

fn phrase(text: &str) {
    let theirs = Mnemonic::parse_in_normalized(Language::English, text);
    match Phrase::parse(text) {
        Ok(phrase) => {
            assert!(Phrase::parse(&phrase.words()).is_ok_and(|again| again == phrase));
            assert!(Phrase::parse(&phrase.numbers()).is_ok_and(|again| again == phrase));
            let known = Mnemonic::parse_in_normalized(Language::English, &phrase.words()).expect("a phrase");
            assert!(Phrase::from_bytes(known.to_entropy().try_into().expect("128 bits")) == phrase);
        }
        Err(_) => {
            assert!(!theirs.is_ok_and(|known| known.word_count() == 12), "others read it");
            match Phrase::mistake(text) {
                PhraseMistake::Unknown(at) => assert!(at >= 1 && at <= text.len()),
                PhraseMistake::Count(count) => assert_ne!(count, 12),
                PhraseMistake::Checksum => {}
            }
        }
    }
}

fn address(text: &str) {
    let Ok(address) = EmailAddress::parse(text) else { return };
    let canonical = address.as_str();
    assert!(EmailAddress::parse(canonical).is_ok_and(|again| again.as_str() == canonical), "{canonical}");
    assert!(EmailAddress::parse(&format!(" {text}\n")).is_ok_and(|again| again.as_str() == canonical));
    assert!(canonical.len() <= EmailAddress::BYTES_MAX && canonical.ends_with(&format!("@{}", address.domain())));
    assert!(
        !canonical.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c)),
        "{canonical}"
    );
    let key = EmailKey::from_bytes([7; 32]);
    assert!(key.invite_id(CAMPAIGN.id(), &address).batch() == 0xffff);
}

fn domains(text: &str) {
    let list: Vec<String> = text.lines().map(str::to_owned).collect();
    let Ok(domains) = Domains::try_from(list.clone()) else { return };
    assert!((1..=Domains::MAX).contains(&list.len()));
    for pattern in &list {
        match pattern.strip_prefix('*') {
            Some("") => assert!(domains.allow("example.org")),
            Some(end) => assert!(domains.allow(&format!("x{end}")) && end.starts_with('.')),
            None => assert!(domains.allow(pattern)),
        }
    }
    let elsewhere = "somewhere.invalid";
    let meant =
        |pattern: &String| pattern.strip_prefix('*').map_or(pattern == elsewhere, |end| elsewhere.ends_with(end));
    assert_eq!(domains.allow(elsewhere), list.iter().any(meant));
}

fn token(text: &str) {
    match typed::token(text) {
        Ok(token) => {
            let written = typed::token_text(&token);
            let typed: String = text.split_whitespace().collect();
            assert_eq!(*written, typed, "in one spelling, but for line breaks");
        }
        Err(TokenMistake::Length(length)) => assert_ne!(length, TOKEN_CHARACTERS),
        Err(TokenMistake::Damaged) => {}
    }
}

fn encodings(text: &str) {
    // theirs also reads one encoding behind the other
    let theirs = BASE64URL.decode(text.as_bytes()).ok().filter(|bytes| BASE64URL.encode(bytes) == text);
    assert_eq!(from_base64(text, "x").ok(), theirs, "base64url with padding");
    if let Some(bytes) = theirs {
        assert_eq!(to_base64(&bytes), text);
    }
    let hex = HEXLOWER.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == 32);
    assert_eq!(array_from_hex::<32>(text, "x").ok().map(Vec::from), hex, "lower-case hexadecimal");
    assert_eq!(CampaignId::parse(text).map(|id| id.to_string()).ok().as_deref(), hex.map(|_| text));
    if let Ok(key) = OrganiserKey::parse(text) {
        assert_eq!(key.to_text().trim_end(), text.trim());
    }
    if let Ok(key) = EmailKey::parse(text) {
        assert!(BASE64URL_NOPAD.decode(text.trim().trim_end_matches('=').as_bytes()).is_ok());
        assert_eq!(*key.to_text(), text.trim().trim_end_matches('='));
    }
}

fn url(text: &str) {
    let Ok(base) = BaseUrl::parse(text) else { return };
    assert_eq!(BaseUrl::parse(&base.to_string()), Ok(base.clone()));
    assert!(base.is_encrypted() || base.is_loopback() || base.is_onion(), "{base}");
    assert!(!base.to_string().contains(['@', '?', '#', ' ']) && base.to_string().matches('/').count() == 2);
}

fn date(text: &str) {
    let Ok(seconds) = text.parse::<u64>() else { return };
    let shown = utc(seconds);
    assert!(shown.ends_with(" UTC") && shown.len() >= "1970-01-01 00:00 UTC".len(), "{shown}");
    assert!(utc(seconds.saturating_add(60)) >= shown || shown.len() != utc(seconds.saturating_add(60)).len());
    let month: u32 = shown.split('-').nth(1).and_then(|month| month.parse().ok()).expect("a month");
    let day: u32 = shown.split(['-', ' ']).nth(2).and_then(|day| day.parse().ok()).expect("a day");
    assert!((1..=12).contains(&month) && (1..=31).contains(&day), "{shown}");
}

fn place(text: &str) {
    let Ok(place) = client::place_choice::find(CAMPAIGN.places(), text, None) else { return };
    let typed = text.trim();
    assert!(place < 7 && (!typed.chars().all(|c| c.is_ascii_digit()) || typed.parse() == Ok(place)), "{text}");
}
