//! World: a whole deployment in one process, real in all but its clock: real HTTP on loopback, real disk, real log.
//!
//! A test moves the clock and says when the server looks at it. Participants here speak the protocol by hand, so that
//! a test can send what no client would.

pub mod attack;
pub mod besieged;
pub mod bundle;
pub mod folders;
pub mod foreign;
mod plan;
pub mod post_office;
pub mod programs;
pub mod proxy;
pub mod visitor;
pub mod wire;

pub use crate::plan::Plan;
pub use crate::wire::{Answer, send, try_send};

use client::address::BaseUrl;
use client::audit::{Report, audit};
use client::campaign::Site;
use client::log_reader::Source as LogSource;
use client::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, Text};
use protocol::codec::to_base64;
use protocol::counts::Counts;
use protocol::invite::{Invite, InviteLink};
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::verify_receipt;
use protocol::token::Token;
use serde_json::{Value, json};
use server::Deployment;
use server::clock::{Clock, Reading};
use server::init::init;
use server::serve::Running;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// When every world begins.
pub const START: u64 = 1_700_000_000;
/// The length of a tick.
pub const TICK: u64 = 3600;
/// The least size of a group.
pub const K: u32 = 5;
/// Number of ticks of a campaign.
pub const TICKS: u64 = 10;

/// A deployment with its organiser.
pub struct World {
    /// The data directory's parent.
    pub folder: TempDir,
    /// The folder of a registration bundle, given to the server at its next start; later ones go on with its copy.
    pub page: Option<PathBuf>,
    wall: Arc<AtomicU64>,
    running: Option<Running>,
    /// The campaign, read as a client would.
    pub campaign: Campaign,
    /// The key of its invites by e-mail.
    pub email_key: Option<String>,
    address: SocketAddr,
    organiser_address: SocketAddr,
    organiser_token: String,
    organiser_seed: [u8; 32],
    http: reqwest::Client,
}

impl World {
    /// The usual campaign, open from the start.
    pub async fn start() -> Self {
        Self::with(Plan::default()).await
    }

    /// A campaign by plan, served at its opening.
    pub async fn with(plan: Plan) -> Self {
        let (listener, organiser_listener) = (bind("127.0.0.1:0").await, bind("127.0.0.1:0").await);
        let folder = TempDir::new().expect("a temporary folder");
        let organiser_seed = rand::random();
        let address = listener.local_addr().expect("a bound address");
        let organiser_address = organiser_listener.local_addr().expect("a bound address");
        let source = plan.source(address, &organiser_seed);
        let places = source.places.clone();
        let data = folder.path().join("data");
        let made = init(source, &data).expect("a good campaign");
        let genesis = std::fs::read(data.join("genesis.json")).expect("a genesis");
        let campaign = Campaign::new(&genesis, &places).expect("a good campaign");
        let mut world = Self {
            folder,
            page: plan.page,
            wall: Arc::new(AtomicU64::new(START)),
            running: None,
            campaign,
            email_key: made.email_key.map(|key| key.to_string()),
            address,
            organiser_address,
            organiser_token: made.organiser_token.to_string(),
            organiser_seed,
            http: reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client"),
        };
        world.serve(listener, organiser_listener).await;
        world
    }

