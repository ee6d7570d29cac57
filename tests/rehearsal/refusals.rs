//! What is never rehearsed, and what is said of a rehearsal that cannot begin or does not go well.

use crate::whole::document;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use server::Deployment;
use server::clock::Clock;
use server::init::{Source, init};
use server::serve::Running;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::programs::{Demo, bad, good, headcount, published};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_real_campaign_is_never_rehearsed_and_nothing_is_sent_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let organiser_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (data, address) = (folder.path().join("data"), listener.local_addr().unwrap());
    let made = tokio::task::spawn_blocking(move || a_real_campaign(&data, address));
    let (token, deployment) = made.await.unwrap();
    let running = Running::start(deployment, listener, organiser_listener).unwrap();
    let (url, organiser_url) = (format!("http://{}", running.address), format!("http://{}", running.organiser_address));
    let refused = tokio::task::spawn_blocking(move || {
        let command = ["rehearse", &url, "--participants", "3", "--organiser-url", &organiser_url, "--close"];
        let said = bad(&command, &token);
        (said, good(&["counts", &url, "--json"], ""))
    });
    let (said, counts) = refused.await.unwrap();
    assert!(said.contains("the real thing") && said.contains("nothing was sent"), "{said}");
    assert!(counts.contains("\"open\""), "it was not closed: {counts}");
    running.stop().await;
}

/// The campaign of Russia 2021 as it was meant, from now on for a day.
fn a_real_campaign(data: &Path, address: SocketAddr) -> (String, Deployment) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    let read = |name: &str| std::fs::read(example.join(name)).unwrap();
    let text = String::from_utf8(read("campaign.toml")).unwrap();
    let key = NoteSigner::new("", &[7; 32]).public_key();
    let text = text.replacen("[title]", &format!("organiser_key = \"{}\"\n[title]", to_base64(&key)), 1);
    let mut file = CampaignFile::parse(&text).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let genesis = file.genesis_mut();
    (genesis.opens, genesis.pledges_open, genesis.tick_seconds, genesis.rehearsal) = (now, now, 3600, false);
    (genesis.issuing_closes, genesis.closes) = (now + 86_400, now + 86_400);
    (genesis.issuer_name, genesis.origin_name) = (address.to_string(), address.to_string());
    let made = init(Source { file, places: read("places.json"), map: read("map.json") }, data).unwrap();
    (made.organiser_token.to_string(), Deployment::open(data, Clock::system(), None).unwrap())
}

#[test]
fn whoever_gives_too_few_invites_or_none_or_another_listener_is_told() {
    let (demo, other) = (Demo::start("2", "0"), Demo::start("2", "0"));
    let (url, token) = (demo.told("url"), demo.told("organiser_token"));
    let rehearse = |more: &[&str], input: &str| bad(&[&["rehearse", url, "--participants", "3"], more].concat(), input);
    assert!(rehearse(&[], "").contains("--organiser-url"));
    assert!(rehearse(&["--invites", "-"], &demo.link(0)).contains("1 for 3"));
    assert!(rehearse(&["--invites", "-"], &other.link(0)).contains("another campaign"));
    assert!(rehearse(&["--invites", "-"], "nonsense").contains("Line 1"));
    assert!(
        rehearse(&["--organiser-url", other.told("organiser_url")], other.told("organiser_token"))
            .contains("another campaign")
    );
    assert!(rehearse(&["--organiser-url", demo.told("organiser_url")], "wrong").contains("token"));
    assert!(rehearse(&["--invites", "-", "--arrivals", "night"], "").contains("launch"));
    assert!(rehearse(&["--invites", "-", "--close"], "").contains("--organiser-url"));
    assert!(rehearse(&["--invites", "-", "--report", "/"], "").contains("/"));
    assert!(
        rehearse(&["--invites", "-", "--organiser-url", demo.told("organiser_url")], token).contains("standard input")
    );
    assert_eq!(published(url), 0);
}

#[test]
fn a_participant_who_fails_is_an_error_by_its_reason_and_the_rest_goes_on() {
    let demo = Demo::start("1", "0");
    let url = demo.told("url");
    good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &demo.link(0));
    let links: String = (0..4).map(|invite| demo.link(invite) + "\n").collect();
    let command = ["rehearse", url, "--participants", "4", "--invites", "-", "--broken", "0", "--slow", "0", "--json"];
    let output = headcount(&command, &links);
    assert_eq!(output.status.code(), Some(1));
    let told = document(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((&told["issued"], &told["pledged"], &told["errors"]), (&3.into(), &3.into(), &1.into()), "{told}");
    let failures = told["failures"].as_object().unwrap();
    assert!(failures.keys().any(|reason| reason.starts_with("no token: The invite was used")), "{told}");
}
