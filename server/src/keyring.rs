//! The private keys of a campaign: one file each under `keys/`, mode 0600, erased at close as far as they endanger people.

use crate::error::Error;
use crate::store::disk::{DiskFile, create_dir, names_in, remove_file, rename, sync_dir, write_file};
use crate::store::{SECRET_DIR, SECRET_FILE, StoreError};
use protocol::campaign::Genesis;
use protocol::invite::InviteKey;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use rand::CryptoRng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const ISSUER: &str = "issuer.pkcs8";
const INVITE: &str = "invite";
const LOG: &str = "log";
const RECEIPT: &str = "receipt";
/// What is destroyed at close.
const DANGEROUS: [&str; 2] = [ISSUER, INVITE];

/// The folder of a campaign's keys.
pub(crate) struct Keyring(PathBuf);

/// A 32-byte secret that erases itself.
pub(crate) type Seed = Zeroizing<[u8; 32]>;

impl Keyring {
    /// The keys of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("keys"))
    }

    /// Makes all keys of a new campaign.
    pub(crate) fn create(
        &self,
        issuer: &IssuerPrivateKey,
        log: &Seed,
        receipt: &Seed,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        create_dir(&self.0, SECRET_DIR)?;
        write_file(&self.0.join(ISSUER), SECRET_FILE, &issuer.to_der()?)?;
        write_file(&self.0.join(LOG), SECRET_FILE, log.as_slice())?;
        write_file(&self.0.join(RECEIPT), SECRET_FILE, receipt.as_slice())?;
        Ok(write_file(&self.0.join(INVITE), SECRET_FILE, random_seed(rng).as_slice())?)
    }

    /// The Issuer's key, or `None` once it was destroyed.
    pub(crate) fn issuer(&self) -> Result<Option<IssuerPrivateKey>, Error> {
        match self.read(ISSUER)? {
            Some(der) => {
                let key = IssuerPrivateKey::from_der(&der);
                Ok(Some(key.map_err(|_| Error::damaged(format!("the key file {ISSUER} is damaged")))?))
            }
            None => Ok(None),
        }
    }

    /// Demands that the keys are those of the genesis. With others the server would sign what nobody takes, and use up
    /// invites and tokens for nothing. Yields the Issuer's key as [`Self::issuer`] does.
    pub(crate) fn check(&self, genesis: &Genesis) -> Result<Option<IssuerPrivateKey>, Error> {
        let public = |seed: &Seed| NoteSigner::new("", seed).public_key();
        if public(&self.log()?) != genesis.log_key || public(&self.receipt()?) != genesis.receipt_key {
            return Err(Error::damaged("the keys of log and receipts are not those of the genesis"));
        }
        let issuer = self.issuer()?;
        if issuer.as_ref().is_some_and(|issuer| issuer.public().spki() != genesis.token_key) {
            return Err(Error::damaged("the issuer's key is not the one of the genesis"));
        }
        Ok(issuer)
    }

    /// The key of the invite codes, or `None` once it was destroyed.
    pub(crate) fn invite(&self) -> Result<Option<InviteKey>, Error> {
        Ok(self.seed(INVITE)?.map(|seed| InviteKey::from_bytes(*seed)))
    }

    /// The key of the log.
    pub(crate) fn log(&self) -> Result<Seed, Error> {
        self.seed(LOG)?.ok_or_else(|| self.missing(LOG))
    }

    /// The key of the receipts.
    pub(crate) fn receipt(&self) -> Result<Seed, Error> {
        self.seed(RECEIPT)?.ok_or_else(|| self.missing(RECEIPT))
    }

    /// Whether a key that only endangers people is still there, whole or half-destroyed.
    pub(crate) fn holds_dangerous_keys(&self) -> bool {
        DANGEROUS.iter().any(|name| self.0.join(name).exists() || self.0.join(removed(name)).exists())
    }

    /// At close: overwrites and removes the keys that only endanger people. A key is renamed first, so that after a cut
    /// at any point no damaged file stands under its name and a repeat finishes the rest.
    pub(crate) fn destroy(&self) -> Result<(), Error> {
        for name in DANGEROUS {
            self.if_there(name, |path| rename(path, &self.0.join(removed(name))))?;
        }
        sync_dir(&self.0)?;
        for name in DANGEROUS {
            self.if_there(&removed(name), |path| {
                zero(path)?;
                remove_file(path)
            })?;
        }
        Ok(sync_dir(&self.0)?)
    }

    /// In a raid: overwrites and removes every key, whatever its name, each whatever becomes of the others.
    pub(crate) fn destroy_all(&self) -> Result<(), Error> {
        if !self.0.is_dir() {
            return Ok(());
        }
        let erase = |name: String| {
            let path = self.0.join(name);
            let erased = zero(&path);
            remove_file(&path).and(erased)
        };
        let done: Vec<Result<(), StoreError>> = names_in(&self.0)?.into_iter().map(erase).collect();
        done.into_iter().collect::<Result<(), StoreError>>()?;
        Ok(sync_dir(&self.0)?)
    }

    fn if_there(&self, name: &str, work: impl FnOnce(&Path) -> Result<(), StoreError>) -> Result<(), Error> {
        let path = self.0.join(name);
        if path.exists() { Ok(work(&path)?) } else { Ok(()) }
    }

    fn seed(&self, name: &str) -> Result<Option<Seed>, Error> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        let seed =
            bytes.as_slice().try_into().map_err(|_| Error::damaged(format!("the key file {name} is damaged")))?;
        Ok(Some(Zeroizing::new(seed)))
    }

    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("the key file {name} cannot be read"), error)),
        }
    }

    fn missing(&self, name: &str) -> Error {
        Error::damaged(format!("the key file {} is missing", self.0.join(name).display()))
    }
}

/// Whether the file at this path from the data directory is a key that the close destroys.
pub(crate) fn is_dangerous(path: &str) -> bool {
    path.strip_prefix("keys/").is_some_and(|name| DANGEROUS.contains(&name))
}

/// Overwrites a file with zeros, durably as far as the medium lets anybody.
fn zero(path: &Path) -> Result<(), StoreError> {
    let file = DiskFile::open(path)?;
    let length = usize::try_from(file.len()?).unwrap_or_default();
    file.write_at(&vec![0; length], 0)?;
    file.sync()
}

/// 32 fresh random bytes.
pub(crate) fn random_seed(rng: &mut impl CryptoRng) -> Seed {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut_slice());
    seed
}

fn removed(name: &str) -> String {
    format!("removed-{name}")
}
