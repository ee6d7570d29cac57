//! A raid of a campaign with pledges pending: whatever fails in it, the rest is done, and a repeat does what failed.

use super::*;
use crate::interruption::Template;
use crate::store::disk::faults::{Fault, Watch};
use std::fs;
use std::path::PathBuf;

/// What is in the files below a folder.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

/// The private keys, those of pools too.
fn keys(data: &Path) -> Vec<Vec<u8>> {
    let of_pool = |path: &Path| path.ends_with("key") && path.starts_with(data.join("redemption"));
    let is_key = |path: &Path| path.starts_with(data.join("keys")) || of_pool(path);
    let all = contents(data).into_iter().filter(|(path, _)| is_key(path)).map(|(_, bytes)| bytes);
    all.map(|bytes| bytes[bytes.len().saturating_sub(32)..].to_vec()).collect()
}

fn holds(data: &Path, keys: &[Vec<u8>]) -> usize {
    let files = contents(data);
    let found = |key: &&Vec<u8>| files.iter().any(|(_, bytes)| bytes.windows(key.len()).any(|part| part == *key));
    keys.iter().filter(found).count()
}

#[test]
fn u3_whatever_fails_in_a_raid_the_rest_is_destroyed_and_a_repeat_finishes_it() {
    let template = Template::make();
    let steps = {
        let (_folder, data) = template.copy();
        let keys = keys(&data);
        assert!(keys.len() >= 5 && holds(&data, &keys) == keys.len(), "{}", keys.len());
        fs::write(data.join("what-no-version-knows"), b"private").unwrap();
        let watch = Watch::without_a_log(&data);
        let mut told = Vec::new();
        raid(&data, |line| told.push(line.to_owned())).unwrap();
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!((left(&data), holds(&data, &keys)), (None, 0));
        assert!(crate::check::check(&data).unwrap().iter().any(|line| line.starts_with("ended by a raid")));
        watch.steps()
    };
    for step in 0..steps {
        let (_folder, data) = template.copy();
        let keys = keys(&data);
        let watch = Watch::without_a_log(&data);
        watch.fail(step, Fault::Refused);
        let first = raid(&data, |_| {});
        watch.mend();
        assert!(holds(&data, &keys) <= 1, "step {step}: one failure spares one file at most");
        if first.is_ok() {
            assert_eq!(left(&data), None, "step {step}");
        }
        raid(&data, |_| {}).unwrap();
        assert_eq!((left(&data), holds(&data, &keys)), (None, 0), "step {step}");
        assert!(site::is_kept_up(&data));
    }
}

#[test]
fn no_server_starts_where_a_raid_was_begun() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    let clock = || crate::clock::Clock::system();
    let refused = || crate::Deployment::open(&data, clock(), None).err().unwrap().sentence();
    fs::write(data.join(ASKED_FOR), "").unwrap();
    assert!(refused().contains("was begun; to finish it"), "{}", refused());
    assert!(crate::check::check(&data).unwrap_err().to_string().contains("a raid was begun"));
    raid(&data, |_| {}).unwrap();
    assert!(refused().contains("any server of files"), "{}", refused());
}

#[test]
fn a_folder_that_is_no_campaigns_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("diary"), "mine").unwrap();
    let said = raid(folder.path(), |_| {}).unwrap_err().sentence();
    assert!(said.contains("nothing was touched"), "{said}");
    assert_eq!(contents(folder.path()).len(), 1);
}

#[test]
fn u3_a_raid_follows_a_folder_to_another_disk_and_finds_what_was_left_beside_its_own() {
    let (_folder, data) = Template::make().copy();
    let elsewhere = tempfile::tempdir().unwrap();
    let (moved, beside) = (elsewhere.path().join("used"), unfinished(&data).1);
    fs::rename(data.join("attestation"), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, data.join("attestation")).unwrap();
    fs::create_dir_all(beside.join("keys")).unwrap();
    fs::write(beside.join("keys/issuer"), b"private").unwrap();
    raid(&data, |_| {}).unwrap();
    assert!(!moved.exists() && !beside.exists() && left(&data).is_none());
}
