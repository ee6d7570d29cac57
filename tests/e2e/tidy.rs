//! House rules as tests: sizes, absences, arrows, licences, the README's map, the promises of SECURITY.md. They look at
//! the sources and at `cargo metadata` and run nothing. Every checker is also shown something that it must find.

mod packages;
mod papers;
mod sources;
mod texts;
mod unsafe_parts;

use sources::{code, files, mentions, paths, read, room_sources, rust, words};

#[test]
fn no_rust_file_is_longer_than_400_lines() {
    let long = |text: &str| text.lines().count() > 400;
    assert!(long(&"\n".repeat(401)) && !long(&"\n".repeat(400)));
    none(rust().filter(|(_, text)| long(text)).map(|(path, _)| path));
}

#[test]
fn no_drawers_and_no_mod_files() {
    let drawer = |path: &str| path.split(['/', '.']).any(|part| DRAWERS.contains(&part)) && path.ends_with(".rs");
    assert!(drawer("server/src/util.rs") && drawer("a/mod.rs") && !drawer("server/src/utility.rs"));
    none(rust().map(|(path, _)| path).filter(|path| drawer(path)));
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let silent = |text: &str| !text.starts_with("//! ");
    assert!(silent("use std::fs;"));
    none(rust().filter(|(path, text)| !path.ends_with("/tests.rs") && silent(text)).map(|(path, _)| path));
}

