//! What a server can answer, at each command where it can come: every problem of the closed set, and all that is no
//! answer of this protocol at all.

use crate::judge::{Table, client};
use crate::stage::{Answer, Stage, page, problem, typed_problem};
use protocol::problem::Problem;
use std::io::Write;
use std::net::TcpListener;

/// One command, and where it asks.
struct Asking {
    name: &'static str,
    words: Vec<String>,
    input: String,
    at: Vec<&'static str>,
}

fn asking(name: &'static str, words: &[&str], input: &str, at: &[&'static str]) -> Asking {
    let words = words.iter().map(|word| (*word).to_owned()).chain(["--json".to_owned()]).collect();
    Asking { name, words, input: input.to_owned(), at: at.to_vec() }
}

impl Asking {
    fn judge(&self, table: &mut Table, at: &str, what: &str, secrets: &[&str]) {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        table.judge(&format!("{} {at} {what}", self.name), &client(&words, &self.input), secrets, "");
    }
}

const READING: [&str; 4] = ["GET /campaign", "GET /places.json", "GET /log/checkpoint", "GET /counts.json"];

/// The commands that only read.
fn readers(stage: &Stage) -> Vec<Asking> {
    let phrase = stage.file("reader", &protocol::phrase::Phrase::from_bytes([99; 16]).words());
    let log = ["GET /map.json", "GET /log/tile/entries/000.p/1", "GET /log/tile/0/000.p/1", "POST /pledges"];
    vec![
        asking("counts", &["counts", &stage.url], "", &READING),
        asking("audit", &["audit", &stage.url], "", &[&READING[..], &log].concat()),
        asking("status", &["status", &stage.url, "--direct", "--phrase-file", &phrase], "", &[READING[2], log[1]]),
    ]
}

/// The commands that send something.
fn senders(stage: &Stage) -> Vec<Asking> {
    let (token, phrase) = stage.token(0);
    let link = &stage.links[1];
    let directory = "GET /.well-known/private-token-issuer-directory";
    let listener = ["--organiser-url", &stage.organiser_url, "--token-file", "-"];
    fn organiser<'a>(command: &[&'a str], listener: &[&'a str]) -> Vec<&'a str> {
        [&["organiser"], command, listener].concat()
    }
    let keys = ["--key", &stage.organiser_key, "--text", "en=At noon", "--yes"];
    let announce = organiser(&[&["announce", &stage.url], &keys[..]].concat(), &listener);
    let secret = &stage.organiser_token;
    let way = ["--place", "0", "--direct", "--checked"];
    let pledge = ["pledge", &stage.url, "--token-file", &token, "--phrase-file", &phrase, "--direct", "--now"];
    let invites = stage.file("invites", link);
    let rehearse = ["rehearse", &stage.url, "--participants", "1", "--invites", &invites];
    vec![
        asking("token", &[&["token", "-"], &way[..]].concat(), link, &["POST /token-request", directory]),
        asking("join", &[&["join", "-", "--now"], &way[..]].concat(), link, &["POST /token-request"]),
        asking("pledge", &pledge, "", &["POST /pledges"]),
        asking(
            "invites",
            &organiser(&["invites", "--batch", "b", "--count", "2"], &listener),
            secret,
            &["POST /organiser/invites"],
        ),
        asking("batches", &organiser(&["batches"], &listener), secret, &["GET /organiser/batches"]),
        asking(
            "revoke",
            &organiser(&["revoke", "--batch", "b", "--yes"], &listener),
            secret,
            &["POST /organiser/batches/revoke"],
        ),
        asking("actions", &organiser(&["actions"], &listener), secret, &["GET /organiser/actions"]),
        asking("announce", &announce, secret, &["POST /organiser/announcement"]),
        asking("organiser counts", &organiser(&["counts"], &listener), secret, &["GET /organiser/counts"]),
        asking("close", &organiser(&["close", "--yes"], &listener), secret, &["POST /organiser/close"]),
        asking("rehearse", &rehearse, "", &["POST /token-request", directory]),
    ]
}

fn secrets(stage: &Stage) -> Vec<String> {
    let own = [stage.organiser_token.clone(), stage.links[1].clone()];
    own.into_iter().chain(stage.codes(0)).chain(stage.codes(1)).collect()
}

