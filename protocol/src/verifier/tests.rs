//! Both verifiers on the same signatures: good ones, damaged ones, and encodings that somebody with the key made to be
//! nearly right. The raw private operation signs any encoding.

use crate::blind_rsa::{PrivateKey, RSA_BYTES};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha384};
use std::sync::LazyLock;

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(&mut ChaCha20Rng::seed_from_u64(9474)).unwrap());

/// What both say of a signature.
fn verdict(input: &[u8], signature: &[u8; RSA_BYTES]) -> bool {
    let fast = KEY.public().verify(input, signature).is_ok();
    let reference = KEY.public().verify_by_reference(input, signature).is_ok();
    assert_eq!(fast, reference, "the verifiers differ on {input:02x?}, {signature:02x?}");
    fast
}

/// How an encoding may differ from the one that is right.
struct Encoding {
    salt: usize,
    trailer: u8,
    separator: u8,
    padding: u8,
    top_bit: bool,
}

const RIGHT: Encoding = Encoding { salt: 48, trailer: 0xbc, separator: 1, padding: 0, top_bit: false };

/// EMSA-PSS-ENCODE (RFC 8017 §9.1.1) with SHA-384, with these differences.
fn encode(input: &[u8], rng: &mut impl Rng, how: &Encoding) -> [u8; RSA_BYTES] {
    let mut salt = vec![0; how.salt];
    rng.fill_bytes(&mut salt);
    let hash = Sha384::new_with_prefix([0; 8]).chain_update(Sha384::digest(input)).chain_update(&salt).finalize();
    let mut block = vec![how.padding; RSA_BYTES - hash.len() - 2 - salt.len()];
    block.push(how.separator);
    block.extend_from_slice(&salt);
    for (counter, part) in (0u32..).zip(block.chunks_mut(48)) {
        let mask = Sha384::new_with_prefix(hash).chain_update(counter.to_be_bytes()).finalize();
        part.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
    block[0] = if how.top_bit { block[0] | 0x80 } else { block[0] & 0x7f };
    block.extend_from_slice(&hash);
    block.push(how.trailer);
    block.try_into().unwrap()
}

/// The raw private operation; none if the number is not below the modulus.
fn sign(encoded: &[u8; RSA_BYTES]) -> Option<[u8; RSA_BYTES]> {
    KEY.blind_sign(&mut ChaCha20Rng::seed_from_u64(1), encoded).ok()
}

#[test]
fn both_verifiers_accept_good_signatures_and_no_damaged_ones() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for number in 0..40u8 {
        let input = [number; 98];
        let signature = sign(&encode(&input, &mut rng, &RIGHT)).unwrap();
        assert!(verdict(&input, &signature));
        assert!(!verdict(&[number ^ 1; 98], &signature) && !verdict(&input[..97], &signature));
        let bits = if number == 0 { 0..RSA_BYTES * 8 } else { 0..8 };
        for bit in bits {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!verdict(&input, &flipped), "bit {bit}");
        }
    }
}

#[test]
fn both_verifiers_refuse_encodings_that_are_nearly_right() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let input = [7; 98];
    let mut signed = 0;
    let salts = [0, 1, 20, 32, 47, 49, 64, 100, 206].map(|salt| Encoding { salt, ..RIGHT });
    let trailers = [0, 0xbb, 0xcc, 0xff].map(|trailer| Encoding { trailer, ..RIGHT });
    let separators = [0, 2, 0x81].map(|separator| Encoding { separator, ..RIGHT });
    let others = [Encoding { padding: 1, ..RIGHT }, Encoding { padding: 0xff, ..RIGHT }];
    for how in salts.iter().chain(&trailers).chain(&separators).chain(&others) {
        signed += 1;
        let signature = sign(&encode(&input, &mut rng, how)).unwrap();
        assert!(!verdict(&input, &signature), "salt {}, trailer {}", how.salt, how.trailer);
    }
    for _ in 0..8 {
        // above half of the modulus's range an encoding may be too large to be signed
        let Some(signature) = sign(&encode(&input, &mut rng, &Encoding { top_bit: true, ..RIGHT })) else { continue };
        signed += 1;
        assert!(!verdict(&input, &signature), "the highest bit");
    }
    assert!(signed > 18, "only {signed}");
}

#[test]
fn both_verifiers_refuse_numbers_at_the_edges_and_beyond_the_modulus() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let n = *KEY.public().modulus();
    let plus = |number: &[u8; RSA_BYTES], small: i16| -> Option<[u8; RSA_BYTES]> {
        let (mut sum, mut carry) = (*number, small);
        for byte in sum.iter_mut().rev() {
            let next = i16::from(*byte) + carry;
            (*byte, carry) = (u8::try_from(next.rem_euclid(256)).unwrap(), next.div_euclid(256));
        }
        (carry == 0).then_some(sum)
    };
    let zero = [0; RSA_BYTES];
    for edge in [Some(zero), plus(&zero, 1), plus(&n, -1), Some(n), plus(&n, 1), Some([0xff; RSA_BYTES])] {
        assert!(!verdict(&[1; 98], &edge.unwrap()));
    }
    // a good signature with the modulus added says the same to arithmetic, and must not to a verifier
    let mut added = 0;
    for number in 0..60u8 {
        let input = [number; 98];
        let signature = sign(&encode(&input, &mut rng, &RIGHT)).unwrap();
        let (mut sum, mut carry) = (signature, 0u16);
        for (byte, more) in sum.iter_mut().zip(&n).rev() {
            let next = u16::from(*byte) + u16::from(*more) + carry;
            (*byte, carry) = (next.to_be_bytes()[1], next >> 8);
        }
        if carry == 0 {
            added += 1;
            assert!(!verdict(&input, &sum), "the modulus added");
        }
    }
    assert!(added > 0);
}
