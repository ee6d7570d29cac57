//! What can be wrong in a campaign file: every key missing, mistyped, of another kind and out of range, each told with
//! its line, by `headcount-server init`, which then makes nothing.

use crate::judge::{Said, Table, server};
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use std::path::Path;
use tempfile::TempDir;

/// Every key, with a good value.
const KEYS: [(&str, &str); 15] = [
    ("target", "1000"),
    ("eligible", "1000"),
    ("k", "5"),
    ("tick_seconds", "3600"),
    ("opens", "2121-03-23T08:00:00Z"),
    ("pledges_open", "2121-03-23T09:00:00Z"),
    ("issuing_closes", "2121-03-23T18:00:00Z"),
    ("closes", "2121-03-24T09:00:00Z"),
    ("places", "\"places.json\""),
    ("map", "\"map.json\""),
    ("map_view", "[\"one\"]"),
    ("issuer_name", "\"issuer.example\""),
    ("origin_name", "\"origin.example\""),
    ("rehearsal", "true"),
    ("organiser_key", ""),
];
const TEXTS: &str = "[title]\nen = \"A campaign\"\n[text]\nen = \"Text.\"\n";
const OPTIONAL: [&str; 6] = ["k", "tick_seconds", "opens", "issuing_closes", "rehearsal", "map_view"];
/// A map that can draw two disputed territories.
const MAP: &str = r#"{"W":200,"H":100,
"projection":{"kind":"albers","n":0.8,"c":1.7,"lon0":0,"scale":100.5,"x0":100,"y0":0.1},
"views":[{"id":"all","name":{"en":"All"},"box":[0,0,200,100]}],"attribution":"By hand.","land":"M0 0l9 0 0 9z","mesh":"",
"disputed":[{"id":"one","name":{"en":"One"},"land":"M1 1l2 0 0 2z"},
 {"id":"two","name":{"en":"Two"},"land":"M5 5l2 0 0 2z"}]}"#;

const PLACES: &str =
    r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"lon":2,"population":3}]}"#;

pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("places.json"), PLACES).unwrap();
    std::fs::write(folder.path().join("map.json"), MAP).unwrap();
    folder
}

/// The file with one line replaced, and the number of that line.
pub(crate) fn file_with(key: &str, line: &str) -> (String, usize) {
    let own = format!("\"{}\"", to_base64(&NoteSigner::new("", &[7; 32]).public_key()));
    let good = |(name, value): &(&str, &str)| match *name {
        "organiser_key" => format!("{name} = {own}"),
        _ => format!("{name} = {value}"),
    };
    let lines: Vec<String> = KEYS.iter().map(|pair| if pair.0 == key { line.to_owned() } else { good(pair) }).collect();
    let number = KEYS.iter().position(|pair| pair.0 == key).map_or(0, |index| index + 1);
    (format!("{}\n{TEXTS}", lines.join("\n")), number)
}

fn init(folder: &Path, text: &[u8]) -> Said {
    std::fs::write(folder.join("campaign.toml"), text).unwrap();
    let said = server(folder, &["init", "--campaign", "campaign.toml", "--data", "data"]);
    assert!(said.code == Some(0) || !folder.join("data").exists(), "a refused campaign was made");
    said
}

