//! How long the store of used invites looks for one, by whether and since when it is used: whoever keeps a code that he
//! gave away hears the same refusal, and must not hear it sooner.

use super::{Effort, Subject, demand_constant};
use crate::store::attestation::{AttestationStore, Ceiling, Claim};
use crate::store::crashes::fast_folder;
use protocol::invite::InviteId;
use protocol::issuance::RequestDigest;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::hint::black_box;
use tokio::runtime::Runtime;

fn id(number: u32) -> InviteId {
    InviteId::new(1, *Sha256::digest(number.to_be_bytes()).first_chunk().unwrap())
}

#[test]
fn u1_how_long_looking_for_an_invite_takes_does_not_tell_whether_it_is_used_nor_since_when() {
    const OLD: u32 = 20_000;
    const SINCE: u32 = 2000;
    let (folder, runtime) = (fast_folder(), Runtime::new().unwrap());
    let store = AttestationStore::open(&folder.path().join("attestation"), 0).unwrap();
    let plenty = Ceiling { batch_total: u64::MAX, batch_per_tick: None, all: u64::MAX };
    let request = |number: u32| RequestDigest::from_bytes(Sha256::digest(number.to_le_bytes()).into());
    let use_all = |from: u32, to: u32| {
        runtime.block_on(async {
            let claims: Vec<_> = (from..to).map(|number| store.claim(id(number), request(number), plenty)).collect();
            for claim in claims {
                assert_eq!(claim.await.unwrap(), Claim::New);
            }
        });
    };
    use_all(0, OLD);
    store.tick(1).unwrap();
    use_all(OLD, OLD + SINCE);
    let (turn, wanted, class) = (Cell::new(0), Cell::new(id(0)), Cell::new(false));
    let look = || assert!(!runtime.block_on(store.is_repeat(wanted.get(), request(u32::MAX))).unwrap());
    let careless = || {
        if class.get() {
            black_box(Sha256::digest(black_box([0u8; 1024])));
        }
        look();
    };
    for (name, first) in [("an invite used since the tick", OLD), ("an invite used before the tick", 0)] {
        let choose = |of: bool| {
            class.set(of);
            turn.set((turn.get() + 1) % SINCE);
            wanted.set(id(turn.get() + if of { first } else { OLD + SINCE }));
        };
        let (mut prepare, mut prepare_twin, mut act, mut act_twin) = (choose, choose, look, careless);
        let subject = Subject { prepare: &mut prepare, act: &mut act };
        let twin = Subject { prepare: &mut prepare_twin, act: &mut act_twin };
        demand_constant(name, &Effort { samples: 1500, rounds: 400 }, subject, twin);
    }
}
