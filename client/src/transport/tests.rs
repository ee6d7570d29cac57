//! What leaves this device, as a server and a proxy see it.

use super::*;
use crate::stand_in::onlooker::linger;
use crate::stand_in::{World, problem, response, serve, socks_proxy, split};
use protocol::problem::Problem;

fn message(body: &[u8]) -> Message<'_> {
    Message { authorization: Some("Bearer X"), media_type: "text/plain", body: body.to_vec() }
}

#[test]
fn only_a_bare_socks5h_proxy_is_taken() {
    for proxy in ["socks5h://127.0.0.1:9050", "socks5h://localhost:9150/", "socks5h://[::1]:9050"] {
        assert!(!Network::through(proxy).ok().unwrap().is_direct(), "{proxy}");
    }
    for proxy in [
        "socks5://127.0.0.1:9050",
        "socks4a://127.0.0.1:9050",
        "http://127.0.0.1:9050",
        "https://127.0.0.1:9050",
        "socks5h://127.0.0.1",
        "socks5h://user:word@127.0.0.1:9050",
        "socks5h://user@127.0.0.1:9050",
        "socks5h://127.0.0.1:9050/path",
        "socks5h://127.0.0.1:9050?x",
        "127.0.0.1:9050",
        "socks5h:",
        "",
    ] {
        assert!(Network::through(proxy).is_err(), "{proxy}");
    }
}

#[tokio::test]
async fn a_request_carries_nothing_that_tells_users_apart() {
    let server = serve(|_| Some(response("200 OK", "text/plain", b"x"))).await;
    let network = Network::direct();
    network.operation(&server.base).unwrap().get("/a", 10).await.unwrap();
    let post = network.operation(&server.base).unwrap();
    post.post("/b", message(b"body"), 10).await.unwrap();
    let heads: Vec<String> = server.requests().iter().map(|request| split(request).0).collect();
    let names = |head: &str| {
        let lines = head.lines().skip(1);
        let mut names: Vec<String> = lines.map(|line| line.split(':').next().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&heads[0]), ["accept", "host"]);
    assert_eq!(names(&heads[1]), ["accept", "authorization", "content-length", "content-type", "host"]);
}

#[tokio::test]
async fn names_go_to_the_proxy_and_every_operation_has_credentials_of_its_own() {
    let server = serve(|_| Some(response("200 OK", "text/plain", b"x"))).await;
    let (proxy, seen) = socks_proxy(server.base.join("").replace("http://", "")).await;
    let network = Network::through(&proxy).unwrap();
    let base = BaseUrl::parse("http://example.onion").unwrap();
    for _ in 0..2 {
        let operation = network.operation(&base).unwrap();
        operation.get("/a", 10).await.unwrap();
        operation.get("/b", 10).await.unwrap();
    }
    let seen = seen.lock().unwrap().clone();
    for request in &seen {
        assert_eq!((request.address_type, request.host.as_str(), request.port), (3, "example.onion", 80));
        assert!(request.credentials.0.len() == 32 && request.credentials.1.len() == 32);
    }
    assert_eq!(seen.len(), 4, "the stand-in closes after each request");
    assert_eq!(seen[0].credentials, seen[1].credentials);
    assert_eq!(seen[2].credentials, seen[3].credentials);
    assert_ne!(seen[0].credentials.0, seen[2].credentials.0);
    assert_ne!(seen[0].credentials.1, seen[2].credentials.1);
}

#[tokio::test]
async fn n1_a_dead_proxy_is_an_error_and_nothing_reaches_the_server() {
    let server = serve(|_| Some(response("200 OK", "text/plain", b"x"))).await;
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("socks5h://{}", dead.local_addr().unwrap());
    drop(dead);
    let network = Network::through(&proxy).unwrap();
    let operation = network.operation(&server.base).unwrap();
    assert!(matches!(operation.get("/a", 10).await, Err(Error::Lost(_))));
    let lost = operation.post("/a", message(b""), 10).await;
    assert!(matches!(lost, Err(Error::Lost(_))));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn n1_a_proxy_that_refuses_is_an_error_and_nothing_reaches_the_server() {
    let server = serve(|_| Some(response("200 OK", "text/plain", b"x"))).await;
    let refusing = serve(|_| None).await; // speaks no SOCKS
    let proxy = refusing.base.to_string().replace("http://", "socks5h://");
    let operation = Network::through(&proxy).unwrap().operation(&server.base).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(1), operation.get("/a", 10)).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.is_err()));
    assert!(server.requests().is_empty());
}

