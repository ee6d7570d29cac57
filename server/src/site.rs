//! Site: what a campaign shows when it takes nothing any more, as files that any server of files can carry on, with
//! nobody's keys: overview, numbers, campaign, log, registration page, laid out as their addresses are (DESIGN §6).
//!
//! It is made of what is public in the campaign's folder and of nothing else. Every file is whole or as it was, and all of
//! it can be repeated: after a crash, or when the log has grown by an announcement or a page.

use crate::bundle;
use crate::error::Error;
use crate::init::read_campaign;
use crate::page::map::Map;
use crate::page::{Moment, Overview, assets, first_language};
use crate::published::Published;
use crate::store::disk::{create_dir_all, remove_file, sync_dir, write_file};
use crate::store::log::LogStore;
use crate::store::{PUBLIC_FILE, parent};
use crate::tell;
use crate::whole_log::read_log;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::note::NoteVerifier;
use protocol::page_manifest::MANIFEST;
use protocol::publication::State;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of a campaign's site.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("site")
}

/// Whether the site is there and of the log as it is signed now.
pub(crate) fn is_kept_up(data: &Path) -> bool {
    let checkpoint = |folder: &Path| std::fs::read(folder.join("log/checkpoint")).ok();
    checkpoint(&folder(data)).is_some_and(|written| Some(written) == checkpoint(data))
}

/// Writes the site, or brings it up to what the log says now; durable when this returns. A campaign whose log has no close
/// entry was ended by a raid, and its pages say so. Blocking. Nobody may write the log meanwhile.
pub(crate) fn write(data: &Path) -> Result<(), Error> {
    let (campaign, places, map) = read_campaign(data)?;
    let campaign = Arc::new(campaign);
    let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key)?;
    let log = LogStore::open(&data.join("log"), &verifier)?;
    let published = match Published::read(data, &campaign, log.reader().head()) {
        Some(published) => published,
        None => read_log(&campaign, log.reader())?.into(),
    };
    let site = folder(data);
    // an auditor who reads the numbers first finds a log that is no older
    log.reader().copy_to(&site.join("log"))?;
    write_page(data, &site, &published)?;
    let drawn = Map::decode(&map).map_err(Error::damaged)?;
    let mut files = vec![("campaign".to_owned(), campaign.genesis_bytes().to_vec())];
    files.extend([("places.json".to_owned(), places), ("map.json".to_owned(), map)]);
    files.extend(overview(&campaign, drawn, published)?);
    for (name, bytes) in files {
        put(&site.join(name), &bytes)?;
    }
    Ok(sync_dir(data)?)
}

/// The numbers, and the overview in every language with all that it loads.
fn overview(campaign: &Arc<Campaign>, map: Option<Map>, published: Published) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let Published { tick, log_size, sums, announcement, closed, .. } = published;
    let state = if closed { State::Closed } else { State::Open };
    let counts = Counts::new(campaign, state, tick, log_size, &sums, announcement);
    let moment = Moment { counts, issuing: false, raided: !closed };
    let json = serde_json::to_vec(&moment.counts).map_err(|error| Error::Refused(error.to_string()))?;
    let mut files = vec![("counts.json".to_owned(), json)];
    files.extend(assets::all().map(|(path, bytes)| (path.trim_start_matches('/').to_owned(), bytes)));
    let overview = Overview::new(campaign.clone(), map);
    for lang in overview.languages() {
        for name in overview.pictures() {
            let picture = overview.picture(&moment, lang, &name)?;
            files.extend(picture.map(|bytes| (format!("overview/{lang}/{name}"), bytes)));
        }
        let html = overview.html(&moment, lang)?.into_bytes();
        if lang == first_language(campaign.genesis()) {
            files.push(("index.html".to_owned(), html.clone()));
        }
        files.push((format!("{lang}/index.html"), html));
    }
    Ok(files)
}

/// The registration page that the log names, for whoever compares it; nothing can be done with it any more. What is not
/// of that page goes, because an audit takes no stranger beside it.
fn write_page(data: &Path, site: &Path, published: &Published) -> Result<(), Error> {
    let bundle = bundle::look(data).unwrap_or_else(|error| {
        tell(&error); // all the rest can be carried on
        None
    });
    let Some(bundle) = bundle.filter(|bundle| published.manifest_sha256 == Some(bundle.manifest_sha256())) else {
        return Ok(());
    };
    let folder = site.join("join");
    let mut names = vec![MANIFEST];
    for (file, bytes) in bundle.files() {
        put(&folder.join(file.name()), bytes)?;
        names.push(file.name());
    }
    put(&folder.join(MANIFEST), bundle.manifest_bytes())?;
    for entry in std::fs::read_dir(&folder).map_err(|error| Error::io(folder.display(), error))? {
        let entry = entry.map_err(|error| Error::io(folder.display(), error))?;
        if !names.iter().any(|name| entry.file_name() == *name) {
            remove_file(&entry.path())?;
        }
    }
    Ok(sync_dir(&folder)?)
}

/// Writes a file unless it is there as it should be.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(sync_dir(parent(path))?); // a killed process may have renamed it and not synced that
    }
    create_dir_all(parent(path))?;
    write_file(path, PUBLIC_FILE, bytes)?;
    Ok(sync_dir(parent(parent(path)))?)
}

#[cfg(test)]
mod tests;
