//! What `headcount-server install` puts in front of a server, run by the real nginx and the real Caddy: people register
//! through it, and it keeps nothing of them and ties nothing of theirs together.

pub(crate) mod process;

mod listener;

use listener::Wire;
use process::{Front, Kind};
use protocol::auth_scheme::token_header;
use protocol::issuance::TokenResponse;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use reqwest::Client;
use reqwest::header::{HeaderMap, HeaderValue};
use std::io::{Read, Write};
use std::net::TcpStream;
use tests::folders::files;
use tests::{Answer, World, send, wire};

const KINDS: [Kind; 2] = [Kind::Nginx, Kind::Caddy];
/// An address of loopback that nothing but a visitor of these tests has.
const HOME: [u8; 4] = [127, 0, 0, 77];
/// What a browser tells of its owner.
const TOLD: [(&str, &str); 6] = [
    ("user-agent", "Mozilla/5.0 (a device of hers)"),
    ("referer", "https://where.she.came.from/"),
    ("cookie", "her=number"),
    ("accept-language", "cv-RU"),
    ("x-forwarded-for", "203.0.113.77"),
    ("forwarded", "for=203.0.113.78"),
];

fn server_of(world: &World) -> String {
    world.url().strip_prefix("http://").unwrap().to_owned()
}

/// A browser that tells all that a browser may.
fn browser(front: &Front) -> Client {
    let told = TOLD.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    front.visitor(HOME).default_headers(HeaderMap::from_iter(told)).build().unwrap()
}

