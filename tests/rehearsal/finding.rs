//! What a rehearsal is for: a server that loses acknowledged pledges is found, by the rehearsal's own receipts.

use crate::whole::document;
use client::rehearsal::reckoning::{Moment, OwnPledge, reckon};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tests::programs::{Demo, good, headcount, program, wait_until};
use tests::{K, World};

#[test]
fn a_server_that_lost_its_pool_before_the_close_is_found_and_the_command_fails() {
    let mut demo = Demo::start("8", "0");
    let data = demo.folder().join("demo");
    let empty = demo.folder().join("empty");
    copy(&data.join("redemption"), &empty);
    let command = [
        "rehearse",
        demo.told("url"),
        "--participants",
        "60",
        "--slow",
        "0",
        "--broken",
        "0",
        "--organiser-url",
        demo.told("organiser_url"),
        "--close",
        "--json",
    ];
    let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
    let token = demo.told("organiser_token").to_owned();
    let rehearsal =
        std::thread::spawn(move || headcount(&command.iter().map(String::as_str).collect::<Vec<_>>(), &token));
    // all are acknowledged once it closes; then the machine comes up again with an older disk under the pool
    let url = demo.told("url").to_owned();
    wait_until(|| good(&["counts", &url, "--json"], "").contains("\"closing\""));
    assert!(demo.stop().success());
    std::fs::remove_dir_all(data.join("redemption")).unwrap();
    copy(&empty, &data.join("redemption"));
    let mut child = Command::new(program("headcount-server"))
        .args(["serve", "--listen", url.trim_start_matches("http://"), "--organiser-listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let output = rehearsal.join().unwrap();
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    child.wait().unwrap();
    let told = document(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!((&told["pledged"], &told["failures"]), (&60.into(), &serde_json::json!({})), "the clients saw nothing");
    assert_eq!(told["published"]["rule_replayed"], false);
    let faults = told["faults"].as_array().unwrap();
    let missing = |fault: &Value| fault.as_str().unwrap().contains("are missing in the log");
    assert!(faults.iter().any(missing), "{told}");
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_honest_server_every_pledge_is_found_and_of_one_that_lost_any_it_is_missed() {
    let mut world = World::start().await;
    let mut own = Vec::new();
    for (place, count) in [(0, K), (1, 2), (2, K + 3)] {
        let registered = world.register_many(place, count).await;
        own.extend(registered.into_iter().map(|(_, token)| OwnPledge { nonce: token.nonce(), place }));
    }
    let later = world.folder.path().join("later");
    copy(&world.data().join("redemption"), &later);
    world.tick().await;
    let report = world.audit().await.unwrap();
    let found = reckon(&world.campaign, &report.published, Moment::Settled, &own, &[]);
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    assert_eq!((found.published(), found.waiting, found.others), (u64::from(2 * K + 3), 2, 0));
    // somebody else's pledges are told apart
    world.register_many(3, K).await;
    world.tick().await;
    let report = world.audit().await.unwrap();
    let found = reckon(&world.campaign, &report.published, Moment::Settled, &own, &[]);
    assert_eq!((found.others, found.faults.len()), (u64::from(K), 0));

    // so many more wait in one place as make a group, and are lost before the tick
    let lost = world.register_many(1, K).await;
    own.extend(lost.into_iter().map(|(_, token)| OwnPledge { nonce: token.nonce(), place: 1 }));
    world.stop().await;
    std::fs::remove_dir_all(world.data().join("redemption")).unwrap();
    copy(&later, &world.data().join("redemption"));
    world.restart().await;
    world.tick().await;
    let report = world.audit().await.unwrap();
    let found = reckon(&world.campaign, &report.published, Moment::Settled, &own, &[]);
    assert_eq!(found.faults.len(), 1, "{:?}", found.faults);
    assert!(found.faults[0].contains("are missing in places"), "{:?}", found.faults);
}
