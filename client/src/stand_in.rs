//! Stand-ins for the tests of this crate: a small campaign with real keys, an HTTP server that answers by a closure,
//! and a SOCKS5 proxy that writes down what it was asked. The real server is tried in `tests/`.

use crate::address::BaseUrl;
use ed25519_dalek::SigningKey;
use protocol::auth_scheme::{challenge_header, parse_token_header};
use protocol::campaign::{Campaign, CampaignId, Genesis, OhttpKeys, Text};
use protocol::counts::{Counts, Sums};
use protocol::directory::{DIRECTORY_PATH, IssuerDirectory};
use protocol::entry::{Entry, PublishedPledge};
use protocol::invite::{Invite, InviteId, InviteKey, InviteLink};
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use protocol::page_policy::page_policy;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::publication::{Area, Level, State};
use protocol::receipt::sign_receipt;
use protocol::tile::{TileName, TileTree, leaf_hash, put_bundled};
use protocol::token::Token;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

pub(crate) mod onlooker;

static ISSUER_KEY: LazyLock<IssuerPrivateKey> =
    LazyLock::new(|| IssuerPrivateKey::generate(&mut rand::rng()).expect("a key can be made"));

/// A campaign with a whole server's worth of answers.
pub(crate) struct World {
    pub(crate) campaign: Campaign,
    pub(crate) files: HashMap<String, Vec<u8>>,
    /// The headers of `/join` and what is below it, each with the end of its line.
    pub(crate) page_headers: String,
}

impl World {
    pub(crate) const ORGANISER_SEED: [u8; 32] = [3; 32];
    pub(crate) const PLACES: u32 = 5;
    const LOG_SEED: [u8; 32] = [1; 32];
    const RECEIPT_SEED: [u8; 32] = [2; 32];

    pub(crate) fn new() -> Self {
        Self::at("127.0.0.1:1", |_| {})
    }

    /// A campaign at `host:port`, its genesis changed by `edit`, with a log of the genesis alone.
    pub(crate) fn at(host: &str, edit: impl Fn(&mut Genesis)) -> Self {
        let places: Vec<String> = (0..Self::PLACES)
            .map(|n| {
                let region = n % 2;
                format!("{{\"region\":{region},\"name\":{{\"en\":\"P{n}\"}},\"lat\":0,\"lon\":0,\"population\":{n}}}")
            })
            .collect();
        let places = format!(
            "{{\"regions\":[{{\"name\":{{\"en\":\"R0\"}}}},{{\"name\":{{\"en\":\"R1\"}}}}],\"places\":[{}]}}",
            places.join(",")
        );
        let public = |seed| NoteSigner::new("", seed).public_key();
        let mut genesis = Genesis {
            version: 1,
            title: Text::from([("en".to_owned(), "Title".to_owned())]),
            text: Text::from([("en".to_owned(), "Text".to_owned())]),
            issuer_name: host.to_owned(),
            origin_name: host.to_owned(),
            onion: None,
            relays: Vec::new(),
            token_key: ISSUER_KEY.public().spki().to_vec(),
            log_key: public(&Self::LOG_SEED),
            receipt_key: public(&Self::RECEIPT_SEED),
            organiser_key: public(&Self::ORGANISER_SEED),
            ohttp_keys: OhttpKeys::default(),
            k: 5,
            tick_seconds: 10,
            opens: 1_000,
            pledges_open: 1_000,
            issuing_closes: 9_000_000_000,
            closes: 9_000_000_000,
            target: 100,
            eligible: 1_000,
            places_sha256: Sha256::digest(places.as_bytes()).into(),
            map_sha256: Sha256::digest(b"map").into(),
            witnesses: Vec::new(),
            quorum: 0,
            rehearsal: true,
        };
        edit(&mut genesis);
        let bytes = genesis.encode();
        let campaign = Campaign::new(&bytes, places.as_bytes()).expect("the stand-in is a campaign");
        let files = HashMap::from([
            ("campaign".to_owned(), bytes),
            ("places.json".to_owned(), places.into_bytes()),
            ("map.json".to_owned(), b"map".to_vec()),
        ]);
        let page_headers = format!("content-security-policy: {}\r\n", page_policy(campaign.genesis()));
        let mut world = Self { campaign, files, page_headers };
        world.publish(Vec::new(), &Sums::default());
        world
    }

