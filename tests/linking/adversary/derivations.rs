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

/// Values of the rights that are made of something known of the lefts, or the other way round.
pub(super) fn of_values(seen: &Seen, lefts: &[&Party], rights: &[&Party]) -> Vec<Evidence> {
    let (of_lefts, of_rights) = (heads(lefts), heads(rights));
    let forth = in_halves(lefts, |index, party| values_from(seen, party, &of_rights, index));
    let back = in_halves(rights, |index, party| values_from(seen, party, &of_lefts, index));
    let back = back.into_iter().map(|(right, left)| (left, right));
    forth.into_iter().chain(back).collect::<HashSet<_>>().into_iter().map(Evidence::certain).collect()
}

/// Blinding factors that are made of something known of either side.
pub(super) fn of_factors(seen: &Seen, lefts: &[&Party], rights: &[&Party]) -> Vec<Evidence> {
    let forth = in_halves(lefts, |_, party| factors_from(seen, party));
    let back = in_halves(rights, |_, party| factors_from(seen, party));
    forth.into_iter().chain(back).collect::<HashSet<_>>().into_iter().map(Evidence::certain).collect()
}

type Pair = (usize, usize);

/// On both cores.
fn in_halves(parties: &[&Party], work: impl Fn(usize, &Party) -> Vec<Pair> + Sync) -> Vec<Pair> {
    let half = parties.len() / 2;
    let run =
        |range: std::ops::Range<usize>| -> Vec<Pair> { range.flat_map(|index| work(index, parties[index])).collect() };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(half..parties.len()));
        let mut found = run(0..half);
        found.extend(other.join().unwrap());
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

fn values_from(seen: &Seen, party: &Party, heads: &HashMap<[u8; 8], usize>, index: usize) -> Vec<Pair> {
    let mut found = Vec::new();
    for value in &party.values {
        outputs(seen, value, &mut |output| {
            let mut drawn = [0; 8];
            if let Some(seed) = output.first_chunk::<32>() {
                ChaCha20Rng::from_seed(*seed).fill_bytes(&mut drawn);
            }
            let direct = output.first_chunk::<8>().and_then(|head| heads.get(head));
            found.extend(direct.into_iter().chain(heads.get(&drawn)).map(|other| (index, *other)));
        });
    }
    found
}

/// Pairs that a factor made of this party's values would link, whoever they are.
fn factors_from(seen: &Seen, party: &Party) -> Vec<Pair> {
    let mut found = Vec::new();
    let mut look = |word: u64| found.extend(seen.ratios.find(word));
    for value in &party.values {
        outputs(seen, value, &mut |output| {
            if let (Some(first), Some(last)) = (output.first_chunk(), output.last_chunk()) {
                look(u64::from_le_bytes(*first));
                look(u64::from_be_bytes(*last));
            }
            let Some(seed) = output.first_chunk::<32>() else {
                return;
            };
            let mut generator = ChaCha20Rng::from_seed(*seed);
            let mut block = [0; 256];
            // the salt's 48 bytes come first, or do not
            generator.fill_bytes(&mut block[..48]);
            look(u64::from_le_bytes(*block.first_chunk().unwrap()));
            for _ in 0..8 {
                generator.fill_bytes(&mut block);
                look(u64::from_le_bytes(*block.first_chunk().unwrap()));
                look(u64::from_be_bytes(*block.last_chunk().unwrap()));
                // as the library: a number that is not below n is drawn again
                if u64::from_le_bytes(*block.last_chunk().unwrap()) < seen.field.top {
                    break;
                }
            }
        });
    }
    found
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
