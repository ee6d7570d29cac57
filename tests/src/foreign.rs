//! Programs that nobody here wrote, as processes: found where the Makefile installs them, asked by arguments and on
//! standard input, answering in JSON. A refusal has an exit code of its own, so that a broken program is never taken
//! for a strict one; and a program that is missing fails its tests, which never pass by leaving it out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The exit code of a program that refuses what it was given.
const REFUSED: i32 = 3;

/// The target folder.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned() // target/debug/deps/peers-…
}

/// A file below the target folder that `make GOAL` puts there; the error says so.
pub fn installed(path: &str, goal: &str) -> Result<PathBuf, String> {
    let path = target().join(path);
    if path.exists() { Ok(path) } else { Err(format!("{} is missing; run `make {goal}`", path.display())) }
}

/// A program of Debian's, by its path there: the one that `make setup-peers` unpacked, else the machine's own.
pub fn unpacked(path: &str) -> PathBuf {
    let name = Path::new(path).file_name().unwrap().to_str().unwrap();
    let own = Path::new("/").join(path);
    installed(&format!("peers/{name}/{path}"), "setup-peers")
        .or_else(|said| if own.exists() { Ok(own) } else { Err(said) })
        .unwrap_or_else(|said| panic!("{said}"))
}

/// Node: the one that `make setup-node` installed where the machine's own is too old, else the machine's own.
pub fn node() -> PathBuf {
    let installed = target().join("node/bin/node");
    if installed.exists() { installed } else { PathBuf::from("node") }
}

/// Runs a program to its end, within a time limit. An error is the sentence with which it refuses; anything but an
/// answer or a refusal fails the test.
pub fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Value, String> {
    let name = Path::new(command.get_program()).display().to_string();
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = piped.process_group(0).spawn(); // what it starts can be ended with it
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!("{name} is missing; see the Makefile's setup"),
        Err(error) => panic!("{name}: {error}"),
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let told = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).map(|_| text)
    });
    let start = Instant::now();
    let mut late = false;
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > limit && !late {
            late = true;
            // a program may have others to end
            let _ = Command::new("kill").arg(child.id().to_string()).status();
        } else if start.elapsed() > limit + Duration::from_secs(10) {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let (status, told, said) = (child.wait().unwrap(), told.join().unwrap().unwrap(), said.join().unwrap().unwrap());
    assert!(!late, "{name} does not end\n{told}\n{said}");
    match status.code() {
        Some(0) => Ok(serde_json::from_str(&told).unwrap_or_else(|error| panic!("{name}: {error}: {told}"))),
        Some(REFUSED) => Err(said.trim().to_owned()),
        code => panic!("{name} ended with {code:?}: {}", said.trim()),
    }
}
