//! A campaign to look at: `headcount-server demo` as a process, with the page that `make page` built, more invites when
//! they are needed, other people's pledges made by hand, and the whole log read back.

use crate::driving::target_page;
use crate::server::{Server, Terms};
use client::address::BaseUrl;
use client::audit::{Report, audit};
use client::campaign::read;
use client::log_reader::Source;
use client::transport::Network;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::invite::{Invite, InviteLink};
use protocol::issuance::TokenResponse;
use protocol::phrase::Phrase;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tests::programs::{Demo, good, wait_until};
use tests::{Answer, links, send, wire};

/// The least size of a group in these campaigns.
pub(crate) const K: u32 = 5;

/// A campaign that is served.
pub(crate) struct Yard {
    pub(crate) campaign: Campaign,
    url: String,
    organiser_url: String,
    organiser_token: String,
    data: PathBuf,
    http: reqwest::Client,
    _served: Served,
}

/// Whatever ends with the test.
#[allow(dead_code, reason = "kept to be dropped")]
enum Served {
    Demo(Demo),
    Campaign(Server, TempDir),
}

impl Yard {
    /// With the page, ticks of so many seconds, and nobody else there.
    pub(crate) async fn open(tick: u32) -> Self {
        let page = target_page();
        Self::demo(&["--tick", &tick.to_string(), "--simulate", "0", "--page", page.to_str().unwrap()]).await
    }

    /// The same without the page, for whoever looks at the overview only.
    pub(crate) async fn overview(tick: u32) -> Self {
        Self::demo(&["--tick", &tick.to_string(), "--simulate", "0"]).await
    }

    async fn demo(options: &[&str]) -> Self {
        let demo = Demo::with(options);
        let [url, organiser_url, token] =
            ["url", "organiser_url", "organiser_token"].map(|name| demo.told(name).to_owned());
        let data = demo.folder().join("demo");
        Self::of(Served::Demo(demo), url, organiser_url, token, data).await
    }

    /// The campaign file of Russia 2021, which now takes invites and opens for pledges in an hour.
    pub(crate) async fn collecting() -> Self {
        Self::serving(&Terms { pledges_open_in: 3600, tick: 3600, issuer: "127.0.0.1" }).await
    }

    /// The same campaign open for pledges, with ticks of two seconds, and an issuer under another name than its origin.
    pub(crate) async fn under_two_names() -> Self {
        Self::serving(&Terms { pledges_open_in: 0, tick: 2, issuer: "localhost" }).await
    }

    async fn serving(terms: &Terms) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server, token) = Server::start(folder.path(), terms);
        let (url, organiser_url, data) = (server.url.clone(), server.organiser_url.clone(), folder.path().join("data"));
        Self::of(Served::Campaign(server, folder), url, organiser_url, token, data).await
    }

    async fn of(served: Served, url: String, organiser_url: String, organiser_token: String, data: PathBuf) -> Self {
        let campaign = read(&source(&url), None).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { campaign, url, organiser_url, organiser_token, data, http, _served: served }
    }

    /// Where participants reach it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where organisers reach it, and the token of one who may do everything.
    pub(crate) fn organiser(&self) -> (&str, &str) {
        (&self.organiser_url, &self.organiser_token)
    }

    /// Where organisers reach it.
    pub(crate) fn organiser_url(&self) -> &str {
        &self.organiser_url
    }

    /// What opens it to them.
    pub(crate) fn organiser_token(&self) -> &str {
        &self.organiser_token
    }

    /// A file of its data directory.
    pub(crate) fn data(&self, file: &str) -> PathBuf {
        self.data.join(file)
    }

    /// What speaks to it besides browsers.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// GET of a public path.
    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url()))
    }

    /// A call of the organiser's API.
    pub(crate) async fn organise(&self, name: &str, body: Value) -> Answer {
        let post =
            self.http.post(format!("{}/organiser/{name}", self.organiser_url)).bearer_auth(&self.organiser_token);
        send(post.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Fresh invites.
    pub(crate) async fn invites(&self, count: u32) -> Vec<Invite> {
        links(&self.organise("invites", json!({ "batch": "browsers", "count": count })).await)
    }

    /// Has the organiser close, and waits until it is closed.
    pub(crate) async fn close(&self) {
        assert_eq!(self.organise("close", json!({})).await.status, 202);
        wait_until(|| good(&["counts", self.url(), "--json"], "").contains("\"closed\""));
    }

    /// Fresh invites as links.
    pub(crate) async fn links(&self, count: u32) -> Vec<String> {
        let link = |invite| {
            let link =
                InviteLink { base_url: self.url().to_owned(), invite: Some(invite), campaign: self.campaign.id() };
            link.to_text().to_string()
        };
        self.invites(count).await.into_iter().map(link).collect()
    }

    /// Other people register, so many for a place.
    pub(crate) async fn others(&self, place: u32, count: u32) {
        for invite in self.invites(count).await {
            self.register(&invite, place).await;
        }
    }

    /// Somebody else registers with the invite of this link.
    pub(crate) async fn use_up(&self, link: &str, place: u32) {
        self.register(&InviteLink::parse(link).unwrap().invite.unwrap(), place).await;
    }

    async fn register(&self, invite: &Invite, place: u32) {
        let phrase = Phrase::generate(&mut rand::rng());
        let (request, pending) = wire::token_request(&self.campaign, &phrase, place);
        let answer = send(wire::ask_for_token(&self.http, self.url(), &invite.code(), &request.encode())).await;
        let token = pending.finalize(&TokenResponse::decode(&answer.body).unwrap()).unwrap();
        let pledge = phrase.secrets(self.campaign.id(), place).pledge();
        assert_eq!(send(wire::redeem(&self.http, self.url(), &token, &pledge)).await.status, 201);
    }

    /// The number of a place by its English name.
    pub(crate) fn place(&self, name: &str) -> u32 {
        let places = &self.campaign.places().places;
        let at = places.iter().position(|place| place.name.get("en").is_some_and(|english| english == name));
        u32::try_from(at.unwrap()).unwrap()
    }

    /// A whole audit, as `headcount audit` makes it.
    pub(crate) async fn audit(&self) -> Report {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let id = Some(self.campaign.id());
        audit(&Network::direct(), &source(self.url()), id, now, |_, _| {}).await.unwrap()
    }

    /// The audit once so many pledges are published, in a minute and a half at most, and not one more.
    pub(crate) async fn published(&self, pledges: u64) -> Report {
        let start = Instant::now();
        let shown = async || {
            let counts: Counts = serde_json::from_slice(&send(self.get("/counts.json")).await.body).unwrap();
            counts.total
        };
        while shown().await < pledges && start.elapsed() < Duration::from_secs(90) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let report = self.audit().await;
        assert_eq!(report.pledges, pledges);
        report
    }

    /// Each of these phrases has one pledge for that place in the log, and nobody but so many others has any.
    pub(crate) async fn all_counted_once(&self, phrases: &[&str], place: u32, others: u32) {
        let report = self.published(phrases.len() as u64 + u64::from(others)).await;
        for phrase in phrases {
            let own = report.published.find(&self.campaign, &Phrase::parse(phrase).unwrap());
            assert_eq!(own.map(|entry| entry.place), Some(place));
        }
    }
}

fn source(url: &str) -> Source {
    Source::Web(Network::direct().operation(&BaseUrl::parse(url).unwrap()).unwrap())
}
