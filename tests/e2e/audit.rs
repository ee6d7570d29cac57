//! V1: anyone can recount; a pledge forged, moved, removed after publication or doubled is found.

use client::log_reader::Source;
use protocol::entry::Entry;
use protocol::note::{NoteSigner, TreeHead};
use protocol::publication::Area;
use protocol::tile::{HashTile, TileName, TileTree, leaf_hash, put_bundled, read_bundle};
use std::path::{Path, PathBuf};
use tests::World;

/// A published campaign as files, which a test can falsify with the log's own key, as a hostile server would.
struct Archive {
    folder: tempfile::TempDir,
    log_key: [u8; 32],
    entries: Vec<Vec<u8>>,
    world: World,
}

impl Archive {
    async fn of_a_campaign() -> Self {
        let world = World::start().await;
        world.register_many(0, 7).await;
        world.register_many(1, 5).await;
        world.tick().await;
        world.announce(world.announcement(1, "At noon").note).await;
        world.register_many(0, 5).await;
        world.register_many(4, 3).await;
        world.organise("close", serde_json::json!({})).await;
        world.tick().await;
        world.tick().await;
        let folder = tempfile::tempdir().unwrap();
        for path in ["/campaign", "/places.json", "/map.json", "/counts.json", "/log/checkpoint"] {
            put(folder.path(), path, &world.get(path).await.body);
        }
        let size = world.counts().await.log_size;
        let mut entries = Vec::new();
        for name in TileName::all(size) {
            let path = format!("/log/{}", name.path());
            let bytes = world.get(&path).await.body;
            if name.level.is_none() {
                entries.extend(read_bundle(&bytes, name.width).unwrap().into_iter().map(<[u8]>::to_vec));
            }
            put(folder.path(), &path, &bytes);
        }
        let log_key = std::fs::read(world.data().join("keys/log")).unwrap().try_into().unwrap();
        Self { folder, log_key, entries, world }
    }

    async fn audit(&self) -> Result<u64, String> {
        let report = self.world.audit_of(&Source::Folder(self.folder.path().to_owned())).await;
        report.map(|report| report.pledges)
    }

