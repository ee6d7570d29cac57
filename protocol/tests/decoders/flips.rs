//! Every flipped bit of a binary message is refused, or makes another message that is written back as it was read: no two
//! byte strings are one message. And what no encoder wrote is read without a panic.

use super::{ISSUER, request, support, token};
use proptest::prelude::*;
use protocol::challenge::TokenChallenge;
use protocol::entry::Entry;
use protocol::error::Error;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::keys::{IssuerPrivateKey, IssuerPublicKey};
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use protocol::pledge::{Nonce, Pledge};
use protocol::publication::Area;
use protocol::receipt::verify_receipt;
use protocol::tile::{TileName, TileTree, leaf_hash, put_bundled, read_bundle};
use protocol::token::Token;
use std::collections::HashMap;

type Echo = fn(&[u8]) -> Option<Vec<u8>>;

/// What a bundle of three entries is written back as.
fn bundle_echo(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut back = Vec::new();
    read_bundle(bytes, 3).ok()?.iter().for_each(|entry| put_bundled(&mut back, entry).unwrap());
    Some(back)
}

/// A whole message of each kind, with its echo.
fn messages() -> Vec<(&'static str, Vec<u8>, Echo)> {
    let mut bundle = Vec::new();
    [&b"one"[..], b"", &[7; 300]].iter().for_each(|entry| put_bundled(&mut bundle, entry).unwrap());
    let challenge = support::campaign(ISSUER.public()).challenge().encode().unwrap();
    let group = Entry::Group { tick: 3, area: Area::region(1), size: 7 };
    let entry: Echo = |b| Entry::decode(b).ok().map(|m| m.encode());
    vec![
        ("Token", token().encode().to_vec(), |b| Token::decode(b).ok().map(|m| m.encode().to_vec())),
        ("TokenRequest", request().0.encode().to_vec(), |b| TokenRequest::decode(b).ok().map(|m| m.encode().to_vec())),
        ("TokenResponse", vec![9; 256], |b| TokenResponse::decode(b).ok().map(|m| m.encode().to_vec())),
        ("Pledge", vec![10; 68], |b| Pledge::decode(b).ok().map(|m| m.encode().to_vec())),
        ("TokenChallenge", challenge, |b| TokenChallenge::decode(b).ok().map(|m| m.encode().unwrap())),
        ("Entry group", group.encode(), entry),
        ("Entry pledge", [&[2u8, 2, 0, 0, 0, 6][..], &[7; 320]].concat(), entry),
        ("Entry close", Entry::Close { tick: 4 }.encode(), entry),
        ("Entry page", Entry::Page { manifest_sha256: [8; 32] }.encode(), entry),
        ("Entry announcement", [&[3u8][..], b"note"].concat(), entry),
        ("bundle", bundle, bundle_echo),
        ("public key", ISSUER.public().spki().to_vec(), |b| {
            IssuerPublicKey::from_spki(b).ok().map(|key| key.spki().to_vec())
        }),
    ]
}