#[test]
fn a_good_campaign_file_is_taken() {
    let folder = folder();
    let said = init(folder.path(), file_with("", "").0.as_bytes());
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn every_key_that_is_missing_or_mistyped_or_of_another_kind_is_told_with_its_line() {
    let (folder, mut table) = (folder(), Table::default());
    for (key, value) in KEYS {
        let mut refused = |case: &str, line: &str, mentions: &str| {
            let (text, number) = file_with(key, line);
            let said = init(folder.path(), text.as_bytes());
            table.judge(&format!("{key} {case}"), &said, &[], mentions);
            let told = said.err.contains(&format!("line {number}:"));
            assert!(told || case == "missing", "{key} {case} is not told with line {number}: {}", said.err);
        };
        if !OPTIONAL.contains(&key) {
            refused("missing", "", &format!("{key} is missing"));
        }
        refused(
            "mistyped",
            &format!("x{key} = {value}x").replace("= x", "= 1").replace("Zx", "Z").replace("\"x", "\""),
            "",
        );
        refused("a list", &format!("{key} = [1]"), key);
        refused("a table", &format!("{key} = {{ a = 1 }}"), key);
        refused("a float", &format!("{key} = 1.5"), key);
        refused("negative", &format!("{key} = -5"), key);
        refused("too large", &format!("{key} = 18446744073709551616"), key);
        refused("an empty text", &format!("{key} = \"\""), if matches!(key, "places" | "map") { "" } else { key });
        refused("no value", &format!("{key} ="), "");
        refused("no sign", key, "");
    }
    table.end(140);
}

#[test]
fn every_value_out_of_range_is_told_with_its_line() {
    let (folder, mut table) = (folder(), Table::default());
    for (key, value) in [
        ("target", "0"),
        ("target", "1001"),
        ("eligible", "4"),
        ("eligible", "100000001"),
        ("k", "4"),
        ("k", "1001"),
        ("tick_seconds", "0"),
        ("tick_seconds", "2678401"),
        ("tick_seconds", "4294967296"),
        ("opens", "2121-03-23T10:00:00Z"),
        ("pledges_open", "2121-03-24T09:00:00Z"),
        ("pledges_open", "2121-03-23T08:59:59Z"),
        ("pledges_open", "2121-03-23"),
        ("pledges_open", "2121-03-23T09:00:00"),
        ("pledges_open", "2121-02-30T09:00:00Z"),
        ("pledges_open", "2121-03-23T09:00:00.5Z"),
        ("pledges_open", "\"2121-03-23T09:00:00Z\""),
        ("issuing_closes", "2121-03-23T08:00:00Z"),
        ("issuing_closes", "2121-03-24T10:00:00Z"),
        ("closes", "2121-03-24T09:00:01Z"),
        ("closes", "2021-03-24T09:00:00Z"),
        ("issuer_name", "\"https://issuer.example\""),
        ("issuer_name", "\"Issuer.example\""),
        ("issuer_name", "\"issuer.example:080\""),
        ("origin_name", "\"origin.example/path\""),
        ("origin_name", "\"origin..example\""),
        ("organiser_key", "\"AAAA\""),
        ("organiser_key", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""),
        ("rehearsal", "\"true\""),
        ("rehearsal", "1"),
        ("map_view", "[\"three\"]"),
        ("map_view", "[\"one\", \"one\"]"),
        ("map_view", "[\"One\"]"),
        ("map_view", "[\"\"]"),
        ("map_view", "[[\"one\"]]"),
        ("map_view", "\"one\""),
    ] {
        let (text, number) = file_with(key, &format!("{key} = {value}"));
        let said = init(folder.path(), text.as_bytes());
        table.judge(&format!("{key} = {value}"), &said, &[], "");
        // a rule of two dates names the later key
        let dates = ["opens", "pledges_open", "issuing_closes", "closes"].contains(&key);
        let told = said.err.contains(&format!("line {number}:")) || (dates && said.err.contains("line "));
        assert!(told, "{key} = {value} is not told with line {number}: {}", said.err);
    }
    for (case, text) in [
        ("a cut onion name", "onion = \"abc.onion\"\n"),
        ("relays", "relays = [\"https://relay.example\"]\n"),
        ("witnesses", "witnesses = [\"a\"]\n"),
        ("quorum", "quorum = 1\n"),
        ("email", "email = true\n"),
        ("a key of the genesis", "token_key = \"AAAA\"\n"),
        ("an unknown key", "colour = 1\n"),
    ] {
        let said = init(folder.path(), format!("{text}{}", file_with("", "").0).as_bytes());
        table.judge(case, &said, &[], "line 1:");
    }
    table.end(40);
}

#[test]
fn texts_and_files_of_a_campaign_that_cannot_be_used_are_told() {
    let (folder, mut table) = (folder(), Table::default());
    let good = file_with("", "").0;
    for (case, text) in [
        ("a text in another language", good.replace("[text]\nen", "[text]\nde")),
        ("an empty title", good.replace("A campaign", " ")),
        ("a title of two lines", good.replace("A campaign", "A\\ncampaign")),
        ("a language tag", good.replace("en = ", "e = ")),
        ("a key twice", format!("k = 5\n{good}")),
        ("no toml", "{\"json\": true}".to_owned()),
        ("nothing", String::new()),
    ] {
        table.judge(case, &init(folder.path(), text.as_bytes()), &[], "line ");
    }
    table.judge("not utf-8", &init(folder.path(), &[0xff; 50]), &[], "UTF-8");
    for name in ["places.json", "map.json"] {
        let (kept, path) = (std::fs::read(folder.path().join(name)).unwrap(), folder.path().join(name));
        std::fs::remove_file(&path).unwrap();
        table.judge(&format!("no {name}"), &init(folder.path(), good.as_bytes()), &[], name);
        std::fs::write(&path, kept).unwrap();
    }
    for (case, places) in [
        ("no json", "x"),
        ("an empty list", r#"{"regions":[{"name":{"en":"R"}}],"places":[]}"#),
        (
            "no such region",
            r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":1,"name":{"en":"P"},"lat":1,"lon":2,"population":3}]}"#,
        ),
        (
            "nowhere on earth",
            r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":91,"lon":2,"population":3}]}"#,
        ),
        (
            "twice the same",
            r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"lon":2,"population":3},
               {"region":0,"name":{"en":"p"},"lat":1,"lon":2,"population":3}]}"#,
        ),
        (
            "an empty region",
            r#"{"regions":[{"name":{"en":"R"}},{"name":{"en":"S"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"lon":2,"population":3}]}"#,
        ),
        (
            "a member missing",
            r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"population":3}]}"#,
        ),
    ] {
        std::fs::write(folder.path().join("places.json"), places).unwrap();
        table.judge(&format!("places: {case}"), &init(folder.path(), good.as_bytes()), &[], "line 9: places: ");
    }
    std::fs::write(folder.path().join("places.json"), PLACES).unwrap();
    for (case, map) in [
        ("no json", "x".to_owned()),
        ("a list", "[]".to_owned()),
        ("no outline", MAP.replace("M0 0l9 0 0 9z", "")),
        ("markup in a path", MAP.replace("M5 5", "M5 5\\\"/><script>")),
        ("a territory without an id", MAP.replace("\"id\":\"two\",", "")),
        ("an unknown member", MAP.replace("\"W\"", "\"colour\":1,\"W\"")),
    ] {
        std::fs::write(folder.path().join("map.json"), map).unwrap();
        table.judge(&format!("map: {case}"), &init(folder.path(), good.as_bytes()), &[], "map");
    }
    let missing = server(folder.path(), &["init", "--campaign", "no.toml", "--data", "data"]);
    table.judge("no campaign file", &missing, &[], "no.toml");
    table.end(24);
}

