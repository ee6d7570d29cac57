//! The wire: bytes as they come to the real listeners over loopback, whole or in pieces (`{cut}`), to the public one or with
//! an `@` before them to the organisers'. What is HTTP is answered as every request is, what is not is refused by the HTTP
//! library without a word, and the server serves the next.

#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use fuzz::script::{contains, named};
use fuzz::stage::{ACCOUNT, BATCH, Stage, demand_answer};
use libfuzzer_sys::fuzz_target;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);
static TURNS: AtomicU32 = AtomicU32::new(0);

/// Nobody waits so long for an answer on loopback; a connection that is half closed ends at once.
const PATIENCE: Duration = Duration::from_secs(20);

fuzz_target!(|data: &[u8]| {
    let (to_organisers, input) = match data.strip_prefix(b"@") {
        Some(input) => (true, input),
        None => (false, data),
    };
    let names = STAGE.names.lock().expect("no panic").clone();
    let sent = named(input, &names);
    let mut stream = send(to_organisers, &sent);
    let _gone = stream.shutdown(Shutdown::Write); // whoever says that nothing more comes may be hung up on instead
    let answers = read(&mut stream);
    let opens = STAGE.credentials().iter().any(|secret| contains(&sent, secret));
    judge(&answers, to_organisers, opens || contains(&sent, b"secret-"));
    if TURNS.fetch_add(1, Relaxed) % 64 == 0 {
        let mut stream = send(false, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let healthy = read(&mut stream);
        assert!(
            healthy.starts_with(b"HTTP/1.1 200 OK\r\n"),
            "it serves the next: {}",
            String::from_utf8_lossy(&healthy)
        );
    }
});

/// Sends the pieces one after the other.
fn send(to_organisers: bool, bytes: &[u8]) -> TcpStream {
    let url = if to_organisers { STAGE.world.organiser_url() } else { STAGE.world.url() };
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a listening server");
    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_nodelay(true)).expect("a live socket");
    let mut rest = bytes;
    while !rest.is_empty() {
        let mark = rest.windows(5).position(|five| five == b"{cut}");
        let piece = &rest[..mark.unwrap_or(rest.len())];
        if stream.write_all(piece).is_err() {
            break; // it has answered and gone
        }
        rest = mark.map_or(&[][..], |mark| &rest[mark + 5..]);
        std::thread::yield_now();
    }
    stream
}

/// Reads to the end.
fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the server hangs");
    }
    answers
}

/// Every answer that came whole.
fn judge(mut answers: &[u8], to_organisers: bool, opens: bool) {
    while let Some(end) = answers.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = std::str::from_utf8(&answers[..end]).expect("heads are text");
        answers = &answers[end + 4..];
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        assert!(first.next().is_some_and(|version| version == "HTTP/1.1" || version == "HTTP/1.0"), "{head}");
        let status = StatusCode::from_bytes(first.next().unwrap_or_default().as_bytes()).expect("a status");
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        if status.as_u16() == 100 {
            continue;
        }
        let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let bare = matches!(status.as_u16(), 204 | 304) || answers.starts_with(b"HTTP/1.");
        let body = match length {
            _ if bare => None,                                // no body, or that of a HEAD, which has none
            Some(length) if length > answers.len() => return, // or that of a HEAD at the end, or cut off by a reset
            Some(length) => Some(&answers[..length]),
            None => return,
        };
        answers = &answers[body.map_or(0, <[u8]>::len)..];
        let library = matches!(status.as_u16(), 400 | 414 | 431) && length == Some(0);
        if library {
            assert!(answers.is_empty() && headers.get("connection").is_some_and(|value| value == "close"), "{head}");
            return;
        }
        demand_answer(status, &headers, body, to_organisers);
        let body = body.unwrap_or_default();
        let shown = [BATCH, ACCOUNT].into_iter().find(|secret| contains(body, secret.as_bytes()));
        assert!(opens || shown.is_none(), "it shows what is the organisers'");
    }
}
