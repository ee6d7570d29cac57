//! A whole rehearsal, from invites that it has made to a campaign that it closes; and one among other people.

use serde_json::Value;
use std::collections::BTreeMap;
use tests::programs::{Demo, good, published, wait_until};

/// The one document that a rehearsal prints.
pub(crate) fn document(out: &str) -> Value {
    serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn a_rehearsal_with_every_kind_of_client_ends_with_every_pledge_accounted_for() {
    let demo = Demo::start("2", "0");
    let (url, folder) = (demo.told("url"), tempfile::tempdir().unwrap());
    let page = folder.path().join("report.html");
    let told = good(
        &[
            "rehearse",
            url,
            "--participants",
            "300",
            "--arrivals",
            "launch",
            "--rate",
            "60",
            "--readings",
            "10",
            "--seed",
            "7",
            "--slow",
            "4",
            "--broken",
            "10",
            "--organiser-url",
            demo.told("organiser_url"),
            "--close",
            "--report",
            page.to_str().unwrap(),
            "--json",
        ],
        demo.told("organiser_token"),
    );
    let told = document(&told);
    assert_eq!((&told["participants"], &told["issued"], &told["pledged"]), (&300.into(), &300.into(), &300.into()));
    assert_eq!(told["errors"], 0, "{told}");
    every_client_got_its_answer(&told);

    let number = |name: &str| told["published"][name].as_u64().unwrap();
    assert_eq!(number("acknowledged"), 300);
    assert_eq!(number("published") + number("waiting_or_withheld"), 300);
    assert_eq!(number("at_places") + number("at_regions") + number("at_root"), number("published"));
    assert_eq!((number("of_others"), number("without_receipt")), (0, 0));
    assert_eq!(told["published"]["rule_replayed"], true);
    let places = told["published"]["places"].as_object().unwrap().values();
    let sums = places.fold((0, 0), |(published, waiting), place| {
        (published + place["published"].as_u64().unwrap(), waiting + place["waiting"].as_u64().unwrap())
    });
    assert_eq!(sums, (number("published"), number("waiting_or_withheld")));
    for kind in ["token", "pledge", "read"] {
        let latency = &told["latency"][kind];
        let ms = |name: &str| latency[name].as_f64().unwrap();
        assert!(latency["count"].as_u64().unwrap() >= 10, "{latency}");
        assert!(0.0 < ms("p50_ms") && ms("p50_ms") <= ms("p99_ms") && ms("p99_ms") <= ms("max_ms"), "{latency}");
    }

    assert!(told["latency"]["read"]["count"].as_u64().unwrap() >= 3000, "ten readings to each participant");
    let share = |name: &str| told["machine"]["busy"][name].as_f64().unwrap();
    assert!(share("rehearsing") > 0.0 && share("others") > 0.0 && told["machine"]["server_is_here"] == true);
    assert!(told["machine"]["limits"]["signatures"].as_u64().unwrap() > 0);

    let audit: Value = serde_json::from_str(&good(&["audit", url, "--json"], "")).unwrap();
    assert_eq!((&audit["pledges"], &audit["root"]), (&told["published"]["published"], &told["published"]["at_root"]));
    assert_eq!(published(url), number("published"));
    assert!(!audit["closed_at"].is_null() && audit["log_size"] == told["audit"]["log_size"]);
    the_page_says_the_same_and_nothing_secret(&std::fs::read_to_string(page).unwrap(), &demo, &told);
}

/// Slow ones get their answer, broken ones exactly their refusal, each kind more than once.
fn every_client_got_its_answer(told: &Value) {
    let clients = told["slow_and_broken"].as_array().unwrap();
    let by_kind: BTreeMap<&str, u64> = clients
        .iter()
        .map(|client| {
            assert_eq!(client["otherwise"], serde_json::json!({}), "{client}");
            (client["client"].as_str().unwrap(), client["as_expected"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(by_kind.len(), 12, "{by_kind:?}");
    assert!(by_kind.values().all(|count| *count >= 2) && by_kind.values().sum::<u64>() == 42, "{by_kind:?}");
}

fn the_page_says_the_same_and_nothing_secret(page: &str, demo: &Demo, told: &Value) {
    let number = |name: &str| told["published"][name].as_u64().unwrap();
    let (published, withheld) = (number("published"), number("waiting_or_withheld"));
    assert!(page.contains(&format!("300 pledged = {published} published + {withheld} withheld")), "the sum");
    assert!(page.contains("No errors.") && page.contains(demo.told("campaign_id")));
    assert_eq!(page.matches("<svg ").count(), 8, "four plots, wide and narrow");
    for active in ["<script", "javascript:", " onload", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(active), "{active}");
    }
    let addresses = page.matches("://").count() - page.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(addresses, 0, "no address");
    for secret in ["127.0.0.1", "localhost", demo.told("organiser_token"), "#i=", "Bearer", "PrivateToken"] {
        assert!(!page.contains(secret) && !told.to_string().contains(secret), "{secret}");
    }
}

#[test]
fn a_rehearsal_among_other_people_tells_its_own_pledges_from_theirs() {
    let demo = Demo::start("2", "0");
    let (url, folder) = (demo.told("url"), tempfile::tempdir().unwrap());
    for invite in 0..5 {
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &demo.link(invite));
    }
    let links: String = (5..12).map(|invite| demo.link(invite) + "\n").collect();
    let file = folder.path().join("invites");
    std::fs::write(&file, links).unwrap();
    wait_until(|| published(url) == 5);
    let few = ["--participants", "7", "--arrivals", "day", "--readers", "0", "--slow", "0", "--broken", "0"];
    let command = [&["rehearse", url, "--invites", file.to_str().unwrap(), "--json"], &few[..]].concat();
    let told = document(&good(&command, ""));
    let number = |name: &str| told["published"][name].as_u64().unwrap();
    assert_eq!((number("acknowledged"), number("of_others")), (7, 5), "{told}");
    assert_eq!(number("published") + number("waiting_or_withheld"), 7);
    assert_eq!(told["audit"]["closed"], false);
    let audit: Value = serde_json::from_str(&good(&["audit", url, "--json"], "")).unwrap();
    assert_eq!(audit["pledges"].as_u64().unwrap(), number("published") + number("of_others"));
}
