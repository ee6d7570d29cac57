//! What is mistyped, foreign, used or closed is told as what it is, and before anything of it is sent.

use crate::driving::{drive, pictures};
use crate::yard::Yard;
use protocol::campaign::CampaignId;
use protocol::invite::{Invite, InviteLink};
use serde_json::{Value, json};

const PLACE: &str = "Anadyr";

/// Nothing but what everybody reads was asked for.
fn nothing_was_sent(told: &Value) {
    for request in told["requests"].as_array().unwrap() {
        assert_eq!((&request["method"], &request["authorization"]), (&json!("GET"), &Value::Null), "{request}");
        assert_ne!(request["path"], "/.well-known/private-token-issuer-directory");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_group_of_a_typed_code_is_named_before_anything_is_sent() {
    let yard = Yard::open(60).await;
    let code = yard.invites(1).await.remove(0).code().to_string();
    let groups: Vec<&str> = code.split('-').collect();
    let (mut third, mut seventh) = (groups.clone(), groups.clone());
    (third[2], seventh[6]) = ("AB!D", "ABC");
    let cases = json!({ "third": third.join("-"), "seventh": seventh.join(" "), "missing": groups[..6].join("-"),
        "no_code": "https://other.example/", "good": code.to_lowercase().replace('-', " ") });
    let told =
        drive("mistakes", "typed", json!({ "url": yard.url(), "cases": cases, "pictures": pictures() }), 60).await;
    for (name, group, selected) in [("third", "3", "AB!D"), ("seventh", "7", "ABC"), ("missing", "7", "")] {
        let said = told[name]["error"].as_str().unwrap();
        assert!(said.contains(group), "{name}: {said}");
        assert!(selected.is_empty() || told[name]["selected"] == selected, "{name}: {}", told[name]["selected"]);
    }
    let said = told["no_code"]["error"].as_str().unwrap();
    assert!(said.contains("neither an invite link nor a code"), "{said}");
    assert_eq!(told["good"]["screen"], "words", "small letters and spaces are as good: {}", told["good"]);
    told.as_object().unwrap().values().for_each(nothing_was_sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_another_campaign_is_refused_before_anything_is_sent() {
    let yard = Yard::open(60).await;
    let invite = yard.invites(1).await.remove(0);
    let link = |base_url: &str, campaign: CampaignId| {
        let invite = Some(Invite::parse(&invite.code()).unwrap());
        InviteLink { base_url: base_url.to_owned(), invite, campaign }.to_text().to_string()
    };
    let id = yard.campaign.id();
    let other = CampaignId::parse(&"ab".repeat(32)).unwrap();
    let right = link(yard.url(), id);
    let without = InviteLink { base_url: yard.url().to_owned(), invite: None, campaign: id }.to_text().to_string();
    let cases = json!({ "other_campaign": link(yard.url(), other), "damaged": &right[..right.len() - 3],
        "not_an_invite": format!("{}/join#what", yard.url()), "without_invite": without });
    let told =
        drive("mistakes", "opened", json!({ "url": yard.url(), "cases": cases, "pictures": pictures() }), 90).await;
    let expected = [
        ("other_campaign", "another campaign"),
        ("damaged", "the campaign is damaged"),
        ("not_an_invite", "the campaign is damaged"),
        ("without_invite", "holds no invite"),
    ];
    for (name, words) in expected {
        let said = told[name]["said"].as_str().unwrap();
        assert!(said.contains(words), "{name}: {}", told[name]);
        assert!(!told[name]["href"].as_str().unwrap().contains('#'), "{name}");
        nothing_was_sent(&told[name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_copy_of_the_page_under_another_name_refuses_before_anything_is_sent() {
    let yard = Yard::open(60).await;
    let cases = json!({ "copy": yard.links(1).await.remove(0), "copy_without_link": format!("{}/join", yard.url()) });
    let request = json!({ "url": yard.url(), "cases": cases, "pictures": pictures() });
    let told = drive("mistakes", "copied", request, 60).await;
    for (name, one) in told.as_object().unwrap() {
        assert!(one["href"].as_str().unwrap().starts_with("http://localhost:"), "{name}: {one}");
        assert_eq!(one["screen"], "lost", "{name}: {one}");
        assert!(one["said"].as_str().unwrap().contains("lives at another address"), "{name}: {one}");
        assert!(one["requests"].as_array().unwrap().len() > 5, "the whole page came: {one}");
        nothing_was_sent(one);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn used_and_unknown_invites_are_told_apart_and_the_way_on_is_shown() {
    let yard = Yard::open(60).await;
    let used = yard.links(1).await.remove(0);
    let place = yard.place(PLACE);
    yard.use_up(&used, place).await;
    let unknown = InviteLink {
        base_url: yard.url().to_owned(),
        invite: Some(Invite::parse(&"0".repeat(32)).unwrap()),
        campaign: yard.campaign.id(),
    };
    let cases = json!({ "used": used, "unknown": unknown.to_text().to_string() });
    let request = json!({ "url": yard.url(), "place": place, "called": PLACE, "cases": cases, "pictures": pictures() });
    let told = drive("mistakes", "refused", request, 60).await;
    let (used, unknown) = (&told["used"], &told["unknown"]);
    assert!(used["said"].as_str().unwrap().contains("used before"), "{used}");
    assert!(used["ways"].as_array().unwrap().contains(&json!("have-first-phrase")), "{used}");
    assert!(unknown["said"].as_str().unwrap().contains("does not know"), "{unknown}");
    assert!(unknown["ways"].as_array().unwrap().contains(&json!("type-again")), "{unknown}");
    for told in [used, unknown] {
        let pledged = told["requests"].as_array().unwrap().iter().any(|request| request["path"] == "/pledges");
        assert!(!pledged, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_campaign_is_told_before_anything_is_sent() {
    let yard = Yard::open(2).await;
    let link = yard.links(1).await.remove(0);
    yard.close().await;
    let request = json!({ "url": yard.url(), "place": yard.place(PLACE), "called": PLACE, "cases": { "closed": link },
        "pictures": pictures() });
    let told = &drive("mistakes", "closed", request, 60).await["closed"];
    assert!(told["notice"].as_str().unwrap().contains("closed"), "{told}");
    assert_eq!(told["button"], false, "{told}");
    nothing_was_sent(told);
}
