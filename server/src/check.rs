//! `check`: whether a data directory is whole, and the operator's word on the clock. It changes nothing else.

use crate::actions::{self, Actions};
use crate::error::Error;
use crate::init::read_campaign;
use crate::keyring::Keyring;
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use crate::store::log::LogStore;
use crate::whole_log::read_log;
use crate::{bundle, organisers, timeline};
use protocol::campaign::Campaign;
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
    let issuer_key = keys.check(genesis)?;
    if summary.closed_at.is_some() {
        let dangerous = ["attestation", "redemption", "spent", "plan", actions::FILE];
        let left = dangerous.into_iter().find(|name| data.join(name).exists());
        if let Some(left) = left.or(keys.holds_dangerous_keys().then_some("a key that endangers people")) {
            let why = format!("the campaign has closed but {left} is still there; start the server once to destroy it");
            return Err(Error::Refused(why));
        }
        found.push(
            "closed: pool, used invites, the log of actions and the keys that endanger people are destroyed".to_owned(),
        );
    } else {
        if issuer_key.is_none() || keys.invite()?.is_none() {
            return Err(Error::damaged("a key is missing although the campaign has not closed"));
        }
        if let Some(folder) = ["attestation", "redemption"].into_iter().find(|folder| !data.join(folder).is_dir()) {
            return Err(Error::damaged(format!("the folder {folder} is missing although the campaign has not closed")));
        }
        if Actions::of(data).list()?.is_none() {
            return Err(Error::damaged("the log of actions is missing although the campaign has not closed"));
        }
        found.push("keys: those of the genesis".to_owned());
    }
    found.push(format!("organisers: {}", organisers::list(data)?.len()));
    let keys = std::fs::read_dir(data.join("keys")).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let keys = keys.map_err(|error| Error::io("keys", error))?.into_iter().map(|entry| entry.path());
    let others = [organisers::FILE, actions::FILE].map(|name| data.join(name)).into_iter().filter(|file| file.exists());
    for file in keys.chain(others) {
        let metadata = std::fs::metadata(&file).map_err(|error| Error::io(file.display(), error))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Error::Refused(format!("others can read {}; run: chmod 600 {0}", file.display())));
        }
    }
    found.push("keys and the organisers' files: readable by their owner alone".to_owned());
    found.extend(page(data, &campaign, summary.manifest_sha256)?);
    if data.join("plan").exists() {
        found.push("a tick was cut off; the next start finishes it".to_owned());
    }
    Ok(found)
}

/// The registration page beside what the log says of it.
fn page(data: &Path, campaign: &Campaign, logged: Option<[u8; 32]>) -> Result<Option<String>, Error> {
    let Some(bundle) = bundle::look(data)? else {
        if bundle::was_cut_off(data) {
            return Ok(Some("page: it was being replaced; the next start finishes that".to_owned()));
        }
        return match logged {
            Some(_) => {
                Err(Error::Refused("the log names a page, and it is not here; give it again with --page".to_owned()))
            }
            None => Ok(None),
        };
    };
    bundle.demand_compiler(campaign.genesis())?;
    let (files, compiler) = (bundle.manifest().files().len(), bundle.manifest().compiler());
    let standing = match logged == Some(bundle.manifest_sha256()) {
        true => "the one that the log names",
        false => "which the next start enters in the log",
    };
    Ok(Some(format!("page: {files} files, built with {compiler}, {standing}")))
}

/// Leaves word for the server that the wall clock is right as it is; a running server takes it within a second.
pub fn clock_is_right(data: &Path) -> Result<(), Error> {
    read_campaign(data)?;
    Ok(write_file(&timeline::confirm_file(data), SECRET_FILE, b"")?)
}
