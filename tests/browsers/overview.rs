//! The overview as people see it: complete without script, searched with it, a picture where SVG is off too, and nothing
//! for axe-core to find in any language, light or dark, narrow or wide.

use crate::driving::{drive, lines, pictures};
use crate::yard::{K, Yard};
use serde_json::{Value, json};

const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

/// A campaign in which numbers of three places are published.
async fn published() -> (Yard, u64) {
    let yard = Yard::overview(2).await;
    let mut total = 0;
    for (name, count) in [("Moscow", K + 7), ("Novosibirsk", K + 1), ("Anadyr", K)] {
        yard.others(yard.place(name), count).await;
        total += u64::from(count);
    }
    yard.published(total).await;
    (yard, total)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_is_complete_without_script() {
    let (yard, total) = published().await;
    let request = json!({ "url": yard.url(), "language": "en", "pictures": pictures() });
    let told = drive("overview", "plain", request, 60).await;
    what_everybody_sees(&yard, &told["facts"], total);
    let text = told["text"].as_str().unwrap();
    assert!(text.contains(&yard.campaign.genesis().text["en"]), "{text}");
    // whoever has no script may have no SVG either: one picture, and no drawing beside it
    assert!(told["picture"]["natural"].as_u64().unwrap() > 300, "{}", told["picture"]);
    assert_eq!(told["facts"]["drawings"], json!([]));
    let requests = lines(&told["requests"]);
    assert!(requests.iter().all(|path| !path.ends_with(".js")), "{requests:?}");
    assert_eq!(told["strangers"], json!([]));
}

/// Title, count, progress and all places.
fn what_everybody_sees(yard: &Yard, facts: &Value, total: u64) {
    let genesis = yard.campaign.genesis();
    assert_eq!(facts["heading"], json!(genesis.title["en"]));
    assert!(
        !facts["title"].as_str().unwrap().contains(&genesis.title["en"]),
        "the title of the window gives nothing away"
    );
    assert_eq!(facts["count"], json!(total.to_string()));
    let ratio = facts["progress"]["value"].as_f64().unwrap() / facts["progress"]["max"].as_f64().unwrap();
    assert!((ratio - total as f64 / genesis.target as f64).abs() < 0.001, "{}", facts["progress"]);
    assert_eq!(facts["places"], json!(yard.campaign.places().places.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_part_of_the_map_asks_nobody() {
    let (yard, total) = published().await;
    let request = json!({ "url": yard.url(), "language": "en", "pictures": pictures() });
    let told = drive("overview", "viewed", request, 60).await;
    what_everybody_sees(&yard, &told["facts"], total);
    let drawn = |drawings: &Value| {
        let drawings = drawings.as_array().unwrap();
        assert_eq!(drawings.len(), 1, "{drawings:?}");
        lines(&drawings[0]["names"]).iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    let names = drawn(&told["facts"]["drawings"]);
    assert!(["Moscow", "Novosibirsk"].iter().all(|name| names.iter().any(|drawn| drawn == name)), "{names:?}");
    // the page, a style sheet, the search, an icon: nothing else, and nothing more for a part of the map
    let loading = lines(&told["loading"]);
    assert!(
        loading[0] == "/en/" && loading.len() <= 4 && !loading.iter().any(|path| path.ends_with(".png")),
        "{loading:?}"
    );
    let views = told["views"].as_object().unwrap();
    assert_eq!(views.len(), 3, "{views:?}");
    for (view, seen) in views {
        assert_eq!(seen["shown"], json!([view.trim_start_matches('#')]));
        assert!(drawn(&seen["drawings"]).len() > 5, "{view} {seen}");
    }
    assert_eq!((&told["asked"], &told["strangers"]), (&json!([]), &json!([])));
    assert_eq!(told["grievances"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_the_overview_finds_places_in_its_language_and_asks_nobody() {
    let yard = Yard::overview(60).await;
    let request = json!({ "url": yard.url(), "language": "ru", "pictures": pictures(),
        "search": ["новосиб", "Йошкар", "орел", "такого города нет"] });
    let told = drive("overview", "searched", request, 60).await;
    let found = |typed: &str| lines(&told["found"][typed]["places"]);
    assert!(found("новосиб").contains(&"Новосибирск") && found("новосиб").len() < 60, "{:?}", found("новосиб"));
    assert!(found("Йошкар").contains(&"Йошкар-Ола"), "{:?}", found("Йошкар"));
    assert!(found("орел").contains(&"Орёл"), "ё and е are one letter to whoever types: {:?}", found("орел"));
    assert_eq!(found("такого города нет"), Vec::<&str>::new());
    assert_eq!((&told["cleared"], &told["asked"], &told["strangers"]), (&json!(0), &json!([]), &json!([])));
    assert_eq!((&told["kept"], &told["grievances"]), (&json!(["", 0, 0]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_safest_the_map_is_a_picture_and_nothing_of_the_drawing_spills() {
    let (yard, total) = published().await;
    let request = json!({ "url": yard.url(), "language": "en", "pictures": pictures() });
    let told = drive("overview", "safest", request, 90).await;
    for width in ["390", "1280"] {
        let shown = &told["widths"][width];
        assert!(shown["box"]["natural"].as_u64().unwrap() > 300, "a picture that was loaded: {shown}");
        assert!(!shown["box"]["alt"].as_str().unwrap().is_empty());
        assert!(shown["relief"].as_f64().unwrap() > 5.0, "there is something to see: {shown}");
    }
    // what is on the screen is the drawing that other browsers show
    let wide = &told["widths"]["1280"];
    assert!(wide["difference"].as_f64().unwrap() < 12.0, "{wide}");
    let text = told["text"].as_str().unwrap();
    assert!(text.contains(&total.to_string()) && text.contains(&yard.campaign.genesis().title["en"]), "{text}");
    assert_eq!(told["facts"]["places"], json!(yard.campaign.places().places.len()));
    assert_eq!(told["facts"]["drawings"], json!([]));
    // what spills stands there without spaces between: one name after the other
    let names = lines(&told["names"]);
    assert!(names.len() > 20, "the drawing is in the page, with its names");
    for pair in names.windows(2) {
        assert!(!text.contains(&pair.concat()), "{pair:?} spilled");
    }
    assert_eq!(told["strangers"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_the_overview_in_any_language_light_or_dark_narrow_or_wide() {
    let (yard, _) = published().await;
    let request = json!({ "url": yard.url(), "languages": LANGUAGES, "pictures": pictures() });
    let told = drive("overview", "looked", request, 200).await;
    assert_eq!(told["found"], json!({}));
    assert_eq!(told["wide"], json!({}), "scrolled sideways at 320 pixels");
    for language in LANGUAGES {
        assert_eq!(told["grievances"][language], json!([]), "{language}");
    }
}
