//! JSON has many spellings, and most of them are refused: members twice, unknown or missing at every depth, lists for
//! objects, binary fields in other base64, whole numbers in any spelling but their plain one.

use super::{ISSUER, support};
use proptest::prelude::*;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, Genesis, Places};
use protocol::campaign_file::CampaignFile;
use protocol::counts::{Counts, Sums};
use protocol::directory::IssuerDirectory;
use protocol::note::NoteSigner;
use protocol::publication::{Area, State};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::LazyLock;

static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| support::campaign(ISSUER.public()));

fn announcement() -> Announcement {
    let text = support::english("At noon.");
    Announcement::sign(&CAMPAIGN, &support::ORGANISER_SEED, 1, Some(1_700_000_000), text).unwrap()
}

fn counts() -> Counts {
    let mut sums = Sums::default();
    for (area, size) in [(Area::place(1), 7), (Area::place(2), 5), (Area::region(0), 9), (Area::ROOT, 11)] {
        sums.add(area, size);
    }
    Counts::new(&CAMPAIGN, State::Closed, 9, 40, &sums, Some(announcement()))
}

/// An announcement whose note has this body; the organiser signed it.
fn announced(body: &str) -> bool {
    let lines = format!("headcount/v1/announcement\n{}\n1\n{body}\n", CAMPAIGN.id());
    let note = NoteSigner::new(&CAMPAIGN.organiser_name(), &support::ORGANISER_SEED).sign(lines.as_bytes());
    note.is_ok_and(|note| Announcement::open(&note, &CAMPAIGN).is_ok())
}

type Reads = fn(&str) -> bool;

/// Every JSON document with its reader, and whether it takes members that it does not know.
fn documents() -> Vec<(&'static str, Value, Reads, bool)> {
    let value = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap();
    let directory = serde_json::to_value(IssuerDirectory::new(ISSUER.public())).unwrap();
    let body = json!({"date": 1_700_000_000, "text": {"en": "At noon.", "ru": "В полдень."}});
    vec![
        ("genesis", value(CAMPAIGN.genesis_bytes()), |text| Genesis::decode(text.as_bytes()).is_ok(), false),
        ("places", value(&support::places_json()), |text| Places::decode(text.as_bytes()).is_ok(), false),
        ("announcement", body, announced, false),
        ("counts", json!(counts()), |text| serde_json::from_str::<Counts>(text).is_ok(), false),
        ("directory", directory, |text| serde_json::from_str::<IssuerDirectory>(text).is_ok(), true),
    ]
}

/// What is done to the object with one number, counted in the order of the document.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// A member stands twice, the second time as it is, as null, or with its name spelled in escapes.
    Repeated(usize, usize),
    /// A member that nobody knows.
    Unknown,
    /// A list of the values stands in the place of the object.
    Listed,
}

/// Writes a document with one object changed; `next` counts the objects.
fn write(value: &Value, target: usize, change: Change, next: &mut usize, out: &mut String) {
    match value {
        Value::Object(members) => {
            let here = *next == target;
            *next += 1;
            let listed = here && change == Change::Listed;
            out.push(if listed { '[' } else { '{' });
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                if !listed {
                    write!(out, "{}:", json!(name)).unwrap();
                }
                write(member, target, change, next, out);
            }
            let comma = if members.is_empty() { "" } else { "," };
            match change {
                Change::Unknown if here => write!(out, "{comma}\"zzz\":1").unwrap(),
                Change::Repeated(at, how) if here && !members.is_empty() => {
                    let (name, member) = members.iter().nth(at % members.len()).unwrap();
                    let escaped: String = name.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
                    match how {
                        0 => write!(out, ",{}:{member}", json!(name)).unwrap(),
                        1 => write!(out, ",{}:null", json!(name)).unwrap(),
                        _ => write!(out, ",\"{escaped}\":{member}").unwrap(),
                    }
                }
                _ => {}
            }
            out.push(if listed { ']' } else { '}' });
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, target, change, next, out);
            }
            out.push(']');
        }
        plain => write!(out, "{plain}").unwrap(),
    }
}

fn changed(value: &Value, target: usize, change: Change) -> String {
    let mut out = String::new();
    write(value, target, change, &mut 0, &mut out);
    out
}

fn objects(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(objects).sum::<usize>(),
        Value::Array(items) => items.iter().map(objects).sum(),
        _ => 0,
    }
}

