//! The organisers' page: who gets in, for how long, from where, and what a role allows.

use protocol::publication::State;
use server::organisers::{Role, remove};
use tests::World;
use tests::programs::good;
use tests::visitor::{Seen, Visitor, see};

const PAGES: [&str; 6] = ["/", "/invites", "/revoke/1", "/actions", "/announce", "/close"];
const FILES: [&str; 3] = ["/counts.csv", "/ticks.csv", "/counts.json"];

/// What every page carries.
fn is_page(seen: &Seen) -> bool {
    let policy = seen.header("content-security-policy");
    for rule in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src") && !policy.contains("http"));
    assert_eq!(seen.header("cache-control"), "no-store");
    assert_eq!((seen.header("x-content-type-options"), seen.header("referrer-policy")), ("nosniff", "no-referrer"));
    let text = seen.text();
    assert!(!text.contains("<script") && !text.contains("style=\"") && !text.contains(" onclick"));
    seen.header("content-type") == "text/html; charset=utf-8"
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_sees_the_way_in_and_nothing_else() {
    let world = World::start().await;
    world.register_many(0, 7).await;
    world.tick().await;
    let stranger = Visitor::at(&world);
    for lang in ["en", "ru", "fa"] {
        let way_in = stranger.get(&format!("/organiser/{lang}/")).await;
        assert!(is_page(&way_in) && way_in.status == 200 && way_in.text().contains("name=\"token\""));
        assert!(!way_in.text().contains("id=\"count\""));
        assert_eq!(way_in.text().contains("dir=\"rtl\""), lang == "fa");
        for page in PAGES[1..].iter().chain(&FILES) {
            let seen = stranger.get(&format!("/organiser/{lang}{page}")).await;
            assert_eq!((seen.status, seen.location()), (303, format!("/organiser/{lang}/").as_str()), "{page}");
            assert!(seen.body.is_empty());
        }
        for (page, fields) in
            [("/close", ("words", "close for ever")), ("/announce", ("note", "x")), ("/revoke/1", ("x", "x"))]
        {
            let seen = stranger.post(&format!("/organiser/{lang}{page}"), &[fields]).await;
            assert_eq!((seen.status, seen.body.len()), (303, 0), "{page}");
        }
    }
    assert_eq!(stranger.get("/organiser/").await.location(), "/organiser/en/");
    for nowhere in ["/organiser/de/", "/organiser/EN/", "/organiser/en", "/organiser/en/x", "/organiser/en/?x"] {
        let seen = Visitor::signed_in(&world, world.organiser_token()).await.get(nowhere).await;
        assert_eq!(seen.status, 404, "{nowhere}");
    }
    for token in ["", "x", &world.organiser_token()[1..]] {
        let seen = stranger.post("/organiser/ru/sign-in", &[("token", token)]).await;
        assert!(seen.status == 401 && seen.cookie.is_none() && is_page(&seen), "{token}");
    }
    // nothing of it is on the public listener
    for page in PAGES {
        assert_eq!(world.get(&format!("/organiser/en{page}")).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_sign_out_restart_and_its_account() {
    let mut world = World::start().await;
    let token = world.account("anna", &[]);
    let anna = Visitor::signed_in(&world, &format!(" {token}\n")).await;
    let cookie = anna.post("/organiser/en/sign-in", &[("token", &token)]).await.cookie.unwrap();
    for rule in ["HttpOnly", "SameSite=Strict", "Path=/organiser;"] {
        assert!(cookie.contains(rule), "{cookie}");
    }
    assert!(!cookie.contains(&token) && !cookie.contains(anna.cookie().unwrap()), "random each time");
    let inside = async |visitor: &Visitor| visitor.get("/organiser/en/").await.text().contains("id=\"count\"");
    assert!(inside(&anna).await);
    let mut other = Visitor::signed_in(&world, world.organiser_token()).await;
    let before = Visitor::signed_in(&world, world.organiser_token()).await;
    let out = other.post("/organiser/fa/sign-out", &[]).await;
    assert_eq!((out.status, out.location()), (303, "/organiser/fa/"));
    let kept = other.cookie().unwrap().to_owned();
    other.keep(&out);
    assert_eq!(other.cookie(), None);
    let replayed = see(other.request(reqwest::Method::GET, "/organiser/en/").header("cookie", kept)).await;
    assert!(!replayed.text().contains("id=\"count\""), "the cookie is worth nothing any more");
    // removed while the server runs, and made again under the same name: another token, and not this session
    remove(&world.data(), "anna").unwrap();
    assert!(!inside(&anna).await);
    world.account("anna", &[Role::Announces]);
    assert!(!inside(&anna).await);
    assert!(inside(&before).await);
    world.restart().await;
    assert!(!inside(&before).await, "sessions are in memory only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_allows_its_own_pages_and_no_others() {
    let world = World::start().await;
    world.invites("square", 3).await;
    let all = [Role::Invites, Role::Announces];
    // numbers, invites, revoke, actions, announce, close
    for (name, roles, statuses) in [
        ("reads", &all[..0], [200, 403, 403, 403, 403, 403]),
        ("hands-out", &all[..1], [200, 200, 404, 403, 403, 403]), // the batch is another's
        ("leads", &all[1..], [200, 200, 200, 200, 200, 200]),
        ("both", &all[..], [200, 200, 200, 200, 200, 200]),
    ] {
        let visitor = Visitor::signed_in(&world, &world.account(name, roles)).await;
        for (page, status) in PAGES.into_iter().zip(statuses) {
            let seen = visitor.get(&format!("/organiser/en{page}")).await;
            assert!(seen.status == status && is_page(&seen), "{name} {page}: {}", seen.status);
            // what leads nowhere is not offered
            let offered = visitor.get("/organiser/en/").await.text().contains(&format!("href=\"/organiser/en{page}\""));
            assert!(page == "/revoke/1" || offered == (status == 200), "{name} {page}");
        }
        for file in FILES {
            assert_eq!(visitor.get(&format!("/organiser/en{file}")).await.status, 200, "{name} {file}");
        }
        let making = visitor.get("/organiser/en/invites").await.text().contains("/organiser/invites/csv");
        assert_eq!(making, roles.contains(&Role::Invites), "{name}");
        if !roles.contains(&Role::Announces) {
            for (page, field) in [("/close", ("words", "close for ever")), ("/announce", ("note", "x"))] {
                assert_eq!(visitor.post(&format!("/organiser/en{page}"), &[field]).await.status, 403, "{name} {page}");
            }
            assert!(matches!(visitor.post("/organiser/en/revoke/1", &[]).await.status, 403 | 404), "{name}");
        }
    }
    assert_eq!(world.counts().await.state, State::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_does_nothing() {
    let world = World::start().await;
    let first = Visitor::signed_in(&world, world.organiser_token()).await;
    let own = world.organiser_url();
    let invites = [("batch", "x"), ("count", "1")];
    for (site, origin) in [
        (None, None),
        (None, Some("http://evil.example")),
        (None, Some("null")),
        (Some("cross-site"), None),
        (Some("same-site"), Some("null")),
        (Some("none"), None),
        (Some("cross-site"), Some(own.as_str())),
        (Some("same-origin"), Some("http://evil.example")),
    ] {
        let forms = [
            first.form("/organiser/en/close", &[("words", "close for ever")]),
            first.form("/organiser/en/sign-out", &[]),
            first.form("/organiser/close", &[]),
            first.form("/organiser/invites", &invites),
        ];
        for form in forms {
            let form = if let Some(site) = site { form.header("sec-fetch-site", site) } else { form };
            let form = if let Some(origin) = origin { form.header("origin", origin) } else { form };
            let seen = see(form).await;
            assert!(seen.status == 403 && is_page(&seen), "{site:?} {origin:?} {}", seen.status);
            assert!(seen.text().contains("another page"), "{}", seen.text());
        }
    }
    assert_eq!(world.counts().await.state, State::Open);
    assert!(first.get("/organiser/en/").await.text().contains("id=\"count\""), "still signed in");
    // a browser that trusts the address less names the host instead
    let form = first.form("/organiser/en/close", &[("words", "close for ever")]).header("origin", &own);
    assert_eq!(see(form).await.status, 303);
    assert_eq!(world.counts().await.state, State::Closing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_on_the_page_is_done_and_a_refusal_is_a_page() {
    let world = World::start().await;
    world.invites("square", 3).await;
    let first = Visitor::signed_in(&world, world.organiser_token()).await;
    let refused = async |path: &str, fields: &[(&str, &str)], status: u16, words: &str| {
        let seen = first.post(path, fields).await;
        assert!(seen.status == status && is_page(&seen), "{path}: {} {}", seen.status, seen.text());
        assert!(seen.text().contains(words) && !seen.text().contains("urn:headcount"), "{path}: {}", seen.text());
    };
    let note = world.announcement(1, "We meet at noon").note;
    refused("/organiser/en/announce", &[("note", &note.replace("noon", "night"))], 400, "That was refused").await;
    refused("/organiser/ru/announce", &[("note", "")], 400, "Отказано").await;
    refused("/organiser/en/announce", &[("note", &note), ("more", "1")], 400, "id=\"detail\"").await;
    refused("/organiser/en/announce", &[("note", &"x".repeat(70_000))], 413, "That was refused").await;
    refused("/organiser/en/close", &[("words", "close")], 400, "Nothing was closed").await;
    refused("/organiser/fa/close", &[("words", "close for ever")], 400, "lang=\"fa\"").await;
    refused("/organiser/en/revoke/7", &[], 404, "no such thing").await;
    assert!(world.counts().await.announcement.is_none() && world.counts().await.state == State::Open);

    // as a browser sends it: lines end in CR and LF, and the last one may be gone
    let pasted = note.trim_end().replace('\n', "\r\n");
    assert_eq!(first.post("/organiser/en/announce", &[("note", &pasted)]).await.location(), "/organiser/en/");
    assert_eq!(world.counts().await.announcement.unwrap().note, note);
    assert!(first.get("/organiser/en/").await.text().contains("We meet at noon"));
    assert_eq!(first.post("/organiser/en/revoke/1", &[]).await.location(), "/organiser/en/invites");
    let batches = first.get("/organiser/en/invites").await.text();
    assert!(batches.contains("square") && batches.contains("revoked") && !batches.contains("/revoke/1"), "{batches}");
    assert_eq!(
        first.post("/organiser/ru/close", &[("words", " Закрыть навсегда ")]).await.location(),
        "/organiser/ru/"
    );
    assert_eq!(world.counts().await.state, State::Closing);
    let done = first.get("/organiser/en/actions").await.text();
    for words in ["published announcement 1", "revoked the batch \u{2068}square\u{2069}", "closed the campaign"] {
        assert!(done.contains(words), "{done}");
    }
    world.tick().await;
    world.tick().await;
    assert_eq!(world.counts().await.state, State::Closed);
    for page in ["/", "/invites", "/actions", "/close"] {
        let seen = first.get(&format!("/organiser/en{page}")).await;
        assert!(seen.status == 200 && is_page(&seen), "{page} after the close: {}", seen.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v2_a_note_signed_on_another_device_is_published_by_the_page() {
    let world = World::start().await;
    let (url, key, file) = (world.url(), world.organiser_key_file(), world.folder.path().join("note.txt"));
    let (note, key) = (file.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned());
    let signed = move || {
        let words =
            ["organiser", "announce", &url, "--key", &key, "--text", "en=We meet at noon", "--yes", "--note", &note];
        good(&words, "")
    };
    let said = tokio::task::spawn_blocking(signed).await.unwrap();
    assert!(said.contains("not published yet"), "{said}");
    assert!(world.counts().await.announcement.is_none());
    let note = std::fs::read_to_string(file).unwrap();
    let first = Visitor::signed_in(&world, world.organiser_token()).await;
    assert_eq!(first.post("/organiser/en/announce", &[("note", &note)]).await.status, 303);
    assert_eq!(world.counts().await.announcement.unwrap().text["en"], "We meet at noon");
    assert_eq!(world.audit().await.unwrap().head.size, 2);
}
