//! Logs of several sizes, and what is wrong with others.

use super::*;
use crate::stand_in::World;
use protocol::counts::Sums;
use protocol::entry::Entry;

/// A log of page entries, written to a folder.
fn folder(entries: u16, edit: impl Fn(&mut World)) -> (tempfile::TempDir, World) {
    let mut world = World::new();
    let page = |n: u16| {
        let mut manifest_sha256 = [0; 32];
        manifest_sha256[..2].copy_from_slice(&n.to_be_bytes());
        Entry::Page { manifest_sha256 }.encode()
    };
    world.publish((0..entries).map(page).collect(), &Sums::default());
    edit(&mut world);
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in &world.files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    (folder, world)
}

async fn read_all(source: &Source, head: TreeHead) -> Result<u64, Error> {
    let mut log = LogReader::new(source, head, true);
    while log.next().await?.is_some() {}
    let done = log.done();
    log.finish().await.map(|()| done)
}

#[tokio::test]
async fn logs_of_all_shapes_are_read_and_begin_with_the_genesis() {
    for entries in [0, 1, 254, 255, 256, 300, 511, 700] {
        let (folder, world) = folder(entries, |_| {});
        let source = Source::Folder(folder.path().to_owned());
        let head = source.head(&world.campaign).await.unwrap();
        assert_eq!(head.size, u64::from(entries) + 1);
        assert_eq!(read_all(&source, head).await, Ok(head.size));
        assert_eq!(check_genesis(&source, &world.campaign, head).await, Ok(()), "{entries}");
    }
}

#[tokio::test]
async fn a_partial_tile_that_has_filled_up_is_cut() {
    let (folder, world) = folder(300, |_| {});
    let source = Source::Folder(folder.path().to_owned());
    let name = |level| TileName { level, index: 0, width: 10 };
    assert_eq!(source.hash_tile(name(Some(0))).await.unwrap().len(), 320);
    let entries = source.bundle(name(None)).await.unwrap();
    assert_eq!(entries.len(), 10);
    assert_eq!(entries[0], world.campaign.genesis_bytes());
}

#[tokio::test]
async fn what_is_no_file_is_not_read() {
    for name in ["log/checkpoint", "log/tile/0/000.p/11", "log/tile/entries/000.p/11"] {
        let (folder, world) = folder(10, |_| {});
        std::fs::remove_file(folder.path().join(name)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(name)).unwrap();
        let source = Source::Folder(folder.path().to_owned());
        let read = async {
            let head = source.head(&world.campaign).await?;
            read_all(&source, head).await
        };
        assert!(matches!(read.await, Err(Error::Misbehaved(said)) if said.contains("not a file")), "{name}");
    }
}

#[tokio::test]
async fn a_changed_entry_or_hash_is_found() {
    for path in [
        "log/tile/entries/000",
        "log/tile/entries/001.p/45",
        "log/tile/0/000",
        "log/tile/0/001.p/45",
        "log/tile/1/000.p/1",
    ] {
        let (folder, world) = folder(300, |world| {
            let file = world.files.get_mut(path).unwrap();
            *file.last_mut().unwrap() ^= 1;
        });
        let source = Source::Folder(folder.path().to_owned());
        let head = source.head(&world.campaign).await.unwrap();
        assert!(matches!(read_all(&source, head).await, Err(Error::Misbehaved(_))), "{path}");
    }
}

#[tokio::test]
async fn a_log_that_begins_otherwise_is_found() {
    for (path, offset) in [("log/tile/0/000", 0), ("log/tile/0/000", 300), ("log/tile/1/000.p/1", 3)] {
        let (folder, world) = folder(300, |world| world.files.get_mut(path).unwrap()[offset] ^= 1);
        let source = Source::Folder(folder.path().to_owned());
        let head = source.head(&world.campaign).await.unwrap();
        let checked = check_genesis(&source, &world.campaign, head).await;
        assert!(matches!(checked, Err(Error::Misbehaved(_))), "{path} {offset}");
    }
}

#[tokio::test]
async fn a_checkpoint_by_another_key_or_of_another_log_is_refused() {
    let (folder, _) = folder(3, |_| {});
    let source = Source::Folder(folder.path().to_owned());
    let other = World::at("127.0.0.1:2", |_| {});
    assert!(source.head(&other.campaign).await.is_err());
    let other = World::at("127.0.0.1:1", |genesis| genesis.log_key = genesis.receipt_key);
    assert!(source.head(&other.campaign).await.is_err());
}

#[tokio::test]
async fn a_log_of_an_absurd_size_is_refused_before_it_is_planned() {
    let (folder, world) = folder(0, |_| {});
    let signer = protocol::note::NoteSigner::new(&world.campaign.log_name(), &[1; 32]);
    let source = Source::Folder(folder.path().to_owned());
    for size in [0, u64::MAX >> 1] {
        let checkpoint = TreeHead { size, root: [0; 32] }.sign(&signer).unwrap();
        std::fs::write(folder.path().join("log/checkpoint"), checkpoint).unwrap();
        assert!(matches!(source.head(&world.campaign).await, Err(Error::Misbehaved(_))));
    }
}
