//! Raid: a campaign is ended because somebody comes for the machine. Whatever endangers people is destroyed, keys first,
//! whatever a running server does meanwhile; the public log lives on in `site/`, without a close entry, because the key
//! that could sign one is destroyed like all others.
//!
//! What it asks for is a file, `raid`: from the moment that it is there no server starts in the folder, one that runs ends
//! within a moment, and whatever cut the raid off, to run it again finishes it. What is spared is listed, not what is
//! destroyed: a file that this version does not know is destroyed too.

use crate::error::Error;
use crate::init::{read_campaign, unfinished};
use crate::keyring::Keyring;
use crate::site;
use crate::store::SECRET_FILE;
use crate::store::disk::{remove_dir, remove_file, sync_dir, write_file};
use crate::store::log::LogStore;
use protocol::note::NoteVerifier;
use rustix::process::{Signal, getpid, kill_process};
use std::io::ErrorKind;
use std::path::Path;

/// What everybody may have of a campaign's folder, and what a raid itself needs there.
const SPARED: [&str; 9] =
    ["genesis.json", "places.json", "map.json", "log", "page", "published", "site", "lock", ASKED_FOR];
const ASKED_FOR: &str = "raid";

/// Destroys what endangers people in a campaign's folder and writes its static site, and tells each step when it is done.
/// No failure stops it; the first is the error in the end. Can be repeated. Blocking: the keys take a moment, a server
/// that does not end is waited for two seconds, the site may take some.
pub fn raid(data: &Path, mut said: impl FnMut(&str)) -> Result<(), Error> {
    if std::fs::metadata(data.join("genesis.json")).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        let why = "cannot be looked into by this user, so nothing was touched; run it as root";
        return Err(Error::Refused(format!("{} {why}", data.display())));
    }
    if !data.join("genesis.json").is_file() {
        let why = "has no genesis.json, so it is no campaign's folder and nothing was touched; check the name";
        return Err(Error::Refused(format!("{} {why}", data.display())));
    }
    let asked = write_file(&data.join(ASKED_FOR), SECRET_FILE, b"");
    let keys = Keyring::of(data).destroy_all();
    if keys.is_ok() {
        said("every private key is destroyed, the log's too");
    }
    let _first = destroy_rest(data); // under a running server, which may still write: so once more below
    let lock = crate::lock(data);
    said(match &lock {
        Ok(_) => "no server runs in this folder",
        Err(_) => "a server still runs in this folder and does not end",
    });
    let mut done = vec![asked.map_err(Error::from), Keyring::of(data).destroy_all()];
    done.extend(destroy_rest(data));
    let mut failed: Vec<Error> = done.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() {
        said("pending pledges, used invites, batches, organisers' accounts: destroyed");
    }
    // under a server that does not end nothing of the log is touched: it may be signing it
    let log = if lock.is_ok() { drop_unsigned(data) } else { Ok(()) };
    match log.and_then(|()| site::write(data)) {
        Ok(()) => said("the public log and the static site are in order"),
        Err(error) => failed.push(error),
    }
    if let Some(error) = failed.into_iter().next() {
        let remedy = "mend that and run raid once more, or destroy the disk";
        return Err(Error::Refused(format!("not everything could be done: {error}; {remedy}")));
    }
    lock.map(drop).map_err(|_| {
        let remedy = "end it or turn the machine off, and run raid once more";
        Error::Refused(format!("all is destroyed, but a server still holds its keys in memory; {remedy}"))
    })
}

/// Refuses to work in a folder in which a raid was begun.
pub(crate) fn refuse(data: &Path) -> Result<(), Error> {
    if !is_asked_for(data) {
        return Ok(());
    }
    let (private, site) = (left(data), site::folder(data));
    let (data, site) = (data.display(), site.display());
    Err(Error::Refused(match private {
        None => format!("the campaign in {data} was ended by a raid; give {site} to any server of files"),
        Some(_) => format!("a raid of {data} was begun; to finish it, run: headcount-server raid --data {data}"),
    }))
}

/// Whether a raid was begun in a folder.
pub(crate) fn is_asked_for(data: &Path) -> bool {
    data.join(ASKED_FOR).exists()
}

/// Something that a raid would destroy, if anything is there; a folder that cannot be read may hold anything.
pub(crate) fn left(data: &Path) -> Option<String> {
    let Ok(entries) = std::fs::read_dir(data) else { return Some(data.display().to_string()) };
    let mut entries = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    let left = entries.find(|name| !SPARED.iter().any(|spared| name == *spared))?;
    Some(left.to_string_lossy().into_owned())
}

/// Ends this process at once, as kill -9 does: the orderly end takes seconds, and any other may leave an image of the
/// memory on the disk.
pub(crate) fn end_process() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::exit(1)
}

/// All that is not spared, each part whatever becomes of the others.
fn destroy_rest(data: &Path) -> Vec<Result<(), Error>> {
    let mut done = crate::remove_stores(data); // the pools' keys before their rows
    let entries = match std::fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) => {
            done.push(Err(Error::io(data.display(), error)));
            return done;
        }
    };
    for entry in entries.filter_map(Result::ok) {
        if SPARED.iter().any(|spared| entry.file_name() == *spared) {
            continue;
        }
        let (path, target) = (entry.path(), entry.path().canonicalize());
        if let Some(target) = target.ok().filter(|_| entry.file_type().is_ok_and(|kind| kind.is_symlink())) {
            done.push(remove(&target)); // somebody keeps it on another disk
        }
        done.push(remove(&path));
    }
    // what an init or a restore that was killed has left beside it
    let beside = data.canonicalize().map(|data| unfinished(&data).1);
    done.extend(beside.ok().filter(|beside| beside.exists()).map(|beside| remove(&beside)));
    done.push(sync_dir(data).map_err(Error::from));
    done
}

fn remove(path: &Path) -> Result<(), Error> {
    let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    Ok(if is_dir { remove_dir(path) } else { remove_file(path) }?)
}

/// What an append left in the log that was never signed is published nowhere.
fn drop_unsigned(data: &Path) -> Result<(), Error> {
    let (campaign, ..) = read_campaign(data)?;
    let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key)?;
    Ok(LogStore::open(&data.join("log"), &verifier)?.drop_unsigned()?)
}

#[cfg(test)]
mod tests;
