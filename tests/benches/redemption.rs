//! Durable redemptions over HTTP, with tokens made beforehand, beside what bounds them on the same machine in the same
//! run: the verification of a token alone, and the same requests to a server that does nothing.
//!
//! Load generator and servers share the machine and the process. `HEADCOUNT_BENCH_TOKENS` sets how many (default 20,000).

use axum::Router;
use axum::routing::post;
use protocol::auth_scheme::token_header;
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::token::Token;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 4;

/// A token with the request that redeems it.
struct Made {
    token: Token,
    request: Vec<u8>,
}

fn main() {
    let count = std::env::var("HEADCOUNT_BENCH_TOKENS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(count));
}

#[allow(clippy::print_stdout, reason = "a bench tells what it measured")]
async fn run(count: usize) {
    let world = World::start().await;
    println!("making {count} tokens …");
    let made = make_tokens(&world, count);
    let echo = echo_server().await;
    let target: SocketAddr = world.url().trim_start_matches("http://").parse().expect("an address");

    let (mut redeemed, mut echoed, mut verified) = (Vec::new(), Vec::new(), Vec::new());
    for part in made.chunks(count.div_ceil(ROUNDS)) {
        verified.push(verifications_per_second(&world, part));
        echoed.push(requests_per_second(echo, part, b"HTTP/1.1 200").await);
        redeemed.push(requests_per_second(target, part, b"HTTP/1.1 201").await);
    }
    let (redeemed, echoed, verified) = (median(redeemed), median(echoed), median(verified));
    println!("\nmedian of {ROUNDS} rounds, {CONNECTIONS} connections, {} tokens a round", count / ROUNDS);
    println!("{:<46}{:>10}{:>10}", "", "per second", "ratio");
    println!("{:<46}{redeemed:>10.0}{:>10.2}", "durable redemptions over HTTP", 1.0);
    println!("{:<46}{echoed:>10.0}{:>10.2}", "the same requests, a server that does nothing", redeemed / echoed);
    println!("{:<46}{verified:>10.0}{:>10.2}", "verifications alone, one core", redeemed / verified);
    println!("{:<46}{:>10}", "wanted", 4000);
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Blinds and signs on all cores with the campaign's own key, as the issuer would.
fn make_tokens(world: &World, count: usize) -> Vec<Made> {
    let der = std::fs::read(world.data().join("keys/issuer.pkcs8")).expect("the issuer's key");
    let key = Arc::new(IssuerPrivateKey::from_der(&der).expect("a good key"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let host = world.url();
    std::thread::scope(|scope| {
        let work = |_| {
            let (key, host) = (key.clone(), host.as_str());
            scope.spawn(move || (0..count.div_ceil(threads)).map(|_| make(world, &key, host)).collect::<Vec<_>>())
        };
        let handles: Vec<_> = (0..threads).map(work).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("no panic")).take(count).collect()
    })
}

fn make(world: &World, key: &IssuerPrivateKey, host: &str) -> Made {
    let campaign = &world.campaign;
    let place = rand::random::<u32>() % 5;
    let secrets = Phrase::generate(&mut rand::rng()).secrets(campaign.id(), place);
    let pledge = secrets.pledge();
    let nonce = pledge.nonce(campaign.places().region_of(place).expect("a place"));
    let made = TokenRequest::new(&mut secrets.blinding(), campaign.token_key(), campaign.challenge_digest(), nonce);
    let (request, pending) = made.expect("a good key");
    let token = pending.finalize(&key.issue(&mut rand::rng(), &request).expect("a signature")).expect("a token");
    let head = format!(
        "POST /pledges HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: {}\r\ncontent-length: 68\r\n\r\n",
        host.trim_start_matches("http://"),
        token_header(&token),
        media::PLEDGE
    );
    Made { token, request: [head.as_bytes(), &pledge.encode()].concat() }
}

fn verifications_per_second(world: &World, made: &[Made]) -> f64 {
    let start = Instant::now();
    for made in made {
        black_box(&made.token).verify_signature(world.campaign.token_key()).expect("a valid token");
    }
    made.len() as f64 / start.elapsed().as_secs_f64()
}

/// A server that reads the body and answers as many bytes as a receipt has.
async fn echo_server() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    let routes = Router::new().route("/pledges", post(async |_: axum::body::Bytes| vec![0u8; 64]));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// Sends each request once over connections that stay open, and demands the same status for all.
async fn requests_per_second(target: SocketAddr, made: &[Made], status: &'static [u8]) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = made
        .chunks(made.len().div_ceil(CONNECTIONS))
        .map(|part| tokio::spawn(send_all(target, part.iter().map(|made| made.request.clone()).collect(), status)))
        .collect();
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(120), task).await.expect("an end").expect("no panic");
    }
    made.len() as f64 / start.elapsed().as_secs_f64()
}

async fn send_all(target: SocketAddr, requests: Vec<Vec<u8>>, status: &[u8]) {
    let mut stream = TcpStream::connect(target).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    for request in requests {
        stream.write_all(&request).await.expect("a write");
        let mut answer = Vec::with_capacity(512);
        // head and the 64 bytes of a receipt
        while answer.windows(4).position(|window| window == b"\r\n\r\n").is_none_or(|end| answer.len() < end + 4 + 64) {
            let read = stream.read_buf(&mut answer).await.expect("a read");
            assert!(read > 0, "the connection ended early");
        }
        assert!(answer.starts_with(status), "{}", String::from_utf8_lossy(&answer));
    }
}