#[test]
fn every_problem_is_told_at_every_command_that_sends_something() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let secrets = secrets(&stage);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for command in senders(&stage) {
        for at in &command.at {
            for refusal in Problem::ALL {
                stage.lie(at, problem(refusal));
                command.judge(&mut table, at, refusal.name(), &secrets);
            }
            for (status, urn) in [(418, "urn:headcount:problem:teapot"), (403, "about:blank"), (429, "malformed")] {
                stage.lie(at, typed_problem(status, urn));
                command.judge(&mut table, at, urn, &secrets);
            }
        }
    }
    table.end(230);
}

/// At a reader, what is not there may also be meant so.
#[test]
fn every_problem_is_told_at_every_command_that_reads() {
    let (stage, mut table) = (Stage::start(), Table::default());
    for command in readers(&stage) {
        for (index, at) in command.at.iter().enumerate() {
            let all: &[Problem] = match (command.name, index) {
                ("counts", 0) => &Problem::ALL,
                _ => &[Problem::Unavailable, Problem::RateLimited, Problem::Forbidden, Problem::NotFound],
            };
            // a server of files carries the log on and takes no pledges: an audit passes there, and remarks on it
            let carried_on = |refusal: &Problem| *at == "POST /pledges" && *refusal == Problem::NotFound;
            for refusal in all.iter().copied().filter(|refusal| !carried_on(refusal)) {
                stage.lie(at, problem(refusal));
                command.judge(&mut table, at, refusal.name(), &[]);
            }
        }
    }
    table.end(60);
}

/// What is no answer of this protocol, each by its name. `body` is what would be right.
fn strange() -> Vec<(&'static str, Answer)> {
    let kinds = ["application/json", "application/private-token-response", "application/vnd.headcount.receipt"];
    let cut = |kind: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: 9999\r\n\r\n{{\"a\":");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    vec![
        ("html", page("200 OK", "text/html", "", "<html><body>Login to the hotel's network</body></html>")),
        ("redirect", page("302 Found", "text/html", "location: https://example.org/\r\n", "")),
        ("empty json", page("200 OK", kinds[0], "", "")),
        ("empty token", page("200 OK", kinds[1], "", "")),
        ("empty receipt", page("201 Created", kinds[2], "", "")),
        ("other json", page("200 OK", kinds[0], "", "[1,{\"Some(x)\":null}]")),
        ("wrong token", page("200 OK", kinds[1], "", &"A".repeat(256))),
        ("wrong receipt", page("201 Created", kinds[2], "", &"A".repeat(64))),
        ("too long token", page("200 OK", kinds[1], "", &"A".repeat(257))),
        ("status 204", page("204 No Content", kinds[0], "", "")),
        ("status 599", page("599 Odd", "text/plain", "", "Error { odd }")),
        ("cut off", Answer::Bytes(cut(kinds[0]).into_bytes())),
        ("bad chunk", Answer::Bytes(format!("{chunked}zz\r\nabc").into_bytes())),
        ("endless", Answer::Endless([head.as_bytes(), &[b' '; 8192]].concat())),
        (
            "endless header",
            Answer::Endless(b"HTTP/1.1 200 OK\r\nx: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".to_vec()),
        ),
        ("no http", Answer::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())),
        ("garbage", Answer::Bytes(vec![0xff; 300])),
        ("nothing", Answer::Nothing),
        ("bad gateway", page("502 Bad Gateway", "text/html", "", "<h1>502</h1>")),
    ]
}

#[test]
fn what_is_no_answer_of_the_protocol_is_told_at_every_command_that_reads() {
    let (stage, mut table) = (Stage::start(), Table::default());
    for command in readers(&stage).iter().take(2) {
        for at in &command.at {
            for (what, answer) in strange() {
                stage.lie(at, answer);
                command.judge(&mut table, at, what, &[]);
            }
        }
    }
    table.end(200);
}

