//! What is answered: the same to every address, in every state what belongs to it, and nothing to what is no address.

use crate::post_office::{Campaign, DOMAIN, Mode};
use protocol::problem::Problem::{self, Closed, Malformed, NotOpen, TooLarge, Unavailable, UnsupportedMediaType};
use serde_json::json;
use tests::{Plan, TICK, World};

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_request_for_an_invite_by_e_mail_that_is_not_exactly_one_is_refused() {
    let (campaign, office) = Campaign::start(100).await;
    for body in [
        "",
        "{",
        "[]",
        "[\"ann@example.org\"]",
        "{}",
        "null",
        "\"ann@example.org\"",
        "{\"email\":1}",
        "{\"email\":null}",
        "{\"email\":\"ann@example.org\",\"email\":\"ann@example.org\"}",
        "{\"email\":\"ann@example.org\",\"more\":1}",
        "{\"email\":\"ann@example.org\"}x",
        "{\"Email\":\"ann@example.org\"}",
        "{\"email\":[\"ann@example.org\"]}",
        "{\"email\":\"\"}",
        "{\"email\":\"ann\"}",
        "{\"email\":\"ann@\"}",
        "{\"email\":\"ann@example.org,b@example.org\"}",
        "{\"email\":\"ann@example.org\\r\\nBcc: b@example.org\"}",
        "{\"email\":\"ann@[127.0.0.1]\"}",
    ] {
        let answer = campaign.post(body).await;
        assert_eq!((answer.problem(), answer.status, answer.closes), (Some(Malformed), 400, true), "{body}");
    }
    let long = json!({ "email": format!("{}@example.org", "a".repeat(3000)) }).to_string();
    assert_eq!(campaign.post(&long).await.problem(), Some(TooLarge));
    let request = || campaign.world.request(reqwest::Method::POST, "/invite-by-email");
    let form = tests::send(request().body("email=ann@example.org")).await;
    assert_eq!(form.problem(), Some(UnsupportedMediaType));
    for method in [reqwest::Method::PUT, reqwest::Method::DELETE] {
        let answer = tests::send(campaign.world.request(method, "/invite-by-email")).await;
        assert_eq!(answer.problem(), Some(Problem::MethodNotAllowed));
    }
    // nothing of it was taken for an address
    assert_eq!(campaign.ask("last@example.org").await.status, 202);
    assert_eq!(office.until(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_from_another_domain_is_told_which_are_served() {
    let (campaign, _office) = Campaign::start(100).await;
    assert_eq!(campaign.offer().await, json!({ "open": true, "domains": [DOMAIN, "*.edu"] }));
    for address in ["ann@example.com", "ann@sub.example.org", "ann@edu.org", "ann@example.org.example.com"] {
        let answer = campaign.ask(address).await;
        assert_eq!(answer.problem(), Some(Malformed), "{address}");
        let told = String::from_utf8(answer.body).unwrap();
        assert!(told.contains(DOMAIN) && told.contains("*.edu") && !told.contains("ann"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_its_answer_and_after_issuing_there_is_nothing_to_ask() {
    let plan = Plan { collecting: TICK, issuing: Some(3 * TICK), ..Plan::default() };
    let campaign = Campaign::with(plan, 100).await;
    let world = &campaign.world;
    assert_eq!(campaign.ask("ann@example.org").await.problem(), Some(Unavailable), "no mail server was given");
    let office = campaign.office(0, 100, Mode::Tls);
    campaign.send_over(office.port);
    let heard = async |open: bool, expected: Option<Problem>| {
        assert_eq!(campaign.offer().await["open"], open);
        let answer = campaign.ask("ann@example.org").await;
        assert_eq!((answer.problem(), answer.closes), (expected, true));
        assert_eq!(answer.status, expected.map_or(202, Problem::status));
    };
    world.set_clock_before(100);
    heard(false, Some(NotOpen)).await;
    world.at(0).await;
    heard(true, None).await;
    world.at(TICK + 10).await;
    heard(true, None).await;
    office.until(2).await;
    world.at(3 * TICK + 10).await;
    heard(false, Some(Closed)).await;
    assert_eq!(world.organise("close", json!({})).await.status, 202);
    heard(false, Some(Closed)).await;
    world.tick().await;
    world.tick().await;
    heard(false, Some(Closed)).await;
    let told = world.deployment().begin_email(campaign.settings(office.port, "right horse"));
    assert!(!world.deployment().wants_email() && told.is_ok(), "it sends nothing all the same");
    heard(false, Some(Closed)).await;
    assert!(!world.data().join("attestation").exists());
    assert_eq!(office.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_without_e_mail_says_so_and_takes_no_mail_server() {
    let world = World::start().await;
    let other = Campaign::with(Plan::default(), 10).await;
    let office = other.office(0, 100, Mode::Tls);
    let offer: serde_json::Value = serde_json::from_slice(&world.get("/invite-by-email").await.body).unwrap();
    assert_eq!(offer, json!({ "open": false, "domains": [] }));
    let post = world.request(reqwest::Method::POST, "/invite-by-email").header("content-type", "application/json");
    assert_eq!(tests::send(post.body("{\"email\":\"ann@example.org\"}")).await.problem(), Some(Closed));
    assert!(world.email_key.is_none() && !world.deployment().wants_email());
    let refused = world.deployment().begin_email(other.settings(office.port, "right horse"));
    assert!(refused.err().unwrap().sentence().contains("sends no invites by e-mail"));
    // nor does another campaign take its key
    let third = Campaign::with(Plan::default(), 10).await;
    let mut settings = other.settings(office.port, "right horse");
    settings.key = third.world.email_key.clone().unwrap().into();
    let refused = other.world.deployment().begin_email(settings);
    assert!(refused.err().unwrap().sentence().contains("not the e-mail key"));
}