#[test]
fn what_a_room_must_not_name_is_not_named_there() {
    let broken = |path: &str, text: &str| {
        let named = paths(&code(text));
        let applies = |rule: &&Absence| path.starts_with(rule.0) && !rule.2.iter().any(|place| path.starts_with(place));
        let mut found = Vec::new();
        for (_, names, _) in ABSENCES.iter().filter(applies) {
            found.extend(names.iter().filter(|name| mentions(&named, name)).map(|name| format!("{path} names {name}")));
        }
        found
    };
    assert_eq!(broken("protocol/src/x.rs", "use std::{fmt, fs::{self, File}};").len(), 1);
    assert_eq!(broken("server/src/origin.rs", "fn f(db: sled::Db) {}").len(), 1);
    assert!(broken("protocol/src/x.rs", "// std::fs\nuse std::net::Ipv4Addr; fn f() { \"sled\"; }").is_empty());
    none(room_sources().flat_map(|(path, text)| broken(&path, &text)));
    // whoever misread a literal would lose its place among the braces
    let lost = |text: &str| code(text).matches('{').count() != code(text).matches('}').count();
    assert!(lost("fn f() {") && !lost(r##"fn f<'a>() { '{'; b'"'; "\\\"{"; r#"{"{"#; /* { */ }"##));
    none(rust().filter(|(_, text)| lost(text)).map(|(path, _)| path));
}

#[test]
fn only_lib_and_main_know_both_stores() {
    let both =
        |text: &str| ["AttestationStore", "RedemptionStore"].iter().all(|store| mentions(&paths(&code(text)), store));
    assert!(both("use store::{a::AttestationStore, b::RedemptionStore};"));
    let may = ["server/src/lib.rs", "server/src/main.rs"];
    none(room_sources().filter(|(path, text)| !may.contains(&path.as_str()) && both(text)).map(|(path, _)| path));
}

#[test]
fn roles_and_stores_are_reached_only_along_the_arrows() {
    let strays = |path: &str, text: &str| {
        let from = path.strip_prefix("server/src/").and_then(|file| file.split(['/', '.']).next()).unwrap_or_default();
        let named = paths(&code(text));
        let guarded = ROLES.iter().filter(|_| ROLES.contains(&from)).chain(STORES.iter());
        let stray =
            |to: &&&str| **to != from && !ARROWS.contains(&(from, **to)) && mentions(&named, &format!("crate::{to}"));
        guarded.filter(stray).map(|to| format!("{path} → {to}")).collect::<Vec<_>>()
    };
    assert_eq!(strays("server/src/origin.rs", "use crate::issuer::Issuer;").len(), 1);
    assert_eq!(strays("server/src/organiser.rs", "use crate::{store::redemption::RedemptionStore, issuer};").len(), 1);
    let outside = |path: &str| path == "server/src/lib.rs" || path.starts_with("server/src/store");
    none(room_sources().filter(|(path, _)| !outside(path)).flat_map(|(path, text)| strays(&path, &text)));
    let readme = read("README.md");
    none(ARROWS.map(|(from, to)| format!("`{from}` → `{to}`")).into_iter().filter(|arrow| !readme.contains(arrow)));
}

#[test]
fn unsafe_code_stands_only_where_webassembly_needs_it() {
    let unsafe_ = |text: &str| words(&code(text)).any(|word| word == "unsafe" || word == "unsafe_code");
    assert!(
        unsafe_("fn f() { unsafe { g() } }") && unsafe_("#![allow(unsafe_code)]") && !unsafe_("\"unsafe\" // unsafe")
    );
    none(rust().filter(|(path, text)| path != "client/src/wasm.rs" && unsafe_(text)).map(|(path, _)| path));
    assert!(read("client/src/lib.rs").contains("#[cfg(target_arch = \"wasm32\")]\nmod wasm;"));
}

#[test]
fn libraries_print_nothing() {
    let prints = |text: &str| ["println!", "print!", "dbg!"].iter().any(|name| code(text).contains(name));
    assert!(prints("fn f() { eprintln!(\"x\") }") && !prints("// println!\n"));
    let all = files();
    let in_library = |path: &str| {
        let Some((room, file)) = path.split_once("/src/") else {
            return false;
        };
        let module = file.split(['/', '.']).next().unwrap_or_default();
        module == "lib" || all[&format!("{room}/src/lib.rs")].contains(&format!("mod {module};"))
    };
    let tells = |path: &str, text: &str| path == "server/src/telling.rs" && code(text).matches("println!").count() == 1;
    none(
        room_sources()
            .filter(|(path, text)| in_library(path) && prints(text) && !tells(path, text))
            .map(|(path, _)| path),
    );
}

#[test]
fn secrets_cannot_be_printed() {
    let printable = |text: &str| {
        let text = code(text);
        let derived = text.split("#[derive(").skip(1).filter_map(|item| {
            let (list, rest) = item.split_once(")]")?;
            let at = rest.find("struct ").into_iter().chain(rest.find("enum ")).min()?;
            list.contains("Debug").then(|| words(&rest[at..]).nth(1).unwrap_or_default().to_owned())
        });
        let derived: Vec<String> = derived.collect();
        let shown =
            |name: &&&str| derived.iter().any(|d| d == **name) || text.contains(&format!("Display for {name} "));
        SECRETS.iter().filter(shown).map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(printable("#[derive(Clone, Debug)]\n#[serde(x)]\npub struct Phrase([u8; 16]);"), ["Phrase"]);
    assert!(printable("#[derive(Debug)]\npub struct Phrases;\n#[derive(Clone)]\npub struct Phrase;").is_empty());
    let everything: String = room_sources().map(|(_, text)| text).collect();
    none(
        SECRETS.iter().filter(|name| !everything.contains(&format!("struct {name}"))).map(|name| format!("no {name}")),
    );
    none(
        room_sources().flat_map(|(path, text)| printable(&text).into_iter().map(move |name| format!("{path}: {name}"))),
    );
}

/// Fails with the list of what breaks a rule, if anything does.
fn none<T: std::fmt::Display>(broken: impl IntoIterator<Item = T>) {
    let broken: Vec<String> = broken.into_iter().map(|item| item.to_string()).collect();
    assert!(broken.is_empty(), "this house rule is broken by:\n  {}", broken.join("\n  "));
}

/// Where, what is not named there, and the places that may name it all the same.
type Absence = (&'static str, &'static [&'static str], &'static [&'static str]);

const ABSENCES: [Absence; 7] = [
    (
        "protocol/",
        &["http", "hyper", "axum", "tokio", "reqwest", "std::fs", "std::net", "std::time", "std::env", "std::thread"],
        &[],
    ),
    ("", &["sled"], &["server/src/store/sled_dir.rs"]),
    ("", &["blind_rsa_signatures"], &["protocol/src/blind_rsa.rs"]),
    ("", &["openssl"], &["server/src/signer.rs"]),
    (
        "",
        &["aws_lc_rs"],
        &[
            "protocol/src/verifier.rs",
            "protocol/src/receipt.rs",
            "server/src/store/slot_file/seal.rs",
            "client/src/rehearsal/machine.rs",
        ],
    ),
    ("", &["signed_note", "tlog_tiles"], &["protocol/src/note.rs", "protocol/src/tile.rs"]),
    ("server/src/store", &["SystemTime", "Instant", "SocketAddr", "IpAddr", "user_agent", "USER_AGENT"], &[]),
];
const ROLES: [&str; 7] = ["attester", "email", "issuer", "origin", "publisher", "organiser", "public"];
const STORES: [&str; 3] = ["store::attestation", "store::redemption", "store::log"];
const ARROWS: [(&str, &str); 17] = [
    ("issuer", "attester"),
    ("email", "issuer"),
    ("organiser", "issuer"),
    ("organiser", "publisher"),
    ("attester", "store::attestation"),
    ("origin", "store::redemption"),
    ("publisher", "store::redemption"),
    ("publisher", "store::log"),
    ("plan", "store::redemption"),
    ("public", "store::log"),
    ("growth", "store::log"),
    ("whole_log", "store::log"),
    ("init", "store::log"),
    ("check", "store::log"),
    ("site", "store::log"),
    ("raid", "store::log"),
    ("restore", "store::log"),
];
const SECRETS: [&str; 18] = [
    "EmailAddress",
    "EmailKey",
    "Phrase",
    "Secrets",
    "Invite",
    "InviteKey",
    "PendingToken",
    "BlindSecret",
    "PrivateKey",
    "IssuerPrivateKey",
    "Pledge",
    "Token",
    "OpenedToken",
    "VerifiedToken",
    "PooledPledge",
    "NoteSigner",
    "Signer",
    "ReceiptSigner",
];
const DRAWERS: [&str; 5] = ["mod", "util", "utils", "common", "helpers"];
