//! The operations on one token, each on one core in processor time: blind, blind_sign, finalize, verify, redeem in memory.

use crate::clocks::{Took, alone};
use crate::duel::{Baseline, By, Duel, Row};
use crate::fixture::{Made, Yard};
use crate::peers::{FastVerifier, Foreign, ForeignOrigin, openssl_speed};
use criterion::Criterion;
use protocol::issuance::TokenRequest;
use std::hint::black_box;

const ROUNDS: usize = 3;
const SECONDS: f64 = 2.0;

/// All of them that are wanted.
pub(crate) fn run(criterion: &mut Criterion, yard: &Yard, wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let foreign = Foreign::new();
    let mut rows = Vec::new();
    for (name, duel) in [
        ("blind", blind as for<'a> fn(&'a Yard, &'a Foreign) -> Duel<'a>),
        ("blind_sign", blind_sign),
        ("finalize", finalize),
        ("verify", verify),
        ("redeem in memory", redeem_in_memory),
    ] {
        if wanted(name) {
            rows.extend(duel(yard, &foreign).run(criterion, ROUNDS, SECONDS));
        }
    }
    rows
}

fn blind<'a>(yard: &'a Yard, foreign: &'a Foreign) -> Duel<'a> {
    let (key, digest) = (yard.campaign.token_key(), yard.campaign.challenge_digest());
    let nonce = yard.made[0].token.nonce();
    let ours = move |count| {
        let blind = || TokenRequest::new(&mut rand::rng(), key, digest, nonce).expect("a good key");
        let (made, took) = alone(|| (0..count).map(|_| black_box(blind())).collect::<Vec<_>>());
        made.iter().for_each(|(request, _)| request.check(key).expect("a request that the issuer takes"));
        took
    };
    let theirs = |count| {
        alone(|| {
            (0..count).for_each(|_| {
                black_box(foreign.request());
            })
        })
        .1
    };
    Duel::new("blind", By::Processor, Box::new(ours)).against("privacypass TokenRequest::new", None, Box::new(theirs))
}

fn blind_sign<'a>(yard: &'a Yard, foreign: &'a Foreign) -> Duel<'a> {
    let (request, pending) = yard.token_request(0);
    let right = yard.response(&request);
    pending.finalize(&right).expect("a valid token");
    let ours = move |count| {
        let (made, took) = alone(|| (0..count).map(|_| yard.response(black_box(&request))).collect::<Vec<_>>());
        assert!(made.iter().all(|one| one.encode() == right.encode()), "only one answer to a request is right");
        took
    };
    Duel::new("blind_sign", By::Processor, Box::new(ours))
        .beside("openssl speed rsa2048, sign", BASELINE_SIGN_OPENSSL, Box::new(|| openssl_speed().sign))
        .against("privacypass issue_token_response", BASELINE_SIGN_FOREIGN, Box::new(|count| foreign.issue(count)))
}

fn finalize<'a>(yard: &'a Yard, foreign: &'a Foreign) -> Duel<'a> {
    let response = yard.response(&yard.token_request(0).0);
    let ours = move |count| {
        let pending: Vec<_> = (0..count).map(|_| yard.token_request(0).1).collect();
        alone(|| {
            pending.into_iter().for_each(|one| {
                black_box(one.finalize(&response).expect("a token"));
            })
        })
        .1
    };
    Duel::new("finalize", By::Processor, Box::new(ours)).against(
        "privacypass issue_token",
        None,
        Box::new(|count| foreign.finalize(count)),
    )
}

fn verify<'a>(yard: &'a Yard, _: &'a Foreign) -> Duel<'a> {
    let key = yard.campaign.token_key();
    let ours = move |count| {
        alone(|| cycle(yard, count).for_each(|made| made.token.verify_signature(key).expect("a valid token"))).1
    };
    let fast = FastVerifier::new(key.spki());
    let theirs = move |count| alone(|| cycle(yard, count).for_each(|made| fast.verify(&made.token))).1;
    Duel::new("verify", By::Processor, Box::new(ours))
        .against("aws-lc-rs, parsed key", BASELINE_VERIFY_AWS, Box::new(theirs))
        .beside("openssl speed rsa2048, verify", BASELINE_VERIFY_OPENSSL, Box::new(|| openssl_speed().verify))
}

/// What a redemption costs without store and network: open, then verify. The peer also remembers the nonce, in memory.
fn redeem_in_memory<'a>(yard: &'a Yard, _: &'a Foreign) -> Duel<'a> {
    let ours = move |count| {
        let mut sum = Took::default();
        for part in parts(yard, count) {
            let tokens: Vec<_> = part.iter().map(|made| (made.token.clone(), made.pledge.clone())).collect();
            let redeem = |(token, pledge): (protocol::token::Token, _)| {
                let opened = token.open(pledge, &yard.campaign).expect("a token of this campaign");
                black_box(opened.verify(yard.campaign.token_key()).expect("a valid token"));
            };
            sum += alone(|| tokens.into_iter().for_each(redeem)).1;
        }
        sum
    };
    let theirs = move |count| {
        let mut sum = Took::default();
        for part in parts(yard, count) {
            sum += ForeignOrigin::redeem_all(yard.campaign.token_key(), part);
        }
        sum
    };
    let name = "privacypass redeem_token, same tokens";
    Duel::new("redeem in memory", By::Processor, Box::new(ours)).against(name, BASELINE_REDEEM, Box::new(theirs))
}

/// As many tokens as are asked for, some again if there are not so many.
fn cycle(yard: &Yard, count: u64) -> impl Iterator<Item = &Made> {
    yard.made.iter().cycle().zip(0..count).map(|(made, _)| made)
}

/// The same in slices, within which no token comes twice.
fn parts(yard: &Yard, count: u64) -> impl Iterator<Item = &[Made]> {
    let all = yard.made.len() as u64;
    (0..count.div_ceil(all)).map(move |part| {
        let left = count - part * all;
        &yard.made[..usize::try_from(left.min(all)).expect("a length")]
    })
}

const BASELINE_SIGN_OPENSSL: Option<Baseline> =
    Some(Baseline { ratio: 0.37, by: By::Processor, source: "§1-3, blind_sign" });
const BASELINE_SIGN_FOREIGN: Option<Baseline> =
    Some(Baseline { ratio: 1.06, by: By::Processor, source: "§1-3, blind_sign 469/s, issue_token_response 442/s" });
const BASELINE_VERIFY_AWS: Option<Baseline> =
    Some(Baseline { ratio: 0.25, by: By::Processor, source: "§1-3, blind-rsa-signatures 11.5k/s, aws-lc-rs 45.6k/s" });
const BASELINE_VERIFY_OPENSSL: Option<Baseline> =
    Some(Baseline { ratio: 0.24, by: By::Processor, source: "§1-3, verify: blind-rsa-signatures" });
const BASELINE_REDEEM: Option<Baseline> =
    Some(Baseline { ratio: 1.07, by: By::Processor, source: "§1-3, verify alone 11.5k/s, redeem_token 10.7k/s" });
