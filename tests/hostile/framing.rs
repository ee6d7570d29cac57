//! Requests whose frame lies: lengths, chunks, versions, targets, half-closed connections, many requests in one breath.
//!
//! What is not HTTP at all is answered by the HTTP library, before any route: a status without a body, and the end of
//! the connection. What is HTTP gets a problem of the closed set.

use crate::stillness::{disk, lived_in};
use crate::victim::Victim;
use crate::wire::{Line, Message, Reply, address};
use protocol::problem::Problem;
use tests::{Plan, World};

/// Sends bytes that end in [`LAST`] or at something that ends the connection, and reads all answers until it has ended.
async fn exchange(world: &World, bytes: &[u8]) -> Vec<Reply> {
    let mut line = Line::open(&address(&world.url())).await;
    line.write(bytes).await;
    let mut replies = Vec::new();
    while let Some(reply) = line.reply().await {
        replies.push(reply);
    }
    replies
}

/// Sends bytes that break off there. The server may answer or just hang up.
async fn cut_off(world: &World, bytes: &[u8]) -> Option<Reply> {
    let mut line = Line::open(&address(&world.url())).await;
    line.write(bytes).await;
    line.half_close().await;
    let reply = line.reply().await;
    assert!(line.ends().await, "one answer at most");
    reply
}

