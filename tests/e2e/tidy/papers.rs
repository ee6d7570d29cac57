//! What the papers say is so: the README's map, the promises and limits in SECURITY.md; and nothing is left open anywhere.

use super::none;
use super::sources::{files, map_of, read, root, rust, words};
use std::collections::BTreeSet;

#[test]
fn the_map_in_the_readme_is_the_house() {
    let map = map_of(&read("README.md"));
    let missing = |path: &str| !map.contains(path) && !path.ends_with("/tests.rs");
    assert!(
        missing("server/src/nothing.rs") && map_of("## Map of the house\n```\na/\n  b.rs x\n```").contains("a/b.rs")
    );
    none(rust().map(|(path, _)| path).filter(|path| missing(path)));
    none(map.iter().filter(|path| !root().join(path).exists()));
}

#[test]
fn every_promise_names_its_tests_and_every_end_to_end_test_its_promise() {
    let security = read("SECURITY.md");
    let claimed: BTreeSet<&str> = words(&security).filter(|word| is_promise_test(word)).collect();
    let tests = |folder: &'static str| {
        rust().filter(move |(path, _)| path.starts_with(folder)).flat_map(|(_, text)| promise_tests(&text))
    };
    assert_eq!(promise_tests("#[test]\nfn u1_a() {}\n#[test]\n#[ignore]\nfn u1_b() {}\nfn u1_c() {}"), ["u1_a"]);
    let exist: BTreeSet<String> = tests("").collect();
    none(claimed.iter().filter(|name| !exist.contains(**name)).map(|name| format!("{name} is no test")));
    none(
        tests("tests/").filter(|name| !claimed.contains(name.as_str())).map(|name| format!("{name} is in no promise")),
    );
    let kept = |id: &&&str| claimed.iter().any(|name| name.starts_with(&format!("{}_", id.to_lowercase())));
    none(PROMISES.iter().filter(|id| !kept(id)).map(|id| format!("{id} has no test")));
}

#[test]
fn security_quotes_the_limits_as_they_are() {
    let quoted = |limits: &str, text: &str| {
        let value = |line: &str| {
            Some((words(line).nth(2)?.to_owned(), words(line.split_once('=')?.1).last()?.replace('_', "")))
        };
        let rows = text.replace(',', "");
        let row = |name: &str| rows.lines().find(|row| row.starts_with(&format!("| `{name}` |"))).map(str::to_owned);
        let stands =
            |(name, value): &(String, String)| row(name).is_some_and(|row| words(&row).any(|word| word == value));
        let limits = limits.lines().filter(|line| line.starts_with("pub const ")).filter_map(value);
        limits.filter(|limit| !stands(limit)).map(|(name, _)| name).collect::<Vec<_>>()
    };
    let limits = "pub const A_MAX: u32 = 50_000;\npub const B: Duration = Duration::from_secs(30);";
    assert!(quoted(limits, "| `A_MAX` | 50,000 |\n| `B` | 30 s |").is_empty());
    assert_eq!(quoted(limits, "| `A_MAX` | 5,000 |"), ["A_MAX", "B"]);
    none(quoted(&read("server/src/config.rs"), &read("SECURITY.md")));
}

#[test]
fn nothing_is_left_open_and_no_machine_is_named() {
    let banned = |text: &str| {
        let text = text.replace(LINT, "").to_lowercase();
        let left = words(&text).any(|word| PLACEHOLDERS.contains(&word));
        left || FOLDERS.iter().any(|folder| text.contains(folder))
    };
    assert!(
        banned(&format!("// {}: later", PLACEHOLDERS[0])) && banned(&format!("cd {}x", FOLDERS[0])) && !banned(LINT)
    );
    none(files().into_iter().filter(|(_, text)| banned(text)).map(|(path, _)| path));
}

fn is_promise_test(word: &str) -> bool {
    PROMISES.iter().any(|id| word.starts_with(&format!("{}_", id.to_lowercase())))
}

/// Names of the tests in a file that are called after a promise and are run.
fn promise_tests(text: &str) -> Vec<String> {
    let (mut found, mut attributes) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            attributes.push_str(line);
        } else if !line.starts_with("//") {
            let name = line.split_once("fn ").and_then(|(_, rest)| words(rest).next()).unwrap_or_default();
            if is_promise_test(name) && attributes.contains("test") && !attributes.contains("ignore") {
                found.push(name.to_owned());
            }
            attributes.clear();
        }
    }
    found
}

const PROMISES: [&str; 11] = ["U1", "U2", "U3", "O1", "O2", "P1", "P2", "V1", "V2", "N1", "D1"];
const LINT: &str = concat!("to", "do = \"deny\"");
const PLACEHOLDERS: [&str; 6] = [
    concat!("to", "do"),
    concat!("fix", "me"),
    concat!("x", "xx"),
    concat!("tb", "d"),
    concat!("wi", "p"),
    concat!("lo", "rem"),
];
const FOLDERS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