/// The names under which a map of texts or of numbers may hold anything: there an unknown member is another one.
fn is_map(value: &Value, target: usize) -> bool {
    fn find<'a>(value: &'a Value, target: usize, next: &mut usize) -> Option<&'a Value> {
        match value {
            Value::Object(members) => {
                if *next == target {
                    return Some(value);
                }
                *next += 1;
                members.values().find_map(|member| find(member, target, next))
            }
            Value::Array(items) => items.iter().find_map(|item| find(item, target, next)),
            _ => None,
        }
    }
    let found = find(value, target, &mut 0).and_then(Value::as_object).unwrap();
    found.keys().all(|name| name.len() == 2 || name.parse::<u32>().is_ok())
}

#[test]
fn a_member_twice_or_unknown_or_a_list_for_an_object_is_refused_at_every_depth_of_every_document() {
    for (name, value, reads, takes_unknown) in documents() {
        let whole = value.to_string();
        assert!(reads(&whole), "{name}");
        for object in 0..objects(&value) {
            for member in 0..25 {
                for how in 0..3 {
                    let text = changed(&value, object, Change::Repeated(member, how));
                    assert!(text == whole || !reads(&text), "{name}: {text}");
                }
            }
            assert!(!reads(&changed(&value, object, Change::Listed)), "{name}, object {object} as a list");
            let unknown = changed(&value, object, Change::Unknown);
            let taken = is_map(&value, object) || takes_unknown;
            assert!(taken || !reads(&unknown), "{name}: {unknown}");
        }
    }
}

/// Other spellings of a whole number.
fn spellings(number: u64) -> Vec<String> {
    let plain = [
        "0{}",
        "+{}",
        "-{}",
        "{}.0",
        "{}e0",
        "{}E+0",
        "0x{}",
        "\"{}\"",
        "[{}]",
        "{}_000",
        "{}n",
        "1844674407370955161{}6",
    ];
    plain.iter().map(|spelling| spelling.replace("{}", &number.to_string())).collect()
}

