//! P2: organisers see what the public log says, what they did themselves, and a clock. Every route of their listener is
//! walked in every role, on two servers that differ only in what is not published; and what can be computed is computed
//! from the public documents alone.

use protocol::campaign::Text;
use protocol::counts::Counts;
use protocol::entry::Entry;
use protocol::phrase::Phrase;
use protocol::tile::read_bundle;
use reqwest::Method;
use serde_json::{Value, json};
use server::organisers::Role;
use std::collections::{BTreeMap, BTreeSet};
use tests::folders::copy_folder;
use tests::visitor::{Seen, Visitor, see};
use tests::{Plan, World};

/// How a route is walked.
enum Walk {
    /// Looked at, at these addresses, with the session of a page.
    Look(&'static [&'static str]),
    /// Looked at in each language behind these words.
    Page(&'static [&'static str]),
    /// Asked with a bearer token.
    Ask,
    /// Something is done there: [`deeds`] does it.
    Done,
}

/// Every route of the organisers' listener, as the tables of routes in the sources have it.
const ROUTES: [(&str, Walk); 29] = [
    ("/healthz", Walk::Look(&["/healthz"])),
    ("/overview/{file}", Walk::Look(&["/overview/x.css"])),
    ("/overview/{lang}/{picture}", Walk::Look(&["/overview/en/all.png", "/overview/ru/part.narrow.png"])),
    ("/favicon.ico", Walk::Look(&["/favicon.ico"])),
    ("/organiser/", Walk::Look(&["/organiser/"])),
    ("/organiser/counts", Walk::Ask),
    ("/organiser/batches", Walk::Ask),
    ("/organiser/actions", Walk::Ask),
    ("/organiser/invites", Walk::Done),
    ("/organiser/invites/csv", Walk::Done),
    ("/organiser/invites/cards", Walk::Done),
    ("/organiser/invites/screen", Walk::Done),
    ("/organiser/batches/revoke", Walk::Done),
    ("/organiser/announcement", Walk::Done),
    ("/organiser/close", Walk::Done),
    ("/", Walk::Page(&["/", "/?sort=number", "/?sort=place", "/?sort=region"])),
    ("/sign-in", Walk::Done),
    ("/sign-out", Walk::Done),
    ("/counts.csv", Walk::Page(&["/counts.csv"])),
    ("/ticks.csv", Walk::Page(&["/ticks.csv"])),
    ("/counts.json", Walk::Page(&["/counts.json"])),
    ("/invites", Walk::Page(&["/invites"])),
    ("/revoke/{batch}", Walk::Page(&["/revoke/1", "/revoke/2", "/revoke/3"])),
    ("/actions", Walk::Page(&["/actions"])),
    ("/announce", Walk::Page(&["/announce"])),
    ("/close", Walk::Page(&["/close"])),
    // nobody's: what is not there is not there for anybody
    ("/metrics", Walk::Look(&["/metrics"])),
    ("/organiser/metrics", Walk::Look(&["/organiser/metrics", "/organiser/en/metrics"])),
    ("/organiser/pending", Walk::Look(&["/organiser/pending", "/organiser/en/pending"])),
];

const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

/// The addresses in the tables of routes of the listener, wherever they are written.
fn routes_in_sources() -> BTreeSet<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut sources: Vec<(String, String)> = tests::folders::files(&root.join("organiser"))
        .into_iter()
        .chain([(root.join("organiser.rs"), std::fs::read(root.join("organiser.rs")).unwrap())])
        .map(|(path, bytes)| (path.display().to_string(), String::from_utf8(bytes).unwrap()))
        .collect();
    // of the public tables, what both listeners have
    let public = std::fs::read_to_string(root.join("public.rs")).unwrap();
    let shared = public.split("fn beside_pages(").nth(1).unwrap().split("\n}").next().unwrap();
    let lib = std::fs::read_to_string(root.join("lib.rs")).unwrap();
    let finish = lib.split("fn finish(").nth(1).unwrap().split("\n    }").next().unwrap();
    sources.extend([shared, finish].map(|text| (String::new(), text.to_owned())));
    let mut found = BTreeSet::new();
    for (path, text) in sources {
        for route in text.split(".route(").skip(1) {
            let quoted = route.trim_start().trim_start_matches("&at(").strip_prefix('"');
            let address = quoted.and_then(|rest| rest.split('"').next());
            found.insert(
                address.unwrap_or_else(|| panic!("{path} has a route that this cannot read: {route:.60}")).to_owned(),
            );
        }
    }
    found
}

