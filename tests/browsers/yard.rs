//! A campaign to look at: `headcount-server demo` as a process, with the page that `make page` built, more invites when
//! they are needed, other people's pledges made by hand, and the whole log read back.

use crate::driving::target_page;
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
use serde_json::json;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tests::programs::Demo;
use tests::{links, send, wire};

/// The least size of a group in a demo.
pub(crate) const K: u32 = 5;

/// A demo with the page.
pub(crate) struct Yard {
    pub(crate) demo: Demo,
    pub(crate) campaign: Campaign,
    http: reqwest::Client,
}

impl Yard {
    /// With the page, ticks of so many seconds, and nobody else there.
    pub(crate) async fn open(tick: u32) -> Self {
        let page = target_page();
        Self::with(&["--tick", &tick.to_string(), "--simulate", "0", "--page", page.to_str().unwrap()]).await
    }

    /// The same without the page, for whoever looks at the overview only.
    pub(crate) async fn overview(tick: u32) -> Self {
        Self::with(&["--tick", &tick.to_string(), "--simulate", "0"]).await
    }

    async fn with(options: &[&str]) -> Self {
        let demo = Demo::with(options);
        let campaign = read(&source(demo.told("url")), None).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { demo, campaign, http }
    }

    /// Where participants reach it.
    pub(crate) fn url(&self) -> &str {
        self.demo.told("url")
    }

    /// What speaks to it besides browsers.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// GET of a public path.
    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url()))
    }

    /// Fresh invites.
    pub(crate) async fn invites(&self, count: u32) -> Vec<Invite> {
        let post = self.http.post(format!("{}/organiser/invites", self.demo.told("organiser_url")));
        let body = json!({ "batch": "browsers", "count": count }).to_string();
        let post = post.bearer_auth(self.demo.told("organiser_token"));
        links(&send(post.header("content-type", "application/json").body(body)).await)
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
            let phrase = Phrase::generate(&mut rand::rng());
            let (request, pending) = wire::token_request(&self.campaign, &phrase, place);
            let answer = send(wire::ask_for_token(&self.http, self.url(), &invite.code(), &request.encode())).await;
            let token = pending.finalize(&TokenResponse::decode(&answer.body).unwrap()).unwrap();
            let pledge = phrase.secrets(self.campaign.id(), place).pledge();
            assert_eq!(send(wire::redeem(&self.http, self.url(), &token, &pledge)).await.status, 201);
        }
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

    /// The audit once so many pledges are published, in half a minute at most, and not one more.
    pub(crate) async fn published(&self, pledges: u64) -> Report {
        let start = Instant::now();
        let shown = async || {
            let counts: Counts = serde_json::from_slice(&send(self.get("/counts.json")).await.body).unwrap();
            counts.total
        };
        while shown().await < pledges && start.elapsed() < Duration::from_secs(30) {
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
