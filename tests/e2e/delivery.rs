//! Invites as they reach people, over HTTP: a table, cards, a screen; by form or JSON, for those whose role it is, shown
//! once and kept nowhere.

use protocol::codec::to_hex;
use protocol::invite::{Invite, InviteLink};
use protocol::phrase::{Phrase, campaign_words};
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use server::organisers::{self, Role};
use std::collections::BTreeSet;
use std::fmt::Write;
use tests::folders::files;
use tests::{Plan, World};

const FORM: &str = "application/x-www-form-urlencoded";
const WAYS: [&str; 3] = ["csv", "cards", "screen"];

async fn post(world: &World, token: &str, way: &str, media_type: &str, body: String) -> Response {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(format!("{}/organiser/invites/{way}", world.organiser_url())).bearer_auth(token);
    request.header("content-type", media_type).body(body).send().await.unwrap()
}

/// A delivery that must succeed: its headers and its text.
async fn made(world: &World, way: &str, order: Value) -> (HeaderMap, String) {
    let answer = post(world, world.organiser_token(), way, "application/json", order.to_string()).await;
    assert_eq!(answer.status(), 200, "{way} {order}");
    let headers = answer.headers().clone();
    assert_eq!(headers["cache-control"], "no-store", "no cache keeps a code");
    (headers, answer.text().await.unwrap())
}

/// The links of a table.
fn links(csv: &str) -> Vec<InviteLink> {
    let rows = csv.strip_prefix("link\r\n").unwrap().strip_suffix("\r\n").unwrap();
    rows.split("\r\n").map(|row| InviteLink::parse(row).unwrap()).collect()
}

/// The codes that are printed on cards for typing.
fn codes(html: &str) -> Vec<Invite> {
    let printed = html.split("<p class=\"code\" dir=\"ltr\">").skip(1).map(|rest| rest.split('<').next().unwrap());
    printed.map(|code| Invite::parse(code).unwrap()).collect()
}

fn distinct(invites: &[Invite]) -> usize {
    invites.iter().map(|invite| invite.code().to_string()).collect::<BTreeSet<_>>().len()
}

