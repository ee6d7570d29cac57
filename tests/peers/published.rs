//! A published campaign as files: pledges at all three levels, an announcement, the close, more entries than one bundle
//! holds. A test falsifies its own copy, with the log's key where a hostile server would need it.

use protocol::campaign::Campaign;
use protocol::entry::Entry;
use protocol::note::{NoteSigner, TreeHead};
use protocol::publication::Level;
use protocol::tile::{HashTile, TileName, TileTree, leaf_hash, put_bundled, read_bundle};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use tests::{Plan, World};
use tokio::sync::OnceCell;

/// The files by path, and what a hostile server knows besides.
pub(crate) struct Published {
    /// What everybody may read after the close.
    pub(crate) files: Files,
    /// The checkpoint of the first tick.
    pub(crate) first_checkpoint: Vec<u8>,
    /// All entries.
    pub(crate) entries: Vec<Vec<u8>>,
    campaign: Campaign,
    log_key: [u8; 32],
}

/// Files by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Published at place level per place, at region level of region 0, at root level.
pub(crate) const PLACES: [u64; 2] = [257, 5];
pub(crate) const REGION: u64 = 6;
pub(crate) const ROOT: u64 = 6;

impl Published {
    /// The one campaign that all tests take copies of.
    pub(crate) async fn get() -> &'static Self {
        static ONCE: OnceCell<Published> = OnceCell::const_new();
        ONCE.get_or_init(Self::make).await
    }

    async fn make() -> Self {
        let world = World::with(Plan { regions: vec![4, 2, 2], ..Plan::default() }).await;
        world.register_many(0, 257).await;
        world.tick().await;
        let first_checkpoint = world.get("/log/checkpoint").await.body;
        assert_eq!(world.announce(world.announcement(1, "At noon").note).await.status, 202);
        // of region 0 what is left of places 1 to 3 rolls up to the region, of regions 1 and 2 all to the root
        for (place, count) in [(0, 1), (1, 5), (2, 3), (3, 2), (4, 2), (5, 1), (6, 2), (7, 1)] {
            world.register_many(place, count).await;
        }
        world.organise("close", serde_json::json!({})).await;
        world.tick().await;
        world.tick().await;
        let mut paths = ["campaign", "places.json", "counts.json", "log/checkpoint"].map(str::to_owned).to_vec();
        let names = TileName::all(world.counts().await.log_size);
        paths.extend(names.iter().map(|name| format!("log/{}", name.path())));
        let mut files = Files::new();
        for path in paths {
            let answer = world.get(&format!("/{path}")).await;
            assert_eq!(answer.status, 200, "{path}");
            files.insert(path, answer.body);
        }
        let bundle = |name: &TileName| read_bundle(&files[&format!("log/{}", name.path())], name.width).unwrap();
        let bundles = names.iter().filter(|name| name.level.is_none()).flat_map(bundle);
        let entries = bundles.map(<[u8]>::to_vec).collect();
        let log_key = std::fs::read(world.data().join("keys/log")).unwrap().try_into().unwrap();
        Self { files, first_checkpoint, entries, campaign: world.campaign.clone(), log_key }
    }

    /// The number of the first pledge of a level.
    pub(crate) fn first_pledge(&self, level: Level) -> usize {
        let of_level = |entry: &Vec<u8>| {
            entry[0] == 2 && matches!(Entry::decode(entry), Ok(Entry::Pledge(pledge)) if pledge.area.level == level)
        };
        self.entries.iter().position(of_level).unwrap()
    }

    /// The files as they are but for one byte, of which one bit is turned over.
    pub(crate) fn flipped(&self, path: &str, at: usize) -> Files {
        let mut files = self.files.clone();
        files.get_mut(path).unwrap()[at] ^= 1;
        files
    }

    /// The bundle that holds an entry, and where in it the entry begins.
    pub(crate) fn position(&self, entry: usize) -> (String, usize) {
        let bundle = TileName::bundles(self.entries.len() as u64)[entry / 256];
        let before = &self.entries[entry / 256 * 256..entry];
        (format!("log/{}", bundle.path()), before.iter().map(|entry| entry.len() + 2).sum::<usize>() + 2)
    }

    /// Another log in the place of this one, with a good tree and a good signature; `counts.json` stays as it was.
    pub(crate) fn rewritten(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Files {
        let mut entries = self.entries.clone();
        change(&mut entries);
        let mut tree = TileTree::new();
        let mut tiles: Vec<HashTile> = entries.iter().flat_map(|entry| tree.push(leaf_hash(entry))).collect();
        tiles.extend(tree.partial_tiles());
        let mut files = self.files.clone();
        files.retain(|path, _| !path.starts_with("log/"));
        files.extend(tiles.into_iter().map(|tile| (format!("log/{}", tile.name.path()), tile.bytes)));
        for (name, held) in TileName::bundles(tree.size()).into_iter().zip(entries.chunks(256)) {
            let mut bundle = Vec::new();
            held.iter().for_each(|entry| put_bundled(&mut bundle, entry).unwrap());
            files.insert(format!("log/{}", name.path()), bundle);
        }
        files.insert("log/checkpoint".to_owned(), self.sign(&tree.head()));
        files
    }

    /// Any tree head, signed with the log's own key.
    pub(crate) fn sign(&self, head: &TreeHead) -> Vec<u8> {
        head.sign(&NoteSigner::new(&self.campaign.log_name(), &self.log_key)).unwrap()
    }
}

/// Writes files into a new folder.
pub(crate) fn folder_of(files: &Files) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, bytes) in files {
        let path: &Path = &folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}
