//! Backup: what a campaign cannot go on without and the public log does not have: its keys, its documents, the used invites
//! and batches. As a tar archive (POSIX 1003.1), encrypted to an age key (age-encryption.org/v1), so that the machine that
//! makes it cannot read it.
//!
//! Never in it: the pool and what a tick has planned, because pending pledges are copied nowhere (DESIGN §6), and the used
//! invites since the last tick, which lie in the order in which they came. So it can be made while the server runs: every
//! file of it is replaced whole or not at all.

use crate::error::Error;
use crate::init::read_campaign;
use crate::store::disk::{names_in, sync_dir};
use crate::store::parent;
use crate::{actions, organisers, raid, timeline};
use protocol::campaign::CampaignId;
use std::fs::File;
use std::io::{self, Write};
use std::iter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file of a backup: its path from the data directory, and its bytes.
pub(crate) type Kept = (String, Zeroizing<Vec<u8>>);

/// What a backup was made of.
pub struct Saved {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// How many files are in it.
    pub files: usize,
}

/// What is in every backup. The checkpoint says which log is too old for it.
pub(crate) const DOCUMENTS: [&str; 4] = ["genesis.json", "places.json", "map.json", CHECKPOINT];
/// The newest signed checkpoint when it was made.
pub(crate) const CHECKPOINT: &str = "log/checkpoint";
/// What is in it where it exists: the organisers' accounts, what they did, and their decision to close.
pub(crate) const DECISIONS: [&str; 3] = [organisers::FILE, actions::FILE, timeline::CLOSING];
/// The folders whose plain files are in it.
pub(crate) const FOLDERS: [&str; 2] = ["keys", "attestation"];

/// Writes a backup of a campaign into a file that does not exist yet, readable by its owner alone and encrypted to an age
/// public key (`age1…`); durable when this returns. The server may run.
pub fn backup(data: &Path, to: &Path, recipient: &str) -> Result<Saved, Error> {
    raid::refuse(data)?;
    let recipient: age::x25519::Recipient = recipient.parse().map_err(|_| {
        let remedy = "give what age-keygen prints as the public key, beginning with age1";
        Error::Refused(format!("this is not the public key of an age identity; {remedy}"))
    })?;
    let (campaign, ..) = read_campaign(data)?;
    let files = collect(data)?;
    let made = File::options().write(true).create_new(true).mode(0o600).open(to);
    let file = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::Refused(format!("{} exists already and is not overwritten; choose another name", to.display()))
        }
        _ => Error::io(to.display(), error),
    })?;
    let written = seal(file, &recipient, &files).map_err(|error| Error::io(to.display(), error));
    let written = written.and_then(|()| Ok(sync_dir(parent(to))?));
    if written.is_err() {
        let _ = std::fs::remove_file(to); // half a backup is none
    }
    written.map(|()| Saved { campaign_id: campaign.id(), files: files.len() })
}

fn collect(data: &Path) -> Result<Vec<Kept>, Error> {
    let mut names: Vec<String> = DOCUMENTS.map(str::to_owned).to_vec();
    names.extend(DECISIONS.iter().filter(|name| data.join(name).is_file()).map(|name| (*name).to_owned()));
    for folder in FOLDERS.iter().filter(|folder| data.join(folder).is_dir()) {
        let mut inside = names_in(&data.join(folder))?;
        inside.retain(|name| is_plain(name) && data.join(folder).join(name).is_file());
        inside.sort();
        names.extend(inside.iter().map(|name| format!("{folder}/{name}")));
    }
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("keys/invite") && !(has("attestation/used") && has("attestation/batches.json")) {
        let why = "the used invites or the batches are missing: the campaign is closing, or the folder is damaged";
        return Err(Error::Refused(format!("{why}; run headcount-server check")));
    }
    let read = |name: String| {
        let path: PathBuf = data.join(&name);
        let bytes = std::fs::read(&path).map_err(|error| Error::io(path.display(), error))?;
        Ok((name, Zeroizing::new(bytes)))
    };
    names.into_iter().map(read).collect()
}

/// Whether a file in one of the folders belongs to a backup: not one that is being written or destroyed.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let passing = name.starts_with(['.', '-']) || name.starts_with("removed-") || name.ends_with(".tmp");
    !passing && name.chars().all(plain)
}

/// The archive says nothing of times or owners.
fn seal(file: File, recipient: &age::x25519::Recipient, files: &[Kept]) -> io::Result<()> {
    let recipients = iter::once(recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut archive = tar::Builder::new(encryptor.wrap_output(io::BufWriter::new(file))?);
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, bytes.as_slice())?;
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.get_ref().sync_all()
}

#[cfg(test)]
pub(crate) mod tests;
