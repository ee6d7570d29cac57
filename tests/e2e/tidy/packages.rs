//! The house as cargo sees it: who depends on whom, in which version, and under which licence.

use super::none;
use super::sources::{read, root, words};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::iter::Peekable;
use std::process::Command;
use std::str::SplitWhitespace;

#[test]
fn the_arrows_between_the_rooms_hold() {
    let graph = Graph::new(&metadata());
    let mut broken = Vec::new();
    for (from, to) in FORBIDDEN {
        broken.extend(to.iter().filter(|to| graph.reach(from).contains(**to)).map(|to| format!("{from} → {to}")));
    }
    for (name, only) in DIRECT {
        let members =
            ["protocol", "server", "client"].iter().filter(|member| **member != only && graph.needs(member, name));
        broken.extend(members.map(|member| format!("{member} → {name}")));
    }
    assert!(graph.reach("tests").contains("sled") && graph.needs("server", "axum") && !graph.needs("client", "axum"));
    none(broken);
}

#[test]
fn every_dependency_is_declared_once_pinned_where_it_must_be_and_explained() {
    let table = |manifest: &str, part: &str| {
        let mut inside = false;
        let inside = |line: &&str| {
            inside = if line.starts_with('[') { line.contains(part) } else { inside };
            inside && line.contains('=') && !line.starts_with(['#', '['])
        };
        manifest.lines().filter(inside).map(str::to_owned).collect::<Vec<_>>()
    };
    let own = |line: &String| !line.contains("workspace = true") && !line.contains("path = \"../");
    assert!(table("[dev-dependencies]\nrand = \"1\"\n[lints]\nworkspace = true", "dependencies]").iter().all(own));
    for member in MEMBERS {
        none(table(&read(&format!("{member}/Cargo.toml")), "dependencies]").into_iter().filter(own));
    }
    let root = table(&read("Cargo.toml"), "workspace.dependencies]");
    assert!(root.len() > 20);
    none(root.iter().filter(|line| !line.contains("# ")));
    let pinned = |name: &&&str| root.iter().any(|line| line.starts_with(&format!("{name} = \"=")));
    none(PINNED.iter().filter(|name| !pinned(name)));
}

#[test]
fn the_fuzzer_looks_at_the_versions_that_ship() {
    let versions = |lock: &str| -> BTreeSet<(String, String)> {
        let value = |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches('"').to_owned());
        let lines: Vec<&str> = lock.lines().collect();
        let pair = |two: &[&str]| Some((value(two[0], "name = ")?, value(two[1], "version = ")?));
        lines.windows(2).filter_map(pair).collect()
    };
    let strays = |ours: &str, theirs: &str| {
        let (ours, theirs) = (versions(ours), versions(theirs));
        let names: BTreeSet<&String> = ours.iter().map(|(name, _)| name).collect();
        let strays = theirs.difference(&ours).filter(|(name, _)| names.contains(name));
        strays.map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>()
    };
    let lock = |version: &str| format!("[[package]]\nname = \"a\"\nversion = \"{version}\"\n");
    assert!(strays(&lock("1"), &lock("1")).is_empty() && strays(&lock("1"), &lock("2")) == ["a 2"]);
    none(strays(&read("Cargo.lock"), &read("tests/fuzz/Cargo.lock")));
}

