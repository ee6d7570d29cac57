//! Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): the only file that names `signed_note`.

use crate::error::Error;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey, ed25519::signature};
use signed_note::{Note, Signer, Verifier, VerifierList, key_id, new_ed25519_verifier_key};
use tlog_tiles::{Checkpoint, Hash};

/// The Ed25519 key of one named signer of notes. The key erases itself on drop; there is no `Debug`.
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

impl NoteSigner {
    /// A signer from a 32-byte Ed25519 seed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Self {
        Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) }
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs a text that ends in a newline and has no control characters but newlines.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let mut note = Note::new(text, &[]).map_err(|_| Error::Malformed("note"))?;
        note.add_sigs(&[self]).map_err(|_| Error::Malformed("note"))?;
        Ok(note.to_bytes())
    }
}

impl Signer for NoteSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, &algorithm_and_key(&self.public_key()))
    }

    fn sign(&self, msg: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.key.try_sign(msg)?.to_vec())
    }
}

/// Who may have signed a note: a name and an Ed25519 key, checked strictly (no small-order keys, one encoding).
pub struct NoteVerifier {
    name: String,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// A verifier of a named key.
    pub fn new(name: &str, key: &[u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| Error::Malformed("note key"))?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// The key as C2SP writes it: `NAME+ID+KEY`, for other people's tools.
    pub fn vkey(&self) -> String {
        new_ed25519_verifier_key(&self.name, &self.key)
    }

    /// Checks a note and yields its text. Signatures by unknown keys are ignored, as signed-note demands.
    pub fn open(&self, note: &[u8]) -> Result<Vec<u8>, Error> {
        let note = Note::from_bytes(note).map_err(|_| Error::Malformed("note"))?;
        let known = VerifierList::new(vec![Box::new(Self { name: self.name.clone(), key: self.key })]);
        note.verify(&known).map_err(|_| Error::Forged("note"))?;
        Ok(note.text().to_vec())
    }
}

impl Verifier for NoteVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, &algorithm_and_key(self.key.as_bytes()))
    }

    fn verify(&self, msg: &[u8], sig: &[u8]) -> bool {
        let signature = ed25519_dalek::Signature::from_slice(sig);
        signature.is_ok_and(|signature| self.key.verify_strict(msg, &signature).is_ok())
    }
}

/// The head of a log: how many entries, and their root hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root hash.
    pub root: [u8; 32],
}

impl TreeHead {
    /// Signs a checkpoint; the signer's name is the log's.
    pub fn sign(&self, signer: &NoteSigner) -> Result<Vec<u8>, Error> {
        let checkpoint = Checkpoint::new(&signer.name, self.size, Hash(self.root), "");
        signer.sign(&checkpoint.map_err(|_| Error::Malformed("checkpoint"))?.to_bytes())
    }

    /// Opens a checkpoint of the log that the verifier names. Extension lines are refused: witnesses could not check them.
    pub fn open(checkpoint: &[u8], verifier: &NoteVerifier) -> Result<Self, Error> {
        let text = verifier.open(checkpoint).map_err(|error| match error {
            Error::Malformed(_) => Error::Malformed("checkpoint"),
            _ => Error::Forged("checkpoint"),
        })?;
        let parsed = parse_checkpoint(&text).ok_or(Error::Malformed("checkpoint"))?;
        if parsed.0 != verifier.name {
            return Err(Error::Forged("checkpoint"));
        }
        Ok(parsed.1)
    }
}

/// Exactly three lines: origin, size, root hash.
fn parse_checkpoint(text: &[u8]) -> Option<(String, TreeHead)> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
    let lines: Vec<&str> = text.split('\n').collect();
    let [origin, size, root] = lines.as_slice() else {
        return None;
    };
    let number: u64 = size.parse().ok()?;
    if number.to_string() != *size {
        return None;
    }
    Some(((*origin).to_owned(), TreeHead { size: number, root: Hash::parse_hash(root).ok()?.0 }))
}

/// The bytes that a note key id is taken over: 0x01 for Ed25519, then the key.
fn algorithm_and_key(key: &[u8; 32]) -> Vec<u8> {
    [&[1], key.as_slice()].concat()
}
