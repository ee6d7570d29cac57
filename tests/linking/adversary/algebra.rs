//! The algebra of blinding. An invite's blind signature s and a pledge's signature σ belong together if and only if the
//! client used the factor s/σ. A good client makes every such factor equally likely, so that all pairs look alike; a
//! bad one repeats a factor, makes it small or regular, or lets two requests cancel it.

use super::{CERTAIN, Evidence, Issued, Redeemed, Seen};
use blind_rsa_signatures::reexports::crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use blind_rsa_signatures::reexports::crypto_bigint::{Odd, U2048};
use protocol::keys::IssuerPublicKey;
use sha2::{Digest, Sha384};
use std::collections::HashMap;

/// Arithmetic modulo an issuer's n.
pub(crate) struct Field {
    params: FixedMontyParams<LIMBS>,
    /// The most significant word of n.
    pub top: u64,
}

type Number = FixedMontyForm<LIMBS>;
const LIMBS: usize = U2048::LIMBS;

impl Field {
    /// The field of an issuer's key, whose encoding ends in n and the exponent.
    pub(crate) fn of(key: &IssuerPublicKey) -> Self {
        let spki = key.spki();
        let n = U2048::from_be_slice(&spki[spki.len() - 5 - 256..spki.len() - 5]);
        let params = FixedMontyParams::new_vartime(Odd::new(n).unwrap());
        Self { params, top: n.as_words()[LIMBS - 1] }
    }

    fn number(&self, bytes: &[u8]) -> Number {
        Number::new(&U2048::from_be_slice(bytes), &self.params)
    }

    /// A number whose product with one of [`Self::number`] comes out of Montgomery form by the multiplication itself.
    fn plain(&self, bytes: &[u8]) -> Number {
        Number::from_montgomery(U2048::from_be_slice(bytes), &self.params)
    }

    fn inverse(&self, bytes: &[u8]) -> Number {
        self.number(bytes).invert_vartime().unwrap()
    }

    /// a^65537: sixteen squares and one product.
    pub(crate) fn to_the_e(&self, bytes: &[u8]) -> Vec<u8> {
        let a = self.number(bytes);
        let power = (0..16).fold(a, |power, _| power.square());
        bytes_of(&(power * a).retrieve())
    }
}

fn bytes_of(number: &U2048) -> Vec<u8> {
    number.as_words().iter().rev().flat_map(|word| word.to_be_bytes()).collect()
}

/// Salt and hash of an EMSA-PSS encoding (SHA-384, salt of 48 bytes, 2047 bits), if it is one.
pub(crate) fn encoding_parts(em: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (masked, rest) = em.split_at(256 - 49);
    let (hash, trailer) = rest.split_at(48);
    if trailer != [0xbc] || masked[0] >= 0x80 {
        return None;
    }
    let block = |counter: u32| Sha384::new().chain_update(hash).chain_update(counter.to_be_bytes()).finalize();
    let mask = (0u32..).flat_map(block);
    let mut db: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    db[0] &= 0x7f;
    let (padding, salt) = db.split_at(db.len() - 48);
    let (one, zeros) = padding.split_last()?;
    (*one == 1 && zeros.iter().all(|byte| *byte == 0)).then(|| (salt.to_vec(), hash.to_vec()))
}

/// For every invite and every pledge the factor that would link them: by its lowest word, and what is odd about it.
pub(crate) struct Ratios {
    rights: usize,
    /// Lowest word of s/σ, and the pair; sorted.
    words: Vec<(u64, u32)>,
    /// Pairs whose factor, or its inverse, is not what chance makes.
    odd: Vec<u32>,
    /// Which leading bits occur among the words: most look-ups end here.
    filter: Vec<u64>,
}

