//! The checks of the issuer's key before anything is blinded (DESIGN §2, U2).

use super::{ISSUER, maimed};
use data_encoding::HEXLOWER;
use protocol::error::Error;
use protocol::issuance::TokenRequest;
use protocol::keys::{IssuerPrivateKey, IssuerPublicKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// AlgorithmIdentifier: RSASSA-PSS with SHA-384, MGF1 with SHA-384, salt of 48 bytes (RFC 9578 §6.5).
const PSS: &str = "303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b0609608648016503040202a203020130";
/// AlgorithmIdentifier: rsaEncryption.
const PLAIN: &str = "300d06092a864886f70d0101010500";

/// DER of a value with its tag and the shortest length.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
    let length = match length {
        0..=127 => vec![low],
        128..=255 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), content].concat()
}

/// DER of a positive number.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let sign = if bytes[0] >= 0x80 { &[0][..] } else { &[] };
    tlv(2, &[sign, bytes].concat())
}

fn spki_of(algorithm: &str, numbers: &[Vec<u8>]) -> Vec<u8> {
    let key = [&[0], tlv(0x30, &numbers.concat()).as_slice()].concat();
    let algorithm = HEXLOWER.decode(algorithm.as_bytes()).unwrap();
    tlv(0x30, &[algorithm, tlv(3, &key)].concat())
}

fn spki(n: &[u8], e: &[u8]) -> Vec<u8> {
    spki_of(PSS, &[integer(n), integer(e)])
}

const E: [u8; 3] = [1, 0, 1];

/// The modulus of a good key.
fn modulus() -> [u8; 256] {
    let spki = ISSUER.public().spki();
    spki[spki.len() - 261..spki.len() - 5].try_into().unwrap()
}

fn refusal(spki: &[u8]) -> Error {
    IssuerPublicKey::from_spki(spki).expect_err("a bad key")
}

#[test]
fn the_handmade_encoding_of_a_good_key_is_the_canonical_one() {
    assert_eq!(spki(&modulus(), &E), ISSUER.public().spki());
    let read = IssuerPublicKey::from_spki(&spki(&modulus(), &E)).unwrap();
    assert_eq!(read.spki(), ISSUER.public().spki());
    assert_eq!(read.token_key_id(), ISSUER.public().token_key_id());
}

#[test]
fn u2_a_key_with_another_exponent_is_refused() {
    assert_eq!(refusal(&spki(&modulus(), &[3])), Error::BadKey("the exponent is not 65537"));
    for e in [&[1][..], &[2], &[5], &[17], &[1, 0, 0], &[1, 0, 3], &[1, 0, 0, 0, 1]] {
        assert!(IssuerPublicKey::from_spki(&spki(&modulus(), e)).is_err(), "e = {e:?}");
    }
}

#[test]
fn u2_a_key_that_is_not_of_2048_bits_is_refused() {
    let short = Error::BadKey("the modulus is not 2048 bits long");
    let mut of_2047 = modulus();
    of_2047[0] = 0x7f;
    assert_eq!(refusal(&spki(&of_2047, &E)), short);
    assert_eq!(refusal(&spki(&[&[1], &modulus()[..]].concat(), &E)), short, "2049 bits");
    assert_eq!(refusal(&spki(&[modulus(), modulus()].concat(), &E)), short, "4096 bits");
    assert_eq!(refusal(&spki(&[&modulus()[..], &modulus()[128..]].concat(), &E)), short, "3072 bits");
    assert!(IssuerPublicKey::from_spki(&spki(&modulus()[..255], &E)).is_err(), "2040 bits");
    assert!(IssuerPublicKey::from_spki(&spki(&modulus()[..128], &E)).is_err(), "1024 bits");
    assert!(IssuerPublicKey::from_spki(&spki(&[5], &E)).is_err(), "3 bits");
}

#[test]
fn u2_a_key_with_an_even_modulus_is_refused() {
    let mut even = modulus();
    even[255] &= 0xfe;
    assert!(IssuerPublicKey::from_spki(&spki(&even, &E)).is_err());
}

/// The number next below `n` that `p` divides, made odd by one more step.
fn divisible(n: [u8; 256], p: u32) -> [u8; 256] {
    let rest = n.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % p);
    let lowered = subtract(n, rest);
    if lowered[255] & 1 == 1 { lowered } else { subtract(lowered, p) }
}

fn subtract(mut n: [u8; 256], amount: u32) -> [u8; 256] {
    let mut borrowed = i64::from(amount);
    for byte in n.iter_mut().rev() {
        let difference = i64::from(*byte) - borrowed;
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
        borrowed = -difference.div_euclid(256);
    }
    n
}

