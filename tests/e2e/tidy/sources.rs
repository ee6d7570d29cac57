//! Reading the house: its files, and as much of Rust as its rules need (comments, literals, paths).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| format!("{path}: {error}"))
}

/// Every text file of the repository, by its path from the root.
pub(super) fn files() -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folders of the repository can be listed") {
            let path = entry.expect("entries can be read").path();
            let from_root = path.strip_prefix(root()).expect("it is inside").to_string_lossy().into_owned();
            if [".git", "target"].iter().any(|skipped| path.ends_with(skipped)) {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.insert(from_root, text);
            }
        }
    }
    found
}

pub(super) fn rust() -> impl Iterator<Item = (String, String)> {
    files().into_iter().filter(|(path, _)| path.ends_with(".rs"))
}

/// What ships: the sources of the three rooms without the modules that are there for tests alone.
pub(super) fn room_sources() -> impl Iterator<Item = (String, String)> {
    let all = files();
    let parents = all.clone();
    let ships = move |path: &str| {
        let room = ["protocol/src", "server/src", "client/src"].iter().any(|room| path.starts_with(room));
        room && !is_for_tests(&parents, path)
    };
    all.into_iter().filter(move |(path, _)| path.ends_with(".rs") && ships(path))
}

/// Whether the parent of this module, or that of one above it, has it for tests alone.
fn is_for_tests(all: &BTreeMap<String, String>, path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or_default();
    let name = file.trim_end_matches(".rs");
    let above =
        [".rs", "/lib.rs", "/main.rs"].iter().map(|end| format!("{folder}{end}")).find(|at| all.contains_key(at));
    above.filter(|above| above != path).is_some_and(|above| {
        let declared = ["mod", "pub(crate) mod"].map(|how| format!("#[cfg(test)]\n{how} {name};"));
        declared.iter().any(|declared| all[&above].contains(declared)) || is_for_tests(all, &above)
    })
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Rust without comments, without what its literals hold, and without inline test modules.
pub(super) fn code(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let literal = literal(rest);
        out.push(if literal > 0 { ' ' } else { c });
        rest = &rest[literal.max(c.len_utf8())..];
    }
    while let Some(start) = out.find("#[cfg(test)]\nmod tests {") {
        let end = out[start..].find("\n}").map_or(out.len(), |end| start + end + 2);
        out.replace_range(start..end, "");
    }
    out
}

/// Length of the comment or literal at the start; 0 if there is none.
fn literal(text: &str) -> usize {
    let until = |from: usize, mark: &str| text[from..].find(mark).map_or(text.len(), |at| from + at + mark.len());
    let hashes = text.len().saturating_sub(1) - text.get(1..).unwrap_or_default().trim_start_matches('#').len();
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'r', rest @ ..] if rest.get(hashes) == Some(&b'"') => until(hashes + 2, &format!("\"{}", "#".repeat(hashes))),
        [b'"', rest @ ..] => {
            let mut at = 0;
            while rest.get(at).is_some_and(|byte| *byte != b'"') {
                at += if rest[at] == b'\\' { 2 } else { 1 };
            }
            text.len().min(at + 2)
        }
        [b'\'', b'\\', ..] => until(3, "'"),
        [b'\'', ..] => {
            let held = text[1..].chars().next().map_or(0, char::len_utf8);
            if text[1 + held..].starts_with('\'') { 2 + held } else { 0 }
        }
        _ => 0,
    }
}

/// All paths that are written in code, with the braces of `use` spelled out.
pub(super) fn paths(code: &str) -> BTreeSet<String> {
    let (mut found, mut groups, mut path, mut joined) = (BTreeSet::new(), Vec::new(), String::new(), false);
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (now, later) = rest.split_at(if rest.starts_with("::") { 2 } else { word.max(c.len_utf8()) });
        rest = later;
        if word > 0 {
            path = if joined { path } else { groups.last().cloned().unwrap_or_default() };
            path.push_str(now);
        } else if now == "::" {
            path.push_str(now);
        } else {
            match c {
                '{' => groups.push(if joined { path.clone() } else { String::new() }),
                '}' => drop(groups.pop()),
                _ => {}
            }
            found.insert(std::mem::take(&mut path));
        }
        joined = now == "::";
    }
    found.insert(path);
    found
}

/// Whether any path runs through `name`, or goes on after it if `name` ends in `::`. Parsing an address needs no network.
pub(super) fn mentions(paths: &BTreeSet<String>, name: &str) -> bool {
    let parses = |path: &&String| !path.starts_with("std::net::Ipv4Addr");
    let end = if name.ends_with("::") { "" } else { "::" };
    let wanted = format!("::{name}{end}");
    paths.iter().filter(parses).any(|path| format!("::{path}{end}").contains(&wanted))
}

/// The paths of the first block under the README's map; deeper lines stand inside the folder above them.
pub(super) fn map_of(readme: &str) -> BTreeSet<String> {
    let map = readme.split("\n## Map of the house").nth(1).or(readme.split("## Map of the house").nth(1));
    let mut folders: Vec<(usize, &str)> = Vec::new();
    let mut found = BTreeSet::new();
    for line in map.and_then(|map| map.split("```").nth(1)).expect("the README has a map").lines() {
        let Some(name) = line.split_whitespace().next() else {
            continue;
        };
        let depth = line.len() - line.trim_start().len();
        folders.retain(|(above, _)| *above < depth);
        folders.push((depth, name));
        found.insert(folders.iter().map(|(_, part)| *part).collect());
    }
    found
}
