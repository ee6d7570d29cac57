//! Issuance and redemption over HTTP: durable, every answer checked. Beside them the crate `privacypass` behind the same HTTP
//! library with all its stores in memory, and an echo of 400 bytes. One load generator for all, 64 connections.
//!
//! Load and servers share the machine; the processor time is that of the servers alone.

use crate::clocks::{Took, together};
use crate::duel::{Baseline, By, Duel, Row};
use crate::fixture::{Stage, Yard};
use crate::load::{Answer, Ends, fire};
use crate::peers::{Foreign, ForeignOrigin, openssl_speed};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use criterion::Criterion;
use protocol::invite::Invite;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::media;
use protocol::receipt::verify_receipt;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

/// Both of them, if wanted.
pub(crate) fn run(
    criterion: &mut Criterion,
    yard: &Yard,
    stage: &mut Stage,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Row> {
    let mut rows = Vec::new();
    if wanted("issuance over HTTP") {
        rows.extend(issuance(yard, stage).run(criterion, 2, 10.0));
    }
    if wanted("redemption over HTTP") {
        rows.extend(redemption(yard, stage).run(criterion, 3, 8.0));
    }
    rows
}

/// An issuance ends its connection, so its peers do that too.
fn issuance<'a>(yard: &'a Yard, stage: &'a mut Stage) -> Duel<'a> {
    let mut issuance = Issuance::new(yard, stage);
    let foreign = Foreign::new();
    let (request, right) = foreign.on_the_wire();
    let issuer = yard.serve.block_on(serve(
        Router::new()
            .route(
                "/token-request",
                post(async |State(foreign): State<Arc<Foreign>>, body: Bytes| foreign.answer(&body).await),
            )
            .with_state(Arc::new(foreign)),
    ));
    let request = message(issuer, "/token-request", media::TOKEN_REQUEST, "", &request);
    let theirs = move |count| {
        let (answers, took) = load(yard, issuer, repeated(&request, count), Ends::After);
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == right), "a wrong answer");
        took
    };
    Duel::new("issuance over HTTP", By::Wall, Box::new(move |count| issuance.issue(count)))
        .beside("openssl speed rsa2048, sign", None, Box::new(|| openssl_speed().sign))
        .against("privacypass behind axum, nothing kept", None, Box::new(theirs))
        .against("echo of 400 bytes, a connection each", None, Box::new(echo(yard, Ends::After)))
}

/// Each issuance is the first of its invite.
struct Issuance<'a> {
    yard: &'a Yard,
    stage: &'a Stage,
    invites: Vec<Invite>,
    requests: Vec<(TokenRequest, TokenResponse)>,
}

impl<'a> Issuance<'a> {
    fn new(yard: &'a Yard, stage: &'a Stage) -> Self {
        let known = |number| {
            let (request, pending) = yard.token_request(number);
            let response = yard.response(&request);
            pending.finalize(&response).expect("a valid token");
            (request, response)
        };
        Self { yard, stage, invites: Vec::new(), requests: (0..REQUESTS).map(known).collect() }
    }

    fn issue(&mut self, count: u64) -> Took {
        let count = usize::try_from(count).expect("a length");
        while self.invites.len() < count {
            self.invites.extend(self.yard.serve.block_on(self.stage.world().invites("bench", INVITES)));
        }
        let invites = self.invites.split_off(self.invites.len() - count);
        let with_request = |(invite, (request, _)): (&Invite, &(TokenRequest, TokenResponse))| {
            let header = format!("authorization: Bearer {}\r\n", *invite.code());
            message(self.yard.address, "/token-request", media::TOKEN_REQUEST, &header, &request.encode())
        };
        let requests = invites.iter().zip(self.requests.iter().cycle()).map(with_request).collect();
        let (answers, took) = load(self.yard, self.yard.address, requests, Ends::After);
        for (answer, (_, right)) in answers.iter().zip(self.requests.iter().cycle()) {
            assert!(answer.status == 200 && answer.body == right.encode(), "{answer}");
        }
        took
    }
}

