//! The JSON documents, and the campaign file.

use super::{ISSUER, maimed_text, support};
use proptest::prelude::*;
use protocol::campaign::{Campaign, CampaignId, Genesis, Places};
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::directory::IssuerDirectory;
use protocol::error::Error;
use protocol::keys::IssuerPrivateKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

fn genesis() -> Genesis {
    support::genesis(ISSUER.public())
}

fn genesis_text() -> String {
    String::from_utf8(genesis().encode()).unwrap()
}

fn reads(text: &str) -> bool {
    Genesis::decode(text.as_bytes()).is_ok()
}

/// The genesis with its members changed.
fn changed(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut value: Value = serde_json::from_str(&genesis_text()).unwrap();
    change(value.as_object_mut().unwrap());
    value.to_string()
}

#[test]
fn a_genesis_is_written_back_byte_for_byte_and_refused_when_maimed() {
    let text = genesis_text();
    let read = Genesis::decode(text.as_bytes()).unwrap();
    assert!(read == genesis());
    assert_eq!(read.encode(), text.as_bytes());
    assert!(maimed_text(&text).all(|bad| !reads(&bad)));
    assert!(!reads(&format!(" {text}")), "an entry of the log that does not begin with a brace is no genesis");
    let filled = |size: usize| format!("{text}{}", " ".repeat(size - text.len()));
    assert!(reads(&filled(Genesis::BYTES_MAX)));
    assert!(!reads(&filled(Genesis::BYTES_MAX + 1)));
}

#[test]
fn a_genesis_with_a_missing_a_repeated_or_an_unknown_member_is_refused() {
    let text = genesis_text();
    let members: Value = serde_json::from_str(&text).unwrap();
    let members = members.as_object().unwrap();
    assert_eq!(members.len(), 25);
    for (name, value) in members {
        let missing = changed(|members| drop(members.remove(name)));
        assert!(!reads(&missing), "without {name}");
        let repeated = format!("{{\"{name}\":{value},{}", &text[1..]);
        assert!(!reads(&repeated), "with {name} twice");
        let null = changed(|members| members[name] = Value::Null);
        assert_eq!(reads(&null), name == "onion", "with {name} null");
        let misspelt = changed(|members| {
            let value = members.remove(name).unwrap();
            members.insert(name.to_uppercase(), value);
        });
        assert!(!reads(&misspelt), "with {name} in upper case");
    }
    assert!(!reads(&changed(|members| drop(members.insert("extra".to_owned(), json!(1))))));
}

