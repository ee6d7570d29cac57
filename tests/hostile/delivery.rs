//! Requests for tables, cards and screens that are not exactly what they should be: forms, JSON, languages, sizes.

use crate::stillness::{Case, disk, refused};
use crate::wire::{Message, Wire};
use protocol::media;
use protocol::problem::Problem;
use tests::World;

const FORM: &str = "application/x-www-form-urlencoded";
const WAYS: [&str; 3] = ["csv", "cards", "screen"];
const GOOD: &str = "batch=volunteers&count=3&per_tick=7&language=ru&also=en";

fn post(world: &World, way: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Message {
    let post = Message::new("POST", &format!("/organiser/invites/{way}"));
    let post = post.with("authorization", format!("Bearer {}", world.organiser_token()));
    post.with("content-type", media_type).body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_form_or_json_for_cards_that_is_not_exactly_one_makes_no_batch() {
    let world = World::start().await;
    let mut cases = Vec::new();
    for way in WAYS {
        let mut case = |media_type: &str, body: &[u8], status: u16, problem: Problem| {
            let what = format!("{way} {media_type} {}", String::from_utf8_lossy(&body[..body.len().min(80)]));
            cases.push(Case::new(what, post(&world, way, media_type, body), status, problem));
        };
        for body in NO_FORM {
            case(FORM, body.as_bytes(), 400, Problem::Malformed);
        }
        for body in NO_JSON {
            case(media::JSON, body.as_bytes(), 400, Problem::Malformed);
        }
        case(FORM, format!("batch={}&count=3", "x".repeat(101)).as_bytes(), 400, Problem::Malformed);
        case(FORM, format!("{GOOD}{}", "&".repeat(4000)).as_bytes(), 400, Problem::Malformed);
        case(FORM, format!("batch={}", "x".repeat(4096)).as_bytes(), 413, Problem::TooLarge);
        case(media::JSON, GOOD.as_bytes(), 400, Problem::Malformed);
        case(FORM, b"{\"batch\":\"x\",\"count\":3}", 400, Problem::Malformed);
        for media_type in ["", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded; charset=utf-8"]
        {
            case(media_type, GOOD.as_bytes(), 415, Problem::UnsupportedMediaType);
        }
        case(
            FORM,
            b"batch=x&count=10001",
            if way == "csv" { 403 } else { 400 },
            match way {
                "csv" => Problem::Exhausted, // of 10,000 who are eligible
                _ => Problem::Malformed,     // more than are drawn at once
            },
        );
    }
    let before = disk(&world);
    refused(&mut Wire::organiser(&world), &cases).await;
    assert!(before == disk(&world), "not one batch was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_form_with_any_bit_flipped_is_another_good_one_or_makes_no_batch() {
    let world = World::start().await;
    let mut wire = Wire::organiser(&world);
    let (mut taken, mut refused) = (0, 0);
    for bit in 0..GOOD.len() * 8 {
        let mut body = GOOD.as_bytes().to_vec();
        body[bit / 8] ^= 0x80 >> (bit % 8);
        let reply = wire.send(&post(&world, "csv", FORM, body.clone())).await;
        let told = String::from_utf8_lossy(&body).into_owned();
        if is_order(&body) {
            assert_eq!(reply.status, 200, "{told}");
            taken += 1;
        } else {
            assert_eq!(reply.refusal(), (400, Problem::Malformed), "{told}");
            refused += 1;
        }
    }
    assert!(taken > 20 && refused > 200, "{taken} {refused}");
    assert_eq!(wire.send(&post(&world, "csv", FORM, GOOD)).await.status, 200);
}

/// Whether a form of the shape of [`GOOD`] asks for something that may be asked for, by a reader of our own.
fn is_order(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "*-._+".contains(c);
    let mut fields = std::collections::BTreeMap::new();
    for pair in text.split('&') {
        let Some((name, value)) = pair.split_once('=') else { return false };
        if !value.chars().all(plain) || fields.insert(name, value).is_some() {
            return false;
        }
    }
    let has = |name: &str| fields.get(name).copied().unwrap_or_default();
    let number =
        |name: &str| has(name).bytes().all(|byte| byte.is_ascii_digit()).then(|| has(name).parse::<u32>().ok());
    fields.len() == 5
        && ["batch", "count", "per_tick", "language", "also"].iter().all(|name| fields.contains_key(name))
        && !has("batch").is_empty()
        && number("count").flatten().is_some_and(|count| count > 0)
        && number("per_tick").flatten().is_some_and(|most| most == 7 || (most > 7 && has("batch") != "volunteers"))
        && (has("language"), has("also")) == ("ru", "en")
}

const NO_FORM: [&str; 27] = [
    "",
    "batch=x",
    "count=3",
    "batch=&count=3",
    "batch=x&count=",
    "batch=x&count=3&count=3",
    "batch=x&batch=x&count=3",
    "batch=x&count=3&more=1",
    "batch=x&count=3&",
    "&batch=x&count=3",
    "batch=x&&count=3",
    "batch=x;count=3",
    "batch=x&count",
    "batch=x=y&count=3",
    "batch=x&count=0",
    "batch=x&count=-1",
    "batch=x&count=%2B3",
    "batch=x&count=+3",
    "batch=x&count=3.0",
    "batch=x&count=4294967296",
    "batch=x&count=50001",
    "batch=x&count=3&per_tick=4",
    "batch=x%00y&count=3",
    "batch=x%0D%0Ay&count=3",
    "batch=%FF&count=3",
    "batch=%&count=3",
    "batch=x y&count=3",
];

const NO_JSON: [&str; 16] = [
    "null",
    "[]",
    "[\"x\",3,7,\"ru\",\"en\"]",
    "{}",
    "{\"batch\":\"x\"}",
    "{\"batch\":\"x\",\"count\":3,\"count\":3}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"ru\",\"language\":\"ru\"}",
    "{\"batch\":\"x\",\"count\":3,\"more\":1}",
    "{\"batch\":\"x\",\"count\":\"3\"}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"xx\"}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"\"}",
    "{\"batch\":\"x\",\"count\":3,\"language\":[\"ru\"]}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"RU\"}",
    "{\"batch\":\"x\",\"count\":3,\"also\":\"en\"}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"ru\",\"also\":\"ru\"}",
    "{\"batch\":\"x\",\"count\":3,\"language\":\"ru\",\"also\":\"fa\"}",
];
