//! Attacks: what somebody with many connections and many addresses does to a server. Each is a row: what a connection begins
//! with, what it sends again and again, how it reads the answers, and when it is given up for a new one.
//!
//! For the gate, which looks that nobody else is harmed, and for the bench, which measures what others keep.

use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::invite::Invite;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::token::Token;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// What is attacked, and what the attacker has: an invite and a token of his own, and no other.
pub struct Target {
    /// Where participants reach it.
    pub address: SocketAddr,
    /// Where organisers reach it.
    pub organiser_address: SocketAddr,
    /// A public document of many bytes.
    pub document: String,
    invite: Invite,
    request: Vec<u8>,
    forged: Vec<u8>,
}

impl Target {
    /// A server of this campaign.
    pub fn new(address: SocketAddr, organiser_address: SocketAddr, campaign: &Campaign, invite: Invite) -> Self {
        let phrase = Phrase::generate(&mut rand::rng());
        let request = crate::wire::token_request(campaign, &phrase, 0).0.encode().to_vec();
        let pledge = phrase.secrets(campaign.id(), 0).pledge();
        let nonce = pledge.nonce(campaign.places().region_of(0).expect("a place"));
        let (digest, key) = (campaign.challenge_digest(), campaign.token_key().token_key_id());
        // a token in all but its signature: only RSA can tell
        let token = [&[0, 2][..], nonce.as_bytes(), digest.as_bytes(), key.as_bytes(), &[1; 256]];
        let token = Token::decode(&token.concat()).expect("354 bytes");
        let header = format!("authorization: {}\r\n", token_header(&token));
        let forged = post("/pledges", media::PLEDGE, &header, &pledge.encode());
        let document = "/map.json".to_owned();
        Self { address, organiser_address, document, invite, request, forged }
    }

    /// The attacker's one invite with his one TokenRequest.
    fn asks(&self, code: &str) -> Vec<u8> {
        post("/token-request", media::TOKEN_REQUEST, &format!("authorization: Bearer {code}\r\n"), &self.request)
    }
}

fn post(path: &str, media_type: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\n{header}content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// What an attacker reads in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// What has come, up to so many bytes, without waiting.
    There(usize),
    /// So many answers.
    Answers(usize),
    /// All until the server ends the connection.
    End,
    Nothing,
}

/// One kind of attack.
pub struct Attack {
    /// What it is.
    pub name: &'static str,
    /// The statuses that the attacker may hear.
    pub hears: &'static [u16],
    connections: usize,
    /// Between two rounds of one connection.
    every: Duration,
    begins: Vec<u8>,
    sends: Vec<u8>,
    reads: Reads,
    keeps: bool,
    at_organisers: bool,
}

/// What an attack came to.
#[derive(Default)]
pub struct Tally {
    /// Connections that it opened.
    pub opened: AtomicU64,
    /// Rounds in which something was sent.
    pub rounds: AtomicU64,
    /// Answers by status.
    pub answers: Mutex<BTreeMap<u16, u64>>,
}

/// More than a server takes at once.
const CROWD: usize = 5000;
/// Who only waits looks so often whether he was ended, and then comes again.
const PATIENT: Duration = Duration::from_secs(5);
/// Connections that send as fast as they may.
const FEW: usize = 200;
/// Requests that are sent without waiting for answers.
const AT_ONCE: usize = 8;

impl Attack {
    /// By a crowd that comes and stays.
    fn of(name: &'static str, hears: &'static [u16], sends: Vec<u8>) -> Self {
        let (connections, every, begins, reads) = (CROWD, PATIENT, Vec::new(), Reads::There(65_536));
        Self { name, hears, connections, every, begins, sends, reads, keeps: true, at_organisers: false }
    }

    fn begins(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.begins = bytes.into();
        self
    }

    fn reads(mut self, reads: Reads) -> Self {
        self.reads = reads;
        self
    }