    /// Writes another log in the place of this one, with a good tree and a good signature.
    fn falsify(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let mut entries = self.entries.clone();
        change(&mut entries);
        let mut tree = TileTree::new();
        let mut tiles: Vec<HashTile> = entries.iter().flat_map(|entry| tree.push(leaf_hash(entry))).collect();
        tiles.extend(tree.partial_tiles());
        std::fs::remove_dir_all(self.folder.path().join("log")).unwrap();
        for tile in tiles {
            put(self.folder.path(), &format!("/log/{}", tile.name.path()), &tile.bytes);
        }
        for name in TileName::bundles(tree.size()) {
            let mut bundle = Vec::new();
            let start = usize::try_from(name.index * 256).unwrap();
            for entry in &entries[start..start + name.width as usize] {
                put_bundled(&mut bundle, entry).unwrap();
            }
            put(self.folder.path(), &format!("/log/{}", name.path()), &bundle);
        }
        let head: TreeHead = tree.head();
        let signer = NoteSigner::new(&self.world.campaign.log_name(), &self.log_key);
        put(self.folder.path(), "/log/checkpoint", &head.sign(&signer).unwrap());
        // the numbers are made to fit, so that only the log itself can give the forgery away
        let mut counts: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.folder.path().join("counts.json")).unwrap()).unwrap();
        counts["log_size"] = head.size.into();
        std::fs::write(self.folder.path().join("counts.json"), counts.to_string()).unwrap();
    }

    fn first_pledge(&self) -> usize {
        self.entries.iter().position(|entry| entry[0] == 2).unwrap()
    }
}

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path: PathBuf = folder.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_audit_agrees_and_finds_every_tampering() {
    let archive = Archive::of_a_campaign().await;
    assert_eq!(archive.audit().await, Ok(17));
    archive.falsify(|_| {});
    assert_eq!(archive.audit().await, Ok(17), "the same log, written by this test");

    let pledge = archive.first_pledge();
    let group = |entry: &mut Vec<u8>, change: i64| {
        let Ok(Entry::Group { tick, area, size }) = Entry::decode(entry) else { panic!("not a group") };
        let size = u32::try_from(i64::from(size) + change).unwrap();
        *entry = Entry::Group { tick, area, size }.encode();
    };
    type Change<'a> = Box<dyn Fn(&mut Vec<Vec<u8>>) + 'a>;
    let changes: Vec<(&str, Change<'_>)> = vec![
        ("a forged authenticator", Box::new(|log| log[pledge][300] ^= 1)),
        ("another salt", Box::new(|log| log[pledge][10] ^= 1)),
        (
            "removed",
            Box::new(|log| {
                log.remove(pledge);
                group(&mut log[pledge - 1], -1);
            }),
        ),
        (
            "removed without a word",
            Box::new(|log| {
                log.remove(pledge);
            }),
        ),
        (
            "doubled within its group",
            Box::new(|log| {
                let copy = log[pledge].clone();
                log.insert(pledge, copy);
                group(&mut log[pledge - 1], 1);
            }),
        ),
        ("doubled in a later group", Box::new(|log| double_later(log, pledge))),
        ("moved to another place", Box::new(|log| move_group(log, pledge))),
        (
            "another genesis",
            Box::new(|log| {
                log[0] = String::from_utf8(log[0].clone()).unwrap().replace("\"k\":5", "\"k\":6").into_bytes()
            }),
        ),
        ("the announcement taken back", Box::new(|log| log.retain(|entry| entry[0] != 3))),
        ("the close taken back", Box::new(|log| log.retain(|entry| entry[0] != 4))),
        (
            "a group after the close",
            Box::new(|log| {
                let copy = log[pledge - 1].clone();
                log.push(copy);
            }),
        ),
        ("an unknown entry", Box::new(|log| log.push(vec![9]))),
    ];
    for (what, change) in changes {
        archive.falsify(|log| change(log));
        let audited = archive.audit().await;
        assert!(audited.is_err(), "{what}: {audited:?}");
    }
}

/// A pledge of the first tick once more, sorted into the group that its place has at the closing tick.
fn double_later(log: &mut Vec<Vec<u8>>, pledge: usize) {
    let copy = log[pledge].clone();
    let later = log
        .iter()
        .rposition(|entry| matches!(Entry::decode(entry), Ok(Entry::Group { area, .. }) if area == Area::place(0)))
        .unwrap();
    let Ok(Entry::Group { tick, area, size }) = Entry::decode(&log[later]) else { panic!("not a group") };
    log[later] = Entry::Group { tick, area, size: size + 1 }.encode();
    log.insert(later + 1, copy);
    let end = later + 2 + size as usize;
    log[later + 1..end].sort();
}

/// All pledges of the first group are said to be of another place.
fn move_group(log: &mut [Vec<u8>], pledge: usize) {
    let Ok(Entry::Group { tick, size, .. }) = Entry::decode(&log[pledge - 1]) else { panic!("not a group") };
    let other = 2u32;
    log[pledge - 1] = Entry::Group { tick, area: Area::place(other), size }.encode();
    for entry in &mut log[pledge..pledge + size as usize] {
        entry[2..6].copy_from_slice(&other.to_be_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_flipped_bit_in_any_file_is_found() {
    let archive = Archive::of_a_campaign().await;
    let mut paths = ["campaign", "places.json", "map.json", "log/checkpoint"].map(str::to_owned).to_vec();
    paths.extend(TileName::all(archive.entries.len() as u64).iter().map(|name| format!("log/{}", name.path())));
    for path in paths {
        let path = archive.folder.path().join(path);
        let good = std::fs::read(&path).unwrap();
        for index in [0, good.len() / 3, good.len() / 2, good.len() - 2] {
            let mut bad = good.clone();
            bad[index] ^= 4;
            std::fs::write(&path, bad).unwrap();
            assert!(archive.audit().await.is_err(), "{} at {index}", path.display());
        }
        std::fs::write(&path, good).unwrap();
    }
    assert!(archive.audit().await.is_ok());
}
