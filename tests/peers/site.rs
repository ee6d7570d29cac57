//! What the close leaves in `site/`, carried on by a server of files that knows nothing of campaigns: the same bytes at the
//! same addresses, and an audit passes wherever they lie.

use crate::nginx::process::Nginx;
use client::address::BaseUrl;
use client::audit::Report;
use client::log_reader::Source;
use client::transport::Network;
use protocol::publication::State;
use protocol::tile::TileName;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::programs::good;
use tests::{Plan, World};

/// Every address that says anything, of a campaign with a small registration page.
fn addresses(world: &World, log_size: u64, html: &str, page: &Path) -> Vec<String> {
    let words = ["/", "/en/", "/ru/", "/campaign", "/places.json", "/map.json", "/counts.json", "/favicon.ico"];
    let mut all: Vec<String> = words.map(str::to_owned).to_vec();
    all.push("/log/checkpoint".to_owned());
    all.extend(TileName::all(log_size).iter().map(|name| format!("/log/{}", name.path())));
    let linked = html.split(['"', ' ']).filter(|word| word.starts_with("/overview/"));
    all.extend(linked.map(str::to_owned));
    assert!(all.iter().any(|path| path.ends_with(".css")) && all.iter().any(|path| path.ends_with(".js")));
    all.extend(tests::folders::files(page).iter().map(|(path, _)| {
        let name = path.strip_prefix(page).unwrap();
        format!("/join/{}", name.display())
    }));
    assert_eq!(world.campaign.genesis().title.len(), 2, "both languages are above");
    all
}

/// Waits until the site is what the server shows; the overviews are written last.
async fn follows(world: &World, site: &Path) {
    for attempt in 0.. {
        let mut same = true;
        for (address, file) in [("/counts.json", "counts.json"), ("/", "index.html"), ("/ru/", "ru/index.html")] {
            let shown = world.get(address).await.body;
            same &= std::fs::read(site.join(file)).is_ok_and(|written| written == shown);
        }
        if same {
            return;
        }
        assert!(attempt < 600, "the site does not follow the log");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn audit(world: &World, url: &str) -> Report {
    let operation = Network::direct().operation(&BaseUrl::parse(url).unwrap()).unwrap();
    world.audit_of(&Source::Web(operation)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_after_the_close_any_server_of_files_carries_the_campaign_on() {
    let page = tests::bundle::folder("page");
    let mut world = World::with(Plan { page: Some(page.path().to_owned()), ..Plan::default() }).await;
    world.register_many(0, 260).await; // with genesis, page and group more than a full tile
    world.register_many(1, 3).await;
    world.tick().await;
    let site: PathBuf = world.data().join("site");
    assert!(!site.exists(), "while the campaign lives it is served by its server");
    world.organise("close", serde_json::json!({})).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.counts().await.state, State::Closed);
    follows(&world, &site).await;
    let before = audit(&world, &Nginx::with_files(&site, None).url()).await;

    // what the organisers say after the close is carried on too
    assert_eq!(world.announce(world.announcement(1, "At noon").note).await.status, 202);
    follows(&world, &site).await;
    let nginx = Nginx::with_files(&site, None);
    let report = audit(&world, &nginx.url()).await;
    assert_eq!((report.pledges, report.closed_at, report.head.size), (260, before.closed_at, before.head.size + 1));
    assert!(report.closed_at.is_some() && report.announcement.is_some() && report.page.is_some());
    assert_eq!(report.remarks.len(), 1, "a mirror, and nothing else: {:?}", report.remarks);

    let html = String::from_utf8(world.get("/ru/").await.body).unwrap();
    for address in addresses(&world, report.head.size, &html, page.path()) {
        let (shown, carried_on) = (
            world.get(&address).await,
            tests::send(reqwest::Client::new().get(format!("{}{address}", nginx.url()))).await,
        );
        assert_eq!((shown.status, carried_on.status), (200, 200), "{address}");
        assert!(shown.body == carried_on.body, "{address}");
    }

    // the same at the campaign's own address, once its server is no more
    let port = world.base().to_string().rsplit(':').next().unwrap().parse().unwrap();
    world.stop().await;
    let _home = Nginx::with_files(&site, Some(port));
    let report = world.audit().await.unwrap();
    assert_eq!((report.pledges, report.page.is_some()), (260, true));
    assert!(report.remarks.iter().any(|remark| remark.contains("server of files")), "{:?}", report.remarks);
    let id = world.campaign.id().to_string();
    let counts = good(&["counts", &world.url(), "--json"], "");
    assert!(counts.contains("260"), "{counts}");
    good(&["audit", &world.url(), "--campaign", &id], "");
    good(&["audit", site.to_str().unwrap(), "--campaign", &id], "");
    server::check::check(&world.data()).unwrap();
}