#[test]
fn a_repeated_or_an_unknown_member_inside_a_member_is_refused() {
    for (from, to) in [
        (r#""title":{"#, r#""title":{"en":"March","#),
        (r#""text":{"#, r#""text":{"en":"We walk together.","#),
        (r#""ohttp_keys":{"#, r#""ohttp_keys":{"issuer":"AQ==","#),
        (r#""ohttp_keys":{"#, r#""ohttp_keys":{"relay":"AQ==","#),
        (r#""ohttp_keys":{"#, r#""ohttp_keys":{"origin":null,"#),
        (r#""title":{"#, r#""title":{"de":"Marsch","#), // a language that the text lacks
    ] {
        let text = genesis_text();
        assert!(text.contains(from));
        assert!(!reads(&text.replacen(from, to, 1)), "{to}");
    }
}

/// A list in the place of an object is what derived readers take and other people's do not.
#[test]
fn a_list_is_not_taken_for_an_object() {
    for list in [json!([]), json!(["AQ=="]), json!(["AQ==", "AQ=="])] {
        assert!(!reads(&changed(|members| members["ohttp_keys"] = list.clone())), "{list}");
    }
    let places = |text: &str| Places::decode(text.as_bytes()).is_ok();
    let region = r#"{"name":{"en":"R"}}"#;
    let place = r#"{"region":0,"name":{"en":"P"},"lat":1.5,"lon":2.5,"population":3}"#;
    assert!(places(&format!(r#"{{"regions":[{region}],"places":[{place}]}}"#)));
    assert!(!places(&format!("[[{region}],[{place}]]")));
    assert!(!places(&format!(r#"{{"regions":[[{{"en":"R"}}]],"places":[{place}]}}"#)));
    assert!(!places(&format!(r#"{{"regions":[{region}],"places":[[0,{{"en":"P"}},1.5,2.5,3]]}}"#)));
}

#[test]
fn a_genesis_that_breaks_a_rule_is_refused_by_the_name_of_the_member() {
    type Change = fn(&mut Genesis);
    let changes: [(&str, Change); 24] = [
        ("version", |g| g.version = 2),
        ("title", |g| g.title.clear()),
        ("title", |g| g.title = support::english(" ")),
        ("title", |g| g.title = support::english("two\nlines")),
        ("text", |g| g.text.clear()),
        ("issuer_name", |g| g.issuer_name = "https://issuer.example".to_owned()),
        ("issuer_name", |g| g.issuer_name = "Issuer.example".to_owned()),
        ("origin_name", |g| g.origin_name = "origin.example:080".to_owned()),
        ("origin_name", |g| g.origin_name.clear()),
        ("onion", |g| g.onion = Some("onion.example".to_owned())),
        ("k", |g| g.k = 4),
        ("pledges_open", |g| g.opens = g.pledges_open + 1),
        ("closes", |g| g.closes = g.pledges_open),
        ("closes", |g| g.closes += 1),
        ("closes", |g| g.closes += 3600 << 40),
        ("issuing_closes", |g| g.issuing_closes = g.closes + 1),
        ("issuing_closes", |g| g.issuing_closes = g.opens),
        ("tick_seconds", |g| g.tick_seconds = 0),
        ("target", |g| g.target = 0),
        ("eligible", |g| g.eligible = 4),
        ("eligible", |g| g.eligible = 100_000_001),
        ("quorum", |g| g.quorum = 1),
        ("quorum", |g| g.witnesses = vec!["a".to_owned(), "b".to_owned()]),
        ("log_key", |g| g.log_key = [0; 32]),
    ];
    for (member, change) in changes {
        let mut genesis = genesis();
        change(&mut genesis);
        let found: Vec<&str> = genesis.mistakes().iter().map(|(member, _)| *member).collect();
        assert!(found.contains(&member), "{member}: {found:?}");
        assert!(matches!(Genesis::decode(&genesis.encode()), Err(Error::Campaign(_))), "{member}");
    }
}

#[test]
fn u2_a_campaign_with_other_places_or_a_bad_key_is_refused_and_any_other_byte_is_another_campaign() {
    let (bytes, places) = (genesis().encode(), support::places_json());
    let campaign = Campaign::new(&bytes, &places).unwrap();
    assert!(campaign.id() == CampaignId::of(&bytes));
    let other = [places.as_slice(), b"\n"].concat();
    assert!(matches!(Campaign::new(&bytes, &other), Err(Error::Campaign(_))));
    let mut bad_key = genesis();
    bad_key.token_key.push(0);
    assert!(Campaign::new(&bad_key.encode(), &places).is_err());
    let same_values = [bytes.as_slice(), b" "].concat();
    assert!(Campaign::new(&same_values, &places).unwrap().id() != campaign.id());
}

#[test]
fn places_with_a_wrong_index_or_none_at_all_or_maimed_are_refused() {
    let text = String::from_utf8(support::places_json()).unwrap();
    let places = |text: &str| Places::decode(text.as_bytes()).is_ok();
    assert!(places(&text));
    assert!(maimed_text(&text).all(|bad| !places(&bad)));
    for (from, to) in [
        (r#""region":2"#, r#""region":3"#),
        (r#""region":2"#, r#""region":-1"#),
        (r#""regions":[{"#, r#""regions":[{"extra":1,"#),
        (r#""places":[{"#, r#""places":[{"extra":1,"#),
        (r#""places":[{"#, r#""places":[{"region":0,"#),
        (r#"{"regions""#, r#"{"extra":1,"regions""#),
        (r#""name":{"#, r#""name":{"en":"Region","#),
        (r#""lat":50.5,"#, ""),
    ] {
        assert!(text.contains(from));
        assert!(!places(&text.replacen(from, to, 1)), "{to}");
    }
    assert!(!places(r#"{"regions":[{"name":{"en":"R"}}],"places":[]}"#));
}

#[test]
fn u2_a_directory_with_another_key_or_a_second_one_or_another_type_is_refused() {
    let key = ISSUER.public();
    let honest = IssuerDirectory::new(key);
    let text = serde_json::to_string(&honest).unwrap();
    let read = |text: &str| serde_json::from_str::<IssuerDirectory>(text);
    assert!(read(&text).is_ok_and(|read| read == honest && read.check(key) == Ok(())));
    assert!(maimed_text(&text).all(|bad| read(&bad).is_err()));
    let extra = text.replacen('{', r#"{"issuer-policy-uri":"x","#, 1);
    assert!(read(&extra).is_ok_and(|read| read == honest), "RFC 9578 has clients ignore unknown members");

    let other = IssuerPrivateKey::generate(&mut ChaCha20Rng::seed_from_u64(2)).unwrap();
    let refused = |change: &dyn Fn(&mut IssuerDirectory)| {
        let mut directory = honest.clone();
        change(&mut directory);
        assert!(directory.check(key).is_err(), "{directory:?}");
    };
    refused(&|d| d.token_keys.clear());
    refused(&|d| d.token_keys.push(d.token_keys[0].clone()));
    refused(&|d| d.token_keys[0].token_type = 1);
    refused(&|d| d.token_keys[0].token_key = to_base64(other.public().spki()));
    refused(&|d| d.token_keys[0].token_key.truncate(8));
}

const CAMPAIGN_FILE: &str = r#"
pledges_open = 2021-03-23T09:00:00Z
closes = 2021-03-23T12:00:00Z
issuer_name = "issuer.example"
origin_name = "origin.example"
organiser_key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="
target = 500
eligible = 1000
places = "places.json"
map = "map.json"
title = { en = "T" }
text = { en = "words" }
"#;

#[test]
fn a_campaign_file_without_a_required_line_or_with_one_twice_is_refused_by_its_key() {
    assert!(CampaignFile::parse(CAMPAIGN_FILE).is_ok());
    for line in CAMPAIGN_FILE.lines().filter(|line| !line.is_empty()) {
        let key = line.split(' ').next().unwrap();
        let without = CampaignFile::parse(&CAMPAIGN_FILE.replace(line, ""));
        let why = without.unwrap_err().to_string();
        assert!(why.contains(&format!("{key} is missing")), "{why}");
        assert!(CampaignFile::parse(&format!("{CAMPAIGN_FILE}{line}\n")).is_err(), "{key} twice");
        assert!(CampaignFile::parse(&CAMPAIGN_FILE.replace(line, &format!("{key} = []"))).is_err(), "{key} a list");
    }
}

proptest! {
    #[test]
    fn no_change_of_a_document_makes_its_reader_panic(at: prop::sample::Index, byte: u8, with in "\\PC{0,6}") {
        let (genesis, places) = (genesis().encode(), support::places_json());
        let directory = serde_json::to_vec(&IssuerDirectory::new(ISSUER.public())).unwrap();
        for document in [genesis, places, directory, CAMPAIGN_FILE.as_bytes().to_vec()] {
            let at = at.index(document.len());
            let mut altered = document.clone();
            altered[at] = byte;
            let mut spliced = document.clone();
            spliced.splice(at..at, with.bytes());
            for bytes in [altered, spliced] {
                if let Ok(read) = Genesis::decode(&bytes) {
                    prop_assert!(Genesis::decode(&read.encode()) == Ok(read));
                }
                let _ = Places::decode(&bytes);
                let _ = serde_json::from_slice::<IssuerDirectory>(&bytes).map(|d| d.check(ISSUER.public()));
                let _ = CampaignFile::parse(&String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_of_documents_panic(text in "\\PC{0,80}", key in "[a-z_]{1,14}") {
        let _ = Genesis::decode(text.as_bytes());
        let _ = Genesis::decode(format!("{{\"{key}\":{text}").as_bytes());
        let _ = Places::decode(text.as_bytes());
        let _ = CampaignFile::parse(&text);
        let _ = CampaignFile::parse(&format!("{key} = {text}\n"));
        let unknown = format!("{CAMPAIGN_FILE}zz_{key} = 1\n");
        prop_assert!(CampaignFile::parse(&unknown).is_err());
    }

    #[test]
    fn every_date_of_a_campaign_file_is_read_or_refused_without_panic(
        year in 0u16..10_000, month in 0u8..14, day in 0u8..33, hour in 0u8..26, offset in -26i8..26,
    ) {
        let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00{offset:+03}:00");
        let file = CAMPAIGN_FILE.replacen("2021-03-23T09:00:00Z", &date, 1);
        if let Ok(mut file) = CampaignFile::parse(&file) {
            prop_assert!(file.genesis_mut().pledges_open < 1_616_500_800);
        }
    }
}
