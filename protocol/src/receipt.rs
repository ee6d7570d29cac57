//! Receipt: the Origin's word that a pledge is counted (DESIGN §3). No time, no sequence number: the same every time.

use crate::campaign::CampaignId;
use crate::error::Error;
use crate::pledge::Nonce;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 64;

/// Ed25519 over `"headcount/v1/receipt" || campaign_id || nonce`, 64 bytes (media type [`crate::media::RECEIPT`]).
pub fn sign_receipt(key: &SigningKey, campaign: CampaignId, nonce: &Nonce) -> [u8; RECEIPT_BYTES] {
    key.sign(&message(campaign, nonce)).to_bytes()
}

/// Checks a receipt under the genesis's receipt key.
pub fn verify_receipt(key: &[u8; 32], campaign: CampaignId, nonce: &Nonce, receipt: &[u8]) -> Result<(), Error> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| Error::Malformed("receipt key"))?;
    let signature = Signature::from_slice(receipt).map_err(|_| Error::Malformed("receipt"))?;
    key.verify_strict(&message(campaign, nonce), &signature).map_err(|_| Error::Forged("receipt"))
}

fn message(campaign: CampaignId, nonce: &Nonce) -> Vec<u8> {
    [b"headcount/v1/receipt".as_slice(), campaign.as_bytes(), nonce.as_bytes()].concat()
}
