//! The door, request by request: a whole participation, every mistake, calls in any order, any bytes.

use super::*;
use crate::stand_in::{World, split};
use proptest::prelude::*;
use protocol::codec::from_base64;
use serde_json::{Value, json};

mod mistakes;

const PLACE: u32 = 3;
const ENTROPY: [u8; 16] = [7; 16];

fn told(door: &mut Door, request: &Value) -> Value {
    serde_json::from_slice(&door.call(request.to_string().as_bytes())).unwrap()
}

/// The members of an answer, which must not be a mistake.
fn ok(door: &mut Door, request: Value) -> Value {
    let answer = told(door, &request);
    assert!(answer["ok"].is_object(), "{} {answer}", request["do"]);
    answer["ok"].clone()
}

fn mistake(door: &mut Door, request: Value) -> Value {
    let answer = told(door, &request);
    assert!(answer["mistake"]["kind"].is_string(), "{request} {answer}");
    answer["mistake"].clone()
}

fn campaign(world: &World) -> Value {
    json!({ "do": "campaign", "genesis": to_base64(&world.files["campaign"]),
        "places": to_base64(&world.files["places.json"]), "origin": world.campaign.genesis().origin_url() })
}

fn phrase(entropy: [u8; 16]) -> Value {
    json!({ "do": "phrase", "entropy": to_base64(&entropy) })
}

/// A door with link, campaign and phrase.
fn ready(world: &World) -> Door {
    let mut door = Door::default();
    ok(&mut door, json!({ "do": "link", "text": *world.link(1).to_text() }));
    ok(&mut door, campaign(world));
    ok(&mut door, phrase(ENTROPY));
    door
}

/// Sends what the door wants to be sent, and gives the body of the answer as the door takes it.
fn send(world: &World, posting: &Value) -> String {
    let text = |name: &str| posting[name].as_str().unwrap().to_owned();
    let head = format!(
        "POST {} HTTP/1.1\r\nauthorization: {}\r\ncontent-type: {}\r\n\r\n",
        text("path"),
        text("authorization"),
        text("media_type")
    );
    let request = [head.as_bytes(), &from_base64(&text("body"), "body").unwrap()].concat();
    to_base64(split(&world.answer(&request)).1)
}