    /// By few, with so many rounds a second in all, each with a connection of its own until the server ends it.
    fn flood(mut self, rounds_per_second: f64) -> Self {
        (self.connections, self.every) = (FEW, Duration::from_secs_f64(FEW as f64 / rounds_per_second));
        (self.reads, self.keeps) = (Reads::End, false);
        self
    }

    /// The same on connections that stay.
    fn flood_on(self, rounds_per_second: f64, answers: usize) -> Self {
        let flood = self.flood(rounds_per_second);
        Self { reads: Reads::Answers(answers), keeps: true, ..flood }
    }

    fn at_organisers(mut self) -> Self {
        self.at_organisers = true;
        self
    }

    /// The whole list, with floods of so many a second.
    pub fn all(target: &Target, per_second: f64) -> Vec<Self> {
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes();
        let forged = Invite::parse(FORGED).expect("an invite's form").code();
        let (asks, slow) = (target.asks(&target.invite.code()), target.asks(&forged));
        let unsent = slow.len() - target.request.len();
        let large = "content-type: application/vnd.headcount.pledge\r\nauthorization: PrivateToken token=\"x\"\r\n";
        let large = |length: &str| format!("POST /pledges HTTP/1.1\r\nhost: x\r\n{large}{length}\r\n\r\n").into_bytes();
        let ten_megabytes = vec![b'0'; 10_000_000];
        let chunk = [format!("{:x}\r\n", ten_megabytes.len()).as_bytes(), &ten_megabytes].concat();
        let wrong = "authorization: Bearer wrong\r\n";
        let sign_in = post(
            "/organiser/en/sign-in",
            "application/x-www-form-urlencoded",
            "sec-fetch-site: same-origin\r\n",
            b"token=wrong",
        );
        let many_lines = "x: y\r\n".repeat(1000);
        let organisers = per_second / 10.0;
        vec![
            Self::of("half-open connections", &[], Vec::new()),
            Self::of("slow headers", &[], b"x".to_vec()).begins("GET /healthz HTTP/1.1\r\nx: "),
            Self::of("slow bodies", &[503], b"x".to_vec()).begins(&slow[..unsent]),
            Self::of("idle after an answer", &[200], Vec::new()).begins(get("/healthz")),
            Self::of("readers who never read", &[], get(&target.document).repeat(AT_ONCE)).reads(Reads::Nothing),
            Self::of("readers of a little", &[200], Vec::new())
                .begins(get(&target.document).repeat(AT_ONCE))
                .reads(Reads::There(1000)),
            Self::of("bodies of 10 MB", &[413], [large("content-length: 10000000"), ten_megabytes].concat())
                .flood(100.0),
            Self::of("chunks of 10 MB", &[413], [large("transfer-encoding: chunked"), chunk].concat()).flood(100.0),
            Self::of("header bombs", &[431], vec![b'y'; 100_000]).begins("GET / HTTP/1.1\r\nx: ").flood(500.0),
            Self::of("a thousand headers", &[431], many_lines.into()).begins("GET / HTTP/1.1\r\n").flood(500.0),
            Self::of("coming and going", &[], Vec::new()).flood(per_second / 5.0).reads(Reads::Nothing),
            Self::of("forged invites", &[401], slow.clone()).flood(per_second),
            Self::of("forged tokens", &[401], target.forged.repeat(AT_ONCE))
                .flood_on(per_second / AT_ONCE as f64, AT_ONCE),
            Self::of("unheard forged invites", &[], slow).flood(per_second).reads(Reads::Nothing),
            Self::of("unheard forged tokens", &[], target.forged.clone()).flood(per_second).reads(Reads::Nothing),
            Self::of("repeats of one valid invite", &[200, 429, 503], asks).flood(per_second),
            Self::of("an organiser's token guessed", &[401], post("/organiser/invites", media::JSON, wrong, b"{}"))
                .flood_on(organisers, 1)
                .at_organisers(),
            Self::of("signing in by guessing", &[200, 303, 401, 403], sign_in).flood_on(organisers, 1).at_organisers(),
        ]
    }

