//! The server's own files, as a damaged disk or somebody with a copy gives them back: each is refused, or says the same when
//! it is written again. Where a digest stands over a file the input gets a good one, so that what is behind it is reached.

#![no_main]

use fuzz::{CAMPAIGN, array, kind};
use libfuzzer_sys::fuzz_target;
use protocol::codec::to_hex;
use protocol::note::TreeHead;
use server::RedemptionStore;
use server::fuzzed;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

/// In memory where that is possible: each input is written, and synced.
static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder"));

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    let digest = Sha256::digest(bytes);
    match kind {
        b'a' => file("actions", bytes.to_vec()),
        b'b' => file("batches.json", bytes.to_vec()),
        b'e' => file("email.json", bytes.to_vec()),
        b'o' => file("organisers.json", bytes.to_vec()),
        b'c' => file("closing", bytes.to_vec()),
        b'p' => file("plan", [bytes, &digest].concat()),
        b'v' => file("published", [to_hex(&digest).as_bytes(), b"\n", bytes, b"\n"].concat()),
        b'm' => drop(fuzzed::map(bytes)),
        b't' => archive(fuzzed::archive(bytes, FOLDER.path())),
        b'T' => archive(fuzzed::sealed_archive(bytes, FOLDER.path())),
        b's' => spent([bytes, &digest].concat()),
        b'r' => rows(bytes),
        _ => {}
    }
});

fn file(name: &str, bytes: Vec<u8>) {
    let head = TreeHead { size: fuzz::ENTRIES.len() as u64, root: array("log_root") };
    let path = FOLDER.path().join(name);
    fs::write(&path, &bytes).expect("a folder that can be written");
    let Some(once) = fuzzed::again(name, FOLDER.path(), &CAMPAIGN, head) else { return };
    assert!(name != "plan" || once == bytes, "a plan has one spelling");
    fs::write(&path, &once).expect("a folder that can be written");
    let twice = fuzzed::again(name, FOLDER.path(), &CAMPAIGN, head).expect("what was written is read");
    assert!(once == twice, "{name} says something else when it is read again");
}

fn archive(names: Option<Vec<String>>) {
    let Some(names) = names else { return };
    assert!(names.iter().all(|name| !name.starts_with('/') && !name.contains("..") && name.matches('/').count() <= 1));
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "each file once");
    assert!(
        ["genesis.json", "places.json", "map.json", "log/checkpoint"]
            .iter()
            .all(|one| names.iter().any(|name| name == one))
    );
}

/// Opens the store of pledges with these runs and pools in it.
fn store() -> Option<RedemptionStore> {
    RedemptionStore::open(&FOLDER.path().join("redemption"), &FOLDER.path().join("spent"), 0).ok()
}

fn fresh(folder: &str) -> PathBuf {
    let path = FOLDER.path().join(folder);
    let _missing = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder that can be written");
    path
}

/// A run of spent nonces. One that is not what it should be is derived again from the log, so it must be gone.
fn spent(bytes: Vec<u8>) {
    fresh("redemption");
    let run = fresh("spent").join("0-9");
    fs::write(&run, &bytes).expect("a folder that can be written");
    let opened = store().expect("it opens whatever lies there");
    drop(opened);
    let records = &bytes[..bytes.len() - 32];
    let sorted = records.len() % 32 == 0 && records.chunks(32).is_sorted_by(|one, next| one < next);
    assert_eq!(run.exists(), sorted, "a run that is kept is sorted and whole");
}

/// The rows of a pool, under another key than the one that sealed them: of each 19 bytes two say in which slot, one with
/// what it is filled, and sixteen are its label.
fn rows(patches: &[u8]) {
    fresh("spent");
    let pools = fresh("redemption");
    drop(store().expect("a new store"));
    let path = pools.join("pool-0/rows");
    let mut bytes = fs::read(&path).expect("a pool");
    for patch in patches.as_chunks::<19>().0 {
        let slot = usize::from(u16::from_be_bytes([patch[0], patch[1]])) % (bytes.len() / 512);
        let slot = &mut bytes[slot * 512..][..512];
        slot.fill(patch[2]);
        slot[..16].copy_from_slice(&patch[3..]);
    }
    fs::write(&path, &bytes).expect("a folder that can be written");
    if store().is_some() {
        assert!(store().is_some(), "what was opened and mended opens again");
    }
}