/// Each of these earns a token.
async fn each_is_good(world: &World, invites: &[Invite]) {
    for invite in invites {
        world.obtain(invite, &Phrase::generate(&mut rand::rng()), 0).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_exactly_the_links_that_were_asked_for_in_no_order() {
    let world = World::start().await;
    for count in [1, 7, 250] {
        let (headers, csv) = made(&world, "csv", json!({ "batch": "a", "count": count })).await;
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(headers["content-disposition"], "attachment; filename=\"invites.csv\"");
        let links = links(&csv);
        assert!(links.iter().all(|link| link.campaign == world.campaign.id() && link.base_url == world.url()));
        let invites: Vec<Invite> = links.into_iter().map(|link| link.invite.unwrap()).collect();
        assert_eq!((invites.len(), distinct(&invites)), (count, count));
        each_is_good(&world, &invites[..1]).await;
        if count == 250 {
            // by chance about 125 neighbours of 249 are in order, five more or less
            let codes: Vec<String> = invites.iter().map(|invite| invite.code().to_string()).collect();
            let rising = codes.windows(2).filter(|two| two[0] < two[1]).count();
            assert!((50..200).contains(&rising), "{rising} of 249 neighbours are in order");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_hold_exactly_the_invites_that_were_asked_for_and_the_page_asks_for_nothing() {
    let world = World::start().await;
    for (count, sheets) in [(1, 2), (8, 2), (9, 3), (40, 6)] {
        let order = json!({ "batch": "<b>&", "count": count, "per_tick": 7, "language": "ru", "also": "en" });
        let (headers, html) = made(&world, "cards", order).await;
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        let invites = codes(&html);
        assert_eq!((invites.len(), distinct(&invites)), (count, count));
        assert_eq!(html.matches("<section class=\"sheet").count(), sheets, "one sheet before the cards");
        assert_eq!(html.matches("<svg class=\"qr\"").count(), count);
        for on_each in [campaign_words(world.campaign.id())[7], "Кампания", "A campaign", "Если другие", "others, stop"]
        {
            assert!(html.matches(on_each).count() >= count, "{on_each} on every card");
        }
        assert!(!html.contains("<b>&") && html.contains("&#60;b&#62;&#38;"), "a batch's name is no markup");
        alone(&headers, &html);
        assert!(
            !html.contains("<script") && !headers["content-security-policy"].to_str().unwrap().contains("script-src")
        );
        each_is_good(&world, &invites[..1]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_holds_as_many_codes_and_may_run_its_own_script_only() {
    let world = World::start().await;
    let (headers, html) = made(&world, "screen", json!({ "batch": "room", "count": 30, "also": "ru" })).await;
    let stack = html.split("<template id=\"stack\">").nth(1).unwrap().split("</template>").next().unwrap();
    assert_eq!(stack.matches("<svg").count(), 30);
    let drawings: BTreeSet<&str> = stack.split("<svg").skip(1).collect();
    assert_eq!(drawings.len(), 30, "no two are the same");
    alone(&headers, &html);
    assert_eq!(html.matches("<script").count(), 1);
    assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'sha256-"));
    assert!(!html.contains("fetch(") && !html.contains("XMLHttpRequest"));
}

/// A page names nothing outside itself, and its policy, also inside for when it is opened from a file, allows nothing else.
fn alone(headers: &HeaderMap, html: &str) {
    let policy = headers["content-security-policy"].to_str().unwrap();
    let inside = policy.strip_suffix("; frame-ancestors 'none'").unwrap().replace('\'', "&#39;");
    assert!(html.contains(&format!("<meta http-equiv=\"content-security-policy\" content=\"{inside}\">")), "{inside}");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    assert!(!html.contains(" src=") && !html.contains("url(") && !html.contains("@import"));
    assert_eq!(html.matches(" href=").count(), 1, "the icon");
    assert!(html.contains(" href=\"data:,\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_asks_for_the_same_as_json() {
    let world = World::start().await;
    let token = world.organiser_token();
    for (way, body, good) in [
        ("csv", "batch=a+b&count=3&per_tick=&language=&also=", true),
        ("csv", "batch=%D1%8F&count=3&per_tick=7", true),
        ("cards", "count=3&batch=a+b&per_tick=&language=ru&also=en", true),
        ("screen", "count=003&batch=a+b", true),
        ("cards", "count=3&batch=a+b&language=fa", false),
        ("cards", "count=3&batch=a+b&language=ru&also=ru", false),
        ("cards", "count=1001&batch=a+b", false),
        ("screen", "count=1001&batch=a+b", false),
        ("csv", "count=1001&batch=a+b", true),
    ] {
        let status = post(&world, token, way, FORM, body.to_owned()).await.status();
        assert_eq!(status, if good { 200 } else { 400 }, "{way} {body}");
    }
    assert_eq!(post(&world, token, "csv", FORM, "batch=%D1%8F&count=9&per_tick=8".to_owned()).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_hand_out_invites_gets_none_in_any_form() {
    let world = World::start().await;
    let mut tokens = Vec::new();
    for (name, roles) in [("reader", vec![]), ("speaker", vec![Role::Announces]), ("hand", vec![Role::Invites])] {
        let show = |token: &str| {
            tokens.push(token.to_owned());
            Ok(())
        };
        organisers::add(&world.data(), name, &roles, show).unwrap();
    }
    let batches = || std::fs::read(world.data().join("attestation/batches.json")).unwrap();
    let before = batches();
    for way in WAYS {
        for (media_type, body) in [("application/json", "{\"batch\":\"a\",\"count\":1}"), (FORM, "batch=a&count=1")] {
            let status = async |token: &str| post(&world, token, way, media_type, body.to_owned()).await.status();
            assert_eq!(
                [status("x").await, status(&tokens[0]).await, status(&tokens[1]).await],
                [401, 403, 403],
                "{way}"
            );
        }
    }
    assert!(before == batches(), "nobody made a batch");
    for way in WAYS {
        let own = format!("{{\"batch\":\"{way}\",\"count\":1}}");
        assert_eq!(post(&world, &tokens[2], way, "application/json", own.clone()).await.status(), 200);
        organisers::remove(&world.data(), "hand").unwrap();
        assert_eq!(post(&world, &tokens[2], way, "application/json", own).await.status(), 401, "removed");
        let show = |token: &str| {
            token.clone_into(&mut tokens[2]);
            Ok(())
        };
        organisers::add(&world.data(), "hand", &[Role::Invites], show).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_delivered_any_more_once_no_tokens_are_issued() {
    let world = World::with(Plan { issuing: Some(100), ..Plan::default() }).await;
    world.at(101).await;
    for way in WAYS {
        let body = "batch=a&count=1".to_owned();
        assert_eq!(post(&world, world.organiser_token(), way, FORM, body).await.status(), 410, "{way}");
    }
}

/// What of a code could lie on a disk: as it is typed, run together, in both alphabets, as bytes, as hexadecimal digits.
fn traces(invite: &Invite) -> Vec<Vec<u8>> {
    let code = invite.code();
    let compact = code.replace('-', "");
    let mut bits = String::new();
    for digit in compact.chars() {
        let _ = write!(bits, "{:05b}", "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(digit).unwrap());
    }
    let bytes: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    let random = &bytes[2..10]; // what is left of an id without its batch
    let hex = to_hex(random).into_bytes();
    vec![code.as_bytes().to_vec(), compact.to_lowercase().into_bytes(), compact.into_bytes(), random.to_vec(), hex]
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_no_code_of_a_table_a_card_or_a_screen_is_in_any_file() {
    let mut world = World::start().await;
    let order = json!({ "batch": "a", "count": 20 });
    let mut invites: Vec<Invite> =
        links(&made(&world, "csv", order.clone()).await.1).into_iter().map(|link| link.invite.unwrap()).collect();
    invites.extend(codes(&made(&world, "cards", order.clone()).await.1));
    made(&world, "screen", order).await;
    let found = |world: &World, invites: &[Invite]| {
        let needles: Vec<Vec<u8>> = invites.iter().flat_map(traces).collect();
        let holds = |bytes: &[u8], needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let all = files(world.folder.path());
        all.iter().map(|(_, bytes)| needles.iter().filter(|needle| holds(bytes, needle)).count()).sum::<usize>()
    };
    assert_eq!((invites.len(), found(&world, &invites)), (40, 0));
    world.tick().await;
    world.stop().await;
    assert_eq!(found(&world, &invites), 0);
    world.restart().await;
    each_is_good(&world, &invites[..2]).await;
    world.stop().await;
    assert!(found(&world, &invites[..2]) >= 2, "this test sees the ids of used invites, which are kept");
    assert_eq!(found(&world, &invites[2..]), 0);
}
