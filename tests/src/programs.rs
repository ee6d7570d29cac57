//! Programs: `headcount-server` and `headcount` as processes of their own, started and fed as their users would.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A running `headcount-server demo`, ended when dropped.
pub struct Demo {
    child: Child,
    told: Value,
    folder: tempfile::TempDir,
}

/// One of the two programs as the sources are now: cargo makes it if it is older.
pub fn program(name: &str) -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let build = ["build", "--locked", "--quiet", "--workspace", "--bins"];
        assert!(Command::new(env!("CARGO")).args(build).status().unwrap().success());
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(2).unwrap().to_owned() // target/debug/deps/e2e-…
    });
    FOLDER.join(name)
}

impl Demo {
    /// A demo with k = 5, ticks of so many seconds and so many simulated participants, once it serves.
    pub fn start(tick: &str, simulate: &str) -> Self {
        Self::with(&["--tick", tick, "--simulate", simulate])
    }

    /// A demo with k = 5 and these options, once it serves.
    pub fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(program("headcount-server"))
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0", "--invites", "12"])
            .args(["--k", "5"])
            .args(options)
            .arg("--data")
            .arg(folder.path().join("demo"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, told: serde_json::from_str(&line).unwrap(), folder }
    }

    /// Tells it to stop, as a shell would, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        if self.child.try_wait().unwrap().is_none() {
            let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        }
        self.child.wait().unwrap()
    }

    /// What the demo said of itself on its first line.
    pub fn told(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap()
    }

    /// The parent of its data directory `demo`.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// One of its twelve invites.
    pub fn told_invite(&self, invite: usize) -> protocol::invite::Invite {
        protocol::invite::Invite::parse(self.told["invites"][invite].as_str().unwrap()).unwrap()
    }

    /// The link of one of its twelve invites.
    pub fn link(&self, invite: usize) -> String {
        let id = protocol::campaign::CampaignId::parse(self.told("campaign_id")).unwrap();
        let invite = Some(self.told_invite(invite));
        protocol::invite::InviteLink { base_url: self.told("url").to_owned(), invite, campaign: id }
            .to_text()
            .to_string()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program that serves until it is told to stop, which it is when dropped.
pub struct Served {
    child: Child,
    said: String,
    _stdout: BufReader<ChildStdout>,
}

impl Served {
    /// Starts it, and waits until it says how to end it.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdout, mut said) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        while !said.contains("Ctrl-C") {
            assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "the server did not start: {said}");
        }
        Self { child, said, _stdout: stdout }
    }

    /// What it said until it served.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, as a shell would, and waits until it has.
    pub fn stop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        }
        let _ = self.child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An address that nobody listens at.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Runs `headcount` with a standard input, within two minutes.
pub fn headcount(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program("headcount"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            let said = child.wait_with_output().unwrap();
            panic!("headcount {arguments:?} does not end\n{}", String::from_utf8_lossy(&said.stderr));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

/// Runs `headcount`, which must succeed, and returns its standard output.
pub fn good(arguments: &[&str], input: &str) -> String {
    let output = headcount(arguments, input);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "headcount {arguments:?}\n{out}\n{err}");
    out.into_owned()
}

/// What is said of a mistake: on standard error, in words, with a failing exit code.
pub fn bad(arguments: &[&str], input: &str) -> String {
    let output = headcount(arguments, input);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !err.trim().is_empty(), "headcount {arguments:?} did not fail");
    assert!(!err.contains("panicked") && !err.contains("Error {"), "{err}");
    err
}

/// The total of the published counts, as `headcount counts` tells it.
pub fn published(url: &str) -> u64 {
    let counts: Value = serde_json::from_str(&good(&["counts", url, "--json"], "")).unwrap();
    counts["total"].as_u64().unwrap()
}

/// Asks again and again until it is so, for a minute at most.
pub fn wait_until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come");
        std::thread::sleep(Duration::from_millis(200));
    }
}
