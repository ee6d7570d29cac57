//! How long OpenSSL signs, by what it signs: a difference would tell of the key.

use super::{Effort, Subject, demand_constant};
use crate::signer::Signer;
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::hint::black_box;

#[test]
fn u1_how_long_signing_takes_does_not_follow_from_what_is_signed() {
    let mut rng = StdRng::seed_from_u64(9474);
    let key = IssuerPrivateKey::generate(&mut rng).unwrap();
    let signer = Signer::new(&key).unwrap();
    let mut any = || {
        let mut blinded = [0; 256];
        rng.fill_bytes(&mut blinded);
        blinded[0] &= 0x7f; // below any modulus
        let start = [&[0, 2, key.public().token_key_id().truncated()], blinded.as_slice()].concat();
        TokenRequest::decode(&start).unwrap()
    };
    let (fixed, next) = (any(), RefCell::new(any()));
    let any = RefCell::new(any);
    let choose = |of: bool| {
        next.replace(if of { fixed.clone() } else { any.borrow_mut()() });
    };
    let sign = || {
        black_box(signer.issue(&next.borrow()).unwrap());
    };
    // as a multiplication that has one step more for some numbers: half of all, and the fixed one
    let odd = |request: &TokenRequest| (request.blinded_msg()[255] ^ fixed.blinded_msg()[255]) & 1 == 0;
    let leak = || {
        sign();
        if odd(&next.borrow()) {
            black_box(Sha256::digest(black_box([0u8; 16384])));
        }
    };
    let (mut prepare, mut prepare_twin, mut act, mut act_twin) = (choose, choose, sign, leak);
    let subject = Subject { prepare: &mut prepare, act: &mut act };
    let twin = Subject { prepare: &mut prepare_twin, act: &mut act_twin };
    demand_constant("what is signed", &Effort { samples: 500, rounds: 40 }, subject, twin);
}