/// As far as the token; the token's text.
fn obtained(world: &World, door: &mut Door) -> String {
    let asked = ok(door, json!({ "do": "prepare", "place": PLACE }));
    let response = send(world, &asked);
    let token = ok(door, json!({ "do": "response", "body": response }));
    assert_eq!(token["place"], json!(PLACE));
    token["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_participation_goes_its_whole_way_through_the_door() {
    let world = World::new();
    let mut door = Door::default();
    let link = world.link(1).to_text();
    let read = ok(&mut door, json!({ "do": "link", "text": link.split_once("/join").unwrap().1 }));
    assert_eq!(read["campaign_id"], json!(world.id().to_string()));
    assert_eq!(read["code_groups"].as_array().unwrap().len(), 8);
    let shown = ok(&mut door, campaign(&world));
    assert_eq!((&shown["words"], &shown["pinned"]), (&json!(campaign_words(world.id())), &json!(true)));
    let words = ok(&mut door, phrase(ENTROPY));
    assert_eq!((words["words"].as_array().unwrap().len(), words["numbers"].as_array().unwrap().len()), (12, 12));

    let asked = ok(&mut door, json!({ "do": "prepare", "place": PLACE }));
    let by_command_line = prepare(&world.campaign, &Phrase::from_bytes(ENTROPY), PLACE).unwrap();
    assert_eq!(asked["body"], json!(to_base64(&by_command_line.request.encode())), "one request, whoever makes it");
    assert_eq!(asked["authorization"], json!(format!("Bearer {}", *world.invite(1).code())));
    let directory = world.answer(format!("GET {DIRECTORY_PATH} HTTP/1.1\r\n\r\n").as_bytes());
    ok(&mut door, json!({ "do": "directory", "body": to_base64(split(&directory).1) }));
    let response = send(&world, &asked);
    let token = ok(&mut door, json!({ "do": "response", "body": response }));
    assert_eq!(token["place"], json!(PLACE));
    let posting = ok(&mut door, json!({ "do": "pledge" }));
    assert_eq!(from_base64(posting["body"].as_str().unwrap(), "").unwrap().len(), 68);
    let receipt = send(&world, &posting);
    ok(&mut door, json!({ "do": "receipt", "body": receipt }));
    let code = ok(&mut door, json!({ "do": "qr", "text": token["token"] }));
    let size = usize::try_from(code["size"].as_u64().unwrap()).unwrap();
    assert_eq!(code["modules"].as_str().unwrap().len(), size * size);

    assert!(!door.is_empty());
    ok(&mut door, json!({ "do": "forget" }));
    assert!(door.is_empty());
    assert_eq!(mistake(&mut door, json!({ "do": "pledge" }))["kind"], "out_of_order");
}

#[test]
fn a_later_sitting_takes_up_token_and_phrase_and_nothing_else() {
    let world = World::new();
    let text = obtained(&world, &mut ready(&world));
    let mut door = Door::default();
    assert_eq!(mistake(&mut door, json!({ "do": "token", "text": text }))["kind"], "out_of_order");
    ok(&mut door, campaign(&world));
    let numbers = Phrase::from_bytes(ENTROPY).numbers();
    ok(&mut door, json!({ "do": "recover", "text": *numbers }));
    assert_eq!(ok(&mut door, json!({ "do": "token", "text": text }))["place"], json!(PLACE));
    let posting = ok(&mut door, json!({ "do": "pledge" }));
    let receipt = send(&world, &posting);
    ok(&mut door, json!({ "do": "receipt", "body": receipt }));

    assert_eq!(mistake(&mut door, json!({ "do": "token", "text": &text[1..] }))["kind"], "token_unreadable");
    ok(&mut door, phrase([8; 16]));
    assert_eq!(mistake(&mut door, json!({ "do": "token", "text": text }))["kind"], "token_not_of_phrase");
    let other = World::at("127.0.0.1:1", |genesis| genesis.target = 101);
    ok(&mut door, campaign(&other));
    ok(&mut door, phrase(ENTROPY));
    assert_eq!(mistake(&mut door, json!({ "do": "token", "text": text }))["kind"], "token_other_campaign");
}

#[test]
fn the_campaign_is_shown_as_the_genesis_has_it() {
    let world = World::at("campaign.example", |_| {});
    let shown = ok(&mut Door::default(), campaign(&world));
    assert_eq!(shown["pinned"], false, "there was no link");
    assert_eq!(
        (&shown["id"], &shown["numbers"]),
        (&json!(world.id().to_string()), &json!(campaign_numbers(world.id())))
    );
    let genesis = serde_json::to_value(world.campaign.genesis()).unwrap();
    let same = ["title", "text", "rehearsal", "k", "tick_seconds", "opens", "pledges_open", "issuing_closes", "closes"];
    for member in same.into_iter().chain(["onion", "relays"]) {
        assert_eq!(shown[member], genesis[member], "{member}");
    }
    assert_eq!(shown["issuer_url"], "https://campaign.example");
    assert_eq!(shown.as_object().unwrap().len(), 17);
}

#[test]
fn n1_who_came_by_the_onion_address_is_sent_to_no_other() {
    let world = World::at("campaign.example", |genesis| genesis.onion = Some("abc.onion".to_owned()));
    let mut there = campaign(&world);
    there["origin"] = json!("http://abc.onion");
    let shown = ok(&mut Door::default(), there);
    assert_eq!((&shown["issuer_url"], &shown["origin_url"]), (&json!("http://abc.onion"), &json!("http://abc.onion")));
    let apart = World::at("campaign.example", |genesis| genesis.issuer_name = "issuer.example:443".to_owned());
    assert_eq!(ok(&mut Door::default(), campaign(&apart))["issuer_url"], "https://issuer.example");
}

#[test]
fn a_token_as_a_picture_reads_back() {
    let world = World::new();
    let text = obtained(&world, &mut ready(&world));
    let picture = ok(&mut Door::default(), json!({ "do": "qr", "text": text }));
    let size = usize::try_from(picture["size"].as_u64().unwrap()).unwrap();
    let modules = picture["modules"].as_str().unwrap().as_bytes();
    let (scale, quiet) = (3, 4);
    let side = (size + 2 * quiet) * scale;
    let dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel / scale).checked_sub(quiet).filter(|at| *at < size);
        module(x).zip(module(y)).is_some_and(|(x, y)| modules[y * size + x] == b'1')
    };
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| if dark(x, y) { 0 } else { 255 });
    assert_eq!(seen.detect_grids()[0].decode().unwrap().1, text);
}

