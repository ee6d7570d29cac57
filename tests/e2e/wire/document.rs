//! `protocol/WIRE.md` against the code: tables, labels, sizes, members, paths, limits, and the names of vectors.

use super::cases::{kinds, listed};
use super::vectors::{Vectors, from_hex};
use protocol::campaign::CampaignId;
use protocol::codec::to_hex;
use protocol::counts::{Counts, Sums};
use protocol::directory::{DIRECTORY_PATH, IssuerDirectory};
use protocol::entry::{ENTRY_BYTES_MAX, Entry};
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::media;
use protocol::page_manifest::{MANIFEST_BYTES_MAX, PAGE_BYTES_MAX, PAGE_FILES_MAX};
use protocol::page_policy::page_policy;
use protocol::phrase::{Phrase, campaign_numbers};
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::publication::{Area, State};
use protocol::receipt::RECEIPT_BYTES;
use protocol::tile::TileName;
use protocol::token::Token;
use serde_json::{Value, json};
use server::config;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn source(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn document() -> String {
    source("protocol/WIRE.md")
}

/// The document with all white space as single spaces, so that it does not matter where its lines break.
fn flat() -> String {
    document().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The part between two headings.
fn section(from: &str, to: &str) -> String {
    let text = document();
    let begin = text.find(from).unwrap_or_else(|| panic!("no section {from}"));
    let end = text[begin..].find(to).unwrap_or_else(|| panic!("no section {to}"));
    text[begin..begin + end].to_owned()
}

/// Rows of tables as their cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A number as people write it.
fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().ok().unwrap().to_string();
    let from_the_end: Vec<String> =
        digits.as_bytes().rchunks(3).map(|three| String::from_utf8(three.to_vec()).unwrap()).collect();
    from_the_end.into_iter().rev().collect::<Vec<_>>().join(",")
}

#[track_caller]
fn says(words: &str) {
    assert!(flat().contains(words), "the document does not say: {words}");
}

#[test]
fn the_document_is_short_and_can_be_found() {
    assert!(document().lines().count() <= 520, "it is read under pressure of time");
    assert!(source("README.md").contains("(protocol/WIRE.md)") && source("SECURITY.md").contains("(protocol/WIRE.md)"));
}

#[test]
fn the_table_of_refusals_has_every_problem_with_its_status() {
    let table = rows(&section("## 10.", "**HTTP.**"));
    let told: Vec<(String, String)> =
        table.iter().skip(1).map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone())).collect();
    let are = Problem::ALL.map(|problem| (problem.name().to_owned(), problem.status().to_string()));
    let (told, are) = (BTreeSet::from_iter(told), BTreeSet::from_iter(are));
    assert_eq!(told, are);
    says(&format!("\"type\":\"{}NAME\"", Problem::Malformed.urn().strip_suffix("malformed").unwrap()));
    says("it is one of these sixteen");
    assert_eq!(Problem::ALL.len(), 16);
}

#[test]
fn the_table_of_messages_has_every_size_and_media_type() {
    let table = rows(&section("| message | bytes", "JSON that is hashed"));
    let row = |name: &str| table.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no {name}")).clone();
    for (name, bytes, media_type) in [
        ("TokenRequest", TokenRequest::BYTES, media::TOKEN_REQUEST),
        ("TokenResponse", TokenResponse::BYTES, media::TOKEN_RESPONSE),
        ("Pledge", Pledge::BYTES, media::PLEDGE),
        ("receipt", RECEIPT_BYTES, media::RECEIPT),
    ] {
        assert_eq!(row(name)[1..], [bytes.to_string(), format!("`{media_type}`")], "{name}");
    }
    assert_eq!(row("Token")[1], Token::BYTES.to_string());
    says(&format!("{} characters", client::typed::TOKEN_CHARACTERS));
    for (name, media_type) in [
        ("issuer directory", media::ISSUER_DIRECTORY),
        ("refusal", media::PROBLEM),
        ("campaign, places, map, counts", media::JSON),
    ] {
        assert_eq!(row(name)[2], format!("`{media_type}`"));
    }
}

