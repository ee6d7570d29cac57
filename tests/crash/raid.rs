//! A raid of a server under load, of one that does not answer, and one that is cut off: afterwards nothing in any file
//! endangers anybody, and the public log lives on.

use crate::accounts::{check, demand_audit};
use crate::calls::{Trace, demand_strace, points};
use crate::campaign::Made;
use crate::crowd::{Crowd, Heard, People, Told, all};
use crate::process::Server;
use protocol::invite::InviteKey;
use protocol::pledge::Nonce;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::folders::{copy_folder, files};
use tests::programs::{program, wait_until};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// What may be left at the top of the folder.
const PUBLIC: [&str; 8] = ["genesis.json", "places.json", "map.json", "log", "published", "site", "lock", "raid"];

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn raid(data: &Path) -> Output {
    Command::new(program("headcount-server")).args(["raid", "--data"]).arg(data).output().unwrap()
}

fn demand_raid(data: &Path) -> String {
    let raided = raid(data);
    assert!(raided.status.success(), "{}", String::from_utf8_lossy(&raided.stderr));
    String::from_utf8(raided.stdout).unwrap()
}

/// Private keys, used invites and what they were used for.
fn private(made: &Made, people: &People, told: &Told) -> Vec<Vec<u8>> {
    let data = made.data();
    let invite_key = std::fs::read(data.join("keys/invite")).unwrap();
    let is_key = |path: &Path| path.starts_with(data.join("keys")) || path.ends_with("key");
    let keys = files(&data).into_iter().filter(|(path, _)| is_key(path));
    let mut sought: Vec<Vec<u8>> = keys.map(|(_, key)| key[key.len().saturating_sub(32)..].to_vec()).collect();
    assert!(sought.len() >= 5, "{}", sought.len());
    let invite_key = InviteKey::from_bytes(invite_key.try_into().unwrap());
    for who in &told.tokens {
        let id = invite_key.recognise(made.campaign.id(), people.invite(*who)).unwrap();
        // an inner part: sled leaves out what keys have in common
        sought.extend([id.as_bytes()[4..].to_vec(), people.request_digest(*who)[8..24].to_vec()]);
    }
    sought
}

/// How many of these stand in any file of a folder.
fn found(data: &Path, sought: &[Vec<u8>]) -> usize {
    let files = files(data);
    let stands = |one: &&Vec<u8>| files.iter().any(|(_, bytes)| bytes.windows(one.len()).any(|part| part == *one));
    sought.iter().filter(stands).count()
}

fn demand_destruction(data: &Path, sought: &[Vec<u8>]) {
    let left: BTreeSet<String> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !PUBLIC.contains(&name.as_str()))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(found(data, sought), 0);
    check(data).unwrap();
}

async fn load(crowd: Arc<Crowd>, url: String, next: Arc<AtomicUsize>) {
    let mut workers = JoinSet::new();
    for _ in 0..16 {
        let (crowd, url, next) = (crowd.clone(), url.clone(), next.clone());
        workers.spawn(async move {
            loop {
                let who = next.fetch_add(1, SeqCst);
                // in a raid the stores go before the server does: whoever is refused then goes home
                if who >= crowd.people.count()
                    || !matches!(crowd.ask(&url, who).await, Heard::Yes(_))
                    || !matches!(crowd.pledge(&url, who).await, Heard::Yes(_))
                {
                    return;
                }
            }
        });
    }
    all(workers).await;
}

#[test]
fn u3_a_raid_of_a_server_under_load_leaves_nothing_but_what_is_public() {
    let runtime = runtime();
    let made = runtime.block_on(Made::new(2, 2, 3600));
    let data = made.data();
    let mut server = Server::start(&data);
    let invites = runtime.block_on(made.invites(&server.organiser_url, 6000));
    let people = People::new(&made.campaign, invites, (0..6000).map(|who| who % 6).collect());
    let (crowd, next) = (Crowd::new(&people, Told::default()), Arc::new(AtomicUsize::new(0)));
    let crowding = runtime.spawn(load(crowd.clone(), server.url.clone(), next));
    wait_until(|| published(&data) > 20 && crowd.told().pledges.len() > 60);
    let before = made.beside("before");
    server.signal("STOP"); // a copy of one moment
    let sought = private(&made, &people, &crowd.told().clone());
    copy_folder(&data, &before);
    server.signal("CONT");

    let said = demand_raid(&data);
    assert!(server.has_ended(), "it goes on after a raid");
    runtime.block_on(crowding).unwrap();
    // what is looked for can be found
    let there = found(&before, &sought);
    assert!(there > sought.len() / 2, "{there} of {}", sought.len());
    let logged: BTreeSet<Nonce> = nonces(&data);
    let everything = [sought, traces(&people, &crowd.told(), &logged)].concat();
    demand_destruction(&data, &everything);
    let lines: Vec<&str> = said.lines().take(4).collect();
    for (line, what) in lines.iter().zip(["private key", "no server runs", "used invites", "public log"]) {
        assert!(line.contains(what), "{said}");
    }

    // what was published stays, the rest was never there
    let site = data.join("site");
    demand_audit(site.to_str().unwrap(), &made.campaign);
    assert!(logged.len() > 20 && logged == nonces(&site));
    let counts: serde_json::Value = serde_json::from_slice(&std::fs::read(site.join("counts.json")).unwrap()).unwrap();
    assert_eq!(counts["total"].as_u64(), Some(logged.len() as u64));
    let refused = Server::try_start(&data).err().unwrap();
    assert!(refused.contains("was ended by a raid") && refused.contains("site"), "{refused}");
    demand_raid(&data);
    demand_destruction(&data, &everything);
}