#[test]
fn u1_what_was_made_of_another_place_phrase_or_link_is_dropped() {
    let world = World::new();
    let mut door = ready(&world);
    let first = ok(&mut door, json!({ "do": "prepare", "place": PLACE }));
    let second = ok(&mut door, json!({ "do": "prepare", "place": PLACE + 1 }));
    assert_ne!(first["body"], second["body"]);
    let response = send(&world, &first);
    assert_eq!(mistake(&mut door, json!({ "do": "response", "body": response }))["kind"], "misbehaved");
    obtained(&world, &mut door);
    ok(&mut door, phrase([9; 16]));
    assert_eq!(mistake(&mut door, json!({ "do": "pledge" }))["kind"], "out_of_order");
    ok(&mut door, phrase(ENTROPY));
    obtained(&world, &mut door);
    ok(&mut door, json!({ "do": "link", "text": *world.link(2).to_text() }));
    assert_eq!(mistake(&mut door, json!({ "do": "pledge" }))["kind"], "out_of_order");
}

#[test]
fn u2_another_campaign_key_or_address_than_the_links_is_refused() {
    let (world, mut door) = (World::new(), Door::default());
    ok(&mut door, json!({ "do": "link", "text": *world.link(1).to_text() }));
    let other = World::at("127.0.0.1:1", |genesis| genesis.k = 6);
    assert_eq!(mistake(&mut door, campaign(&other))["kind"], "other_campaign");
    let mut elsewhere = campaign(&world);
    elsewhere["origin"] = json!("https://elsewhere.example");
    assert_eq!(mistake(&mut door, elsewhere)["kind"], "not_here");
    let mut places = campaign(&world);
    places["places"] = json!(to_base64(b"{}"));
    assert_eq!(mistake(&mut door, places)["kind"], "malformed");
    let mut typed = campaign(&world);
    typed["campaign_id"] = json!(other.id().to_string());
    assert_eq!(mistake(&mut door, typed)["kind"], "other_campaign");
    ok(&mut door, campaign(&world));
    let directory =
        World::at("127.0.0.1:1", |_| {}).answer(format!("GET {DIRECTORY_PATH} HTTP/1.1\r\n\r\n").as_bytes());
    let spoilt = to_base64(&split(&directory).1[1..]);
    assert_eq!(mistake(&mut door, json!({ "do": "directory", "body": spoilt }))["kind"], "misbehaved");
}

#[test]
fn what_is_mistyped_is_found() {
    let mut door = Door::default();
    let code = World::new().invite(1).code().to_string();
    for (text, kind, member) in [
        (code.replacen(&code[5..9], "U000", 1), "invite_group", Some(("group", 2))),
        (format!("{code}-0000"), "invite_group", Some(("group", 9))),
        (String::new(), "no_link", None),
        ("https://h.example/elsewhere#i=1".to_owned(), "no_link", None),
        (format!("#i={code}&c=short"), "campaign_part", None),
    ] {
        let found = mistake(&mut door, json!({ "do": "link", "text": text }));
        assert_eq!(found["kind"], kind, "{text}");
        if let Some((name, value)) = member {
            assert_eq!(found[name], json!(value), "{text}");
        }
    }
    let words = Phrase::from_bytes(ENTROPY).words();
    for (text, kind, member) in [
        (words.rsplit_once(' ').unwrap().0.to_owned(), "phrase_count", Some(("count", 11))),
        (words.replacen(words.split(' ').next().unwrap(), "hedcount", 1), "phrase_word", Some(("position", 1))),
        (["abandon"; 12].join(" "), "phrase_checksum", None),
    ] {
        let found = mistake(&mut door, json!({ "do": "recover", "text": text }));
        assert_eq!(found["kind"], kind);
        if let Some((name, value)) = member {
            assert_eq!(found[name], json!(value));
        }
    }
    assert!(door.is_empty(), "nothing is kept of what could not be read");
}

