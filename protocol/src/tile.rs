//! The log's tree as tiles (C2SP tlog-tiles): hashes, paths, entry bundles. The only file that names `tlog_tiles`'s tiles.
//!
//! [`TileTree`] keeps the right edge only, 256 hashes a level, so a log may grow without its writer or its auditor
//! needing more memory.

use crate::error::Error;
use crate::note::TreeHead;
use tlog_tiles::{Hash, Tile, node_hash, record_hash};

/// Hashes in a full tile and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
const HEIGHT: u8 = 8;

/// RFC 6962 leaf hash of an entry.
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    record_hash(entry).0
}

/// Names a file of the log below `/log/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileName {
    /// The level of a hash tile, or `None` for an entry bundle.
    pub level: Option<u8>,
    /// Its number within the level.
    pub index: u64,
    /// How many hashes or entries it has: 1 to 256.
    pub width: u32,
}

impl TileName {
    /// The path, such as `tile/0/x001/067`, `tile/entries/000.p/17`.
    pub fn path(&self) -> String {
        let path = Tile::new(HEIGHT, self.level.unwrap_or(0), self.index, self.width, self.level.is_none()).path();
        match self.level {
            Some(_) => path.replacen("tile/8/", "tile/", 1),
            None => path.replacen("tile/8/data/", "tile/entries/", 1),
        }
    }

    /// Reads a path; only the one spelling of each name is taken. (The library's own reader panics on some.)
    pub fn parse(path: &str) -> Result<Self, Error> {
        Self::read(path).filter(|name| name.path() == path).ok_or(Error::Malformed("tile path"))
    }

    fn read(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = if level == "entries" { None } else { Some(level.parse().ok().filter(|level| *level < 64)?) };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..256).contains(width))?),
            None => (rest, 256),
        };
        let digits = |segment: &str| segment.strip_prefix('x').unwrap_or(segment).parse::<u64>().ok();
        let append = |index: u64, segment: &str| index.checked_mul(1000)?.checked_add(digits(segment)?);
        let index = number.split('/').try_fold(0, append)?;
        Some(Self { level, index, width })
    }

    /// Whether a tree of this size has the tile: wholly filled, or with exactly or at least this many hashes.
    pub fn is_within(&self, size: u64) -> bool {
        let shift = u32::from(HEIGHT) * u32::from(self.level.unwrap_or(0));
        let at_level = size.checked_shr(shift).unwrap_or(0);
        let end = self.index.checked_mul(TILE_WIDTH).and_then(|start| start.checked_add(u64::from(self.width)));
        end.is_some_and(|end| end <= at_level)
    }

    /// The names of all tiles and bundles of a tree of this size, bundles first, then level by level.
    pub fn all(size: u64) -> Vec<Self> {
        let mut names = Self::row(None, size);
        let (mut level, mut count) = (0, size);
        while count > 0 {
            names.extend(Self::row(Some(level), count));
            count /= TILE_WIDTH;
            level += 1;
        }
        names
    }

    /// The bundles of a tree of this size.
    pub fn bundles(size: u64) -> Vec<Self> {
        Self::row(None, size)
    }

    fn row(level: Option<u8>, count: u64) -> Vec<Self> {
        (0..count.div_ceil(TILE_WIDTH))
            .map(|index| {
                let width = u32::try_from((count - index * TILE_WIDTH).min(TILE_WIDTH)).unwrap_or(u32::MAX);
                Self { level, index, width }
            })
            .collect()
    }
}

/// A tile of hashes with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashTile {
    /// Its name.
    pub name: TileName,
    /// `width` hashes of 32 bytes.
    pub bytes: Vec<u8>,
}

/// A growing tree, of which only the right edge is kept.
#[derive(Clone, Default)]
pub struct TileTree {
    size: u64,
    edge: Vec<Vec<[u8; 32]>>,
}

