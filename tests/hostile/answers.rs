//! What answers carry: one set of headers for each kind, the same for whoever asks, and nothing of what is pending.

use crate::endpoints::DOCUMENTS;
use crate::stillness::lived_in;
use crate::victim::{Victim, asks, pledges};
use crate::wire::{Line, Message, Reply, Wire, address};
use protocol::auth_scheme::token_header;
use protocol::page_policy::page_policy;
use protocol::phrase::Phrase;
use tests::{K, Plan, World};

const EVERYWHERE: [&str; 5] =
    ["content-length", "content-type", "cross-origin-resource-policy", "referrer-policy", "x-content-type-options"];

/// What every page has besides, and every answer at /join and below it, whatever it is.
const PAGE: [&str; 4] =
    ["content-security-policy", "cross-origin-embedder-policy", "cross-origin-opener-policy", "permissions-policy"];

/// The headers of an answer besides those that every one has, sorted.
fn besides(reply: &Reply) -> Vec<&str> {
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(EVERYWHERE.iter().all(|name| names.contains(name)), "{reply:?}");
    names.retain(|name| !EVERYWHERE.contains(name));
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_answer_carries_the_headers_of_its_kind_and_no_others() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let mut wire = Wire::public(&world);
    for path in DOCUMENTS {
        let below_join = path.starts_with("/join");
        let mut expected: Vec<&str> = match path {
            "/healthz" | "/.well-known/private-token-issuer-directory" => vec!["cache-control"],
            _ if below_join => [&["cache-control"], &PAGE[..]].concat(),
            "/" | "/en/" | "/ru/" => [&["cache-control", "etag"], &PAGE[..]].concat(),
            _ => vec!["cache-control", "etag"],
        };
        expected.sort_unstable();
        let mut reply = wire.send(&Message::new("GET", path)).await;
        // only where there is another encoding to choose
        reply.headers.retain(|(name, value)| (name.as_str(), value.as_str()) != ("vary", "accept-encoding"));
        assert_eq!(besides(&reply), expected, "{path}");
        assert!(!below_join || reply.header("cache-control") == Some("no-store"), "{path} leaves a trace");
    }
    let token = wire.send(&victim.asks()).await;
    assert_eq!((token.status, besides(&token)), (200, vec!["cache-control", "connection"]));
    let (first, again) = (wire.send(&victim.pledges()).await, wire.send(&victim.pledges()).await);
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!((&first.headers, &first.body), (&again.headers, &again.body), "one receipt, whenever it is asked for");
    assert_eq!(besides(&first), ["cache-control"]);
    for (message, expected) in [
        (asks("x", vec![0; 259]), vec!["cache-control", "connection", "www-authenticate"]),
        (asks("x", vec![0; 260]), vec!["cache-control", "connection"]),
        (pledges("x", vec![0; 68]), vec!["cache-control"]),
        (Message::new("POST", "/pledges"), vec!["cache-control", "www-authenticate"]),
        (Message::new("GET", "/x"), vec!["cache-control"]),
        (Message::new("GET", "/join/x"), [&["cache-control"], &PAGE[..]].concat()),
        (Message::new("PUT", "/join"), [&["allow", "cache-control"], &PAGE[..]].concat()),
        (Message::new("PUT", "/pledges"), vec!["allow", "cache-control"]),
    ] {
        let reply = wire.send(&message).await;
        reply.refusal();
        assert_eq!(besides(&reply), expected, "{message:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_one_policy_holds_at_join_and_everywhere_below_it() {
    let world = lived_in(Plan::default()).await;
    let mut wire = Wire::public(&world);
    let policy = page_policy(world.campaign.genesis());
    assert!(policy.contains("connect-src 'self';") && !policy.contains("unsafe-inline"), "{policy}");
    for (method, path) in [
        ("GET", "/join"),
        ("HEAD", "/join/index.html"),
        ("GET", "/join/registration.wasm"),
        ("GET", "/join/nothing"),
        ("GET", "/join/"),
        ("GET", "/join/a/b"),
        ("POST", "/join"),
        ("OPTIONS", "/join/manifest.json"),
    ] {
        let reply = wire.send(&Message::new(method, path)).await;
        assert_eq!(reply.header("content-security-policy"), Some(policy.as_str()), "{method} {path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(reply.header("cross-origin-embedder-policy"), Some("require-corp"));
        let devices = "camera=(), geolocation=(), microphone=(), browsing-topics=()";
        assert_eq!(reply.header("permissions-policy"), Some(devices));
    }
    let elsewhere = wire.send(&Message::new("GET", "/joins")).await;
    assert_eq!(elsewhere.header("content-security-policy"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_who_asks_and_how_changes_nothing_in_an_answer() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    victim.does_it(&world).await;
    let mut wire = Wire::public(&world);
    let mut messages: Vec<Message> = DOCUMENTS.iter().map(|path| Message::new("GET", path)).collect();
    messages.extend([victim.pledges(), victim.asks_otherwise(), asks("x", vec![0; 259]), Message::new("GET", "/x")]);
    for message in messages {
        let plain = wire.send(&message).await;
        for (name, value) in [
            ("user-agent", "curl/8.5.0"),
            ("cookie", "session=1"),
            ("accept", "text/plain;q=0.1"),
            ("accept-language", "ru"),
            ("accept-encoding", "identity, zstd"),
            ("origin", "https://evil.example"),
            ("referer", "https://evil.example/"),
            ("range", "bytes=0-3"),
            ("if-modified-since", "Sat, 01 Jan 2028 00:00:00 GMT"),
            ("if-none-match", "\"x\""),
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7;proto=https"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/organiser/counts"),
            ("upgrade", "h2c"),
        ] {
            assert_eq!(wire.send(&message.clone().with(name, value)).await, plain, "{name} at {}", message.path);
        }
    }
    // whoever has a document already is told so, and no more
    let get = Message::new("GET", "/counts.json");
    let tag = wire.send(&get).await.header("etag").unwrap().to_owned();
    let reply = wire.send(&get.with("if-none-match", tag)).await;
    assert_eq!((reply.status, reply.body.len()), (304, 0));
    // and what is no HTTP hears a status only
    let mut line = Line::open(&address(&world.url())).await;
    line.write(b"\x00\r\n\r\n").await;
    let names: Vec<(String, String)> = line.reply().await.unwrap().headers;
    assert_eq!(names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["connection", "content-length"]);
}

/// Every public answer and every refusal that can be had without an invite or a token.
async fn all_that_can_be_seen(world: &World) -> Vec<Reply> {
    let bearer = format!("Bearer {}", world.organiser_token());
    let (mut public, mut organiser) = (Wire::public(world), Wire::organiser(world));
    let counts = Message::new("GET", "/organiser/counts").with("authorization", bearer);
    let mut seen = vec![organiser.send(&counts).await];
    let mut messages: Vec<Message> = DOCUMENTS.iter().map(|path| Message::new("GET", path)).collect();
    for path in ["/log/tile/0/000", "/log/tile/entries/000.p/8", "/log/tile/0/000.p/8", "/log/tile/1/000.p/1"] {
        messages.push(Message::new("GET", path));
    }
    messages.extend([asks("x", vec![0; 259]), pledges("x", vec![0; 68]), Message::new("POST", "/pledges")]);
    for message in messages {
        seen.push(public.send(&message).await);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_answer_tells_of_what_is_issued_or_pending() {
    let world = lived_in(Plan::default()).await;
    let before = all_that_can_be_seen(&world).await;
    let invites = world.invites("quiet", 9).await;
    assert!(before == all_that_can_be_seen(&world).await, "invites");
    let mut tokens = Vec::new();
    for invite in &invites {
        let phrase = Phrase::generate(&mut rand::rng());
        let token = world.obtain(invite, &phrase, 0).await.unwrap();
        tokens.push(pledges(token_header(&token), phrase.secrets(world.campaign.id(), 0).pledge().encode()));
    }
    assert!(before == all_that_can_be_seen(&world).await, "tokens");
    let mut wire = Wire::public(&world);
    for message in &tokens[..9] {
        assert_eq!(wire.send(message).await.status, 201);
        assert!(before == all_that_can_be_seen(&world).await, "pledges");
    }
    world.tick().await;
    let after = all_that_can_be_seen(&world).await;
    assert!(before != after, "a tick shows them");
    assert_eq!(world.counts().await.total, u64::from(K) + 9);
}