#[test]
fn an_answer_that_was_not_hoped_for_is_told_by_its_name_and_whether_to_try_again() {
    let mut door = Door::default();
    let problem = |name: &str| to_base64(format!("{{\"type\":\"urn:headcount:problem:{name}\"}}").as_bytes());
    for (status, media_type, body, name, passing) in [
        (503, "application/problem+json", problem("unavailable"), json!("unavailable"), true),
        (409, "Application/Problem+JSON; charset=utf-8", problem("invite-used"), json!("invite-used"), false),
        (502, "text/html", to_base64(b"<h1>Bad gateway"), Value::Null, true),
        (200, "text/html", to_base64(b"<h1>A portal"), Value::Null, false),
    ] {
        let request = json!({ "do": "problem", "status": status, "media_type": media_type, "body": body });
        assert_eq!(ok(&mut door, request), json!({ "problem": name, "passing": passing }), "{status}");
    }
}

#[test]
fn no_answer_repeats_a_secret_that_it_was_not_asked_for() {
    let world = World::new();
    let mut door = ready(&world);
    let (code, words) = (world.invite(1).code(), Phrase::from_bytes(ENTROPY).words());
    for request in [
        json!({ "do": "prepare", "place": 1_000_000 }),
        json!({ "do": "token", "text": *code }),
        json!({ "do": "recover", "text": format!("{} x", *words) }),
        json!({ "do": "link", "text": format!("https://h/join#i={}&i={}", *code, *code) }),
        json!({ "do": *words }),
        campaign(&world),
    ] {
        let answer = told(&mut door, &request).to_string();
        assert!(!answer.contains(&code[..9]) && !answer.contains(words.split_once(' ').unwrap().0), "{answer}");
    }
}

/// Requests of every kind, whole and spoilt.
fn any_request() -> impl Strategy<Value = Vec<u8>> {
    let names = ["link", "campaign", "phrase", "recover", "prepare", "directory", "response", "token", "pledge"];
    let names = [&names[..], &["receipt", "problem", "qr", "forget", "x"]].concat();
    let member =
        prop::sample::select(vec!["text", "entropy", "place", "body", "genesis", "places", "origin", "status"]);
    let value = prop_oneof![
        any::<u32>().prop_map(|number| json!(number)),
        "[A-Za-z0-9_=# -]{0,60}".prop_map(|text| json!(text)),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| json!(to_base64(&bytes))),
    ];
    let members = prop::collection::btree_map(member.prop_map(str::to_owned), value, 0..4);
    let whole = (prop::sample::select(names), members).prop_map(|(name, members)| {
        let mut request: serde_json::Map<String, Value> = members.into_iter().collect();
        request.insert("do".to_owned(), json!(name));
        Value::Object(request).to_string().into_bytes()
    });
    prop_oneof![4 => whole, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_order_of_calls_and_no_bytes_do_more_than_be_refused(requests in prop::collection::vec(any_request(), 1..20)) {
        let world = World::new();
        let mut door = ready(&world);
        for request in requests {
            let answer: Value = serde_json::from_slice(&door.call(&request)).unwrap();
            let members = answer.as_object().unwrap();
            prop_assert!(members.len() == 1 && (answer["ok"].is_object() || answer["mistake"]["kind"].is_string()));
        }
    }
}
