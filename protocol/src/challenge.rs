//! TokenChallenge (RFC 9577 §2.1): one per campaign, the same for everybody.

use crate::campaign::CampaignId;
use crate::codec::{Reader, put_vector16};
use crate::error::Error;
use crate::token::TOKEN_TYPE;
use sha2::{Digest, Sha256};

/// SHA-256 of an encoded TokenChallenge: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeDigest(pub(crate) [u8; 32]);

impl ChallengeDigest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What a Token is asked for:
///
/// ```text
/// struct {
///     uint16 token_type = 0x0002;
///     opaque issuer_name<1..2^16-1>;
///     opaque redemption_context<0..32>;      // here always the campaign id
///     opaque origin_info<0..2^16-1>;
/// } TokenChallenge;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenChallenge {
    issuer_name: String,
    redemption_context: Vec<u8>,
    origin_info: String,
}

impl TokenChallenge {
    /// The challenge of a campaign; `onion` joins the origin's name behind a comma.
    pub fn new(issuer_name: &str, campaign: CampaignId, origin_name: &str, onion: Option<&str>) -> Self {
        let origin_info = match onion {
            Some(onion) => format!("{origin_name},{onion}"),
            None => origin_name.to_owned(),
        };
        Self { issuer_name: issuer_name.to_owned(), redemption_context: campaign.as_bytes().to_vec(), origin_info }
    }

    /// The bytes. An error only if a name is longer than 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        const WHAT: &str = "token challenge";
        let mut out = TOKEN_TYPE.to_be_bytes().to_vec();
        put_vector16(&mut out, self.issuer_name.as_bytes(), WHAT)?;
        let context = u8::try_from(self.redemption_context.len()).map_err(|_| Error::Malformed(WHAT))?;
        out.push(context);
        out.extend_from_slice(&self.redemption_context);
        put_vector16(&mut out, self.origin_info.as_bytes(), WHAT)?;
        Ok(out)
    }

    /// Reads exactly one challenge of type 0x0002.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "token challenge";
        let mut reader = Reader::new(bytes, WHAT);
        let token_type = reader.u16()?;
        let issuer_name = reader.vector16()?;
        let redemption_context = reader.vector8()?;
        let origin_info = reader.vector16()?;
        reader.finish()?;
        let context_size_allowed = matches!(redemption_context.len(), 0 | 32);
        if token_type != TOKEN_TYPE || issuer_name.is_empty() || !context_size_allowed {
            return Err(Error::Malformed(WHAT));
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| Error::Malformed(WHAT));
        Ok(Self {
            issuer_name: text(issuer_name)?,
            redemption_context: redemption_context.to_vec(),
            origin_info: text(origin_info)?,
        })
    }

    /// What every token of this challenge carries.
    pub fn digest(&self) -> Result<ChallengeDigest, Error> {
        Ok(ChallengeDigest(Sha256::digest(self.encode()?).into()))
    }
}
