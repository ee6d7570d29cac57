//! Tests: folders that are no bundle, and replacements of the campaign's copy that were cut off.

use super::*;
use protocol::codec::to_hex;
use std::path::PathBuf;

/// A folder with a page in which a word stands.
fn folder(home: &Path, word: &str) -> PathBuf {
    let folder = home.join(word);
    std::fs::create_dir_all(&folder).unwrap();
    let files = [("app.js", format!("say('{word}')")), ("index.html", format!("<p>{word}"))];
    let lines: Vec<String> = files
        .iter()
        .map(|(name, text)| {
            std::fs::write(folder.join(name), text).unwrap();
            let digest = to_hex(&Sha256::digest(text));
            format!("{{\"path\":\"{name}\",\"size\":{},\"sha256\":\"{digest}\"}}", text.len())
        })
        .collect();
    let manifest = format!("{{\"compiler\":\"rustup rustc 1.90.0\",\"files\":[{}]}}\n", lines.join(","));
    std::fs::write(folder.join(MANIFEST), manifest).unwrap();
    folder
}

#[test]
fn only_a_folder_that_holds_what_its_manifest_lists_and_nothing_else_is_a_bundle() {
    let home = tempfile::tempdir().unwrap();
    type Change = fn(&Path);
    let changes: [(&str, &str, Change); 11] = [
        ("no folder", "manifest.json", |at| std::fs::remove_dir_all(at).unwrap()),
        ("no manifest", "manifest.json", |at| std::fs::remove_file(at.join(MANIFEST)).unwrap()),
        ("a manifest with a blank", "manifest", |at| {
            let text = std::fs::read_to_string(at.join(MANIFEST)).unwrap();
            std::fs::write(at.join(MANIFEST), text.replace(",\"files", ", \"files")).unwrap();
        }),
        ("a vast manifest", "larger", |at| std::fs::write(at.join(MANIFEST), vec![b' '; 20_000]).unwrap()),
        ("a file missing", "app.js", |at| std::fs::remove_file(at.join("app.js")).unwrap()),
        ("a byte changed", "app.js", |at| std::fs::write(at.join("app.js"), "say('gooe')").unwrap()),
        ("a file cut", "app.js", |at| std::fs::write(at.join("app.js"), "say(").unwrap()),
        ("a file longer", "app.js", |at| std::fs::write(at.join("app.js"), "say('good');evil()").unwrap()),
        ("a stranger", "extra.js", |at| std::fs::write(at.join("extra.js"), "").unwrap()),
        ("a folder", ".git", |at| std::fs::create_dir(at.join(".git")).unwrap()),
        ("a link", "app.js", |at| {
            std::fs::rename(at.join("app.js"), at.with_extension("elsewhere")).unwrap();
            std::os::unix::fs::symlink(at.with_extension("elsewhere"), at.join("app.js")).unwrap();
        }),
    ];
    for (case, named, change) in changes {
        let at = folder(&home.path().join(case), "good");
        assert!(Bundle::read(&at).is_ok(), "{case}");
        change(&at);
        let said = Bundle::read(&at).err().unwrap_or_else(|| panic!("{case} is taken")).to_string();
        assert!(said.contains(named), "{case}: {said}");
        let said = read_given(&at).err().unwrap().sentence();
        assert!(said.contains("make page") && !said.contains('\n'), "{case}: {said}");
    }
}

#[test]
fn a_replacement_that_was_cut_off_leaves_the_old_page_whole_or_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (folder(home.path(), "old"), folder(home.path(), "new"));
    let bundle = |at: &Path| Bundle::read(at).unwrap();
    let digest = |at: &Path| bundle(at).manifest_sha256();
    // what lies under page, page-new and page-old after each step, and what is served then
    type Lie = Option<(&'static str, bool)>;
    let cut: Lie = Some(("new", false));
    let steps: [(Lie, Lie, Lie, Option<&Path>); 6] = [
        (None, cut, None, None),
        (Some(("old", true)), None, None, Some(&old)),
        (Some(("old", true)), cut, None, Some(&old)),
        (None, Some(("new", true)), Some(("old", true)), Some(&old)),
        (Some(("new", true)), None, Some(("old", true)), Some(&new)),
        (Some(("new", true)), None, Some(("old", false)), Some(&new)), // its removal was cut off
    ];
    for (step, (page, fresh, aside, served)) in steps.into_iter().enumerate() {
        let data = home.path().join(format!("step {step}"));
        for (name, lie) in [("page", page), ("page-new", fresh), ("page-old", aside)] {
            let Some((word, whole)) = lie else { continue };
            std::fs::create_dir_all(data.join(name)).unwrap();
            for entry in std::fs::read_dir(home.path().join(word)).unwrap().map(Result::unwrap) {
                if whole || entry.file_name() != MANIFEST {
                    std::fs::copy(entry.path(), data.join(name).join(entry.file_name())).unwrap();
                }
            }
        }
        for _ in 0..2 {
            let found = kept(&data).unwrap().map(|bundle| bundle.manifest_sha256());
            assert_eq!(found, served.map(digest), "step {step}");
            assert!(!was_cut_off(&data), "step {step}");
        }
        keep(&data, &bundle(&new)).unwrap();
        assert_eq!(kept(&data).unwrap().unwrap().manifest_sha256(), digest(&new), "step {step}");
    }
}

#[test]
fn a_damaged_copy_is_not_served_and_the_page_given_again_mends_it() {
    let home = tempfile::tempdir().unwrap();
    let (page, data) = (folder(home.path(), "page-source"), home.path().join("data"));
    std::fs::create_dir(&data).unwrap();
    keep(&data, &Bundle::read(&page).unwrap()).unwrap();
    std::fs::write(data.join("page/app.js"), "evil()").unwrap();
    let said = kept(&data).err().unwrap().sentence();
    assert!(said.contains("app.js") && said.contains("--page"), "{said}");
    keep(&data, &Bundle::read(&page).unwrap()).unwrap();
    assert!(kept(&data).unwrap().is_some());
}
