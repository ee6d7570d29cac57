//! Campaign files with and without mistakes.

use super::*;

pub(super) const GOOD: &str = "target = 500_000\neligible = 1000\nplaces = \"places.json\"\nmap = \"map.json\"\n\
    pledges_open = 2021-03-23T09:00:00Z\ncloses = 2021-03-23T12:00:00+00:00\nissuer_name = \"issuer.example\"\norigin_name = \"localhost:8080\"\n\
    organiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n[title]\nen = \"T\"\n[text]\nen = \"words\"\n";

fn mistakes(text: &str) -> String {
    CampaignFile::parse(text).unwrap_err().to_string()
}

#[test]
fn a_good_file_is_read_with_its_defaults() {
    let genesis = CampaignFile::parse(GOOD).unwrap().genesis;
    assert_eq!((genesis.k, genesis.tick_seconds, genesis.rehearsal), (10, 3600, false));
    assert_eq!((genesis.pledges_open, genesis.opens), (1_616_490_000, 1_616_490_000));
    assert_eq!(genesis.closes - genesis.pledges_open, 3 * 3600);
    assert_eq!(genesis.issuing_closes, genesis.closes);
}

#[test]
fn what_the_map_is_to_show_is_read_with_its_lines() {
    assert_eq!(CampaignFile::parse(GOOD).unwrap().map_view, []);
    let text = format!("map_view = [\"one\",\n  \"two\"]\n{GOOD}");
    let choice = |id: &str, line| MapChoice { id: id.to_owned(), line };
    assert_eq!(CampaignFile::parse(&text).unwrap().map_view, [choice("one", 1), choice("two", 2)]);
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = GOOD.replace("eligible = 1000", "eligible = \"many\"").replace("[title]", "colour = 1\n[title]");
    assert_eq!(
        mistakes(&text),
        "line 2: eligible must be a whole number\nline 10: \"colour\" is not a key of a campaign file"
    );
    assert!(mistakes(&GOOD.replace("target = 500_000\n", "")).contains("target is missing"));
    assert_eq!(
        mistakes(&format!("k = 4\n{GOOD}")),
        "line 1: k: it must be 5 or more: smaller groups do not hide anybody"
    );
    let off_grid = GOOD.replace("12:00:00+00:00", "12:00:01+00:00");
    assert_eq!(mistakes(&off_grid), "line 6: closes: it must lie a whole number of ticks after pledges_open");
    assert!(
        mistakes(&format!("relays = [\"https://r.example\"]\n{GOOD}"))
            .contains("line 1: relays: this version cannot serve them")
    );
    assert_eq!(
        mistakes(&format!("map_view = [\n\"a\",\n\"a\"]\n{GOOD}")),
        "line 3: map_view: a territory stands in it twice"
    );
    assert!(mistakes(&GOOD.replace("map = ", "map == ")).starts_with("line 4:"));
    assert!(mistakes(&format!("k = 6\nk = 7\n{GOOD}")).contains("line 2"));
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = GOOD.replace("eligible = 1000", "eligible = 4").replace("localhost:8080", "https://x");
    let text = format!("k = 4\ntick_seconds = \"a day\"\n{text}").replace("12:00:00+00:00", "12:00:01+00:00");
    assert_eq!(
        mistakes(&text),
        "line 1: k: it must be 5 or more: smaller groups do not hide anybody\n\
         line 2: tick_seconds must be a whole number of seconds\n\
         line 10: origin_name: it must be a whole host or host:port in lower case, without scheme or path"
    );
    let text =
        format!("k = 6\n{GOOD}").replace("eligible = 1000", "eligible = 4").replace("[title]", "colour = 1\n[title]");
    assert_eq!(
        mistakes(&text),
        "line 3: eligible: it must be at least k and at most 100,000,000\nline 11: \"colour\" is not a key of a campaign file"
    );
}

#[test]
fn what_is_wrong_with_a_text_is_told_at_the_line_of_its_language() {
    let with = |title: &str, text: &str| mistakes(&GOOD.replace("en = \"T\"", title).replace("en = \"words\"", text));
    let form = "it must be a language tag such as en, and a text of one line in quotes behind it";
    assert_eq!(
        with("en = \"T\"\nru = 5", "en = \"t\"\nru = \"\""),
        format!("line 12: title, ru: {form}\nline 15: text, ru: {form}")
    );
    assert_eq!(with("e = \"T\"", "en = \"t\""), format!("line 11: title, e: {form}"));
    assert_eq!(with("en = \"a\\nb\"", "en = \"t\""), format!("line 11: title, en: {form}"));
    assert_eq!(with("", "en = \"t\""), "line 10: title: it needs at least one language");
    assert_eq!(
        with("en = \"T\"\nru = \"T\"\nfa = \"T\"", "en = \"t\"\nde = \"t\""),
        "line 10: title: it has no de, which text has; both need the same languages\n\
         line 14: text: it has no fa, ru, which title has; both need the same languages"
    );
    let long = "a".repeat(60_000);
    assert!(
        with("en = \"T\"", &format!("en = \"{long}\"")).starts_with("line 12: text: title and text take 60022 bytes")
    );
    let most = GOOD.replace("words", &long[22..]);
    let file = CampaignFile::parse(&most).unwrap();
    let keys = Additions {
        token_key: vec![255; 350],
        log_key: file.genesis.organiser_key,
        receipt_key: file.genesis.organiser_key,
        places_sha256: [255; 32],
        map_sha256: [255; 32],
    };
    assert!(file.genesis(keys).is_ok(), "what is taken fits an entry of the log");
}

#[test]
fn only_whole_hosts_are_taken() {
    let with = |host: &str| CampaignFile::parse(&GOOD.replace("issuer.example", host));
    for host in ["a", "a-b.example", "127.0.0.1:8080", "[::1]:1", "xn--e1afmkfd.example:443", "1a.2b"] {
        assert!(with(host).is_ok(), "{host}");
    }
    for host in [
        ".",
        "a..b",
        "a.",
        ".a",
        "-a.example",
        "a-.example",
        "a_b",
        "[",
        "[]",
        "[a",
        "[zz::1]",
        "a]b",
        "1.2.3",
        "999.1.1.1",
        "a:0",
        "a:b:1",
        "a b",
        "%61",
        "a:",
        &"a".repeat(64),
        "é.example",
    ] {
        assert!(with(host).unwrap_err().to_string().starts_with("line 7: issuer_name"), "{host}");
    }
}

#[test]
fn where_a_key_stands_is_known() {
    let file = CampaignFile::parse(&format!("# a line\n{GOOD}")).unwrap();
    assert_eq!((file.line("target"), file.line("closes"), file.line("title"), file.line("k")), (2, 7, 11, 1));
    assert_eq!((file.terms().target, file.terms().k), (500_000, 10));
}
