//! The foreign programs, each as one function: found where `make setup-peers` puts them and run as `tests::foreign`
//! says.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;
use tests::foreign::{installed, run, target};

const SETUP: &str = "setup-peers";
const LIMIT: Duration = Duration::from_secs(120);

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
        installed("peers/node/node_modules/@cloudflare/privacypass-ts", SETUP)?;
        // Node looks for libraries from where a program lies, and what is installed does not lie among the sources
        let place = target().join("peers/node/participant.mjs");
        std::fs::copy(source("node/participant.mjs"), &place).unwrap();
        Ok(place)
    });
    run(Command::new(tests::foreign::node()).arg(made(&PROGRAM)).arg(command), &request.to_string(), LIMIT)
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
    let python = installed("peers/venv/bin/python", SETUP).unwrap_or_else(|said| panic!("{said}"));
    let mut command = Command::new(python);
    command.env("NO_PROXY", "127.0.0.1").arg(source("python").join(program)).arg(campaign).args(older);
    run(&mut command, "", LIMIT)
}

/// `go/auditor.go` on an address or a folder, and an older checkpoint; likewise.
pub(crate) fn audit(campaign: &str, older: Option<&Path>) -> Result<Value, String> {
    static PROGRAM: Made = LazyLock::new(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("auditor");
        let mut build = go();
        build.args(["build", "-o"]).arg(&program).arg(source("go/auditor.go"));
        let built = build.output().map_err(|_| format!("Go is not installed; run `make {SETUP}`"))?;
        let said = String::from_utf8_lossy(&built.stderr);
        let hint = if said.contains("cannot find package") {
            format!("; its library is not installed; run `make {SETUP}`")
        } else {
            String::new()
        };
        if built.status.success() { Ok(program) } else { Err(format!("{}{hint}", said.trim())) }
    });
    run(Command::new(made(&PROGRAM)).arg(campaign).args(older), "", LIMIT)
}

/// The Go tool with Debian's library, without a network, whatever the user's own settings are.
fn go() -> Command {
    let mut go = Command::new("go");
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOPROXY", "off").env("CGO_ENABLED", "0");
    go.env("GOCACHE", target().join("peers/go-cache")).env("GOENV", "off").env_remove("GOFLAGS");
    go
}
