//! A server is killed and its folder is lost; a backup, made while it ran, and the public log bring the campaign back. The
//! keys are made, and the backup is looked at, by Debian's age.

use crate::accounts::{check, counts, demand_audit};
use crate::campaign::Made;
use crate::crowd::{Crowd, Heard, People, Told};
use crate::process::Server;
use protocol::problem::Problem;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tests::programs::{good, program};

/// Who has pledged before the backup, between it and the loss so that it is published, and so that it is not.
const BEFORE: [usize; 5] = [0, 1, 2, 3, 4];
const SINCE: [usize; 5] = [5, 6, 7, 8, 9];
const PENDING: usize = 10;
/// Who has a token from before the backup and no pledge, one from after it, and none.
const OLD_TOKEN: usize = 11;
const NEW_TOKEN: usize = 12;
const LATE: usize = 13;

/// A program of Debian's package age.
fn age(name: &str, arguments: &[&str]) -> Output {
    let ran = Command::new(name).args(arguments).output();
    let ran = ran.unwrap_or_else(|error| panic!("{name} does not start ({error}); `make test` installs Debian's age"));
    assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    ran
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let ran = Command::new(program("headcount-server")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if ran.status.success() { Ok(text(ran.stdout)) } else { Err(text(ran.stderr)) }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What Debian's age and tar find in a backup.
fn listed(backup: &Path, identity: &Path) -> Vec<String> {
    let archive = backup.with_extension("tar");
    age("age", &["-d", "-i", path(identity), "-o", path(&archive), path(backup)]);
    let listed = Command::new("tar").args(["-tf", path(&archive)]).output().unwrap();
    assert!(listed.status.success());
    std::fs::remove_file(archive).unwrap();
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
}

async fn take_part(crowd: &Arc<Crowd>, url: &str, who: &[usize]) {
    for who in who {
        assert!(crowd.take_part(url, *who, true).await);
    }
}

async fn until_published(url: &str, total: u64) {
    while counts(url).await.total < total {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[test]
fn o2_a_lost_campaign_goes_on_from_a_backup_and_the_public_log() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let made = runtime.block_on(Made::new(2, 2, 3600));
    let data = made.data();
    let (identity, backup, public) = (made.beside("identity"), made.beside("backup.age"), made.beside("public"));
    age("age-keygen", &["-o", path(&identity)]);
    let recipient = String::from_utf8(age("age-keygen", &["-y", path(&identity)]).stdout).unwrap();

    let server = Server::start(&data);
    let invites = runtime.block_on(made.invites(&server.organiser_url, 14));
    let people = People::new(&made.campaign, invites, vec![0; 14]);
    let crowd = Crowd::new(&people, Told::default());
    let url = server.url.clone();
    runtime.block_on(async {
        take_part(&crowd, &url, &BEFORE).await;
        assert_eq!(crowd.ask(&url, OLD_TOKEN).await, Heard::Yes(200));
        until_published(&url, 5).await;
        // the tick after the token cleans the used invites too
        let tick = counts(&url).await.tick;
        while counts(&url).await.tick < tick + 2 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let said = run(&["backup", "--data", path(&data), "--to", path(&backup), "--recipient", recipient.trim()]).unwrap();
    assert!(said.contains("used up to the last tick"), "{said}");
    let names = listed(&backup, &identity);
    assert!(
        names.iter().any(|name| name == "attestation/used") && names.iter().any(|name| name == "keys/issuer.pkcs8")
    );
    assert!(!names.iter().any(|name| name.contains("redemption") || name.contains("since-")), "{names:?}");

    runtime.block_on(async {
        take_part(&crowd, &url, &SINCE).await;
        assert_eq!(crowd.ask(&url, NEW_TOKEN).await, Heard::Yes(200));
        until_published(&url, 10).await;
    });
    // as anybody may have it
    good(&["audit", &url, "--campaign", &made.campaign.id().to_string(), "--keep", path(&public)], "");
    let log_size = runtime.block_on(counts(&url)).log_size;
    runtime.block_on(take_part(&crowd, &url, &[PENDING]));
    server.kill();
    std::fs::remove_dir_all(&data).unwrap();

    let restore = |issue: &[&str]| {
        let from = ["restore", "--from", path(&backup), "--identity", path(&identity), "--log", path(&public)];
        run(&[&from[..], &["--data", path(&data)], issue].concat())
    };
    let said = restore(&[]).unwrap();
    assert!(said.contains(&format!("a log of {log_size} entries with 10 pledges")), "{said}");
    assert!(said.contains("nobody knows") && said.contains("issuing-stopped"), "{said}");
    check(&data).unwrap();
    goes_on(&runtime, &made, &people, &crowd);

    // the operator takes the risk: an invite from before the backup is used all the same
    std::fs::remove_dir_all(&data).unwrap();
    assert!(restore(&["--issue-again"]).unwrap().contains("You chose to issue"));
    let server = Server::start(&data);
    let again = Crowd::new(&people, crowd.told().clone());
    runtime.block_on(async {
        assert_eq!(again.ask_otherwise(&server.url, OLD_TOKEN).await, Heard::No(Problem::InviteUsed));
        for who in [OLD_TOKEN, NEW_TOKEN, LATE] {
            assert_eq!(again.ask(&server.url, who).await, Heard::Yes(200), "participant {who}");
        }
    });
    server.kill();
}

/// What the restored server says to those who knew the lost one.
fn goes_on(runtime: &tokio::runtime::Runtime, made: &Made, people: &Arc<People>, crowd: &Arc<Crowd>) {
    let server = Server::start(&made.data());
    demand_audit(&server.url, &made.campaign);
    let closed = Heard::No(Problem::Closed);
    runtime.block_on(async {
        let url = &server.url;
        for who in BEFORE.iter().chain(&SINCE) {
            assert_eq!(crowd.pledge(url, *who).await, Heard::Yes(200), "participant {who}: the same receipt again");
        }
        for who in BEFORE.iter().chain(&[OLD_TOKEN]) {
            assert_eq!(crowd.ask(url, *who).await, Heard::Yes(200), "participant {who}: the same token again");
            assert_eq!(crowd.ask_otherwise(url, *who).await, closed, "participant {who}: and no other");
        }
        for who in [SINCE[0], NEW_TOKEN, LATE] {
            assert_eq!(
                crowd.ask(url, who).await,
                closed,
                "participant {who}: nobody knows whether her invite was used"
            );
        }
        // gone with the pool, and made again by those whom it was
        let told = Crowd::new(people, Told::default());
        for who in [PENDING, OLD_TOKEN, NEW_TOKEN] {
            assert_eq!(told.pledge(url, who).await, Heard::Yes(201), "participant {who}");
        }
    });
    check(&made.data()).unwrap();
    demand_audit(&server.url, &made.campaign);
    server.kill();
    let again: PathBuf = made.data();
    drop(Server::start(&again)); // its own restart is one like any other
    demand_audit(path(&again), &made.campaign);
}
