//! Where the fuzzer begins (`tests/fuzz/corpus`): messages as they are today, so that a format that changes takes its seeds
//! along. They are written when HEADCOUNT_WRITE_SEEDS=1 is set. A finding that was mended stays beside them, as `found-…`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helping functions too")]

mod documents;
mod requests;

use protocol::campaign::Campaign;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The seeds of all targets: `TARGET/NAME` and the bytes.
type Seeds = BTreeMap<String, Vec<u8>>;

/// What all seeds may weigh together.
const BYTES_MAX: usize = 300_000;

#[test]
fn the_seeds_of_the_fuzzer_are_todays_messages() {
    let mut seeds = Seeds::new();
    messages(&mut seeds);
    documents::put(&mut seeds);
    requests::put(&mut seeds);
    let written = std::env::var_os("HEADCOUNT_WRITE_SEEDS").is_some();
    for (name, bytes) in &seeds {
        let path = corpus().join(name);
        if written {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        assert!(fs::read(&path).is_ok_and(|found| found == *bytes), "{name}: write it with HEADCOUNT_WRITE_SEEDS=1");
    }
    let mut sum = 0;
    for target in fs::read_dir(corpus()).unwrap().map(|target| target.unwrap().path()) {
        for seed in fs::read_dir(&target).unwrap().map(|seed| seed.unwrap().path()) {
            let name = seed.strip_prefix(corpus()).unwrap().to_str().unwrap().to_owned();
            sum += fs::metadata(&seed).unwrap().len();
            assert!(seeds.contains_key(&name) || name.contains("/found-"), "{name} is nobody's");
        }
    }
    assert!(usize::try_from(sum).unwrap() <= BYTES_MAX, "{sum} bytes");
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// A member of the vectors.
fn vector(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/vectors/headcount-v1.json");
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let members = document["members"].as_array().unwrap();
    members.iter().find(|member| member["name"] == name).unwrap()["value"].clone()
}

fn text(name: &str) -> String {
    vector(name).as_str().unwrap().to_owned()
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn bytes(name: &str) -> Vec<u8> {
    hex(&text(name))
}

fn campaign() -> Campaign {
    Campaign::new(text("genesis").as_bytes(), text("places_json").as_bytes()).unwrap()
}

fn entries() -> Vec<Vec<u8>> {
    vector("log_entries").as_array().unwrap().iter().map(|entry| hex(entry.as_str().unwrap())).collect()
}

fn put(seeds: &mut Seeds, target: &str, name: &str, kind: &str, bytes: impl AsRef<[u8]>) {
    let seed = [kind.as_bytes(), bytes.as_ref()].concat();
    assert!(seeds.insert(format!("{target}/{name}"), seed).is_none(), "{target}/{name} twice");
}

/// Messages in bytes, and the log.
fn messages(seeds: &mut Seeds) {
    let key = protocol::codec::from_base64(&text("token_key"), "key").unwrap();
    for (kind, name) in [
        ("t", "token"),
        ("q", "token_request"),
        ("s", "token_response"),
        ("p", "pledge"),
        ("c", "token_challenge"),
        ("r", "receipt"),
    ] {
        put(seeds, "messages", name, kind, bytes(name));
    }
    put(seeds, "messages", "token_key", "k", &key);
    let entries = entries();
    for (name, at) in [("group", 2), ("place", 3), ("announcement", 8), ("root", 10), ("region", 16), ("page", 1)] {
        put(seeds, "log", name, "e", &entries[at]);
    }
    put(seeds, "log", "close", "e", entries.last().unwrap());
    put(seeds, "log", "whole", "l", (0..22).collect::<Vec<u8>>());
    put(seeds, "log", "one-tick", "l", (0..8).collect::<Vec<u8>>());
    put(seeds, "log", "own-entry", "l", [&[0, 255, 0, 33], entries[1].as_slice(), &[8]].concat());
    let mut bundle = vec![2];
    for entry in &entries[1..4] {
        protocol::tile::put_bundled(&mut bundle, entry).unwrap();
    }
    put(seeds, "log", "bundle", "b", bundle);
    for (name, path) in [("tile", "tile/1/x001/067.p/3"), ("entries", "tile/entries/005.p/17"), ("full", "tile/0/000")]
    {
        put(seeds, "log", name, "t", path);
    }
    for (name, kind, head) in [("two-regions", 0, 4), ("closing", 0x80, 2), ("many", 0x83, 3)] {
        let counts: Vec<u8> = (0u8..14).map(|place| (place % 7) << 5 | (place * 5 % 9)).collect();
        put(seeds, "rule", name, "", [&[kind, head, 7], counts.as_slice()].concat());
    }
}
