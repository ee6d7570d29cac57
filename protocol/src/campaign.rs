//! What everybody agrees on: the genesis (log entry 0), its hash the campaign id, and the list of places (DESIGN §3, §4).

use crate::challenge::{ChallengeDigest, TokenChallenge};
use crate::codec::{array_from_hex, in_words, object, to_hex, unique_map};
use crate::error::Error;
use crate::keys::IssuerPublicKey;
use crate::publication::Tree;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

mod genesis;

pub use genesis::{Genesis, OhttpKeys, Text};
pub(crate) use genesis::{TIME_MAX, base_url, is_host, is_line, is_tag};

/// RFC 6962 leaf hash of log entry 0: it names the campaign everywhere. 32 bytes, shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CampaignId([u8; 32]);

impl CampaignId {
    /// The id of a genesis: SHA-256 over a zero byte and the document.
    pub fn of(genesis: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(genesis).finalize().into())
    }

    /// An id from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(hex: &str) -> Result<Self, Error> {
        Ok(Self(array_from_hex(hex, "campaign id")?))
    }

    /// The 32 bytes, as hashed, MACed and signed.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The list of places, `/places.json`. A place's or a region's number is its index.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Regions by index.
    #[serde(deserialize_with = "object::deserialize_list")]
    pub regions: Vec<Region>,
    /// Places by index.
    #[serde(deserialize_with = "object::deserialize_list")]
    pub places: Vec<Place>,
}

/// A region: the level between a place and the whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its name per language.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub name: Text,
}

/// A place that a participant can choose.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Index of its region.
    pub region: u32,
    /// Its name per language.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub name: Text,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// For sorting only, never shown.
    pub population: u64,
}

impl Places {
    /// Reads a list and checks its indexes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let object::Object(places): object::Object<Self> = serde_json::from_slice(bytes)
            .map_err(|e| Error::Campaign(format!("the list of places cannot be read: {}", in_words(&e))))?;
        if !(1..=PLACES_MAX).contains(&places.places.len()) || !(1..=REGIONS_MAX).contains(&places.regions.len()) {
            let limits = format!("1 to {PLACES_MAX} places in 1 to {REGIONS_MAX} regions");
            return Err(Error::Campaign(format!("the list of places must have {limits}")));
        }
        for (index, place) in places.places.iter().enumerate() {
            if place.region as usize >= places.regions.len() {
                return Err(Error::Campaign(format!(
                    "place {index} lies in region {}, which does not exist",
                    place.region
                )));
            }
        }
        Ok(places)
    }

    /// The region of a place, or `None` if there is no such place.
    pub fn region_of(&self, place: u32) -> Option<u32> {
        self.places.get(place as usize).map(|place| place.region)
    }

    /// How many places each region has, by region index.
    pub fn region_sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.regions.len()];
        for place in &self.places {
            sizes[place.region as usize] += 1;
        }
        sizes
    }
}

/// A campaign that was read whole: genesis, id, key and places fit each other. Having one is the proof.
#[derive(Clone)]
pub struct Campaign {
    id: CampaignId,
    genesis: Genesis,
    genesis_bytes: Vec<u8>,
    token_key: IssuerPublicKey,
    challenge: TokenChallenge,
    challenge_digest: ChallengeDigest,
    places: Places,
}

impl Campaign {
    /// Reads a genesis and its list of places, and checks key, digest and indexes.
    pub fn new(genesis_bytes: &[u8], places_bytes: &[u8]) -> Result<Self, Error> {
        let genesis = Genesis::decode(genesis_bytes)?;
        if <[u8; 32]>::from(Sha256::digest(places_bytes)) != genesis.places_sha256 {
            return Err(Error::Campaign("the list of places is not the one that the genesis names".to_owned()));
        }
        let id = CampaignId::of(genesis_bytes);
        let token_key = IssuerPublicKey::from_spki(&genesis.token_key)?;
        let challenge = TokenChallenge::new(&genesis.issuer_name, id, &genesis.origin_name, genesis.onion.as_deref());
        let challenge_digest = challenge.digest()?;
        let places = Places::decode(places_bytes)?;
        Ok(Self { id, genesis, genesis_bytes: genesis_bytes.to_vec(), token_key, challenge, challenge_digest, places })
    }

    /// The campaign id.
    pub fn id(&self) -> CampaignId {
        self.id
    }

    /// The genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The genesis as log entry 0 has it.
    pub fn genesis_bytes(&self) -> &[u8] {
        &self.genesis_bytes
    }

    /// The Issuer's key, checked.
    pub fn token_key(&self) -> &IssuerPublicKey {
        &self.token_key
    }

    /// The challenge of every token of this campaign.
    pub fn challenge(&self) -> &TokenChallenge {
        &self.challenge
    }

    /// Its digest.
    pub fn challenge_digest(&self) -> ChallengeDigest {
        self.challenge_digest
    }

    /// The places.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The places as the rule of publication sees them.
    pub fn tree(&self) -> Tree {
        let region_of = self.places.places.iter().map(|place| place.region).collect();
        Tree::new(region_of, u32::try_from(self.places.regions.len()).expect("a list has at most 1,000 regions"))
    }

    /// Origin line of the checkpoints, and name of the log's note key: `ORIGIN_NAME/CAMPAIGN_ID`.
    pub fn log_name(&self) -> String {
        format!("{}/{}", self.genesis.origin_name, self.id)
    }

    /// Name of the organiser's note key: `ORIGIN_NAME/CAMPAIGN_ID/organiser`.
    pub fn organiser_name(&self) -> String {
        format!("{}/organiser", self.log_name())
    }
}

const PLACES_MAX: usize = 20_000;
const REGIONS_MAX: usize = 1000;
