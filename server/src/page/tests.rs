//! What the page shows, of small campaigns and of all Russia.

use super::*;
use crate::document::{Document, Effort, Keep};
use axum::body::HttpBody;
use axum::http::{HeaderMap, HeaderValue, header};
use protocol::announcement::Announcement;
use protocol::campaign::Text;
use protocol::campaign_file::{Additions, CampaignFile};
use protocol::codec::to_base64;
use protocol::counts::Sums;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use protocol::publication::Area;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const FILE: &str = include_str!("../../campaigns/russia-2021/campaign.toml");
const PLACES: &[u8] = include_bytes!("../../campaigns/russia-2021/places.json");
const MAP: &[u8] = include_bytes!("../../campaigns/russia-2021/map.json");

static ISSUER: LazyLock<IssuerPrivateKey> = LazyLock::new(|| IssuerPrivateKey::generate(&mut rand::rng()).unwrap());

/// Russia 2021, in three languages.
pub(crate) fn russia() -> &'static Campaign {
    static RUSSIA: LazyLock<Campaign> = LazyLock::new(|| campaign(PLACES));
    &RUSSIA
}

/// A campaign in three languages.
pub(crate) fn campaign(places: &[u8]) -> Campaign {
    campaign_of(FILE, places)
}

fn campaign_of(file: &str, places: &[u8]) -> Campaign {
    let public = |seed| NoteSigner::new("", &[seed; 32]).public_key();
    let key = format!("organiser_key = \"{}\"\n[title]", to_base64(&public(3)));
    let mut file = CampaignFile::parse(&file.replacen("[title]", &key, 1)).unwrap();
    let genesis = file.genesis_mut();
    genesis.title.insert("fa".to_owned(), "روسیه ۲۰۲۱ (تمرین)".to_owned());
    genesis.text.insert("fa".to_owned(), "در بهار ۲۰۲۱ مردم در سراسر روسیه روی نقشه‌ای اعلام کردند که به گردهمایی خواهند آمد؛ قرار بود تاریخ آن هنگامی که شمار به ۵۰۰٬۰۰۰ نفر برسد اعلام شود. این تمرین آن رویداد است.".to_owned());
    let genesis = file.genesis(Additions {
        token_key: ISSUER.public().spki().to_vec(),
        log_key: public(1),
        receipt_key: public(2),
        places_sha256: Sha256::digest(places).into(),
        map_sha256: Sha256::digest(MAP).into(),
    });
    Campaign::new(&genesis.unwrap().encode(), places).unwrap()
}

/// The map as a campaign has it that chose no disputed territory.
pub(crate) fn map() -> Map {
    let mut map: serde_json::Value = serde_json::from_slice(MAP).unwrap();
    map.as_object_mut().unwrap().remove("disputed");
    Map::decode(map.to_string().as_bytes()).unwrap().unwrap()
}

pub(crate) fn moment(
    campaign: &Campaign,
    state: State,
    tick: i64,
    published: impl IntoIterator<Item = (Area, u64)>,
) -> Moment {
    let mut sums = Sums::default();
    published.into_iter().for_each(|(area, number)| sums.add(area, number));
    Moment { counts: Counts::new(campaign, state, tick, 1, &sums, None), issuing: true, raided: false }
}

/// Numbers as a large campaign would have them: by population, unevenly, all at least k.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no campaign has so many")]
pub(crate) fn spread(campaign: &Campaign, total: f64) -> Vec<(Area, u64)> {
    let places = &campaign.places().places;
    let people: f64 = places.iter().map(|place| place.population as f64).sum();
    let number = |(index, place): (u32, &protocol::campaign::Place)| {
        let noise = 0.35 + f64::from(index.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) * 1.3;
        let number = (total * place.population as f64 / people * noise) as u64;
        (Area::place(index), number)
    };
    (0..).zip(places).map(number).collect()
}

fn overview() -> Overview {
    Overview::new(Arc::new(russia().clone()), Some(map()))
}

