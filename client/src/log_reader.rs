//! Reading a campaign's public files, from its server or from a folder laid out like its URLs, and its log in order.
//!
//! A log is read whole or not at all: there is no question about a single entry, because it would say who asks.
//! Nothing that [`LogReader`] hands out is proven before [`LogReader::finish`] has compared the root.

use crate::error::Error;
use crate::transport::Operation;
use protocol::campaign::Campaign;
use protocol::note::{NoteVerifier, TreeHead};
use protocol::tile::{HashTile, TILE_WIDTH, TileName, TileTree, leaf_hash, read_bundle};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Where the public files are.
#[derive(Clone)]
pub enum Source {
    /// On a server.
    Web(Operation),
    /// In a folder: a mirror, or the data directory of a server.
    Folder(PathBuf),
}

impl Source {
    /// The bytes at a path without a leading slash, or `None` if there is nothing.
    pub async fn read(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Web(operation) => {
                let answer = operation.get(&format!("/{path}"), bytes_max).await?;
                match answer.status {
                    404 => Ok(None),
                    _ => Ok(Some(answer.demand(&[200], None)?.body)),
                }
            }
            Self::Folder(folder) => read_file(folder.join(path), bytes_max).await,
        }
    }

    /// The same, but its absence is an error.
    pub async fn need(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let found = self.read(path, bytes_max).await?;
        found.ok_or_else(|| Error::Misbehaved(format!("There is no {path} here, which every campaign has.")))
    }

    /// The head of the log, signed by the log key of the genesis.
    pub async fn head(&self, campaign: &Campaign) -> Result<TreeHead, Error> {
        let checkpoint = self.need("log/checkpoint", CHECKPOINT_BYTES_MAX).await?;
        let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key)?;
        let head = TreeHead::open(&checkpoint, &verifier)?;
        // Every group has pledges, so there are at most as many groups; the rest is for announcements and pages.
        let entries_max = campaign.genesis().eligible * 2 + OTHER_ENTRIES_MAX;
        if head.size == 0 || head.size > entries_max {
            return Err(Error::Misbehaved(format!(
                "The log claims {} entries; a campaign with {} people eligible cannot have that many, nor none.",
                head.size,
                campaign.genesis().eligible
            )));
        }
        Ok(head)
    }

    /// A hash tile, of exactly its width.
    pub async fn hash_tile(&self, name: TileName) -> Result<Vec<u8>, Error> {
        let width = name.width as usize * 32;
        if let Some(bytes) = self.read(&log_path(name), HASH_TILE_BYTES_MAX).await? {
            return exact(bytes, width, name);
        }
        // A partial tile may be gone once it has filled up.
        let mut full = self.need(&log_path(filled(name)), HASH_TILE_BYTES_MAX).await?;
        full = exact(full, HASH_TILE_BYTES_MAX, name)?;
        full.truncate(width);
        Ok(full)
    }

    /// The entries of a bundle, exactly as many as its width.
    pub async fn bundle(&self, name: TileName) -> Result<Vec<Vec<u8>>, Error> {
        let partial = self.read(&log_path(name), BUNDLE_BYTES_MAX).await?;
        let (bytes, width) = match partial {
            Some(bytes) => (bytes, name.width),
            None => (self.need(&log_path(filled(name)), BUNDLE_BYTES_MAX).await?, 256),
        };
        let entries = read_bundle(&bytes, width)?;
        let entries = entries.into_iter().take(name.width as usize);
        Ok(entries.map(<[u8]>::to_vec).collect())
    }
}

/// A log being read from its first entry to its last, bundle by bundle, some ahead of the reader.
pub struct LogReader {
    source: Source,
    head: TreeHead,
    names: std::vec::IntoIter<TileName>,
    under_way: VecDeque<JoinHandle<Result<Fetched, Error>>>,
    tree: TileTree,
    compare_tiles: bool,
}

struct Fetched {
    entries: Vec<Vec<u8>>,
    leaves: Option<Vec<u8>>,
}

impl LogReader {
    /// Begins a log of which `head` is proven. With `compare_tiles` every hash tile that is served must be the one
    /// that the entries give.
    pub fn new(source: &Source, head: TreeHead, compare_tiles: bool) -> Self {
        Self {
            source: source.clone(),
            head,
            names: TileName::bundles(head.size).into_iter(),
            under_way: VecDeque::new(),
            tree: TileTree::new(),
            compare_tiles,
        }
    }

    /// How many entries were handed out.
    pub fn done(&self) -> u64 {
        self.tree.size()
    }

