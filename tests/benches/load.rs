//! A load generator: sends HTTP requests over 64 connections as fast as they are answered, and keeps every answer, so that
//! each can be checked when the time has been taken.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
/// Of a steady load, more: whoever waits must not keep others from asking.
const STEADY_CONNECTIONS: usize = 256;
/// For all requests together.
const PATIENCE: Duration = Duration::from_secs(120);

/// When a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// With its first answer.
    After,
    /// When nothing is left to send.
    Never,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Sends each request once; the answers in the order of the requests.
pub(crate) async fn fire(to: SocketAddr, requests: Vec<Vec<u8>>, ends: Ends) -> Vec<Answer> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let connections = CONNECTIONS.min(requests.len());
    let running: Vec<_> =
        (0..connections).map(|_| tokio::spawn(send_some(to, requests.clone(), next.clone(), ends))).collect();
    let mut answers = Vec::with_capacity(requests.len());
    for task in running {
        answers.extend(tokio::time::timeout(PATIENCE, task).await.expect("an end in time").expect("no panic"));
    }
    assert_eq!(answers.len(), requests.len());
    answers.sort_unstable_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn send_some(
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    ends: Ends,
) -> Vec<(usize, Answer)> {
    let (mut answers, mut open) = (Vec::new(), None);
    loop {
        let index = next.fetch_add(1, Relaxed);
        let Some(request) = requests.get(index) else { return answers };
        let mut stream = match open.take() {
            Some(stream) => stream,
            None => connect(to).await,
        };
        stream.write_all(request).await.expect("a write");
        answers.push((index, read_answer(&mut stream).await));
        if ends == Ends::Never {
            open = Some(stream);
        }
    }
}

/// Name of the threads that attack.
pub(crate) const ATTACK: &str = "attack";

/// Sends requests over connections of their own until it is time, from `next` on; who waits then gets his answer.
pub(crate) async fn until_told(
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    end: Instant,
) -> Vec<Answer> {
    let send = || {
        let (requests, next) = (requests.clone(), next.clone());
        async move {
            let mut answers = Vec::new();
            while Instant::now() < end {
                let index = next.fetch_add(1, Relaxed);
                let mut stream = connect(to).await;
                stream.write_all(requests.get(index).expect("enough of them")).await.expect("a write");
                answers.push(read_answer(&mut stream).await);
            }
            answers
        }
    };
    let running: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(send())).collect();
    let mut all = Vec::new();
    for task in running {
        all.extend(tokio::time::timeout(PATIENCE, task).await.expect("an end in time").expect("no panic"));
    }
    all
}

/// What became of one request of a steady load.
pub(crate) struct Sent {
    /// Which request.
    pub(crate) index: usize,
    /// When it was to be sent.
    pub(crate) due: Instant,
    /// From then to the end of its answer, whatever held it up.
    pub(crate) took: Duration,
    pub(crate) answer: Answer,
}

/// Sends the requests at a steady pace, whether earlier ones were answered or not, and from the first again when all are
/// sent, until it is told to end.
pub(crate) async fn steady(
    to: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    per_second: f64,
    going: Arc<AtomicBool>,
) -> Vec<Sent> {
    let begin = Instant::now();
    let send = |connection: usize| {
        let (requests, going) = (requests.clone(), going.clone());
        async move {
            let (mut stream, mut sent) = (connect(to).await, Vec::new());
            for index in (connection..).step_by(STEADY_CONNECTIONS) {
                let due = begin + Duration::from_secs_f64(index as f64 / per_second);
                tokio::time::sleep_until(due.into()).await;
                if !going.load(Relaxed) {
                    break;
                }
                stream.write_all(&requests[index % requests.len()]).await.expect("a write");
                let answer = read_answer(&mut stream).await;
                sent.push(Sent { index, due, took: due.elapsed(), answer });
            }
            sent
        }
    };
    let running: Vec<_> = (0..STEADY_CONNECTIONS).map(|connection| tokio::spawn(send(connection))).collect();
    let mut all = Vec::new();
    for task in running {
        all.extend(task.await.expect("no panic"));
    }
    all
}

async fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    stream
}

async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if let Some(answer) = parse(&bytes) {
            return answer;
        }
        let read = stream.read_buf(&mut bytes).await.expect("a read");
        assert!(read > 0, "the connection ended early: {}", String::from_utf8_lossy(&bytes));
    }
}

/// A whole answer, once it is there; every one here has a content-length.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head in ASCII");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a number"))
    };
    let length = head.lines().find_map(field).expect("a content-length");
    let body = &bytes[end + 4..];
    assert!(body.len() <= length, "more came than was announced");
    (body.len() == length).then(|| Answer { status, body: body.to_vec() })
}
