//! `init`: keys, genesis, log and organiser's token of a new campaign, made whole or not at all.

use crate::actions::Actions;
use crate::email_offer::EmailOffer;
use crate::error::Error;
use crate::keyring::{Keyring, random_seed};
use crate::organisers::Organisers;
use crate::store::disk::{create_dir, read_file, remove_dir, rename, sync_dir, write_file};
use crate::store::log::LogStore;
use crate::store::{SECRET_DIR, SECRET_FILE};
use protocol::campaign::{Campaign, CampaignId};
use protocol::campaign_file::{Additions, CampaignFile};
use protocol::email::EmailKey;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

mod map_view;
mod places;
mod review;

pub use review::review;

/// A campaign that was just made.
pub struct Initialised {
    /// Its id, for posters and invite links.
    pub campaign_id: CampaignId,
    /// The bearer token of the first organiser: shown once, stored only as a digest.
    pub organiser_token: Zeroizing<String>,
    /// The key of invites by e-mail, if the campaign has them: shown once, stored nowhere.
    pub email_key: Option<Zeroizing<String>>,
}

/// A campaign file with the documents that it names.
pub struct Source {
    /// The file.
    pub file: CampaignFile,
    /// The bytes of the list of places.
    pub places: Vec<u8>,
    /// The bytes of the map, with all that it can draw.
    pub map: Vec<u8>,
}

/// Reads a campaign file, and the list of places and the map beside it.
pub fn read_source(campaign_file: &Path) -> Result<Source, Error> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| Error::io(path.display(), error));
    let text = String::from_utf8(read(campaign_file)?).map_err(|_| {
        Error::Refused(format!("{} is not a text in UTF-8; choose the right file", campaign_file.display()))
    })?;
    let file = CampaignFile::parse(&text)
        .map_err(|error| Error::Refused(format!("{} has mistakes; mend each:\n{error}", campaign_file.display())))?;
    let folder = campaign_file.parent().unwrap_or(Path::new(""));
    let beside = |key: &str, name: &str| {
        let path = folder.join(name);
        read_file(&path, DOCUMENT_BYTES_MAX)
            .map_err(|error| format!("line {}: {key}: {}: {error}", file.line(key), path.display()))
    };
    match (beside("places", &file.places), beside("map", &file.map)) {
        (Ok(places), Ok(map)) => Ok(Source { file, places, map }),
        (places, map) => Err(refused(&[places.err(), map.err()].into_iter().flatten().collect::<Vec<_>>())),
    }
}

/// A campaign file that has mistakes, or names documents that have.
fn refused(mistakes: &[String]) -> Error {
    Error::Refused(format!("the campaign has mistakes; mend each:\n{}", mistakes.join("\n")))
}

/// Bytes that a list of places or a map can have; a thousand times those of the examples.
const DOCUMENT_BYTES_MAX: u64 = 1 << 26;

/// Refuses a folder that holds something already.
pub fn refuse_occupied(data: &Path) -> Result<(), Error> {
    if std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::Refused(format!(
            "{0} is not empty; choose another folder, or start what is in it with: headcount-server serve --data {0}",
            data.display()
        )));
    }
    Ok(())
}

/// Makes a campaign in a folder that does not exist yet or is empty. A crash leaves nothing that `serve` would take.
pub fn init(source: Source, data: &Path) -> Result<Initialised, Error> {
    init_with(source, data, || Ok(IssuerPrivateKey::generate(&mut rand::rng())?))
}

/// [`init`], and tells what was made. If that fails the campaign is unmade: its token is shown only once, and nobody
/// could ever use what nobody was told.
pub fn init_told(
    source: Source,
    data: &Path,
    tell: impl FnOnce(&Initialised) -> Result<(), Error>,
) -> Result<(), Error> {
    let made = init(source, data)?;
    let Err(error) = tell(&made) else { return Ok(()) };
    let (parent, unfinished) = unfinished(data);
    rename(data, &unfinished)?; // so that a crash leaves nothing that `serve` would take
    sync_dir(&parent)?;
    remove_dir(&unfinished)?;
    Err(error)
}

