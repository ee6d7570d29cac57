//! What in the programs has `unsafe` in it: SECURITY.md names every package, and no other.

use super::none;
use super::packages::{Graph, metadata};
use super::sources::{code, read, words};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn security_names_each_package_of_the_programs_that_has_unsafe_parts() {
    assert!(is_unsafe("fn a() { unsafe { b() } }") && is_unsafe("unsafe impl X for Y {}"));
    assert!(!is_unsafe("#![forbid(unsafe_code)]\n// unsafe\nfn a() { b(\"unsafe\") }"));
    let (all, unsafe_ones) = shipped();
    assert!(all.len() > 100 && unsafe_ones.contains("tokio") && !unsafe_ones.contains("protocol"));
    let told = read("SECURITY.md");
    let count = format!("Of {} packages of others {} have `unsafe`", all.len(), unsafe_ones.len());
    let list = unsafe_ones.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let flowed = told.split_whitespace().collect::<Vec<_>>().join(" ");
    none([count, list].into_iter().filter(|sentence| !flowed.contains(sentence)));
}

/// The packages of others that are in a program, and those of them with unsafe code.
fn shipped() -> (BTreeSet<String>, BTreeSet<String>) {
    let metadata = metadata();
    let graph = Graph::new(&metadata);
    let mut all: BTreeSet<String> = ["server", "client"].iter().flat_map(|program| graph.reach(program)).collect();
    all.remove("protocol");
    let mut folders: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let sources = Path::new(&text("manifest_path")).with_file_name("src");
        let beside = package["targets"].as_array().into_iter().flatten().filter_map(library);
        folders.entry(text("name")).or_default().extend(beside.chain([sources]));
    }
    let with = all.iter().filter(|name| folders[*name].iter().any(|folder| has_unsafe(folder))).cloned().collect();
    (all, with)
}

/// The folder in which a package's library begins, wherever it has put it.
fn library(target: &Value) -> Option<PathBuf> {
    let is_library = target["kind"].as_array()?.iter().any(|kind| kind == "lib" || kind == "proc-macro");
    let path = Path::new(target["src_path"].as_str()?).parent()?.to_owned();
    is_library.then_some(path)
}

fn has_unsafe(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().any(|entry| {
        let path = entry.expect("entries can be read").path();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let skipped = ["tests", "tests.rs", "benches", "examples", "target"].iter().any(|name| path.ends_with(name));
        match path.is_dir() {
            _ if skipped => false,
            true => has_unsafe(&path),
            false => is_rust && fs::read_to_string(&path).is_ok_and(|text| is_unsafe(&text)),
        }
    })
}

fn is_unsafe(text: &str) -> bool {
    text.contains("unsafe") && words(&code(text)).any(|word| word == "unsafe")
}