    async fn serve(&mut self, listener: TcpListener, organiser_listener: TcpListener) {
        let (data, wall, page) = (self.data(), self.wall.clone(), self.page.take());
        // wall and steady time go together, so the clock is never in doubt unless a test makes it so
        let clock =
            Clock::new(move || Reading { wall: wall.load(SeqCst), steady: Duration::from_secs(wall.load(SeqCst)) });
        let opened = tokio::task::spawn_blocking(move || Deployment::open(&data, clock, page.as_deref()));
        let deployment = opened.await.expect("no panic").expect("a good data directory");
        self.running = Some(Running::start(deployment, listener, organiser_listener).expect("two listeners"));
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where participants reach the server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where organisers reach the server.
    pub fn organiser_url(&self) -> String {
        format!("http://{}", self.organiser_address)
    }

    /// Makes an account with these roles and gives its token.
    pub fn account(&self, name: &str, roles: &[server::organisers::Role]) -> String {
        let mut token = String::new();
        let show = |shown: &str| {
            token.push_str(shown);
            Ok(())
        };
        server::organisers::add(&self.data(), name, roles, show).expect("a good name");
        token
    }

    /// The organiser's bearer token.
    pub fn organiser_token(&self) -> &str {
        &self.organiser_token
    }

    /// The time, in Unix seconds.
    pub fn now(&self) -> u64 {
        self.wall.load(SeqCst)
    }

    /// Stops the server in an orderly way.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Stops the server and starts it again on the same folder and addresses.
    pub async fn restart(&mut self) {
        self.stop().await;
        let (listener, organiser_listener) = (bind(self.address).await, bind(self.organiser_address).await);
        self.serve(listener, organiser_listener).await;
    }

    /// Sets the clock to so many seconds after the opening, and lets the server look at it.
    pub async fn at(&self, seconds: u64) {
        self.wall.store(START + seconds, SeqCst);
        self.look().await;
    }

    /// Sets the clock without letting the server look at it.
    pub fn set_clock(&self, seconds: u64) {
        self.wall.store(START + seconds, SeqCst);
    }

    /// Sets the clock to so many seconds before the opening.
    pub fn set_clock_before(&self, seconds: u64) {
        self.wall.store(START - seconds, SeqCst);
    }

    /// The same campaign from a copy of its folder; the original is stopped.
    pub async fn on_copy(mut self, folder: TempDir) -> Self {
        self.stop().await;
        self.folder = folder;
        self.restart().await;
        self
    }

    /// Moves the clock to the end of the tick under way, and lets the server look at it.
    pub async fn tick(&self) {
        let schedule = self.campaign.genesis().schedule();
        self.at(schedule.end_of(schedule.last_ended(self.now()) + 1) - START).await;
    }

    /// What is being served.
    pub fn deployment(&self) -> &Arc<Deployment> {
        self.running.as_ref().expect("a running server").deployment()
    }

    async fn look(&self) {
        let deployment = self.deployment().clone();
        let looked = tokio::task::spawn_blocking(move || deployment.look_at_clock()).await.expect("no panic");
        looked.expect("a tick that can be run");
    }

    /// Makes invites.
    pub async fn invites(&self, batch: &str, count: u32) -> Vec<Invite> {
        let answer = self.organise("invites", json!({ "batch": batch, "count": count })).await;
        links(&answer)
    }

    /// Makes one invite of a batch of its own.
    pub async fn invite(&self) -> Invite {
        self.invites("single", 1).await.remove(0)
    }

    /// A call of the organiser's API with JSON.
    pub async fn organise(&self, name: &str, body: Value) -> Answer {
        let url = format!("{}/organiser/{name}", self.organiser_url());
        let request = self.http.post(url).bearer_auth(&self.organiser_token);
        send(request.header("content-type", media::JSON).body(body.to_string())).await
    }

    /// Posts a signed note.
    pub async fn announce(&self, note: impl Into<String>) -> Answer {
        let url = format!("{}/organiser/announcement", self.organiser_url());
        let request = self.http.post(url).bearer_auth(&self.organiser_token);
        send(request.header("content-type", "text/plain; charset=utf-8").body(note.into())).await
    }

    /// Signs an announcement with the organiser's key, which only the test has.
    pub fn announcement(&self, number: u32, text: &str) -> Announcement {
        let text = Text::from([("en".to_owned(), text.to_owned())]);
        Announcement::sign(&self.campaign, &self.organiser_seed, number, None, text).expect("a good announcement")
    }

    /// The file of the key that signs announcements, as `organiser key` writes it.
    pub fn organiser_key_file(&self) -> PathBuf {
        let file = self.folder.path().join("organiser.key");
        std::fs::write(&file, to_base64(&self.organiser_seed)).expect("a file");
        file
    }

    /// GET of a public path.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.url()))).await
    }

