//! The program `headcount` in a participant's hands when things go wrong: nothing leaves before she agreed, nothing that
//! she needs is lost, nothing false is shown, and nothing that a server wrote steers her terminal (N1, U1, V2).

use client::campaign::counts;
use client::transport::Network;
use protocol::codec::to_base64;
use protocol::phrase::Phrase;
use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::World;
use tests::programs::{Demo, bad, good, headcount, program, published, wait_until};
use tests::proxy::SpyProxy;

const JOIN: [&str; 6] = ["join", "-", "--place", "Anadyr", "--direct", "--checked"];

fn phrase_file(folder: &Path) -> String {
    let path = folder.join("phrase");
    std::fs::write(&path, Phrase::generate(&mut rand::rng()).words().as_str()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn document(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn last_document(output: &str) -> Value {
    document(output.lines().last().unwrap())
}

fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(program("headcount"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn n1_nothing_is_sent_before_the_road_was_agreed_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let phrase = phrase_file(folder.path());
    let token = folder.path().join("token");
    std::fs::write(&token, to_base64(&[&[0, 2], [7; 352].as_slice()].concat())).unwrap();
    let world_id = protocol::campaign::CampaignId::from_bytes([1; 32]);
    let invite = protocol::invite::Invite::parse(&"0".repeat(32)).unwrap();
    let link = protocol::invite::InviteLink { base_url: url.clone(), invite: Some(invite), campaign: world_id };
    let link = link.to_text();
    for command in [
        &["join", "-", "--place", "0", "--checked", "--now"][..],
        &["token", "-", "--place", "0", "--checked"],
        &["pledge", &url, "--token-file", token.to_str().unwrap(), "--phrase-file", &phrase, "--now"],
        &["status", &url, "--phrase-file", &phrase],
    ] {
        let said = bad(command, &link);
        assert!(said.contains("straight to the server") && said.contains("--direct, or --proxy"), "{said}");
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "{command:?}");
    }
    let invites = folder.path().join("invites");
    std::fs::write(&invites, link.as_bytes()).unwrap();
    let elsewhere = ["rehearse", "https://192.0.2.1", "--participants", "1", "--invites", invites.to_str().unwrap()];
    assert!(bad(&elsewhere, "").contains("--direct, or --proxy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_status_sends_what_an_audit_sends() {
    let world = World::start().await;
    let registered = world.register_many(2, 7).await;
    world.tick().await;
    let folder = tempfile::tempdir().unwrap();
    let phrase = folder.path().join("phrase");
    std::fs::write(&phrase, registered[3].0.words().as_str()).unwrap();
    let (url, id) = (world.url(), world.campaign.id().to_string());
    let seen_of = async |command: &str, phrase: Option<&Path>| {
        let spy = SpyProxy::start(None).await;
        let mut words = [command, &url, "--campaign", &id, "--proxy", &spy.url(), "--json"].map(str::to_owned).to_vec();
        words.extend(phrase.iter().flat_map(|phrase| ["--phrase-file".to_owned(), phrase.display().to_string()]));
        let run = move || good(&words.iter().map(String::as_str).collect::<Vec<_>>(), "");
        let said = tokio::task::spawn_blocking(run).await.unwrap();
        let seen = spy.seen();
        let headers: Vec<_> = seen.iter().flat_map(|connection| connection.headers.clone()).collect();
        (seen.into_iter().flat_map(|connection| connection.requests).collect::<Vec<_>>(), headers, last_document(&said))
    };
    let (audited, headers, audit) = seen_of("audit", None).await;
    assert!(audited.len() > 5, "{audited:?}");
    let (looked, same_headers, found) = seen_of("status", Some(&phrase)).await;
    assert_eq!((&looked, &same_headers), (&audited, &headers));
    assert_eq!((found["published"].as_bool(), found["place"].as_u64()), (Some(true), Some(2)));
    std::fs::write(&phrase, Phrase::generate(&mut rand::rng()).words().as_str()).unwrap();
    let (looked, _, found) = seen_of("status", Some(&phrase)).await;
    assert_eq!((looked, found["published"].as_bool()), (audited, Some(false)));
    assert_eq!(audit["campaign_id_was_given"].as_bool(), Some(true));
    assert_eq!((audit["log_size"].as_u64(), audit["root_hash"].as_str().map(str::len)), (Some(9), Some(44)));
    let checkpoint = String::from_utf8(world.get("/log/checkpoint").await.body).unwrap();
    assert_eq!(checkpoint.lines().nth(2), audit["root_hash"].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn v2_a_forged_announcement_or_number_is_not_shown() {
    let world = World::start().await;
    world.register_many(0, 6).await;
    world.tick().await;
    world.announce(world.announcement(1, "At noon").note).await;
    let honest: Value = serde_json::from_slice(&world.get("/counts.json").await.body).unwrap();
    let shown = async |document: &Value| {
        let lie = ("/counts.json".to_owned(), document.to_string().into_bytes());
        let network = Network::through(&SpyProxy::start(Some(lie)).await.url()).unwrap();
        let site = world.fetch(&network).await.unwrap();
        counts(&site.source, &site.campaign).await.map(|counts| counts.map(|counts| counts.total))
    };
    assert_eq!(shown(&honest).await, Ok(Some(6)));
    let another = World::start().await;
    let changes: [(&str, Value); 6] = [
        ("/announcement/text/en", "Come to the square".into()),
        ("/announcement/date", 1_800_000_000.into()),
        ("/announcement/number", 2.into()),
        ("/announcement/note", another.announcement(1, "At noon").note.into()),
        ("/total", 499_999.into()),
        ("/places", serde_json::json!({ "0": 3, "77": 3 })),
    ];
    for (member, value) in changes {
        let mut lie = honest.clone();
        *lie.pointer_mut(member).unwrap() = value;
        assert!(shown(&lie).await.is_err(), "{member}");
    }
}

#[test]
fn nothing_that_a_server_writes_steers_the_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let genesis = "{\"\\u001b]0;owned\\u0007\u{9b}2J\u{202e}\u{2028}\":1}";
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{genesis}", genesis.len());
        }
    });
    for arguments in [&["counts", &url][..], &["audit", &url], &["counts", &url, "--json"]] {
        let output = headcount(arguments, "");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let steers = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!output.status.success() && !said.contains(steers), "{said:?}");
    }
}

#[test]
fn a_token_that_cannot_be_written_is_not_lost() {
    let demo = Demo::start("1", "0");
    let folder = tempfile::tempdir().unwrap();
    let (phrase, out) = (phrase_file(folder.path()), folder.path().join("token"));
    let out = out.to_str().unwrap();
    // no file can grow, as on a full disk
    let run = |arguments: &[&str], input: &str| {
        let full = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", full]).arg(program("headcount")).args(arguments).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let asked = ["token", "-", "--place", "Anadyr", "--direct", "--checked", "--phrase-file", &phrase, "--out", out];
    let (done, shown, said) = run(&[&asked[..], &["--json"]].concat(), &demo.link(0));
    let finish = &last_document(&shown)["finish"];
    let token = finish["token"].as_str().unwrap();
    assert!(!done && said.contains("cannot be written") && said.contains(token), "{said}");
    assert!(!Path::new(out).exists(), "nothing half written is left");
    std::fs::write(out, token).unwrap();
    let command = finish["command"].as_str().unwrap().replace("FILE", out);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let pledged = good(&[&words[..], &["--phrase-file", &phrase, "--direct", "--now"]].concat(), "");
    assert!(pledged.contains("Pledging for Anadyr") && pledged.contains("Counted"), "{pledged}");

    let kept = folder.path().join("kept");
    let (done, shown, said) =
        run(&[&JOIN[..], &["--now", "--keep-token", kept.to_str().unwrap()]].concat(), &demo.link(1));
    assert!(done && said.contains("cannot be written") && said.contains("Save this token"), "{said}");
    assert!(shown.contains("Counted, and the server's receipt is genuine") && !kept.exists(), "{shown}");
}

#[test]
fn a_reader_that_went_away_stops_nothing_but_what_must_be_seen() {
    let demo = Demo::start("1", "0");
    let folder = tempfile::tempdir().unwrap();
    let phrase = phrase_file(folder.path());
    let run = |arguments: &[&str], input: &str| {
        let mut child = spawn(arguments);
        drop(child.stdout.take());
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        (output.status.success(), said)
    };
    assert!(run(&["counts", demo.told("url")], "").0);
    // an invite that was sent with a phrase that nobody saw would be lost
    for json in [&["--now"][..], &["--now", "--json"]] {
        let (joined, said) = run(&[&JOIN[..], json].concat(), &demo.link(0));
        assert!(!joined && said.contains("phrase cannot be shown"), "{said}");
    }
    let mut token = JOIN;
    token[0] = "token";
    let token = [&token[..], &["--phrase-file", &phrase]].concat();
    let (shown, said) = run(&token, &demo.link(0));
    assert!(!shown && said.contains("Save this token"), "{said}");
    // a phrase that was given need not be shown
    let with_phrase = [&JOIN[..], &["--now", "--phrase-file", &phrase]].concat();
    assert!(run(&with_phrase, &demo.link(0)).0);
    assert!(good(&with_phrase, &demo.link(0)).contains("counted before"));
}

#[test]
fn who_interrupts_is_told_how_to_finish_and_finds_no_empty_file() {
    let demo = Demo::start("1", "0");
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(&[&JOIN[..], &["--delay", "600", "--json"]].concat());
    child.stdin.take().unwrap().write_all(demo.link(0).as_bytes()).unwrap();
    let (mut shown, mut said) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
    let mut line = String::new();
    while !line.contains("Waiting 600 seconds") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it did not wait");
    }
    interrupt(&child);
    child.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
    assert!(!child.wait().unwrap().success());
    let (first, last) = (document(shown.lines().next().unwrap()), last_document(&shown));
    let token = folder.path().join("token");
    std::fs::write(&token, last["finish"]["token"].as_str().unwrap()).unwrap();
    let command = last["finish"]["command"].as_str().unwrap().replace("FILE", token.to_str().unwrap());
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    assert!(words.contains(&"--campaign"), "{command}");
    let pledged = good(&[&words[..], &["--direct", "--now"]].concat(), first["phrase"].as_str().unwrap());
    assert!(pledged.contains("Counted, and"), "{pledged}");

    let out = folder.path().join("never");
    let mut child = spawn(&["token", "-", "--place", "Anadyr", "--out", out.to_str().unwrap()]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    interrupt(&child); // while it waits for the link
    assert!(!child.wait().unwrap().success() && !out.exists());
}

#[test]
fn a_used_invite_and_a_closed_campaign_are_told_as_what_they_are() {
    let demo = Demo::start("2", "0");
    let (url, folder) = (demo.told("url"), tempfile::tempdir().unwrap());
    let (phrase, out) = (phrase_file(folder.path()), folder.path().join("token"));
    let out = out.to_str().unwrap();
    let token = ["token", "-", "--place", "Anadyr", "--direct", "--checked", "--phrase-file", &phrase, "--out", out];
    let output = headcount(&[&token[..], &["--json"]].concat(), &demo.link(0));
    let (shown, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let secret = std::fs::read_to_string(out).unwrap();
    assert!(last_document(&shown)["token"].is_null() && !shown.contains(&secret) && !said.contains(&secret), "{shown}");
    let used = bad(&[&JOIN[..], &["--now"]].concat(), &demo.link(0));
    assert!(used.contains("FIRST phrase") && used.contains("useless") && !used.contains("headcount join"), "{used}");
    let both = bad(&["join", "--place", "Anadyr", "--direct", "--checked", "--phrase-file", "-"], "words");
    assert!(both.contains("--link-file"), "{both}");

    good(&[&JOIN[..], &["--now"]].concat(), &demo.link(1));
    let status = ["status", url, "--phrase-file", &phrase, "--direct"];
    assert!(good(&status, "").contains("another phrase"));
    let organiser_url = demo.told("organiser_url");
    let close = ["organiser", "close", "--yes", "--url", url, "--organiser-url", organiser_url, "--token-file", "-"];
    let closing = good(&close, demo.told("organiser_token"));
    assert!(closing.contains("Free Navalny") || closing.contains(demo.told("campaign_id")), "{closing}");
    wait_until(|| good(&["counts", url, "--json"], "").contains("\"closed\""));
    assert!(good(&status, "").contains("closed at tick"));
    let pledge = ["pledge", url, "--token-file", out, "--phrase-file", &phrase, "--direct", "--now"];
    let late = bad(&pledge, "");
    assert!(late.contains("closed") && !late.contains("--token-file"), "{late}");
    assert_eq!(published(url), 0);
}

#[test]
fn n1_a_server_that_says_closing_does_not_shorten_the_delay_unasked() {
    let demo = Demo::start("100", "0");
    let (url, organiser_url) = (demo.told("url"), demo.told("organiser_url"));
    let folder = tempfile::tempdir().unwrap();
    let (phrase, out) = (phrase_file(folder.path()), folder.path().join("token"));
    let out = out.to_str().unwrap();
    let token = ["token", "-", "--place", "Anadyr", "--direct", "--checked", "--phrase-file", &phrase, "--out", out];
    good(&token, &demo.link(0));
    let organiser = ["--organiser-url", organiser_url, "--token-file", "-"];
    good(&[&["organiser", "close", "--yes"], &organiser[..]].concat(), demo.told("organiser_token"));
    let pledge = ["pledge", url, "--token-file", out, "--phrase-file", &phrase, "--direct"];
    for said in [bad(&pledge, ""), bad(&JOIN, &demo.link(1))] {
        assert!(said.contains("--now or --delay SECONDS"), "{said}");
    }
    assert!(good(&[&pledge[..], &["--delay", "1"]].concat(), "").contains("Counted, and"));
    assert!(good(&[&JOIN[..], &["--now"]].concat(), &demo.link(1)).contains("Counted, and"));
}

#[test]
fn an_announcement_is_asked_about_and_its_date_lies_ahead() {
    let demo = Demo::start("1", "0");
    let (url, organiser_url) = (demo.told("url"), demo.told("organiser_url"));
    let key = demo.folder().join("demo/organiser.key");
    let announce = ["organiser", "announce", url, "--key", key.to_str().unwrap(), "--organiser-url", organiser_url];
    let texts = ["--text", "en=At noon", "--text", "ru=В полдень", "--token-file", "-"];
    let token = demo.told("organiser_token");
    let tried = |more: &[&str]| bad(&[&announce[..], &texts, more].concat(), token);
    assert!(tried(&[]).contains("--yes"));
    for date in ["2021-04-21", "1900000000000", "soon"] {
        assert!(tried(&["--yes", "--date", date]).contains("date"), "{date}");
    }
    assert!(!good(&["counts", url], "").contains("noon"), "nothing was published");
    let told = good(&[&announce[..], &texts, &["--yes"]].concat(), token);
    assert!(told.contains("At noon") && told.contains("В полдень") && told.contains("Announcement 1"), "{told}");
    let counts = ["organiser", "counts", "--organiser-url", organiser_url, "--token-file", "-"];
    assert!(!good(&counts, token).contains("At noon"), "it cannot be checked without the genesis");
    let counted = good(&[&counts[..], &["--url", url]].concat(), token);
    assert!(counted.contains("At noon") && counted.contains("as the server says"), "{counted}");
}