    /// The next entries, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, Error> {
        while self.under_way.len() < AHEAD
            && let Some(name) = self.names.next()
        {
            let (source, compare_tiles) = (self.source.clone(), self.compare_tiles);
            self.under_way.push_back(tokio::spawn(fetch(source, name, compare_tiles)));
        }
        let Some(fetched) = self.under_way.pop_front() else {
            return Ok(None);
        };
        let fetched = fetched
            .await
            .map_err(|_| Error::Local("The reading of the log was interrupted; try again.".to_owned()))??;
        self.take_in(&fetched).await?;
        Ok(Some(fetched.entries))
    }

    async fn take_in(&mut self, fetched: &Fetched) -> Result<(), Error> {
        let first = self.tree.size();
        let leaves: Vec<[u8; 32]> = fetched.entries.iter().map(|entry| leaf_hash(entry)).collect();
        if fetched.leaves.as_ref().is_some_and(|served| *served != leaves.concat()) {
            return Err(Error::Misbehaved(format!(
                "The hash tile of the log entries from {first} on is not the one that the entries give."
            )));
        }
        for leaf in leaves {
            for tile in self.tree.push(leaf) {
                self.compare(&tile).await?;
            }
        }
        Ok(())
    }

    /// Tiles of level 0 come with their bundles; those above are few.
    async fn compare(&self, ours: &HashTile) -> Result<(), Error> {
        if !self.compare_tiles || ours.name.level == Some(0) {
            return Ok(());
        }
        if self.source.hash_tile(ours.name).await? == ours.bytes {
            return Ok(());
        }
        Err(Error::Misbehaved(format!("The hash tile {} is not the one that the log entries give.", ours.name.path())))
    }

    /// Demands that all was read and that it has the root of the checkpoint.
    pub async fn finish(self) -> Result<(), Error> {
        for tile in self.tree.partial_tiles() {
            self.compare(&tile).await?;
        }
        if self.tree.head() == self.head {
            return Ok(());
        }
        Err(Error::Misbehaved("The entries of the log do not give the root that its checkpoint signs.".to_owned()))
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        for task in &self.under_way {
            task.abort();
        }
    }
}

async fn fetch(source: Source, name: TileName, with_leaves: bool) -> Result<Fetched, Error> {
    let entries = source.bundle(name).await;
    let entries = match entries {
        Err(error) if error.is_passing() => {
            tokio::time::sleep(PAUSE).await; // once more: a log is hundreds of files
            source.bundle(name).await?
        }
        other => other?,
    };
    let leaves = match with_leaves {
        true => Some(source.hash_tile(TileName { level: Some(0), ..name }).await?),
        false => None,
    };
    Ok(Fetched { entries, leaves })
}

/// Demands that entry 0 of the log is the genesis: the hashes from it up to the signed root.
pub async fn check_genesis(source: &Source, campaign: &Campaign, head: TreeHead) -> Result<(), Error> {
    let different = || Error::Misbehaved("The log does not begin with the genesis of this campaign.".to_owned());
    let edge = right_edge(head.size);
    let mut hashes = Vec::new();
    for name in &edge {
        hashes.push(source.hash_tile(*name).await?);
    }
    let tree = TileTree::restore(head.size, |name| {
        let found = edge.iter().position(|known| *known == name);
        found.map(|index| hashes[index].clone()).ok_or_else(different)
    })?;
    if tree.head() != head {
        return Err(Error::Misbehaved(
            "The hash tiles of the log do not give the root that its checkpoint signs.".to_owned(),
        ));
    }
    // The first tile of each level, upwards, to the one that is also the right edge and so proven above.
    let (mut hash, mut count, mut level) = (*campaign.id().as_bytes(), head.size, 0);
    loop {
        let width = u32::try_from(count.min(TILE_WIDTH)).unwrap_or(u32::MAX);
        let name = TileName { level: Some(level), index: 0, width };
        let tile = match edge.iter().position(|known| *known == name) {
            Some(index) => hashes[index].clone(),
            None => source.hash_tile(name).await?,
        };
        let (tile, _) = tile.as_chunks::<32>();
        if tile.first() != Some(&hash) {
            return Err(different());
        }
        if count < TILE_WIDTH {
            return Ok(());
        }
        let mut subtree = TileTree::new();
        for hash in tile {
            subtree.push(*hash);
        }
        hash = subtree.head().root;
        count /= TILE_WIDTH;
        level += 1;
    }
}

/// The tiles that are not full.
fn right_edge(size: u64) -> Vec<TileName> {
    let (mut names, mut level, mut count) = (Vec::new(), 0, size);
    while count > 0 {
        let width = u32::try_from(count % TILE_WIDTH).unwrap_or(0);
        if width > 0 {
            names.push(TileName { level: Some(level), index: count / TILE_WIDTH, width });
        }
        count /= TILE_WIDTH;
        level += 1;
    }
    names
}

async fn read_file(path: PathBuf, bytes_max: usize) -> Result<Option<Vec<u8>>, Error> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| Error::file(&path, "read", &error);
    match tokio::fs::metadata(&path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if metadata.len() > bytes_max as u64 => {
            return Err(Error::Misbehaved(format!("{shown} is larger than the {bytes_max} bytes that it can have.")));
        }
        Ok(metadata) if !metadata.is_file() => {
            return Err(Error::Misbehaved(format!("{shown} is not a file.")));
        }
        Ok(_) => {}
    }
    tokio::fs::read(&path).await.map(Some).map_err(failed)
}

fn log_path(name: TileName) -> String {
    format!("log/{}", name.path())
}

fn filled(name: TileName) -> TileName {
    TileName { width: 256, ..name }
}

fn exact(bytes: Vec<u8>, length: usize, name: TileName) -> Result<Vec<u8>, Error> {
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(Error::Misbehaved(format!("The hash tile {} has another length than its name says.", name.path())))
    }
}

/// Bundles asked for ahead of the reader: enough to hide the delay of Tor, few enough to burden nobody.
const AHEAD: usize = 8;
const PAUSE: Duration = Duration::from_secs(1);
pub(crate) const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;
const HASH_TILE_BYTES_MAX: usize = 256 * 32;
const BUNDLE_BYTES_MAX: usize = 256 * (2 + 65_535);
const OTHER_ENTRIES_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests;
