//! How a row becomes a slot and back: sealed with AES-256-GCM-SIV (RFC 8452) under a key that lives as long as its file,
//! always to the same bytes, and labelled by a keyed hash of its own key, so that nobody outside chooses where it lies.
//!
//! The nonce comes from the label. Were one row ever sealed with two contents, that would still tell no more than
//! that they differ: this is what GCM-SIV is for.

use super::super::disk::{DiskFile, write_file};
use super::super::{SECRET_FILE, StoreError};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes of a slot, and of the smallest part that a disk writes whole.
pub(super) const SLOT: usize = 512;

/// `label (16) || sealed row (480) || tag (16)`; all zero if empty.
pub(super) type Slot = [u8; SLOT];

/// An empty one.
pub(super) const EMPTY: Slot = [0; SLOT];

/// Where a row belongs: its place is in the order of labels. An attacker without the key cannot aim for one.
pub(super) type Label = [u8; LABEL];

/// The label of a slot; none if it is empty.
pub(super) fn label_of(slot: &Slot) -> Option<Label> {
    let label = *slot.first_chunk()?;
    (label != [0; LABEL]).then_some(label)
}

/// What labels and seals the rows of one file. No `Debug`.
pub(super) struct Seals {
    labels: Hmac<Sha256>,
    /// "Less safe" because its user answers for the nonces: see above.
    rows: LessSafeKey,
}

impl Seals {
    /// Makes a key and writes it down.
    pub(super) fn create(path: &Path) -> Result<(), StoreError> {
        let mut key = Zeroizing::new([0; KEY]);
        rand::rng().fill_bytes(key.as_mut_slice());
        write_file(path, SECRET_FILE, key.as_slice())
    }

    /// Reads the key of a file.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let damaged = || StoreError::Corrupt(format!("{} is missing or damaged", path.display()));
        if !path.is_file() {
            return Err(damaged());
        }
        let file = DiskFile::open(path)?;
        let mut key = Zeroizing::new([0; KEY]);
        if file.len()? != KEY as u64 {
            return Err(damaged());
        }
        file.read_at(key.as_mut_slice(), 0)?;
        // a killed process may have left it in the page cache only
        file.sync()?;
        Ok(Self::from_key(&key))
    }

    /// Overwrites a key, durably; the caller deletes it.
    pub(super) fn erase(path: &Path) -> Result<(), StoreError> {
        if path.is_file() {
            let file = DiskFile::open(path)?;
            file.write_at(&[0; KEY], 0)?;
            file.sync()?;
        }
        Ok(())
    }

    fn from_key(key: &[u8; KEY]) -> Self {
        let derived = |what: &[u8]| {
            let mut derived = Zeroizing::new([0; KEY]);
            let expanded = Hkdf::<Sha256>::new(None, key).expand(what, derived.as_mut_slice());
            expanded.expect("HKDF-SHA256 gives up to 8160 bytes");
            derived
        };
        let rows = UnboundKey::new(&AES_256_GCM_SIV, derived(b"headcount slot row").as_slice());
        Self {
            labels: Hmac::new_from_slice(derived(b"headcount slot label").as_slice())
                .expect("HMAC takes a key of any length"),
            rows: LessSafeKey::new(rows.expect("its keys have 32 bytes")),
        }
    }

    /// The label of the row with this key.
    pub(super) fn label(&self, key: &[u8]) -> Label {
        let mac = self.labels.clone().chain_update(key).finalize().into_bytes();
        let mut label = [0; LABEL];
        label.copy_from_slice(&mac[..LABEL]);
        label
    }

    /// A row as a slot.
    pub(super) fn seal(&self, label: Label, row: &[u8]) -> Slot {
        let mut slot = EMPTY;
        slot[..LABEL].copy_from_slice(&label);
        let sealed = &mut slot[LABEL..SLOT - TAG];
        sealed[..row.len()].copy_from_slice(row);
        let tag = self.rows.seal_in_place_separate_tag(nonce(label), Aad::from(&label), sealed);
        slot[SLOT - TAG..].copy_from_slice(tag.expect("far below the 64 GiB that one message may have").as_ref());
        slot
    }

    /// The row of a slot, with zeros behind it, unless it is not as it was sealed.
    pub(super) fn open_slot(&self, slot: &Slot) -> Option<Zeroizing<[u8; ROW_MAX]>> {
        let label = label_of(slot)?;
        let (sealed, tag) = slot[LABEL..].split_at(ROW_MAX);
        let mut row = Zeroizing::new([0; ROW_MAX]);
        let opened = self.rows.open_separate_gather(nonce(label), Aad::from(&label), sealed, tag, row.as_mut_slice());
        opened.ok().map(|()| row)
    }
}

fn nonce(label: Label) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce.copy_from_slice(&label[..NONCE_LEN]);
    Nonce::assume_unique_for_key(nonce)
}

/// The longest row.
pub(super) const ROW_MAX: usize = SLOT - LABEL - TAG;
const LABEL: usize = 16;
const TAG: usize = 16;
const KEY: usize = 32;
