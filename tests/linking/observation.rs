//! What issuer and origin see: every byte of every exchange, recorded on the wire between the real client library and
//! the real server, and every file of the data directory. Before the adversary gets it, the order is shuffled and times
//! are blanked; addresses are not in it, because all came through one proxy. Never holds the truth about who is who.

use protocol::campaign::Campaign;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tests::World;
use tests::folders::files;
use tests::proxy::handshake;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request and its answer as the server saw them, raw.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Exchange {
    /// The request.
    pub sent: Vec<u8>,
    /// The answer.
    pub answered: Vec<u8>,
}

impl Exchange {
    /// The request line's method and path.
    pub(crate) fn line(&self) -> String {
        let line = self.sent.split(|byte| *byte == b'\r').next().unwrap_or_default();
        String::from_utf8_lossy(line).trim_end_matches(" HTTP/1.1").to_owned()
    }

    /// The answer's status.
    pub(crate) fn status(&self) -> u16 {
        String::from_utf8_lossy(&self.answered[9..12]).parse().unwrap()
    }
}

/// Head and body of a message.
pub(crate) fn split(message: &[u8]) -> (String, &[u8]) {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n").map_or(message.len(), |at| at + 4);
    (String::from_utf8_lossy(&message[..end]).into_owned(), &message[end..])
}

/// The headers of a message's head, in order.
pub(crate) fn headers(head: &str) -> Vec<(&str, &str)> {
    head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect()
}

/// All that the hostile operators of one campaign have in their hands.
pub(crate) struct Observation {
    campaign: Option<Campaign>,
    /// All exchanges, shuffled, times blanked.
    pub exchanges: Vec<Exchange>,
    /// All files of the data directory, secrets and all, right after a tick.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl Observation {
    /// What was recorded so far, and what lies on the disk now. It begins a new recording.
    pub(crate) fn take(world: &World, recorder: &Recorder, seed: u64) -> Self {
        let mut exchanges = std::mem::take(&mut *recorder.exchanges());
        for exchange in &mut exchanges {
            blank_date(&mut exchange.answered);
        }
        exchanges.shuffle(&mut StdRng::seed_from_u64(seed));
        let mut seen = Self { campaign: None, exchanges, files: files(&world.data()) };
        seen.campaign = Campaign::new(seen.file("genesis.json"), seen.file("places.json")).ok();
        seen
    }

    /// The campaign, as everybody knows it.
    pub(crate) fn campaign(&self) -> &Campaign {
        self.campaign.as_ref().unwrap()
    }

    /// A file by the end of its path.
    pub(crate) fn file(&self, end: &str) -> &[u8] {
        &self.files.iter().find(|(path, _)| path.ends_with(end)).unwrap().1
    }
}

fn blank_date(answer: &mut [u8]) {
    let Some(at) = answer.windows(7).position(|window| window.eq_ignore_ascii_case(b"\ndate: ")) else {
        return;
    };
    for byte in answer[at + 7..].iter_mut().take_while(|byte| **byte != b'\r') {
        *byte = b'0';
    }
}

/// A SOCKS5 proxy before the server that writes everything down, and can lose an answer.
#[derive(Clone)]
pub(crate) struct Recorder {
    address: SocketAddr,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    to_lose: Arc<Mutex<HashSet<Vec<u8>>>>,
}

impl Recorder {
    /// Starts it.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder =
            Self { address: listener.local_addr().unwrap(), exchanges: Arc::default(), to_lose: Arc::default() };
        let (exchanges, to_lose) = (recorder.exchanges.clone(), recorder.to_lose.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (exchanges, to_lose) = (exchanges.clone(), to_lose.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, &exchanges, &to_lose).await;
                });
            }
        });
        recorder
    }

    /// The proxy as a client is told of it.
    pub(crate) fn url(&self) -> String {
        format!("socks5h://{}", self.address)
    }

    /// The answer to the next request with this body is cut off after the server has sent it.
    pub(crate) fn lose_answer_to(&self, body: &[u8]) {
        self.to_lose.lock().unwrap_or_else(PoisonError::into_inner).insert(body.to_vec());
    }

    fn exchanges(&self) -> std::sync::MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(
    mut client: TcpStream,
    exchanges: &Mutex<Vec<Exchange>>,
    to_lose: &Mutex<HashSet<Vec<u8>>>,
) -> std::io::Result<()> {
    let (_, target) = handshake(&mut client).await?;
    let mut server = TcpStream::connect(&target).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    while let Some(sent) = read_message(&mut client).await? {
        server.write_all(&sent).await?;
        let Some(answered) = read_message(&mut server).await? else {
            return Ok(());
        };
        let lost = to_lose.lock().unwrap_or_else(PoisonError::into_inner).remove(split(&sent).1);
        let answer = if lost { Vec::new() } else { answered.clone() };
        exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(Exchange { sent, answered });
        if lost {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
    Ok(())
}

/// One message with a content length or without a body; both sides speak in turn, so nothing follows it.
async fn read_message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut message).await? == 0 {
            return Ok(None);
        }
        let (head, body) = split(&message);
        let whole = head.ends_with("\r\n\r\n");
        let length = headers(&head).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if whole && body.len() >= length.map_or(0, |(_, value)| value.trim().parse().unwrap_or(0)) {
            return Ok(Some(message));
        }
    }
}
