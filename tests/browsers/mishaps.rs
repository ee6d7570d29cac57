//! Whatever breaks once, the pledge counts once: answers that are lost, late or asked for twice, and tabs that die.

use crate::driving::{drive, pictures};
use crate::yard::{K, Yard};
use serde_json::{Value, json};

const PLACE: &str = "Anadyr";
const DIRECTORY: &str = "/.well-known/private-token-issuer-directory";

/// Every request of a registration, the names of files up to their digests.
const REQUESTS: [&str; 11] = [
    "/join",
    "/join/app-*",
    "/join/style-*",
    "/join/worker-*",
    "/join/door-*",
    "/campaign",
    "/places.json",
    "/counts.json",
    DIRECTORY,
    "/token-request",
    "/pledges",
];

#[tokio::test(flavor = "multi_thread")]
async fn o1_whatever_answer_is_lost_late_or_asked_for_twice_the_pledge_counts_once() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let mut faults: Vec<Value> = Vec::new();
    for path in REQUESTS {
        faults.push(json!({ "path": path, "kind": "drop" }));
        faults.push(json!({ "path": path, "kind": "double" }));
        faults.push(json!({ "path": path, "kind": "delay", "ms": 1500 }));
    }
    for path in ["/token-request", "/pledges"] {
        faults.push(json!({ "path": path, "kind": "lose" }));
    }
    let links = yard.links(u32::try_from(faults.len()).unwrap()).await;
    let case = |(fault, link): (&Value, &String)| json!({ "fault": fault, "link": link });
    let cases: Vec<Value> = faults.iter().zip(&links).map(case).collect();
    let request = json!({ "url": yard.url(), "place": place, "called": PLACE, "cases": cases });
    let told = drive("mishaps", "broken", request, 400).await;
    for (one, fault) in told.as_array().unwrap().iter().zip(&faults) {
        assert_eq!(one["happened"], true, "{fault}");
        let requests = one["requests"].as_array().unwrap();
        let path = fault["path"].as_str().unwrap();
        let times = requests.iter().filter(|request| request["path"] == path).count();
        // without the server's word on the state the page goes by the dates of the genesis
        let needed = !path.ends_with('*') && path != "/counts.json";
        if needed && (fault["kind"] == "drop" || fault["kind"] == "lose") {
            assert!(times >= 2, "{fault}: nobody asked again");
        }
        assert!(requests.iter().all(|request| request["host"] == requests[0]["host"]), "{fault}");
    }
    counted_once(&yard, &told, place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_what_arrives_after_the_page_gave_up_and_asked_again_counts_once() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let faults: Vec<Value> = [DIRECTORY, "/token-request", "/pledges"]
        .into_iter()
        // the page gives up after 1.5 s and pauses for 2: what takes 5 s comes when its repetition was answered
        .flat_map(|path| ["delay", "late"].map(|kind| json!({ "path": path, "kind": kind, "ms": 5000 })))
        .collect();
    let links = yard.links(u32::try_from(faults.len()).unwrap()).await;
    let case = |(fault, link): (&Value, &String)| json!({ "fault": fault, "link": link, "impatient": true });
    let cases: Vec<Value> = faults.iter().zip(&links).map(case).collect();
    let request = json!({ "url": yard.url(), "place": place, "called": PLACE, "cases": cases });
    let told = drive("mishaps", "broken", request, 200).await;
    for (one, fault) in told.as_array().unwrap().iter().zip(&faults) {
        let requests = one["requests"].as_array().unwrap().iter();
        let mut statuses: Vec<u64> = requests
            .filter(|request| request["path"] == fault["path"])
            .map(|request| request["status"].as_u64().unwrap())
            .collect();
        statuses.sort_unstable();
        // both came to the server, which answered both
        let both: &[u64] = if fault["path"] == "/pledges" { &[200, 201] } else { &[200, 200] };
        assert_eq!(statuses, both, "{fault}");
    }
    counted_once(&yard, &told, place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_a_tab_that_dies_is_finished_by_the_phrase_and_counts_once() {
    let yard = Yard::open(2).await;
    let place = yard.place(PLACE);
    let links = yard.links(3).await;
    let dies = ["token", "waiting", "pledge"];
    let cases: Vec<Value> = dies.iter().zip(&links).map(|(dies, link)| json!({ "dies": dies, "link": link })).collect();
    let request = json!({ "url": yard.url(), "place": place, "called": PLACE, "cases": cases, "pictures": pictures() });
    let told = drive("mishaps", "died", request, 120).await;
    for (one, dies) in told.as_array().unwrap().iter().zip(dies) {
        let before = one["before"].as_array().unwrap();
        let sent =
            |path: &str| before.iter().any(|request| request["path"] == path && request["status"] != Value::Null);
        assert!(sent("/token-request") && sent("/pledges") == (dies == "pledge"), "{dies}: {before:?}");
        // the second time the same message gets the same answer, and the pledge is known if it came
        let statuses = |path: &str| -> Vec<u64> {
            let requests = one["requests"].as_array().unwrap().iter();
            requests
                .filter(|request| request["path"] == path)
                .map(|request| request["status"].as_u64().unwrap())
                .collect()
        };
        assert_eq!(statuses("/token-request"), [200, 200], "{dies}");
        let pledges: &[u64] = if dies == "pledge" { &[201, 200] } else { &[201] };
        assert_eq!(statuses("/pledges"), pledges, "{dies}");
        assert_eq!(one["grievances"], json!([]), "{dies}");
    }
    counted_once(&yard, &told, place).await;
}

/// Everybody's pledge is in the log, and nothing besides but those who came to fill the last group.
async fn counted_once(yard: &Yard, told: &Value, place: u32) {
    let phrases: Vec<&str> = told.as_array().unwrap().iter().map(|one| one["phrase"].as_str().unwrap()).collect();
    yard.others(place, K).await;
    yard.all_counted_once(&phrases, place, K).await;
}
