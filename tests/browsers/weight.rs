//! What the overview weighs: Russia with all its places published, as a browser that takes brotli receives it, before
//! anything can be painted.

use crate::driving::target_page;
use crate::yard::{K, Yard};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA384, RsaKeyPair};
use protocol::campaign::Campaign;
use protocol::phrase::Phrase;
use protocol::token::Token;
use reqwest::RequestBuilder;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tests::folders::files;
use tests::wire;

/// The most that page and style sheet may weigh, in bytes.
const CEILING: usize = 40_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_of_russia_with_every_place_published_weighs_at_most_40_kb() {
    let yard = Yard::overview(60).await; // all in one tick, so that no place is left with fewer than k
    let pledges = everywhere(&yard).await;
    let report = yard.published(pledges).await;
    assert_eq!(report.places, yard.campaign.places().places.len() as u64);
    for language in yard.campaign.genesis().title.keys() {
        let page = compressed(yard.get(&format!("/{language}/"))).await;
        let text = String::from_utf8(plain(yard.get(&format!("/{language}/"))).await).unwrap();
        let head = text.split_once("</head>").unwrap().0;
        let sheets: Vec<&str> = head.match_indices("rel=\"stylesheet\"").map(|(at, _)| sheet(head, at)).collect();
        // the one in <noscript> is for browsers without script, the other for everybody
        let mut weight = page;
        for sheet in &sheets {
            weight += compressed(yard.get(sheet)).await;
        }
        assert!(weight <= CEILING, "/{language}/ weighs {weight} bytes: {page} and {sheets:?}");
        assert!(text.len() > 10 * usize::try_from(report.places).unwrap(), "all places are in it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registration_page_weighs_at_most_150_kb_with_wasm_and_250_without() {
    let yard = Yard::open(60).await;
    let (mut with, mut without) = (0, 0);
    for (path, _) in files(&target_page()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let request = yard.get(&format!("/join/{name}")).header("accept-encoding", "br");
        let weight = request.send().await.unwrap().bytes().await.unwrap().len();
        match name.split_once('-').map_or("", |(stem, _)| stem) {
            _ if name.starts_with("worker-without-wasm-") => without += weight,
            "door" => with += weight,
            _ if name == "manifest.json" || name.starts_with("licences-") => {}
            _ => (with, without) = (with + weight, without + weight),
        }
    }
    assert!((50_000..=150_000).contains(&with), "{with} bytes with WebAssembly");
    assert!((50_000..=250_000).contains(&without), "{without} bytes without");
}

/// The address of the style sheet that is linked around here.
fn sheet(head: &str, at: usize) -> &str {
    let tag = &head[head[..at].rfind('<').unwrap()..];
    let tag = &tag[..tag.find('>').unwrap()];
    tag.split_once("href=\"").unwrap().1.split_once('"').unwrap().0
}

/// The size of an answer as it goes over the wire, which must be packed with brotli.
async fn compressed(request: RequestBuilder) -> usize {
    let response = request.header("accept-encoding", "br, gzip").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-encoding"].as_bytes()), (200, &b"br"[..]));
    response.bytes().await.unwrap().len()
}

async fn plain(request: RequestBuilder) -> Vec<u8> {
    request.send().await.unwrap().bytes().await.unwrap().to_vec()
}

/// Pledges for every place, from a group's least size to twice that, so that no number is like its neighbours; their
/// tokens signed with the issuer's own key, because who had them does not matter here. Their number comes back.
async fn everywhere(yard: &Yard) -> u64 {
    let der = std::fs::read(yard.data("keys/issuer.pkcs8")).unwrap();
    let key = Arc::new(RsaKeyPair::from_pkcs8(&der).unwrap());
    let wanted: Arc<Vec<u32>> = Arc::new(
        (0..)
            .zip(&yard.campaign.places().places)
            .flat_map(|(place, _)| vec![place; (K + place * 7 % (K + 1)) as usize])
            .collect(),
    );
    let (next, url) = (Arc::new(AtomicUsize::new(0)), yard.url().to_owned());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (key, wanted, next) = (key.clone(), wanted.clone(), next.clone());
        let (campaign, url, http) = (yard.campaign.clone(), url.clone(), yard.http().clone());
        tasks.spawn(async move {
            while let Some(place) = wanted.get(next.fetch_add(1, Relaxed)).copied() {
                let answer = tests::send(pledge(&campaign, &key, &http, &url, place)).await;
                assert_eq!(answer.status, 201, "{answer:?}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    wanted.len() as u64
}

fn pledge(campaign: &Campaign, key: &RsaKeyPair, http: &reqwest::Client, url: &str, place: u32) -> RequestBuilder {
    let pledge = Phrase::generate(&mut rand::rng()).secrets(campaign.id(), place).pledge();
    let nonce = pledge.nonce(campaign.places().region_of(place).unwrap());
    let mut token = vec![0, 2];
    token.extend_from_slice(nonce.as_bytes());
    token.extend_from_slice(campaign.challenge_digest().as_bytes());
    token.extend_from_slice(campaign.token_key().token_key_id().as_bytes());
    let mut signature = [0; 256];
    key.sign(&RSA_PSS_SHA384, &SystemRandom::new(), &token, &mut signature).unwrap();
    token.extend_from_slice(&signature);
    wire::redeem(http, url, &Token::decode(&token).unwrap(), &pledge)
}