/// Everything that can be looked at, in every role: (who, where) → what.
async fn all(world: &World, accounts: &[(&'static str, String)]) -> BTreeMap<(String, String), Seen> {
    let mut seen = BTreeMap::new();
    for (name, token) in accounts {
        let visitor = Visitor::signed_in(world, token).await;
        for (route, walk) in &ROUTES {
            let paths: Vec<String> = match walk {
                Walk::Look(paths) => paths.iter().map(|path| (*path).to_owned()).collect(),
                Walk::Page(paths) => {
                    let in_languages = |path| LANGUAGES.map(|lang| format!("/organiser/{lang}{path}"));
                    paths.iter().flat_map(in_languages).collect()
                }
                Walk::Ask | Walk::Done => vec![(*route).to_owned()],
            };
            for path in paths {
                seen.insert(((*name).to_owned(), path.clone()), visitor.get(&path).await);
                let stranger = Visitor::at(world).request(Method::GET, &path);
                seen.insert((format!("{name} by bearer"), path), see(stranger.bearer_auth(token)).await);
            }
        }
    }
    seen
}

/// What the organisers do, the same on every server: what each answer was, but for codes, which are random.
async fn deeds(world: &World, first: &str) -> Vec<Seen> {
    let visitor = Visitor::signed_in(world, first).await;
    let mut answers = vec![
        visitor.post("/organiser/en/sign-in", &[("token", "wrong")]).await,
        visitor.post("/organiser/en/revoke/2", &[]).await,
        visitor.post("/organiser/en/revoke/2", &[]).await,
        visitor.post("/organiser/en/announce", &[("note", &world.announcement(1, "At noon").note)]).await,
        visitor.post("/organiser/en/announce", &[("note", "forged")]).await,
        visitor.post("/organiser/en/close", &[("words", "no")]).await,
    ];
    for (batch, count) in [("square", 5), ("busy", 1), ("new", 3), ("too many", 9_999)] {
        let post = visitor.request(Method::POST, "/organiser/invites").header("sec-fetch-site", "same-origin");
        let post =
            post.header("content-type", "application/json").body(json!({"batch": batch, "count": count}).to_string());
        let mut seen = see(post).await;
        if seen.status == 200 {
            seen.body.clear();
        }
        answers.push(seen);
    }
    for form in ["csv", "cards", "screen"] {
        let asked = [("batch", "x"), ("count", "0")];
        answers.push(visitor.post(&format!("/organiser/invites/{form}"), &asked).await);
    }
    answers
}

/// What is published, and what everybody can compute of it: the files that organisers can take away.
async fn as_an_outsider_computes(world: &World) -> BTreeMap<String, Vec<u8>> {
    let counts: Counts = serde_json::from_slice(&world.get("/counts.json").await.body).unwrap();
    let places: Value = serde_json::from_slice(&world.get("/places.json").await.body).unwrap();
    let size = counts.log_size;
    let bundle = world.get(&format!("/log/tile/entries/000.p/{size}")).await.body;
    let mut ticks: BTreeMap<i64, u64> = BTreeMap::new();
    for entry in &read_bundle(&bundle, u32::try_from(size).unwrap()).unwrap()[1..] {
        if let Entry::Group { tick, size, .. } = Entry::decode(entry).unwrap() {
            *ticks.entry(i64::from(tick)).or_default() += u64::from(size);
        }
    }
    let schedule = world.campaign.genesis().schedule();
    let (mut sum, mut csv, mut rows) = (0, "tick,end,published,total\r\n".to_owned(), Vec::new());
    for (tick, published) in ticks {
        sum += published;
        let end = schedule.end_of(tick);
        csv += &format!("{tick},{end},{published},{sum}\r\n");
        rows.push(json!({"tick": tick, "end": end, "published": published, "total": sum}));
    }
    let mut files = BTreeMap::from([("ticks.csv".to_owned(), csv.into_bytes())]);
    let mut list = "level,index,region,place,published\r\n".to_owned();
    let mut named = Vec::new();
    for (index, published) in &counts.places {
        let place = &places["places"][*index as usize];
        let region = &places["regions"][usize::try_from(place["region"].as_u64().unwrap()).unwrap()];
        let [place_name, region_name] = [place, region].map(|one| one["name"]["en"].as_str().unwrap());
        list += &format!("place,{index},{region_name},{place_name},{published}\r\n");
        let name: Text = serde_json::from_value(place["name"].clone()).unwrap();
        named.push(json!({"index": index, "name": name, "region": place["region"], "published": published}));
    }
    assert!(counts.regions.is_empty() && counts.root == 0);
    files.insert("counts.csv".to_owned(), list.into_bytes());
    let whole = json!({
        "campaign_id": world.campaign.id().to_string(), "state": counts.state, "tick": counts.tick, "log_size": size,
        "target": counts.target, "total": counts.total, "places": named, "regions": [], "root": 0, "ticks": rows,
    });
    files.insert("counts.json".to_owned(), whole.to_string().into_bytes());
    files
}

/// A campaign's life from the fork on: everything that anybody sees and hears.
async fn life(
    world: &World,
    accounts: &[(&'static str, String)],
    first: &str,
) -> Vec<BTreeMap<(String, String), Seen>> {
    let mut seen = vec![all(world, accounts).await];
    let done = deeds(world, first).await;
    let named = |(index, answer)| (("deed".to_owned(), format!("{index}")), answer);
    seen.push(done.into_iter().enumerate().map(named).collect());
    seen.push(all(world, accounts).await);
    world.tick().await;
    seen.push(all(world, accounts).await);
    for (file, expected) in as_an_outsider_computes(world).await {
        let taken = &seen[3][&("reads".to_owned(), format!("/organiser/en/{file}"))].body;
        let same = match file.ends_with(".json") {
            true => {
                serde_json::from_slice::<Value>(taken).unwrap() == serde_json::from_slice::<Value>(&expected).unwrap()
            }
            false => *taken == expected,
        };
        assert!(same, "{file}: {}", String::from_utf8_lossy(taken));
    }
    let visitor = Visitor::signed_in(world, first).await;
    assert_eq!(visitor.post("/organiser/en/close", &[("words", "close for ever")]).await.status, 303);
    seen.push(all(world, accounts).await);
    world.tick().await;
    world.tick().await;
    seen.push(all(world, accounts).await);
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_every_route_shows_every_role_what_follows_from_the_public_log_and_their_own_deeds() {
    let known: BTreeSet<&str> = ROUTES.iter().map(|(route, _)| *route).collect();
    let in_sources = routes_in_sources();
    let unknown: Vec<&String> = in_sources.iter().filter(|route| !known.contains(route.as_str())).collect();
    assert!(unknown.is_empty(), "nobody walks {unknown:?}");
    assert!(in_sources.len() >= 19, "{in_sources:?}");

    let mut world = World::with(Plan { eligible: 200, ..Plan::default() }).await;
    let [reads, hands_out, leads] =
        [("reads", &[][..]), ("hands-out", &[Role::Invites]), ("leads", &[Role::Announces])]
            .map(|(name, roles)| (name, world.account(name, roles)));
    let first = world.organiser_token().to_owned();
    let accounts = [reads, hands_out, leads, ("first", first.clone())];
    let (square, _busy) = (world.invites("square", 20).await, world.invites("busy", 6).await);
    for (place, count) in [(0, 7), (3, 5)] {
        world.register_many(place, count).await;
        world.tick().await;
    }
    let fork = world.now() - tests::START;
    world.stop().await;
    let copy = tempfile::TempDir::new().unwrap();
    copy_folder(&world.data(), &copy.path().join("data"));
    world.restart().await;
    world.at(fork + 10).await;

    // one server has used invites, tokens that nobody spent, and pledges that wait and will never be shown
    for (index, invite) in square.iter().take(9).enumerate() {
        let phrase = Phrase::generate(&mut rand::rng());
        let place = if index % 2 == 0 { 1 } else { 4 };
        let token = world.obtain(invite, &phrase, place).await.unwrap();
        if index < 4 {
            let pledge = phrase.secrets(world.campaign.id(), place).pledge();
            assert_eq!(world.redeem(&token, &pledge).await.status, 201);
        }
    }
    let full = life(&world, &accounts, &first).await;
    // the other has none
    world.set_clock(fork + 10);
    let world = world.on_copy(copy).await;
    world.at(fork + 10).await;
    let empty = life(&world, &accounts, &first).await;
    for (moment, (full, empty)) in full.iter().zip(&empty).enumerate() {
        for (what, seen) in full {
            assert!(
                seen == &empty[what],
                "at moment {moment}, what waits shows in {what:?}:\n{}\n{}",
                seen.text(),
                empty[what].text()
            );
        }
    }
    let numbers = &full[3][&("reads".to_owned(), "/organiser/en/".to_owned())].text();
    assert!(numbers.contains("id=\"count\">12<"), "and all of it was there to be seen: {numbers}");
    assert!(full[1].values().any(|seen| seen.status == 200) && full[1].values().any(|seen| seen.status >= 400));
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_the_only_word_of_the_machine_changes_at_ticks_alone() {
    let world = World::start().await;
    let visitor = Visitor::signed_in(&world, world.organiser_token()).await;
    let said = async || (visitor.get("/organiser/en/").await.text(), world.get("/healthz").await.body);
    let disk =
        |page: &str| page.split("Disk low, as of the last tick").nth(1).unwrap().split('<').nth(1).unwrap().to_owned();
    let (page, health) = said().await;
    assert_eq!((disk(&page).as_str(), health.as_slice()), ("dd>not measured since the start", &b"ok\n"[..]));
    world.tick().await;
    let (page, health) = said().await;
    let low = disk(&page) != "dd>no";
    assert_eq!(health.as_slice(), if low { &b"ok\ndisk low\n"[..] } else { b"ok\n" });
    // between ticks nothing is measured, whatever the disk does
    world.register_many(0, 20).await;
    assert_eq!(said().await, (page, health));
}
