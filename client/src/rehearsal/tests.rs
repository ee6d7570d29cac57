//! A rehearsal at stand-ins: it goes the whole way, waits for nobody, and tells whatever is not as it should be.

use super::*;
use crate::address::BaseUrl;
use crate::campaign::fetch;
use crate::stand_in::{Bound, World, problem, serve_world};
use std::sync::Barrier;

async fn stage(base: &BaseUrl) -> Arc<Stage> {
    let network = Network::direct();
    let site = fetch(&network, base, None).await.ok().unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    Arc::new(Stage { network, site, issuer })
}

fn plan(participants: usize) -> Plan {
    Plan {
        participants,
        arrivals: Curve::Steady,
        rate_per_second: 100_000,
        in_flight_max: 3,
        readers: 0,
        refresh: Duration::from_secs(1),
        readings: 0,
        slow_percent: 0,
        broken_percent: 0,
        seed: 1,
    }
}

fn never() -> std::future::Pending<()> {
    std::future::pending()
}

fn invites(world: &World, count: u8) -> Vec<Invite> {
    (0..count).map(|number| world.invite(number)).collect()
}

#[tokio::test]
async fn simulated_participants_go_the_whole_way_until_they_are_stopped() {
    let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
    let stage = stage(&server.base).await;
    let outcome = rehearse(Arc::clone(&stage), invites(&world, 9), plan(7), never(), |_| {}).await.unwrap();
    assert_eq!((outcome.participants(), outcome.tokens.count(), outcome.pledges.count()), (7, 7, 7));
    assert_eq!((outcome.errors(), outcome.acknowledged.len(), outcome.stopped), (0, 7, false));
    assert!(outcome.valve_reached > 0, "seven came at once, and three may be under way");
    let stopped = rehearse(Arc::clone(&stage), invites(&world, 7), plan(7), async {}, |_| {}).await.unwrap();
    assert_eq!((stopped.participants(), stopped.tokens.count(), stopped.stopped), (0, 0, true));
    assert!(rehearse(stage, invites(&world, 7), plan(8), never(), |_| {}).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn arrivals_wait_for_no_answer() {
    // nobody is answered before all have asked: whoever waits for an answer before the next comes never gets one
    const ALL: u8 = 4;
    let bound = Bound::new().await;
    let world = Arc::new(World::at(&bound.host(), |_| {}));
    let (answering, barrier) = (Arc::clone(&world), Barrier::new(usize::from(ALL)));
    let server = bound.serve(move |request| {
        if request.starts_with(b"POST /token-request") {
            barrier.wait();
        }
        Some(answering.answer(request))
    });
    let plan = Plan { in_flight_max: usize::from(ALL), ..plan(usize::from(ALL)) };
    let outcome = rehearse(stage(&server.base).await, invites(&world, ALL), plan, never(), |_| {}).await.unwrap();
    assert_eq!((outcome.pledges.count(), outcome.errors(), outcome.valve_reached), (4, 0, 0));
}

#[tokio::test]
async fn failures_are_counted_by_their_reason_and_name_no_address() {
    let bound = Bound::new().await;
    let world = Arc::new(World::at(&bound.host(), |_| {}));
    let answering = Arc::clone(&world);
    let server = bound.serve(move |request| match request {
        request if request.starts_with(b"POST /pledges") => Some(problem("403 Forbidden", "not-open")),
        request if request.starts_with(b"GET / ") => None,
        request => Some(answering.answer(request)),
    });
    let plan = Plan { readers: 1, ..plan(2) };
    let outcome = rehearse(stage(&server.base).await, invites(&world, 2), plan, never(), |_| {}).await.unwrap();
    assert_eq!((outcome.tokens.count(), outcome.pledges.count(), outcome.uncertain.len()), (2, 0, 2));
    let reasons: Vec<&String> = outcome.failures.keys().collect();
    assert!(reasons.iter().any(|reason| reason.starts_with("no receipt: The campaign does not take this")));
    assert!(reasons.iter().all(|reason| !reason.contains("127.0.0.1")), "{reasons:?}");
}

#[tokio::test]
async fn a_broken_client_that_gets_another_answer_than_its_own_is_an_error() {
    // a server that takes whatever it is given
    let bound = Bound::new().await;
    let world = Arc::new(World::at(&bound.host(), |_| {}));
    let answering = Arc::clone(&world);
    let taken = |media_type: &str, length: usize| {
        format!("200 OK\r\ncontent-type: {media_type}\r\n\r\n{}", "x".repeat(length)).into_bytes()
    };
    let forged = std::sync::atomic::AtomicU64::new(0);
    let server = bound.serve(move |request| {
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| answering.answer(request)));
        Some(answer.unwrap_or_else(|_| {
            forged.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            taken("application/vnd.headcount.receipt", 64)
        }))
    });
    let plan = Plan { broken_percent: 100, in_flight_max: 100, rate_per_second: 40, ..plan(20) };
    let outcome = rehearse(stage(&server.base).await, invites(&world, 20), plan, never(), |_| {}).await.unwrap();
    assert_eq!(outcome.pledges.count(), 20);
    for kind in [Kind::ForgedInvite, Kind::ForgedToken] {
        let answers = &outcome.trouble[&kind];
        assert_eq!((answers.right, answers.wrong.values().sum::<u64>()), (0, 2), "{}", kind.what());
        assert_eq!(answers.wrong.keys().collect::<Vec<_>>(), ["200"], "{}", kind.what());
    }
    let told = outcome
        .failures
        .keys()
        .any(|reason| reason == "who spends a forged token was answered: 200; it should be: 401 token-invalid");
    assert!(told, "{:?}", outcome.failures);
}

#[tokio::test]
async fn the_real_thing_is_never_rehearsed() {
    let (server, world) = serve_world(|host| World::at(host, |genesis| genesis.rehearsal = false)).await;
    let refused = rehearse(stage(&server.base).await, invites(&world, 1), plan(1), never(), |_| {}).await;
    assert!(refused.is_err());
    assert!(server.requests().iter().all(|request| request.starts_with(b"GET")));
}
