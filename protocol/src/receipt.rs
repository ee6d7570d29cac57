//! Receipt: the Origin's word that a pledge is counted (DESIGN §3). No time, no sequence number: the same every time.

use crate::campaign::CampaignId;
use crate::error::Error;
use crate::pledge::Nonce;
#[cfg(not(target_arch = "wasm32"))]
use aws_lc_rs::signature::Ed25519KeyPair;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 64;

/// Ed25519 over `"headcount/v1/receipt" || campaign_id || nonce`, 64 bytes (media type [`crate::media::RECEIPT`]).
pub fn sign_receipt(key: &SigningKey, campaign: CampaignId, nonce: &Nonce) -> [u8; RECEIPT_BYTES] {
    key.sign(&message(campaign, nonce)).to_bytes()
}

/// Signs receipts by AWS-LC: in half the time of [`sign_receipt`], which stays the reference and gives the same bytes.
/// AWS-LC erases the key when it is dropped.
#[cfg(not(target_arch = "wasm32"))]
pub struct ReceiptSigner(Ed25519KeyPair);

#[cfg(not(target_arch = "wasm32"))]
impl ReceiptSigner {
    /// From the key's seed of RFC 8032.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, Error> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| Error::BadKey("it cannot sign receipts"))
    }

    /// What [`sign_receipt`] gives.
    pub fn sign(&self, campaign: CampaignId, nonce: &Nonce) -> Result<[u8; RECEIPT_BYTES], Error> {
        let signature = self.0.try_sign(&message(campaign, nonce)).map_err(|_| Error::BadKey("it did not sign"))?;
        signature.as_ref().try_into().map_err(|_| Error::BadKey("it signs otherwise"))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn both_signers_of_receipts_give_the_same_thousand() {
        let mut rng = StdRng::seed_from_u64(8032);
        for turn in 0..1000 {
            let (mut seed, mut nonce, mut id) = ([0; 32], [0; 32], [0; 32]);
            rng.fill_bytes(&mut seed);
            rng.fill_bytes(&mut nonce);
            rng.fill_bytes(&mut id);
            if turn == 0 {
                (seed, nonce) = ([0; 32], [0xff; 32]);
            }
            let (id, nonce) = (CampaignId::from_bytes(id), Nonce::from_bytes(nonce));
            let fast = ReceiptSigner::from_seed(&seed).unwrap().sign(id, &nonce).unwrap();
            let reference = SigningKey::from_bytes(&seed);
            assert_eq!(fast, sign_receipt(&reference, id, &nonce));
            verify_receipt(reference.verifying_key().as_bytes(), id, &nonce, &fast).unwrap();
        }
    }
}
