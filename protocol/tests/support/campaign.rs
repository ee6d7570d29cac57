//! A small campaign: seven places in regions of three, two and two, k = 5, ten ticks of an hour.

use protocol::campaign::{Campaign, Genesis, OhttpKeys, Place, Places, Region, Text};
use protocol::keys::{IssuerPrivateKey, IssuerPublicKey};
use protocol::note::NoteSigner;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

pub(crate) const LOG_SEED: [u8; 32] = [1; 32];
pub(crate) const RECEIPT_SEED: [u8; 32] = [2; 32];
pub(crate) const ORGANISER_SEED: [u8; 32] = [3; 32];

/// The region of each place.
pub(crate) const REGION_OF: [u32; 7] = [0, 0, 0, 1, 1, 2, 2];

/// An issuer key that is the same in every run.
pub(crate) static ISSUER: LazyLock<IssuerPrivateKey> =
    LazyLock::new(|| IssuerPrivateKey::generate(&mut ChaCha20Rng::seed_from_u64(1)).unwrap());

pub(crate) fn english(line: &str) -> Text {
    Text::from([("en".to_owned(), line.to_owned())])
}

pub(crate) fn places_json() -> Vec<u8> {
    let regions = (0..3).map(|index| Region { name: english(&format!("Region {index}")) });
    let places = (0..).zip(REGION_OF).map(|(index, region)| Place {
        region,
        name: english(&format!("Place {index}")),
        lat: 50.5,
        lon: 10.25,
        population: 1000 + u64::from(region),
    });
    let places = Places { regions: regions.collect(), places: places.collect() };
    serde_json::to_vec(&places).unwrap()
}

pub(crate) fn genesis(issuer: &IssuerPublicKey) -> Genesis {
    let public = |seed| NoteSigner::new("", seed).public_key();
    Genesis {
        version: 1,
        title: english("March"),
        text: english("We walk together."),
        issuer_name: "issuer.example".to_owned(),
        origin_name: "origin.example:8443".to_owned(),
        onion: Some("headcount.onion".to_owned()),
        relays: vec!["https://relay.example/".to_owned()],
        token_key: issuer.spki().to_vec(),
        log_key: public(&LOG_SEED),
        receipt_key: public(&RECEIPT_SEED),
        organiser_key: public(&ORGANISER_SEED),
        ohttp_keys: OhttpKeys { issuer: Some("AQ==".to_owned()), origin: None },
        k: 5,
        tick_seconds: 3600,
        opens: 1_700_000_000,
        pledges_open: 1_700_003_600,
        issuing_closes: 1_700_030_000,
        closes: 1_700_039_600,
        target: 100,
        eligible: 60,
        places_sha256: Sha256::digest(places_json()).into(),
        map_sha256: Sha256::digest(b"{}").into(),
        witnesses: Vec::new(),
        quorum: 0,
        rehearsal: true,
    }
}

/// The campaign of this issuer key.
pub(crate) fn campaign(issuer: &IssuerPublicKey) -> Campaign {
    Campaign::new(&genesis(issuer).encode(), &places_json()).unwrap()
}
