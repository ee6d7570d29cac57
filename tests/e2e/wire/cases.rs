//! What must be read and what must be refused, message by message, as a file for strangers: every verdict is written down
//! by hand here, and recomputed by the code from what the file itself says.
//!
//! The file is rewritten when HEADCOUNT_WRITE_VECTORS=1 is set.

mod campaign;
mod counting;
mod judges;
mod log;
mod messages;

use super::vectors::{Vectors, file};
use judges::Judges;
use serde_json::{Map, Value, json};

const FILE: &str = "headcount-v1-cases.json";
const ABOUT: &str = "Headcount, format version 1: what must be read and what must be refused. Every case belongs to the campaign of \
    headcount-v1.json; names in brackets are members of that file. WIRE.md, section 17, says for each kind what the input is. The \
    verdict is good, refused, or the name of the problem with which a server refuses. Byte strings are lower-case hexadecimal.";

/// The cases so far, each judged when it is put.
pub(super) struct Cases<'a> {
    judges: &'a Judges<'a>,
    list: Vec<Value>,
}

impl Cases<'_> {
    /// A case with the verdict that it must have.
    #[track_caller]
    fn put(&mut self, kind: &str, what: &str, input: impl Into<Value>, verdict: &str) {
        let input = input.into();
        let judged = self.judges.judge(kind, &input);
        let (given, gives) = match judged {
            Ok(gives) => ("good", gives),
            Err(refusal) => (refusal, Value::Null),
        };
        assert_eq!(given, verdict, "{kind}: {what}");
        let mut case = Map::from_iter([
            ("kind".to_owned(), json!(kind)),
            ("what".to_owned(), json!(what)),
            ("input".to_owned(), input),
            ("verdict".to_owned(), json!(verdict)),
        ]);
        if !gives.is_null() {
            case.insert("gives".to_owned(), gives);
        }
        assert!(
            !self.list.iter().any(|other| other["kind"] == case["kind"] && other["what"] == case["what"]),
            "{what}"
        );
        self.list.push(Value::Object(case));
    }

    #[track_caller]
    fn good(&mut self, kind: &str, what: &str, input: impl Into<Value>) {
        self.put(kind, what, input, "good");
    }

    #[track_caller]
    fn refused(&mut self, kind: &str, what: &str, input: impl Into<Value>) {
        self.put(kind, what, input, "refused");
    }
}

fn all(vectors: &Vectors) -> Vec<Value> {
    let judges = Judges::new(vectors);
    let mut cases = Cases { judges: &judges, list: Vec::new() };
    campaign::put(&mut cases, vectors);
    messages::put(&mut cases, vectors);
    log::put(&mut cases, vectors);
    counting::put(&mut cases, vectors);
    cases.list
}

#[test]
fn every_case_of_the_wire_format_is_judged_as_it_is_written() {
    let list = all(&Vectors::read());
    let new = serde_json::to_string_pretty(&json!({ "about": ABOUT, "cases": list })).unwrap() + "\n";
    if std::env::var("HEADCOUNT_WRITE_VECTORS").is_ok_and(|value| value == "1") {
        std::fs::write(file(FILE), &new).unwrap();
    }
    let given = std::fs::read_to_string(file(FILE)).unwrap();
    let differing = given.lines().zip(new.lines()).find(|(given, new)| given != new);
    assert_eq!(differing, None, "the first line that differs");
    assert!(given == new, "one is a beginning of the other");
}

#[test]
fn every_kind_of_case_has_good_ones_and_refused_ones() {
    let list = all(&Vectors::read());
    for kind in kinds(&list) {
        let of_kind = || list.iter().filter(|case| case["kind"] == *kind);
        // and an answer of this kind is never a good one
        assert!(kind == "answer" || of_kind().any(|case| case["verdict"] == "good"), "{kind}");
        // a pool is never refused: whatever it is, the rule says what becomes of it
        assert!(kind == "pool" || of_kind().any(|case| case["verdict"] != "good"), "{kind}");
    }
}

/// The kinds of the file, sorted.
pub(super) fn kinds(list: &[Value]) -> Vec<String> {
    let mut kinds: Vec<String> = list.iter().map(|case| case["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// The cases as they are, for the test of the document.
pub(super) fn listed() -> Vec<Value> {
    all(&Vectors::read())
}