#[test]
fn of_disputed_territories_those_that_the_file_names_are_drawn_and_none_by_default() {
    let shown = |choice: &str, map: &str| {
        let folder = folder();
        std::fs::write(folder.path().join("map.json"), map).unwrap();
        let said = init(folder.path(), file_with("map_view", choice).0.as_bytes());
        assert_eq!(said.code, Some(0), "{choice}: {}", said.err);
        std::fs::read_to_string(folder.path().join("data/map.json")).unwrap()
    };
    let (before, rest) = MAP.split_once("[{\"id\":\"one\"").unwrap();
    let list = format!("[{{\"id\":\"one\"{}", rest.strip_suffix('}').unwrap());
    let (one, two) = list[1..list.len() - 1].split_once(",\n ").unwrap();
    for (choice, drawn) in [
        ("", String::new()),
        ("map_view = []", String::new()),
        ("map_view = [\"one\"]", one.to_owned()),
        ("map_view = [\"two\"]", two.to_owned()),
        ("map_view = [\"two\", \"one\"]", format!("{one},{two}")),
    ] {
        assert_eq!(shown(choice, MAP), format!("{before}[{drawn}]}}"), "{choice}");
    }
    // where nothing is disputed nothing is touched, and a campaign without a drawing is one too
    let none = format!("{}}}\n", before.trim_end().strip_suffix(",\n\"disputed\":").unwrap());
    assert_eq!(shown("", &none), none);
    assert_eq!(shown("", " {} "), " {} ");
}
