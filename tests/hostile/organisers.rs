//! The organisers' listener: tokens, JSON and signed notes cut off, lengthened, flipped; and more invites than eligible.

use crate::stillness::{Case, disk, refused};
use crate::wire::{Message, Wire};
use protocol::media;
use protocol::problem::Problem;
use serde_json::Value;
use tests::{Plan, World, links};

const NOTE: &str = "text/plain; charset=utf-8";
const GOOD: &str = "{\"batch\":\"volunteers\",\"count\":3,\"per_tick\":7}";

fn post(world: &World, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Message {
    let post = Message::new("POST", path).with("authorization", format!("Bearer {}", world.organiser_token()));
    post.with("content-type", media_type).body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_an_organisers_token_in_any_other_spelling_opens_nothing() {
    let world = World::start().await;
    let good = world.organiser_token().to_owned();
    let mut values: Vec<String> = (0..good.len()).map(|end| format!("Bearer {}", &good[..end])).collect();
    for (index, was) in good.char_indices() {
        let other = if was == 'A' { 'B' } else { 'A' };
        values.push(format!("Bearer {}{other}{}", &good[..index], &good[index + 1..]));
    }
    let more = ["=", "A", ",", " x", ";", "%20"];
    values.extend(more.map(|more| format!("Bearer {good}{more}")));
    values.extend(["", "Bearer", "Basic x"].map(str::to_owned));
    values.extend([good.clone(), format!("Basic {good}"), format!("Bearer{good}"), format!("Bearer \"{good}\"")]);
    values.push(format!("Bearer {}", world.campaign.id()));
    let mut cases = Vec::new();
    for (method, path) in [
        ("GET", "counts"),
        ("HEAD", "counts"),
        ("GET", "batches"),
        ("GET", "actions"),
        ("POST", "invites"),
        ("POST", "batches/revoke"),
        ("POST", "announcement"),
        ("POST", "close"),
    ] {
        let bare = Message::new(method, &format!("/organiser/{path}")).with("content-type", media::JSON);
        let bare = if method == "POST" { bare.body(GOOD) } else { bare };
        let doubled = bare.clone().with("authorization", format!("Bearer {good}"));
        let doubled = doubled.with("authorization", format!("Bearer {good}"));
        let mut refuse = |what: &str, message: Message| {
            if method != "HEAD" {
                cases.push(Case::new(format!("{path} {what}"), message, 401, Problem::Unauthorised));
            }
        };
        refuse("none", bare.clone());
        refuse("doubled", doubled);
        for value in &values {
            refuse(value, bare.clone().with("authorization", value.as_str()));
        }
    }
    let before = disk(&world);
    refused(&mut Wire::organiser(&world), &cases).await;
    assert!(before == disk(&world), "no batch, no close, no announcement");
    assert_eq!(world.organise("counts", Value::Null).await.status, 405, "and the right one goes on working");
    assert_eq!(world.invites("volunteers", 3).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_request_for_invites_that_is_not_exactly_one_makes_no_batch() {
    let world = World::start().await;
    let malformed = |body: &[u8]| {
        let what = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        Case::new(what, post(&world, "/organiser/invites", media::JSON, body), 400, Problem::Malformed)
    };
    let mut cases: Vec<Case> = (0..GOOD.len()).map(|end| malformed(&GOOD.as_bytes()[..end])).collect();
    for body in NO_REQUEST {
        cases.push(malformed(body.as_bytes()));
    }
    cases.push(malformed(format!("{{\"batch\":\"{}\",\"count\":3}}", "x".repeat(101)).as_bytes()));
    cases.push(malformed(&[b"{\"batch\":\"\xff\xfe\",\"count\":3}", &b""[..]].concat()));
    cases.push(malformed("[".repeat(4000).as_bytes()));
    cases.push(malformed("{\"batch\":".repeat(400).as_bytes()));
    for (what, media_type, body, status, problem) in [
        ("too large", media::JSON, " ".repeat(4096) + GOOD, 413, Problem::TooLarge),
        ("another type", "text/json", GOOD.to_owned(), 415, Problem::UnsupportedMediaType),
        (
            "a type with parameters",
            "application/json; charset=utf-8",
            GOOD.to_owned(),
            415,
            Problem::UnsupportedMediaType,
        ),
        ("no type", "", GOOD.to_owned(), 415, Problem::UnsupportedMediaType),
        ("more than eligible", media::JSON, "{\"batch\":\"x\",\"count\":10001}".to_owned(), 403, Problem::Exhausted),
    ] {
        cases.push(Case::new(what, post(&world, "/organiser/invites", media_type, body), status, problem));
    }
    let before = disk(&world);
    refused(&mut Wire::organiser(&world), &cases).await;
    assert!(before == disk(&world), "not one batch was made");
    // every byte, every bit: what is taken is another good request, by a reader of our own; all else is malformed
    let mut wire = Wire::organiser(&world);
    for bit in 0..GOOD.len() * 8 {
        let mut body = GOOD.as_bytes().to_vec();
        body[bit / 8] ^= 0x80 >> (bit % 8);
        let reply = wire.send(&post(&world, "/organiser/invites", media::JSON, body.clone())).await;
        if is_request(&body) {
            assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&body));
        } else {
            assert_eq!(reply.refusal(), (400, Problem::Malformed), "{}", String::from_utf8_lossy(&body));
        }
    }
    let answer = wire.send(&post(&world, "/organiser/invites", media::JSON, GOOD)).await;
    assert_eq!(answer.status, 200);
}

/// Whether a body of the shape of [`GOOD`] asks for something that may be asked for.
fn is_request(body: &[u8]) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return false };
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    let name = members.get("batch").and_then(Value::as_str);
    members.len() == 3
        && name.is_some_and(|name| !name.is_empty() && !name.contains(char::is_control))
        && number("count").is_some_and(|count| count > 0)
        // the batch that the good request would make keeps its maximum per tick, and so does that of every other name
        && number("per_tick").is_some_and(|most| most == 7 || (most > 7 && name != Some("volunteers")))
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_the_sum_of_all_batches_stays_within_eligible_whoever_asks_how() {
    let world = World::with(Plan { eligible: 20, ..Plan::default() }).await;
    let mut made = links(&world.organise("invites", serde_json::json!({ "batch": "a", "count": 12 })).await).len();
    let before = disk(&world);
    let asks = |batch: &str, count: u64| {
        let body = serde_json::json!({ "batch": batch, "count": count }).to_string();
        Case::new(body.clone(), post(&world, "/organiser/invites", media::JSON, body), 403, Problem::Exhausted)
    };
    let cases = [asks("a", 9), asks("b", 9), asks("b", 20), asks("b", 50_000), asks("a", 50_000)];
    refused(&mut Wire::organiser(&world), &cases).await;
    assert!(before == disk(&world));
    // twenty at once, of which eight find room
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..20 {
        let body = serde_json::json!({ "batch": format!("c{number}"), "count": 1 }).to_string();
        let (message, mut wire) = (post(&world, "/organiser/invites", media::JSON, body), Wire::organiser(&world));
        asking.spawn(async move { wire.send(&message).await });
    }
    for reply in asking.join_all().await {
        match reply.status {
            200 => made += 1,
            _ => assert_eq!(reply.refusal(), (403, Problem::Exhausted)),
        }
    }
    assert_eq!(made, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_note_with_any_bit_flipped_missing_or_added_is_announced_nowhere() {
    let world = World::start().await;
    let elsewhere = World::start().await;
    let good = world.announcement(1, "Saturday at noon").note;
    let malformed = |what: String, body: Vec<u8>| {
        Case::new(what, post(&world, "/organiser/announcement", NOTE, body), 400, Problem::Malformed)
    };
    let mut cases: Vec<Case> =
        (0..good.len()).map(|end| malformed(format!("{end} bytes"), good.as_bytes()[..end].to_vec())).collect();
    for bit in 0..good.len() * 8 {
        let mut body = good.clone().into_bytes();
        body[bit / 8] ^= 0x80 >> (bit % 8);
        cases.push(malformed(format!("bit {bit}"), body));
    }
    for more in ["\n", "x", "\n\n", " ", "\0", "\u{2014} x y\n"] {
        cases.push(malformed(format!("{more:?} behind"), format!("{good}{more}").into_bytes()));
        cases.push(malformed(format!("{more:?} before"), format!("{more}{good}").into_bytes()));
    }
    for number in [2, 3, u32::MAX] {
        // signed by the organiser, and still not the next
        cases.push(malformed(format!("number {number}"), world.announcement(number, "x").note.into_bytes()));
    }
    cases.push(malformed("of another campaign".to_owned(), elsewhere.announcement(1, "x").note.into_bytes()));
    cases.push(malformed("no note".to_owned(), Vec::new()));
    for (what, media_type, body, status, problem) in [
        ("too large", NOTE, "x".repeat(65_536), 413, Problem::TooLarge),
        ("as large as an entry", NOTE, "x".repeat(65_535), 400, Problem::Malformed),
        ("another type", "text/plain", good.clone(), 415, Problem::UnsupportedMediaType),
        ("another character set", "text/plain; charset=utf-16", good.clone(), 415, Problem::UnsupportedMediaType),
    ] {
        cases.push(Case::new(what, post(&world, "/organiser/announcement", media_type, body), status, problem));
    }
    let before = disk(&world);
    refused(&mut Wire::organiser(&world), &cases).await;
    assert!(before == disk(&world), "nothing was appended to the log");
    assert!(world.counts().await.announcement.is_none());
    assert_eq!(world.announce(good).await.status, 202);
    assert_eq!(world.counts().await.announcement.unwrap().number, 1);
}

/// What looks like a request for invites and is none.
const NO_REQUEST: [&str; 52] = [
    "null",
    "1",
    "\"x\"",
    "[]",
    "[\"x\",3,7]",
    "[\"x\",3]",
    "[[\"x\",3]]",
    "{}",
    "{\"batch\":\"x\"}",
    "{\"count\":3}",
    "{\"batch\":\"x\",\"count\":3,\"count\":3}",
    "{\"batch\":\"x\",\"batch\":\"x\",\"count\":3}",
    "{\"batch\":\"x\",\"count\":3,\"per_tick\":7,\"per_tick\":7}",
    "{\"batch\":\"x\",\"count\":3,\"more\":1}",
    "{\"batch\":\"x\",\"count\":0}",
    "{\"batch\":\"x\",\"count\":-1}",
    "{\"batch\":\"x\",\"count\":3.0}",
    "{\"batch\":\"x\",\"count\":3e0}",
    "{\"batch\":\"x\",\"count\":\"3\"}",
    "{\"batch\":\"x\",\"count\":03}",
    "{\"batch\":\"x\",\"count\":+3}",
    "{\"batch\":\"x\",\"count\":50001}",
    "{\"batch\":\"x\",\"count\":4294967296}",
    "{\"batch\":\"x\",\"count\":99999999999999999999}",
    "{\"batch\":\"x\",\"count\":null}",
    "{\"batch\":\"x\",\"count\":[3]}",
    "{\"batch\":\"x\",\"count\":true}",
    "{\"batch\":\"\",\"count\":3}",
    "{\"batch\":null,\"count\":3}",
    "{\"batch\":5,\"count\":3}",
    "{\"batch\":\"a\\u0000b\",\"count\":3}",
    "{\"batch\":\"a\\nb\",\"count\":3}",
    "{\"batch\":\"\\ud800\",\"count\":3}",
    "{\"batch\":\"x\",\"count\":3,\"per_tick\":4}",
    "{\"batch\":\"x\",\"count\":3,\"per_tick\":0}",
    "{\"batch\":\"x\",\"count\":3,\"per_tick\":-7}",
    "{\"batch\":\"x\",\"count\":3,\"per_tick\":\"7\"}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":0}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":-1}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":1700000000.5}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":1600000000}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":1900000000}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":18446744073709551615}",
    "{\"batch\":\"x\",\"count\":3,\"expires\":\"2026-01-01\"}",
    "{\"batch\":\"x\",\"count\":3,\"expires_tick\":3}",
    "{\"batch\":\"x\",\"count\":3,\"maker\":\"first\"}",
    "{\"batch\":\"x\",\"count\":3}}",
    "{\"batch\":\"x\",\"count\":3}{}",
    "{\"batch\":\"x\",\"count\":3,}",
    "{'batch':'x','count':3}",
    "\u{feff}{\"batch\":\"x\",\"count\":3}",
    "// x\n{\"batch\":\"x\",\"count\":3}",
];
