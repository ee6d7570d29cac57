//! The organisers' accounts: names, roles and digests of tokens, in one file that every request reads, so that an account
//! that is removed opens nothing from then on. A token is shown once, to whoever makes the account, and kept nowhere.

use crate::config::ORGANISERS_MAX;
use crate::error::Error;
use crate::init::read_campaign;
use crate::keyring::random_seed;
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use protocol::codec::{array_from_hex, to_base64, to_hex};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The name of the account that `init` makes, which may do everything.
pub const FIRST: &str = "first";

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
    /// Whether it has this role.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Makes an account while the server runs or not. Its token goes to `show` before the account is there: one that could
/// not be shown is worth nothing, and the account is not made.
pub fn add(data: &Path, name: &str, roles: &[Role], show: impl FnOnce(&str) -> Result<(), Error>) -> Result<(), Error> {
    read_campaign(data)?;
    let strange = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.is_empty() || name.len() > 32 || name.contains(strange) {
        let why = "the name of an organiser has 1 to 32 small Latin letters, digits and hyphens; choose another";
        return Err(Error::Refused(why.to_owned()));
    }
    let _one = alone(data)?;
    let organisers = Organisers::of(data);
    let mut records = organisers.read()?;
    if records.iter().any(|record| record.account.name == name) {
        return Err(Error::Refused(format!("there is an organiser {name}; choose another name, or remove that one")));
    }
    if records.len() >= ORGANISERS_MAX {
        return Err(Error::Refused(format!("there are {ORGANISERS_MAX} organisers; remove one first")));
    }
    let (token, digest) = new_token(&mut rand::rng());
    show(&token)?;
    records.push(Record { account: Account { name: name.to_owned(), roles: roles.to_vec() }, digest });
    organisers.write(&records)
}

/// All accounts, in the order in which they were made.
pub fn list(data: &Path) -> Result<Vec<Account>, Error> {
    Ok(Organisers::of(data).read()?.into_iter().map(|record| record.account).collect())
}

/// Removes an account while the server runs or not: its token opens nothing from the next request on.
pub fn remove(data: &Path, name: &str) -> Result<(), Error> {
    read_campaign(data)?;
    let _one = alone(data)?;
    let organisers = Organisers::of(data);
    let mut records = organisers.read()?;
    let before = records.len();
    records.retain(|record| record.account.name != name);
    if records.len() == before {
        return Err(Error::Refused("there is no organiser of that name; see them with: organiser list".to_owned()));
    }
    organisers.write(&records)
}

/// The file of the accounts.
pub(crate) struct Organisers {
    file: PathBuf,
}

impl Organisers {
    /// The accounts of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { file: data.join("organisers.json") }
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
        let account = Account { name: FIRST.to_owned(), roles: vec![Role::Invites, Role::Announces] };
        self.write(&[Record { account, digest }])?;
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

/// Whoever changes a file that others change too holds this: other threads and other programs wait.
pub(crate) fn alone(data: &Path) -> Result<File, Error> {
    let failed = |error| Error::io(data.display(), error);
    let folder = File::open(data).map_err(failed)?;
    folder.lock().map_err(failed)?;
    Ok(folder)
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
