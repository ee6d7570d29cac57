//! What the targets share: the small campaign of the vectors, and how an input says what it is.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target fails by panicking")]

use data_encoding::{BASE64URL, HEXLOWER};
use protocol::campaign::Campaign;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub mod script;
pub mod stage;

/// The members of the vectors, by name.
static VECTORS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let text = include_str!("../../../protocol/tests/vectors/headcount-v1.json");
    let document: Value = serde_json::from_str(text).expect("JSON");
    let member = |member: &Value| (member["name"].as_str().expect("a name").to_owned(), member["value"].clone());
    document["members"].as_array().expect("members").iter().map(member).collect()
});

/// The campaign of the vectors.
pub static CAMPAIGN: LazyLock<Campaign> =
    LazyLock::new(|| Campaign::new(text("genesis").as_bytes(), text("places_json").as_bytes()).expect("a campaign"));

/// A vector that is a text.
pub fn text(name: &str) -> &'static str {
    VECTORS[name].as_str().expect("a text")
}

/// A vector that is bytes.
pub fn bytes(name: &str) -> Vec<u8> {
    HEXLOWER.decode(text(name).as_bytes()).expect("hexadecimal")
}

/// A vector that is so many bytes.
pub fn array<const N: usize>(name: &str) -> [u8; N] {
    bytes(name).try_into().expect("its length")
}

/// The key of the vectors, as it stands in the genesis.
pub fn token_key() -> Vec<u8> {
    BASE64URL.decode(text("token_key").as_bytes()).expect("base64url")
}

/// The entries of the log of the vectors.
pub static ENTRIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let entry = |entry: &Value| HEXLOWER.decode(entry.as_str().expect("a text").as_bytes()).expect("hexadecimal");
    VECTORS["log_entries"].as_array().expect("a list").iter().map(entry).collect()
});

/// An input as its first byte, which says what the rest is, and the rest.
pub fn kind(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(kind, rest)| (*kind, rest))
}

/// The same where the rest is text.
pub fn kind_of_text(data: &[u8]) -> Option<(u8, &str)> {
    let (kind, rest) = kind(data)?;
    Some((kind, std::str::from_utf8(rest).ok()?))
}
