//! Restore: a campaign goes on after its folder was lost, from a backup and the public log.
//!
//! The log is the newest that anybody has: whatever it has published counts, and a token that is spent in it stays spent.
//! It is read as an auditor reads it, with every signature, and must go on where the backup's own checkpoint ended. What
//! neither knows is gone: the pledges that were pending, which their owners can make again with the same phrase, and which
//! invites were used since the backup. So no token is issued, until the operator says that it may be.

use crate::backup::{CHECKPOINT, DECISIONS, DOCUMENTS, FOLDERS, Kept, is_plain};
use crate::batches::Batches;
use crate::error::Error;
use crate::init::{read_campaign, refuse_occupied, unfinished};
use crate::keyring::{Keyring, is_dangerous};
use crate::store::disk::{create_dir, remove_dir, rename, sync_dir, write_file};
use crate::store::log::{LogReader, LogStore};
use crate::store::{SECRET_DIR, SECRET_FILE};
use crate::{actions, bundle, timeline};
use protocol::campaign::{Campaign, CampaignId};
use protocol::note::{NoteVerifier, TreeHead};
use protocol::page_manifest::MANIFEST;
use protocol::recount::{Recount, Seen, Summary};
use protocol::tile::{TileTree, leaf_hash};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a campaign is restored from.
pub struct Sources<'a> {
    /// The file that `backup` wrote.
    pub backup: &'a Path,
    /// The age identity that it was encrypted to.
    pub identity: &'a Path,
    /// A folder with the newest public log in its `log/`: a static site, a mirror, or what an audit kept.
    pub public: &'a Path,
}

/// What was restored.
pub struct Restored {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The log that it goes on from.
    pub head: TreeHead,
    /// How many entries the log had when the backup was made.
    pub backup_size: u64,
    /// Published pledges.
    pub pledges: u64,
    /// Whether the campaign has closed: then nothing private was restored that the close destroys.
    pub closed: bool,
    /// Whether the registration page came with the log.
    pub page: bool,
}

/// Restores a campaign into a folder that does not exist yet or is empty, whole or not at all. Unless `issue_again`, it
/// issues no token: nobody knows which invites were used since the backup, and they could be used a second time.
pub fn restore(sources: &Sources<'_>, data: &Path, issue_again: bool) -> Result<Restored, Error> {
    refuse_occupied(data)?;
    let kept = open(sources.backup, sources.identity)?;
    let (above, unfinished) = unfinished(data);
    std::fs::create_dir_all(&above).map_err(|error| Error::io(above.display(), error))?;
    remove_dir(&unfinished)?;
    let restored = rebuild(&kept, sources.public, &unfinished, issue_again);
    match restored {
        Ok(restored) => {
            rename(&unfinished, data)?;
            sync_dir(&above)?;
            Ok(restored)
        }
        Err(error) => {
            remove_dir(&unfinished)?; // it holds keys
            Err(error)
        }
    }
}

fn rebuild(kept: &[Kept], public: &Path, folder: &Path, issue_again: bool) -> Result<Restored, Error> {
    create_dir(folder, SECRET_DIR)?;
    for (name, bytes) in kept.iter().filter(|(name, _)| DOCUMENTS.contains(&name.as_str()) && name != CHECKPOINT) {
        write_file(&folder.join(name), SECRET_FILE, bytes)?;
    }
    let (campaign, ..) = read_campaign(folder)?;
    let campaign = Arc::new(campaign);
    let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key)?;
    let checkpoint = kept.iter().find(|(name, _)| name == CHECKPOINT).map(|(_, bytes)| bytes);
    let checkpoint = checkpoint.ok_or_else(|| incomplete(CHECKPOINT))?;
    let backed_up = TreeHead::open(checkpoint, &verifier)?;
    let log = LogStore::open(&public.join("log"), &verifier).map_err(|error| {
        let remedy = "give a folder with the newest public log in log/, such as one that headcount audit --keep made";
        Error::Refused(format!("the public log cannot be taken: {error}; {remedy}"))
    })?;
    let summary = verify(&campaign, log.reader(), backed_up)?;
    let closed = summary.closed_at.is_some();
    write_private(kept, folder, closed)?;
    log.reader().copy_to(&folder.join("log"))?;
    LogStore::open(&folder.join("log"), &verifier)?;
    let page = keep_page(public, folder, &campaign, &summary);

    let keys = Keyring::of(folder);
    let issuer_key = keys.check(campaign.genesis())?;
    if !closed {
        create_dir(&folder.join("redemption"), SECRET_DIR)?;
        drop(crate::open_stores(folder, &campaign, &keys, issuer_key)?);
        Batches::renumber(&folder.join("attestation"), &mut rand::rng())?;
        if !issue_again {
            timeline::stop_issuing(folder)?;
        }
    }
    sync_dir(folder)?;
    let (head, pledges) = (log.reader().head(), summary.sums.total());
    Ok(Restored { campaign_id: campaign.id(), head, backup_size: backed_up.size, pledges, closed, page })
}

