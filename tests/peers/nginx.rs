//! nginx as a cache in front: of a crowd of readers it lets few through, it keeps nothing that concerns one person, and an
//! audit passes it at any moment. It is set up to keep all that it is not forbidden to keep.

pub(crate) mod process;

use client::address::BaseUrl;
use client::audit::Report;
use client::log_reader::Source;
use client::transport::Network;
use process::Nginx;
use protocol::auth_scheme::token_header;
use protocol::issuance::TokenResponse;
use protocol::phrase::Phrase;
use reqwest::{Client, Method};
use server::config::SHARED_CACHE_SECS;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::folders::files;
use tests::{World, wire};

/// What comes back, as far as caches are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    status: u16,
    encoding: String,
    tag: String,
    vary: String,
    control: String,
    body: Vec<u8>,
    /// What nginx says of itself: HIT for an answer from its memory.
    cache: String,
}

/// Whoever reads, over connections of their own.
struct Reader(Client);

impl Reader {
    fn new() -> Self {
        Self(Client::builder().no_proxy().build().unwrap())
    }

    async fn get(&self, url: &str, path: &str, headers: &[(&str, &str)]) -> Seen {
        self.ask(Method::GET, url, path, headers).await
    }

    async fn ask(&self, method: Method, url: &str, path: &str, headers: &[(&str, &str)]) -> Seen {
        let request = self.0.request(method, format!("{url}{path}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        seen(request.send().await.unwrap()).await
    }
}

async fn seen(response: reqwest::Response) -> Seen {
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    Seen {
        status: response.status().as_u16(),
        encoding: header("content-encoding"),
        tag: header("etag"),
        vary: header("vary"),
        control: header("cache-control"),
        cache: header("x-cache"),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

const READ_BY_MANY: [&str; 10] = [
    "/",
    "/ru/",
    "/overview/en/all.png",
    "/campaign",
    "/places.json",
    "/counts.json",
    "/log/checkpoint",
    "/log/tile/0/000",
    "/log/tile/entries/000",
    "/log/tile/entries/001.p/6",
];
const ENCODINGS: [&str; 3] = ["br", "gzip", "identity"];
const READERS: usize = 8;
const ROUNDS: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn d1_of_a_crowd_behind_a_cache_a_handful_reaches_the_server() {
    let world = World::start().await;
    world.register_many(0, 260).await; // the genesis, a group, 260 pledges: a full bundle and one of six
    world.tick().await;
    let nginx = Nginx::before(&world);
    let mut direct = Vec::new();
    for path in READ_BY_MANY {
        for encoding in ENCODINGS {
            let answer = Reader::new().get(&world.url(), path, &[("accept-encoding", encoding)]).await;
            assert_eq!((answer.status, answer.cache.as_str()), (200, ""), "{path}");
            direct.push((path, encoding, answer));
        }
    }
    let (direct, url) = (Arc::new(direct), nginx.url());
    let start = Instant::now();
    let crowd: Vec<_> = (0..READERS).map(|_| tokio::spawn(read_all(direct.clone(), url.clone()))).collect();
    let mut reached = 0;
    for reader in crowd {
        reached += reader.await.unwrap();
    }
    let (reads, took) = (direct.len() * READERS * ROUNDS, start.elapsed());
    let different = direct.iter().filter(|(_, encoding, seen)| !seen.vary.is_empty() || *encoding == "br").count();
    let expiries = usize::try_from(took.as_secs() / SHARED_CACHE_SECS).unwrap();
    assert!(different <= reached, "each of the {different} has to be fetched once");
    assert!(reached <= different + expiries * READERS * direct.len(), "{reached} of {reads} in {took:?}");
    know_it_already(&direct, &url).await;
}

/// Reads everything some times; how often nginx had to ask.
async fn read_all(direct: Arc<Vec<(&'static str, &'static str, Seen)>>, url: String) -> usize {
    let (reader, mut reached) = (Reader::new(), 0);
    for _ in 0..ROUNDS {
        for (path, encoding, direct) in direct.iter() {
            let mut seen = reader.get(&url, path, &[("accept-encoding", encoding)]).await;
            reached += usize::from(std::mem::take(&mut seen.cache) != "HIT");
            assert_eq!(&seen, direct, "{path} {encoding}");
        }
    }
    reached
}

/// Who has a document already is told so by nginx, for each encoding by its own tag; HEAD says the same and sends nothing.
async fn know_it_already(direct: &[(&'static str, &'static str, Seen)], url: &str) {
    let reader = Reader::new();
    for (path, encoding, known) in direct {
        let asked = [("accept-encoding", *encoding), ("if-none-match", known.tag.as_str())];
        let again = reader.get(url, path, &asked).await;
        assert_eq!((again.status, &again.tag, again.body.len()), (304, &known.tag, 0), "{path} {encoding}");
        assert_eq!(again.control, known.control);
        let head = reader.ask(Method::HEAD, url, path, &asked[..1]).await;
        assert_eq!((head.status, &head.tag, head.body.len()), (200, &known.tag, 0), "{path} {encoding}");
        let other = direct.iter().find(|(at, _, other)| at == path && other.tag != known.tag);
        if let Some((_, _, other)) = other {
            let asked = [("accept-encoding", *encoding), ("if-none-match", other.tag.as_str())];
            let again = reader.get(url, path, &asked).await;
            assert_eq!((again.status, &again.body), (200, &known.body), "{path}: the tag of another encoding");
        }
    }
}

async fn audit(world: &World, nginx: &Nginx) -> Report {
    let base = BaseUrl::parse(&nginx.url()).unwrap();
    world.audit_of(&Source::Web(Network::direct().operation(&base).unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_behind_a_cache_new_numbers_come_within_seconds_and_an_audit_passes_meanwhile() {
    let world = World::start().await;
    world.register_many(0, 5).await;
    world.tick().await;
    // two that know different things when the tick comes: one the counts, one the checkpoint
    let (counts_first, checkpoint_first) = (Nginx::before(&world), Nginx::before(&world));
    assert_eq!(audit(&world, &Nginx::before(&world)).await.head.size, 7);
    world.register_many(0, 6).await;
    let reader = Reader::new();
    let counts = async || reader.get(&counts_first.url(), "/counts.json", &[]).await;
    let checkpoint = async || reader.get(&checkpoint_first.url(), "/log/checkpoint", &[]).await;
    let (old_counts, old_checkpoint) = (counts().await, checkpoint().await);
    let start = Instant::now();
    world.tick().await;
    assert_eq!((counts().await.body, counts().await.cache.as_str()), (old_counts.body.clone(), "HIT"));
    assert_eq!((checkpoint().await.body, checkpoint().await.cache.as_str()), (old_checkpoint.body, "HIT"));

    let (newer_log, newer_counts) = tokio::join!(audit(&world, &counts_first), audit(&world, &checkpoint_first));
    assert_eq!((newer_log.counts_compared_at, newer_log.head.size, newer_log.pledges), (Some(7), 14, 11));
    assert_eq!(
        (newer_counts.counts_compared_at, newer_counts.head.size),
        (Some(14), 14),
        "it waits for the checkpoint"
    );
    while counts().await.body == old_counts.body {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // nginx counts in whole seconds
    let took = start.elapsed();
    assert!(took < Duration::from_secs(SHARED_CACHE_SECS + 2), "{took:?}");
    assert_eq!(counts().await.body, world.get("/counts.json").await.body);
    assert_eq!(audit(&world, &counts_first).await.counts_compared_at, Some(14));
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_a_cache_in_front_keeps_nothing_that_concerns_one_person() {
    let world = World::start().await;
    let (nginx, reader) = (Nginx::before(&world), Reader::new());
    let (invite, phrase) = (world.invite().await, Phrase::generate(&mut rand::rng()));
    let (request, pending) = world.token_request(&phrase, 0);
    let pledge = phrase.secrets(world.campaign.id(), 0).pledge();
    let mut secrets = vec![request.encode().to_vec(), pledge.encode().to_vec(), invite.code().as_bytes().to_vec()];

    // asked twice: what the first leaves behind would be given to the second
    let mut token = None;
    for code in [invite.code().to_string(), invite.code().to_string(), "x".to_owned()] {
        let sent = wire::ask_for_token(&reader.0, &nginx.url(), &code, &request.encode()).send().await.unwrap();
        assert_eq!(sent.headers()["connection"], "close", "nginx passes on that the connection ends (N1)");
        let answer = kept_by_nobody(seen(sent).await);
        if answer.status == 200 {
            token = Some(TokenResponse::decode(&answer.body).unwrap());
        }
        secrets.push(answer.body);
    }
    let token = pending.finalize(&token.unwrap()).unwrap();
    secrets.push(token_header(&token).into_bytes());
    for status in [201, 200] {
        let sent = wire::redeem(&reader.0, &nginx.url(), &token, &pledge).send().await.unwrap();
        let answer = kept_by_nobody(seen(sent).await);
        assert_eq!(answer.status, status);
        secrets.push(answer.body);
    }
    let bundle = "/log/tile/entries/000.p/7";
    for path in ["/join", "/join/x", "/pledges", "/token-request", "/healthz", bundle, "/x", "/organiser/counts"] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
            for _ in 0..2 {
                kept_by_nobody(reader.ask(method.clone(), &nginx.url(), path, &[]).await);
            }
        }
    }
    // what was not there a moment ago is there as soon as it is signed
    world.register_many(0, 4).await;
    world.tick().await;
    assert_eq!(reader.get(&nginx.url(), bundle, &[]).await.body, world.get(bundle).await.body);

    let public = reader.get(&nginx.url(), "/counts.json", &[]).await;
    let kept = files(nginx.folder());
    let is_kept = |bytes: &[u8]| kept.iter().any(|(_, file)| file.windows(bytes.len()).any(|part| part == bytes));
    assert!(is_kept(&public.body), "what everybody may read is there, so that the search finds what is");
    assert!(secrets.iter().all(|secret| secret.len() > 20 && !is_kept(secret)));
}

/// An answer that forbids to be kept, and was not.
fn kept_by_nobody(answer: Seen) -> Seen {
    assert_eq!((answer.control.as_str(), answer.cache == "HIT"), ("no-store", false), "{answer:?}");
    answer
}
