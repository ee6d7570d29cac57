//! The participant's guides, in each language: through a proxy, against a real server. Where a reader is asked something, the
//! answer is given by an argument.

use crate::commands::{commands, good};
use tests::programs::{Demo, published, wait_until};
use tests::proxy::SpyProxy;

/// What a guide says to a reader's own Tor and campaign, and what it is here.
const PROXY: &str = "socks5h://127.0.0.1:9050";
const HOST: &str = "https://headcount.example.org";

async fn followed(guide: &str) {
    let demo = Demo::start("2", "0");
    let proxy = SpyProxy::start(None).await;
    let folder = tempfile::tempdir().unwrap();
    let phrase = protocol::phrase::Phrase::generate(&mut rand::rng()).words().to_string();
    std::fs::write(folder.path().join("phrase.txt"), phrase).unwrap();
    let mut ran = Vec::new();
    for command in commands(guide) {
        assert!(command.contains(PROXY), "{command} goes without Tor");
        let verb = ["join", "token", "pledge", "status", "audit"]
            .into_iter()
            .find(|verb| command.split(' ').any(|word| word == *verb));
        let verb = verb.unwrap_or_else(|| panic!("{command} is nothing for a participant"));
        let answers = match verb {
            "join" => " - --place Anadyr --checked --now",
            "token" => " --place Anadyr --checked --phrase-file phrase.txt",
            "pledge" => " --phrase-file phrase.txt --now",
            "status" => " --phrase-file phrase.txt",
            _ => "",
        };
        let mut typed = command.replace(PROXY, &proxy.url()).replace(HOST, demo.told("url")) + answers;
        if verb == "join" {
            typed = format!("{typed} < link.txt");
        }
        std::fs::write(folder.path().join("link.txt"), demo.link(ran.len())).unwrap();
        if verb == "status" {
            // others came too, so that a group is full
            let others = 2..6;
            for invite in others.map(|invite| demo.link(invite)) {
                tests::programs::good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &invite);
            }
            let url = demo.told("url").to_owned();
            tokio::task::spawn_blocking(move || wait_until(|| published(&url) >= 5)).await.unwrap();
        }
        let folder = folder.path().to_owned();
        tokio::task::spawn_blocking(move || good(&typed, &folder)).await.unwrap();
        ran.push(verb);
    }
    assert_eq!(ran, ["join", "token", "pledge", "status", "audit"], "{guide}");
    let requests: Vec<String> = proxy.seen().into_iter().flat_map(|connection| connection.requests).collect();
    let asked = |what: &str| requests.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(asked("POST /token-request"), 2, "{requests:?}");
    assert!(asked("POST /pledges") >= 2, "an audit asks there too, for the challenge: {requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_participants_guide_in_english_works_as_it_stands() {
    followed("client/guides/participant.en.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_participants_guide_in_russian_works_as_it_stands() {
    followed("client/guides/participant.ru.md").await;
}