impl TileTree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `size` entries, given what reads its partial tiles.
    pub fn restore<E: From<Error>>(size: u64, read: impl Fn(TileName) -> Result<Vec<u8>, E>) -> Result<Self, E> {
        let (mut edge, mut level, mut count) = (Vec::new(), 0, size);
        while count > 0 {
            let width = u32::try_from(count % TILE_WIDTH).unwrap_or(0);
            let mut hashes = Vec::new();
            if width > 0 {
                let bytes = read(TileName { level: Some(level), index: count / TILE_WIDTH, width })?;
                let (chunks, rest) = bytes.as_chunks::<32>();
                if chunks.len() != width as usize || !rest.is_empty() {
                    return Err(Error::Malformed("tile").into());
                }
                hashes = chunks.to_vec();
            }
            edge.push(hashes);
            count /= TILE_WIDTH;
            level += 1;
        }
        Ok(Self { size, edge })
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and yields the tiles that it filled.
    pub fn push(&mut self, leaf: [u8; 32]) -> Vec<HashTile> {
        let mut full = Vec::new();
        let mut hash = leaf;
        let mut count = self.size;
        for level in 0.. {
            if self.edge.len() == usize::from(level) {
                self.edge.push(Vec::new());
            }
            let hashes = &mut self.edge[usize::from(level)];
            hashes.push(hash);
            if (hashes.len() as u64) < TILE_WIDTH {
                break;
            }
            let hashes = std::mem::take(hashes);
            hash = perfect_root(&hashes);
            full.push(tile(level, count / TILE_WIDTH, &hashes));
            count /= TILE_WIDTH;
        }
        self.size += 1;
        full
    }

    /// The tiles of the right edge that are not full.
    pub fn partial_tiles(&self) -> Vec<HashTile> {
        let mut tiles = Vec::new();
        let mut count = self.size;
        for (level, hashes) in (0..).zip(&self.edge) {
            if !hashes.is_empty() {
                tiles.push(tile(level, count / TILE_WIDTH, hashes));
            }
            count /= TILE_WIDTH;
        }
        tiles
    }

    /// Size and RFC 6962 root.
    pub fn head(&self) -> TreeHead {
        let mut root: Option<Hash> = None;
        for hashes in &self.edge {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                // the rightmost perfect subtree of what is left has as many hashes as the lowest bit says
                let (left, subtree) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                let subtree = Hash(perfect_root(subtree));
                root = Some(root.map_or(subtree, |right| node_hash(subtree, right)));
                rest = left;
            }
        }
        TreeHead { size: self.size, root: root.unwrap_or(tlog_tiles::EMPTY_HASH).0 }
    }
}

/// Root of a number of hashes that is a power of two.
fn perfect_root(hashes: &[[u8; 32]]) -> [u8; 32] {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(Hash(perfect_root(left)), Hash(perfect_root(right))).0
        }
    }
}

fn tile(level: u8, index: u64, hashes: &[[u8; 32]]) -> HashTile {
    let width = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
    HashTile { name: TileName { level: Some(level), index, width }, bytes: hashes.concat() }
}

/// Appends an entry to a bundle: a two-byte length, then the entry.
pub fn put_bundled(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), Error> {
    crate::codec::put_vector16(bundle, entry, "log entry")
}

/// The entries of a bundle that must hold exactly `width`.
pub fn read_bundle(bytes: &[u8], width: u32) -> Result<Vec<&[u8]>, Error> {
    let mut reader = crate::codec::Reader::new(bytes, "entry bundle");
    let entries = (0..width).map(|_| reader.vector16()).collect::<Result<Vec<_>, _>>()?;
    reader.finish()?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tlog_tiles::{HashReader, stored_hash_index, stored_hashes, tree_hash};

    struct Stored(Vec<Hash>);

    impl HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
        }
    }

    #[test]
    fn roots_and_tiles_are_those_of_the_library_at_every_size() {
        let mut stored = Stored(Vec::new());
        let mut tree = TileTree::new();
        let mut files = HashMap::new();
        for n in 0..70_000u64 {
            let entry = n.to_be_bytes();
            let hashes = stored_hashes(n, &entry, &stored).unwrap();
            assert_eq!(stored.0.len() as u64, stored_hash_index(0, n));
            stored.0.extend(hashes);
            for tile in tree.push(leaf_hash(&entry)) {
                files.insert(tile.name.path(), tile.bytes);
            }
            if n < 600 || n % 7919 == 0 || (65_530..65_800).contains(&n) {
                assert_eq!(tree.head().root, tree_hash(n + 1, &stored).unwrap().0, "size {}", n + 1);
            }
        }
        for tile in tree.partial_tiles() {
            files.insert(tile.name.path(), tile.bytes);
        }
        for tile in Tile::new_tiles(HEIGHT, 0, 70_000) {
            let expected = tile.read_data(&stored).unwrap();
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            assert_eq!(files.get(&path), Some(&expected), "{path}");
        }
        let restored =
            TileTree::restore(70_000, |name| files.get(&name.path()).cloned().ok_or(Error::Malformed("tile")));
        assert_eq!(restored.unwrap().head(), tree.head());
    }

    #[test]
    fn paths_have_one_spelling_and_lie_within_the_tree() {
        for (name, path) in [
            (TileName { level: Some(0), index: 0, width: 256 }, "tile/0/000"),
            (TileName { level: Some(1), index: 1067, width: 3 }, "tile/1/x001/067.p/3"),
            (TileName { level: None, index: 5, width: 17 }, "tile/entries/005.p/17"),
        ] {
            assert_eq!(name.path(), path);
            assert_eq!(TileName::parse(path), Ok(name));
        }
        for bad in [
            "",
            "tile/",
            "tile/8/0/000",
            "tile/0/00",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/x000/000",
            "tile/entries/../x",
            "tile/data/000",
        ] {
            assert!(TileName::parse(bad).is_err(), "{bad}");
        }
        assert!(TileName { level: None, index: 1, width: 44 }.is_within(300));
        assert!(!TileName { level: None, index: 1, width: 45 }.is_within(300));
        assert!(TileName { level: Some(1), index: 0, width: 1 }.is_within(300));
        assert!(!TileName { level: Some(63), index: u64::MAX, width: 1 }.is_within(300));
        assert_eq!(TileName::all(300).len(), 2 + 2 + 1);
    }
}
