//! A campaign by the real server, reached through a server in front of it that passes everything on, but for the one
//! path at which it was told to misbehave.

use protocol::campaign::CampaignId;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::invite::InviteLink;
use protocol::note::NoteSigner;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use server::Deployment;
use server::clock::Clock;
use server::init::{Source, init};
use server::serve::Running;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tests::programs::good;

/// One way to answer.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes again and again, far beyond any limit.
    Endless(Vec<u8>),
    /// The connection ends without a word.
    Nothing,
}

/// Where the front misbehaves (method and path), and how.
type Lie = Arc<Mutex<Option<(String, Answer)>>>;

/// Campaign, front, and what a participant and an organiser hold.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) organiser_url: String,
    pub(crate) organiser_token: String,
    pub(crate) organiser_key: String,
    pub(crate) id: CampaignId,
    pub(crate) links: Vec<String>,
    lie: Lie,
    _running: Running,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    /// A rehearsal that opened an hour ago, with twenty invites.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (front, organiser_front) = (bind(), bind());
        let seed = [7; 32];
        let source = source(front.local_addr().unwrap(), &to_base64(&NoteSigner::new("", &seed).public_key()));
        let data = folder.path().join("data");
        let made = init(source, &data).unwrap();
        let deployment = Deployment::open(&data, Clock::system(), None).unwrap();
        let running = runtime.block_on(async {
            let listener = || tokio::net::TcpListener::bind("127.0.0.1:0");
            Running::start(deployment, listener().await.unwrap(), listener().await.unwrap()).unwrap()
        });
        let lie = Lie::default();
        let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let (url, organiser_url) = (url(&front), url(&organiser_front));
        stand_before(front, running.address, lie.clone());
        stand_before(organiser_front, running.organiser_address, lie.clone());
        let organiser_key = folder.path().join("organiser.key");
        std::fs::write(&organiser_key, to_base64(&seed)).unwrap();
        let organiser_token = made.organiser_token.to_string();
        let asked = ["organiser", "invites", "--organiser-url", &organiser_url, "--token-file", "-"];
        let links = good(&[&asked[..], &["--batch", "a", "--count", "20"]].concat(), &organiser_token);
        Self {
            organiser_key: organiser_key.to_str().unwrap().to_owned(),
            links: links.lines().map(str::to_owned).collect(),
            id: made.campaign_id,
            folder,
            url,
            organiser_url,
            organiser_token,
            lie,
            _running: running,
            _runtime: runtime,
        }
    }

    /// Misbehaves at a method and path, such as `GET /campaign`, until it is told otherwise.
    pub(crate) fn lie(&self, at: &str, answer: Answer) {
        *self.lie.lock().unwrap() = Some((at.to_owned(), answer));
    }

    /// Passes everything on again.
    pub(crate) fn behave(&self) {
        *self.lie.lock().unwrap() = None;
    }

    /// A file with this text.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A token in a file with its phrase in another, by one of the invites.
    pub(crate) fn token(&self, invite: usize) -> (String, String) {
        let phrase = Phrase::from_bytes([u8::try_from(invite).unwrap() + 1; 16]);
        let phrase = self.file(&format!("phrase-{invite}"), &phrase.words());
        let token = self.folder.path().join(format!("token-{invite}")).to_str().unwrap().to_owned();
        let way = ["--place", "0", "--direct", "--checked", "--phrase-file", &phrase, "--out", &token];
        good(&[&["token", "-"], &way[..]].concat(), &self.links[invite]);
        (token, phrase)
    }

    /// An invite's code, with its hyphens and without.
    pub(crate) fn codes(&self, invite: usize) -> [String; 2] {
        let code = InviteLink::parse(&self.links[invite]).unwrap().invite.unwrap().code().to_string();
        [code.replace('-', ""), code]
    }
}

/// A refusal of the closed set. The pause that it asks for is longer than any client waits.
pub(crate) fn problem(problem: Problem) -> Answer {
    let more = match problem {
        Problem::RateLimited | Problem::Unavailable => "retry-after: 90\r\n",
        _ => "",
    };
    refusal(problem.status(), &problem.urn(), more)
}