/// All places published, as large as it gets.
fn full() -> Moment {
    let list = spread(russia(), 500_000.0).into_iter().map(|(area, number)| (area, number.max(10)));
    moment(russia(), State::Open, 31, list)
}

/// What stands between two marks, wherever they do.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

#[test]
fn all_russia_and_its_style_are_40_kb_on_the_wire() {
    let accepted = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("br"))]);
    let sent = |document: &Document| {
        let response = document.send(&accepted, Keep::Ask);
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        usize::try_from(response.into_body().size_hint().exact().unwrap()).unwrap()
    };
    let style = sent(assets::at(&assets::Assets::get().style.path).unwrap());
    for lang in LANGUAGES {
        let html = overview().html(&full(), lang).unwrap();
        let bytes = sent(&Document::new(HTML, html.into_bytes(), Effort::Quick)) + style;
        assert!(bytes <= 40_000, "{lang}: {bytes} bytes");
    }
}

#[test]
fn every_place_is_in_the_list_with_its_number_or_a_word() {
    let (campaign, numbers) = (russia(), spread(russia(), 30_000.0));
    let published = numbers.iter().copied().filter(|(_, number)| *number >= 10);
    let moment = moment(campaign, State::Open, 3, published);
    for (lang, fewer) in [("en", "fewer than 10"), ("ru", "меньше 10"), ("fa", "کمتر از ۱۰")] {
        let html = overview().html(&moment, lang).unwrap();
        let rows = between(&html, "<li><span>", "<li>");
        assert_eq!(rows.len(), campaign.places().places.len());
        let waiting = rows.iter().filter(|row| row.contains(&format!("<i>{fewer}</i>"))).count();
        assert_eq!(waiting, campaign.places().places.len() - moment.counts.places.len(), "{lang}");
        for (index, place) in (0..).zip(&campaign.places().places) {
            let Written { text, other } = written(&place.name, lang);
            let name = other.map_or_else(|| text.to_owned(), |tag| format!("<bdi lang=\"{tag}\">{text}</bdi>"));
            let number = moment.counts.places.get(&index).map(|number| Texts::of(lang).number(*number));
            let told = number.map_or_else(|| format!("<i>{fewer}</i>"), |number| format!("<b>{number}</b>"));
            let row = format!(
                "{}</span> {told}",
                escape(&name).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            );
            assert!(rows.iter().any(|found| found.starts_with(&row)), "{lang}: {row}");
        }
    }
}

#[test]
fn p1_every_number_of_the_page_is_a_sum_of_published_groups() {
    let campaign = russia();
    let (region, place) = (campaign.places().places[5].region, Area::place(5));
    let list = [(place, 1234), (Area::place(6), 77), (Area::region(region), 15), (Area::ROOT, 48)];
    let moment = moment(campaign, State::Closed, 40, list);
    let html = overview().html(&moment, "en").unwrap();
    let in_region = |index: usize| campaign.places().places[index].region == region;
    let sum_of_region = 1234 + 15 + if in_region(6) { 77 } else { 0 };
    let mut shown = between(&html, "<b>", "</b>");
    shown.extend(between(&html, "<b id=\"rest\">", "</b>"));
    shown.sort_unstable();
    let mut expected = vec![
        "1,234".to_owned(),
        "77".to_owned(),
        "15".to_owned(),
        "48".to_owned(),
        Texts::of("en").number(sum_of_region),
    ];
    if !in_region(6) {
        expected.push("77".to_owned());
    }
    expected.sort_unstable();
    assert_eq!(shown, expected);
    assert_eq!(between(&html, "id=\"count\">", "<"), ["1,374"]);
    assert!(html.contains("max=\"500000\" value=\"1374\"") && html.contains("smaller numbers of this region"));
    let words = between(&html, "<i>", "</i>");
    assert!(words.iter().all(|word| ["no group", "fewer than 10"].contains(word)) && !html.contains(">0<"));
}