/// The requests of all who were told of a token, and the nonces of pledges that were pending.
fn traces(people: &People, told: &Told, logged: &BTreeSet<Nonce>) -> Vec<Vec<u8>> {
    let requests = told.tokens.iter().map(|who| people.request_digest(*who)[8..24].to_vec());
    let pending = told.pledges.iter().map(|who| people.nonce(*who)).filter(|nonce| !logged.contains(nonce));
    requests.chain(pending.map(|nonce| nonce.as_bytes()[8..24].to_vec())).collect()
}

/// The nonces in the log of a folder.
fn nonces(folder: &Path) -> BTreeSet<Nonce> {
    tests::folders::entries(&folder.join("log"))
        .iter()
        .filter_map(|entry| match protocol::entry::Entry::decode(entry) {
            Ok(protocol::entry::Entry::Pledge(pledge)) => Some(pledge.nonce()),
            _ => None,
        })
        .collect()
}

fn published(data: &Path) -> usize {
    let size = std::fs::read_to_string(data.join("log/checkpoint")).unwrap_or_default();
    size.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0)
}

/// A campaign with pledges of five people, and its server, killed.
fn small(runtime: &Runtime) -> (Made, Arc<People>, Told) {
    let made = runtime.block_on(Made::new(36_000, 36_000, 2));
    let server = Server::start(&made.data());
    let people = runtime.block_on(async {
        let invites = made.invites(&server.organiser_url, 5).await;
        People::new(&made.campaign, invites, vec![0; 5])
    });
    let crowd = Crowd::new(&people, Told::default());
    runtime.block_on(crowd.demand(&server.url, (0..5).collect(), |_| true));
    server.kill();
    let told = crowd.told().clone();
    (made, people, told)
}

#[test]
fn u3_a_raid_does_not_wait_for_a_server_that_does_not_answer() {
    let runtime = runtime();
    let (made, people, told) = small(&runtime);
    let (data, sought) = (made.data(), private(&made, &people, &told));
    let mut server = Server::start(&data);
    server.signal("STOP");
    let raided = raid(&data);
    let said = String::from_utf8(raided.stderr).unwrap();
    assert!(!raided.status.success() && said.contains("keys in memory"), "{said}");
    demand_destruction(&data, &sought);
    server.signal("CONT");
    assert!(server.has_ended());
    demand_raid(&data);
    demand_destruction(&data, &sought);
    demand_audit(data.join("site").to_str().unwrap(), &made.campaign);
}

#[test]
fn u3_a_raid_goes_on_when_its_terminal_goes_away() {
    let runtime = runtime();
    let (made, people, told) = small(&runtime);
    let (data, sought) = (made.data(), private(&made, &people, &told));
    let mut server = Server::start(&data);
    server.signal("STOP"); // so that the raid waits for it, keys destroyed, while it is hung up
    let mut command = Command::new(program("headcount-server"));
    command.args(["raid", "--data"]).arg(&data).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut raid = command.spawn().unwrap();
    drop((raid.stdout.take(), raid.stderr.take()));
    wait_until(|| !data.join("keys/invite").exists());
    assert!(Command::new("kill").args(["-HUP", &raid.id().to_string()]).status().unwrap().success());
    assert_eq!(raid.wait().unwrap().code(), Some(1), "all is destroyed, but a server is still there");
    demand_destruction(&data, &sought);
    assert!(data.join("site/index.html").exists());
    server.signal("CONT");
    assert!(server.has_ended());
}

#[test]
fn u3_a_raid_that_was_cut_off_anywhere_is_finished_by_the_next() {
    demand_strace();
    let runtime = runtime();
    let (made, people, told) = small(&runtime);
    let sought = private(&made, &people, &told);
    let traced = |data: &Path, trace: &Trace| {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-qq"]).args(trace.arguments(data)).arg(program("headcount-server"));
        command.args(["raid", "--data"]).arg(data).output().unwrap()
    };
    let (model, trace) = (made.beside("model"), made.beside("raid.trace"));
    copy_folder(&made.data(), &model);
    assert!(traced(&model, &Trace::Watch(trace.clone())).status.success());
    let mut found = points(&std::fs::read_to_string(trace).unwrap(), &model).starting;
    found.retain(|point| !point.path.starts_with("site")); // which has tests of its own
    let at =
        |what: &str| found.iter().position(|point| point.path.starts_with(what)).unwrap_or_else(|| panic!("{what}"));
    assert!(
        at("raid") < at("keys/") && at("keys/") < at("redemption") && at("keys/") < at("attestation"),
        "keys first"
    );
    assert!(found.len() > 20, "{found:?}");
    for (number, point) in found.iter().enumerate() {
        let data: PathBuf = made.beside(&format!("copy-{number}"));
        copy_folder(&made.data(), &data);
        let cut = traced(&data, &Trace::Kill(point.clone()));
        assert!(!cut.status.success(), "it does not die {point}");
        if data.join("raid").exists() {
            let refused = Server::try_start(&data).err().unwrap_or_else(|| panic!("it serves, {point}"));
            assert!(refused.contains("raid"), "{refused}");
        }
        demand_raid(&data);
        demand_destruction(&data, &sought);
        demand_audit(data.join("site").to_str().unwrap(), &made.campaign);
        std::fs::remove_dir_all(data).unwrap();
    }
}
