//! The page that a log names can be built by anybody: the same sources in another folder give the same bytes.

use crate::driving::target_page;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::folders::{copy_folder, files};

#[test]
fn u2_two_builds_of_the_page_in_two_folders_are_the_same_bytes() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let there = tempfile::tempdir_in(target_page().parent().unwrap()).unwrap();
    let copy = there.path().join("elsewhere");
    std::fs::create_dir(&copy).unwrap();
    for folder in ["protocol", "client", "server", "tests"] {
        copy_folder(&here.join(folder), &copy.join(folder));
    }
    for file in ["Cargo.toml", "Cargo.lock", "Makefile"] {
        std::fs::copy(here.join(file), copy.join(file)).unwrap();
    }
    let target = there.path().join("target");
    let built =
        Command::new("make").args(["page"]).current_dir(&copy).env("CARGO_TARGET_DIR", &target).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let named = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files(folder).into_iter().map(|(path, bytes)| (name(path), bytes)).collect()
    };
    let (ours, theirs) = (named(&target_page()), named(&target.join("page")));
    assert!(ours.len() > 6, "{:?}", ours.keys());
    assert!(ours.keys().eq(theirs.keys()), "{:?} and {:?}", ours.keys(), theirs.keys());
    for (name, bytes) in &ours {
        assert!(theirs[name] == *bytes, "{name} differs");
    }
    let manifest = String::from_utf8(ours["manifest.json"].clone()).unwrap();
    assert!(manifest.starts_with("{\"compiler\":\"debian rustc-web "), "{manifest}");
}
