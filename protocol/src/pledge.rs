//! The Pledge, and the commitments that make a token's nonce out of it (DESIGN §2).
//!
//! The Issuer signs the nonce blind; to redeem is to open it. So a token counts for the place that its
//! owner chose before it was issued, or not at all.

use crate::codec::Reader;
use crate::error::Error;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The nonce of a Token (RFC 9577 §2.2), 32 bytes: a commitment to a place and to its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub(crate) [u8; 32]);

impl Nonce {
    /// `SHA-256("headcount/v1/nonce" || place_commitment || region_commitment)`.
    pub fn commit(place: &PlaceCommitment, region: &RegionCommitment) -> Self {
        Self(hash(&[b"headcount/v1/nonce", &place.0, &region.0]))
    }

    /// A nonce as it stands on a disk or in a foreign token.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `SHA-256("headcount/v1/place" || uint32 place || place_salt)`: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceCommitment(pub(crate) [u8; 32]);

impl PlaceCommitment {
    /// Commits to a place by its index.
    pub fn new(place: u32, salt: &[u8; 32]) -> Self {
        Self(hash(&[b"headcount/v1/place", &place.to_be_bytes(), salt]))
    }
}

/// `SHA-256("headcount/v1/region" || uint32 region || region_salt)`: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionCommitment(pub(crate) [u8; 32]);

impl RegionCommitment {
    /// Commits to a region by its index.
    pub fn new(region: u32, salt: &[u8; 32]) -> Self {
        Self(hash(&[b"headcount/v1/region", &region.to_be_bytes(), salt]))
    }
}

/// The opening of a nonce, 68 bytes on the wire (media type [`crate::media::PLEDGE`]):
///
/// ```text
/// struct { uint32 place; opaque place_salt[32]; opaque region_salt[32]; } Pledge;
/// ```
///
/// The region is not in it: it follows from the place by the campaign's list. No `Debug`: until it is published
/// a pledge is nobody's business.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pledge {
    /// Index into the campaign's places.
    pub place: u32,
    /// Closes the place in an entry at region or root level.
    pub place_salt: [u8; 32],
    /// Closes the region in an entry at place or root level.
    pub region_salt: [u8; 32],
}

impl Pledge {
    /// Bytes of an encoded Pledge.
    pub const BYTES: usize = 68;

    /// The 68 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..4].copy_from_slice(&self.place.to_be_bytes());
        out[4..36].copy_from_slice(&self.place_salt);
        out[36..].copy_from_slice(&self.region_salt);
        out
    }

    /// Reads exactly 68 bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "pledge");
        let pledge = Self { place: reader.u32()?, place_salt: reader.array()?, region_salt: reader.array()? };
        reader.finish()?;
        Ok(pledge)
    }

    /// The commitment to the place.
    pub fn place_commitment(&self) -> PlaceCommitment {
        PlaceCommitment::new(self.place, &self.place_salt)
    }

    /// The commitment to the region, which the caller takes from the campaign's list.
    pub fn region_commitment(&self, region: u32) -> RegionCommitment {
        RegionCommitment::new(region, &self.region_salt)
    }

    /// The nonce that this pledge opens, given the region of its place.
    pub fn nonce(&self, region: u32) -> Nonce {
        Nonce::commit(&self.place_commitment(), &self.region_commitment(region))
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