#[test]
fn every_label_of_domain_separation_is_told_and_no_other() {
    let labels = |text: &str| -> BTreeSet<String> {
        let word = |rest: &str| {
            rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default().to_owned()
        };
        text.split("headcount/v1/").skip(1).map(word).filter(|word| !word.is_empty()).collect()
    };
    let sources =
        ["pledge", "receipt", "announcement", "phrase", "email", "invite", "token", "challenge", "entry", "note"];
    let mut code: BTreeSet<String> = sources
        .iter()
        .flat_map(|name| {
            let text = source(&format!("protocol/src/{name}.rs"));
            labels(text.split("#[cfg(test)]").next().unwrap())
        })
        .collect();
    assert!(code.remove("email-key-check"), "it is on the server's own disk only");
    assert_eq!(labels(&document()), code);
    for purpose in ["place-salt", "region-salt", "blind"] {
        assert!(source("protocol/src/phrase.rs").contains(&format!("derive(\"{purpose}\")")));
    }
    assert_eq!(source("protocol/src/phrase.rs").matches("derive(\"").count(), 3);
    says("For each purpose P of `place-salt`, `region-salt`, `blind`");
}

#[test]
fn every_member_of_genesis_counts_and_directory_is_told() {
    let vectors = Vectors::read();
    let campaign = vectors.campaign();
    let members = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let table = rows(&section("### 4.1", "### 4.2"));
    let told = table.iter().skip(1).flat_map(|row| quoted(&row[0]).into_iter().map(str::to_owned).collect::<Vec<_>>());
    let genesis: Value = serde_json::from_slice(campaign.genesis_bytes()).unwrap();
    assert_eq!(told.collect::<BTreeSet<_>>(), members(&genesis));

    let counts = Counts::new(&campaign, State::Open, 0, 1, &Sums::default(), None);
    let line = section("## 11.", "`state` is one of");
    for member in members(&serde_json::to_value(&counts).unwrap()) {
        assert!(line.contains(&format!("\"{member}\":")), "{member}");
    }
    assert_eq!(line.matches("\":").count(), members(&serde_json::to_value(&counts).unwrap()).len() + 2, "and no other");
    says("`{\"number\":N,\"text\":{LANG:…},\"date\":TIME|null,\"note\":\"…\"}`");

    let mut directory = serde_json::to_value(IssuerDirectory::new(campaign.token_key())).unwrap();
    directory["token-keys"][0]["token-key"] = json!("…");
    let told = flat();
    let told = quoted(&told).into_iter().find(|text| text.starts_with("{\"issuer-request-uri\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(told).unwrap(), directory);
    says(&format!("`GET {DIRECTORY_PATH}`"));
}

#[test]
fn the_table_of_states_is_in_the_order_of_a_campaigns_life() {
    let table = rows(&section("| state | from", "From `issuing_closes`"));
    let told: Vec<String> = table.iter().skip(1).map(|row| row[0].trim_matches('`').to_owned()).collect();
    let states = [State::Before, State::Collecting, State::Open, State::Closing, State::Closed];
    assert_eq!(json!(told), json!(states));
}

#[test]
fn entries_have_the_sizes_that_are_told() {
    let vectors = Vectors::read();
    let log = vectors.log();
    let group = Entry::Group { tick: 1, area: Area::ROOT, size: 5 }.encode();
    let close = Entry::Close { tick: 1 }.encode();
    let page = Entry::Page { manifest_sha256: [0; 32] }.encode();
    for (entry, words) in [
        (&group, "`uint32 tick; uint8 level; uint32 area; uint32 size;` 14 bytes"),
        (&log[3], "`uint8 level; uint32 area; opaque a[32]; opaque b[32]; opaque authenticator[256];` 326 bytes"),
        (&close, "`uint32 tick;` 5 bytes"),
        (&page, "`opaque manifest_sha256[32];` 33 bytes"),
    ] {
        says(words);
        let told = words.split_whitespace().rev().nth(1).unwrap();
        assert_eq!(told, entry.len().to_string());
        assert!(document().contains(&format!("\n| {} | ", entry[0])));
    }
    says(&format!("Entries are at most {} bytes", grouped(ENTRY_BYTES_MAX)));
    says(&format!("The note is at most {} bytes", grouped(ENTRY_BYTES_MAX - 1)));
    for (index, path) in [(5, "005"), (1_234_067, "x001/x234/067")] {
        assert_eq!(TileName { level: Some(0), index, width: 256 }.path(), format!("tile/0/{path}"));
        says(&format!("{index} is `{path}`"));
    }
}

#[test]
fn every_named_vector_exists_and_every_constant_is_one() {
    let vectors = Vectors::read();
    let text = document();
    let named: BTreeSet<&str> = text
        .split("[`")
        .skip(1)
        .map(|rest| rest.split("`]").next().unwrap())
        .filter(|name| !name.contains(".json"))
        .collect();
    let known: BTreeSet<&str> = vectors.names().collect();
    assert!(named.is_subset(&known), "{:?}", named.difference(&known).collect::<Vec<_>>());
    // those that are not told of are the inputs of others, and the second draw
    let inputs = |name: &str| name.ends_with("_seed") || name.starts_with("redrawn_") || name.starts_with("log_");
    let also = ["genesis", "issuer_private_key", "places_json", "place", "region", "request_digest"];
    let silent: Vec<_> = known.difference(&named).filter(|name| !inputs(name) && !also.contains(name)).collect();
    assert!(silent.is_empty(), "{silent:?}");

    let key = vectors.campaign().genesis().token_key.clone();
    let is_hex = |word: &&str| {
        word.len() >= 10 && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let constants: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_hex).collect();
    assert_eq!(constants.len(), 3, "the key's two ends and the digest of the list");
    for constant in constants {
        let of_key = to_hex(&key).starts_with(constant) || to_hex(&key).ends_with(constant);
        assert!(of_key || constant == word_list_digest() || vectors.contain(constant), "{constant}");
    }
    assert_eq!(from_hex(&to_hex(&key[..81])).len() + 256 + 5, key.len());
    says("exactly 342 bytes: this prefix of 81");
    assert_eq!(key.len(), 342);
}

/// SHA-256 of the English list, which the words of phrases are from.
fn word_list_digest() -> String {
    let word = |index: u16| {
        let mut seed = [0; 16];
        seed[..2].copy_from_slice(&(index << 5).to_be_bytes());
        let words = Phrase::from_bytes(seed).words();
        format!("{}\n", words.split(' ').next().unwrap())
    };
    let list: String = (0..2048).map(word).collect();
    let last = campaign_numbers(CampaignId::from_bytes([0xff; 32]))[0];
    assert_eq!(list.lines().count(), usize::from(last));
    to_hex(&Sha256::digest(list))
}

#[test]
fn the_table_of_cases_has_every_kind() {
    let table = rows(&section("| kind | input", "**E-mail.**"));
    let mut told: Vec<String> = table.iter().skip(1).map(|row| row[0].trim_matches('`').to_owned()).collect();
    told.sort();
    assert_eq!(told, kinds(&listed()));
}

#[test]
fn every_path_of_the_server_is_told() {
    let text = flat();
    let routes = |path: &str| -> Vec<String> {
        let text = source(path);
        let routes = text.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        routes.collect()
    };
    let mut paths = Vec::new();
    for file in ["lib", "issuer", "origin", "public", "join", "organiser"] {
        paths.extend(routes(&format!("server/src/{file}.rs")));
    }
    assert!(paths.len() > 15, "{paths:?}");
    // what only pages load
    let pages = ["/overview/{file}", "/overview/{lang}/{picture}", "/favicon.ico"];
    for path in paths.iter().filter(|path| !pages.contains(&path.as_str())) {
        let path = match path.as_str() {
            "/{lang}/" => "/LANG/",
            "/log/{*tile}" => "/log/tile/",
            "/join/{file}" => "/join/PATH",
            path => path,
        };
        assert!(text.contains(path), "{path}");
    }
    for word in quoted(&text).into_iter().filter(|word| word.starts_with("GET /") || word.starts_with("POST /")) {
        let path = word.split(' ').nth(1).unwrap();
        let known = ["/log/tile/", "/LANG/", "/invite-by-email", DIRECTORY_PATH];
        assert!(known.iter().any(|known| path.starts_with(known)) || paths.iter().any(|known| known == path), "{word}");
    }
    assert!(source("server/src/email.rs").contains("\"/invite-by-email\""));
}

#[test]
fn the_limits_are_those_of_server_and_client() {
    assert_eq!(config::REPEATS_PER_TICK_MAX, 10);
    says("ten such repeats between two ticks");
    says(&format!("Headers of a request together at most {} bytes", grouped(config::HEADER_BYTES_MAX)));
    says(&format!("a shared cache may be {} seconds old", config::SHARED_CACHE_SECS));
    says(&format!("N ≤ {}", grouped(config::INVITES_PER_REQUEST_MAX)));
    says(&format!("size ({} bytes)", grouped(config::ORGANISER_BODY_BYTES_MAX)));
    says(&format!("`application/json` (at most {} bytes)", grouped(config::EMAIL_BODY_BYTES_MAX)));
    says(&format!("1 to {PAGE_FILES_MAX} files, at most {} bytes of manifest and", grouped(MANIFEST_BYTES_MAX)));
    says(&format!("and {} of files", grouped(PAGE_BYTES_MAX)));
    for (path, line, words) in [
        ("client/src/cli/road.rs", "DELAY_SECONDS_MAX: u64 = 600;", "drawn evenly from 0 to 600 seconds"),
        ("client/src/participation/network.rs", "ATTEMPTS: u32 = 3;", "At most three tries in all"),
        ("client/src/participation/network.rs", "PAUSE: Duration = Duration::from_secs(2);", "or 2 and 4 seconds"),
        ("client/src/participation/network.rs", "PAUSE_MAX: Duration = Duration::from_secs(60);", "above 60 seconds"),
        ("client/src/participation/network.rs", "DIRECTORY_BYTES_MAX: usize = 64 * 1024;", "64 KiB of directory"),
        ("client/src/transport.rs", "PROBLEM_BYTES_MAX: usize = 16 * 1024;", "16 KiB of a refusal"),
        ("client/src/campaign/network.rs", "COUNTS_BYTES_MAX: usize = 8 * 1024 * 1024;", "8 MiB of counts"),
        ("client/src/campaign/network.rs", "PLACES_BYTES_MAX: usize = 32 * 1024 * 1024;", "32 MiB of places"),
        ("client/src/campaign/network.rs", "MAP_BYTES_MAX: usize = 64 * 1024 * 1024;", "64 MiB of the map"),
        ("client/src/log_reader.rs", "OTHER_ENTRIES_MAX: u64 = 1_000_000;", "2·`eligible` + 1,000,000"),
        ("client/src/audit/tally.rs", "CLOCK_SLACK_SECONDS: u64 = 600;", "ten minutes of slack"),
        (
            "server/src/public/shelf.rs",
            "const TEXT: &str = \"text/plain; charset=utf-8\";",
            "| checkpoint | text | `text/plain; charset=utf-8` |",
        ),
        (
            "server/src/public/shelf.rs",
            "const BYTES: &str = \"application/octet-stream\";",
            "| tile, bundle | | `application/octet-stream` |",
        ),
        ("protocol/src/campaign.rs", "PLACES_MAX: usize = 20_000;", "1 to 20,000 places"),
        ("protocol/src/campaign.rs", "REGIONS_MAX: usize = 1000;", "1 to 1,000 regions"),
        ("protocol/src/campaign/genesis.rs", "K_MAX: u32 = 1000;", "5 to 1,000: the least size"),
        ("protocol/src/campaign/genesis.rs", "ELIGIBLE_MAX: u64 = 100_000_000;", "`k` to 100,000,000"),
        ("protocol/src/campaign/genesis.rs", "TICK_SECONDS_MAX: u32 = 31 * 24 * 3600;", "1 to 2,678,400"),
        ("protocol/src/campaign/genesis.rs", "TIME_MAX: u64 = 1 << 40;", "≤ 2^40"),
    ] {
        assert!(source(path).contains(line), "{path} has no longer: {line}");
        says(words);
    }
}

#[test]
fn the_policy_of_the_page_is_the_one_that_is_served() {
    let campaign = Vectors::read().campaign();
    let block = section("default-src 'none'", "```");
    let told = block.split_whitespace().collect::<Vec<_>>().join(" ");
    let servers = " https://issuer.example https://relay.example";
    assert_eq!(told.replace("SERVERS", servers), page_policy(campaign.genesis()));
}
