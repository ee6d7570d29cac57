//! HTTP written and read by hand over a raw socket, so that a test can send what no library would, and sees every byte
//! of the answer.
//!
//! Every refusal is checked whole here: media type, members, status, and the headers that belong to its problem.

use protocol::media;
use protocol::problem::Problem;
use serde_json::Value;
use std::io::ErrorKind;
use std::time::Duration;
use tests::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer may take longer; the longest limit of the server that is waited for here is 60 seconds.
const PATIENCE: Duration = Duration::from_secs(150);

/// A request as it goes out.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes, with a Content-Length where there is a body or the method has one.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        if !self.body.is_empty() || self.method == "POST" {
            bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Request line and headers, without the empty line that ends them and without a length.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: x\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
}

/// An answer with all its headers, their names in lower case and in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) version: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(given, _)| given == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice in {self:?}");
        value
    }

    /// Status and problem of a refusal, once everything that belongs to one is found in it and nothing else.
    pub(crate) fn refusal(&self) -> (u16, Problem) {
        assert!((400..500).contains(&self.status) || self.status == 503, "{self:?}");
        assert_eq!(self.header("content-type"), Some(media::PROBLEM), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        let json: Value = serde_json::from_slice(&self.body).expect("a problem is JSON");
        let mut members: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["detail", "status", "title", "type"]);
        let problem = Problem::from_urn(json["type"].as_str().expect("a type")).expect("one of the closed set");
        assert_eq!(json["status"], self.status);
        assert_eq!(json["title"], problem.name());
        assert!(json["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "a sentence: {json}");
        let bearer = matches!(problem, Problem::InviteUnknown | Problem::Unauthorised);
        match (self.header("www-authenticate"), problem) {
            (Some(value), Problem::TokenInvalid) => assert!(value.starts_with("PrivateToken challenge="), "{value}"),
            (value, _) => assert_eq!(value, bearer.then_some("Bearer"), "{self:?}"),
        }
        assert!(self.header("www-authenticate").is_some() || problem != Problem::TokenInvalid);
        let waits = matches!(problem, Problem::RateLimited | Problem::Unavailable);
        assert_eq!(self.header("retry-after").is_some(), waits, "{self:?}");
        assert_eq!(self.header("allow").is_some(), problem == Problem::MethodNotAllowed, "{self:?}");
        (self.status, problem)
    }
}

/// Where a listener of a world is reached.
pub(crate) fn address(url: &str) -> String {
    url.strip_prefix("http://").expect("a loopback address").to_owned()
}

/// One connection, opened anew after an answer that ended it.
pub(crate) struct Wire {
    address: String,
    open: Option<Line>,
}

impl Wire {
    /// To the public listener.
    pub(crate) fn public(world: &World) -> Self {
        Self { address: address(&world.url()), open: None }
    }

    /// To the organisers' listener.
    pub(crate) fn organiser(world: &World) -> Self {
        Self { address: address(&world.organiser_url()), open: None }
    }

    pub(crate) async fn send(&mut self, message: &Message) -> Reply {
        let bytes = message.bytes();
        if let Some(mut line) = self.open.take()
            && line.write(&bytes).await
            && let Some(reply) = line.reply_to(&message.method).await
        {
            return self.keep(line, reply);
        }
        // the first, or the server ended the one before after an answer that did not wait for the whole request
        let mut line = Line::open(&self.address).await;
        line.write(&bytes).await;
        let reply = line.reply_to(&message.method).await.expect("an answer");
        self.keep(line, reply)
    }

    fn keep(&mut self, line: Line, reply: Reply) -> Reply {
        self.open = (reply.header("connection") != Some("close")).then_some(line);
        reply
    }
}

/// A raw connection with what was read of it and not yet understood.
pub(crate) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a listening server");
        stream.set_nodelay(true).expect("a live socket");
        Self { stream, read: Vec::new() }
    }

    /// Writes as far as the server reads: it may have answered and gone already.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn half_close(&mut self) {
        let _gone = self.stream.shutdown().await;
    }

    /// The next answer, or none if the connection ended instead. An answer 100 counts as one.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        self.reply_to("GET").await
    }

    pub(crate) async fn reply_to(&mut self, method: &str) -> Option<Reply> {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.read.drain(..end + 4).collect::<Vec<u8>>();
            }
            if !self.more().await {
                assert!(self.read.is_empty(), "an answer breaks off: {}", String::from_utf8_lossy(&self.read));
                return None;
            }
        };
        let head = String::from_utf8(head).expect("text");
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next().expect("a status line").split(' ');
        let version = first.next().expect("a version").to_owned();
        let status: u16 = first.next().expect("a status").parse().expect("a number");
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let mut reply = Reply { version, status, headers: lines.map(header).collect(), body: Vec::new() };
        if method != "HEAD" && !matches!(status, 100 | 204 | 304) {
            let length: usize = reply.header("content-length").expect("a length").parse().expect("a number");
            while self.read.len() < length {
                assert!(self.more().await, "a body breaks off");
            }
            reply.body = self.read.drain(..length).collect();
        }
        Some(reply)
    }

    /// Waits until the server sends something or ends the connection, and says whether something came.
    pub(crate) async fn waits(&mut self) -> bool {
        self.more().await
    }

    /// Waits until the server ends the connection; whether it did so without another byte.
    pub(crate) async fn ends(&mut self) -> bool {
        while self.more().await {}
        self.read.is_empty()
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16384];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await.expect("the server hangs");
        match read {
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                count > 0
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
                false
            }
        }
    }
}
