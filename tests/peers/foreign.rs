//! Foreign programs as processes: found where `make setup-peers` puts them, asked on standard input or by arguments,
//! answering in JSON. A refusal has an exit code of its own, so that a broken program is never taken for a strict one.

use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

const REFUSED: i32 = 3;
const MISSING: &str = "is not installed; run `make setup-peers`";

/// The target folder, in which cargo keeps one for the files of tests.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// A file of what was installed.
fn installed(path: &str) -> Result<PathBuf, String> {
    let path = target().join("peers").join(path);
    if path.exists() { Ok(path) } else { Err(format!("{} {MISSING}", path.display())) }
}

/// A program that every test needs, and every test says so of.
type Made = LazyLock<Result<PathBuf, String>>;

fn made(program: &Made) -> &Path {
    program.as_ref().unwrap_or_else(|said| panic!("{said}"))
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(path)
}

/// `node/participant.mjs` with a command and a request.
pub(crate) fn node(command: &str, request: &Value) -> Value {
    static PROGRAM: Made = LazyLock::new(|| {
        installed("node/node_modules/@cloudflare/privacypass-ts")?;
        // Node looks for libraries from where a program lies, and what is installed does not lie among the sources
        let place = target().join("peers/node/participant.mjs");
        std::fs::copy(source("node/participant.mjs"), &place).unwrap();
        Ok(place)
    });
    let own = target().join("peers/venv/bin/node");
    let node = if own.exists() { own } else { PathBuf::from("node") };
    run(Command::new(node).arg(made(&PROGRAM)).arg(command), &request.to_string())
        .unwrap_or_else(|said| panic!("{said}"))
}

/// `python/verify_entries.py` on a folder; an error is the sentence with which it refuses.
pub(crate) fn verify_entries(folder: &Path) -> Result<Value, String> {
    python("verify_entries.py", folder.to_str().unwrap(), None)
}

/// `python/verify_log.py` on an address or a folder, and an older checkpoint; likewise.
pub(crate) fn verify_log(campaign: &str, older: Option<&Path>) -> Result<Value, String> {
    python("verify_log.py", campaign, older)
}

fn python(program: &str, campaign: &str, older: Option<&Path>) -> Result<Value, String> {
    let python = installed("venv/bin/python").unwrap_or_else(|said| panic!("{said}"));
    let mut command = Command::new(python);
    command.env("NO_PROXY", "127.0.0.1").arg(source("python").join(program)).arg(campaign).args(older);
    run(&mut command, "")
}

/// `go/auditor.go` on an address or a folder, and an older checkpoint; likewise.
pub(crate) fn audit(campaign: &str, older: Option<&Path>) -> Result<Value, String> {
    static PROGRAM: Made = LazyLock::new(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("auditor");
        let mut build = go();
        build.args(["build", "-o"]).arg(&program).arg(source("go/auditor.go"));
        let built = build.output().map_err(|_| format!("Go {MISSING}"))?;
        let said = String::from_utf8_lossy(&built.stderr);
        let hint =
            if said.contains("cannot find package") { format!("; its library {MISSING}") } else { String::new() };
        if built.status.success() { Ok(program) } else { Err(format!("{}{hint}", said.trim())) }
    });
    run(Command::new(made(&PROGRAM)).arg(campaign).args(older), "")
}

/// The Go tool with Debian's library, without a network, whatever the user's own settings are.
fn go() -> Command {
    let mut go = Command::new("go");
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOPROXY", "off").env("CGO_ENABLED", "0");
    go.env("GOCACHE", target().join("peers/go-cache")).env("GOENV", "off").env_remove("GOFLAGS");
    go
}

/// Runs a program to its end, within two minutes; anything but an answer or a refusal fails the test.
fn run(command: &mut Command, input: &str) -> Result<Value, String> {
    let name = Path::new(command.get_program()).display().to_string();
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!("{name} {MISSING}"),
        Err(error) => panic!("{name}: {error}"),
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            panic!("{name} does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let told = reader.join().unwrap().unwrap();
    match output.status.code() {
        Some(0) => Ok(serde_json::from_str(&told).unwrap_or_else(|error| panic!("{name}: {error}: {told}"))),
        Some(REFUSED) => Err(said),
        code => panic!("{name} ended with {code:?}: {said}"),
    }
}
