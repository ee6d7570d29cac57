//! The participant's way against a stand-in that issues and redeems with real keys.

use super::*;
use crate::campaign::{counts, fetch};
use crate::stand_in::onlooker::{Visit, linger};
use crate::stand_in::{Bound, World, problem, response, serve_world, split};
use crate::transport::Network;
use protocol::directory::DIRECTORY_PATH;
use protocol::problem::Problem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn phrase() -> Phrase {
    Phrase::from_bytes([7; 16])
}

#[tokio::test]
async fn a_participation_goes_its_whole_way() {
    let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
    let network = Network::direct();
    let site = fetch(&network, &server.base, Some(world.id())).await.ok().unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    let prepared = prepare(&site.campaign, &phrase(), 3).ok().unwrap();
    let token = obtain(&network, &issuer, &world.invite(1), &prepared.request, prepared.pending).await;
    let token = token.ok().unwrap();
    assert_eq!(place_of(&site.campaign, &phrase(), &token), Some(3));
    assert_eq!(place_of(&site.campaign, &Phrase::from_bytes([8; 16]), &token), None);
    let redeemed = redeem(&network, &site, &token, &prepared.pledge).await.ok().unwrap();
    assert!(!redeemed.repeated);
    assert!(check_challenge(&network, &server.base, &site.campaign).await.unwrap());
}

/// A server that answers a POST only the `answers`-th time.
async fn forgetful(answers: usize) -> (crate::stand_in::Server, std::sync::Arc<World>) {
    let bound = Bound::new().await;
    let world = std::sync::Arc::new(World::at(&bound.host(), |_| {}));
    let (answering, asked) = (std::sync::Arc::clone(&world), AtomicUsize::new(0));
    let server = bound.serve(move |request| {
        let post = request.starts_with(b"POST");
        let lost = post && asked.fetch_add(1, Ordering::SeqCst) + 1 < answers;
        (!lost).then(|| answering.answer(request))
    });
    (server, world)
}

