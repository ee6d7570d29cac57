//! The overview of all Russia over HTTP, compressed, from memory, while registrations go on. Beside it axum, which sends as
//! many bytes to as many connections and does nothing else.
//!
//! Load and servers share the machine; the processor time is that of the servers, and has the registrations in it.

use crate::clocks::{Took, together};
use crate::duel::{By, Duel, Row};
use crate::fixture::{Made, Yard, make, on_all_cores};
use crate::http::serve;
use crate::load::{Answer, Ends, fire};
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use criterion::Criterion;
use protocol::invite::Invite;
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tests::{Plan, World};

/// If wanted.
pub(crate) fn run(criterion: &mut Criterion, yard: &Yard, wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    if !wanted("overview over HTTP") {
        return Vec::new();
    }
    let mut country = yard.serve.block_on(Country::publish());
    let registrations = country.register_on(yard);
    let rows = country.overview(yard).run(criterion, 2, 8.0);
    registrations.end();
    yard.serve.block_on(country.world.stop());
    rows
}

/// Russia, with numbers published for nearly every place.
struct Country {
    world: World,
    address: SocketAddr,
    /// Tokens that were not spent before.
    left: Vec<Made>,
    invites: Vec<Invite>,
    /// A TokenRequest, which every invite may sign once.
    token_request: Vec<u8>,
    /// The overview as it must come.
    page: Bytes,
}

impl Country {
    async fn publish() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/campaigns/russia-2021/");
        let read = |name: &str| fs::read(format!("{folder}{name}")).expect("a file of the campaign");
        let mut map: Value = serde_json::from_slice(&read("map.json")).expect("JSON");
        map.as_object_mut().expect("an object").remove("disputed");
        let country = Some((read("places.json"), map.to_string().into_bytes()));
        let world = World::with(Plan { country, eligible: 10_000_000, ..Plan::default() }).await;
        let der = fs::read(world.data().join("keys/issuer.pkcs8")).expect("the issuer's key");
        let key = IssuerPrivateKey::from_der(&der).expect("a good key");
        let address: SocketAddr = world.url().trim_start_matches("http://").parse().expect("an address");
        crate::tell(&format!("making {TOKENS} tokens for places all over Russia"));
        let campaign = &world.campaign;
        let numbers: Vec<u64> = (0..TOKENS).collect();
        let part = |part: &[u64]| part.iter().map(|number| make(campaign, &key, address, *number)).collect::<Vec<_>>();
        let mut made: Vec<Made> = on_all_cores(&numbers, part).into_iter().flatten().collect();
        let left = made.split_off(made.len() - LEFT);
        let pledges = made.iter().map(|made| made.request.clone()).collect();
        let answers = fire(address, pledges, Ends::Never).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "a pledge was refused");
        world.tick().await;
        let published = world.counts().await.places.len();
        let all = world.campaign.places().places.len();
        assert!(published * 10 >= all * 9, "published for {published} places of {all}");
        let invites = world.invites("bench", INVITES).await;
        let token_request = world.token_request(&Yard::phrase(TOKENS), 0).0.encode().to_vec();
        let page = fire(address, vec![request(address)], Ends::Never).await.remove(0);
        assert!((1000..40_000).contains(&page.body.len()), "the page has {} bytes", page.body.len());
        crate::tell(&format!("the overview has {} bytes, published for {published} places of {all}", page.body.len()));
        Self { world, address, left, invites, token_request, page: page.body.into() }
    }

    fn overview<'a>(&self, yard: &'a Yard) -> Duel<'a> {
        let (page, address) = (self.page.clone(), self.address);
        let same = page.clone();
        let plain = Router::new().route("/en/", get(async move || same.clone()));
        let peer = yard.serve.block_on(serve(plain));
        let run = move |to: SocketAddr, page: Bytes| {
            move |count: u64| {
                let requests = (0..count).map(|_| request(to)).collect();
                let (answers, took): (Vec<Answer>, Took) =
                    together(|| yard.load.block_on(fire(to, requests, Ends::Never)));
                assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == page), "another page");
                took
            }
        };
        Duel::new("overview over HTTP", By::Wall, Box::new(run(address, page.clone()))).against(
            "axum, as many bytes",
            None,
            Box::new(run(peer, page)),
        )
    }

    /// Registrations at a steady pace, each answer checked, until they are ended.
    fn register_on(&mut self, yard: &Yard) -> Registrations {
        let (going, done) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let (left, invites) = (std::mem::take(&mut self.left), std::mem::take(&mut self.invites));
        let request = self.token_request.clone();
        let (still, count, address) = (going.clone(), done.clone(), self.address);
        let task = yard.load.spawn(async move {
            for (invite, made) in invites.iter().zip(left.iter().cycle()) {
                if !still.load(SeqCst) {
                    return;
                }
                let length = request.len();
                let head = format!(
                    "POST /token-request HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: {}\r\n\
                     content-length: {length}\r\n\r\n",
                    *invite.code(),
                    media::TOKEN_REQUEST
                );
                let token = fire(address, vec![[head.as_bytes(), &request].concat()], Ends::After).await.remove(0);
                let pledge = fire(address, vec![made.request.clone()], Ends::After).await.remove(0);
                assert!(token.status == 200 && matches!(pledge.status, 200 | 201), "{} {}", token.status, pledge.status);
                count.fetch_add(1, SeqCst);
                tokio::time::sleep(PAUSE).await;
            }
        });
        Registrations { going, done, task }
    }
}

struct Registrations {
    going: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Registrations {
    fn end(self) {
        self.going.store(false, SeqCst);
        assert!(!self.task.is_finished(), "the registrations ended before the overviews");
        crate::tell(&format!("{} registrations went on meanwhile", self.done.load(SeqCst)));
    }
}

fn request(host: SocketAddr) -> Vec<u8> {
    format!("GET /en/ HTTP/1.1\r\nhost: {host}\r\naccept-encoding: gzip, br\r\n\r\n").into_bytes()
}

/// Ten and a half for each place, so that few are left below the five of this campaign.
const TOKENS: u64 = 11_000;
const LEFT: usize = 1000;
const INVITES: u32 = 20_000;
/// Forty a second, a busy evening.
const PAUSE: Duration = Duration::from_millis(25);