    /// Writes a log with these entries behind the genesis, and counts that show `sums`.
    pub(crate) fn publish(&mut self, entries: Vec<Vec<u8>>, sums: &Sums) {
        self.files.retain(|path, _| !path.starts_with("log/"));
        let mut all = vec![self.campaign.genesis_bytes().to_vec()];
        all.extend(entries);
        let mut tree = TileTree::new();
        let mut tiles = Vec::new();
        for entry in &all {
            tiles.extend(tree.push(leaf_hash(entry)));
        }
        tiles.extend(tree.partial_tiles());
        for tile in tiles {
            self.files.insert(format!("log/{}", tile.name.path()), tile.bytes);
        }
        for name in TileName::bundles(tree.size()) {
            let first = usize::try_from(name.index * 256).unwrap();
            let mut bundle = Vec::new();
            for entry in &all[first..first + name.width as usize] {
                put_bundled(&mut bundle, entry).unwrap();
            }
            self.files.insert(format!("log/{}", name.path()), bundle);
        }
        let signer = NoteSigner::new(&self.campaign.log_name(), &Self::LOG_SEED);
        self.files.insert("log/checkpoint".to_owned(), tree.head().sign(&signer).unwrap());
        self.set_counts(tree.size(), sums, |_| {});
    }

    pub(crate) fn set_counts(&mut self, log_size: u64, sums: &Sums, edit: impl Fn(&mut Counts)) {
        let mut counts = Counts {
            campaign_id: self.campaign.id(),
            state: State::Open,
            tick: 9,
            log_size,
            target: 100,
            total: sums.total(),
            places: sums.level(Level::Place),
            regions: sums.level(Level::Region),
            root: sums.of(Area::ROOT),
            announcement: None,
        };
        edit(&mut counts);
        self.files.insert("counts.json".to_owned(), serde_json::to_vec(&counts).unwrap());
    }

    /// The entries of one group at place level: one pledge for each phrase seed.
    pub(crate) fn group(&self, tick: u32, place: u32, phrases: &[u8]) -> Vec<Vec<u8>> {
        let region = self.campaign.places().region_of(place).unwrap();
        let mut pledges: Vec<Vec<u8>> = phrases
            .iter()
            .map(|seed| {
                let (token, pledge) = self.token(*seed, place);
                let authenticator = token.encode()[98..].try_into().unwrap();
                Entry::Pledge(PublishedPledge::new(Level::Place, &pledge, region, authenticator)).encode()
            })
            .collect();
        pledges.sort();
        let group = Entry::Group { tick, area: Area::place(place), size: u32::try_from(phrases.len()).unwrap() };
        pledges.insert(0, group.encode());
        pledges
    }

    /// A token of this campaign, issued without a network.
    pub(crate) fn token(&self, phrase: u8, place: u32) -> (Token, Pledge) {
        let phrase = Phrase::from_bytes([phrase; 16]);
        let prepared = crate::participation::prepare(&self.campaign, &phrase, place).unwrap();
        let response = ISSUER_KEY.issue(&mut rand::rng(), &prepared.request).unwrap();
        (prepared.pending.finalize(&response).unwrap(), prepared.pledge)
    }

    pub(crate) fn invite(&self, number: u8) -> Invite {
        InviteKey::from_bytes([9; 32]).mint(self.campaign.id(), InviteId::new(0, [number; 8]))
    }

    pub(crate) fn link(&self, number: u8) -> InviteLink {
        InviteLink {
            base_url: self.campaign.genesis().origin_url(),
            invite: Some(self.invite(number)),
            campaign: self.campaign.id(),
        }
    }

    /// What an honest server answers.
    pub(crate) fn answer(&self, request: &[u8]) -> Vec<u8> {
        let (head, body) = split(request);
        let mut line = head.split(' ');
        let (method, path) = (line.next().unwrap(), line.next().unwrap());
        let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: "));
        match (method, path) {
            ("GET", DIRECTORY_PATH) => response(
                "200 OK",
                "application/private-token-issuer-directory",
                &serde_json::to_vec(&IssuerDirectory::new(ISSUER_KEY.public())).unwrap(),
            ),
            ("GET", path) if path.starts_with("/join") && self.files.contains_key(&path[1..]) => {
                let kind = if path == "/join" { "text/html" } else { "text/javascript" };
                response("200 OK", &format!("{kind}\r\n{}x: y", self.page_headers), &self.files[&path[1..]])
            }
            ("GET", path) => match self.files.get(&path[1..]) {
                Some(file) => response("200 OK", "application/octet-stream", file),
                None => problem("404 Not Found", "not-found"),
            },
            ("POST", "/token-request") => {
                let request = TokenRequest::decode(body).unwrap();
                let signed = ISSUER_KEY.issue(&mut rand::rng(), &request).unwrap();
                response("200 OK", "application/private-token-response", signed.encode())
            }
            ("POST", "/pledges") => match authorization {
                Some(token) => self.redeem(&parse_token_header(token).unwrap(), body),
                None => {
                    let header = challenge_header(self.campaign.challenge(), ISSUER_KEY.public()).unwrap();
                    format!("401 Unauthorized\r\nwww-authenticate: {header}\r\n\r\n").into_bytes()
                }
            },
            _ => problem("404 Not Found", "not-found"),
        }
    }

