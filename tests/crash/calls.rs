//! The system calls by which a server changes its folder, seen with strace; and strace again to kill it before one of
//! them, or to refuse one. The server has no hook for it and needs none.
//!
//! strace counts the calls of each thread by itself and only those on the path that it is told: so a point is a call, a
//! path and a number. Without `--seccomp-bpf`, with which strace 6.1 counts no further than the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What strace is to do.
pub(crate) enum Trace {
    /// Write all calls of interest into a file.
    Watch(PathBuf),
    /// Kill the server before a call.
    Kill(Point),
    /// Refuse a call, and write those that were refused into a file.
    Refuse(Point, Refusal, PathBuf),
}

/// How a call is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// It fails once: input/output error.
    Once,
    /// It and all such calls after it fail: no space left.
    FromThenOn,
}

/// A call before which a server can be killed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// Its name.
    pub call: String,
    /// From the data directory.
    pub path: String,
    /// The how manieth such call of its thread.
    pub number: u32,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "before {} {} (number {})", self.call, self.path, self.number)
    }
}

impl Point {
    /// What makes strace do this at the point.
    fn arguments(&self, data: &Path, what: &str, file: &Path) -> Vec<String> {
        let Self { call, path, .. } = self;
        // joined with nothing, the folder itself would end in a slash
        let path = if path.is_empty() { data.to_owned() } else { data.join(path) };
        let (path, file) = (path.display().to_string(), file.display().to_string());
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}"));
        ["-P", &path, "-e", &trace, "-e", &inject, "-o", &file].map(str::to_owned).to_vec()
    }
}

impl Trace {
    /// The arguments, for a server on this folder.
    pub(crate) fn arguments(&self, data: &Path) -> Vec<String> {
        let mut arguments: Vec<String> = match self {
            Self::Watch(file) => vec!["-y".to_owned(), "-e".to_owned(), format!("trace={}", all()), "-o".to_owned()]
                .into_iter()
                .chain([file.display().to_string()])
                .collect(),
            Self::Kill(point) => {
                point.arguments(data, &format!("signal=SIGKILL:when={}", point.number), Path::new("/dev/null"))
            }
            Self::Refuse(point, Refusal::Once, file) => {
                point.arguments(data, &format!("error=EIO:when={}", point.number), file)
            }
            Self::Refuse(point, Refusal::FromThenOn, file) => {
                point.arguments(data, &format!("error=ENOSPC:when={}+", point.number), file)
            }
        };
        arguments.push("--".to_owned());
        arguments
    }
}

/// Fails in plain words if this machine has no strace or does not let it work: without it nothing would be shown.
pub(crate) fn demand_strace() {
    let tried = Command::new("strace").args(["-D", "-f", "-qq", "-o", "/dev/null", "--", "true"]).output();
    match tried {
        Err(error) => panic!("strace does not start ({error}); `make test` installs it, or: apt-get install strace"),
        Ok(tried) => assert!(
            tried.status.success() && tried.stderr.is_empty(),
            "strace may not trace here, so no step of a tick can be cut off; allow ptrace (in a container: \
             --cap-add=SYS_PTRACE): {}",
            String::from_utf8_lossy(&tried.stderr)
        ),
    }
}

/// What was found in a trace: one point for each state of the folder that can be met, in order.
#[derive(Default)]
pub(crate) struct Found {
    /// While the server starts.
    pub starting: Vec<Point>,
    /// From the moment on that it says that it serves.
    pub serving: Vec<Point>,
    /// Changes that strace cannot tell from earlier ones, or that have another name in every life.
    pub missed: Vec<String>,
}

/// Reads a trace. Two calls that nothing was changed between leave the same folder to a kill -9: one of them is enough,
/// the last that can be told from all calls before.
pub(crate) fn points(trace: &str, data: &Path) -> Found {
    let calls: Vec<Call> = trace.lines().filter_map(|line| Call::read(line, data)).collect();
    let (mut numbers, mut reached) = (BTreeMap::<(&str, Point), u32>::new(), BTreeSet::new());
    let (mut found, mut candidates, mut serves) = (Found::default(), Vec::new(), false);
    for call in &calls {
        if call.serves {
            (serves, candidates) = (true, Vec::new());
        }
        for path in call.paths.iter().filter(|path| !path.contains(SNAPSHOT)) {
            let mut point = Point { call: call.name.clone(), path: path.clone(), number: 0 };
            let number = numbers.entry((&call.thread, point.clone())).or_insert(0);
            *number += 1;
            point.number = *number;
            if reached.insert(point.clone()) {
                candidates.push(point); // nothing reaches this number earlier, in whatever thread
            }
        }
        if call.changes {
            match candidates.pop() {
                Some(point) if serves => found.serving.push(point),
                Some(point) => found.starting.push(point),
                None => found.missed.push(format!("{} {}", call.name, call.paths[0])),
            }
            candidates.clear();
        }
    }
    found.serving.extend(candidates.pop());
    found
}

/// One line of a trace.
struct Call {
    thread: String,
    name: String,
    /// Those that strace would find it by, from the data directory.
    paths: Vec<String>,
    changes: bool,
    /// The server says that it serves.
    serves: bool,
}

impl Call {
    fn read(line: &str, data: &Path) -> Option<Self> {
        let (thread, call) = line.split_once(' ')?;
        let (name, rest) = call.trim_start().split_once('(')?;
        let serves = name == "write" && rest.contains("Ctrl-C stops it");
        let inside = |path: &str| Some(Path::new(path).strip_prefix(data).ok()?.to_str()?.to_owned());
        let named: Vec<String> = if BY_HANDLE.contains(&name) {
            let handle = rest.split_once('<').and_then(|(_, path)| path.split_once('>'));
            handle.and_then(|(path, _)| inside(path)).into_iter().collect()
        } else {
            // of the two names of a rename strace knows the old one only
            let quoted: Vec<String> = rest.split('"').nth(1).and_then(inside).into_iter().collect();
            let folder = || rest.split_once('<').and_then(|(_, path)| inside(path.split_once('>')?.0));
            if quoted.is_empty() { folder().into_iter().collect() } else { quoted }
        };
        let makes = name != "openat" || rest.contains("O_CREAT") || rest.contains("O_TRUNC");
        let changes = makes && CHANGING.contains(&name) && !rest.contains(") = -1") && !named.is_empty();
        (serves || !named.is_empty()).then(|| Self {
            thread: thread.to_owned(),
            name: name.to_owned(),
            paths: named,
            changes,
            serves,
        })
    }
}

/// How the names of sled's own snapshots begin. They go on with a position in its log, which depends on how many people
/// came when: in another life there is no such file to die at.
const SNAPSHOT: &str = "/snap.";

/// A question mark: not every kind of machine has the call.
fn all() -> String {
    BY_HANDLE.iter().chain(&BY_PATH).map(|name| format!("?{name}")).collect::<Vec<_>>().join(",")
}

const BY_HANDLE: [&str; 8] =
    ["write", "pwrite64", "writev", "pwritev", "ftruncate", "fsync", "fdatasync", "sync_file_range"];
const BY_PATH: [&str; 9] =
    ["openat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"];
const CHANGING: [&str; 14] = [
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "ftruncate",
    "openat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
];
