//! Entries of the log (DESIGN §4): what is published, byte for byte.

use crate::campaign::Campaign;
use crate::codec::Reader;
use crate::error::Error;
use crate::pledge::{Nonce, PlaceCommitment, Pledge, RegionCommitment};
use crate::publication::{Area, Level};
use crate::token::{Authenticator, Token};

/// The largest entry, in bytes: what the length prefix of an entry bundle can say.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// An entry behind the genesis. Its first byte is its type.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly all entries are pledges: a box for each costs more than it saves")]
pub enum Entry {
    /// Type 1, 14 bytes: `uint32 tick; uint8 level; uint32 area; uint32 size`; exactly `size` pledges follow.
    Group {
        /// The tick that published it, 1 or more.
        tick: u32,
        /// What it is of.
        area: Area,
        /// How many pledges follow.
        size: u32,
    },
    /// Type 2, 326 bytes: one pledge, opened as far as its level.
    Pledge(PublishedPledge),
    /// Type 3: a signed note, see [`crate::announcement`].
    Announcement(Vec<u8>),
    /// Type 4, 5 bytes: `uint32 tick`, the closing tick.
    Close {
        /// The closing tick.
        tick: u32,
    },
    /// Type 5, 33 bytes: the SHA-256 of `/join/manifest.json`.
    Page {
        /// The digest.
        manifest_sha256: [u8; 32],
    },
}

/// A pledge as the log shows it:
///
/// ```text
/// uint8 level; uint32 area; opaque a[32]; opaque b[32]; opaque authenticator[256];
/// level 2: a = place_salt,       b = region_commitment
/// level 1: a = region_salt,      b = place_commitment
/// level 0: a = place_commitment, b = region_commitment (area 0)
/// ```
///
/// The nonce, and so the whole Token, follows from it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishedPledge {
    /// The area that it counts for.
    pub area: Area,
    a: [u8; 32],
    b: [u8; 32],
    authenticator: Authenticator,
}

impl PublishedPledge {
    /// Opens a pledge of `region` at one level and keeps the rest closed.
    pub fn new(level: Level, pledge: &Pledge, region: u32, authenticator: Authenticator) -> Self {
        let (place_commitment, region_commitment) = (pledge.place_commitment().0, pledge.region_commitment(region).0);
        let (area, a, b) = match level {
            Level::Place => (Area::place(pledge.place), pledge.place_salt, region_commitment),
            Level::Region => (Area::region(region), pledge.region_salt, place_commitment),
            Level::Root => (Area::ROOT, place_commitment, region_commitment),
        };
        Self { area, a, b, authenticator }
    }

    /// The nonce that was committed to.
    pub fn nonce(&self) -> Nonce {
        let (place, region) = match self.area.level {
            Level::Place => (PlaceCommitment::new(self.area.index, &self.a), RegionCommitment(self.b)),
            Level::Region => (PlaceCommitment(self.b), RegionCommitment::new(self.area.index, &self.a)),
            Level::Root => (PlaceCommitment(self.a), RegionCommitment(self.b)),
        };
        Nonce::commit(&place, &region)
    }

    /// The Token that was redeemed, rebuilt for this campaign; whoever verifies it checks entry and place at once.
    pub fn token(&self, campaign: &Campaign) -> Token {
        Token {
            nonce: self.nonce(),
            challenge_digest: campaign.challenge_digest(),
            token_key_id: campaign.token_key().token_key_id(),
            authenticator: self.authenticator,
        }
    }
}

impl Entry {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Group { tick, area, size } => {
                out.push(1);
                out.extend_from_slice(&tick.to_be_bytes());
                put_area(&mut out, *area);
                out.extend_from_slice(&size.to_be_bytes());
            }
            Self::Pledge(pledge) => {
                out.push(2);
                put_area(&mut out, pledge.area);
                out.extend_from_slice(&pledge.a);
                out.extend_from_slice(&pledge.b);
                out.extend_from_slice(&pledge.authenticator);
            }
            Self::Announcement(note) => {
                out.push(3);
                out.extend_from_slice(note);
            }
            Self::Close { tick } => {
                out.push(4);
                out.extend_from_slice(&tick.to_be_bytes());
            }
            Self::Page { manifest_sha256 } => {
                out.push(5);
                out.extend_from_slice(manifest_sha256);
            }
        }
        out
    }

    /// Reads exactly one entry that is not the genesis.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "log entry";
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(Error::Malformed(WHAT));
        }
        let mut reader = Reader::new(bytes, WHAT);
        let entry = match reader.u8()? {
            1 => Self::Group { tick: reader.u32()?, area: read_area(&mut reader)?, size: reader.u32()? },
            2 => Self::Pledge(PublishedPledge {
                area: read_area(&mut reader)?,
                a: reader.array()?,
                b: reader.array()?,
                authenticator: reader.array()?,
            }),
            3 => return Ok(Self::Announcement(reader.rest().to_vec())),
            4 => Self::Close { tick: reader.u32()? },
            5 => Self::Page { manifest_sha256: reader.array()? },
            _ => return Err(Error::Malformed(WHAT)),
        };
        reader.finish()?;
        Ok(entry)
    }
}

fn put_area(out: &mut Vec<u8>, area: Area) {
    out.push(area.level as u8);
    out.extend_from_slice(&area.index.to_be_bytes());
}

fn read_area(reader: &mut Reader<'_>) -> Result<Area, Error> {
    let level = Level::from_byte(reader.u8()?)?;
    let index = reader.u32()?;
    if level == Level::Root && index != 0 {
        return Err(Error::Malformed("log entry"));
    }
    Ok(Area { level, index })
}