#[test]
fn u2_a_key_with_a_small_factor_is_refused_up_to_the_last_prime_below_two_to_the_sixteen() {
    for p in [3, 5, 7, 251, 257, 40_961, 65_519, 65_521] {
        let n = divisible(modulus(), p);
        assert_eq!(refusal(&spki(&n, &E)), Error::BadKey("the modulus has a small factor"), "{p}");
    }
}

#[test]
fn u2_a_key_under_another_identifier_or_in_another_encoding_is_refused() {
    let (n, e) = (integer(&modulus()), integer(&E));
    let refused = |what: &str, spki: Vec<u8>| assert!(IssuerPublicKey::from_spki(&spki).is_err(), "{what}");
    refused("rsaEncryption", spki_of(PLAIN, &[n.clone(), e.clone()]));
    refused("PSS without parameters", spki_of("300b06092a864886f70d01010a", &[n.clone(), e.clone()]));
    refused("salt of 32 bytes", spki_of(&PSS.replace("020130", "020120"), &[n.clone(), e.clone()]));
    refused("SHA-256", spki_of(&PSS.replace("03040202", "03040201"), &[n.clone(), e.clone()]));
    refused("a third number", spki_of(PSS, &[n.clone(), e.clone(), e.clone()]));
    refused("e before n", spki_of(PSS, &[e.clone(), n.clone()]));
    refused("a negative n", spki_of(PSS, &[tlv(2, &modulus()), e.clone()]));
    refused("n with a zero too many", spki_of(PSS, &[tlv(2, &[&[0, 0], &modulus()[..]].concat()), e.clone()]));
    refused("e with a zero too many", spki_of(PSS, &[n.clone(), tlv(2, &[0, 1, 0, 1])]));
    refused("PKCS#1", tlv(0x30, &[n.clone(), e.clone()].concat()));
    let mut long_form = spki_of(PSS, &[n, e]);
    let body = long_form.split_off(4);
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    refused("a length in three bytes", [&[0x30, 0x83, 0, high, low], body.as_slice()].concat());
    refused("an indefinite length", [&[0x30, 0x80], body.as_slice(), &[0, 0]].concat());
}

#[test]
fn u2_a_key_truncated_or_longer_or_altered_outside_its_modulus_is_refused() {
    let good = ISSUER.public().spki();
    for bad in maimed(good) {
        assert!(IssuerPublicKey::from_spki(&bad).is_err(), "{} bytes", bad.len());
    }
    let outside = (0..good.len() - 261).chain(good.len() - 5..good.len());
    for (index, bit) in outside.flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut altered = good.to_vec();
        altered[index] ^= 1 << bit;
        assert!(IssuerPublicKey::from_spki(&altered).is_err(), "bit {bit} of byte {index}");
    }
}

#[test]
fn a_private_key_reads_back_and_answers_only_requests_for_itself() {
    let der = ISSUER.to_der().unwrap();
    let read = IssuerPrivateKey::from_der(&der).unwrap();
    assert_eq!(read.public().spki(), ISSUER.public().spki());
    assert_eq!(*read.to_der().unwrap(), *der);
    for cut in [0, 1, 100, der.len() - 1] {
        assert!(IssuerPrivateKey::from_der(&der[..cut]).is_err(), "{cut} bytes");
    }
    let (request, pending) = super::request();
    let rng = |seed| ChaCha20Rng::seed_from_u64(seed);
    let response = read.issue(&mut rng(1), &request).unwrap();
    assert_eq!(
        response.encode(),
        ISSUER.issue(&mut rng(2), &request).unwrap().encode(),
        "whatever the generator gives"
    );
    assert!(pending.finalize(&response).is_ok());
    let mut other = request.encode();
    other[2] ^= 1;
    let other = TokenRequest::decode(&other).unwrap();
    assert_eq!(read.issue(&mut rng(1), &other).err(), Some(Error::Malformed("token request")));
}

#[test]
fn u2_an_answer_that_is_not_a_signature_of_the_request_gives_no_token() {
    for byte in [0, 128, 255] {
        let (request, pending) = super::request();
        let response = ISSUER.issue(&mut ChaCha20Rng::seed_from_u64(1), &request).unwrap();
        let mut altered = *response.encode();
        altered[byte] ^= 1;
        let altered = protocol::issuance::TokenResponse::decode(&altered).unwrap();
        assert_eq!(pending.finalize(&altered).err(), Some(Error::Forged("token")), "byte {byte}");
    }
    let pending = super::request().1;
    let zero = protocol::issuance::TokenResponse::decode(&[0; 256]).unwrap();
    assert_eq!(pending.finalize(&zero).err(), Some(Error::Forged("token")));
}