/// A whole participation through a front, with all that must be found nowhere afterwards.
async fn take_part(world: &World, front: &Front, secrets: &mut Vec<Vec<u8>>) -> Answer {
    let (url, visitor) = (front.url(), browser(front));
    let (invite, phrase) = (world.invite().await, Phrase::generate(&mut rand::rng()));
    let (request, pending) = world.token_request(&phrase, 0);
    let asked = send(wire::ask_for_token(&visitor, &url, &invite.code(), &request.encode())).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    assert!(asked.closes, "the front passes on that the connection ends (N1)");
    let token = pending.finalize(&TokenResponse::decode(&asked.body).unwrap()).unwrap();
    let pledge = phrase.secrets(world.campaign.id(), 0).pledge();
    let answer = send(wire::redeem(&visitor, &url, &token, &pledge)).await;
    secrets.extend([invite.code().as_bytes().to_vec(), request.encode().to_vec(), asked.body]);
    secrets.extend([pledge.encode().to_vec(), token_header(&token).into_bytes(), answer.body.clone()]);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn people_register_through_what_install_writes_and_everybody_reads_it_there() {
    for kind in KINDS {
        let world = World::start().await;
        let front = Front::before(kind, &server_of(&world));
        for _ in 0..5 {
            assert_eq!(take_part(&world, &front, &mut Vec::new()).await.status, 201, "{kind:?}");
        }
        world.tick().await;
        let visitor = browser(&front);
        for path in ["/", "/ru/", "/campaign", "/places.json", "/counts.json", "/log/checkpoint", "/log/tile/0/000.p/7"]
        {
            let answer = send(visitor.get(format!("{}{path}", front.url()))).await;
            assert_eq!((answer.status, &answer.body), (200, &world.get(path).await.body), "{kind:?} {path}");
        }
        assert_eq!(world.counts().await.total, 5);
        let answer = visitor.get(front.url()).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(header("onion-location"), format!("http://{}.onion/", "a".repeat(56)), "{kind:?}");
        assert!(header("strict-transport-security").starts_with("max-age="), "{kind:?}");
        let join = visitor.get(format!("{}/join", front.url())).send().await.unwrap();
        assert!(!join.headers().contains_key("onion-location"), "an invite would be lost on that way");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_behind_what_install_writes_no_connection_is_tied_to_the_one_before() {
    let world = World::start().await;
    let connections = |seen: &str| (seen.matches("\nNew, TLS").count(), seen.matches("\nReused, TLS").count());
    let tickets = |seen: &str| seen.matches("New Session Ticket").count();
    for kind in KINDS {
        let front = Front::before(kind, &server_of(&world));
        let (again, latest) = ask_twice(&front);
        assert_eq!(connections(&again), (6, 0), "{kind:?}: {again}");
        assert_eq!((connections(&latest), tickets(&latest)), ((1, 0), 0), "{kind:?}: {latest}");
        assert!(latest.contains("HTTP/1.1 200"), "{kind:?}: it was spoken with; {latest}");
        let newest = front.seen_by_openssl(&["-ign_eof", "-alpn", "h2,http/1.1"]);
        assert!(newest.contains("\nALPN protocol: http/1.1\n"), "{kind:?}: one connection for many at once; {newest}");
        // it ends behind a refusal too
        let answer = send(wire::ask_for_token(&browser(&front), &front.url(), "x", &[0; 259])).await;
        assert_eq!((answer.problem(), answer.closes), (Some(Problem::InviteUnknown), true), "{kind:?} {answer:?}");
    }
    // the same look finds both in an nginx that was not told
    let forgetting = ["ssl_session_tickets off;", "ssl_session_cache off;", "ssl_conf_command NumTickets 0;"];
    let careless = Front::changed(Kind::Nginx, &server_of(&world), |settings| {
        forgetting.iter().fold(settings, |settings, line| settings.replace(line, ""))
    });
    let (again, latest) = ask_twice(&careless);
    assert_eq!((connections(&again), tickets(&latest)), ((1, 5), 2), "{again} {latest}");
}

/// What OpenSSL says of six connections in a row with TLS 1.2, and of what comes behind the handshake of one with 1.3.
fn ask_twice(front: &Front) -> (String, String) {
    (front.seen_by_openssl(&["-tls1_2", "-reconnect"]), front.seen_by_openssl(&["-tls1_3", "-ign_eof"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_what_install_puts_in_front_keeps_nothing_of_those_who_come() {
    let careless =
        |settings: String| settings.replace("access_log off;", "access_log log;").replace("/dev/null emerg", "errors");
    for (kind, change) in [(Kind::Nginx, None), (Kind::Caddy, None), (Kind::Nginx, Some(careless))] {
        let mut world = World::start().await;
        let front = Front::changed(kind, &server_of(&world), |settings| {
            change.map_or(settings.clone(), |change| change(settings))
        });
        let mut secrets = Vec::new();
        assert_eq!(take_part(&world, &front, &mut secrets).await.status, 201);
        let (visitor, url) = (browser(&front), front.url());
        for path in ["/", "/counts.json", "/join", "/token-request", "/x", "/x?her=number"] {
            let _ = send(visitor.get(format!("{url}{path}"))).await;
        }
        break_off(&front);
        world.stop().await;
        let _ = send(visitor.get(format!("{url}/ru/"))).await;
        let _ = send(wire::ask_for_token(&visitor, &url, "x", &[0; 259])).await;

        let kept = files(front.folder());
        let is_kept = |bytes: &[u8]| kept.iter().find(|(_, file)| file.windows(bytes.len()).any(|part| part == bytes));
        assert!(secrets.iter().all(|secret| secret.len() > 20));
        secrets.extend(TOLD.map(|(_, value)| value.as_bytes().to_vec()));
        secrets.push(b"127.0.0.77".to_vec());
        let found = secrets.iter().find_map(|secret| is_kept(secret)).map(|(path, _)| path.clone());
        assert_eq!(found.is_some(), change.is_some(), "{kind:?} keeps {found:?}");
        let read_by_all = br#"{"campaign_id""#;
        assert_eq!(
            is_kept(read_by_all).is_some(),
            kind == Kind::Nginx,
            "{kind:?}: what everybody may read, where it is a cache"
        );
    }
}

/// Connections that end as they should not: in the greeting, in the handshake.
fn break_off(front: &Front) {
    let mut half = TcpStream::connect(front.address()).unwrap();
    half.write_all(&[22, 3, 1, 0, 200, 1]).unwrap();
    drop(half);
    let mut plain = TcpStream::connect(front.address()).unwrap();
    plain.write_all(b"GET /her HTTP/1.1\r\n\r\n").unwrap();
    let _ = plain.read_to_end(&mut Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_what_a_browser_tells_of_its_owner_does_not_reach_the_server() {
    let world = World::start().await;
    let heard = async |kind, change: &dyn Fn(String) -> String| {
        let wire = Wire::to(server_of(&world)).await;
        let front = Front::changed(kind, &wire.address, change);
        assert_eq!(take_part(&world, &front, &mut Vec::new()).await.status, 201);
        send(browser(&front).get(format!("{}/counts.json", front.url()))).await;
        wire.heard()
    };
    let told = |heard: &str| {
        let told = TOLD.iter().map(|(_, value)| value.to_lowercase());
        told.chain(["127.0.0.77".to_owned()]).filter(|value| heard.contains(value)).collect::<Vec<_>>()
    };
    for kind in KINDS {
        let heard = heard(kind, &|settings| settings).await;
        assert!(heard.contains("post /pledges ") && heard.contains("privatetoken token="), "{heard}");
        assert_eq!(told(&heard), [] as [&str; 0], "{kind:?}");
    }
    let chatty = heard(Kind::Nginx, &|settings| settings.replace("proxy_set_header User-Agent \"\";", "")).await;
    assert_eq!(told(&chatty), ["mozilla/5.0 (a device of hers)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_what_a_front_refuses_by_itself_is_a_refusal_of_the_closed_set() {
    for kind in KINDS {
        let mut world = World::start().await;
        let front = Front::before(kind, &server_of(&world));
        let (visitor, url) = (browser(&front), front.url());
        for path in ["/pledges", "/token-request"] {
            let post = visitor.post(format!("{url}{path}")).header("content-type", media::PLEDGE);
            let answer = send(post.body(vec![0; 40_000])).await;
            // nginx takes no body that it would have to put into a file; Caddy puts nothing into files, and the server refuses
            assert_eq!(answer.problem() == Some(Problem::TooLarge), kind == Kind::Nginx, "{kind:?} {path} {answer:?}");
            assert!(answer.problem().is_some(), "{kind:?} {path} {answer:?}");
        }
        world.stop().await;
        for path in ["/campaign", "/pledges", "/token-request"] {
            let sent = visitor.get(format!("{url}{path}")).send().await.unwrap();
            let header = |name: &str| sent.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(header("retry-after").as_deref(), Some("5"), "{kind:?} {path}");
            assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{kind:?} {path}");
            let answer = send(visitor.get(format!("{url}{path}"))).await;
            assert_eq!((answer.status, answer.problem()), (503, Some(Problem::Unavailable)), "{kind:?} {path}");
        }
        // by HTTP a browser is sent to HTTPS, and who asks for another name learns no name
        for (host, expected) in [(process::HOST, Some("https://count.example.org/ru/")), ("10.0.0.1", None)] {
            let mut plain = TcpStream::connect(front.plain()).unwrap();
            write!(plain, "GET /ru/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            let _ = plain.read_to_string(&mut answer);
            let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
            assert_eq!(
                location.filter(|location| location.contains(process::HOST)),
                expected,
                "{kind:?} {host}: {answer}"
            );
            assert!(expected.is_some() || !answer.contains(process::HOST), "{kind:?} {host}: {answer}");
        }
    }
}
