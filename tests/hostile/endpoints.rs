//! Every path, with every method, in every state of a campaign: what is there, what is not, and what may be done to it.

use crate::states::{Stage, drive};
use crate::wire::{Message, Reply, Wire};
use protocol::problem::Problem;
use tests::World;

/// What everybody may read, whatever the state. Tiles are those of the first entry, which never goes away.
pub(crate) const DOCUMENTS: [&str; 20] = [
    "/",
    "/en/",
    "/ru/",
    "/join",
    "/overview/en/all.png",
    "/overview/ru/part.narrow.png",
    "/favicon.ico",
    "/join/index.html",
    "/join/manifest.json",
    "/join/registration.wasm",
    "/join/icon.png",
    "/campaign",
    "/places.json",
    "/map.json",
    "/counts.json",
    "/log/checkpoint",
    "/log/tile/0/000.p/1",
    "/log/tile/entries/000.p/1",
    "/healthz",
    "/.well-known/private-token-issuer-directory",
];

/// What organisers reach on a listener of their own.
const ORGANISER: [(&str, &str); 10] = [
    ("/organiser/invites", "POST"),
    ("/organiser/invites/csv", "POST"),
    ("/organiser/invites/cards", "POST"),
    ("/organiser/invites/screen", "POST"),
    ("/organiser/batches", "GET,HEAD"),
    ("/organiser/batches/revoke", "POST"),
    ("/organiser/actions", "GET,HEAD"),
    ("/organiser/counts", "GET,HEAD"),
    ("/organiser/announcement", "POST"),
    ("/organiser/close", "POST"),
];

/// The organisers' page, in one of its languages.
const PAGES: [(&str, &str); 11] = [
    ("/organiser/ru/", "GET,HEAD"),
    ("/organiser/ru/sign-in", "POST"),
    ("/organiser/ru/sign-out", "POST"),
    ("/organiser/ru/counts.csv", "GET,HEAD"),
    ("/organiser/ru/ticks.csv", "GET,HEAD"),
    ("/organiser/ru/counts.json", "GET,HEAD"),
    ("/organiser/ru/invites", "GET,HEAD"),
    ("/organiser/ru/revoke/1", "GET,HEAD,POST"),
    ("/organiser/ru/actions", "GET,HEAD"),
    ("/organiser/ru/announce", "GET,HEAD,POST"),
    ("/organiser/ru/close", "GET,HEAD,POST"),
];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

/// What is not there: not even to be asked with another method. None matches a route with a part that varies.
const NOWHERE: [&str; 31] = [
    "/x",
    "/en",
    "/EN",
    "/index.html",
    "/en/x",
    "/en//",
    "//counts.json",
    "/./counts.json",
    "/x/../counts.json",
    "/%2e/counts.json",
    "/counts.json%00",
    "/counts%2ejson",
    "/counts.json;x",
    "/COUNTS.JSON",
    "/log",
    "/healthz/x",
    "/pledges/x",
    "/token-request%20",
    "/%ff",
    "/.well-known/ohttp-gateway",
    "/.well-known/private-token-issuer-directory/",
    "/organiser/invites",
    "/organiser/invites/csv",
    "/organiser/invites/cards",
    "/organiser/invites/screen",
    "/organiser/batches",
    "/organiser/batches/revoke",
    "/organiser/actions",
    "/organiser/counts",
    "/organiser/announcement",
    "/organiser/close",
];

/// What looks like a page in a language, or like a file of the log, and is none.
const NEITHER: [&str; 77] = [
    "/.well-known/",
    "//",
    "/xx/",
    "/EN/",
    "/%ff/",
    "/%65n/",
    "/e%6e/",
    "/%c3%28/",
    "/%00/",
    "/%2f/",
    "/../",
    "/counts.json/",
    "/campaign/",
    "/join/",
    "/join//",
    "/join/x",
    "/join/x/index.html",
    "/join/INDEX.html",
    "/join/index.htm",
    "/join/index%2ehtml",
    "/join/index.html%00",
    "/join/index.html/",
    "/join/%2e%2e/genesis.json",
    "/join/../campaign.json",
    "/join/page-old",
    "/pledges/",
    "/token-request/",
    "/organiser/",
    "/healthz/",
    "/overview/",
    "/overview/x",
    "/overview/style.css",
    "/overview/style-0000000000000000.css",
    "/overview/en/",
    "/overview/en/x.png",
    "/overview/EN/all.png",
    "/overview/xx/all.png",
    "/overview/en/all%2epng",
    "/overview/en/all.wide.png",
    "/overview/%65n/all.png",
    "/favicon.ico/",
    "/log/",
    "/log/x",
    "/log//checkpoint",
    "/log/checkpoint/",
    "/log/./checkpoint",
    "/log/Checkpoint",
    "/log/tile",
    "/log/tile/",
    "/log/tile/0",
    "/log/tile/0/",
    "/log/tile/0/000",
    "/log/tile/0/0.p/1",
    "/log/tile/0/000.p/0",
    "/log/tile/0/000.p/01",
    "/log/tile/0/000.p/+1",
    "/log/tile/0/000.p/-1",
    "/log/tile/0/000.p/256",
    "/log/tile/0/000.p/99999999999999999999",
    "/log/tile/0/000.p/1/",
    "/log/tile/0/000.p/1/x",
    "/log/tile/0/x000/000.p/1",
    "/log/tile/0/001.p/1",
    "/log/tile/00/000.p/1",
    "/log/tile/+0/000.p/1",
    "/log/tile/1/000.p/1",
    "/log/tile/63/000.p/1",
    "/log/tile/64/000.p/1",
    "/log/tile/255/000.p/1",
    "/log/tile/-1/000.p/1",
    "/log/tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    "/log/tile%2f0/000.p/1",
    "/log/tile/0/000%2ep/1",
    "/log/%74ile/0/000.p/1",
    "/log/tile/0/000.p/%ff",
    "/log/%2e%2e/genesis.json",
    "/log/../keys/log",
];

