//! What the tests of the stores share: real tokens, copies of directories, and a measure of order on disk.

use protocol::campaign::{Campaign, Genesis, OhttpKeys, Place, Places, Region, Text};
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use protocol::pledge::Pledge;
use protocol::token::{Token, VerifiedToken};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

static ISSUER: LazyLock<IssuerPrivateKey> =
    LazyLock::new(|| IssuerPrivateKey::generate(&mut StdRng::seed_from_u64(1)).unwrap());

static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| Campaign::new(&genesis(), &places()).unwrap());

/// Tokens made so far, with what opens them; making one takes some milliseconds.
static TOKENS: Mutex<Vec<(Token, Pledge)>> = Mutex::new(Vec::new());

/// The same `count` different tokens at each call.
pub(super) fn tokens(count: usize) -> Vec<VerifiedToken> {
    let mut tokens = TOKENS.lock().unwrap();
    if tokens.len() < count {
        let missing: Vec<usize> = (tokens.len()..count).collect();
        let made = std::thread::scope(|scope| {
            let halves: Vec<_> = missing.chunks(missing.len().div_ceil(2)).collect();
            let threads: Vec<_> = halves
                .into_iter()
                .map(|half| scope.spawn(|| half.iter().map(|number| token(*number)).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        tokens.extend(made);
    }
    let verified = |(token, pledge): &(Token, Pledge)| {
        let opened = token.clone().open(pledge.clone(), &CAMPAIGN).unwrap();
        opened.verify(CAMPAIGN.token_key()).unwrap()
    };
    tokens[..count].iter().map(verified).collect()
}

fn token(number: usize) -> (Token, Pledge) {
    let pledge = Pledge {
        place: u32::try_from(number % 3).unwrap(),
        place_salt: sha256("place", number),
        region_salt: sha256("region", number),
    };
    let mut rng = StdRng::from_seed(sha256("blind", number));
    let nonce = pledge.nonce(0);
    let (request, pending) =
        TokenRequest::new(&mut rng, CAMPAIGN.token_key(), CAMPAIGN.challenge_digest(), nonce).unwrap();
    let response = ISSUER.issue(&mut rng, &request).unwrap();
    (pending.finalize(&response).unwrap(), pledge)
}

/// 32 bytes that look random and are the same in every run.
pub(super) fn sha256(what: &str, number: usize) -> [u8; 32] {
    Sha256::digest(format!("{what} {number}")).into()
}

/// Copies a directory: what kill -9 leaves at this moment.
pub(super) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The names in a directory, sorted.
pub(super) fn names(dir: &Path) -> Vec<String> {
    let mut names = super::disk::names_in(dir).unwrap();
    names.sort();
    names
}

/// Whether any file below a directory holds these bytes, or the first sixteen of them.
pub(super) fn found_in(dir: &Path, bytes: &[u8]) -> bool {
    let sought = &bytes[..bytes.len().min(16)];
    files(dir).iter().any(|file| fs::read(file).unwrap().windows(sought.len()).any(|window| window == sought))
}

/// The strongest rank correlation, in any file below a directory, between the order in which `keys` are given and the
/// order in which they lie there, by their first and by their last occurrence; 0 if no file has a hundred of them.
/// Looks for an inner part of the keys, `SOUGHT` bytes from `inner` on, because sled strips what keys have in common.
pub(super) fn order_on_disk(dir: &Path, keys: &[&[u8]], inner: usize) -> f64 {
    const SOUGHT: usize = 5;
    let arrival: HashMap<&[u8], usize> =
        keys.iter().enumerate().map(|(index, key)| (&key[inner..inner + SOUGHT], index)).collect();
    let mut strongest = 0f64;
    for file in files(dir) {
        // a growing pool is renamed meanwhile
        let Ok(bytes) = fs::read(file) else { continue };
        let (mut first, mut last) = (HashMap::new(), HashMap::new());
        for (offset, window) in bytes.windows(SOUGHT).enumerate() {
            if let Some(index) = arrival.get(window) {
                first.entry(*index).or_insert(offset);
                last.insert(*index, offset);
            }
        }
        if first.len() >= 100 {
            strongest = strongest.max(spearman(&first).abs()).max(spearman(&last).abs());
        }
    }
    strongest
}

fn spearman(offset_of: &HashMap<usize, usize>) -> f64 {
    spearman_of(&offset_of.iter().map(|(index, offset)| (*index, *offset)).collect())
}

/// The rank correlation between the keys, as numbered by arrival, and their offsets.
pub(super) fn spearman_of(offset_of: &BTreeMap<usize, usize>) -> f64 {
    let rank = |mut order: Vec<(usize, usize)>| -> HashMap<usize, f64> {
        order.sort_unstable();
        (0u32..).zip(order).map(|(rank, (_, index))| (index, f64::from(rank))).collect()
    };
    let by_offset = rank(offset_of.iter().map(|(index, offset)| (*offset, *index)).collect());
    let by_arrival = rank(offset_of.keys().map(|index| (*index, *index)).collect());
    let squares: f64 = by_arrival.iter().map(|(index, rank)| (rank - by_offset[index]).powi(2)).sum();
    let n = f64::from(u32::try_from(offset_of.len()).unwrap());
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn english(line: &str) -> Text {
    Text::from([("en".to_owned(), line.to_owned())])
}

fn places() -> Vec<u8> {
    let region = Region { name: english("Region") };
    let place = Place { region: 0, name: english("Place"), lat: 50.5, lon: 10.25, population: 1000 };
    let places = Places { regions: vec![region], places: vec![place; 3] };
    serde_json::to_vec(&places).unwrap()
}

fn genesis() -> Vec<u8> {
    let public = |seed| NoteSigner::new("", &[seed; 32]).public_key();
    let genesis = Genesis {
        version: 1,
        title: english("March"),
        text: english("We walk together."),
        issuer_name: "issuer.example".to_owned(),
        origin_name: "origin.example".to_owned(),
        onion: None,
        relays: Vec::new(),
        token_key: ISSUER.public().spki().to_vec(),
        log_key: public(1),
        receipt_key: public(2),
        organiser_key: public(3),
        ohttp_keys: OhttpKeys::default(),
        k: 5,
        tick_seconds: 3600,
        opens: 1_700_000_000,
        pledges_open: 1_700_003_600,
        issuing_closes: 1_700_030_000,
        closes: 1_700_039_600,
        target: 100,
        eligible: 60,
        places_sha256: Sha256::digest(places()).into(),
        map_sha256: Sha256::digest(b"{}").into(),
        witnesses: Vec::new(),
        quorum: 0,
        rehearsal: true,
    };
    genesis.encode()
}
