//! Every mistake that the door knows: what was wrong is told by its kind, and by where it is; what is not genuine is thrown
//! away, and what comes before its time is not done.

use super::*;
use protocol::directory::IssuerDirectory;

fn kind(door: &mut Door, request: Value) -> String {
    mistake(door, request)["kind"].as_str().unwrap().to_owned()
}

fn of_link(text: &str) -> Value {
    mistake(&mut Door::default(), json!({ "do": "link", "text": text }))
}

#[test]
fn the_part_of_a_link_that_is_wrong_is_told() {
    let world = World::new();
    let whole = world.link(1).to_text();
    let (base, fragment) = whole.split_once("/join").unwrap();
    let code = world.invite(1).code();
    for group in 1..=8 {
        let mut mistyped = code.to_string();
        mistyped.replace_range(group * 5 - 4..group * 5 - 3, "u");
        let told = json!({ "kind": "invite_group", "group": group });
        for text in [&mistyped, &whole.replace(code.as_str(), &mistyped), &fragment.replace(code.as_str(), &mistyped)] {
            assert_eq!(of_link(text), told, "{text}");
        }
    }
    for part in [&whole[..whole.len() - 1], &fragment[..fragment.len() - 2], &format!("#i={}", *code)] {
        assert_eq!(of_link(part), json!({ "kind": "campaign_part" }), "{part}");
    }
    for text in ["", " \n", "https://campaign.example/", &whole.replace("http", "ftp")] {
        assert_eq!(of_link(text), json!({ "kind": "no_link" }), "{text}");
    }
    for text in ["#", "=", base, &format!("{base}/#x"), &format!("{fragment}&c=x")] {
        let kind = of_link(text)["kind"].clone();
        assert!(kind == "no_link" || kind == "campaign_part", "{text}: {kind}");
    }
}

#[test]
fn a_link_is_read_whole_or_from_the_address_bar_or_as_a_code() {
    let world = World::new();
    let whole = world.link(1).to_text();
    let (_, fragment) = whole.split_once("/join").unwrap();
    let read = |text: &str| ok(&mut Door::default(), json!({ "do": "link", "text": text }));
    assert_eq!(read(&whole), read(fragment));
    assert_eq!(read(&format!(" {}\n", *whole)), read(fragment));
    let code = read(&world.invite(1).code().to_lowercase().replace('-', ""));
    assert_eq!((&code["code_groups"], &code["campaign_id"]), (&read(fragment)["code_groups"], &Value::Null));
    let without = read(&format!("#{}", fragment.split_once('&').unwrap().1));
    assert_eq!((&without["code_groups"], &without["campaign_id"]), (&Value::Null, &json!(world.id().to_string())));
}

#[test]
fn u2_a_campaign_that_does_not_fit_itself_or_the_address_is_refused() {
    let at = |genesis: fn(&mut protocol::campaign::Genesis)| World::at("campaign.example", genesis);
    let world = at(|_| {});
    let changed = |member: &str, value: Value| {
        let mut request = campaign(&world);
        request[member] = value;
        kind(&mut Door::default(), request)
    };
    for origin in ["https://elsewhere.example", "http://campaign.example", "https://campaign.example/", "null", ""] {
        assert_eq!(changed("origin", json!(origin)), "not_here", "{origin}");
    }
    for origin in ["https://campaign.example:443", "https://CAMPAIGN.example"] {
        assert_eq!(changed("origin", json!(origin)), "not_here", "{origin}: browsers spell it otherwise");
    }
    assert_eq!(changed("genesis", json!(to_base64(b"{}"))), "malformed");
    assert_eq!(changed("genesis", json!("not base64url")), "malformed");
    let mut genesis = world.campaign.genesis().clone();
    genesis.token_key = vec![0x30, 0];
    assert_eq!(changed("genesis", json!(to_base64(&genesis.encode()))), "malformed", "a key that fails the checks");
    let witnessed = at(|genesis| (genesis.witnesses, genesis.quorum) = (vec!["witness".to_owned()], 1));
    assert_eq!(kind(&mut Door::default(), campaign(&witnessed)), "unsupported");
    let mut typed = campaign(&world);
    let id = world.id().to_string().to_uppercase();
    typed["campaign_id"] = json!(format!("{} {}", &id[..32], &id[32..]));
    assert_eq!(ok(&mut Door::default(), typed)["pinned"], true);
    assert_eq!(changed("campaign_id", json!(&id[1..])), "malformed");
}

#[test]
fn u2_a_directory_with_another_key_or_address_is_refused() {
    let world = World::new();
    let honest = serde_json::to_value(IssuerDirectory::new(world.campaign.token_key())).unwrap();
    let mut door = ready(&world);
    let mut tell = |directory: &Value| {
        let body = to_base64(directory.to_string().as_bytes());
        told(&mut door, &json!({ "do": "directory", "body": body }))
    };
    assert_eq!(tell(&honest), json!({ "ok": {} }));
    let mut elsewhere = honest.clone();
    elsewhere["issuer-request-uri"] = json!("/token-request?for=you");
    let mut two = honest.clone();
    two["token-keys"] = json!([honest["token-keys"][0], honest["token-keys"][0]]);
    let mut other = honest;
    other["token-keys"][0]["token-key"] = json!("AAAA");
    for directory in [elsewhere, two, other, json!({}), json!([])] {
        assert_eq!(tell(&directory), json!({ "mistake": { "kind": "misbehaved" } }), "{directory}");
    }
}