#[test]
fn a_whole_number_has_one_spelling_wherever_one_stands() {
    let mut tried = 0;
    for (name, value, reads, _) in documents().into_iter().filter(|document| document.0 != "places") {
        let text = value.to_string();
        let numbers: Vec<(usize, usize)> = positions_of_numbers(&text);
        assert!(name == "directory" || numbers.len() > 1 || name == "announcement", "{name}");
        for (start, end) in numbers {
            let number: u64 = text[start..end].parse().unwrap();
            let may_be_negative = text[..start].ends_with("\"tick\":");
            for other in spellings(number).into_iter().filter(|other| !may_be_negative || !other.starts_with('-')) {
                let other = format!("{}{other}{}", &text[..start], &text[end..]);
                assert!(!reads(&other), "{name}: {other}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// Where whole numbers stand as values.
fn positions_of_numbers(text: &str) -> Vec<(usize, usize)> {
    let is_digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
    let starts =
        (1..text.len()).filter(|at| is_digit(*at) && text[..*at].ends_with("\":") && !text[..*at].ends_with("\\\":"));
    starts.map(|start| (start, (start..text.len()).find(|at| !is_digit(*at)).unwrap())).collect()
}

#[test]
fn areas_in_counts_have_one_spelling() {
    let text = serde_json::to_string(&counts()).unwrap();
    let reads = |text: &str| serde_json::from_str::<Counts>(text).is_ok();
    for key in ["01", "+1", "-1", " 1", "1 ", "1.0", "1e0", "0x1", "", "one", "4294967297", "2"] {
        let other = text.replacen("\"1\":7", &format!("\"{key}\":7"), 1);
        assert!(other != text && !reads(&other), "{other}");
    }
    for state in ["{\"closed\":null}", "\"Closed\"", "4", "\"\"", "null"] {
        let other = text.replacen("\"closed\"", state, 1);
        assert!(other != text && !reads(&other), "{other}");
    }
    let id = CAMPAIGN.id().to_string();
    for other in [id.to_uppercase(), id[1..].to_owned(), format!("{id}0")] {
        assert!(!reads(&text.replacen(&id, &other, 1)), "{other}");
    }
    for name in
        ["campaign_id", "state", "tick", "log_size", "target", "total", "places", "regions", "root", "announcement"]
    {
        let mut without = json!(counts());
        without.as_object_mut().unwrap().remove(name);
        assert!(!reads(&without.to_string()), "without {name}");
    }
}

#[test]
fn binary_fields_of_a_genesis_have_one_base64() {
    let value: Value = serde_json::from_slice(CAMPAIGN.genesis_bytes()).unwrap();
    for name in ["token_key", "log_key", "receipt_key", "organiser_key", "places_sha256", "map_sha256"] {
        let good = value[name].as_str().unwrap().to_owned();
        let last = good.trim_end_matches('=').len() - 1;
        let mut others = vec![
            good.trim_end_matches('=').to_owned(),
            format!("{good}="),
            format!("{good}AAAA"),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{}\n{}", &good[..8], &good[8..]),
            good[1..].to_owned(),
            good.replace(['-', '_'], "+"),
            String::new(),
        ];
        // the bits that a padded last character has to spare
        others.extend((b'A'..=b'Z').chain(b'a'..=b'z').map(|c| {
            let mut other = good.clone();
            other.replace_range(last..=last, &char::from(c).to_string());
            other
        }));
        for other in others.into_iter().filter(|other| *other != good) {
            let mut changed = value.clone();
            changed[name] = json!(other);
            let read = Genesis::decode(changed.to_string().as_bytes());
            assert!(read.is_err() || read.is_ok_and(|read| json!(read) == changed), "{name}: {other}");
        }
    }
}

#[test]
fn times_of_a_campaign_file_are_whole_seconds_of_days_that_exist() {
    let file = |time: &str| {
        format!(
            "pledges_open = {time}\ncloses = 2099-03-23T12:00:00Z\ntick_seconds = 1\nissuer_name = \"a.example\"\n\
             origin_name = \"a.example\"\norganiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\ntarget = 5\n\
             eligible = 10\nplaces = \"p\"\nmap = \"m\"\ntitle = {{ en = \"T\" }}\ntext = {{ en = \"T\" }}\n"
        )
    };
    let read = |time: &str| CampaignFile::parse(&file(time)).map(|file| file.schedule().pledges_open);
    for (time, seconds) in [
        ("2096-02-29T00:00:00Z", 3_981_312_000),
        ("2098-01-01T00:00:00Z", 4_039_372_800),
        ("2098-01-01T02:00:00+02:00", 4_039_372_800),
        ("2098-01-01 00:00:00Z", 4_039_372_800),
        ("2098-01-01T00:00:00.000Z", 4_039_372_800),
        ("4_039_372_800", 4_039_372_800),
    ] {
        assert_eq!(read(time), Ok(seconds), "{time}");
    }
    for bad in [
        "2098-02-29T00:00:00Z",
        "2098-02-30T00:00:00Z",
        "2098-04-31T00:00:00Z",
        "2098-13-01T00:00:00Z",
        "2098-00-01T00:00:00Z",
        "2098-01-00T00:00:00Z",
        "2098-01-01T24:00:00Z",
        "2098-01-01T00:60:00Z",
        "2098-01-01T00:00:00.5Z",
        "2098-01-01T00:00:00",
        "2098-01-01",
        "00:00:00",
        "1998-1-1T00:00:00Z",
        "\"2098-01-01T00:00:00Z\"",
        "4039372800.0",
        "-4039372800",
        "04039372800",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Nothing that is read has a meaning which its writer would spell otherwise.
    #[test]
    fn counts_and_directories_that_are_read_are_written_back(
        document in 3usize..5, at: prop::sample::Index, to in prop_oneof!["[0-9a-z\"{}\\[\\],:.+-]", "\\PC{1,3}"], cut in 0usize..3,
    ) {
        let (_, value, _, _) = documents().swap_remove(document);
        let text = value.to_string();
        let start = at.index(text.len());
        let end = (start + cut).min(text.len());
        prop_assume!(text.is_char_boundary(start) && text.is_char_boundary(end));
        let other = format!("{}{to}{}", &text[..start], &text[end..]);
        if let Ok(read) = serde_json::from_str::<Counts>(&other) {
            prop_assert_eq!(json!(read), serde_json::from_str::<Value>(&other).unwrap());
        }
        if let Ok(read) = serde_json::from_str::<IssuerDirectory>(&other) {
            let back = json!(read);
            let again: Value = serde_json::from_str(&other).unwrap();
            prop_assert_eq!(&back["issuer-request-uri"], &again["issuer-request-uri"]);
            prop_assert_eq!(&back["token-keys"][0]["token-key"], &again["token-keys"][0]["token-key"]);
        }
    }

    /// Any text of any languages that can be signed reads back, and nothing but it.
    #[test]
    fn announcements_of_any_text_read_back(
        number in 1u32..=u32::MAX, date in prop::option::of(0u64..1 << 40), text in prop::collection::btree_map("[a-z]{2}", "\\PC{1,30}", 1..4),
    ) {
        let made = Announcement::sign(&CAMPAIGN, &support::ORGANISER_SEED, number, date, text.clone()).unwrap();
        prop_assert_eq!((made.number, made.date, &made.text), (number, date, &text));
        prop_assert_eq!(Announcement::open(made.note.as_bytes(), &CAMPAIGN), Ok(made));
    }
}
