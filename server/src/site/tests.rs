//! The site of a small campaign: cut off anywhere and written again, and after a raid.

use super::*;
use crate::interruption::{START, Template, serve};
use crate::store::disk::faults::{Fault, Watch};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::AtomicU64;

/// The files below a folder, by their paths from it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A campaign with one published group, closed or not, and without a site.
fn campaign(template: &Template, closed: bool) -> (tempfile::TempDir, PathBuf) {
    let (folder, data) = template.copy();
    if closed {
        fs::write(data.join("closing"), "1").unwrap();
    }
    serve(&data, &Arc::new(AtomicU64::new(START + 3600))).look_at_clock().unwrap();
    assert!(!super::folder(&data).exists());
    (folder, data)
}

#[test]
fn v1_a_site_that_was_cut_off_anywhere_is_whole_when_it_is_written_again() {
    let template = Template::make();
    let (_folder, data) = campaign(&template, true);
    let site = folder(&data);
    let watch = Watch::without_a_log(&data);
    write(&data).unwrap();
    let (whole, steps) = (files(&site), watch.steps());
    assert!(steps > 50, "{steps}");
    for name in ["index.html", "en/index.html", "counts.json", "campaign", "places.json", "log/checkpoint"] {
        assert!(whole.contains_key(Path::new(name)), "{name}");
    }
    for step in 0..steps {
        for fault in [Fault::Refused, Fault::DoneButRefused] {
            fs::remove_dir_all(&site).unwrap();
            watch.fail(watch.steps() + step, fault);
            assert!(write(&data).is_err(), "step {step}");
            watch.mend();
            let cut = if site.exists() { files(&site) } else { BTreeMap::new() };
            if cut.contains_key(Path::new("log/checkpoint")) {
                let log = |files: &BTreeMap<PathBuf, Vec<u8>>| {
                    let of_log = files.iter().filter(|(path, _)| path.starts_with("log/tile"));
                    of_log.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<Vec<_>>()
                };
                assert_eq!(log(&cut), log(&whole), "step {step}: a checkpoint stands before its log");
            }
            write(&data).unwrap();
            let mut again = files(&site);
            again.retain(|path, _| path.extension().is_none_or(|end| end != "tmp"));
            assert_eq!(again.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "step {step}");
            assert!(again == whole, "step {step}");
        }
    }
    // whatever is damaged there is mended
    fs::write(site.join("log/tile/0/000.p/9"), [0; 288]).unwrap();
    fs::write(site.join("index.html"), "").unwrap();
    write(&data).unwrap();
    assert!(files(&site) == whole);
}

#[test]
fn the_site_of_a_campaign_that_a_raid_ended_says_so_and_takes_nobody_in() {
    let template = Template::make();
    let page = |closed| {
        let (_folder, data) = campaign(&template, closed);
        write(&data).unwrap();
        fs::read_to_string(folder(&data).join("index.html")).unwrap()
    };
    let (closed, raided) = (page(true), page(false));
    assert!(closed.contains("The campaign has closed.") && !closed.contains("in an emergency"));
    assert!(raided.contains("in an emergency") && !raided.contains("The campaign is open"));
    assert!(!raided.contains("take-part\"") && !raided.contains("id=\"next-tick\""));
    assert!(raided.contains("<span id=\"count\">6</span>"));
}
