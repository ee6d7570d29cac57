//! What may be said publicly: each sentence has a promise that SECURITY.md explains, and no promise is without a sentence.

use std::collections::BTreeSet;
use std::path::Path;

const PROMISES: [&str; 11] = ["U1", "U2", "U3", "O1", "O2", "P1", "P2", "V1", "V2", "N1", "D1"];

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name)).unwrap()
}

#[test]
fn every_sentence_that_may_be_said_names_its_promise() {
    let (words, security) = (read("server/guides/public-words.en.md"), read("SECURITY.md"));
    let rows: Vec<Vec<&str>> = words
        .lines()
        .filter(|line| line.starts_with("| \""))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 10, "{}", rows.len());
    let mut named = BTreeSet::new();
    for row in &rows {
        let [say, do_not_say, because, promises] = row[..] else { panic!("{row:?} has not four columns") };
        assert!(say.ends_with('"') && do_not_say.starts_with('"') && because.ends_with('.'), "{row:?}");
        let known: Vec<&str> = promises.split(", ").filter(|id| PROMISES.contains(id)).collect();
        assert!(promises == "none" || known.len() == promises.split(", ").count(), "{promises} of {say}");
        named.extend(known);
    }
    let missing: Vec<&str> =
        PROMISES.into_iter().filter(|id| !named.contains(id) || !security.contains(&format!("**{id}**"))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
