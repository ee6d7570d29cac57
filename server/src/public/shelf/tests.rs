use super::*;
use crate::store::log::LogStore;
use protocol::note::NoteSigner;
use std::path::Path;

fn signer() -> NoteSigner {
    NoteSigner::new("origin.example/00", &[1; 32])
}

/// A log of so many entries of one size, which tells a tile's bytes from its width.
fn log_of(dir: &Path, entries: usize, entry_bytes: usize) -> LogStore {
    let mut log = LogStore::create(dir, &vec![0; entry_bytes], &signer()).unwrap();
    grow(&mut log, entries - 1, entry_bytes);
    log
}

fn grow(log: &mut LogStore, entries: usize, entry_bytes: usize) {
    let size = log.reader().size();
    let new: Vec<Vec<u8>> = (0..entries).map(|number| vec![number.to_le_bytes()[0]; entry_bytes]).collect();
    let head = log.append(size, &new).unwrap();
    log.sign(size, head, &signer()).unwrap();
}

fn bundle(index: u64, width: u32) -> TileName {
    TileName { level: None, index, width }
}

async fn bytes(shelf: &Shelf, name: TileName) -> Option<Vec<u8>> {
    shelf.tile(name).await.ok().flatten().map(|document| document.bytes().to_vec())
}

#[tokio::test]
async fn a_checkpoint_is_made_once_until_there_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 3, 10);
    let shelf = Shelf::new(log.reader().clone());
    let (first, again) = (shelf.checkpoint(), shelf.checkpoint());
    assert_eq!(first.bytes()[..], log.reader().checkpoint()[..]);
    assert_eq!(first.bytes().as_ptr(), again.bytes().as_ptr(), "the same bytes, not equal ones");
    grow(&mut log, 1, 10);
    assert_eq!(shelf.checkpoint().bytes()[..], log.reader().checkpoint()[..]);
}

#[tokio::test]
async fn a_tile_is_read_once_and_an_unsigned_one_never_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = log_of(dir.path(), 300, 10);
    let shelf = Shelf::new(log.reader().clone());
    let (full, edge) = (bundle(0, 256), bundle(1, 44));
    let read = (bytes(&shelf, full).await.unwrap(), bytes(&shelf, edge).await.unwrap());
    assert_eq!((read.0.len(), read.1.len()), (256 * 12, 44 * 12));
    assert!(bytes(&shelf, bundle(1, 45)).await.is_none() && bytes(&shelf, bundle(2, 256)).await.is_none());
    assert_eq!(shelf.tiles().held.len(), 2);
    std::fs::remove_dir_all(dir.path().join("tile/entries")).unwrap();
    assert_eq!((bytes(&shelf, full).await.unwrap(), bytes(&shelf, edge).await.unwrap()), read);
    assert!(shelf.tile(bundle(0, 255)).await.is_err(), "the others lie on the disk");

    // what was not there a moment ago is, as soon as it is signed
    let dir = tempfile::tempdir().unwrap();
    log = log_of(dir.path(), 300, 10);
    let shelf = Shelf::new(log.reader().clone());
    assert!(bytes(&shelf, bundle(1, 45)).await.is_none());
    grow(&mut log, 1, 10);
    assert_eq!(bytes(&shelf, bundle(1, 45)).await.unwrap().len(), 45 * 12);
    assert_eq!(bytes(&shelf, edge).await.unwrap().len(), 44 * 12, "readers with an older checkpoint");
    assert_eq!(shelf.tiles().held.keys().collect::<Vec<_>>(), [&bundle(1, 45)], "narrower ones leave room for others");
}

#[tokio::test]
async fn a_shelf_holds_no_more_than_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let log = log_of(dir.path(), 4 * 256, 20_000); // four bundles of five megabytes
    let shelf = Shelf::new(log.reader().clone());
    let mut most = 0;
    for index in [0, 1, 2, 2, 3, 0] {
        assert_eq!(bytes(&shelf, bundle(index, 256)).await.unwrap().len(), 256 * 20_002);
        let tiles = shelf.tiles();
        let held: usize = tiles.held.values().map(|document| document.bytes().len()).sum();
        assert_eq!((tiles.bytes, tiles.bytes <= TILES_HELD_BYTES_MAX), (held, true));
        most = most.max(tiles.held.len());
    }
    assert_eq!(most, 3);
}