    fn redeem(&self, token: &Token, body: &[u8]) -> Vec<u8> {
        let opened = token.clone().open(Pledge::decode(body).unwrap(), &self.campaign).unwrap();
        let nonce = opened.verify(ISSUER_KEY.public()).unwrap().nonce();
        let key = SigningKey::from_bytes(&Self::RECEIPT_SEED);
        let receipt = sign_receipt(&key, self.campaign.id(), &nonce);
        response("201 Created", "application/vnd.headcount.receipt", &receipt)
    }

    pub(crate) fn id(&self) -> CampaignId {
        self.campaign.id()
    }
}

/// Status line, media type and body of an answer.
pub(crate) fn response(status: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{status}\r\ncontent-type: {media_type}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

pub(crate) fn problem(status: &str, name: &str) -> Vec<u8> {
    let body = format!("{{\"type\":\"urn:headcount:problem:{name}\",\"status\":1}}");
    response(status, "application/problem+json", body.as_bytes())
}

/// A bound port that does not answer yet.
pub(crate) struct Bound(TcpListener);

/// A server of the tests: one request per connection, then it closes.
pub(crate) struct Server {
    pub(crate) base: BaseUrl,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    /// What came in, whole.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }
}

impl Bound {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn host(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Answers each request by `answer`: from the status on; `None` hangs up without a word.
    pub(crate) fn serve(self, answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Server {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let base = BaseUrl::parse(&format!("http://{}", self.host())).unwrap();
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = self.0.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Some(request) = read_request(&mut stream).await else {
                        return;
                    };
                    seen.lock().unwrap().push(request.clone());
                    if let Some(answer) = answer(&request) {
                        let whole = [b"HTTP/1.1 ".as_slice(), &answer].concat();
                        let _ = stream.write_all(&whole).await;
                        let _ = stream.shutdown().await;
                    }
                });
            }
        });
        Server { base, requests }
    }
}

pub(crate) async fn serve(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Server {
    Bound::new().await.serve(answer)
}

/// The world's own server.
pub(crate) async fn serve_world(make: impl Fn(&str) -> World) -> (Server, Arc<World>) {
    let bound = Bound::new().await;
    let world = Arc::new(make(&bound.host()));
    let answering = Arc::clone(&world);
    (bound.serve(move |request| Some(answering.answer(request))), world)
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&chunk[..read]);
        if !request.windows(4).any(|window| window == b"\r\n\r\n") {
            continue;
        }
        let (head, body) = split(&request);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(request);
        }
    }
}

/// Head in lower case except for values, and body.
pub(crate) fn split(request: &[u8]) -> (String, &[u8]) {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(request[..end].to_vec()).unwrap(), &request[end + 4..])
}

/// What a SOCKS5 client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SocksRequest {
    pub(crate) credentials: (Vec<u8>, Vec<u8>),
    /// 3 is a domain name.
    pub(crate) address_type: u8,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A SOCKS5 proxy that demands credentials (RFC 1928, 1929), writes down every request and leads all of them to `target`.
pub(crate) async fn socks_proxy(target: String) -> (String, Arc<Mutex<Vec<SocksRequest>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("socks5h://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, target) = (Arc::clone(&seen), target.clone());
            tokio::spawn(async move {
                let request = read_socks(&mut stream).await.unwrap();
                seen.lock().unwrap().push(request);
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                let mut onward = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut onward).await;
            });
        }
    });
    (url, requests)
}

async fn read_socks(stream: &mut TcpStream) -> std::io::Result<SocksRequest> {
    assert_eq!(stream.read_u8().await?, 5);
    let methods = read_counted(stream).await?;
    assert!(methods.contains(&2), "credentials are offered");
    stream.write_all(&[5, 2]).await?;
    assert_eq!(stream.read_u8().await?, 1);
    let credentials = (read_counted(stream).await?, read_counted(stream).await?);
    stream.write_all(&[1, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    assert_eq!(head[..3], [5, 1, 0]);
    let host = match head[3] {
        3 => String::from_utf8(read_counted(stream).await?).unwrap(),
        _ => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await?;
            format!("{address:?}")
        }
    };
    Ok(SocksRequest { credentials, address_type: head[3], host, port: stream.read_u16().await? })
}

async fn read_counted(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
