//! A registration in each browser ends as an entry of the log; what was sent, and when; what stays behind: nothing.

use crate::driving::{drive, lines, measure, note, pictures};
use crate::yard::{K, Yard};
use serde_json::{Value, json};

/// Where people register in these tests.
const PLACE: &str = "Anadyr";

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_in_chromium_ends_in_the_log_and_leaves_nothing_behind() {
    ends_in_the_log("chromium", "standard", "wasm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_in_firefox_ends_in_the_log_and_leaves_nothing_behind() {
    ends_in_the_log("firefox", "standard", "wasm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_at_safer_ends_in_the_log_computed_without_wasm_and_the_page_says_so() {
    ends_in_the_log("firefox", "safer", "javascript").await;
}

async fn ends_in_the_log(browser: &str, level: &str, computes: &str) {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let link = yard.links(1).await.remove(0);
    let request = json!({ "browser": browser, "level": level, "url": yard.url(), "link": link, "place": place,
        "called": PLACE, "pictures": pictures() });
    let told = measure("join", "register", request, 120).await;
    yard.others(place, K - 1).await;
    yard.all_counted_once(&[told["phrase"].as_str().unwrap()], place, K - 1).await;
    note(&format!("computing {browser} {level}"), &told["computing"]);

    assert_eq!(told["how"], format!("how-{computes}"), "the page says which of the two computes");
    assert_eq!(told["grievances"], json!([]), "no error, no breach of the policy");
    assert_eq!(told["strangers"], json!([]), "no other host");
    requests_are_the_same_for_all(&told);
    // what the link held is in no address, and the history is as long as without it
    let join = format!("{}/join", yard.url());
    for moment in ["arrived", "ended"] {
        assert_eq!((&told[moment]["href"], &told[moment]["bar"]), (&json!(join), &json!(join)), "{moment}");
        assert_eq!(told[moment]["length"], told["plain"]["length"], "{moment}");
    }
    let nothing = json!({ "cookies": "", "local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0,
        "window_name": "", "jar": 0 });
    assert_eq!(told["kept"], nothing);
    // a word of the phrase may be a word of this sentence too, so that only the whole can be compared
    assert_eq!(told["phrase"].as_str().unwrap().split(' ').count(), 12);
    assert_eq!(told["forgotten"], "Nothing is left here. You can close this tab.");
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_registration_with_an_issuer_under_another_name_ends_in_the_log() {
    let yard = Yard::under_two_names().await;
    let issuer = yard.campaign.genesis().issuer_url();
    let (place, link) = (yard.place(PLACE), yard.links(1).await.remove(0));
    let request = json!({ "browser": "chromium", "url": yard.url(), "issuer": issuer, "link": link, "place": place,
        "called": PLACE, "pictures": pictures() });
    let told = drive("join", "register", request, 120).await;
    yard.others(place, K - 1).await;
    yard.all_counted_once(&[told["phrase"].as_str().unwrap()], place, K - 1).await;

    let page = yard.get("/join").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("connect-src 'self' {issuer};")), "{policy}");
    assert_eq!((&told["grievances"], &told["strangers"]), (&json!([]), &json!([])));
    // what a person is told from goes to the one name, what a place is told from to the other
    let text = |request: &Value, member: &str| request[member].as_str().unwrap().to_owned();
    let (requests, button) = (told["requests"].as_array().unwrap(), told["button"].as_u64().unwrap());
    let (before, after) = requests.split_at(usize::try_from(button).unwrap());
    let home = yard.url().trim_start_matches("http://");
    assert!(before.iter().all(|request| request["host"] == home), "{before:?}");
    let sent: Vec<String> = after
        .iter()
        .map(|request| format!("{} {}{}", text(request, "method"), text(request, "host"), text(request, "path")))
        .collect();
    let other = issuer.trim_start_matches("http://");
    let expected = [
        format!("GET {other}/.well-known/private-token-issuer-directory"),
        format!("OPTIONS {other}/token-request"),
        format!("POST {other}/token-request"),
        format!("POST {home}/pledges"),
    ];
    assert_eq!(sent, expected);
    assert!(after.iter().all(|request| request["cookie"] == false && request["referer"].is_null()), "{after:?}");
}

/// Before the button only what everybody gets; after it the key, the two messages, in their sizes, and nothing else.
fn requests_are_the_same_for_all(told: &Value) {
    let requests = told["requests"].as_array().unwrap();
    let (before, after) = requests.split_at(usize::try_from(told["button"].as_u64().unwrap()).unwrap());
    let name =
        |request: &Value| format!("{} {}", request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
    for request in requests {
        assert_eq!((&request["cookie"], &request["referer"]), (&json!(false), &Value::Null), "{request}");
    }
    for request in before {
        let name = name(request);
        let public = ["GET /join", "GET /campaign", "GET /places.json", "GET /counts.json"].contains(&name.as_str());
        assert!(public || name.starts_with("GET /join/"), "{name} before the button");
        assert_eq!(request["authorization"], Value::Null, "{name}");
    }
    let names: Vec<String> = after.iter().map(name).collect();
    let directory = "GET /.well-known/private-token-issuer-directory";
    assert_eq!(names, [directory, "POST /token-request", "POST /pledges"]);
    assert_eq!((&after[1]["sent"], &after[1]["authorization"]), (&json!(259), &json!("Bearer")));
    assert_eq!((&after[2]["sent"], &after[2]["authorization"]), (&json!(68), &json!("PrivateToken")));
    assert!(after.iter().all(|request| request["status"] == 200 || request["status"] == 201), "{after:?}");
    assert_ne!(after[1]["connection"], after[2]["connection"], "one connection for both");
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_token_and_pledge_go_over_different_connections_of_the_browser() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let link = yard.links(1).await.remove(0);
    let told = drive("join", "connections", json!({ "link": link, "place": place, "called": PLACE }), 90).await;
    yard.others(place, K - 1).await;
    yard.all_counted_once(&[told["phrase"].as_str().unwrap()], place, K - 1).await;

    let connections = told["connections"].as_array().unwrap();
    let of = |path: &str| -> Vec<&Value> {
        connections.iter().filter(|one| one["path"] == path).map(|one| &one["connection"]).collect()
    };
    let (token, pledge) = (of("/token-request"), of("/pledges"));
    assert!(token.len() == 1 && pledge.len() == 1 && token != pledge, "{connections:?}");
    // nor does either share one with anything that came before
    let alone = |one: &Value| connections.iter().filter(|other| other["connection"] == *one).count() == 1;
    assert!(alone(token[0]) && alone(pledge[0]), "{connections:?}");
    // the history of the tab never held the link
    let entries = told["history"].as_array().unwrap();
    assert!(entries.iter().all(|entry| !entry["url"].as_str().unwrap().contains('#')), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_exit_blanks_the_page_at_once_and_replaces_its_entry_in_the_history() {
    let yard = Yard::open(60).await;
    let place = yard.place(PLACE);
    for (by, link) in ["press", "keys"].into_iter().zip(yard.links(2).await) {
        let request = json!({ "url": yard.url(), "link": link, "place": place, "called": PLACE, "by": by,
            "pictures": pictures() });
        let told = drive("exit", "leave", request, 60).await;
        assert_eq!(told["blank"]["text"], "", "{told}");
        assert_eq!(told["away"]["referer"], Value::Null, "{told}");
        let entries = told["history"].as_array().unwrap();
        assert_eq!(entries.len() as u64, told["length"].as_u64().unwrap(), "{told}");
        assert!(!entries.iter().any(|entry| entry["url"].as_str().unwrap().contains("/join")), "{told}");
        assert!(!told["back"]["href"].as_str().unwrap().contains("/join"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_any_state_of_the_page_in_english() {
    nothing_is_found_in("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_any_state_of_the_page_in_russian() {
    nothing_is_found_in("ru").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_any_state_of_the_page_in_persian() {
    nothing_is_found_in("fa").await;
}

async fn nothing_is_found_in(language: &str) {
    let yard = Yard::open(60).await;
    let request = json!({ "url": yard.url(), "links": yard.links(3).await, "place": yard.place(PLACE), "called": PLACE,
        "language": language, "pictures": pictures() });
    let told = drive("walk", "states", request, 240).await;
    assert_eq!(lines(&told["states"]).len(), STATES.len(), "{}", told["states"]);
    assert!(STATES.iter().all(|state| lines(&told["states"]).contains(state)), "{}", told["states"]);
    assert_eq!(told["found"], json!({}));
    assert_eq!(told["wide"], json!({}), "scrolled sideways at 320 pixels");
    let direction = if language == "fa" { "rtl" } else { "ltr" };
    for (state, seen) in told["seen"].as_object().unwrap() {
        assert_eq!(seen, &json!([language, direction]), "{state}");
    }
}

/// The states that are looked at.
const STATES: [&str; 20] = [
    "start",
    "words",
    "differ",
    "place",
    "place-found",
    "place-chosen",
    "register",
    "phrase",
    "progress",
    "waiting",
    "counted",
    "forgotten",
    "invite",
    "invite-wrong",
    "lost",
    "kept",
    "return",
    "pledge",
    "refused",
    "recover",
];
