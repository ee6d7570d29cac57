//! Clients as they must not be: each does one thing wrong that is easily done, and all else as the real one does.
//! The adversary is not told which client it has before it; the same program must find each of them out.

use client::participation::{Prepared, prepare};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use protocol::campaign::Campaign;
use protocol::issuance::TokenRequest;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use sha2::{Digest, Sha256, Sha384};
use std::convert::Infallible;

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// What the client library does.
    Right,
    /// One blinding factor for everybody, as from a generator that was never seeded.
    FactorOfEverybody,
    /// The blinding is derived without the place, so that a change of mind repeats the factor.
    FactorWithoutPlace,
    /// The blinding is derived without the campaign.
    FactorWithoutCampaign,
    /// The blinding is derived from the invite instead of the phrase.
    FactorFromInvite,
    /// The blinding is derived from the nonce, which the origin sees later.
    FactorFromNonce,
    /// A factor of 128 bits, because that is "secure enough".
    FactorTooSmall,
    /// 32 random bytes, repeated until they fill the factor.
    FactorOfRepeatedBytes,
    /// Place and region salt are derived from the invite.
    SaltsFromInvite,
    /// The nonce's salts are the bytes of the invite and zeros.
    SaltsAreTheInvite,
    /// Place and region salt are derived from the phrase and the place alone.
    SaltsWithoutCampaign,
    /// Place and region salt are derived from the phrase alone.
    SaltsWithoutCampaignAndPlace,
    /// The salt of the signature's encoding comes from the invite.
    PssSaltFromInvite,
    /// The salt of the signature's encoding is the phrase's own, in every campaign.
    PssSaltOfThePhrase,
    /// A header of a personal length in both requests.
    PersonalLength,
    /// One random name of this device in both requests.
    PersonalHeader,
}

/// What the two requests carry beside what the protocol names.
pub(crate) type ExtraHeaders = [Option<(&'static str, String)>; 2];

impl Way {
    /// Blinds, in this way.
    pub(crate) fn prepare(self, campaign: &Campaign, phrase: &Phrase, place: u32, invite: &str) -> Prepared {
        let right = prepare(campaign, phrase, place).ok().unwrap();
        if matches!(self, Self::Right | Self::PersonalLength | Self::PersonalHeader) {
            return right;
        }
        let id = campaign.id();
        let context = [id.as_bytes().as_slice(), &place.to_be_bytes()].concat();
        let own = |purpose: &str, context: &[u8]| derive(phrase.words().as_bytes(), purpose, context);
        let (place_salt, region_salt) = match self {
            Self::SaltsFromInvite => (mac(invite, "place-salt"), mac(invite, "region-salt")),
            Self::SaltsAreTheInvite => (padded(invite, 0), padded(invite, 32)),
            Self::SaltsWithoutCampaign => {
                (own("place-salt", &place.to_be_bytes()), own("region-salt", &place.to_be_bytes()))
            }
            Self::SaltsWithoutCampaignAndPlace => (own("place-salt", &[]), own("region-salt", &[])),
            _ => (right.pledge.place_salt, right.pledge.region_salt),
        };
        let pledge = Pledge { place, place_salt, region_salt };
        let nonce = pledge.nonce(campaign.places().region_of(place).unwrap());
        let factor = match self {
            // below every modulus of this size, so that it is the same number in each
            Self::FactorWithoutCampaign => Some([drawn(own("blind", &place.to_be_bytes()), 255), vec![0]].concat()),
            Self::FactorTooSmall => Some([drawn(own("blind", &context), 16), vec![0; 240]].concat()),
            Self::FactorOfRepeatedBytes => {
                let mut bytes = own("blind", &context);
                bytes[31] &= 0x7f; // likewise
                Some(bytes.repeat(8))
            }
            _ => None,
        };
        let seed = match self {
            Self::FactorOfEverybody => [0; 32],
            Self::FactorWithoutPlace => own("blind", id.as_bytes()),
            Self::FactorFromInvite => derive(invite.as_bytes(), "blind", &context),
            Self::FactorFromNonce => Sha256::digest(nonce.as_bytes()).into(),
            _ => own("blind", &context),
        };
        let salt = match self {
            Self::PssSaltFromInvite => Sha384::digest(invite).to_vec(),
            Self::PssSaltOfThePhrase => drawn(own("salt", &[]), 48),
            _ => drawn(own("salt", &context), 48),
        };
        let mut draws = Draws { salt, factor, generator: ChaCha20Rng::from_seed(seed) };
        let made = TokenRequest::new(&mut draws, campaign.token_key(), campaign.challenge_digest(), nonce);
        let (request, pending) = made.unwrap();
        Prepared { request, pending, pledge }
    }

    /// Headers that the protocol does not name, for issuance and redemption.
    pub(crate) fn headers(self, phrase: &Phrase) -> ExtraHeaders {
        let seed: [u8; 32] = Sha256::digest(phrase.words().as_bytes()).into();
        let letters = |from: usize, count: usize| -> String {
            drawn(seed, from + count)[from..].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
        };
        let length = 1 + usize::from(u16::from_be_bytes([seed[0], seed[1]])) % 6000;
        match self {
            Self::PersonalLength => [Some(("x-padding", letters(0, length))), Some(("x-noise", letters(9000, length)))],
            Self::PersonalHeader => {
                let name = letters(0, 12);
                [Some(("x-device", format!("id={name}"))), Some(("cookie", format!("visit={name}; path=/")))]
            }
            _ => [None, None],
        }
    }
}

/// A generator that gives what it is told to: the library draws 48 bytes of salt, then 256 of the factor, until they
/// are below n.
struct Draws {
    salt: Vec<u8>,
    factor: Option<Vec<u8>>,
    generator: ChaCha20Rng,
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.generator.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.generator.next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.generator.fill_bytes(out);
        if out.len() == self.salt.len() {
            out.copy_from_slice(&self.salt);
        } else if let Some(factor) = self.factor.take_if(|factor| factor.len() == out.len()) {
            out.copy_from_slice(&factor);
        }
        Ok(())
    }
}

impl TryCryptoRng for Draws {}

/// The first bytes of the generator of a seed.
fn drawn(seed: [u8; 32], count: usize) -> Vec<u8> {
    let mut out = vec![0; count];
    ChaCha20Rng::from_seed(seed).fill_bytes(&mut out);
    out
}

fn derive(secret: &[u8], purpose: &str, context: &[u8]) -> [u8; 32] {
    let mut okm = [0; 32];
    let info = [b"headcount/v1/", purpose.as_bytes(), context].concat();
    Hkdf::<Sha256>::new(None, secret).expand(&info, &mut okm).unwrap();
    okm
}

fn mac(invite: &str, label: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(invite.as_bytes()).unwrap();
    mac.update(label.as_bytes());
    mac.finalize().into_bytes().into()
}

fn padded(invite: &str, from: usize) -> [u8; 32] {
    let bytes = invite.as_bytes().get(from..).unwrap_or_default();
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0))
}
