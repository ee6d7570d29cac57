//! The organisers' page as organisers use it: signed in, looked at, exported, refused, in a browser with script and in one
//! without; and nothing for axe-core to find in any language, light or dark, narrow or wide.

use crate::driving::{drive, pictures};
use crate::yard::{K, Yard};
use protocol::counts::Counts;
use serde_json::{Value, json};
use tests::send;

const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

/// A campaign with published numbers, batches and deeds. Its ticks are long enough that none ends while one looks.
async fn busy() -> (Yard, u64) {
    let yard = Yard::overview(2).await;
    let mut total = 0;
    for (name, count) in [("Moscow", K + 7), ("Novosibirsk", K + 1), ("Omsk", K), ("Anadyr", K)] {
        yard.others(yard.place(name), count).await;
        total += u64::from(count);
        yard.published(total).await;
    }
    for (batch, count, per_tick) in [("tram stops", 40, json!(10)), ("library", 12, Value::Null)] {
        let made = yard.organise("invites", json!({ "batch": batch, "count": count, "per_tick": per_tick })).await;
        assert_eq!(made.status, 200);
    }
    (yard, total)
}

async fn visit(script: bool) {
    let (yard, total) = busy().await;
    let (url, token) = yard.organiser();
    let request = json!({ "url": url, "token": token, "script": script, "pictures": pictures() });
    let told = drive("organisers", "visited", request, 90).await;
    assert_eq!(told["wrong"]["status"], 401);
    assert!(told["wrong"]["alert"].as_str().unwrap().contains("opens nothing"), "{}", told["wrong"]);
    let cookie = &told["cookie"];
    assert_eq!(
        (&cookie["httpOnly"], &cookie["sameSite"], &cookie["path"]),
        (&json!(true), &json!("Strict"), &json!("/organiser"))
    );
    assert_ne!(cookie["value"], token);
    let facts = &told["facts"];
    assert_eq!(facts["count"], total.to_string());
    assert!(facts["machine"].as_str().unwrap().contains("The server’s clock"), "{facts}");
    assert!(facts["outlook"].as_str().unwrap().len() > 10, "{facts}");
    // where no script runs SVG may be off too: the curve is hidden with it, and the same stands in numbers
    assert_eq!(
        (facts["curves"].as_u64(), facts["maps"].as_u64()),
        if script { (Some(1), Some(1)) } else { (Some(0), Some(1)) }
    );
    assert!(facts["ticks"].as_u64().unwrap() >= 4, "{facts}");
    assert_eq!(told["sorted"], json!(["Abakan", "Abaza"]), "sorted by place, by a link");
    let csv = told["csv"].as_str().unwrap();
    let counts: Counts = serde_json::from_slice(&send(yard.get("/counts.json")).await.body).unwrap();
    for (place, published) in &counts.places {
        assert!(csv.contains(&format!("place,{place},")) && csv.contains(&format!(",{published}\r\n")), "{csv}");
    }
    assert_eq!(csv.lines().count(), 1 + counts.places.len(), "{csv}");
    for (what, words) in [("forged", "That was refused"), ("unclosed", "Nothing was closed"), ("revoked", "revoked")] {
        assert!(told[what].as_str().unwrap().contains(words), "{what}: {}", told[what]);
    }
    assert_eq!(
        (&told["out"], &told["back"]),
        (&json!(true), &json!(true)),
        "signed out, and no way back by the history"
    );
    assert_eq!(told["strangers"], json!([]));
    assert_eq!(counts.state, protocol::publication::State::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn organisers_sign_in_look_export_and_are_refused() {
    visit(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisers_page_needs_no_script() {
    visit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_the_organisers_page_in_any_language_light_or_dark_narrow_or_wide() {
    let (yard, _) = busy().await;
    let (url, token) = yard.organiser();
    let request = json!({ "url": url, "token": token, "languages": LANGUAGES, "pictures": pictures() });
    let told = drive("organisers", "looked", request, 240).await;
    assert_eq!(told["found"], json!({}));
    assert_eq!(told["wide"], json!({}), "scrolled sideways at 320 pixels");
    for language in LANGUAGES {
        assert_eq!(told["grievances"][language], json!([]), "{language}");
    }
}