/// A lost answer to a token request or a pledge is asked for again, twice and with pauses: few of those.
#[test]
fn what_is_no_answer_of_the_protocol_is_told_at_every_command_that_sends_something() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let secrets = secrets(&stage);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for command in senders(&stage) {
        let at = command.at[0];
        let repeats = matches!(at, "POST /token-request" | "POST /pledges");
        for (what, answer) in strange() {
            // the token of a right length and the close that is answered by anything are tried elsewhere
            let lost =
                matches!(what, "bad chunk" | "endless header" | "no http" | "garbage" | "nothing" | "bad gateway");
            if repeats && (lost || (what == "cut off" && command.name != "pledge")) {
                continue;
            }
            stage.lie(at, answer);
            command.judge(&mut table, at, what, &secrets);
        }
    }
    table.end(160);
}

#[test]
fn what_is_lost_on_the_way_of_an_invite_or_a_token_is_told_with_what_finishes_it() {
    let (stage, mut table) = (Stage::start(), Table::default());
    let (token, phrase) = stage.token(0);
    let phrases = std::fs::read_to_string(&phrase).unwrap();
    let way = ["--place", "0", "--direct", "--checked", "--now", "--phrase-file", &phrase];
    let [compact, code] = stage.codes(2);
    stage.lie("POST /token-request", Answer::Nothing);
    let said = client(&[&["join", "-"], &way[..]].concat(), &stage.links[2]);
    table.judge("join, no answer", &said, &[&compact, &code, &phrases], "try again");
    assert!(said.err.contains("same phrase, the same place and the same invite"), "{}", said.err);
    stage.lie("POST /pledges", Answer::Nothing);
    let pledge =
        ["pledge", &stage.url, "--token-file", &token, "--phrase-file", &phrase, "--direct", "--now", "--json"];
    let said = client(&pledge, "");
    table.judge("pledge, no answer", &said, &[&phrases], "try again");
    assert!(said.err.contains("to repeat is safe"), "{}", said.err);
    stage.behave();
    assert_eq!(client(&pledge, "").code, Some(0), "and then it is counted");
    table.end(2);
}

/// A listener that answers everything with these bytes, at once.
fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|mut stream| drop(stream.write_all(bytes))));
    address
}

#[test]
fn what_is_no_server_of_a_campaign_is_told_before_anything_is_sent() {
    let mut table = Table::default();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let alert = answering(&[0x15, 3, 3, 0, 2, 2, 0x28]);
    let plain = answering(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    let silent = answering(b"");
    let id = "a".repeat(52);
    let phrase = protocol::phrase::Phrase::from_bytes([7; 16]).words().to_string();
    let code = "0000-1111-2222-3333-4444-5555-6666-7777";
    for (what, base) in [
        ("nobody listens", format!("http://{closed}")),
        ("nobody listens, https", format!("https://{closed}")),
        ("tls is refused", format!("https://{alert}")),
        ("no tls", format!("https://{plain}")),
        ("silent, https", format!("https://{silent}")),
        ("silent", format!("http://{silent}")),
        ("plain", format!("http://{plain}")),
        ("no such name", "https://headcount.invalid".to_owned()),
    ] {
        let link = format!("{base}/join#i={code}&c={id}");
        let proxy = ["--proxy", &format!("socks5h://{closed}")].map(str::to_owned);
        let join = ["join", "-", "--place", "0", "--direct", "--checked", "--now", "--json"];
        let through = ["join", "-", "--place", "0", "--checked", "--now", "--json", &proxy[0], &proxy[1]];
        table.judge(&format!("counts, {what}"), &client(&["counts", &base, "--json"], ""), &[], "");
        table.judge(&format!("audit, {what}"), &client(&["audit", &base, "--json"], ""), &[], "");
        table.judge(
            &format!("status, {what}"),
            &client(&["status", &base, "--direct", "--json"], &phrase),
            &[&phrase],
            "",
        );
        table.judge(&format!("join, {what}"), &client(&join, &link), &[code, &phrase], "");
        table.judge(&format!("join by a dead proxy, {what}"), &client(&through, &link), &[code], "proxy");
        let organiser = ["organiser", "counts", "--organiser-url", &base, "--token-file", "-", "--json"];
        table.judge(
            &format!("organiser, {what}"),
            &client(&organiser, "organisers-own-token"),
            &["organisers-own"],
            "",
        );
    }
    table.end(48);
}
