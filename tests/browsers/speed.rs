//! How long a cheap phone computes from blinding to token: Chromium with a sixth of its time, which is measured here too, by
//! the same work in the same worker with and without, and never taken for granted.

use crate::driving::{measure, note};
use crate::yard::Yard;
use serde_json::{Value, json};

/// How much slower a cheap phone is taken to be.
const TIMES: f64 = 6.0;

/// What a machine must reach of that for its figures to mean anything.
const TIMES_MIN: f64 = 5.0;

/// The most that it may compute, in milliseconds.
const CEILING: f64 = 300.0;

/// What the page asks its worker for between the words and the token.
const BLINDING_TO_TOKEN: [&str; 3] = ["prepare", "directory", "response"];

#[tokio::test(flavor = "multi_thread")]
async fn six_times_slower_chromium_computes_at_most_300_ms_from_blinding_to_token() {
    let yard = Yard::open(60).await;
    let request = json!({ "links": yard.links(3).await, "times": TIMES, "place": yard.place("Anadyr"),
        "called": "Anadyr" });
    let told = measure("join", "blinded", request, 120).await;
    let sittings = told.as_array().unwrap();
    // the best of all short pieces: one that had a processor to itself
    let plain = sittings.iter().flat_map(|one| numbers(&one["plain"])).fold(f64::INFINITY, f64::min);
    let judged: Vec<Value> = sittings.iter().map(|one| judge(one, plain)).collect();
    note("chromium made slower, blinding to token", &json!(judged));

    let number = |one: &Value, member: &str| one[member].as_f64().unwrap();
    let slow_enough = judged.iter().filter(|one| number(one, "times") >= TIMES_MIN);
    let best = slow_enough.map(|one| number(one, "scaled_ms")).min_by(f64::total_cmp);
    assert!(best.is_some(), "this machine could not be made slower: {judged:?}");
    assert!(best.unwrap() <= CEILING, "{judged:?}");
}

/// How much slower it was, what it computed, and the most that this can stand for: also where it fell short of six times.
fn judge(sitting: &Value, plain: f64) -> Value {
    let slowed = numbers(&sitting["slowed"]);
    let times = slowed.iter().sum::<f64>() / slowed.len() as f64 / plain;
    let calls = sitting["computing"].as_array().unwrap();
    let calls: Vec<&Value> =
        BLINDING_TO_TOKEN.iter().map(|name| calls.iter().find(|call| call["do"] == *name).unwrap()).collect();
    let computed: f64 = calls.iter().map(|call| call["ms"].as_f64().unwrap()).sum();
    // by luck each call may have missed a pause that it would have met a moment earlier
    let missed = calls.len() as f64 * sitting["pause"].as_f64().unwrap();
    let scaled = (computed + missed) * (TIMES / times).max(1.0);
    json!({ "plain_piece_ms": plain, "times": times, "calls": calls, "computed_ms": computed, "scaled_ms": scaled })
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
