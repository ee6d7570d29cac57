//! What can be wrong when a campaign is backed up, restored, kept elsewhere or raided: each is told in a sentence, and
//! nothing half-made is left.

use crate::folders::{FREE, copy, make, serve};
use crate::judge::{Said, Table, client, server};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Debian's age-keygen: an identity in a file, and its public key.
fn identity(home: &Path, name: &str) -> String {
    let run = |arguments: &[&str]| {
        let ran = Command::new("age-keygen").current_dir(home).args(arguments).output();
        ran.unwrap_or_else(|error| panic!("age-keygen does not start ({error}); `make test` installs Debian's age"))
    };
    assert!(run(&["-o", name]).status.success());
    String::from_utf8(run(&["-y", name]).stdout).unwrap().trim().to_owned()
}

#[test]
fn what_stops_a_backup_or_a_restore_is_told() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let home = folder.path();
    make(&home.join("data"));
    make(&home.join("other"));
    let (recipient, _) = (identity(home, "identity"), identity(home, "stranger"));
    let backup =
        |data: &str, to: &str, key: &str| server(home, &["backup", "--data", data, "--to", to, "--recipient", key]);
    let restore = |from: &str, identity: &str, data: &str, log: &str| {
        server(home, &["restore", "--from", from, "--identity", identity, "--data", data, "--log", log])
    };
    assert_eq!(backup("data", "backup.age", &recipient).code, Some(0));
    fs::write(home.join("text"), "no such thing\n").unwrap();
    let whole = fs::read(home.join("backup.age")).unwrap();
    fs::write(home.join("cut.age"), &whole[..whole.len() / 2]).unwrap();
    copy(&home.join("data/log"), &home.join("public/log"));
    copy(&home.join("other/log"), &home.join("foreign/log"));
    copy(&home.join("data/log"), &home.join("bent/log"));
    let bundle = home.join("bent/log/tile/entries/000.p/1");
    fs::write(&bundle, fs::read(&bundle).unwrap().split_off(1)).unwrap();
    for (what, said, mentions) in [
        ("no public key", backup("data", "new.age", "age1x"), "public key"),
        ("an identity for a public key", backup("data", "new.age", "AGE-SECRET-KEY-1"), "public key"),
        ("no campaign", backup("nowhere", "new.age", &recipient), "nowhere"),
        ("an old file", backup("data", "backup.age", &recipient), "not overwritten"),
        ("a folder that is not there", backup("data", "nowhere/new.age", &recipient), "nowhere/new.age"),
        ("a folder in use", restore("backup.age", "identity", "data", "public"), "not empty"),
        ("no backup", restore("nothing", "identity", "new", "public"), "nothing"),
        ("a text for a backup", restore("text", "identity", "new", "public"), "text"),
        ("half a backup", restore("cut.age", "identity", "new", "public"), "cut.age"),
        ("no identity", restore("backup.age", "nothing", "new", "public"), "nothing"),
        ("a text for an identity", restore("backup.age", "text", "new", "public"), "identity"),
        ("a backup for an identity", restore("backup.age", "backup.age", "new", "public"), "identity"),
        ("another identity", restore("backup.age", "stranger", "new", "public"), "stranger"),
        ("no log", restore("backup.age", "identity", "new", "nowhere"), "newest public log"),
        ("another campaign's log", restore("backup.age", "identity", "new", "foreign"), "log"),
        ("a bent log", restore("backup.age", "identity", "new", "bent"), "log"),
    ] {
        table.judge(what, &said, &[&fs::read_to_string(home.join("identity")).unwrap()], mentions);
        let left = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(left.into_iter().all(|name| !name.starts_with("new") && !name.starts_with(".new")), "{what}");
    }
    assert_eq!(restore("backup.age", "identity", "new", "public").code, Some(0));
    assert_eq!(server(home, &["check", "--data", "new"]).code, Some(0));
    table.end(16);
}

#[test]
fn what_stops_a_raid_and_what_it_leaves_is_told() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let home = folder.path();
    let raid = || -> Said { server(home, &["raid", "--data", "data"]) };
    table.judge("a raid of nothing", &raid(), &[], "nothing was touched");
    make(&home.join("data"));
    fs::write(home.join("data/raid"), "").unwrap();
    table.judge("check of a raid that was begun", &server(home, &["check", "--data", "data"]), &[], "raid --data data");
    table.judge("serve of a raid that was begun", &serve(home, &FREE), &[], "raid --data data");
    assert_eq!(raid().code, Some(0));
    table.judge("serve after a raid", &serve(home, &FREE), &[], "data/site");
    let backup = ["backup", "--data", "data", "--to", "b", "--recipient"];
    let key = identity(home, "identity");
    table.judge("backup after a raid", &server(home, &[&backup[..], &[&key]].concat()), &[], "raid");
    assert_eq!(server(home, &["check", "--data", "data"]).code, Some(0));
    assert_eq!(client(&["audit", home.join("data/site").to_str().unwrap()], "").code, Some(0));
    let kept = home.join("data");
    let kept = ["audit", kept.to_str().unwrap(), "--keep", kept.to_str().unwrap()];
    table.judge("a mirror in a folder that is in use", &client(&kept, ""), &[], "not empty");
    table.end(6);
}