/// Keys, used invites and decisions; after the close not what the close has destroyed.
fn write_private(kept: &[Kept], folder: &Path, closed: bool) -> Result<(), Error> {
    let private = |name: &str| FOLDERS.iter().any(|folder| name.starts_with(&format!("{folder}/")));
    let destroyed =
        |name: &str| closed && (name.starts_with("attestation/") || name == actions::FILE || is_dangerous(name));
    for inside in FOLDERS.iter().filter(|inside| !destroyed(&format!("{inside}/"))) {
        create_dir(&folder.join(inside), SECRET_DIR)?;
    }
    for (name, bytes) in kept {
        if (private(name) || DECISIONS.contains(&name.as_str())) && !destroyed(name) {
            write_file(&folder.join(name), SECRET_FILE, bytes)?;
        }
    }
    match closed || kept.iter().any(|(name, _)| name == "attestation/used") {
        true => Ok(()),
        false => Err(incomplete("attestation/used")), // an empty one would make every invite good again
    }
}

/// Reads a log as an auditor does: every rule, hash, tile and signature, no pledge twice. It must have the entries of the
/// backup's checkpoint at its beginning.
fn verify(campaign: &Campaign, log: &LogReader, backed_up: TreeHead) -> Result<Summary, Error> {
    let head = log.head();
    if head.size < backed_up.size {
        return Err(Error::Refused(format!(
            "this log has {} entries and is older than the backup, which was made at {}; look for a newer copy of the log",
            head.size, backed_up.size
        )));
    }
    let refused =
        |why: &str| Error::Refused(format!("this log is not the campaign's: {why}; look for another copy of it"));
    let (mut recount, mut tree, mut nonces) = (Recount::new(campaign), TileTree::new(), HashSet::new());
    log.entries(0, head.size, |index, entry| {
        for tile in tree.push(leaf_hash(entry)) {
            if log.tile(tile.name)?.as_ref() != Some(&tile.bytes) {
                return Err(refused(&format!("its {} is not what its entries give", tile.name.path())));
            }
        }
        if tree.size() == backed_up.size && tree.head() != backed_up {
            return Err(refused(
                "it has other entries than the log had when the backup was made, so there are two histories",
            ));
        }
        if let Seen::Pledge { nonce, token, .. } = recount.entry(entry)? {
            let right = token.verify_signature(campaign.token_key()).is_ok() && nonces.insert(nonce);
            return if right { Ok(()) } else { Err(refused(&format!("entry {index} is no pledge, or one twice"))) };
        }
        Ok::<(), Error>(())
    })?;
    if tree.head() != head {
        return Err(refused("its entries are not those of its checkpoint"));
    }
    Ok(recount.finish()?)
}

/// The registration page that lies beside the log, if it is the one that the log names; another can be given to `serve`.
fn keep_page(public: &Path, folder: &Path, campaign: &Campaign, summary: &Summary) -> bool {
    let beside = public.join("join");
    let named = bundle::read_given(&beside).is_ok_and(|found| summary.manifest_sha256 == Some(found.manifest_sha256()));
    beside.join(MANIFEST).is_file() && named && bundle::take_in(folder, Some(&beside), campaign.genesis()).is_ok()
}

/// Decrypts a backup; takes exactly the files that one can have.
pub(crate) fn open(backup: &Path, identity: &Path) -> Result<Vec<Kept>, Error> {
    let file = |path: &Path| File::open(path).map_err(|error| Error::io(path.display(), error));
    let unusable = |why: &str| {
        let remedy = "give the file that age-keygen wrote, without a passphrase";
        Error::Refused(format!("{} {why}; {remedy}", identity.display()))
    };
    let identities = age::IdentityFile::from_buffer(BufReader::new(file(identity)?))
        .and_then(|file| file.into_identities().map_err(std::io::Error::other))
        .map_err(|_| unusable("holds no age identity"))?;
    let refused = |why: String| Error::Refused(format!("{} {why}; look for another backup", backup.display()));
    let decryptor = age::Decryptor::new(BufReader::new(file(backup)?))
        .map_err(|_| refused("is no file that age encrypted".to_owned()))?;
    let plain = decryptor.decrypt(identities.iter().map(|identity| identity.as_ref() as &dyn age::Identity)).map_err(
        |error| match error {
            age::DecryptError::NoMatchingKeys => unusable("is not the identity that the backup was encrypted to"),
            _ => refused("cannot be decrypted".to_owned()),
        },
    )?;
    let mut archive = tar::Archive::new(plain);
    let damaged = |_| refused("is cut off or damaged".to_owned());
    let mut kept: Vec<Kept> = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path().ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_default();
        if !belongs(&name) || entry.size() > FILE_BYTES_MAX || kept.iter().any(|(known, _)| *known == name) {
            return Err(refused("holds what no backup of a campaign holds".to_owned()));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(entry.size()).unwrap_or_default()));
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        kept.push((name, bytes));
    }
    // behind the archive's end nothing but its own padding, and the end that age has sealed
    let mut rest = Vec::new();
    archive.into_inner().take(TAR_END_BYTES_MAX).read_to_end(&mut rest).map_err(damaged)?;
    match DOCUMENTS.iter().find(|name| !kept.iter().any(|(known, _)| known == **name)) {
        Some(missing) => Err(incomplete(missing)),
        None => Ok(kept),
    }
}

fn belongs(name: &str) -> bool {
    let inside = |(folder, file): (&str, &str)| FOLDERS.contains(&folder) && is_plain(file);
    DOCUMENTS.contains(&name) || DECISIONS.contains(&name) || name.split_once('/').is_some_and(inside)
}

fn incomplete(what: &str) -> Error {
    Error::Refused(format!("the backup holds no {what}; look for another backup"))
}

/// More than the used invites of twenty million people.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Two empty blocks, and what fills up a record.
const TAR_END_BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests;
