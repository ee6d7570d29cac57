//! The manifest of the registration bundle: one spelling, sane names, bounded sizes.

use super::maimed;
use proptest::prelude::*;
use protocol::codec::to_hex;
use protocol::error::Error;
use protocol::page_manifest::{INDEX, MANIFEST_BYTES_MAX, PAGE_BYTES_MAX, PAGE_FILES_MAX, PageManifest};
use sha2::{Digest, Sha256};

const COMPILER: &str = "debian rustc-web 1.96.0";

fn line(name: &str, size: u64) -> String {
    format!("{{\"path\":\"{name}\",\"size\":{size},\"sha256\":\"{}\"}}", to_hex(&[7; 32]))
}

fn written(compiler: &str, lines: &[String]) -> String {
    format!("{{\"compiler\":\"{compiler}\",\"files\":[{}]}}\n", lines.join(","))
}

fn good() -> String {
    written(COMPILER, &[line("app-0a1b2c3d.js", 5), line(INDEX, 7), line("registration-00.wasm", 9)])
}

fn reads(text: &str) -> bool {
    PageManifest::decode(text.as_bytes()).is_ok()
}

#[test]
fn a_manifest_is_read_with_all_that_it_says_and_refused_when_maimed() {
    let manifest = PageManifest::decode(good().as_bytes()).unwrap();
    assert_eq!(manifest.compiler(), COMPILER);
    let files: Vec<_> = manifest.files().iter().map(|file| (file.name(), file.media_type(), file.size())).collect();
    assert_eq!(
        files,
        [
            ("app-0a1b2c3d.js", "text/javascript; charset=utf-8", 5),
            ("index.html", "text/html; charset=utf-8", 7),
            ("registration-00.wasm", "application/wasm", 9)
        ]
    );
    for bad in maimed(good().as_bytes()) {
        assert!(matches!(PageManifest::decode(&bad), Err(Error::Manifest(_))));
    }
}

#[test]
fn a_file_is_its_size_and_its_digest() {
    let bytes = b"count heads, not names";
    let digest = to_hex(&Sha256::digest(bytes));
    for (size, same) in [(bytes.len(), true), (bytes.len() + 1, false)] {
        let text = written(COMPILER, &[format!("{{\"path\":\"{INDEX}\",\"size\":{size},\"sha256\":\"{digest}\"}}")]);
        let manifest = PageManifest::decode(text.as_bytes()).unwrap();
        assert_eq!(manifest.files()[0].is(bytes), same);
        assert!(!manifest.files()[0].is(b"count heads, not namez"));
    }
}

#[test]
fn another_spelling_of_a_manifest_is_refused() {
    let text = good();
    for (from, to) in [
        ("\n", ""),
        ("\n", "\n\n"),
        ("\n", "\r\n"),
        ("{\"compiler\"", " {\"compiler\""),
        ("\":\"debian", "\": \"debian"),
        ("debian", "\\u0064ebian"),
        ("app-", "\\u0061pp-"),
        ("\"size\":5", "\"size\":5.0"),
        ("\"size\":5", "\"size\":05"),
        ("\"size\":5", "\"size\":\"5\""),
        ("\"size\":5", "\"size\":-5"),
        ("\"size\":5", "\"size\":5e0"),
        ("0707", "0A07"),
        ("0707", "07"),
        ("{\"path\":\"app-0a1b2c3d.js\",\"size\":5,", "{\"size\":5,\"path\":\"app-0a1b2c3d.js\","),
        ("\"size\":5,", "\"size\":5,\"size\":5,"),
        ("\"size\":5,", "\"size\":5,\"mode\":1,"),
        ("\"size\":5,", ""),
        ("\"files\"", "\"version\":1,\"files\""),
        ("\"files\"", "\"compiler\":\"x\",\"files\""),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(!reads(&text.replacen(from, to, 1)), "{from} as {to}");
    }
    assert!(!reads(&format!("[\"{COMPILER}\",[]]\n")), "a list for an object");
    assert!(!reads(&format!("\u{feff}{text}")));
}

