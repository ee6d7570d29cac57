//! Go's `golang.org/x/mod/sumdb` opens our checkpoints, rebuilds the tree, recounts the log, and finds what was altered.

use crate::foreign::audit;
use crate::published::{Files, PLACES, Published, REGION, ROOT, folder_of};
use protocol::note::TreeHead;
use protocol::publication::Level;
use serde_json::json;
use std::path::Path;
use tests::World;

/// The auditor on a folder with these files, which also has the older checkpoint.
fn audited(files: &Files, older: Option<&[u8]>) -> Result<serde_json::Value, String> {
    let folder = folder_of(files);
    let path = folder.path().join("older");
    if let Some(older) = older {
        std::fs::write(&path, older).unwrap();
    }
    audit(folder.path().to_str().unwrap(), older.map(|_| -> &Path { &path }))
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_rebuilds_the_tree_and_finds_the_same_numbers() {
    let published = Published::get().await;
    let sums = audited(&published.files, Some(&published.first_checkpoint)).unwrap();
    let size = published.entries.len();
    let expected = json!({
        "log_size": size, "total": PLACES.iter().sum::<u64>() + REGION + ROOT,
        "places": { "0": PLACES[0], "1": PLACES[1] }, "regions": { "0": REGION }, "root": ROOT,
        "tiles": 3, "announcements": 1, "older": 259,
    });
    assert_eq!(sums, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_reads_a_running_server() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let older = folder.path().join("older");
    for tick in 1..=3u64 {
        world.register_many(0, 5).await;
        world.tick().await;
        let url = world.url();
        let before = older.exists().then_some(older.as_path());
        let sums = audit(&url, before).unwrap();
        assert_eq!((&sums["total"], &sums["older"]), (&json!(5 * tick), &json!(6 * (tick - 1) + u64::from(tick > 1))));
        std::fs::write(&older, world.get("/log/checkpoint").await.body).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_finds_a_flipped_byte_in_a_bundle() {
    let published = Published::get().await;
    assert!(audited(&published.files, None).is_ok());
    for entry in [0, 1, published.first_pledge(Level::Place), 255, 256, published.entries.len() - 1] {
        let (bundle, start) = published.position(entry);
        for at in [start, start + published.entries[entry].len() - 1] {
            assert!(audited(&published.flipped(&bundle, at), None).is_err(), "{bundle} at {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_finds_a_flipped_byte_in_any_tile() {
    let published = Published::get().await;
    assert!(audited(&published.files, None).is_ok());
    let tiles: Vec<&String> = published.files.keys().filter(|path| is_hash_tile(path)).collect();
    assert_eq!(tiles.len(), 3, "{tiles:?}");
    for path in tiles {
        for at in [0, published.files[path].len() - 1] {
            assert!(audited(&published.flipped(path, at), None).is_err(), "{path} at {at}");
        }
    }
}

fn is_hash_tile(path: &str) -> bool {
    path.starts_with("log/tile/") && !path.starts_with("log/tile/entries/")
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_finds_a_checkpoint_that_was_not_signed_so() {
    let published = Published::get().await;
    assert!(audited(&published.files, None).is_ok());
    let path = "log/checkpoint";
    let checkpoint = String::from_utf8(published.files[path].clone()).unwrap();
    let lines: Vec<usize> = checkpoint.match_indices('\n').map(|(at, _)| at).collect();
    // the origin, the size, the root; of the signature line the name, then the signature from its key's id to its end
    let signature = lines[3] + checkpoint[lines[3]..].rfind(' ').unwrap() + 1;
    for at in [0, lines[0] + 1, lines[1] + 5, lines[3] + 6, signature, signature + 20, signature + 80] {
        let refused = audited(&published.flipped(path, at), None).unwrap_err();
        assert!(refused.starts_with("checkpoint: "), "at {at}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_finds_a_removed_entry_even_if_the_log_is_signed_anew() {
    let published = Published::get().await;
    let older = Some(published.first_checkpoint.as_slice());
    assert!(audited(&published.rewritten(|_| {}), older).is_ok(), "the same log, written by this test");

    // out of a bundle, and nothing else
    let pledge = published.first_pledge(Level::Place);
    let (bundle, start) = published.position(pledge);
    let mut files = published.files.clone();
    files.get_mut(&bundle).unwrap().drain(start - 2..start + published.entries[pledge].len());
    assert!(audited(&files, None).unwrap_err().ends_with("has 255 entries instead of 256"));

    // out of the log, with its group's size left as it was
    let files = published.rewritten(|log| {
        log.remove(pledge);
    });
    assert!(audited(&files, None).unwrap_err().ends_with("is out of place"));

    // out of the log and its group, with numbers that say so: only who has an older checkpoint finds it
    let mut files = published.rewritten(|log| {
        log.remove(pledge);
        let size = u32::from_be_bytes(log[pledge - 1][10..].try_into().unwrap()) - 1;
        log[pledge - 1][10..].copy_from_slice(&size.to_be_bytes());
    });
    assert_eq!(audited(&files, None), Err("counts.json shows other numbers than the log".to_owned()));
    let mut counts: serde_json::Value = serde_json::from_slice(&files["counts.json"]).unwrap();
    for (member, number) in [("log_size", published.entries.len() - 1), ("total", 273)] {
        counts[member] = json!(number);
    }
    counts["places"]["0"] = json!(PLACES[0] - 1);
    files.insert("counts.json".to_owned(), counts.to_string().into_bytes());
    assert!(audited(&files, None).is_ok());
    assert_eq!(audited(&files, older), Err("the older checkpoint is of another history".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_foreign_auditor_finds_two_histories_under_one_key() {
    let published = Published::get().await;
    for size in [1, 259, published.entries.len() as u64] {
        let other = published.sign(&TreeHead { size, root: [7; 32] });
        let refused = audited(&published.files, Some(&other));
        assert_eq!(refused, Err("the older checkpoint is of another history".to_owned()), "{size}");
    }
    let longer = published.sign(&TreeHead { size: published.entries.len() as u64 + 1, root: [7; 32] });
    assert!(audited(&published.files, Some(&longer)).is_err());
}
