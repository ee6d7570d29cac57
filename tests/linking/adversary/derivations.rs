//! Guessing how a value was made. From everything known on one side (and the server's secrets, the campaign id, places,
//! labels of the protocol, small counters) come hashes, MACs and derived keys; each is looked for among the values of
//! the other side, as it is and as the seed of the generator that draws salts and blinding factors.

use super::{Evidence, Party, Seen};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::collections::{HashMap, HashSet};

/// What was found: pairs of which one has a value, or the factor between them, made of what the other shows.
pub(super) struct Derived {
    /// By an equal value.
    pub values: Vec<Evidence>,
    /// By an equal blinding factor.
    pub factors: Vec<Evidence>,
}

/// Tries it from both sides. Only where the lefts are invites are there factors between the two.
pub(super) fn derived(seen: &Seen, lefts: &[&Party], rights: &[&Party], factors: bool) -> Derived {
    let (of_lefts, of_rights) = (heads(lefts), heads(rights));
    let mut found = in_halves(lefts, |index, party, found| look_up(seen, (index, party), &of_rights, factors, found));
    let back = in_halves(rights, |index, party, found| look_up(seen, (index, party), &of_lefts, factors, found));
    found.values.extend(back.values.into_iter().map(|(right, left)| (left, right)));
    found.factors.extend(back.factors);
    let evidence = |pairs: HashSet<Pair>| pairs.into_iter().map(Evidence::certain).collect();
    Derived { values: evidence(found.values), factors: evidence(found.factors) }
}

type Pair = (usize, usize);

#[derive(Default)]
struct Found {
    values: HashSet<Pair>,
    factors: HashSet<Pair>,
}

/// On both cores.
fn in_halves(parties: &[&Party], work: impl Fn(usize, &Party, &mut Found) + Sync) -> Found {
    let half = parties.len() / 2;
    let run = |range: std::ops::Range<usize>| {
        let mut found = Found::default();
        range.for_each(|index| work(index, parties[index], &mut found));
        found
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(half..parties.len()));
        let mut found = run(0..half);
        let other = other.join().unwrap();
        found.values.extend(other.values);
        found.factors.extend(other.factors);
        found
    })
}

/// The first eight bytes of every value, with whose it is.
fn heads(parties: &[&Party]) -> HashMap<[u8; 8], usize> {
    let all =
        parties.iter().enumerate().flat_map(|(index, party)| party.values.iter().map(move |value| (index, value)));
    let mut heads = HashMap::new();
    let mut ambiguous = Vec::new();
    for (index, value) in all {
        let head: [u8; 8] = *value.first_chunk().unwrap();
        if heads.insert(head, index).is_some_and(|before| before != index) {
            ambiguous.push(head);
        }
    }
    heads.retain(|head, _| !ambiguous.contains(head));
    heads
}

/// Looks for everything made of one party's values: among the others' values, and among the factors of all pairs.
fn look_up(
    seen: &Seen,
    (index, party): (usize, &Party),
    others: &HashMap<[u8; 8], usize>,
    factors: bool,
    found: &mut Found,
) {
    for value in &party.values {
        outputs(seen, value, &mut |output| {
            let (Some(first), Some(last)) = (output.first_chunk::<8>(), output.last_chunk::<8>()) else {
                return;
            };
            found.values.extend(others.get(first).map(|other| (index, *other)));
            let found_factors = &mut found.factors;
            let mut look = |word: u64| found_factors.extend(seen.ratios.find(word));
            if factors {
                look(u64::from_le_bytes(*first));
                look(u64::from_be_bytes(*last));
            }
            let Some(seed) = output.first_chunk::<32>() else {
                return;
            };
            let mut generator = ChaCha20Rng::from_seed(*seed);
            let mut salt = [0; 48];
            generator.fill_bytes(&mut salt);
            let first = salt.first_chunk().unwrap();
            found.values.extend(others.get(first).map(|other| (index, *other)));
            if factors {
                look(u64::from_le_bytes(*first)); // a client that draws no salt first
                draw_factors(seen, &mut generator, &mut look);
            }
        });
    }
}

/// As the library draws: a number that is not below n is drawn again.
fn draw_factors(seen: &Seen, generator: &mut ChaCha20Rng, look: &mut impl FnMut(u64)) {
    let mut block = [0; 256];
    for _ in 0..8 {
        generator.fill_bytes(&mut block);
        let [first, last] = [*block.first_chunk().unwrap(), *block.last_chunk().unwrap()];
        look(u64::from_le_bytes(first));
        look(u64::from_be_bytes(last));
        if u64::from_le_bytes(last) < seen.field.top {
            break;
        }
    }
}

/// Everything that might be made of a value.
fn outputs(seen: &Seen, value: &[u8], sink: &mut impl FnMut(&[u8])) {
    sink(value);
    sink(&Sha256::digest(value));
    sink(&Sha384::digest(value));
    sink(&Sha512::digest(value));
    let id = seen.id.as_bytes().as_slice();
    let labels = LABELS.iter().flat_map(|label| [label.as_bytes().to_vec(), [PREFIX, label.as_bytes()].concat()]);
    let counters = (0..4u32).flat_map(|counter| [counter.to_be_bytes().to_vec(), vec![counter.to_be_bytes()[3]]]);
    for with in labels.chain(counters).chain([id.to_vec()]).chain(seen.secrets.iter().cloned()) {
        sink(&Sha256::new().chain_update(&with).chain_update(value).finalize());
        sink(&Sha256::new().chain_update(value).chain_update(&with).finalize());
        sink(&mac(value, &with));
        sink(&mac(&with, value));
    }
    let key = Hkdf::<Sha256>::new(None, value);
    let mut okm = [0; 48]; // its first 32 bytes are what is had when fewer are asked for
    for label in LABELS {
        let places = if DERIVED.contains(&label) { seen.places } else { 0 };
        let place = (0..places).map(|place| [id, &place.to_be_bytes()].concat());
        for context in [Vec::new(), id.to_vec()].into_iter().chain(place) {
            key.expand_multi_info(&[PREFIX, label.as_bytes(), &context], &mut okm).unwrap();
            sink(&okm);
        }
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

const PREFIX: &[u8] = b"headcount/v1/";
const DERIVED: [&str; 3] = ["place-salt", "region-salt", "blind"];
const LABELS: [&str; 8] = ["place-salt", "region-salt", "blind", "nonce", "salt", "place", "region", "token"];