#[test]
fn a_name_that_could_lead_elsewhere_or_has_no_known_kind_is_refused() {
    let with = |name: &str| {
        let mut names = [name, INDEX];
        names.sort_unstable();
        reads(&written(COMPILER, &names.map(|name| line(name, 1))))
    };
    for name in ["a.js", "0.css", "a-1.wasm", "a.b.svg", "favicon.ico", "a.png", "a.woff2", "licences.txt", "x.html"] {
        assert!(with(name), "{name}");
    }
    assert!(with(&format!("{}.js", "a".repeat(97))) && !with(&format!("{}.js", "a".repeat(98))));
    for name in [
        "",
        ".",
        "..",
        ".js",
        "..js",
        "-a.js",
        "a",
        "a.",
        "a.json",
        "manifest.json",
        "a.mjs",
        "a.js.map",
        "A.js",
        "a.JS",
        "a b.js",
        "a/b.js",
        "../a.js",
        "/a.js",
        "a\\\\b.js",
        "a%2fb.js",
        "a_b.js",
        "a?.js",
        "a#.js",
        "é.js",
        "a.js/",
        "a:b.js",
    ] {
        assert!(!with(name), "{name}");
    }
}

#[test]
fn a_manifest_that_breaks_a_rule_is_refused() {
    let lines = |names: &[&str]| written(COMPILER, &names.iter().map(|name| line(name, 1)).collect::<Vec<_>>());
    assert!(!reads(&lines(&[])) && !reads(&lines(&["a.js"])), "without index.html");
    assert!(!reads(&lines(&[INDEX, "a.js"])), "in another order");
    assert!(!reads(&lines(&["a.js", "a.js", INDEX])), "a file twice");
    assert!(reads(&written(COMPILER, &[line(INDEX, PAGE_BYTES_MAX)])));
    assert!(!reads(&written(COMPILER, &[line(INDEX, PAGE_BYTES_MAX + 1)])));
    assert!(!reads(&written(COMPILER, &[line("a.js", 1), line(INDEX, PAGE_BYTES_MAX)])));
    assert!(!reads(&written(COMPILER, &[line("a.js", u64::MAX), line(INDEX, 1)])), "an overflowing sum");
    let many = |count: usize| {
        let mut names: Vec<String> = (1..count).map(|n| format!("a{n:03}.js")).collect();
        names.push(INDEX.to_owned());
        written(COMPILER, &names.iter().map(|name| line(name, 1)).collect::<Vec<_>>())
    };
    assert!(reads(&many(PAGE_FILES_MAX)) && !reads(&many(PAGE_FILES_MAX + 1)));
    assert!((many(PAGE_FILES_MAX).len() as u64) < MANIFEST_BYTES_MAX);
    for compiler in ["", "two\\nlines", "a \\\"word\\\"", "é", &"x".repeat(101)] {
        assert!(!reads(&written(compiler, &[line(INDEX, 1)])), "{compiler}");
    }
}

#[test]
fn only_debians_compiler_makes_the_page_of_a_real_campaign() {
    for (compiler, real) in [
        (COMPILER, true),
        ("debian rustc-web", false),
        ("rustup rustc 1.96.0", false),
        ("Debian rustc-web 1.96.0", false),
        (" debian rustc-web 1.96.0", false),
    ] {
        let manifest = PageManifest::decode(written(compiler, &[line(INDEX, 1)]).as_bytes()).unwrap();
        assert_eq!(manifest.may_be_entered(false), real, "{compiler}");
        assert!(manifest.may_be_entered(true), "{compiler}");
    }
}

proptest! {
    #[test]
    fn a_manifest_with_any_byte_changed_is_refused_or_another(at in 0usize..400, bit in 0u8..8) {
        let text = good();
        let mut bytes = text.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(manifest) = PageManifest::decode(&bytes) {
            prop_assert!(manifest != PageManifest::decode(text.as_bytes()).unwrap());
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        let _ = PageManifest::decode(text.as_bytes());
    }
}
