//! What a participant sends and hears, made by hand, so that a test can send what no client would: to any server, in
//! this process or in another, and whether it lives to answer or not.

use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::issuance::{PendingToken, TokenRequest};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::problem::Problem;
use protocol::token::Token;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// What an HTTP request came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type.
    pub media_type: String,
    /// Whether the server says that the connection ends here.
    pub closes: bool,
    /// The value of `WWW-Authenticate`.
    pub authenticate: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The problem, if the answer is a refusal of the closed set.
    pub fn problem(&self) -> Option<Problem> {
        assert_eq!(self.media_type == media::PROBLEM, self.status >= 400, "{self:?}");
        let json: Value = serde_json::from_slice(&self.body).ok()?;
        Problem::from_urn(json.get("type")?.as_str()?)
    }
}

/// The TokenRequest of a phrase and a place.
pub fn token_request(campaign: &Campaign, phrase: &Phrase, place: u32) -> (TokenRequest, PendingToken) {
    let secrets = phrase.secrets(campaign.id(), place);
    let nonce = secrets.pledge().nonce(campaign.places().region_of(place).expect("a place"));
    let digest = campaign.challenge_digest();
    TokenRequest::new(&mut secrets.blinding(), campaign.token_key(), digest, nonce).expect("a good key")
}

/// An invite's code with a TokenRequest, for the server at this address.
pub fn ask_for_token(http: &Client, url: &str, code: &str, request: &[u8]) -> RequestBuilder {
    let post = http.post(format!("{url}/token-request")).bearer_auth(code);
    post.header("content-type", media::TOKEN_REQUEST).body(request.to_vec())
}

/// A token with a pledge, for the server at this address.
pub fn redeem(http: &Client, url: &str, token: &Token, pledge: &Pledge) -> RequestBuilder {
    let post = http.post(format!("{url}/pledges")).header("authorization", token_header(token));
    post.header("content-type", media::PLEDGE).body(pledge.encode().to_vec())
}

/// Sends a request and reads the answer whole.
pub async fn send(request: RequestBuilder) -> Answer {
    try_send(request).await.expect("an answer")
}

/// The same for a server that may die meanwhile; an answer that did not come whole is none.
pub async fn try_send(request: RequestBuilder) -> Option<Answer> {
    read(request.send().await.ok()?).await
}

/// Reads an answer whole, if it comes whole.
pub async fn read(response: reqwest::Response) -> Option<Answer> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, media_type) = (response.status().as_u16(), header("content-type").unwrap_or_default());
    let (closes, authenticate) = (header("connection").as_deref() == Some("close"), header("www-authenticate"));
    Some(Answer { status, media_type, closes, authenticate, body: response.bytes().await.ok()?.to_vec() })
}

/// A map on which they lie, with two views.
pub const MAP: &str = r#"{"W":200,"H":100,"projection":{"kind":"albers","n":0.5,"c":1.25,"lon0":2.5,"scale":1000,"x0":20,"y0":-2132},
"views":[{"id":"all","name":{"en":"All","ru":"Всё"},"box":[0,0,200,100]},{"id":"part","name":{"en":"A part","ru":"Часть"},"box":[0,40,120,60]}],
"attribution":"Nobody's","land":"M5 5h190v90h-190z","mesh":"M5 60h190"}"#;

/// A list of places, so many per region.
pub fn places_json(regions: &[u32]) -> Vec<u8> {
    let name =
        |kind: &str, index: usize| json!({ "en": format!("{kind} {index}"), "ru": format!("{kind} {index} ru") });
    let mut places = Vec::new();
    for (region, count) in regions.iter().enumerate() {
        for _ in 0..*count {
            let index = places.len();
            let (lat, lon) = (1.5 + 0.5 * (index % 8) as f64, 2.5 + (index % 9) as f64);
            places.push(json!({ "region": region, "name": name("Place", index), "lat": lat, "lon": lon, "population": 1000 * (index + 1) }));
        }
    }
    let regions: Vec<Value> = (0..regions.len()).map(|region| json!({ "name": name("Region", region) })).collect();
    json!({ "regions": regions, "places": places }).to_string().into_bytes()
}
