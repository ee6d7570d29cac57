//! The whole HTTP surface, public and organisers', on a real campaign with a real disk: whatever is asked, the answer is of
//! the closed set, nothing is issued without an invite, nothing counted without its token, and nobody without a token or a
//! session sees or does what is the organisers'.

#![no_main]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{self, HeaderMap, StatusCode};
use fuzz::script::{Request, contains};
use fuzz::stage::{ACCOUNT, BATCH, Stage, demand_answer};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tower_service::Service;

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);
static ROUTES: LazyLock<[Router; 2]> =
    LazyLock::new(|| [STAGE.world.deployment().public_routes(), STAGE.world.deployment().organiser_routes()]);

fuzz_target!(|data: &[u8]| {
    let names = STAGE.names.lock().expect("no panic").clone();
    let requests = Request::read(data, &names);
    let before = deeds();
    let mut opened = false;
    for request in &requests {
        opened |= STAGE.credentials().iter().any(|secret| request.holds(secret));
        STAGE.runtime.block_on(ask(request));
    }
    assert!(opened || deeds() == before, "somebody without a token did something as an organiser");
    STAGE.runtime.block_on(nothing_is_shown());
});

/// What organisers did, by the length of the log of it.
fn deeds() -> u64 {
    std::fs::metadata(STAGE.world.data().join("actions")).expect("a log of actions").len()
}

/// Sends a request, if it is one that an HTTP library would let through, and judges the answer.
async fn ask(request: &Request) {
    let mut builder = http::Request::builder().method(request.method.as_slice()).uri(request.target.as_slice());
    for (name, value) in &request.headers {
        builder = builder.header(name.as_slice(), value.as_slice());
    }
    let Ok(sent) = builder.body(Body::from(request.body.clone())) else { return };
    if sent.uri().path_and_query().is_none_or(|path| !path.as_str().starts_with('/')) {
        return; // a CONNECT, or OPTIONS *
    }
    let path = sent.uri().path().to_owned();
    let (method, opens) = (sent.method().clone(), STAGE.credentials().iter().any(|secret| request.holds(secret)));
    let (status, headers, body) = call(request.to_organisers, sent).await;
    let shown = Some(body.as_slice()).filter(|_| method != http::Method::HEAD);
    demand_answer(status, &headers, shown, request.to_organisers);
    assert!(method != http::Method::HEAD || body.is_empty(), "a HEAD has no body");
    STAGE.keep_cookie(&headers);
    if !request.to_organisers {
        assert!(!headers.contains_key("set-cookie") && !path.starts_with("/organiser") || status.as_u16() >= 400);
    }
    if !opens {
        let secret = [BATCH, ACCOUNT]
            .into_iter()
            .find(|secret| contains(&body, secret.as_bytes()) && !request.holds(secret.as_bytes()));
        assert_eq!(secret, None, "{path} shows what is the organisers'");
        assert!(status != StatusCode::ACCEPTED || !request.to_organisers, "{path} did something for anybody");
    }
    let authorization = request.only("authorization").unwrap_or_default();
    match (path.as_str(), status.as_u16()) {
        _ if request.to_organisers => {}
        ("/token-request", 200) => STAGE.issued(authorization, &request.body),
        ("/pledges", 200 | 201) => STAGE.counted(status == StatusCode::CREATED, authorization, &request.body),
        (_, 201) => panic!("{path} counted something"),
        _ => {}
    }
}

async fn call(to_organisers: bool, request: http::Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let answer = ROUTES[usize::from(to_organisers)].clone().call(request).await.expect("routes always answer");
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 64 << 20).await.expect("a whole body");
    (parts.status, parts.headers, body.to_vec())
}

/// Nothing was published, so nothing is counted for anybody to see, whatever waits.
async fn nothing_is_shown() {
    let request = http::Request::get("/counts.json").body(Body::empty()).expect("a request");
    let (status, _, body) = call(false, request).await;
    assert_eq!(status, StatusCode::OK);
    let counts: serde_json::Value = serde_json::from_slice(&body).expect("counts");
    assert!(counts["total"] == 0 && counts["places"].as_object().is_some_and(|places| places.is_empty()), "{counts}");
}
