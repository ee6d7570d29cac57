//! Campaigns before they are made: all mistakes at once, and what to think about again.

use super::*;
use protocol::campaign_file::CampaignFile;

const NOW: u64 = 1_000_000;
const FILE: &str = "target = 100\neligible = 20000\nk = 5\nplaces = \"p\"\nmap = \"m\"\nopens = 2000000\npledges_open = 2086400\n\
    issuing_closes = 2086400\ncloses = 2090000\nissuer_name = \"a.one\"\norigin_name = \"b.one:8443\"\n\
    organiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n";
const PLACES: &str = r#"{"regions":[{"name":{"en":"R"}}],"places":[
{"region":0,"name":{"en":"A"},"lat":60,"lon":1,"population":9000},{"region":0,"name":{"en":"B"},"lat":61,"lon":2,"population":9000},
{"region":0,"name":{"en":"C"},"lat":62,"lon":3,"population":9000},{"region":0,"name":{"en":"D"},"lat":63,"lon":4,"population":9000},
{"region":0,"name":{"en":"E"},"lat":64,"lon":5,"population":9000}]}"#;
const MAP: &str = r#"{"W":200,"H":100,"projection":{"kind":"albers","n":0.8,"c":1.7,"lon0":0,"scale":100.5,"x0":100,"y0":0.1},
"views":[{"id":"all","name":{"en":"All"},"box":[0,0,200,100]}],"attribution":"By hand.","land":"M0 0l9 0 0 9z","mesh":""}"#;

fn said(file: &str, places: &str, map: &str) -> Result<Vec<String>, String> {
    let source = Source {
        file: CampaignFile::parse(file).unwrap(),
        places: places.as_bytes().to_vec(),
        map: map.as_bytes().to_vec(),
    };
    review(&source, NOW).map_err(|error| error.to_string())
}

#[test]
fn a_good_campaign_passes_without_a_word() {
    assert_eq!(said(FILE, PLACES, MAP), Ok(vec![]));
    assert_eq!(said(FILE, PLACES, "{}"), Ok(vec![]));
}

#[test]
fn mistakes_of_file_dates_places_and_map_are_told_together_each_with_its_line() {
    let file = FILE
        .replace("target = 100", "target = 20001")
        .replace("= 208", "= 98")
        .replace("= 209", "= 99")
        .replace("= 2000000", "= 9");
    let file = format!("onion = \"abc.onion\"\nmap_view = [\"one\"]\n{file}");
    let places = PLACES.replace("\"lat\":62", "\"lat\":92").replace("\"B\"", "\"A\"");
    let why = said(&file, &places, MAP).unwrap_err();
    let lines: Vec<&str> = why.lines().skip(1).map(|line| &line[..line.len().min(44)]).collect();
    assert_eq!(
        lines,
        [
            "line 1: onion: it must be 56 letters a-z and",
            "line 3: target: 20001 can never be reached, ",
            "line 10: issuing_closes is 1970-01-12 10:00 U",
            "line 11: closes is 1970-01-12 11:00 UTC, whic",
            "line 6: places: place 2 (C) lies nowhere: lat",
            "line 6: places: place 0 and place 1 have the ",
            "line 2: map_view: the map has no disputed ter",
        ]
        .map(|line| &line[..44]),
        "{why}"
    );
    assert!(said(FILE, "{}", "x").unwrap_err().contains("line 4: places: the list of places cannot be read"));
    assert!(said(FILE, "{}", "x").unwrap_err().contains("line 5: map: the map cannot be read"));
}

#[test]
fn a_list_in_which_everything_is_wrong_is_told_in_a_page() {
    let place =
        |index: u32| format!("{{\"region\":0,\"name\":{{\"en\":\"{index}\"}},\"lat\":99,\"lon\":0,\"population\":1}}");
    let places: Vec<String> = (0..1000).map(place).collect();
    let why =
        said(FILE, &format!("{{\"regions\":[{{\"name\":{{\"en\":\"R\"}}}}],\"places\":[{}]}}", places.join(",")), MAP)
            .unwrap_err();
    assert!(why.lines().count() == 52 && why.ends_with("line 4: places: and 950 more mistakes in the list"), "{why}");
}

#[test]
fn an_onion_service_has_its_whole_name() {
    let with = |name: &str| said(&format!("onion = \"{name}\"\n{FILE}"), PLACES, MAP);
    let whole = format!("{}d.onion", "a2".repeat(27) + "b");
    assert_eq!(with(&whole), Ok(vec![]));
    assert_eq!(with(&format!("{whole}:8080")), Ok(vec![]));
    for name in [&whole[1..], &whole.replace('2', "1"), &whole.replace("d.", "e."), &format!("a{whole}")] {
        assert!(with(name).unwrap_err().contains("line 1: onion"), "{name}");
    }
}

#[test]
fn names_for_examples_places_off_the_map_and_a_small_campaign_at_once_are_warned_of() {
    let file = FILE
        .replace("a.one", "a.example.org")
        .replace("b.one", "example")
        .replace("eligible = 20000", "eligible = 10000");
    let file = file.replace("opens = 2000000\n", "opens = 2000001\n");
    let warnings = said(&file, &PLACES.replace("\"lat\":62", "\"lat\":-62"), MAP).unwrap();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(
        warnings[0].starts_with("1 of 5 places do not lie on the map") && warnings[0].contains("places 2."),
        "{warnings:?}"
    );
    assert!(warnings[1].starts_with("line 10: issuer_name is a.example.org, a name for examples"), "{warnings:?}");
    assert!(warnings[2].starts_with("line 11: origin_name is example:8443"), "{warnings:?}");
    assert!(warnings[3].starts_with("line 7: in a campaign of at most 10000 people"), "{warnings:?}");
}
