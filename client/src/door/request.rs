//! A request to the door as JSON, read exactly: unknown, repeated and missing members are refused. Secrets that pass
//! through here are erased when they are dropped.

use super::mistake::Mistake;
use protocol::codec::from_base64;
use serde::Deserialize;
use zeroize::Zeroizing;

/// All that a request can hold; each call reads what it needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(rename = "do")]
    pub(super) call: String,
    text: Option<Zeroizing<String>>,
    genesis: Option<String>,
    places: Option<String>,
    origin: Option<String>,
    pub(super) campaign_id: Option<String>,
    entropy: Option<Zeroizing<String>>,
    place: Option<u32>,
    pub(super) status: Option<u16>,
    pub(super) media_type: Option<String>,
    body: Option<Zeroizing<String>>,
}

impl Request {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        serde_json::from_slice(bytes).map_err(|_| Mistake::Malformed)
    }

    pub(super) fn text(&self) -> Result<&str, Mistake> {
        needed(self.text.as_deref())
    }

    pub(super) fn origin(&self) -> Result<&str, Mistake> {
        needed(self.origin.as_ref())
    }

    pub(super) fn place(&self) -> Result<u32, Mistake> {
        self.place.ok_or(Mistake::Malformed)
    }

    pub(super) fn genesis(&self) -> Result<Zeroizing<Vec<u8>>, Mistake> {
        bytes(needed(self.genesis.as_ref())?)
    }

    pub(super) fn places(&self) -> Result<Zeroizing<Vec<u8>>, Mistake> {
        bytes(needed(self.places.as_ref())?)
    }

    pub(super) fn body(&self) -> Result<Zeroizing<Vec<u8>>, Mistake> {
        bytes(needed(self.body.as_deref())?)
    }

    pub(super) fn entropy(&self) -> Result<Zeroizing<[u8; 16]>, Mistake> {
        let entropy = bytes(needed(self.entropy.as_deref())?)?;
        entropy.as_slice().try_into().map(Zeroizing::new).map_err(|_| Mistake::Malformed)
    }
}

fn needed(member: Option<&String>) -> Result<&str, Mistake> {
    member.map(String::as_str).ok_or(Mistake::Malformed)
}

/// base64url with padding, as in every JSON of the protocol.
fn bytes(text: &str) -> Result<Zeroizing<Vec<u8>>, Mistake> {
    from_base64(text, "request").map(Zeroizing::new).map_err(|_| Mistake::Malformed)
}