#[test]
fn every_member_keeps_the_lints_of_the_workspace_and_the_client_all_but_one() {
    let table = |manifest: &str, name: &str| -> BTreeSet<String> {
        let lines = manifest.lines().skip_while(|line| *line != name).skip(1);
        let lines = lines.take_while(|line| !line.starts_with('['));
        lines
            .filter_map(|line| line.split('#').next())
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (root, client) = (read("Cargo.toml"), read("client/Cargo.toml"));
    let of =
        |part: &str| (table(&root, &format!("[workspace.lints.{part}]")), table(&client, &format!("[lints.{part}]")));
    let (whole, own) = of("rust");
    assert!(whole.len() > 5);
    assert!(
        whole.difference(&own).eq(["unsafe_code = \"forbid\""])
            && own.difference(&whole).eq(["unsafe_code = \"deny\""])
    );
    let (whole, own) = of("clippy");
    assert!(whole.len() > 5 && whole == own);
    let inherits =
        |member: &&&str| table(&read(&format!("{member}/Cargo.toml")), "[lints]").contains("workspace = true");
    none(MEMBERS.iter().filter(|member| **member != "client" && !inherits(member)));
}

#[test]
fn every_licence_is_one_that_we_may_pass_on() {
    assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0") && allowed("GPL-3.0 OR MIT") && allowed("Apache-2.0/MIT"));
    assert!(!allowed("GPL-3.0-only") && !allowed("MIT AND GPL-3.0") && !allowed("MIT AND") && !allowed(""));
    let packages = metadata();
    let packages = packages["packages"].as_array().expect("packages");
    let bad = packages.iter().filter(|package| !allowed(package["license"].as_str().unwrap_or_default()));
    none(bad.map(|package| format!("{}: {}", package["name"], package["license"])));
}

#[test]
fn the_lock_file_belongs_to_the_house() {
    let packages = metadata()["packages"].as_array().expect("packages").len(); // fails if the lock file does not fit
    assert!(packages > 100 && !words(&read(".gitignore")).any(|word| word == "lock"));
}

/// What is built on this platform, by the lock file as it is.
pub(super) fn metadata() -> Value {
    let cargo = |arguments: &[&str]| {
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(program).current_dir(root()).args(arguments).output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo tells its host");
    let json = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    serde_json::from_str(&json).expect("cargo metadata is JSON")
}

/// Who depends on whom, by package name; dependencies for tests alone are left out.
pub(super) struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    pub(super) fn new(metadata: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let packages = list(&metadata["packages"]);
        let names: BTreeMap<String, String> = packages.iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let deps = list(&node["deps"]);
            let ships = |dep: &&Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            let deps = deps.iter().filter(ships).map(|dep| names[&text(&dep["pkg"])].clone());
            graph.entry(names[&text(&node["id"])].clone()).or_default().extend(deps);
        }
        Self(graph)
    }

    fn needs(&self, from: &str, to: &str) -> bool {
        self.0[from].contains(to)
    }

    pub(super) fn reach(&self, from: &str) -> BTreeSet<String> {
        let (mut found, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(name) = open.pop() {
            open.extend(self.0[&name].iter().filter(|next| found.insert((*next).clone())).cloned());
        }
        found
    }
}

/// Whether a licence expression (SPDX) can be met by the allowed licences alone.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    one_of(&mut words) && words.next().is_none()
}

fn one_of(words: &mut Peekable<SplitWhitespace<'_>>) -> bool {
    let mut fine = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        fine |= all_of(words);
    }
    fine
}

fn all_of(words: &mut Peekable<SplitWhitespace<'_>>) -> bool {
    let mut fine = true;
    loop {
        fine &= match words.next() {
            Some("(") => one_of(words) & (words.next() == Some(")")),
            Some(name) if words.next_if_eq(&"WITH").is_some() => words.next().is_some() & LICENCES.contains(&name),
            name => name.is_some_and(|name| LICENCES.contains(&name)),
        };
        if words.next_if_eq(&"AND").is_none() {
            return fine;
        }
    }
}

/// What may be passed on under MIT OR Apache-2.0 without a condition that our readers would have to learn of.
/// CDLA-Permissive-2.0 is for data, the list of certificate authorities, and asks only that its text goes along.
/// BSD-2-Clause (arrayref) and Zlib (slotmap) are those of two crates below resvg; they ask for no more than MIT does.
/// 0BSD (quoted_printable, below lettre) asks for nothing.
const LICENCES: [&str; 10] = [
    "MIT",
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "Zlib",
];
const MEMBERS: [&str; 4] = ["protocol", "server", "client", "tests"];
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("protocol", &["client", "server", "tests", "axum", "tokio", "sled", "reqwest", "hyper"]),
    ("client", &["server", "tests", "axum", "sled"]),
    ("server", &["client", "tests", "reqwest"]),
];
const DIRECT: [(&str, &str); 6] = [
    ("sled", "server"),
    ("axum", "server"),
    ("rsa", "protocol"),
    ("blind-rsa-signatures", "protocol"),
    ("signed_note", "protocol"),
    ("tlog_tiles", "protocol"),
];
const PINNED: [&str; 5] = ["blind-rsa-signatures", "rsa", "pkcs1", "signed_note", "tlog_tiles"];