/// Over connections that stay open.
fn redemption<'a>(yard: &'a Yard, stage: &'a mut Stage) -> Duel<'a> {
    let key = yard.campaign.token_key();
    let origin = Arc::new(RwLock::new(Arc::new(ForeignOrigin::new(key))));
    let redeem = async |State(origin): State<Replaced>, headers: HeaderMap, _: Bytes| {
        let origin = origin.read().expect("no panic").clone();
        origin.redeem_header(headers.get("authorization").expect("a token")).await;
        vec![0u8; 64]
    };
    let address = yard.serve.block_on(serve(Router::new().route("/pledges", post(redeem)).with_state(origin.clone())));
    let theirs = move |count| {
        let mut sum = Took::default();
        for part in parts(yard, count) {
            *origin.write().expect("no panic") = Arc::new(ForeignOrigin::new(key));
            let (answers, took) = load(yard, address, part, Ends::Never);
            assert!(answers.iter().all(|answer| answer.status == 200 && answer.body.len() == 64), "a wrong answer");
            sum += took;
        }
        sum
    };
    let mut next = 0;
    Duel::new("redemption over HTTP", By::Wall, Box::new(move |count| redeem_ours(yard, stage, &mut next, count)))
        .against("privacypass in memory, without HTTP", None, Box::new(move |count| in_memory(yard, count)))
        .against("privacypass behind axum, nothing kept", None, Box::new(theirs))
        .against("echo of 400 bytes", BASELINE_REDEMPTION, Box::new(echo(yard, Ends::Never)))
}

/// The peer's whole redemption and nothing else, on one thread.
fn in_memory(yard: &Yard, count: u64) -> Took {
    let mut sum = Took::default();
    for part in yard.made.chunks(usize::try_from(count).expect("a length").min(yard.made.len())).take(1) {
        sum += ForeignOrigin::redeem_all(yard.campaign.token_key(), part);
    }
    sum
}

type Replaced = Arc<RwLock<Arc<ForeignOrigin>>>;

/// Each token once; when all are spent, the server starts anew on an empty copy.
fn redeem_ours(yard: &Yard, stage: &mut Stage, next: &mut usize, count: u64) -> Took {
    let mut sum = Took::default();
    let mut left = usize::try_from(count).expect("a length");
    while left > 0 {
        if *next == yard.made.len() {
            stage.start_on_copy_of(yard, yard.empty.path());
            *next = 0;
        }
        let part = &yard.made[*next..][..left.min(yard.made.len() - *next)];
        let requests = part.iter().map(|made| made.request.clone()).collect();
        let (answers, took) = load(yard, yard.address, requests, Ends::Never);
        for (answer, made) in answers.iter().zip(part) {
            assert_eq!(answer.status, 201, "{answer}");
            let receipt_key = &yard.campaign.genesis().receipt_key;
            verify_receipt(receipt_key, yard.campaign.id(), &made.token.nonce(), &answer.body).expect("a good receipt");
        }
        sum += took;
        *next += part.len();
        left -= part.len();
    }
    sum
}

/// The requests of as many redemptions, in parts within which no token comes twice.
fn parts(yard: &Yard, count: u64) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let all = yard.made.len() as u64;
    (0..count.div_ceil(all)).map(move |part| {
        let left = usize::try_from((count - part * all).min(all)).expect("a length");
        yard.made[..left].iter().map(|made| made.request.clone()).collect()
    })
}

/// A server that answers what it is sent; more often than the others, because it is so fast that a sample would be
/// over before the scheduler had its say.
fn echo(yard: &Yard, ends: Ends) -> impl FnMut(u64) -> Took {
    let address = yard.serve.block_on(serve(Router::new().route("/echo", post(async |body: Bytes| body))));
    let body = [b'e'; 400];
    let request = message(address, "/echo", "application/octet-stream", "", &body);
    move |count| {
        let (answers, took) = load(yard, address, repeated(&request, count * MORE_ECHOES), ends);
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == body), "a wrong answer");
        took.of_one_in(MORE_ECHOES)
    }
}

fn load(yard: &Yard, to: SocketAddr, requests: Vec<Vec<u8>>, ends: Ends) -> (Vec<Answer>, Took) {
    together(|| yard.load.block_on(fire(to, requests, ends)))
}

fn repeated(request: &[u8], count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|_| request.to_vec()).collect()
}

fn message(host: SocketAddr, path: &str, media_type: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n{header}content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

pub(crate) async fn serve(routes: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// Echoes for each request to the others.
const MORE_ECHOES: u64 = 10;
/// Different TokenRequests; each is used with many invites, of which none is used twice.
const REQUESTS: u64 = 64;
/// Invites made at a time.
const INVITES: u32 = 20_000;
const BASELINE_REDEMPTION: Option<Baseline> =
    Some(Baseline { ratio: 0.19, by: By::Processor, source: "§5, computed: 115 µs a redemption, 22 µs an echo" });
