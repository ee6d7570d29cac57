//! The vectors of `protocol/tests/vectors/headcount-v1.json`, read as a stranger reads them.

use protocol::campaign::Campaign;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file beside the protocol's tests.
pub(super) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/vectors").join(name)
}

/// Members by name.
pub(super) struct Vectors(BTreeMap<String, Value>);

impl Vectors {
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(file("headcount-v1.json")).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let members = document["members"].as_array().unwrap();
        Self(members.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one["value"].clone())).collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        from_hex(self.text(name))
    }

    pub(super) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    /// The entries of the log.
    pub(super) fn log(&self) -> Vec<Vec<u8>> {
        self.0["log_entries"].as_array().unwrap().iter().map(|entry| from_hex(entry.as_str().unwrap())).collect()
    }

    pub(super) fn campaign(&self) -> Campaign {
        Campaign::new(self.text("genesis").as_bytes(), self.text("places_json").as_bytes()).unwrap()
    }

    /// Where a value that is text stands in the file, whole or as a part of one.
    pub(super) fn contain(&self, text: &str) -> bool {
        self.0.values().any(|value| value.to_string().contains(text))
    }
}

/// Lower-case hexadecimal of any length.
pub(super) fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes();
    assert!(digits.len().is_multiple_of(2) && !text.bytes().any(|digit| digit.is_ascii_uppercase()), "{text}");
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
