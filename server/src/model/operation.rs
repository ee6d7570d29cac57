//! Tests: what can happen in a sequence of the model test, and how often it does.

use super::country::{HOUR, INVITES, START, TICKETS};
use crate::store::disk::faults::Fault;
use rand::RngExt;
use rand::rngs::StdRng;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// The holder of an invite asks, so many times, for the first or the second of her tickets.
    Claim {
        invite: usize,
        other: bool,
        times: usize,
    },
    /// So many invites in a row, each for its first ticket.
    Crowd {
        from: usize,
        count: usize,
    },
    /// Pledges that come at once.
    Pledge(Vec<usize>),
    PledgeCutOff {
        ticket: usize,
        step: usize,
        fault: Fault,
    },
    Pass(u64),
    Jump(i64),
    Look,
    LookCutOff {
        step: usize,
        fault: Fault,
        again: bool,
    },
    Crash {
        orderly: bool,
    },
    StartCutOff {
        step: usize,
        fault: Fault,
    },
    /// `ahead` of the last number: a repeat, the next, a gap.
    Announce {
        ahead: u32,
        other: bool,
    },
    Close,
    /// The batch of limited invites is revoked.
    Revoke,
    /// The operator says that the clock is right.
    Word,
}

/// When it begins, and what is done.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub start: u64,
    pub operations: Vec<Operation>,
}

impl Sequence {
    pub(super) fn random(rng: &mut StdRng) -> Self {
        let start = START - 2 * HOUR - 600 + [HOUR, 2 * HOUR + 700, 3 * HOUR, 0][rng.random_range(0..4)];
        let operations = (0..rng.random_range(10..=30)).map(|_| Operation::random(rng)).collect();
        Self { start, operations }
    }
}

impl Operation {
    fn random(rng: &mut StdRng) -> Self {
        let fault = [Fault::Refused, Fault::DoneButRefused, Fault::Torn, Fault::Full][rng.random_range(0..4)];
        match rng.random_range(0..100) {
            0..9 => {
                let (invite, other) = (rng.random_range(0..INVITES) / 3 * 3, rng.random_bool(0.3));
                let times = if rng.random_bool(0.02) { 12 } else { rng.random_range(1..3) };
                Self::Claim { invite, other, times }
            }
            9..12 => Self::Crowd { from: rng.random_range(0..INVITES - 7), count: rng.random_range(2..8) },
            12..48 => {
                let (from, count) = (rng.random_range(0..TICKETS), rng.random_range(1..9));
                let mut tickets: Vec<usize> = (from..TICKETS.min(from + count)).collect();
                if rng.random_bool(0.3) {
                    tickets.push(tickets[0]);
                }
                Self::Pledge(tickets)
            }
            48..50 => Self::PledgeCutOff { ticket: rng.random_range(0..TICKETS), step: rng.random_range(0..6), fault },
            50..64 => Self::Pass([60, HOUR / 2, HOUR, HOUR, HOUR + 700, 3 * HOUR][rng.random_range(0..6)]),
            64..70 => {
                let far = if rng.random_bool(0.3) { 20 * HOUR } else { HOUR };
                let far = i64::try_from(far).unwrap();
                Self::Jump(rng.random_range(-far..far))
            }
            70..85 => Self::Look,
            85..88 => Self::LookCutOff { step: rng.random_range(0..45), fault, again: rng.random_bool(0.3) },
            88..91 => Self::Crash { orderly: rng.random_bool(0.3) },
            91..92 => Self::StartCutOff { step: rng.random_range(0..40), fault },
            92..95 => Self::Announce { ahead: rng.random_range(0..8).min(2), other: rng.random_bool(0.5) },
            95..97 => Self::Close,
            97..98 => Self::Revoke,
            _ => Self::Word,
        }
    }
}