#[test]
fn the_order_of_the_list_does_not_depend_on_the_numbers() {
    let order = |moment: &Moment| {
        let html = overview().html(moment, "ru").unwrap();
        let names: Vec<String> =
            ["<h3>", "<li><span>"].iter().flat_map(|mark| between(&html, mark, "</")).map(str::to_owned).collect();
        names
    };
    let one = moment(russia(), State::Open, 3, [(Area::place(900), 5000)]);
    assert_eq!(order(&one), order(&full()));
    assert!(
        order(&one).iter().position(|name| name == "Алтайский край")
            < order(&one).iter().position(|name| name == "Амурская область")
    );
}

#[test]
fn each_state_says_what_can_be_done_and_when_numbers_come() {
    type Case = (State, i64, &'static str, bool, &'static [&'static str], &'static [&'static str]);
    let cases: [Case; 5] = [
        (State::Before, -30, "not opened yet", false, &["23 March 2021, 09:00", "none yet"], &["Next numbers"]),
        (State::Collecting, -4, "token now", true, &["24 March 2021, 09:00", "none yet"], &["Next numbers"]),
        (State::Open, 2, "is open", true, &["24 March 2021, 11:00", "24 March 2021, 12:00"], &["none yet"]),
        (State::Closing, 2, "about to close", true, &["24 March 2021, 11:00", "24 March 2021, 12:00"], &[]),
        (State::Closed, 672, "final", false, &["21 April 2021, 09:00"], &["Next numbers"]),
    ];
    for (state, tick, sentence, can, there, absent) in cases {
        let mut moment = moment(russia(), state, tick, Vec::new());
        let html = overview().html(&moment, "en").unwrap().replace('\u{a0}', " ");
        assert!(html.contains(sentence) && there.iter().all(|text| html.contains(text)), "{state:?}");
        assert!(!absent.iter().any(|text| html.contains(text)), "{state:?}");
        assert_eq!(html.contains("href=\"/join#l=en\""), can, "{state:?}");
        moment.issuing = false;
        assert_eq!(overview().html(&moment, "en").unwrap().contains("no longer accepted"), can, "{state:?}");
    }
}

#[test]
fn a_target_that_is_reached_is_said_so() {
    let reached = |number| {
        let html = overview().html(&moment(russia(), State::Open, 3, [(Area::place(1), number)]), "en").unwrap();
        assert!(html.contains("max=\"500000\""));
        (
            html.contains("The target of 500,000 is reached"),
            between(&html, "max=\"500000\" value=\"", "\"")[0].to_owned(),
        )
    };
    assert_eq!(reached(499_999), (false, "499999".to_owned()));
    assert_eq!(reached(512_345), (true, "500000".to_owned()));
}

#[test]
fn the_announcement_stands_above_everything() {
    let text = Text::from([("en".to_owned(), "At <noon>\nby the river".to_owned())]);
    let mut moment = full();
    assert!(!overview().html(&moment, "en").unwrap().contains("id=\"announcement\""));
    let said = Announcement::sign(russia(), &[3; 32], 2, Some(1_619_010_000), text).unwrap();
    moment.counts.announcement = Some(said);
    let html = overview().html(&moment, "ru").unwrap().replace('\u{a0}', " ");
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("id=\"announcement\"") < at("<h1>") && at("Объявление 2") < at("<h1>"));
    assert!(at("21 апреля 2021 г., 13:00 UTC") < at("<h1>"));
    at("<bdi lang=\"en\">At &#60;noon&#62;\nby the river</bdi>");
}

#[test]
fn what_a_campaign_says_cannot_become_markup() {
    let bad = r#"\"><script>alert(1)</script>&"#;
    let places = format!(
        r#"{{"regions":[{{"name":{{"en":"{bad}"}}}}],"places":[{{"region":0,"name":{{"en":"{bad}","ru":"{bad}"}},"lat":60,"lon":60,"population":1}}]}}"#
    );
    let text = FILE.replace("Russia 2021 (rehearsal)", bad).replace("In spring 2021", bad);
    let campaign = campaign_of(&text, places.as_bytes());
    let mut map = map();
    for view in &mut map.views {
        view.name.insert("en".to_owned(), "\"><script>".to_owned());
    }
    map.attribution = "<script>\"".to_owned();
    let moment = moment(&campaign, State::Open, 1, [(Area::place(0), 10)]);
    let html = Overview::new(Arc::new(campaign), Some(map)).html(&moment, "en").unwrap();
    assert_eq!(html.matches("<script").count(), 1, "our own");
    assert_eq!(html.matches("<img").count(), 1);
    assert!(html.matches("script").count() > 10, "it is all there, as text");
}

#[test]
fn the_page_names_only_files_of_its_own_and_says_what_they_hash_to() {
    let html = overview().html(&full(), "en").unwrap();
    for mark in ["src=\"", "href=\"", "srcset=\""] {
        for address in between(&html, mark, "\"") {
            let own = address.starts_with('#') || (address.starts_with('/') && !address.starts_with("//"));
            assert!(own, "{address}");
        }
    }
    let attributes: Vec<&str> = between(&html, "<", ">").iter().flat_map(|tag| tag.split_ascii_whitespace()).collect();
    let inline = |part: &&&str| part.starts_with("style=") || (part.starts_with("on") && part.contains('='));
    assert!(attributes.iter().find(inline).is_none() && !html.contains("<style"), "nothing inline");
    let script = between(&html, "<script", "</script>");
    assert!(script.len() == 1 && script[0].ends_with(" defer>"), "no text in it");
    for asset in [&assets::Assets::get().style, &assets::Assets::get().without_script, &assets::Assets::get().search] {
        assert!(html.contains(&format!("\"{}\" integrity=\"{}\"", asset.path, asset.integrity)));
        let digest = to_base64(&Sha256::digest(assets::at(&asset.path).unwrap().bytes()));
        assert_eq!(asset.integrity, format!("sha256-{}", digest.replace('-', "+").replace('_', "/")));
    }
}

#[test]
fn views_are_links_within_the_page_and_the_whole_is_shown_first() {
    let html = overview().html(&full(), "fa").unwrap();
    assert!(html.contains("<html lang=\"fa\" dir=\"rtl\">"));
    assert_eq!(between(&html, "<figure class=\"view\" id=\"", "\""), ["view-europe", "view-siberia", "view-all"]);
    for view in between(&html, "<figure", "</figure>") {
        let links = between(view, "<a href=\"#", "\"");
        assert_eq!(links, ["view-all", "view-europe", "view-siberia"], "in the order of the map");
        assert_eq!(view.matches("aria-current").count(), 1);
        assert_eq!(view.matches("role=\"img\" aria-label=").count(), 2);
    }
    let without_script = between(&html, "<noscript>", "</noscript>");
    assert!(without_script.len() == 2 && without_script[1].contains("src=\"/overview/fa/all.png\""));
    assert!(without_script[1].contains("href=\"/overview/fa/siberia.png\""));
    let none = Overview::new(Arc::new(russia().clone()), None);
    let html = none.html(&full(), "fa").unwrap();
    assert!(!html.contains("<svg") && !html.contains("<img") && none.pictures().next().is_none());
}

#[test]
fn languages_are_those_of_the_campaign() {
    for lang in LANGUAGES {
        let html = overview().html(&full(), lang).unwrap();
        for (tag, name) in [("en", "English"), ("ru", "Русский"), ("fa", "فارسی")] {
            let current = if tag == lang { " aria-current=\"page\"" } else { "" };
            assert!(
                html.contains(&format!("<a href=\"/{tag}/\" lang=\"{tag}\" hreflang=\"{tag}\"{current}>{name}</a>"))
            );
        }
        assert!(html.contains(&russia().id().to_string()) && html.contains("headcount audit "));
    }
}
