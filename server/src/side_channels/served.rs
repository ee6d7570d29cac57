//! A campaign with everything on, asked through its routes and not over a network, whose noise would hide what is small.

use crate::Deployment;
use crate::clock::{Clock, Reading};
use crate::email::{EmailSettings, MailServer};
use crate::init::{Source, init, read_campaign};
use crate::keyring::Keyring;
use crate::store::crashes::fast_folder;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use protocol::note::NoteSigner;
use protocol::phrase::Phrase;
use std::time::Duration;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

const NOW: u64 = 1_700_000_000;
/// Places, so many in a region, so that the last differs from the first in both.
const PLACES: usize = 60;

/// A running server without sockets.
pub(super) struct Served {
    runtime: Runtime,
    deployment: Deployment,
    public: Router,
    organiser: (Router, String),
    campaign: Campaign,
    key: IssuerPrivateKey,
    email_key: Zeroizing<String>,
    _folder: tempfile::TempDir,
}

impl Served {
    pub(super) fn start() -> Self {
        let folder = fast_folder();
        let data = folder.path().join("data");
        let key = to_base64(&NoteSigner::new("", &[7; 32]).public_key());
        let text = format!(
            "target = 9\neligible = 40000\nplaces = \"p\"\nmap = \"m\"\nk = 5\ntick_seconds = 3600\nopens = {NOW}\n\
             pledges_open = {NOW}\nissuing_closes = {end}\ncloses = {end}\nissuer_name = \"localhost:1\"\n\
             origin_name = \"localhost:1\"\norganiser_key = \"{key}\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n\
             [email]\nmaximum = 9000\ndomains = [\"example.org\"]\n",
            end = NOW + 36_000,
        );
        let place = |at| format!(r#"{{"region":{},"name":{{"en":"P"}},"lat":0,"lon":0,"population":0}}"#, at / 10);
        let places = (0..PLACES).map(place).collect::<Vec<_>>().join(",");
        let regions = [r#"{"name":{"en":"R"}}"#; PLACES / 10].join(",");
        let places = format!(r#"{{"regions":[{regions}],"places":[{places}]}}"#);
        let source = Source { file: CampaignFile::parse(&text).unwrap(), places: places.into(), map: b"{}".to_vec() };
        let made = init(source, &data).unwrap();
        let (campaign, ..) = read_campaign(&data).unwrap();
        let clock = Clock::new(|| Reading { wall: NOW + 60, steady: Duration::ZERO });
        let deployment = Deployment::open(&data, clock, None).unwrap();
        let (public, organiser) = (deployment.public_routes(), deployment.organiser_routes());
        let organiser = (organiser, format!("Bearer {}", *made.organiser_token));
        let key = Keyring::of(&data).issuer().unwrap().unwrap();
        let (runtime, email_key) = (Runtime::new().unwrap(), made.email_key.unwrap());
        Self { runtime, deployment, public, organiser, campaign, key, email_key, _folder: folder }
    }

    /// The status and the body of an answer.
    pub(super) fn ask(&self, request: Request) -> (u16, Bytes) {
        self.runtime.block_on(ask(self.public.clone(), request))
    }

    pub(super) fn organise(&self, path: &str, body: String) -> Bytes {
        let request = Request::post(path).header(AUTHORIZATION, &self.organiser.1);
        let request = request.header(CONTENT_TYPE, media::JSON).body(Body::from(body)).unwrap();
        let (status, body) = self.runtime.block_on(ask(self.organiser.0.clone(), request));
        assert!(status < 300, "{body:?}");
        body
    }

    /// Codes of new invites.
    pub(super) fn invites(&self, batch: &str, count: u32) -> Vec<String> {
        let body = self.organise("/organiser/invites", format!(r#"{{"batch":"{batch}","count":{count}}}"#));
        let made: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let code = |link: &serde_json::Value| {
            let link = link.as_str().unwrap();
            link.split(['=', '&']).nth(1).unwrap().to_owned()
        };
        made["links"].as_array().unwrap().iter().map(code).collect()
    }

    /// Asks for a token with a code.
    pub(super) fn token_request(&self, code: &str, body: &[u8]) -> Request {
        let request = Request::post("/token-request").header(AUTHORIZATION, format!("Bearer {code}"));
        request.header(CONTENT_TYPE, media::TOKEN_REQUEST).body(Body::from(body.to_vec())).unwrap()
    }

    /// A TokenRequest for a place, and the pledge that its token makes: authorization and body.
    pub(super) fn participation(&self, place: u32) -> (Vec<u8>, String, Vec<u8>) {
        let secrets = Phrase::generate(&mut rand::rng()).secrets(self.campaign.id(), place);
        let nonce = secrets.pledge().nonce(place / 10);
        let (key, challenge) = (self.campaign.token_key(), self.campaign.challenge_digest());
        let (request, pending) = TokenRequest::new(&mut secrets.blinding(), key, challenge, nonce).unwrap();
        let response = self.key.issue(&mut rand::rng(), &request).unwrap();
        let token = pending.finalize(&response).unwrap();
        (request.encode().to_vec(), token_header(&token), secrets.pledge().encode().to_vec())
    }

    pub(super) fn last_place() -> u32 {
        u32::try_from(PLACES - 1).unwrap()
    }

    /// Begins with an empty queue of mails, over a mail server that is not there.
    pub(super) fn begin_email(&self) {
        let server = MailServer { url: "smtp://127.0.0.1:9".to_owned(), login: None, authorities: None };
        let settings = EmailSettings { server, from: "post@example.org".to_owned(), key: self.email_key.clone() };
        let _inside = self.runtime.enter();
        self.deployment.begin_email(settings).unwrap();
    }
}

async fn ask(routes: Router, request: Request) -> (u16, Bytes) {
    let response = TowerToHyperService::new(routes).call(request).await.unwrap();
    let status = response.status().as_u16();
    (status, axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap())
}
