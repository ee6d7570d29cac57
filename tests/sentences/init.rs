//! What `headcount-server init` says, and to whom: warnings, a look without making anything, and an answer that is either
//! delivered or not given, because the organiser's token is in it.

use crate::campaign_file::{file_with, folder};
use crate::judge::{Said, Table, server};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::programs::program;

const INIT: [&str; 5] = ["init", "--campaign", "campaign.toml", "--data", "data"];

fn write(folder: &Path, file: &str) {
    std::fs::write(folder.join("campaign.toml"), file).unwrap();
}

fn spawn(folder: &Path, stdout: Stdio) -> Child {
    let mut command = Command::new(program("headcount-server"));
    command.current_dir(folder).args(INIT).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
}

/// How it ended, and what it said on standard error.
fn ended(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said::of(String::new(), String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn a_dry_run_says_everything_and_makes_nothing() {
    let (folder, mut table) = (folder(), Table::default());
    let dry = ["init", "--campaign", "campaign.toml", "--dry-run"];
    for arguments in [dry.to_vec(), [&INIT[..], &["--dry-run"]].concat()] {
        write(folder.path(), &file_with("", "").0);
        let said = server(folder.path(), &arguments);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(said.out, "campaign.toml has no mistakes and 6 warnings, above. Nothing was made.\n");
        assert_eq!(said.err.matches("Warning: ").count(), 6, "{}", said.err);
        for part in [
            "1 of 1 places do not lie on the map",
            "Join such a region",
            "eligible is 1000",
            "line 12: issuer_name",
            "line 13: origin_name",
            "line 6: in a campaign",
        ] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
        write(folder.path(), &file_with("target", "target = 1001").0);
        table.judge("a mistake", &server(folder.path(), &arguments), &[], "line 1: target");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "campaign.toml, places.json, map.json");
    }
    table.judge("neither", &server(folder.path(), &INIT[..3]), &[], "--data");
    std::fs::create_dir_all(folder.path().join("data/used")).unwrap();
    write(folder.path(), &file_with("", "").0);
    let used = server(folder.path(), &[&INIT[..], &["--dry-run"]].concat());
    table.judge("a used folder", &used, &[], "not empty");
    table.end(4);
}

#[test]
fn warnings_do_not_stop_a_campaign_and_stay_out_of_its_answer() {
    let folder = folder();
    write(folder.path(), &file_with("", "").0);
    let said = server(folder.path(), &INIT);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("Warning: ") && !said.out.contains("Warning"), "{}", said.out);
    assert!(said.out.contains("organiser's token") && folder.path().join("data/genesis.json").exists());
}

/// Nobody was told: so nothing was made, it is said why, and the token stands nowhere.
fn judge_undelivered(table: &mut Table, case: &str, folder: &Path, said: &Said) {
    table.judge(case, said, &[], "organiser's token is shown");
    let long = said.err.split_whitespace().find(|word| word.len() > 40);
    assert_eq!(long, None, "{case}: a token is on standard error");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 3, "{case}: campaign.toml, places.json, map.json");
}

#[test]
fn an_answer_that_nobody_can_read_makes_no_campaign() {
    let (folder, mut table) = (folder(), Table::default());
    write(folder.path(), &file_with("", "").0);
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    judge_undelivered(&mut table, "nobody reads", folder.path(), &ended(spawn(folder.path(), closed.into())));
    judge_undelivered(&mut table, "into nowhere", folder.path(), &ended(spawn(folder.path(), Stdio::null())));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    judge_undelivered(&mut table, "a full disk", folder.path(), &ended(spawn(folder.path(), full.into())));
    // as `| head -1` does; if it was slower than the making of the keys, the answer was delivered
    let mut child = spawn(folder.path(), Stdio::piped());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said = ended(child);
    if said.code != Some(0) {
        judge_undelivered(&mut table, "a reader who stops", folder.path(), &said);
    }
    table.end(3);
}
