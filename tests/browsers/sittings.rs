//! Two sittings: what the page gives to be kept is what page and command line take, before pledges open nothing else is
//! offered; and the random moment comes by itself, within ten minutes.

use crate::driving::{drive, lines, pictures};
use crate::yard::{K, Yard};
use serde_json::{Value, json};
use tests::programs::good;

const PLACE: &str = "Anadyr";

fn texts<'a>(told: &'a Value, name: &str) -> &'a str {
    told[name].as_str().unwrap()
}

/// How often a path was asked for.
fn asked(told: &Value, path: &str) -> usize {
    told["requests"].as_array().unwrap().iter().filter(|request| request["path"] == path).count()
}

async fn first(yard: &Yard, link: &str, name: &str) -> Value {
    let request = json!({ "url": yard.url(), "link": link, "place": yard.place(PLACE), "called": PLACE, "name": name,
        "pictures": pictures() });
    let told = drive("sittings", "first", request, 60).await;
    assert_eq!((asked(&told, "/token-request"), asked(&told, "/pledges")), (1, 0));
    assert_eq!(told["shown"], told["phrase"], "the words are shown again beside the token");
    assert!(texts(&told, "token").len() > 400 && told["square"]["size"].as_u64().unwrap() > 80, "{}", told["square"]);
    assert!(!texts(&told, "forgotten").contains(texts(&told, "token")));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_the_page_is_pledged_in_another_sitting_by_page_or_command_line() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let links = yard.links(2).await;
    let (page, typed) = (first(&yard, &links[0], "kept").await, first(&yard, &links[1], "kept").await);
    assert_eq!(page["choices"], json!(["random", "now", "later"]));

    let request = json!({ "url": yard.url(), "token": page["token"], "phrase": page["phrase"], "name": "returned",
        "pictures": pictures() });
    let second = drive("sittings", "second", request, 60).await;
    assert_eq!((asked(&second, "/token-request"), asked(&second, "/pledges")), (0, 1));
    assert_eq!((&second["choices"], &second["grievances"]), (&json!(["random", "now"]), &json!([])));

    let folder = tempfile::tempdir().unwrap();
    let [token, phrase] = ["token", "phrase"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, texts(&typed, name)).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let id = yard.campaign.id().to_string();
    let keys = ["--token-file", &token, "--phrase-file", &phrase, "--campaign", &id];
    good(&[&["pledge", yard.url(), "--direct", "--now", "--checked"], &keys[..]].concat(), "");

    yard.others(place, K).await;
    yard.all_counted_once(&[texts(&page, "phrase"), texts(&typed, "phrase")], place, K).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_pledges_open_only_the_later_way_is_offered() {
    let yard = Yard::collecting().await;
    let link = yard.links(1).await.remove(0);
    let told = first(&yard, &link, "collecting").await;
    assert_eq!(told["choices"], json!(["later"]));
    assert!(told["notice"].is_string(), "and it is said why");
    let request = json!({ "url": yard.url(), "token": told["token"], "phrase": told["phrase"], "pictures": pictures(),
        "name": "early" });
    let early = drive("sittings", "second", request, 60).await;
    assert_eq!((&early["choices"], asked(&early, "/pledges")), (&json!([]), 0));
    assert!(early["notice"].is_string(), "and it is said when");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_moment_comes_by_itself_within_ten_minutes() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let link = yard.links(1).await.remove(0);
    let request = json!({ "url": yard.url(), "link": link, "place": place, "called": PLACE, "pictures": pictures() });
    let told = drive("sittings", "random", request, 90).await;
    assert!(!lines(&told["early"]).contains(&"/pledges"), "the pledge waits");
    assert!((1..=11).contains(&told["minutes"].as_u64().unwrap()), "{}", told["minutes"]);
    assert_eq!((asked(&told, "/pledges"), &told["grievances"]), (1, &json!([])));
    yard.others(place, K - 1).await;
    yard.all_counted_once(&[texts(&told, "phrase")], place, K - 1).await;
}