/// A refusal of any type.
pub(crate) fn typed_problem(status: u16, urn: &str) -> Answer {
    refusal(status, urn, "")
}

fn refusal(status: u16, urn: &str, more: &str) -> Answer {
    let body = format!("{{\"type\":\"{urn}\",\"title\":\"x\",\"status\":{status},\"detail\":\"Some(x)\"}}");
    page(&format!("{status} X"), "application/problem+json", more, &body)
}

/// Any HTTP answer.
pub(crate) fn page(status: &str, media_type: &str, more: &str, body: &str) -> Answer {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n", body.len());
    Answer::Bytes(format!("{head}{more}connection: close\r\n\r\n{body}").into_bytes())
}

fn source(address: SocketAddr, organiser_key: &str) -> Source {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (opens, closes) = (now - 3600, now - 3600 + 200 * 3600);
    let text = format!(
        "target = 1000\neligible = 1000\nplaces = \"p\"\nmap = \"m\"\nk = 5\ntick_seconds = 3600\nopens = {opens}\n\
         pledges_open = {opens}\ncloses = {closes}\nissuer_name = \"{address}\"\norigin_name = \"{address}\"\n\
         organiser_key = \"{organiser_key}\"\nrehearsal = true\n[title]\nen = \"A campaign\"\n[text]\nen = \"Text.\"\n"
    );
    let place = |region: u32, name: &str| {
        format!("{{\"region\":{region},\"name\":{{\"en\":\"{name}\"}},\"lat\":1,\"lon\":2,\"population\":3}}")
    };
    let places = format!(
        "{{\"regions\":[{{\"name\":{{\"en\":\"North\"}}}},{{\"name\":{{\"en\":\"South\"}}}}],\"places\":[{},{},{}]}}",
        place(0, "Mirny"),
        place(1, "Mirny"),
        place(1, "Moscow")
    );
    Source { file: CampaignFile::parse(&text).unwrap(), places: places.into_bytes(), map: b"{}".to_vec() }
}

fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn stand_before(listener: TcpListener, behind: SocketAddr, lie: Lie) {
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let lie = lie.clone();
            std::thread::spawn(move || drop(serve(connection, behind, &lie)));
        }
    });
}

/// One request, one answer, and the end of the connection.
fn serve(mut connection: TcpStream, behind: SocketAddr, lie: &Lie) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let (head, body) = request(&mut connection)?;
    let told = lie.lock().unwrap().clone().filter(|(at, _)| head.starts_with(&format!("{at} ")));
    match told {
        Some((_, Answer::Nothing)) => Ok(()),
        Some((_, Answer::Bytes(bytes))) => connection.write_all(&bytes),
        Some((_, Answer::Endless(bytes))) => {
            (0..4_000_000 / bytes.len()).try_for_each(|_| connection.write_all(&bytes))
        }
        None => {
            let mut server = TcpStream::connect(behind)?;
            server.write_all(head.trim_end().as_bytes())?;
            server.write_all(b"\r\nconnection: close\r\n\r\n")?;
            server.write_all(&body)?;
            std::io::copy(&mut server, &mut connection).map(|_| ())
        }
    }
}

fn request(connection: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let (mut read, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let got = connection.read(&mut block)?;
        read.extend_from_slice(&block[..got]);
        let end = read.windows(4).position(|window| window == b"\r\n\r\n");
        let head = end.map(|end| String::from_utf8_lossy(&read[..end + 4]).into_owned());
        let Some(head) = head.filter(|_| got > 0) else {
            if got == 0 || read.len() > 65_536 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let length = head.to_lowercase().split("content-length:").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().and_then(|number| number.trim().parse::<usize>().ok()).unwrap_or(0)
        });
        let mut body = read.split_off(head.len());
        while body.len() < length {
            let got = connection.read(&mut block)?;
            if got == 0 {
                break;
            }
            body.extend_from_slice(&block[..got]);
        }
        return Ok((head, body));
    }
}
