//! What a server can answer: refusals, and all that goes through the page's door. A client never panics, and takes nothing
//! that is not the campaign's.

#![no_main]

use client::answer::{Answer, essence};
use client::door::Door;
use client::error::Error;
use client::place_choice::{harmless, harmless_json, harmless_lines};
use fuzz::{kind, text};
use libfuzzer_sys::fuzz_target;
use protocol::media;
use protocol::problem::Problem;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    match kind {
        b'r' => refusal(bytes),
        b'd' => door(bytes),
        b'h' => shown(bytes),
        _ => {}
    }
});

/// A status in two bytes, the length of a media type in one, the media type, and the body.
fn refusal(input: &[u8]) {
    let Some(([high, low, length], rest)) = input.split_first_chunk::<3>() else { return };
    let (named, body) = rest.split_at(rest.len().min(usize::from(*length)));
    let Ok(named) = std::str::from_utf8(named) else { return };
    let answer = Answer::new(u16::from_be_bytes([*high, *low]), Some(named), body.to_vec());
    let error = answer.refusal();
    let sentence = error.to_string();
    assert!(!sentence.contains(char::is_control) && !sentence.is_empty(), "{sentence:?}");
    if let Error::Refused { problem, .. } = error {
        let said: Value = serde_json::from_slice(body).expect("a problem is JSON");
        assert_eq!(said["type"], problem.urn());
        assert!(Problem::ALL.contains(&problem) && essence(named) == media::PROBLEM);
    }
    assert_eq!(
        answer.demand(&[200], Some(media::RECEIPT)).is_ok(),
        (*high, *low) == (0, 200) && essence(named) == media::RECEIPT
    );
}

/// Requests to the door, a line each; `{"do":"campaign"}` alone stands for the whole campaign of the vectors, `{"do":"phrase"}`
/// for its phrase.
fn door(input: &[u8]) {
    let mut door = Door::default();
    for line in input.split(|byte| *byte == b'\n').take(12) {
        let request = match line {
            br#"{"do":"campaign"}"# => campaign().into_bytes(),
            br#"{"do":"phrase"}"# => {
                json!({ "do": "phrase", "entropy": "DQ0NDQ0NDQ0NDQ0NDQ0NDQ==" }).to_string().into_bytes()
            }
            line => line.to_vec(),
        };
        let answer = door.call(&request);
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        let members: Vec<&String> = answer.as_object().expect("an object").keys().collect();
        assert!(members == ["ok"] || (members == ["mistake"] && answer["mistake"]["kind"].is_string()), "{answer}");
    }
    door.call(br#"{"do":"forget"}"#);
    assert!(door.is_empty(), "forget leaves nothing");
}

fn campaign() -> String {
    json!({
        "do": "campaign",
        "genesis": data_encoding::BASE64URL.encode(text("genesis").as_bytes()),
        "places": data_encoding::BASE64URL.encode(text("places_json").as_bytes()),
        "origin": "https://origin.example:8443",
        "campaign_id": text("campaign_id"),
    })
    .to_string()
}

fn shown(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let quiet = |shown: &str| shown.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
    assert!(quiet(&harmless(text)) && quiet(&harmless_lines(text).replace('\n', "")));
    let document = json!({ "text": text });
    let json = harmless_json(&document.to_string());
    assert!(quiet(&json));
    assert_eq!(serde_json::from_str::<Value>(&json).expect("still JSON"), document);
}