/// GET and HEAD, which must agree in all but the body.
async fn read(wire: &mut Wire, path: &str) -> Reply {
    let get = wire.send(&Message::new("GET", path)).await;
    let head = wire.send(&Message::new("HEAD", path)).await;
    assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
    get
}

/// Every other method on what exists: not allowed, and what would be allowed instead.
async fn only(wire: &mut Wire, path: &str, allow: &str) {
    for method in METHODS.into_iter().filter(|method| !allow.split(',').any(|allowed| allowed == *method)) {
        let reply = wire.send(&Message::new(method, path)).await;
        assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
        if method != "HEAD" {
            assert_eq!(reply.refusal(), (405, Problem::MethodNotAllowed), "{method} {path}");
        }
    }
}

async fn nowhere(wire: &mut Wire, path: &str, methods: &[&str]) {
    for method in methods {
        let reply = wire.send(&Message::new(method, path)).await;
        assert_eq!(reply.status, 404, "{method} {path}");
        if *method != "HEAD" {
            assert_eq!(reply.refusal(), (404, Problem::NotFound), "{method} {path}");
        }
    }
}

async fn every_path(world: &World) {
    let mut wire = Wire::public(world);
    for path in DOCUMENTS {
        assert_eq!(read(&mut wire, path).await.status, 200, "{path}");
        only(&mut wire, path, "GET,HEAD").await;
    }
    only(&mut wire, "/token-request", "POST").await;
    only(&mut wire, "/pledges", "POST").await;
    only(&mut wire, "/invite-by-email", "GET,HEAD,POST").await;
    for path in NOWHERE {
        nowhere(&mut wire, path, &METHODS).await;
    }
    for path in NEITHER {
        nowhere(&mut wire, path, &["GET", "HEAD"]).await;
        let reply = wire.send(&Message::new("POST", path)).await;
        assert!(matches!(reply.refusal().1, Problem::NotFound | Problem::MethodNotAllowed), "POST {path}");
    }
    let mut wire = Wire::organiser(world);
    for (path, allow) in ORGANISER {
        only(&mut wire, path, allow).await;
        for method in allow.split(',') {
            let reply = wire.send(&Message::new(method, path)).await;
            assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{method} {path}");
        }
    }
    let shared = |path: &str| path == "/healthz" || path == "/favicon.ico" || path.starts_with("/overview/");
    for path in DOCUMENTS.into_iter().filter(|path| shared(path)) {
        assert_eq!(read(&mut wire, path).await.status, 200, "{path}");
        only(&mut wire, path, "GET,HEAD").await;
    }
    organisers_page(&mut wire).await;
    let public =
        DOCUMENTS.iter().chain(&["/token-request", "/pledges", "/invite-by-email"]).filter(|path| !shared(path));
    for path in public.copied().chain([
        "/organiser",
        "/organiser/x",
        "/organiser/counts/",
        "/organiser/en",
        "/organiser/de/",
        "/organiser/EN/",
        "/organiser/en/counts",
        "/organiser/en/revoke/",
        "/organiser/en/close/",
        "/x",
    ]) {
        nowhere(&mut wire, path, &METHODS).await;
    }
}

/// The pages, for who is not signed in: the way in, or the way to it; and a form of no page is refused.
async fn organisers_page(wire: &mut Wire) {
    assert_eq!(read(wire, "/organiser/").await.status, 303);
    only(wire, "/organiser/", "GET,HEAD").await;
    for (path, allow) in PAGES {
        only(wire, path, allow).await;
        for method in allow.split(',') {
            let reply = wire.send(&Message::new(method, path)).await;
            let expected = match (method, path) {
                ("POST", _) => 403,
                (_, "/organiser/ru/") => 200,
                _ => 303,
            };
            assert_eq!(reply.status, expected, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_every_path_answers_every_method_in_every_state() {
    let mut seen = Vec::new();
    drive(true, async |world, stage: Stage, _| {
        every_path(world).await;
        seen.push(stage);
    })
    .await;
    assert_eq!(seen, Stage::ALL);
}