/// [`init`] with another way to come by the issuer's key, which takes by far the longest to make.
pub(crate) fn init_with(
    source: Source,
    data: &Path,
    issuer: impl FnOnce() -> Result<IssuerPrivateKey, Error>,
) -> Result<Initialised, Error> {
    refuse_occupied(data)?;
    let (parent, unfinished) = unfinished(data);
    std::fs::create_dir_all(&parent).map_err(|error| Error::io(parent.display(), error))?;
    remove_dir(&unfinished)?;
    let made = make(source, &issuer()?, &unfinished)?;
    rename(&unfinished, data)?;
    sync_dir(&parent)?;
    Ok(made)
}

/// The folder in which a campaign's folder stands, and where it is while it is not whole.
pub(crate) fn unfinished(data: &Path) -> (PathBuf, PathBuf) {
    let parent = data.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = format!(".{}.unfinished", data.file_name().unwrap_or_default().to_string_lossy());
    (parent.to_owned(), parent.join(name))
}

fn make(source: Source, issuer: &IssuerPrivateKey, folder: &Path) -> Result<Initialised, Error> {
    let Source { mut file, places, map } = source;
    let map = map_view::choose(&map, &file).map_err(|mistakes| refused(&mistakes))?;
    let email = file.email.take();
    let mut rng = rand::rng();
    let (log_seed, receipt_seed) = (random_seed(&mut rng), random_seed(&mut rng));
    let public = |seed| NoteSigner::new("", seed).public_key();
    let genesis = file.genesis(Additions {
        token_key: issuer.public().spki().to_vec(),
        log_key: public(&log_seed),
        receipt_key: public(&receipt_seed),
        places_sha256: Sha256::digest(&places).into(),
        map_sha256: Sha256::digest(&map).into(),
    })?;
    let genesis = genesis.encode();
    let campaign = Campaign::new(&genesis, &places)?;

    create_dir(folder, SECRET_DIR)?;
    Keyring::of(folder).create(issuer, &log_seed, &receipt_seed, &mut rng)?;
    let organiser_token = Organisers::of(folder).create(&mut rng)?;
    Actions::of(folder).create()?;
    write_file(&folder.join("genesis.json"), SECRET_FILE, &genesis)?;
    write_file(&folder.join("places.json"), SECRET_FILE, &places)?;
    write_file(&folder.join("map.json"), SECRET_FILE, &map)?;
    LogStore::create(&folder.join("log"), &genesis, &NoteSigner::new(&campaign.log_name(), &log_seed))?;
    crate::create_stores(folder, &campaign)?;
    let email_key = email.is_some().then(|| EmailKey::from_bytes(*random_seed(&mut rng)));
    if let (Some(terms), Some(key)) = (email, &email_key) {
        EmailOffer::create(&folder.join("attestation"), terms, key, campaign.id())?;
    }
    let email_key = email_key.map(|key| key.to_text());
    Ok(Initialised { campaign_id: campaign.id(), organiser_token, email_key })
}

/// Reads the campaign of a data directory with its two documents.
pub(crate) fn read_campaign(data: &Path) -> Result<(Campaign, Vec<u8>, Vec<u8>), Error> {
    let read = |name: &str| -> Result<Vec<u8>, Error> {
        let path: PathBuf = data.join(name);
        std::fs::read(&path)
            .map_err(|error| Error::io(format!("{} (was this folder made by init?)", path.display()), error))
    };
    let damaged = |why: String| Error::damaged(format!("the campaign in {}: {why}", data.display()));
    let (genesis, places, map) = (read("genesis.json")?, read("places.json")?, read("map.json")?);
    let campaign = Campaign::new(&genesis, &places).map_err(|error| damaged(error.to_string()))?;
    if <[u8; 32]>::from(Sha256::digest(&map)) != campaign.genesis().map_sha256 {
        return Err(damaged("the map is not the one that the genesis names".to_owned()));
    }
    Ok((campaign, places, map))
}

#[cfg(test)]
mod tests;
