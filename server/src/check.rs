//! `check`: whether a data directory is whole, and the operator's word on the clock. It changes nothing else.

use crate::error::Error;
use crate::init::read_campaign;
use crate::keyring::Keyring;
use crate::store::log::LogStore;
use crate::store::{SECRET_FILE, write_file};
use crate::{read_log, timeline};
use protocol::note::{NoteSigner, NoteVerifier};
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
    let public = |seed: &[u8; 32]| NoteSigner::new("", seed).public_key();
    if public(&*keys.log()?) != genesis.log_key || public(&*keys.receipt()?) != genesis.receipt_key {
        return Err(Error::Refused("the keys of log and receipts are not those of the genesis".to_owned()));
    }
    let (issuer, invite) = (keys.issuer()?, keys.invite()?);
    if summary.closed_at.is_some() {
        let left = ["attestation", "redemption", "plan"].into_iter().find(|name| data.join(name).exists());
        if let Some(left) = left
            .or(issuer.is_some().then_some("the issuer's key"))
            .or(invite.is_some().then_some("the key of the invites"))
        {
            return Err(Error::Refused(format!(
                "the campaign has closed but {left} is still there; start the server once to destroy it"
            )));
        }
        found.push("closed: pool, used invites and the keys that endanger people are destroyed".to_owned());
    } else {
        let issuer = issuer.ok_or_else(|| Error::Refused("the issuer's key is missing".to_owned()))?;
        if issuer.public().spki() != genesis.token_key || invite.is_none() {
            return Err(Error::Refused("the keys of tokens and invites are not those of the campaign".to_owned()));
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