#[tokio::test]
async fn o2_a_lost_answer_is_asked_for_again_with_the_same_bytes() {
    for (answers, succeeds) in [(1, true), (3, true), (4, false)] {
        let (server, world) = forgetful(answers).await;
        let network = Network::direct();
        let site = fetch(&network, &server.base, None).await.ok().unwrap();
        let issuer = Issuer::find(&network, &site).await.ok().unwrap();
        let prepared = prepare(&site.campaign, &phrase(), 1).ok().unwrap();
        let token = obtain(&network, &issuer, &world.invite(1), &prepared.request, prepared.pending).await;
        assert_eq!(token.is_ok(), succeeds, "{answers}");
        let mut posts = server.requests();
        posts.retain(|request| request.starts_with(b"POST"));
        assert_eq!(posts.len(), answers.min(3));
        assert!(posts.iter().all(|post| *post == posts[0]));
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_not_tried_again() {
    let bound = Bound::new().await;
    let world = World::at(&bound.host(), |_| {});
    let invite = world.invite(1);
    let server = bound.serve(move |request| {
        Some(match request.starts_with(b"POST") {
            true => problem("409 Conflict", "invite-used"),
            false => world.answer(request),
        })
    });
    let network = Network::direct();
    let site = fetch(&network, &server.base, None).await.ok().unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    let prepared = prepare(&site.campaign, &phrase(), 1).ok().unwrap();
    let refused = obtain(&network, &issuer, &invite, &prepared.request, prepared.pending).await;
    let refused = refused.err().unwrap();
    assert!(matches!(refused, Error::Refused { problem: Problem::InviteUsed, .. }), "{refused}");
    let posts = server.requests().iter().filter(|request| request.starts_with(b"POST")).count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn u2_an_answer_that_is_no_signature_is_discarded_and_not_asked_for_again() {
    for (media_type, length, finalized) in [
        (media::TOKEN_RESPONSE, 256, true),
        (media::TOKEN_RESPONSE, 255, false),
        ("application/octet-stream", 256, false),
    ] {
        let bound = Bound::new().await;
        let world = World::at(&bound.host(), |_| {});
        let invite = world.invite(1);
        let server = bound.serve(move |request| {
            Some(match request.starts_with(b"POST") {
                true => response("200 OK", media_type, &vec![1; length]),
                false => world.answer(request),
            })
        });
        let network = Network::direct();
        let site = fetch(&network, &server.base, None).await.ok().unwrap();
        let issuer = Issuer::find(&network, &site).await.ok().unwrap();
        let prepared = prepare(&site.campaign, &phrase(), 1).ok().unwrap();
        let refused = obtain(&network, &issuer, &invite, &prepared.request, prepared.pending).await;
        let refused = refused.err().unwrap();
        match finalized {
            true => assert!(matches!(refused, Error::NoSignature(_)), "{refused}"),
            false => assert!(matches!(refused, Error::Misbehaved(_)), "{media_type} {length}: {refused}"),
        }
        let posts = server.requests().iter().filter(|request| request.starts_with(b"POST")).count();
        assert_eq!(posts, 1);
    }
}

#[tokio::test]
async fn a_false_receipt_and_a_pledge_for_another_place_are_not_taken() {
    let bound = Bound::new().await;
    let world = World::at(&bound.host(), |_| {});
    let (token, pledge) = world.token(7, 2);
    let (_, other_pledge) = world.token(7, 3);
    let server = bound.serve(move |request| {
        Some(match request.starts_with(b"POST") {
            true => response("201 Created", media::RECEIPT, &[0; 64]),
            false => world.answer(request),
        })
    });
    let network = Network::direct();
    let site = fetch(&network, &server.base, None).await.ok().unwrap();
    let refused = redeem(&network, &site, &token, &pledge).await;
    assert!(matches!(refused, Err(Error::Misbehaved(_))));
    let before = server.requests().len();
    assert!(matches!(redeem(&network, &site, &token, &other_pledge).await, Err(Error::Protocol(_))));
    assert_eq!(server.requests().len(), before, "a mismatch never leaves this device");
}

#[tokio::test]
async fn n1_issuance_and_redemption_take_different_circuits() {
    let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
    let (proxy, seen) = crate::stand_in::socks_proxy(server.base.to_string().replace("http://", "")).await;
    let network = Network::through(&proxy).unwrap();
    let site = fetch(&network, &server.base, None).await.ok().unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    let prepared = prepare(&site.campaign, &phrase(), 3).ok().unwrap();
    let before = seen.lock().unwrap().len();
    let token = obtain(&network, &issuer, &world.invite(1), &prepared.request, prepared.pending).await;
    let token = token.ok().unwrap();
    redeem(&network, &site, &token, &prepared.pledge).await.ok().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), before + 2);
    let mut credentials: Vec<_> = seen[before - 1..].iter().map(|request| &request.credentials).collect();
    credentials.sort();
    credentials.dedup();
    assert_eq!(credentials.len(), 3, "reading, issuance, redemption");
}

#[tokio::test]
async fn the_token_and_the_pledge_requests_are_what_the_protocol_says() {
    let (server, world) = serve_world(|host| World::at(host, |_| {})).await;
    let network = Network::direct();
    let site = fetch(&network, &server.base, None).await.ok().unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    let prepared = prepare(&site.campaign, &phrase(), 3).ok().unwrap();
    let token = obtain(&network, &issuer, &world.invite(1), &prepared.request, prepared.pending).await;
    let token = token.ok().unwrap();
    redeem(&network, &site, &token, &prepared.pledge).await.ok().unwrap();
    let requests = server.requests();
    let (pledging, issuing) = (&requests[requests.len() - 1], &requests[requests.len() - 2]);
    let (head, body) = split(issuing);
    assert!(head.starts_with("POST /token-request HTTP/1.1\r\n") && body == prepared.request.encode());
    assert!(head.contains("content-type: application/private-token-request"));
    assert!(head.contains(&format!("authorization: Bearer {}", *world.invite(1).code())));
    let (head, body) = split(pledging);
    assert!(head.starts_with("POST /pledges HTTP/1.1\r\n") && body == prepared.pledge.encode());
    assert!(head.contains("content-type: application/vnd.headcount.pledge"));
    assert!(head.contains("authorization: PrivateToken token=\""));
}

#[tokio::test]
async fn u2_a_directory_that_names_any_other_address_is_refused() {
    for uri in [
        "token-request",
        "/token-request/",
        "/token-request?for=you",
        "/token-request#b",
        "/a/../token-request",
        "/you/token-request",
        "https://other.example/token-request",
        "//other.example/token-request",
        "",
    ] {
        let bound = Bound::new().await;
        let world = World::at(&bound.host(), |_| {});
        let mut directory = IssuerDirectory::new(world.campaign.token_key());
        directory.issuer_request_uri = uri.to_owned();
        let directory = serde_json::to_vec(&directory).unwrap();
        let server = bound.serve(move |request| {
            Some(match split(request).0.contains(DIRECTORY_PATH) {
                true => response("200 OK", media::ISSUER_DIRECTORY, &directory),
                false => world.answer(request),
            })
        });
        let network = Network::direct();
        let site = fetch(&network, &server.base, None).await.ok().unwrap();
        assert!(matches!(Issuer::find(&network, &site).await, Err(Error::Misbehaved(_))), "{uri}");
    }
}

#[tokio::test]
async fn n1_reading_and_issuance_are_over_before_the_pledge_opens_its_connection() {
    let (base, world, visits) = linger(|host| World::at(host, |_| {})).await;
    let network = Network::direct();
    let pause = || tokio::time::sleep(Duration::from_millis(50));
    let site = fetch(&network, &base, Some(world.id())).await.ok().unwrap();
    counts(&site.source, &site.campaign).await.unwrap();
    let issuer = Issuer::find(&network, &site).await.ok().unwrap();
    let prepared = prepare(&site.campaign, &phrase(), 3).ok().unwrap();
    pause().await;
    let token = obtain(&network, &issuer, &world.invite(1), &prepared.request, prepared.pending).await;
    let token = token.ok().unwrap();
    pause().await;
    redeem(&network, &site, &token, &prepared.pledge).await.ok().unwrap();
    let visits = visits.lock().unwrap();
    for (path, alone) in [("POST /token-request", visits.len() - 2), ("POST /pledges", visits.len() - 1)] {
        assert_eq!(visits[alone].requests, [path]);
        let over = |earlier: &Visit| earlier.closed.is_some_and(|closed| closed < visits[alone].opened);
        assert!(visits[..alone].iter().all(over), "{path}: another connection was open");
    }
}

#[tokio::test]
async fn a_repeat_after_a_lost_answer_is_told_apart_from_a_repeat() {
    for (answers, retried) in [(1, false), (2, true)] {
        let (server, world) = forgetful(answers).await;
        let network = Network::direct();
        let site = fetch(&network, &server.base, None).await.ok().unwrap();
        let (token, pledge) = world.token(7, 2);
        assert_eq!(redeem(&network, &site, &token, &pledge).await.ok().unwrap().retried, retried);
    }
}
