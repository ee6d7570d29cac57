//! An issuer under another name: whose page a browser lets ask it, and how little is allowed.

use crate::victim::asks;
use crate::wire::{Message, Reply, Wire};
use protocol::directory::DIRECTORY_PATH;
use tests::{Plan, World};

const ONION: &str = "headcountheadcountheadcountheadcountheadcountheadcounthea.onion";
const ALLOWED: &str = "access-control-allow-origin";

/// What a browser asks before a page of `origin` posts with such headers.
fn preflight(path: &str, origin: &str) -> Message {
    Message::new("OPTIONS", path)
        .with("origin", origin)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "authorization,content-type")
}

/// All that one answer allows, sorted.
fn allows(reply: &Reply) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> =
        reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    found.retain(|(name, _)| name.starts_with("access-control-"));
    found.sort_unstable();
    found
}

/// What everybody is told at the two paths that a page asks.
fn questions(origin: &str) -> [Message; 3] {
    [
        Message::new("GET", DIRECTORY_PATH).with("origin", origin),
        asks("x", vec![0; 259]).with("origin", origin),
        asks("x", vec![0; 7]).with("origin", origin),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_only_the_page_of_the_campaign_may_ask_an_issuer_under_another_name() {
    let world = World::with(Plan { issuer_host: Some("localhost".to_owned()), ..Plan::default() }).await;
    let mut wire = Wire::public(&world);
    let home = world.campaign.genesis().origin_url();
    let policy = wire.send(&Message::new("GET", "/join")).await;
    let policy = policy.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("connect-src 'self' {};", world.campaign.genesis().issuer_url())), "{policy}");
    for origin in [home.as_str(), "https://evil.example", "null"] {
        // the same answer to all: a browser compares it with where its page is from
        for question in questions(origin) {
            let reply = wire.send(&question).await;
            assert_eq!(allows(&reply), [(ALLOWED, home.as_str())], "{question:?}");
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("cross-origin"));
            assert_eq!(reply.header("vary"), None);
        }
        let reply = wire.send(&preflight("/token-request", origin)).await;
        assert_eq!(reply.status, 204);
        let all = [
            ("access-control-allow-headers", "authorization, content-type"),
            ("access-control-allow-methods", "POST"),
            (ALLOWED, home.as_str()),
        ];
        let mut all = all.to_vec();
        all.sort_unstable();
        assert_eq!(allows(&reply), all);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    for path in ["/pledges", "/counts.json", "/join", "/campaign", "/"] {
        let reply = wire.send(&preflight(path, &home)).await;
        assert_eq!((reply.status, allows(&reply)), (405, vec![]), "{path}");
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    }
    for message in [
        Message::new("OPTIONS", "/token-request").with("origin", home.as_str()),
        preflight("/token-request", &home).with("access-control-request-method", "POST"),
        Message::new("OPTIONS", "/token-request").with("access-control-request-method", "PUT"),
        preflight(DIRECTORY_PATH, &home),
    ] {
        assert_eq!(wire.send(&message).await.status, 405, "{message:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_of_two_homes_the_one_that_asks_is_allowed_and_nobody_else() {
    let plan = Plan { issuer_host: Some("localhost".to_owned()), onion: Some(ONION.to_owned()), ..Plan::default() };
    let world = World::with(plan).await;
    let mut wire = Wire::public(&world);
    let (home, onion) = (world.campaign.genesis().origin_url(), format!("http://{ONION}"));
    for (origin, allowed) in [
        (home.as_str(), true),
        (onion.as_str(), true),
        ("https://evil.example", false),
        ("null", false),
        (&*format!("{onion}.evil.example"), false),
        (&*onion.to_uppercase(), false),
        (&*format!("{onion}/"), false),
    ] {
        for question in questions(origin).into_iter().chain([preflight("/token-request", origin)]) {
            let reply = wire.send(&question).await;
            assert_eq!(reply.header(ALLOWED), allowed.then_some(origin), "{question:?}");
            assert_eq!(reply.header("vary"), Some("origin"), "{question:?}");
        }
    }
    let twice = wire.send(&questions(&home)[0].clone().with("origin", home.as_str())).await;
    assert_eq!(twice.header(ALLOWED), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_where_issuer_and_origin_have_one_name_no_other_page_may_ask_anything() {
    let world = World::start().await;
    let mut wire = Wire::public(&world);
    for origin in [world.campaign.genesis().origin_url().as_str(), "https://evil.example"] {
        for question in questions(origin).into_iter().chain([preflight("/token-request", origin)]) {
            let reply = wire.send(&question).await;
            assert_eq!((allows(&reply), reply.header("vary")), (vec![], None), "{question:?}");
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
        }
        assert_eq!(wire.send(&preflight("/token-request", origin)).await.status, 405);
    }
}
