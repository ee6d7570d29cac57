//! A mirror: a campaign's public files in a folder, laid out as their addresses are. It serves whoever audits again, any
//! server of files, and a campaign whose server was lost: nothing of the log can be restored that nobody has kept.
//!
//! What is kept is not proven by that; an audit of the folder proves it.

use crate::campaign::{self, COUNTS_BYTES_MAX, MAP_BYTES_MAX, PLACES_BYTES_MAX};
use crate::error::Error;
use crate::log_reader::{CHECKPOINT_BYTES_MAX, LogReader, Source};
use protocol::campaign::{CampaignId, Genesis};
use protocol::page_manifest::{MANIFEST, MANIFEST_BYTES_MAX, PageManifest};
use protocol::tile::{HashTile, TILE_WIDTH, TileName, put_bundled};
use std::path::Path;

/// Keeps what is at `source` in a folder that does not exist yet or is empty. `progress` hears how many of how many
/// entries are done.
pub async fn keep(
    source: &Source,
    expected: Option<CampaignId>,
    folder: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), Error> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::Local(format!("{} is not empty; name another folder to keep it in.", folder.display())));
    }
    let campaign = campaign::read(source, expected).await?;
    // the numbers before the checkpoint, which is then no older
    for (path, bytes_max) in [
        ("campaign", Genesis::BYTES_MAX),
        ("places.json", PLACES_BYTES_MAX),
        ("map.json", MAP_BYTES_MAX),
        ("counts.json", COUNTS_BYTES_MAX),
        ("log/checkpoint", CHECKPOINT_BYTES_MAX),
    ] {
        put(folder, path, &source.need(path, bytes_max).await?)?;
    }
    let head = Source::Folder(folder.to_owned()).head(&campaign).await?;
    let (mut log, mut tree) = (LogReader::new(source, head, false), protocol::tile::TileTree::new());
    let put_tile = |tile: HashTile| put(folder, &format!("log/{}", tile.name.path()), &tile.bytes);
    while let Some(entries) = log.next().await? {
        let mut bundle = Vec::new();
        let width = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let name = TileName { level: None, index: tree.size() / TILE_WIDTH, width };
        for entry in &entries {
            put_bundled(&mut bundle, entry)?;
            tree.push(protocol::tile::leaf_hash(entry)).into_iter().try_for_each(put_tile)?;
        }
        put(folder, &format!("log/{}", name.path()), &bundle)?;
        progress(log.done(), head.size);
    }
    tree.partial_tiles().into_iter().try_for_each(put_tile)?;
    log.finish().await?;
    keep_page(source, folder).await
}

/// The registration page, if there is one.
async fn keep_page(source: &Source, folder: &Path) -> Result<(), Error> {
    let bytes_max = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let path = |name: &str| format!("join/{name}");
    let Some(manifest) = source.read(&path(MANIFEST), bytes_max(MANIFEST_BYTES_MAX)).await? else {
        return Ok(());
    };
    for file in PageManifest::decode(&manifest)?.files() {
        put(folder, &path(file.name()), &source.need(&path(file.name()), bytes_max(file.size())).await?)?;
    }
    put(folder, &path(MANIFEST), &manifest)
}

fn put(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(path);
    let above = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(above).map_err(|error| Error::file(above, "made", &error))?;
    std::fs::write(&path, bytes).map_err(|error| Error::file(&path, "written", &error))
}