/// A head with more header lines, the empty line, and what follows.
fn framed(message: &Message, lines: &str, rest: &[u8]) -> Vec<u8> {
    [&message.head(), lines.as_bytes(), b"\r\n", rest].concat()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// How each endpoint says it (RFC 9578 §6.2 wants 422).
fn malformed(good: &Message) -> (u16, Problem) {
    (if good.path == "/token-request" { 422 } else { 400 }, Problem::Malformed)
}

/// A status without a body, which is how the library refuses what it cannot read.
fn is_no_http(replies: &[Reply]) -> bool {
    let [reply] = replies else { return replies.is_empty() };
    matches!(reply.status, 400 | 414 | 431) && reply.body.is_empty() && reply.header("connection") == Some("close")
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_length_that_lies_or_contradicts_itself_is_refused_and_ends_the_connection() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let before = disk(&world);
    for good in [victim.asks(), victim.pledges()] {
        let body = &good.body;
        let (length, te) = (body.len(), "transfer-encoding: chunked\r\n");
        let cl = |length: &str| format!("content-length: {length}\r\n");
        let chunks = chunked(body, 64);
        // more promised than sent: the message never arrives
        for sent in [0, 1, length - 1] {
            let reply = cut_off(&world, &framed(&good, &cl(&length.to_string()), &body[..sent])).await;
            assert!(reply.is_none_or(|reply| reply.refusal() == malformed(&good)), "{sent} bytes");
        }
        for (what, lines, rest) in [
            ("two lengths", cl(&length.to_string()) + &cl("1"), body.clone()),
            ("two lengths in one line", cl(&format!("{length}, 1")), body.clone()),
            ("negative", cl("-1"), body.clone()),
            ("signed", cl(&format!("+{length}")), body.clone()),
            ("hexadecimal", cl("0x44"), body.clone()),
            ("2^64", cl("18446744073709551616"), body.clone()),
            ("no number", cl("x"), body.clone()),
            ("empty", cl(""), body.clone()),
            ("unknown coding", "transfer-encoding: gzip\r\n".to_owned(), chunks.clone()),
            ("chunked is not last", "transfer-encoding: chunked, gzip\r\n".to_owned(), chunks.clone()),
            ("identity", "transfer-encoding: identity\r\n".to_owned(), chunks.clone()),
            ("hidden coding", "transfer-encoding : chunked\r\n".to_owned(), chunks.clone()),
            ("folded coding", "transfer-encoding:\r\n chunked\r\n".to_owned(), chunks.clone()),
            ("bare newline in a value", format!("x: y\nz\r\n{te}"), chunks.clone()),
            ("NUL in a value", format!("x: \0\r\n{te}"), chunks.clone()),
            ("no name", format!(": x\r\n{te}"), chunks.clone()),
        ] {
            let bytes = framed(&good, &lines, &[&rest[..], LAST].concat());
            let replies = exchange(&world, &bytes).await;
            assert!(is_no_http(&replies), "{what}: {replies:?}");
        }
    }
    assert!(before == disk(&world));
    victim.does_it(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_chunks_beside_a_length_are_read_as_chunks_and_end_the_connection() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    for good in [victim.asks(), victim.pledges()] {
        let chunks = chunked(&good.body, 64);
        let te = "transfer-encoding: chunked\r\n";
        let lengths = ["5", &good.body.len().to_string(), "99999999"];
        let cl = lengths.map(|length| format!("content-length: {length}\r\n"));
        for lines in cl.iter().flat_map(|cl| [format!("{cl}{te}"), format!("{te}{cl}"), format!("{te}{cl}{te}")]) {
            // RFC 9112 §6.3: the chunks count, and nothing behind them may be taken for a request
            let replies = exchange(&world, &framed(&good, &lines, &[&chunks[..], LAST].concat())).await;
            assert_eq!(replies.len(), 1, "what was smuggled is answered after {lines:?}");
            assert!(matches!(replies[0].status, 200 | 201), "{lines:?}: {:?}", replies[0]);
            assert_eq!(replies[0].header("connection"), Some("close"), "{lines:?}");
        }
        let other = chunked(&[&good.body[..], b"x"].concat(), 64);
        let lines = format!("content-length: {}\r\n{te}", good.body.len());
        let replies = exchange(&world, &framed(&good, &lines, &[&other[..], LAST].concat())).await;
        assert_eq!(replies.len(), 1);
        assert_eq!(replies[0].refusal(), (413, Problem::TooLarge), "what the length says is not believed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_chunks_that_are_cut_off_too_many_or_no_chunks_are_refused() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let before = disk(&world);
    for good in [victim.asks(), victim.pledges()] {
        let te = "transfer-encoding: chunked\r\n";
        let whole = chunked(&good.body, 64);
        for end in 0..whole.len() {
            let reply = cut_off(&world, &framed(&good, te, &whole[..end])).await;
            assert!(reply.is_none_or(|reply| reply.refusal() == malformed(&good)), "{end} bytes");
        }
        let many = chunked(&vec![b'x'; 100_000], 1000);
        let long = chunked(&[&good.body[..], b"x"].concat(), 7);
        for (rest, refusal) in [
            (many, (413, Problem::TooLarge)),
            (long, (413, Problem::TooLarge)),
            (b"zz\r\nx".to_vec(), malformed(&good)),
            (b"-1\r\nx\r\n0\r\n\r\n".to_vec(), malformed(&good)),
            (b"ffffffffffffffff1\r\nx".to_vec(), malformed(&good)),
            ([&b"ffffffffffffffff\r\n"[..], &[b'x'; 300]].concat(), (413, Problem::TooLarge)),
            ([b"1;", &vec![b'e'; 20_000][..], b"\r\nx\r\n0\r\n\r\n"].concat(), malformed(&good)),
        ] {
            let replies = exchange(&world, &framed(&good, te, &[&rest[..], LAST].concat())).await;
            assert_eq!(replies[0].refusal(), refusal, "{}", String::from_utf8_lossy(&rest[..rest.len().min(40)]));
            // a body that was read to its end may be followed by a request, one that was not by nothing
            let followed = rest.ends_with(b"\r\n0\r\n\r\n") && rest.len() < 1000;
            assert!(replies.len() == 1 || (followed && replies.len() == 2 && replies[1].status == 200), "{replies:?}");
        }
    }
    assert!(before == disk(&world));
    // the same bytes in whole chunks are the message
    let good = victim.pledges();
    for size in [1, 67, 68] {
        let chunks = chunked(&good.body, size);
        let replies =
            exchange(&world, &framed(&good, "transfer-encoding: chunked\r\n", &[&chunks[..], LAST].concat())).await;
        assert_eq!(replies[0].status, if size == 1 { 201 } else { 200 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_refusal_of_type_or_size_comes_before_the_body_is_asked_for() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    for good in [victim.asks(), victim.pledges()] {
        let mut foreign = good.clone();
        foreign.headers.retain(|(name, _)| name != "content-type");
        let expects = "expect: 100-continue\r\n";
        let length = good.body.len();
        for (message, length, refusal) in [
            (&foreign, length, (415, Problem::UnsupportedMediaType)),
            (&good, length + 1, (413, Problem::TooLarge)),
            (&good, 10_000_000, (413, Problem::TooLarge)),
            (&good, usize::MAX / 4, (413, Problem::TooLarge)),
        ] {
            let mut line = Line::open(&address(&world.url())).await;
            line.write(&framed(message, &format!("{expects}content-length: {length}\r\n"), b"")).await;
            assert_eq!(line.reply().await.unwrap().refusal(), refusal, "without an answer 100 before");
        }
        let mut line = Line::open(&address(&world.url())).await;
        line.write(&framed(&good, &format!("{expects}content-length: {length}\r\n"), b"")).await;
        assert_eq!(line.reply().await.unwrap().status, 100);
        line.write(&good.body).await;
        assert!(matches!(line.reply().await.unwrap().status, 200 | 201));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_ten_megabytes_are_refused_and_who_sends_them_hears_it() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let before = disk(&world);
    let body = vec![0; 10_000_000];
    for good in [victim.asks(), victim.pledges()] {
        for whole in [true, false] {
            let lines = if whole { "content-length: 10000000\r\n" } else { "transfer-encoding: chunked\r\n" };
            let rest = if whole { body.clone() } else { chunked(&body, 65_536) };
            let mut line = Line::open(&address(&world.url())).await;
            // what is sent after the answer may meet a connection that has ended, so the answer is read first
            line.write(&framed(&good, lines, &rest[..4000])).await;
            assert_eq!(line.reply().await.unwrap().refusal(), (413, Problem::TooLarge));
            line.write(&rest[4000..]).await;
            assert!(line.ends().await, "and nothing of the rest is taken for a request");
        }
    }
    assert!(before == disk(&world));
    victim.does_it(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_requests_in_one_breath_are_answered_one_by_one_and_none_after_a_token() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let get = Message::new("GET", "/healthz").bytes();
    let bad = Message { body: vec![0; 67], ..victim.pledges() };
    let replies = exchange(&world, &[&get[..], &victim.pledges().bytes(), &bad.bytes(), LAST].concat()).await;
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 201, 400, 200]);
    // N1: the connection of a TokenRequest ends with it, whatever stands behind it
    for first in [victim.asks(), Message { body: vec![0], ..victim.asks() }] {
        let replies = exchange(&world, &[&first.bytes()[..], &victim.pledges().bytes(), &get].concat()).await;
        assert_eq!(replies.len(), 1, "{replies:?}");
        assert_eq!(replies[0].header("connection"), Some("close"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_other_versions_and_targets_change_nothing_in_the_answer() {
    let world = lived_in(Plan::default()).await;
    let send = async |text: String| exchange(&world, text.as_bytes()).await;
    let plain = send("GET /counts.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned()).await;
    for target in [format!("{}/counts.json", world.url()), "http://evil.example/counts.json".to_owned()] {
        assert_eq!(
            send(format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await,
            plain,
            "{target}"
        );
    }
    for target in ["/counts.json?x=1", "/counts.json?", "/counts.json?../../keys/log"] {
        assert_eq!(
            send(format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await,
            plain,
            "{target}"
        );
    }
    let old = send("GET /counts.json HTTP/1.0\r\n\r\nGET /counts.json HTTP/1.0\r\n\r\n".to_owned()).await;
    assert_eq!((old.len(), &old[0].version[..], &old[0].body), (1, "HTTP/1.0", &plain[0].body));
    for (line, refusal) in [
        ("OPTIONS * HTTP/1.1", (404, Problem::NotFound)),
        ("CONNECT example.org:443 HTTP/1.1", (404, Problem::NotFound)),
        ("GET http://evil.example HTTP/1.1", (200, Problem::NotFound)),
        ("GET counts.json HTTP/1.1", (404, Problem::NotFound)),
        ("BREW /counts.json HTTP/1.1", (405, Problem::MethodNotAllowed)),
        ("get /counts.json HTTP/1.1", (405, Problem::MethodNotAllowed)),
        ("TRACE /pledges HTTP/1.1", (405, Problem::MethodNotAllowed)),
    ] {
        let replies = send(format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
        assert_eq!(replies.len(), 1, "{line}");
        match refusal {
            (200, _) => assert_eq!(replies[0].status, 200, "{line}"),
            refusal => assert_eq!(replies[0].refusal(), refusal, "{line}"),
        }
    }
    for line in [
        "GET /counts.json HTTP/2.0",
        "GET /counts.json HTTP/9.9",
        "GET /counts.json",
        "GET /counts.json HTTP/1.1 x",
        "GET  /counts.json HTTP/1.1",
        "GE\0T /counts.json HTTP/1.1",
        "\x16\x03\x01\x02",
        "PRI * HTTP/2.0\r\n\r\nSM",
        "",
    ] {
        let replies = send(format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
        assert!(is_no_http(&replies), "{line:?}: {replies:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_headers_and_targets_without_end_are_refused_and_end_the_connection() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let before = disk(&world);
    let bomb = |count: usize, size: usize| -> String {
        (0..count).map(|index| format!("x-{index}: {}\r\n", "y".repeat(size))).collect()
    };
    for good in [victim.asks(), victim.pledges(), Message::new("GET", "/counts.json")] {
        for (what, lines) in [
            ("101 headers", bomb(101, 1)),
            ("one of 10,000 bytes", bomb(1, 10_000)),
            ("one of a megabyte", bomb(1, 1_000_000)),
            ("100 of 1,000 bytes", bomb(100, 1000)),
            ("a name of 10,000 bytes", format!("{}: x\r\n", "n".repeat(10_000))),
        ] {
            let replies = exchange(&world, &framed(&good, &lines, b"")).await;
            assert!(is_no_http(&replies), "{what}: {replies:?}");
        }
        for length in [8_192, 65_536, 1_000_000] {
            let mut long = good.clone();
            long.path = format!("/{}", "p".repeat(length));
            let replies = exchange(&world, &long.bytes()).await;
            assert!(is_no_http(&replies), "a target of {length} bytes: {replies:?}");
        }
    }
    assert!(before == disk(&world));
    victim.does_it(&world).await;
}

/// A request behind another, for a reader who believes another length; with its answer every connection ends.
const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