#[test]
fn answers_that_are_not_genuine_are_thrown_away() {
    let world = World::new();
    for response in [to_base64(&[1; 256]), to_base64(&[1; 255]), String::new()] {
        let mut door = ready(&world);
        ok(&mut door, json!({ "do": "prepare", "place": PLACE }));
        let request = json!({ "do": "response", "body": response });
        assert_eq!(kind(&mut door, request.clone()), "misbehaved");
        assert_eq!(kind(&mut door, request), "out_of_order", "it is not tried again");
        assert_eq!(kind(&mut door, json!({ "do": "pledge" })), "out_of_order");
    }
    let mut door = ready(&world);
    obtained(&world, &mut door);
    for receipt in [to_base64(&[0; 64]), to_base64(&[0; 63]), String::new()] {
        assert_eq!(kind(&mut door, json!({ "do": "receipt", "body": receipt })), "misbehaved");
    }
    let posting = ok(&mut door, json!({ "do": "pledge" }));
    let receipt = send(&world, &posting);
    ok(&mut door, json!({ "do": "receipt", "body": receipt })); // a false one does not keep the true one out
}

#[test]
fn a_token_that_cannot_be_counted_is_told_apart_where_it_is_typed() {
    let world = World::new();
    let token = obtained(&world, &mut ready(&world));
    let mut door = ready(&world);
    let mut kind = |text: &str| kind(&mut door, json!({ "do": "token", "text": text }));
    for text in ["", "AAAA", &token[1..], &format!("{token}A"), &token.replacen(&token[..4], "AAEA", 1)] {
        assert_eq!(kind(text), "token_unreadable", "{text}");
    }
    let changed = |byte: usize| {
        let mut bytes = from_base64(&token, "token").unwrap();
        bytes[byte] ^= 1;
        to_base64(&bytes)
    };
    assert_eq!(kind(&changed(353)), "token_unreadable", "its signature is mistyped");
    assert_eq!(kind(&changed(40)), "token_other_campaign");
    assert_eq!(kind(&changed(5)), "token_not_of_phrase");
    assert_eq!(kind(&changed(1)), "token_unreadable");
    let spaced = format!(" {}\n{}", &token[..99], &token[99..]);
    assert_eq!(ok(&mut door, json!({ "do": "token", "text": spaced }))["place"], PLACE);
}

#[test]
fn a_call_before_its_time_is_told_so() {
    let world = World::new();
    let text = obtained(&world, &mut ready(&world));
    let requests = [
        json!({ "do": "prepare", "place": 1 }),
        json!({ "do": "directory", "body": "" }),
        json!({ "do": "token", "text": text }),
        json!({ "do": "response", "body": "" }),
        json!({ "do": "pledge" }),
        json!({ "do": "receipt", "body": "" }),
    ];
    for request in &requests {
        assert_eq!(kind(&mut Door::default(), request.clone()), "out_of_order", "{request}");
    }
    for request in &requests[3..] {
        assert_eq!(kind(&mut ready(&world), request.clone()), "out_of_order", "{request}");
    }
    let mut door = Door::default();
    ok(&mut door, campaign(&world));
    ok(&mut door, phrase(ENTROPY));
    assert_eq!(kind(&mut door, requests[0].clone()), "out_of_order", "without an invite");
}

#[test]
fn a_request_that_is_not_of_this_protocol_is_malformed() {
    let mut door = ready(&World::new());
    for request in [
        json!({}),
        json!([]),
        json!(null),
        json!({ "do": "" }),
        json!({ "do": "Prepare", "place": 1 }),
        json!({ "do": "prepare" }),
        json!({ "do": "prepare", "place": 5 }),
        json!({ "do": "prepare", "place": -1 }),
        json!({ "do": "prepare", "place": 1.5 }),
        json!({ "do": "prepare", "place": 4_294_967_296_u64 }),
        json!({ "do": "prepare", "place": "1" }),
        json!({ "do": "prepare", "place": 1, "hurry": true }),
        json!({ "do": "link" }),
        json!({ "do": "problem", "status": 70_000, "body": "" }),
        json!({ "do": "qr", "text": "x".repeat(3000) }),
    ] {
        assert_eq!(kind(&mut door, request.clone()), "malformed", "{request}");
    }
    for bytes in [b"".as_slice(), b"{", b"\xff", b"{\"do\":\"forget\",\"do\":\"forget\"}", b"{\"do\":\"forget\"} x"] {
        assert_eq!(door.call(bytes).as_slice(), br#"{"mistake":{"kind":"malformed"}}"#);
    }
    assert!(!door.is_empty(), "nothing was forgotten");
}