#[test]
fn every_flipped_bit_is_refused_or_another_message() {
    for (name, bytes, echo) in messages() {
        assert_eq!(echo(&bytes), Some(bytes.clone()), "{name}");
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            if let Some(back) = echo(&other) {
                assert_eq!(back, other, "{name}, bit {bit}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_receipt_is_a_forgery() {
    let key = ed25519(&support::RECEIPT_SEED);
    let (id, nonce) = (support::campaign(ISSUER.public()).id(), Nonce::from_bytes([5; 32]));
    let receipt = key.sign(id, &nonce);
    let verify = |receipt: &[u8]| verify_receipt(&key.public, id, &nonce, receipt);
    assert_eq!(verify(&receipt), Ok(()));
    for bit in 0..512 {
        let mut other = receipt;
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&other), Err(Error::Forged("receipt")), "bit {bit}");
    }
    assert!((0..64).all(|end| verify(&receipt[..end]).is_err()) && verify(&[&receipt[..], &[0]].concat()).is_err());
}

struct ReceiptKey {
    key: ed25519_dalek::SigningKey,
    public: [u8; 32],
}

fn ed25519(seed: &[u8; 32]) -> ReceiptKey {
    let key = ed25519_dalek::SigningKey::from_bytes(seed);
    ReceiptKey { public: key.verifying_key().to_bytes(), key }
}

impl ReceiptKey {
    fn sign(&self, id: protocol::campaign::CampaignId, nonce: &Nonce) -> [u8; 64] {
        protocol::receipt::sign_receipt(&self.key, id, nonce)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Also where the numbers that are damaged could be computed again from the others.
    #[test]
    fn a_damaged_private_key_is_refused(
        at: prop::sample::Index, bit in 0u8..8, cut: prop::sample::Index, more in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let der = ISSUER.to_der().unwrap();
        let mut flipped = der.to_vec();
        flipped[at.index(der.len())] ^= 1 << bit;
        prop_assert!(IssuerPrivateKey::from_der(&flipped).is_err(), "byte {}", at.index(der.len()));
        prop_assert!(IssuerPrivateKey::from_der(&der[..cut.index(der.len())]).is_err());
        prop_assert!(IssuerPrivateKey::from_der(&[der.as_slice(), &more].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_a_reader_of_keys_receipts_or_notes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(IssuerPublicKey::from_spki(&bytes).is_err());
        prop_assert!(IssuerPrivateKey::from_der(&bytes).is_err());
        let campaign = support::campaign(ISSUER.public());
        let key = bytes.first_chunk::<32>().copied().unwrap_or_default();
        prop_assert!(verify_receipt(&key, campaign.id(), &Nonce::from_bytes(key), &bytes).is_err());
        if let Ok(verifier) = NoteVerifier::new("log.example", &key) {
            prop_assert!(verifier.open(&bytes).is_err() && TreeHead::open(&bytes, &verifier).is_err());
        }
    }

    /// A tree is restored from its own tiles and no others; what a disk gives instead is refused, or has another root.
    #[test]
    fn a_tree_is_restored_from_its_own_tiles_alone(size in 1u64..700, at: prop::sample::Index, bit in 0u8..8, cut in 1usize..40) {
        let (mut tree, mut files) = (TileTree::new(), HashMap::new());
        for n in 0..size {
            tree.push(leaf_hash(&n.to_be_bytes()));
        }
        tree.partial_tiles().into_iter().for_each(|tile| drop(files.insert(tile.name.path(), tile.bytes)));
        let restore = |files: &HashMap<String, Vec<u8>>| {
            TileTree::restore(size, |name: TileName| files.get(&name.path()).cloned().ok_or(Error::Malformed("tile")))
        };
        prop_assert_eq!(restore(&files).map(|tree| tree.head()), Ok(tree.head()));
        let names: Vec<String> = files.keys().cloned().collect();
        if names.is_empty() {
            return Ok(()); // all its tiles are full: nothing is read
        }
        let name = &names[at.index(names.len())];
        let mut altered = files.clone();
        let bytes = altered.get_mut(name).unwrap();
        let byte = at.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        prop_assert_ne!(restore(&altered).map(|tree| tree.head()), Ok(tree.head()));
        let bytes = altered.get_mut(name).unwrap();
        bytes.truncate(bytes.len().saturating_sub(cut));
        prop_assert!(restore(&altered).is_err());
        altered.get_mut(name).unwrap().extend(vec![0; cut + 32]);
        prop_assert!(restore(&altered).is_err() || cut == 32);
        altered.remove(name);
        prop_assert!(restore(&altered).is_err());
    }

    /// Whatever name and text: signed by one key, read with it, and with no other and under no other name.
    #[test]
    fn a_note_is_opened_by_its_own_key_and_name_alone(
        lines in "(\\PC{0,20}\n){1,4}", name in "[a-z]{1,9}\\.example(/[0-9a-f]{4})?", seed: [u8; 32], other: [u8; 32],
    ) {
        let (signer, stranger) = (NoteSigner::new(&name, &seed), NoteSigner::new(&name, &other));
        let Ok(note) = signer.sign(lines.as_bytes()) else { return Ok(()) };
        let open = |name: &str, key: [u8; 32]| NoteVerifier::new(name, &key).and_then(|verifier| verifier.open(&note));
        prop_assert_eq!(open(&name, signer.public_key()), Ok(lines.into_bytes()));
        prop_assert!(seed == other || open(&name, stranger.public_key()).is_err());
        let longer = format!("{name}x");
        prop_assert!(open(&longer, signer.public_key()).is_err());
    }
}
