//! What can be wrong with a registration page: `serve` and `demo` do not start with it, `check` does not call the folder
//! whole, and each says in one sentence which file it is.

use crate::folders::{FREE, copy, make, serve};
use crate::judge::{Said, Table, server};
use std::fs;
use std::path::Path;
use tests::bundle::{DEBIAN, files, manifest, write};

type Change = fn(&Path);

/// What is done to a good page, and what the sentence must name.
const CHANGES: [(&str, &str, Change); 13] = [
    ("no folder", "manifest.json", |page| fs::remove_dir_all(page).unwrap()),
    ("a file instead of a folder", "manifest.json", |page| {
        fs::remove_dir_all(page).unwrap();
        fs::write(page, "").unwrap();
    }),
    ("no manifest", "manifest.json", |page| fs::remove_file(page.join("manifest.json")).unwrap()),
    ("an empty manifest", "manifest", |page| fs::write(page.join("manifest.json"), "").unwrap()),
    ("a manifest in another spelling", "spelled", |page| {
        let text = fs::read_to_string(page.join("manifest.json")).unwrap();
        fs::write(page.join("manifest.json"), text.trim_end()).unwrap();
    }),
    ("a name that leads out", "name", |page| {
        let list = vec![("../keys/log.js".to_owned(), Vec::new()), files("page").remove(2)];
        fs::write(page.join("manifest.json"), manifest(DEBIAN, &list)).unwrap();
    }),
    ("a page without index.html", "index.html", |page| {
        let mut list = files("page");
        let (name, _) = list.remove(2);
        fs::remove_file(page.join(name)).unwrap();
        fs::write(page.join("manifest.json"), manifest(DEBIAN, &list)).unwrap();
    }),
    ("a file missing", "icon.png", |page| fs::remove_file(page.join("icon.png")).unwrap()),
    ("a byte changed", "icon.png", |page| {
        let mut bytes = fs::read(page.join("icon.png")).unwrap();
        bytes[0] ^= 1;
        fs::write(page.join("icon.png"), bytes).unwrap();
    }),
    ("a file too long", "icon.png", |page| fs::write(page.join("icon.png"), [0; 100]).unwrap()),
    ("a file that nobody listed", "extra.js", |page| fs::write(page.join("extra.js"), "").unwrap()),
    ("a folder within", "folder", |page| fs::create_dir(page.join("folder")).unwrap()),
    ("another compiler", "Debian", |page| {
        fs::write(page.join("manifest.json"), manifest("rustup rustc 1.90.0", &files("page"))).unwrap();
    }),
];

#[test]
fn a_page_that_is_not_what_its_manifest_lists_is_not_served() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let whole = folder.path().join("whole");
    make(&whole);
    let with_page = [&FREE[..], &["--page", "page"]].concat();
    let place_of = |case: &str| {
        let place = folder.path().join(case.replace(' ', "-"));
        copy(&whole, &place.join("data"));
        write(&place.join("page"), DEBIAN, &files("page"));
        place
    };
    for (case, named, change) in CHANGES {
        let place = place_of(case);
        change(&place.join("page"));
        table.judge(case, &serve(&place, &with_page), &[], named);
        assert!(!place.join("data/page").exists(), "{case}: something of it was kept");
        if named != "Debian" {
            let demo = ["demo", "--simulate", "0", "--page", "page", "--data", "demo", "--listen", "127.0.0.1:0"];
            let said = server(&place, &[&demo[..], &["--organiser-listen", "127.0.0.1:0"]].concat());
            table.judge(&format!("demo, {case}"), &said, &[], named);
            assert!(!place.join("demo").exists(), "{case}: a campaign was made all the same");
        }
    }
    let place = place_of("a good page");
    assert!(serve(&place, &with_page).out.contains("Ctrl-C"), "the page itself is good");
    for (case, named, change) in [
        ("a stranger in the copy", "extra.js", (|data| fs::write(data.join("page/extra.js"), "").unwrap()) as Change),
        ("a byte of the copy", "icon.png", |data| fs::write(data.join("page/icon.png"), [0; 8]).unwrap()),
    ] {
        let damaged = place_of(case);
        fs::remove_dir_all(damaged.join("data")).unwrap();
        copy(&place.join("data"), &damaged.join("data"));
        change(&damaged.join("data"));
        let judge = |table: &mut Table, who: &str, said: &Said| {
            table.judge(&format!("{who}, {case}"), said, &[], named);
            assert!(said.err.contains("--page"), "{case}: {}", said.err);
        };
        judge(&mut table, "serve", &serve(&damaged, &FREE));
        judge(&mut table, "check", &server(&damaged, &["check", "--data", "data"]));
        assert!(serve(&damaged, &with_page).out.contains("Ctrl-C"), "the page given again mends it");
    }
    fs::remove_dir_all(place.join("data/page")).unwrap();
    table.judge("the copy is gone", &server(&place, &["check", "--data", "data"]), &[], "--page");
    table.end(13 + 12 + 4 + 1);
}
