//! The overview as a browser gets it: from memory, with what it may do, its files, its pictures; and never more than the log says.

use protocol::counts::Counts;
use protocol::phrase::Phrase;
use tests::folders::copy_folder;
use tests::{Answer, World, send};

/// A request with one header more.
async fn ask(world: &World, path: &str, name: &str, value: &str) -> reqwest::Response {
    world.request(reqwest::Method::GET, path).header(name, value).send().await.unwrap()
}

fn header(response: &reqwest::Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

const EVERYTHING: [&str; 7] = [
    "/",
    "/en/",
    "/ru/",
    "/overview/en/all.png",
    "/overview/ru/part.png",
    "/overview/ru/all.narrow.png",
    "/counts.json",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_compressed_and_sent_once() {
    let world = World::start().await;
    let page = ask(&world, "/ru/", "accept-encoding", "gzip, deflate, br").await;
    assert_eq!((header(&page, "content-encoding").as_str(), header(&page, "vary").as_str()), ("br", "accept-encoding"));
    assert_eq!(header(&page, "cache-control"), "public, max-age=0, s-maxage=5, must-revalidate");
    let tag = header(&page, "etag");
    let again =
        world.request(reqwest::Method::GET, "/ru/").header("accept-encoding", "br").header("if-none-match", &tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let small = page.bytes().await.unwrap().len();
    assert!(small * 2 < world.get("/ru/").await.body.len());
    world.register_many(0, 6).await;
    world.tick().await;
    let again =
        world.request(reqwest::Method::GET, "/ru/").header("accept-encoding", "br").header("if-none-match", &tag);
    assert_eq!(again.send().await.unwrap().status(), 200, "a tick makes another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_load_only_its_own_files_which_are_there_and_kept() {
    let world = World::start().await;
    let page = world.request(reqwest::Method::GET, "/").send().await.unwrap();
    let policy = header(&page, "content-security-policy");
    for rule in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "trusted-types 'none'"]
    {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    let html = page.text().await.unwrap();
    let addresses = ["href=\"", "src=\"", "srcset=\""].into_iter().flat_map(|mark| html.split(mark).skip(1));
    let mut kept = 0;
    for address in addresses.map(|rest| rest.split('"').next().unwrap()).filter(|address| !address.starts_with('#')) {
        let path = address.split('#').next().unwrap();
        let response = world.request(reqwest::Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{address}");
        if path.starts_with("/overview/") && !path.ends_with(".png") {
            assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable", "{path}");
            kept += 1;
        }
    }
    assert_eq!(kept, 3);
    assert_eq!(
        header(&world.request(reqwest::Method::GET, "/favicon.ico").send().await.unwrap(), "content-type"),
        "image/png"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_with_one_log_and_different_pools_show_the_same() {
    let mut world = World::start().await;
    world.register_many(0, 7).await;
    world.tick().await;
    let seen = async |world: &World| {
        let mut all: Vec<Answer> = Vec::new();
        for path in EVERYTHING {
            all.push(world.get(path).await);
        }
        all
    };
    world.stop().await;
    let folder = tempfile::TempDir::new().unwrap();
    copy_folder(&world.data(), &folder.path().join("data"));
    world.restart().await;
    for place in [0, 1, 3, 3] {
        let phrase = Phrase::generate(&mut rand::rng());
        let token = world.obtain(&world.invite().await, &phrase, place).await.unwrap();
        let pledge = phrase.secrets(world.campaign.id(), place).pledge();
        assert_eq!(world.redeem(&token, &pledge).await.status, 201);
    }
    let full = seen(&world).await;
    let other = world.on_copy(folder).await;
    assert!(full == seen(&other).await, "what is pending shows");
    let html = String::from_utf8(full[1].body.clone()).unwrap();
    assert!(html.contains("id=\"count\">7<") && html.contains("fewer than 5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_the_counts_say_through_the_whole_campaign() {
    let world = World::with(tests::Plan { collecting: tests::TICK, ..tests::Plan::default() }).await;
    let check = async |sentence: &str, take_part: bool| {
        let (html, counts): (_, Counts) = (world.get("/en/").await, world.counts().await);
        let html = String::from_utf8(html.body).unwrap();
        assert!(html.contains(&format!("id=\"count\">{}<", counts.total)), "{counts:?}");
        assert!(html.contains(sentence) && html.contains("href=\"/join#l=en\"") == take_part, "{sentence}");
    };
    check("You can get a token now", true).await;
    world.at(tests::TICK).await;
    check("The campaign is open", true).await;
    world.register_many(2, 5).await;
    world.register_many(3, 4).await;
    world.tick().await;
    check("The campaign is open", true).await;
    assert_eq!(send(world.request(reqwest::Method::GET, "/xx/")).await.status, 404);
    assert_eq!(world.organise("close", serde_json::json!({})).await.status, 202);
    check("about to close", true).await;
    world.tick().await;
    world.tick().await;
    check("These numbers are final", false).await;
}
