//! The operator's guide: a campaign from nothing to its audited close, by the commands that stand there, in their order.
//! What a person does between them, writing the campaign file and carrying the token, is done here.

use crate::commands::{commands, good, shell};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::bundle;
use tests::programs::{Served, free_address, good as headcount, program, wait_until};

const GUIDE: &str = "server/guides/operator.en.md";
/// What the guide says, and what it is here.
const HOST: &str = "https://headcount.example.org";
const LISTEN: &str = "127.0.0.1:8080";
const ORGANISER_LISTEN: &str = "127.0.0.1:8081";

/// `serve`, as the guide types it.
fn serve(command: &str, folder: &Path) -> Served {
    let programs = program("headcount-server").parent().unwrap().to_owned();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("exec {command}")]).current_dir(folder).env("PATH", path);
    Served::start(&mut bash)
}

/// What the guide asks a person to put into the copied campaign file: the key, a host, dates, short ticks.
fn write_campaign(folder: &Path, key: &str, address: &str) {
    let path = folder.join("campaign/campaign.toml");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let closes = now + 24 * 3600;
    let key = key.lines().find(|line| line.starts_with("organiser_key = ")).unwrap();
    let line = |line: &str| match line.split([' ', '=']).next().unwrap_or_default() {
        "#organiser_key" => key.to_owned(),
        "k" => "k = 5".to_owned(),
        "tick_seconds" => "tick_seconds = 2".to_owned(),
        name @ ("opens" | "pledges_open") => format!("{name} = {now}"),
        name @ ("issuing_closes" | "closes") => format!("{name} = {closes}"),
        name @ ("issuer_name" | "origin_name") => format!("{name} = \"{address}\""),
        _ => line.to_owned(),
    };
    let text: Vec<String> = std::fs::read_to_string(&path).unwrap().lines().map(line).collect();
    std::fs::write(&path, text.join("\n") + "\n").unwrap();
}

#[test]
fn the_operators_guide_leads_from_nothing_to_a_closed_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::os::unix::fs::symlink(repository.join("server"), here.join("server")).unwrap();
    bundle::write(&here.join("target/page"), bundle::DEBIAN, &bundle::files("a page"));
    let (address, organisers) = (free_address(), free_address());
    let url = format!("http://{address}");
    let counts = || headcount(&["counts", &url, "--json"], "");
    let (mut key, mut served, mut ran) = (String::new(), None, Vec::new());
    for command in commands(GUIDE) {
        let typed = command.replace(HOST, &url).replace(LISTEN, &address).replace(ORGANISER_LISTEN, &organisers);
        let words: Vec<&str> = typed.split(' ').collect();
        let verb = [0, 1, 2].map(|at| words.get(at).copied().unwrap_or_default());
        let told = match verb {
            ["headcount-server", "serve", _] => {
                served = Some(serve(&typed, here));
                String::new()
            }
            ["headcount-server", "init", _] if command.contains("--dry-run") => {
                let refused = shell(&typed, here);
                let why = String::from_utf8_lossy(&refused.stderr).into_owned();
                assert!(!refused.status.success() && why.contains("organiser_key is missing"), "{why}");
                write_campaign(here, &key, &address);
                let told = good(&typed, here);
                assert!(told.contains("has no mistakes") && !here.join("data").exists(), "{told}");
                told
            }
            ["headcount", "organiser", "announce" | "close" | "revoke"] => good(&(typed.clone() + " --yes"), here),
            _ => good(&typed, here),
        };
        match verb {
            ["headcount", "organiser", "key"] => key = told,
            ["headcount-server", "init", _] if !command.contains("--dry-run") => {
                let token = told.lines().skip_while(|line| !line.contains("organiser's token")).nth(1).unwrap();
                std::fs::write(here.join("organiser.token"), token.trim()).unwrap();
            }
            ["headcount", "organiser", "invites"] => {
                let out = here.join(typed.split("--out ").nth(1).unwrap());
                let made = std::fs::read_to_string(out).unwrap();
                let links = made.lines().filter(|line| line.contains("/join#i=")).count();
                assert!(links == 40 || made.contains("<html"), "{typed}");
            }
            ["headcount", "organiser", "announce"] => assert!(counts().contains("Wir treffen uns"), "{}", counts()),
            ["headcount", "organiser", "close"] => {
                wait_until(|| counts().contains("\"closed\""));
                wait_until(|| shell("headcount audit data/site", here).status.success()); // it is written behind the close
            }
            _ => {}
        }
        ran.push(verb.map(str::to_owned));
    }
    drop(served);
    let done = |part: [&str; 2]| ran.iter().any(|verb| verb[..2] == part || verb[1..] == part);
    let parts = [
        ["headcount-server", "install"],
        ["headcount-server", "serve"],
        ["headcount-server", "organiser"],
        ["headcount", "rehearse"],
        ["organiser", "revoke"],
        ["headcount-server", "backup"],
        ["headcount-server", "restore"],
        ["organiser", "close"],
        ["audit", "data/site"],
        ["headcount-server", "raid"],
    ];
    for part in parts {
        assert!(done(part), "the guide leaves out {part:?}: {ran:?}");
    }
}