    /// Attacks until it is told to end; all connections are gone then.
    pub async fn run(self: Arc<Self>, target: Arc<Target>, going: Arc<AtomicBool>, tally: Arc<Tally>) {
        let to = if self.at_organisers { target.organiser_address } else { target.address };
        let mut attackers = JoinSet::new();
        for number in 0..self.connections {
            attackers.spawn(self.clone().attacker(number, to, going.clone(), tally.clone()));
        }
        attackers.join_all().await;
    }

    async fn attacker(self: Arc<Self>, number: usize, to: SocketAddr, going: Arc<AtomicBool>, tally: Arc<Tally>) {
        // all of them within a second at first, and from then on each in its own rhythm
        let spread = self.every.min(Duration::from_secs(1)).mul_f64(number as f64 / self.connections as f64);
        let (mut next, mut open) = (Instant::now() + spread, None);
        loop {
            sleep_until(next.min(Instant::now() + LOOK)).await;
            if !going.load(Relaxed) {
                return;
            }
            if Instant::now() < next {
                continue;
            }
            next = (next + self.every).max(Instant::now()); // what could not be sent in time is not made up for
            open = self.round(open, to, &tally).await.filter(|_| self.keeps);
        }
    }

    /// One round; the connection, if it is still open.
    async fn round(&self, open: Option<TcpStream>, to: SocketAddr, tally: &Tally) -> Option<TcpStream> {
        let mut stream = match open {
            Some(stream) => stream,
            None => {
                let mut stream = timeout(ROUND, connect(to)).await.ok()??;
                tally.opened.fetch_add(1, Relaxed);
                timeout(ROUND, stream.write_all(&self.begins)).await.ok()?.ok()?;
                stream
            }
        };
        tally.rounds.fetch_add(1, Relaxed);
        let sent = timeout(ROUND, stream.write_all(&self.sends)).await;
        let read = self.read(&mut stream, tally).await;
        // who never reads has soon filled what lies between him and the server, and then cannot send either
        (read && (sent.is_ok_and(|sent| sent.is_ok()) || self.reads == Reads::Nothing)).then_some(stream)
    }

    /// Reads what it reads; whether the connection is still open.
    async fn read(&self, stream: &mut TcpStream, tally: &Tally) -> bool {
        let (most, mut wanted, patience) = match self.reads {
            Reads::Nothing => return true,
            Reads::There(bytes) => (bytes, 1, Duration::from_millis(1)),
            Reads::Answers(answers) => (65_536, answers, ROUND),
            Reads::End => (65_536, usize::MAX, ROUND),
        };
        let mut buffer = vec![0; most];
        while wanted > 0 {
            match timeout(patience, stream.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => return false,
                Ok(Ok(count)) => wanted = wanted.saturating_sub(count_answers(&buffer[..count], tally)),
                Err(_) => return true,
            }
            if matches!(self.reads, Reads::There(_)) {
                return true;
            }
        }
        true
    }
}

/// A code of the right form that nobody made.
const FORGED: &str = "0000-0000-0000-0000-0000-0000-0000-0000";
/// Attackers look so often whether it is over.
const LOOK: Duration = Duration::from_millis(200);
/// No attacker waits longer for anything.
const ROUND: Duration = Duration::from_secs(2);

/// Answers that begin in these bytes, noted by their status.
fn count_answers(bytes: &[u8], tally: &Tally) -> usize {
    let begins = bytes.windows(12).filter(|twelve| twelve.starts_with(b"HTTP/1."));
    let statuses: Vec<u16> = begins.filter_map(|twelve| std::str::from_utf8(&twelve[9..]).ok()?.parse().ok()).collect();
    let mut answers = tally.answers.lock().expect("no panic");
    for status in &statuses {
        *answers.entry(*status).or_default() += 1;
    }
    statuses.len()
}

/// From another address each time, as far as a loopback has them: 127.0.0.0/8.
async fn connect(to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    let [a, b, c]: [u8; 3] = rand::random();
    socket.bind((Ipv4Addr::new(127, a, b, c.clamp(1, 254)), 0).into()).ok()?;
    socket.connect(to).await.ok()
}