#[test]
fn n1_an_onion_address_is_not_looked_up_without_a_proxy() {
    for base in ["http://example.onion", "https://example.onion"] {
        let base = BaseUrl::parse(base).unwrap();
        assert!(matches!(Network::direct().operation(&base), Err(Error::Address(_))));
    }
}

#[tokio::test]
async fn n1_a_connection_ends_with_its_answer_even_if_the_server_would_keep_it() {
    let (base, _, visits) = linger(|host| World::at(host, |_| {})).await;
    let seen = || {
        let visits = visits.lock().unwrap();
        (visits.len(), visits.iter().filter(|visit| visit.closed.is_none()).count())
    };
    let operation = Network::direct().operation(&base).unwrap();
    for _ in 0..3 {
        operation.get("/campaign", 100_000).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(seen(), (3, 0), "opened, and still open");
    let reading = Network::direct().reading(&base).unwrap();
    for _ in 0..3 {
        reading.get("/campaign", 100_000).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen(), (4, 1), "a log is read over few connections");
    drop(reading);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(seen(), (4, 0));
}

#[tokio::test]
async fn a_connection_that_has_been_idle_for_long_is_not_used_again() {
    let (base, _, visits) = linger(|host| World::at(host, |_| {})).await;
    let visited = async |idle_for: Duration| {
        let before = visits.lock().unwrap().len();
        let reading = Network::direct().begin(&base, READING_IDLE_MAX, idle_for).unwrap();
        for _ in 0..2 {
            reading.get("/campaign", 100_000).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        visits.lock().unwrap().len() - before
    };
    assert_eq!(visited(READING_IDLE_FOR).await, 1);
    assert_eq!(visited(Duration::from_millis(100)).await, 2);
}

#[test]
fn the_compiled_in_authorities_can_all_be_read() {
    assert!(Network::direct().operation(&BaseUrl::parse("https://example.org").unwrap()).is_ok());
}

#[tokio::test]
async fn an_answer_above_its_limit_is_not_read_further() {
    let server = serve(|_| Some(response("200 OK", "text/plain", &[b'x'; 100_000]))).await;
    let operation = Network::direct().operation(&server.base).unwrap();
    assert!(matches!(operation.get("/", 99_999).await, Err(Error::Misbehaved(_))));
    assert_eq!(operation.get("/", 100_000).await.unwrap().body.len(), 100_000);
    let refusing = serve(|_| Some(response("404 Not Found", "text/plain", &[b'x'; 100_000]))).await;
    let operation = Network::direct().operation(&refusing.base).unwrap();
    assert!(matches!(operation.get("/", 100_000).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn a_refusal_is_the_problem_that_it_names() {
    let server = serve(|request| {
        let head = split(request).0;
        let body = b"{\"type\":\"urn:headcount:problem:rate-limited\"}";
        Some(if head.starts_with("GET /wait") {
            let headers =
                "429 Too Many\r\nretry-after: 7\r\ncontent-type: application/problem+json; charset=utf-8\r\n\r\n";
            [headers.as_bytes(), body].concat()
        } else if head.starts_with("GET /used") {
            problem("409 Conflict", "invite-used")
        } else if head.starts_with("GET /elsewhere") {
            b"307 Moved\r\nlocation: https://example.org/\r\n\r\n".to_vec()
        } else if head.starts_with("GET /away") {
            response("502 Bad Gateway", "text/html", b"<h1>")
        } else {
            response("409 Conflict", "text/html", body)
        })
    })
    .await;
    let operation = Network::direct().operation(&server.base).unwrap();
    let refusal = async |path| {
        let answer = operation.get(path, 10).await.unwrap();
        answer.demand(&[200], None).err().unwrap()
    };
    let refused = |problem, retry_after_seconds| Error::Refused { problem, retry_after_seconds };
    assert_eq!(refusal("/wait").await, refused(Problem::RateLimited, Some(7)));
    assert!(refusal("/wait").await.to_string().contains("wait 7 seconds"));
    assert_eq!(refusal("/used").await, refused(Problem::InviteUsed, None));
    assert!(matches!(refusal("/elsewhere").await, Error::Misbehaved(_)));
    assert!(matches!(refusal("/away").await, Error::Lost(_)));
    assert!(matches!(refusal("/other").await, Error::Misbehaved(_)));
    assert_eq!(server.requests().len(), 6, "no redirect was followed");
}
