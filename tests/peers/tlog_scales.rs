//! Python's `tlog-scales` reads our log: a second foreign verifier, because our tree and Go's are of one family.

use crate::foreign::verify_log;
use crate::published::{Files, Published, folder_of};
use protocol::note::TreeHead;
use protocol::publication::Level;
use serde_json::json;
use std::path::Path;
use tests::World;

fn verified(files: &Files, older: Option<&[u8]>) -> Result<serde_json::Value, String> {
    let folder = folder_of(files);
    let path = folder.path().join("older");
    if let Some(older) = older {
        std::fs::write(&path, older).unwrap();
    }
    verify_log(folder.path().to_str().unwrap(), older.map(|_| -> &Path { &path }))
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_second_foreign_verifier_proves_every_entry_and_an_older_checkpoint() {
    let published = Published::get().await;
    let sizes = verified(&published.files, Some(&published.first_checkpoint));
    assert_eq!(sizes, Ok(json!({ "size": published.entries.len(), "older": 259 })));

    let world = World::start().await;
    world.register_many(0, 5).await;
    world.tick().await;
    assert_eq!(verify_log(&world.url(), None), Ok(json!({ "size": 7, "older": 0 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_second_foreign_verifier_finds_what_was_altered() {
    let published = Published::get().await;
    assert!(verified(&published.files, None).is_ok());
    let (bundle, start) = published.position(published.first_pledge(Level::Region));
    let signature = published.files["log/checkpoint"].len() - 10;
    let tile = |path: &str| published.files.keys().find(|name| name.starts_with(path)).unwrap().clone();
    let flips = [
        (bundle, start + 100),
        (tile("log/tile/0/000"), 32),
        (tile("log/tile/0/001"), 0),
        (tile("log/tile/1/000"), 31),
        ("log/checkpoint".to_owned(), signature),
    ];
    for (path, at) in flips {
        assert!(verified(&published.flipped(&path, at), None).is_err(), "{path} at {at}");
    }
    let other = published.sign(&TreeHead { size: 259, root: [7; 32] });
    assert!(verified(&published.files, Some(&other)).is_err(), "two histories under one key");
}
