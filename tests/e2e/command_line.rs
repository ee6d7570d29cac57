//! The programs as their users type them: the demo, a participant, an organiser, an auditor.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tests::programs::{Demo, bad, good, program, published, wait_until};

#[test]
fn a_demo_is_joined_counted_audited_announced_and_closed() {
    let demo = Demo::start("2", "60");
    let url = demo.told("url");
    for invite in 0..5 {
        let link = demo.link(invite);
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &link);
    }
    wait_until(|| published(url) >= 5);
    let counts: Value = serde_json::from_str(&good(&["counts", url, "--json"], "")).unwrap();
    assert!(counts["total"].as_u64().unwrap() >= 5);
    good(&["audit", url, "--campaign", demo.told("campaign_id")], "");

    let (organiser_url, token) = (demo.told("organiser_url"), demo.told("organiser_token"));
    let key = demo.folder().join("demo/organiser.key");
    let organise = |command: &[&str]| {
        let common = ["--organiser-url", organiser_url, "--token-file", "-"];
        good(&[&["organiser"], command, &common].concat(), token)
    };
    let invites = organise(&["invites", "--batch", "square", "--count", "3"]);
    assert_eq!(invites.lines().filter(|line| line.contains("/join#i=")).count(), 3, "{invites}");
    organise(&["announce", url, "--key", key.to_str().unwrap(), "--text", "en=We meet at noon", "--yes"]);
    assert!(good(&["counts", url], "").contains("We meet at noon"));
    organise(&["close", "--yes"]);
    wait_until(|| good(&["counts", url, "--json"], "").contains("\"closed\""));
    good(&["audit", url], "");
    good(&["audit", demo.folder().join("demo").to_str().unwrap()], "");
    let check = Command::new(program("headcount-server"))
        .args(["check", "--data"])
        .arg(demo.folder().join("demo"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

#[test]
fn two_sittings_and_the_search_for_ones_own_entry() {
    let demo = Demo::start("1", "0");
    let (url, folder) = (demo.told("url"), tempfile::tempdir().unwrap());
    let mut phrases = Vec::new();
    for invite in 0..5 {
        let token = folder.path().join(format!("token-{invite}"));
        let phrase = folder.path().join(format!("phrase-{invite}"));
        let words = protocol::phrase::Phrase::generate(&mut rand::rng()).words().to_string();
        std::fs::write(&phrase, &words).unwrap();
        let phrase = phrase.to_str().unwrap().to_owned();
        let out = token.to_str().unwrap();
        good(
            &["token", "-", "--place", "Anadyr", "--direct", "--checked", "--phrase-file", &phrase, "--out", out],
            &demo.link(invite),
        );
        let id = demo.told("campaign_id");
        good(
            &[
                "pledge",
                url,
                "--campaign",
                id,
                "--token-file",
                out,
                "--phrase-file",
                &phrase,
                "--direct",
                "--now",
                "--checked",
            ],
            "",
        );
        phrases.push(phrase);
    }
    wait_until(|| published(url) == 5);
    let found = good(&["status", url, "--phrase-file", &phrases[0], "--direct", "--json"], "");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert!(found.to_string().contains("published"), "{found}");
    let other = protocol::phrase::Phrase::generate(&mut rand::rng()).words().to_string();
    let lost = good(&["status", url, "--direct", "--json"], &other);
    assert_ne!(serde_json::from_str::<Value>(&lost).unwrap(), found);
}

#[test]
fn mistakes_are_told_in_a_sentence_and_nothing_happens() {
    let demo = Demo::start("1", "0");
    let (url, link) = (demo.told("url"), demo.link(0));
    let direct = ["--direct", "--checked", "--now"];
    let join = |place: &str, link: &str| bad(&[&["join", "-", "--place", place], &direct[..]].concat(), link);
    assert!(join("Nowhere", &link).contains("Nowhere"));
    assert!(join("Anadyr", "nonsense").len() > 20);
    assert!(join("Anadyr", &link.replace("#i=", "#i=7")).len() > 20);
    let wrong = if link.contains("c=a") {
        link.replacen("c=a", "c=b", 1)
    } else {
        let at = link.find("c=").unwrap();
        format!("{}a{}", &link[..at + 2], &link[at + 3..])
    };
    assert!(join("Anadyr", &wrong).contains("campaign"));
    bad(&["join", "-", "--place", "Anadyr", "--now"], &link); // nobody is there to be asked
    bad(&["join", "-", "--place", "Anadyr", "--proxy", "socks5h://127.0.0.1:1", "--checked", "--now"], &link);
    bad(&["join", "-", "--place", "Anadyr", "--proxy", "http://127.0.0.1:1", "--checked", "--now"], &link);
    bad(&["join", "-", "--place", "Anadyr", "--relay", "https://relay.example", "--checked", "--now"], &link);
    bad(&["counts", "http://example.org"], "");
    bad(&["audit", url, "--campaign", &"0".repeat(64)], "");
    bad(&["audit", "/nonexistent"], "");
    assert_eq!(published(url), 0);
    // the invite is still good
    good(&[&["join", "-", "--place", "Anadyr"], &direct[..]].concat(), &link);
    // and used with another phrase now
    assert!(bad(&[&["join", "-", "--place", "Anadyr"], &direct[..]].concat(), &link).contains("used"));
}

#[test]
fn the_server_says_what_is_wrong_with_a_campaign_file_and_refuses_a_used_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = |arguments: &[&str]| {
        let output =
            Command::new(program("headcount-server")).current_dir(folder.path()).args(arguments).output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout),
        )
    };
    let campaign = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    for name in ["campaign.toml", "places.json", "map.json"] {
        std::fs::copy(campaign.join(name), folder.path().join(name)).unwrap();
    }
    let (made, said) = server(&["init", "--campaign", "campaign.toml", "--data", "data"]);
    assert!(!made && said.contains("organiser_key is missing"), "{said}");
    let key = good(&["organiser", "key", "--out", folder.path().join("organiser.key").to_str().unwrap()], "");
    let public = key
        .split(['"', ' ', '\n'])
        .find(|word| word.len() == 44 && word.ends_with('='))
        .unwrap_or_else(|| panic!("{key}"));
    let file = std::fs::read_to_string(folder.path().join("campaign.toml")).unwrap();
    let file = format!("organiser_key = \"{public}\"\n{file}");
    std::fs::write(folder.path().join("campaign.toml"), &file).unwrap();
    let (made, said) = server(&["init", "--campaign", "campaign.toml", "--data", "data"]);
    assert!(!made && said.contains("closes is 2021-04-21 09:00 UTC, which is over"), "{said}");
    let file = file.replace(" = 2021-", " = 2121-");
    std::fs::write(folder.path().join("campaign.toml"), &file).unwrap();
    let (made, said) = server(&["init", "--campaign", "campaign.toml", "--data", "data"]);
    assert!(made && said.contains("campaign words"), "{said}");
    let (again, said) = server(&["init", "--campaign", "campaign.toml", "--data", "data"]);
    assert!(!again && said.contains("headcount-server serve --data data"), "{said}");
    let (demo, said) = server(&["demo", "--data", "data"]);
    assert!(!demo && said.contains("headcount-server serve --data data"), "{said}");
    let (checked, said) = server(&["check", "--data", "data"]);
    assert!(checked, "{said}");
    std::fs::write(folder.path().join("campaign.toml"), format!("k = 3\ncolour = 1\n{}", file.replace("k = 10", "")))
        .unwrap();
    let (made, said) = server(&["init", "--campaign", "campaign.toml", "--data", "other"]);
    assert!(!made && said.contains("line 2: \"colour\""), "{said}");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn a_server_stops_in_order_when_told_and_goes_on_where_it_was() {
    let mut demo = Demo::start("1", "0");
    for invite in 0..3 {
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &demo.link(invite));
    }
    assert!(demo.stop().success());
    let address = demo.told("url").trim_start_matches("http://").to_owned();
    let mut child = Command::new(program("headcount-server"))
        .args(["serve", "--listen", &address, "--organiser-listen", "127.0.0.1:0", "--data"])
        .arg(demo.folder().join("demo"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("Ctrl-C") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it did not start");
    }
    // exactly k in all: of one more, a tick between them would publish k and keep one
    for invite in 3..5 {
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &demo.link(invite));
    }
    wait_until(|| published(demo.told("url")) == 5);
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
}
