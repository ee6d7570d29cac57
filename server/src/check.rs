//! `check`: whether a data directory is whole, and the operator's word on the clock. It changes nothing else.

use crate::error::Error;
use crate::init::read_campaign;
use crate::keyring::Keyring;
use crate::store::log::LogStore;
use crate::store::{SECRET_FILE, write_file};
use crate::{read_log, timeline};
use protocol::note::NoteVerifier;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What was found in order, a line each; an error is what is not.
pub fn check(data: &Path) -> Result<Vec<String>, Error> {
    let (campaign, ..) = read_campaign(data)?;
    let genesis = campaign.genesis();
    let mut found = vec![format!("campaign {}: genesis, places and map fit each other", campaign.id())];

    let verifier = NoteVerifier::new(&campaign.log_name(), &genesis.log_key)?;
    let log = LogStore::open(&data.join("log"), &verifier)?;
    let summary = read_log(&campaign, log.reader())?;
    found.push(format!(
        "log: {} entries, {} pledges published, every rule kept",
        summary.entries,
        summary.sums.total()
    ));

    let keys = Keyring::of(data);
    keys.check(genesis)?;
    if summary.closed_at.is_some() {
        let folders = ["attestation", "redemption", "spent", "plan"];
        let left = folders.into_iter().find(|name| data.join(name).exists());
        if let Some(left) = left.or(keys.holds_dangerous_keys().then_some("a key that endangers people")) {
            let why = format!("the campaign has closed but {left} is still there; start the server once to destroy it");
            return Err(Error::Refused(why));
        }
        found.push("closed: pool, used invites and the keys that endanger people are destroyed".to_owned());
    } else {
        if keys.issuer()?.is_none() || keys.invite()?.is_none() {
            return Err(Error::damaged("a key is missing although the campaign has not closed"));
        }
        if let Some(folder) = ["attestation", "redemption"].into_iter().find(|folder| !data.join(folder).is_dir()) {
            return Err(Error::damaged(format!("the folder {folder} is missing although the campaign has not closed")));
        }
        found.push("keys: those of the genesis".to_owned());
    }
    for entry in std::fs::read_dir(data.join("keys")).map_err(|error| Error::io("keys", error))? {
        let entry = entry.map_err(|error| Error::io("keys", error))?;
        let mode = entry.metadata().map_err(|error| Error::io("keys", error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Error::Refused(format!("others can read {}; run: chmod 600 {0}", entry.path().display())));
        }
    }
    found.push("key files: readable by their owner alone".to_owned());
    if data.join("plan").exists() {
        found.push("a tick was cut off; the next start finishes it".to_owned());
    }
    Ok(found)
}

/// Leaves word for the server that the wall clock is right as it is; a running server takes it within a second.
pub fn clock_is_right(data: &Path) -> Result<(), Error> {
    read_campaign(data)?;
    Ok(write_file(&timeline::confirm_file(data), SECRET_FILE, b"")?)
}