impl Ratios {
    /// All pairs of the first request of an invite with a pledge.
    pub(crate) fn of(field: &Field, issued: &[Issued], redeemed: &[Redeemed]) -> Self {
        let inverses: Vec<Number> = redeemed.iter().map(|pledge| field.inverse(&pledge.authenticator)).collect();
        let plain: Vec<Number> = redeemed.iter().map(|pledge| field.plain(&pledge.authenticator)).collect();
        let rights = redeemed.len();
        let row = |left: usize| {
            let (s, inverse) = (field.plain(&issued[left].signatures[0]), field.inverse(&issued[left].signatures[0]));
            let (mut words, mut odd) = (Vec::with_capacity(rights), Vec::new());
            for right in 0..rights {
                let pair = u32::try_from(left * rights + right).unwrap();
                let (factor, back) = (s * inverses[right], inverse * plain[right]);
                let (factor, back) = (factor.as_montgomery().as_words(), back.as_montgomery().as_words());
                words.push((factor[0], pair));
                if is_structured(factor) || is_structured(back) {
                    odd.push(pair);
                }
            }
            (words, odd)
        };
        let half = issued.len() / 2;
        let rows = |range: std::ops::Range<usize>| range.map(row).collect::<Vec<_>>();
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| rows(half..issued.len()));
            (rows(0..half), other.join().unwrap())
        });
        let (mut words, mut odd) = (Vec::new(), Vec::new());
        for (row, found) in first.into_iter().chain(second) {
            words.extend(row);
            odd.extend(found);
        }
        words.sort_unstable();
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for (word, _) in &words {
            let bit = word >> (64 - FILTER_BITS);
            filter[usize::try_from(bit >> 6).unwrap()] |= 1 << (bit & 63);
        }
        Self { rights, words, odd, filter }
    }

    /// The pairs that a factor with this lowest word would link.
    pub(crate) fn find(&self, word: u64) -> impl Iterator<Item = (usize, usize)> {
        let bit = word >> (64 - FILTER_BITS);
        let may = self.filter[usize::try_from(bit >> 6).unwrap()] >> (bit & 63) & 1 == 1;
        let from = if may { self.words.partition_point(|(other, _)| *other < word) } else { self.words.len() };
        let run = self.words[from..].iter().take_while(move |(other, _)| *other == word);
        run.map(|(_, pair)| self.pair(*pair))
    }

    fn pair(&self, pair: u32) -> (usize, usize) {
        (pair as usize / self.rights, pair as usize % self.rights)
    }

    /// Pairs whose factor links other pairs too.
    pub(crate) fn repeats(&self) -> Vec<Evidence> {
        let runs = self.words.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1);
        let pairs = runs.flat_map(|run| run.iter().map(move |(_, pair)| (self.pair(*pair), run.len())));
        let evidence = |((left, right), times)| Evidence { left, right, weight: CERTAIN + times as f64 };
        pairs.map(evidence).collect()
    }

    /// Pairs whose factor is too regular to be chance.
    pub(crate) fn structured(&self) -> Vec<Evidence> {
        self.odd.iter().map(|pair| Evidence::certain(self.pair(*pair))).collect()
    }

    /// Pairs whose factor links a pair of another campaign too.
    pub(crate) fn shared(&self, other: &Self) -> Vec<Evidence> {
        self.common(other).map(|(ours, _)| Evidence::certain(ours)).collect()
    }

    /// The pledges of two campaigns that one factor links to some invite in each.
    pub(crate) fn shared_rights(&self, other: &Self) -> Vec<Evidence> {
        self.common(other).map(|(ours, theirs)| Evidence::certain((ours.1, theirs.1))).collect()
    }

    fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = ((usize, usize), (usize, usize))> + 'a {
        let all = self.words.iter();
        all.flat_map(move |(word, pair)| other.find(*word).map(move |theirs| (self.pair(*pair), theirs)))
    }
}

const FILTER_BITS: u32 = 28;

/// Whether 2,048 bits are small, a small multiple of a power of two, repetitive or lopsided: never by chance.
fn is_structured(words: &[u64; LIMBS]) -> bool {
    let ones: u32 = words.iter().map(|word| word.count_ones()).sum();
    let repeats = |step: usize| words.iter().zip(&words[step..]).any(|(a, b)| a == b);
    words.iter().any(|word| *word == 0 || *word == u64::MAX)
        || !(824..=1224).contains(&ones) // 8.8 standard deviations
        || [1, 2, 4, 8, 16].into_iter().any(repeats)
}

/// Two requests of one invite: if they share a factor and one became this pledge, then what the other asked for comes
/// out as a well-formed encoding, whatever its place, salts and nonce.
pub(crate) fn cancellation(seen: &Seen) -> Vec<Evidence> {
    let field = &seen.field;
    let encodings: Vec<Number> = seen.redeemed.iter().map(|pledge| field.plain(&pledge.encoding)).collect();
    let mut found: HashMap<(usize, usize), Evidence> = HashMap::new();
    for (left, issued) in seen.issued.iter().enumerate().filter(|(_, issued)| issued.blinded.len() > 1) {
        for (one, other) in ordered_pairs(&issued.blinded) {
            let quotient = field.inverse(one) * field.number(other);
            for (right, encoding) in encodings.iter().enumerate() {
                let product = quotient * *encoding;
                let em = product.as_montgomery();
                if em.as_words()[0] & 0xff == 0xbc && encoding_parts(&bytes_of(em)).is_some() {
                    found.insert((left, right), Evidence::certain((left, right)));
                }
            }
        }
    }
    found.into_values().collect()
}

fn ordered_pairs(requests: &[Vec<u8>]) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
    let all = requests.iter().flat_map(move |one| requests.iter().map(move |other| (one, other)));
    all.filter(|(one, other)| one != other)
}
