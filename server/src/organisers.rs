//! The organisers' accounts: names, roles and digests of tokens, in one file that every request reads, so that an account
//! that is removed opens nothing from then on. A token is shown once, to whoever makes the account, and kept nowhere.

use crate::actions::{Act, Action, Actions, OPERATOR};
use crate::config::ORGANISERS_MAX;
use crate::demand_owner;
use crate::error::Error;
use crate::init::read_campaign;
use crate::keyring::random_seed;
use crate::store::SECRET_FILE;
use crate::store::disk::{Alone, write_file};
use protocol::campaign::Campaign;
use protocol::codec::{array_from_hex, to_base64, to_hex};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The file's name in the data directory.
pub(crate) const FILE: &str = "organisers.json";

/// The name of the account that `init` makes, which may do everything.
const FIRST: &str = "first";

const NAME_BYTES_MAX: usize = 32;

/// What an account may do besides reading what is published, which every account may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Makes invites.
    Invites,
    /// Announces and closes, and sees what all organisers did.
    Announces,
}

/// One organiser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the operator calls it: better a sign than somebody's name.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
}

impl Account {
    /// The one that `init` makes.
    pub(crate) fn first() -> Self {
        Self { name: FIRST.to_owned(), roles: vec![Role::Invites, Role::Announces] }
    }

    /// Whether it has this role.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Makes an account while the server runs or not. Its token goes to `show` before the account is there: one that could
/// not be shown is worth nothing, and the account is not made. `show` may take its time, and nobody waits for it.
pub fn add(data: &Path, name: &str, roles: &[Role], show: impl FnOnce(&str) -> Result<(), Error>) -> Result<(), Error> {
    let (campaign, ..) = read_campaign(data)?;
    demand_owner(data)?;
    let organisers = Organisers::of(data);
    demand_room(&organisers.read()?, name)?;
    let (token, digest) = new_token(&mut rand::rng());
    show(&token)?;
    record(data, &campaign, Act::AccountAdded { account: name.to_owned() })?;
    let _alone = Alone::with(data)?;
    let mut records = organisers.read()?;
    demand_room(&records, name)?;
    records.push(Record { account: Account { name: name.to_owned(), roles: roles.to_vec() }, digest });
    organisers.write(&records)
}

/// A name that can be given, and a place for one more.
fn demand_room(records: &[Record], name: &str) -> Result<(), Error> {
    let strange = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(strange) || name == OPERATOR {
        return Err(Error::Refused(format!(
            "an organiser's name has 1 to {NAME_BYTES_MAX} small Latin letters, digits and hyphens, and is not {OPERATOR}; \
             choose another"
        )));
    }
    if records.iter().any(|record| record.account.name == name) {
        return Err(Error::Refused(format!(
            "there is an organiser {name} already; choose another name, or remove that one first"
        )));
    }
    if records.len() >= ORGANISERS_MAX {
        return Err(Error::Refused(format!(
            "there are {ORGANISERS_MAX} organisers, and no more can be; remove one first"
        )));
    }
    Ok(())
}

/// All accounts, in the order in which they were made.
pub fn list(data: &Path) -> Result<Vec<Account>, Error> {
    Ok(Organisers::of(data).read()?.into_iter().map(|record| record.account).collect())
}

/// Removes an account while the server runs or not: its token opens nothing from the next request on. The batches that
/// it made stay as they are.
pub fn remove(data: &Path, name: &str) -> Result<(), Error> {
    let (campaign, ..) = read_campaign(data)?;
    demand_owner(data)?;
    let organisers = Organisers::of(data);
    if !organisers.read()?.iter().any(|record| record.account.name == name) {
        return Err(Error::Refused(
            "there is no organiser of that name; see all with: headcount-server organiser list".to_owned(),
        ));
    }
    record(data, &campaign, Act::AccountRemoved { account: name.to_owned() })?;
    let _alone = Alone::with(data)?;
    let mut records = organisers.read()?;
    records.retain(|record| record.account.name != name);
    organisers.write(&records)
}

/// Writes down what the operator is about to do. No server is asked, so this machine's clock says which tick it is.
fn record(data: &Path, campaign: &Campaign, did: Act) -> Result<(), Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let tick = campaign.genesis().schedule().last_ended(now) + 1;
    Actions::of(data).add(&Action { tick, organiser: OPERATOR.to_owned(), did })?;
    Ok(())
}