    /// Any request to the public address.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url()))
    }

    /// Sends a TokenRequest.
    pub async fn request_token(&self, code: &str, request: &[u8]) -> Answer {
        send(wire::ask_for_token(&self.http, &self.url(), code, request)).await
    }

    /// The way from an invite to a token, for a phrase and a place.
    pub async fn obtain(&self, invite: &Invite, phrase: &Phrase, place: u32) -> Result<Token, Answer> {
        let (request, pending) = self.token_request(phrase, place);
        let answer = self.request_token(&invite.code(), &request.encode()).await;
        if answer.status != 200 {
            return Err(answer);
        }
        assert!(answer.closes, "the connection of an issuance must end");
        let response = TokenResponse::decode(&answer.body).expect("256 bytes");
        Ok(pending.finalize(&response).expect("a valid token"))
    }

    /// The TokenRequest of a phrase and a place.
    pub fn token_request(&self, phrase: &Phrase, place: u32) -> (TokenRequest, PendingToken) {
        wire::token_request(&self.campaign, phrase, place)
    }

    /// Sends a token with a pledge.
    pub async fn redeem(&self, token: &Token, pledge: &Pledge) -> Answer {
        send(wire::redeem(&self.http, &self.url(), token, pledge)).await
    }

    /// A whole participation: its phrase, its token, and the receipt checked.
    pub async fn register(&self, invite: &Invite, place: u32) -> (Phrase, Token) {
        let phrase = Phrase::generate(&mut rand::rng());
        let token = self.obtain(invite, &phrase, place).await.expect("a token");
        let answer = self.redeem(&token, &phrase.secrets(self.campaign.id(), place).pledge()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let key = &self.campaign.genesis().receipt_key;
        verify_receipt(key, self.campaign.id(), &token.nonce(), &answer.body).expect("a valid receipt");
        (phrase, token)
    }

    /// So many participations in a place.
    pub async fn register_many(&self, place: u32, count: u32) -> Vec<(Phrase, Token)> {
        let mut registered = Vec::new();
        if count > 0 {
            for invite in self.invites("many", count).await {
                registered.push(self.register(&invite, place).await);
            }
        }
        registered
    }

    /// `/counts.json`.
    pub async fn counts(&self) -> Counts {
        serde_json::from_slice(&self.get("/counts.json").await.body).expect("counts")
    }

    /// The server's address as the client library has it.
    pub fn base(&self) -> BaseUrl {
        BaseUrl::parse(&self.url()).expect("a loopback address")
    }

    /// What a client finds there, pinned by the campaign id.
    pub async fn fetch(&self, network: &Network) -> Result<Site, String> {
        let fetched = client::campaign::fetch(network, &self.base(), Some(self.campaign.id())).await;
        fetched.map_err(|error| error.to_string())
    }

    /// A full audit over HTTP.
    pub async fn audit(&self) -> Result<Report, String> {
        let source = LogSource::Web(Network::direct().operation(&self.base()).map_err(|error| error.to_string())?);
        self.audit_of(&source).await
    }

    /// A full audit of files elsewhere that say they are this campaign.
    pub async fn audit_of(&self, source: &LogSource) -> Result<Report, String> {
        let audited = audit(&Network::direct(), source, Some(self.campaign.id()), self.now(), |_, _| {}).await;
        audited.map_err(|error| error.to_string())
    }
}

/// The invites of an organiser's answer.
pub fn links(answer: &Answer) -> Vec<Invite> {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let json: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let links = json["links"].as_array().expect("links");
    let invite =
        |link: &Value| InviteLink::parse(link.as_str().expect("text")).expect("a link").invite.expect("an invite");
    links.iter().map(invite).collect()
}

async fn bind(address: impl tokio::net::ToSocketAddrs) -> TcpListener {
    TcpListener::bind(address).await.expect("a free address")
}
