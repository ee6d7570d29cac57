//! What a campaign offers by e-mail, as `init` wrote it down: the maximum, the domains, and a check value of the key. The
//! key itself and every address are never here.

use crate::error::Error;
use crate::store::SECRET_FILE;
use crate::store::disk::write_file;
use protocol::campaign::CampaignId;
use protocol::codec::to_hex;
use protocol::email::{Domains, EmailKey, EmailTerms};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The offer of a campaign that has e-mail on.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailOffer {
    /// The most tokens that invites by e-mail may earn.
    pub maximum: u64,
    /// Where mail is sent to.
    pub domains: Domains,
    key_check: String,
}

impl EmailOffer {
    /// Writes the offer of a new campaign down, durably, with the check value of its key.
    pub(crate) fn create(folder: &Path, terms: EmailTerms, key: &EmailKey, id: CampaignId) -> Result<(), Error> {
        let EmailTerms { maximum, domains } = terms;
        let offer = Self { maximum, domains, key_check: to_hex(&key.check_value(id)) };
        let bytes = serde_json::to_vec_pretty(&offer).map_err(|error| Error::Refused(error.to_string()))?;
        Ok(write_file(&file(folder), SECRET_FILE, &bytes)?)
    }

    /// Reads the offer of a folder, if the campaign makes one.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let file = file(folder);
        match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::damaged(format!("{} is damaged: {error}", file.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(file.display(), error)),
        }
    }

    /// Whether this is the key that `init` showed.
    pub(crate) fn is_of(&self, key: &EmailKey, id: CampaignId) -> bool {
        to_hex(&key.check_value(id)) == self.key_check
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("email.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_is_not_taken_and_a_damaged_offer_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(EmailOffer::open(folder.path()).ok().unwrap().is_none());
        let (key, id) = (EmailKey::from_bytes([7; 32]), CampaignId::from_bytes([9; 32]));
        let domains = Domains::try_from(vec!["*.edu".to_owned()]).unwrap();
        EmailOffer::create(folder.path(), EmailTerms { maximum: 5, domains }, &key, id).ok().unwrap();
        let offer = EmailOffer::open(folder.path()).ok().flatten().unwrap();
        assert_eq!(offer.maximum, 5);
        assert!(offer.is_of(&key, id) && !offer.is_of(&EmailKey::from_bytes([8; 32]), id));
        assert!(!offer.is_of(&key, CampaignId::from_bytes([8; 32])));
        let path = file(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        for at in 1..bytes.len() {
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert!(EmailOffer::open(folder.path()).is_err(), "cut off at {at}");
        }
    }
}