/// The file of the accounts.
pub(crate) struct Organisers {
    file: PathBuf,
}

impl Organisers {
    /// The accounts of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { file: data.join(FILE) }
    }

    /// [`Self::of`], for a server: a file that cannot be read is found out at the start.
    pub(crate) fn open(data: &Path) -> Result<Self, Error> {
        let organisers = Self::of(data);
        organisers.read()?;
        Ok(organisers)
    }

    /// The file of a new campaign, with one account that may do everything; yields its token.
    pub(crate) fn create(&self, rng: &mut impl CryptoRng) -> Result<Zeroizing<String>, Error> {
        let (token, digest) = new_token(rng);
        self.write(&[Record { account: Account::first(), digest }])?;
        Ok(token)
    }

    /// The account that a token opens, by the token's digest, as the file says now. Comparing digests keeps the time of the
    /// comparison from saying anything of a token. Blocking.
    pub(crate) fn find(&self, digest: &[u8; 32]) -> Result<Option<Account>, Error> {
        let found = self.read()?.into_iter().find(|record| record.digest == *digest);
        Ok(found.map(|record| record.account))
    }

    fn read(&self) -> Result<Vec<Record>, Error> {
        let bytes = std::fs::read(&self.file)
            .map_err(|error| Error::io(format!("{} (was this folder made by init?)", self.file.display()), error))?;
        let damaged = |why: String| Error::damaged(format!("{} is damaged: {why}", self.file.display()));
        let written: Vec<Written> = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let record = |Written { name, roles, token_sha256 }| {
            let digest = array_from_hex(&token_sha256, "token's digest").map_err(|error| damaged(error.to_string()))?;
            Ok::<_, Error>(Record { account: Account { name, roles }, digest })
        };
        written.into_iter().map(record).collect()
    }

    fn write(&self, records: &[Record]) -> Result<(), Error> {
        let written: Vec<Written> = records
            .iter()
            .map(|Record { account, digest }| Written {
                name: account.name.clone(),
                roles: account.roles.clone(),
                token_sha256: to_hex(digest),
            })
            .collect();
        let bytes = serde_json::to_vec_pretty(&written).map_err(|error| Error::Refused(error.to_string()))?;
        Ok(write_file(&self.file, SECRET_FILE, &bytes)?)
    }
}

/// SHA-256 of a token, all that is ever kept of one.
pub(crate) fn digest_of(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

struct Record {
    account: Account,
    digest: [u8; 32],
}

/// A record as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    roles: Vec<Role>,
    token_sha256: String,
}

fn new_token(rng: &mut impl CryptoRng) -> (Zeroizing<String>, [u8; 32]) {
    let padded = Zeroizing::new(to_base64(random_seed(rng).as_slice()));
    let token = Zeroizing::new(padded.trim_end_matches('=').to_owned());
    let digest = digest_of(&token);
    (token, digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_token_alone_and_only_the_digest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let organisers = Organisers::of(folder.path());
        let token = organisers.create(&mut rand::rng()).unwrap();
        assert_eq!(token.len(), 43, "256 bits in base64 without padding");
        assert_eq!(organisers.find(&digest_of(&token)).unwrap(), Some(Account::first()));
        for other in ["", "first", &token[1..], &token.to_lowercase(), &format!("{}=", *token)] {
            assert_eq!(organisers.find(&digest_of(other)).unwrap(), None, "{other}");
        }
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!text.contains(&token[..8]) && text.contains(&to_hex(&digest_of(&token))));
        assert_ne!(*organisers.create(&mut rand::rng()).unwrap(), *token);
    }

    #[test]
    fn a_damaged_file_opens_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let organisers = Organisers::of(folder.path());
        let token = organisers.create(&mut rand::rng()).unwrap();
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        for (from, to) in [
            ("[", ""),
            ("\"announces\"", "\"reads\""),
            ("\"announces\"", "\"Announces\""),
            ("\"name\"", "\"nome\""),
            ("\"roles\"", "\"more\": 1,\n \"roles\""),
            ("\"token_sha256\": \"", "\"token_sha256\": \"0"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text);
            std::fs::write(folder.path().join(FILE), &other).unwrap();
            assert!(
                organisers.find(&digest_of(&token)).is_err() && Organisers::open(folder.path()).is_err(),
                "{other}"
            );
        }
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        assert!(organisers.find(&digest_of(&token)).is_err());
    }
}
