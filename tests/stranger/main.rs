//! The whole surface tried by a stranger, from outside: `attack.py` over real sockets against the programs as they are
//! installed, in every state, role and route; and that no route of the server is left out by it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]
#![allow(clippy::print_stdout, reason = "a line for each attack")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tests::foreign::installed;
use tests::programs::program;

fn python(script: &str) -> Command {
    let python = installed("peers/venv/bin/python", "setup-peers").unwrap_or_else(|said| panic!("{said}"));
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("NO_PROXY", "127.0.0.1").arg(home().join("stranger").join(script));
    command
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every address in the server's tables of routes, as it is written there.
fn routes_in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, bytes) in tests::folders::files(&home().join("../server/src")) {
        let text = String::from_utf8(bytes).unwrap();
        // what stands behind the tests of a file is no table of routes
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        for route in text.split(".route(").skip(1) {
            let route = route.trim_start().trim_start_matches("&at(");
            let name = match (route.strip_prefix('"'), route.split([',', ')']).next().unwrap()) {
                (Some(quoted), _) => quoted.split('"').next().unwrap(),
                (None, "DIRECTORY_PATH") => protocol::directory::DIRECTORY_PATH,
                (None, "PATH") if path.ends_with("email.rs") => "/invite-by-email",
                (None, other) => panic!("{} has a route that this cannot read: {other}", path.display()),
            };
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn no_route_is_left_out_by_the_stranger() {
    let told = python("routes.py").output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let known: BTreeSet<String> = serde_json::from_slice(&told.stdout).unwrap();
    let in_sources = routes_in_sources();
    assert!(in_sources.len() > 35, "{in_sources:?}");
    assert_eq!(known, in_sources, "what the stranger knows, and what there is");
}

#[test]
fn d1_nothing_that_a_stranger_tries_in_any_state_role_or_route_gets_through() {
    let folder = tempfile::tempdir().unwrap();
    let programs = program("headcount-server").parent().unwrap().to_owned();
    let mut attack = python("attack.py");
    attack.arg(programs).arg(home().join("mail/python/post_office.py")).arg(folder.path());
    let mut attack = attack.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(attack.stdout.take().unwrap()).lines().map_while(Result::ok);
    let lines: Vec<String> = lines.inspect(|line| println!("{line}")).collect();
    let ended = attack.wait().unwrap();
    let through: Vec<&String> = lines.iter().filter(|line| line.contains("GOT THROUGH")).collect();
    assert!(ended.success() && through.is_empty(), "{ended}: {through:#?}");
    assert!(lines.iter().filter(|line| line.contains("  held")).count() > 100, "too few were tried");
}
