//! Tests: what a program does to a directory, recorded from outside with strace, as a log for the model of a disk. So
//! that libraries which write by themselves can be judged too.
//!
//! It must never overlook a change: whatever names the directory and is not known here fails the recording, and so do
//! shared mappings, io_uring and child processes. sync_file_range is no sync: it reaches neither the length of a file
//! nor the cache of a disk.

use super::{Disk, FileId, Op};
use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

/// Runs one test of this very program, which must be hidden from the other runs, under strace, and gives what it did
/// below `root`, a directory that holds what `disk` holds. Lines that it writes to `told`, a file elsewhere, become
/// [`Op::Told`] in their place. `environment` is handed to it.
pub(crate) fn record(test: &str, environment: &[(&str, String)], root: &Path, told: &Path, disk: &Disk) -> Vec<Op> {
    let lines = told.with_extension("strace");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-xx", "--seccomp-bpf", "-s", "16777216", "-e", UNSEEN, "-o"]).arg(&lines);
    command.arg("--").arg(std::env::current_exe().unwrap()).args(["--exact", test, "--ignored", "--test-threads=1"]);
    let ran = command.envs(environment.iter().map(|(name, value)| (name, value))).output();
    let ran = ran.unwrap_or_else(|error| panic!("strace does not start ({error}); `make setup-test` installs it"));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{test} under strace: {said}");
    let text = fs::read_to_string(&lines).unwrap();
    fs::remove_file(lines).unwrap();
    parse(&text, root, told, disk)
}

/// The log in strace's lines.
pub(super) fn parse(text: &str, root: &Path, told: &Path, disk: &Disk) -> Vec<Op> {
    let mut reader = Reader {
        mark: hex(root),
        root: root.to_owned(),
        told: told.to_owned(),
        disk: disk.clone(),
        open: HashMap::new(),
        unfinished: HashMap::new(),
        ops: Vec::new(),
    };
    for line in text.lines() {
        reader.line(line);
    }
    reader.ops
}

struct Reader {
    root: PathBuf,
    told: PathBuf,
    /// The root's path as strace writes it.
    mark: String,
    /// As it is after the lines read so far.
    disk: Disk,
    open: HashMap<i32, Open>,
    /// Calls that have begun, by thread.
    unfinished: HashMap<String, String>,
    ops: Vec<Op>,
}

/// What a descriptor stands for; copies of it share the position.
#[derive(Clone)]
struct Open {
    what: What,
    position: Rc<Cell<u64>>,
    appends: bool,
}

#[derive(Clone, Copy)]
enum What {
    File(FileId),
    Dir,
    Told,
}

/// One call: its name, what stands between its brackets, and what it returned.
struct Call<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    returned: &'a str,
}

impl Reader {
    /// A call counts when it has returned: before that, nothing rests on it. But a sync covers only what had returned
    /// when it *began*, and a descriptor is free for others from the beginning of its closing.
    fn line(&mut self, line: &str) {
        let (thread, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            return;
        }
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            let name = begun.split('(').next().unwrap_or_default();
            if AT_THEIR_BEGINNING.contains(&name) {
                self.call(&format!("{begun}) = 0"));
            }
            self.unfinished.insert(thread.to_owned(), begun.to_owned());
        } else if let Some((_, end)) = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let begun = self.unfinished.remove(thread).unwrap_or_else(|| panic!("never begun: {rest}"));
            let name = begun.split('(').next().unwrap_or_default();
            if AT_THEIR_BEGINNING.contains(&name) {
                let fine = name == "close" || end.trim_end().ends_with("= 0") || !begun.contains(&self.mark);
                assert!(fine, "a sync failed: {rest}");
            } else {
                self.call(&(begun + end));
            }
        } else {
            self.call(rest);
        }
    }

    fn call(&mut self, text: &str) {
        let call = Call::read(text);
        let forbidden = FORBIDDEN.iter().any(|name| call.name.starts_with(name))
            || (call.name.starts_with("clone") && !text.contains("CLONE_THREAD"));
        assert!(!forbidden, "what this call does cannot be followed: {text}");
        let descriptor = call.arguments.first().and_then(|first| first.split('<').next()?.parse::<i32>().ok());
        match call.name {
            "open" | "openat" | "creat" => return self.opened(&call),
            "close" => {
                descriptor.and_then(|descriptor| self.open.remove(&descriptor));
                return;
            }
            "dup" | "dup2" | "dup3" | "fcntl" => return self.copied(&call, descriptor),
            "lseek" => {
                let open = descriptor.and_then(|descriptor| self.open.get(&descriptor));
                if let (Some(open), Ok(position)) = (open, call.returned.parse()) {
                    open.position.set(position);
                }
                return;
            }
            _ => {}
        }
        let open = descriptor.and_then(|descriptor| self.open.get(&descriptor)).cloned();
        if open.is_none() && !text.contains(&self.mark) {
            return;
        }
        match (call.name, open) {
            ("write" | "writev" | "pwrite64" | "pwritev", Some(open)) => self.written(&call, &open),
            ("ftruncate", Some(Open { what: What::File(file), .. })) => {
                call.demand_success();
                self.push(Op::SetLen { file, len: call.arguments[1].parse().unwrap() });
            }
            ("fsync" | "fdatasync", Some(open)) => {
                call.demand_success();
                match open.what {
                    What::File(file) => self.push(Op::SyncFile { file }),
                    What::Dir if call.arguments[0].ends_with("(deleted)") => {}
                    What::Dir => self.push(Op::SyncDir { path: self.path(call.arguments[0]).unwrap() }),
                    What::Told => {}
                }
            }
            ("mmap", _) => assert!(text.contains("MAP_PRIVATE"), "a shared mapping cannot be followed: {text}"),
            (name, _) if HARMLESS.contains(&name) || call.returned.starts_with('-') => {}
            _ => self.named(&call),
        }
    }

    fn opened(&mut self, call: &Call<'_>) {
        let Some((descriptor, _)) = call.returned.split_once('<') else {
            return;
        };
        let descriptor = descriptor.parse().unwrap();
        let flags =
            call.arguments.iter().find(|argument| argument.contains("O_")).copied().unwrap_or("O_CREAT|O_TRUNC");
        let at = if call.name == "openat" { 1 } else { 0 };
        let absolute = self.absolute(call, at);
        let what = if absolute == self.told {
            What::Told
        } else if let Ok(path) = absolute.strip_prefix(&self.root) {
            let path = path.to_owned();
            assert!(!flags.contains("O_TMPFILE"), "{flags}");
            if self.disk.is_dir(&path) {
                What::Dir
            } else if let Some(file) = self.disk.file_at(&path) {
                if flags.contains("O_TRUNC") {
                    self.push(Op::SetLen { file, len: 0 });
                }
                What::File(file)
            } else {
                assert!(flags.contains("O_CREAT"), "{} is not known", path.display());
                let file = self.disk.next_file();
                self.push(Op::Create { path, file });
                What::File(file)
            }
        } else {
            return;
        };
        let open = Open { what, position: Rc::default(), appends: flags.contains("O_APPEND") };
        assert!(self.open.insert(descriptor, open).is_none(), "descriptor {descriptor} is open");
    }

    fn copied(&mut self, call: &Call<'_>, descriptor: Option<i32>) {
        let copies = call.name != "fcntl" || call.arguments[1].starts_with("F_DUPFD");
        let open = descriptor.and_then(|descriptor| self.open.get(&descriptor)).cloned();
        if copies && let Some(copy) = call.returned.split('<').next().and_then(|copy| copy.parse::<i32>().ok()) {
            match open {
                Some(open) => self.open.insert(copy, open),
                None => self.open.remove(&copy),
            };
        }
    }

    fn written(&mut self, call: &Call<'_>, open: &Open) {
        let count: usize = call.returned.parse().unwrap_or_else(|_| panic!("a write failed: {}", call.returned));
        let mut bytes = Vec::new();
        for argument in &call.arguments[1..] {
            for quoted in argument.split('"').skip(1).step_by(2) {
                bytes.extend(unhex(quoted));
            }
        }
        assert!(bytes.len() >= count && !call.arguments.iter().any(|argument| argument.contains("\"...")), "cut off");
        bytes.truncate(count);
        match open.what {
            What::Told => {
                let text = String::from_utf8(bytes).unwrap();
                text.lines().for_each(|line| self.push(Op::Told(line.to_owned())));
            }
            What::Dir => panic!("a directory was written to"),
            What::File(file) => {
                let offset = if call.name.starts_with('p') {
                    call.arguments.last().unwrap().parse().unwrap()
                } else {
                    let offset = if open.appends { self.disk.len(file) } else { open.position.get() };
                    open.position.set(offset + count as u64);
                    offset
                };
                self.push(Op::Write { file, offset, bytes });
            }
        }
    }

    /// What changes names.
    fn named(&mut self, call: &Call<'_>) {
        let below = |path: PathBuf| path.strip_prefix(&self.root).unwrap_or_else(|_| panic!("{path:?}")).to_owned();
        let op = match call.name {
            "mkdir" => Op::MakeDir { path: below(self.absolute(call, 0)) },
            "mkdirat" => Op::MakeDir { path: below(self.absolute(call, 1)) },
            "unlink" => Op::Unlink { path: below(self.absolute(call, 0)) },
            "rmdir" => Op::RemoveDir { path: below(self.absolute(call, 0)) },
            "unlinkat" if call.arguments[2] == "AT_REMOVEDIR" => Op::RemoveDir { path: below(self.absolute(call, 1)) },
            "unlinkat" => Op::Unlink { path: below(self.absolute(call, 1)) },
            "rename" => Op::Rename { from: below(self.absolute(call, 0)), to: below(self.absolute(call, 1)) },
            "renameat" | "renameat2" => {
                assert!(call.arguments.get(4).is_none_or(|flags| !flags.contains("RENAME_EXCHANGE")), "an exchange");
                Op::Rename { from: below(self.absolute(call, 1)), to: below(self.absolute(call, 3)) }
            }
            other => panic!("nobody has taught this recording what {other} does: {:?}", call.arguments),
        };
        call.demand_success();
        self.push(op);
    }

    fn push(&mut self, op: Op) {
        self.disk.apply(&op);
        self.ops.push(op);
    }

    /// The path in an argument, below the directory in the argument before it if it is relative.
    fn absolute(&self, call: &Call<'_>, at: usize) -> PathBuf {
        let path = call.arguments[at].trim_matches('"');
        let path = PathBuf::from(String::from_utf8(unhex(path)).unwrap());
        if path.is_absolute() || at == 0 {
            return path;
        }
        annotated(call.arguments[at - 1]).map_or(path.clone(), |dir| dir.join(path))
    }

    /// The path behind a descriptor, from the root.
    fn path(&self, descriptor: &str) -> Option<PathBuf> {
        annotated(descriptor)?.strip_prefix(&self.root).ok().map(Path::to_owned)
    }
}

impl<'a> Call<'a> {
    fn read(text: &'a str) -> Self {
        let (name, rest) = text.split_once('(').unwrap_or_else(|| panic!("no call: {text}"));
        let (arguments, returned) = rest.rsplit_once(" = ").unwrap_or_else(|| panic!("not finished: {text}"));
        let arguments = arguments.trim_end().strip_suffix(')').unwrap_or_else(|| panic!("no end: {text}"));
        // with -xx no comma stands in a text
        Self { name, arguments: arguments.split(", ").collect(), returned: returned.trim() }
    }

    fn demand_success(&self) {
        assert_eq!(self.returned, "0", "{} failed, and this recording does not know what is left then", self.name);
    }
}

/// The path that strace writes behind a descriptor.
fn annotated(descriptor: &str) -> Option<PathBuf> {
    let (_, path) = descriptor.split_once('<')?;
    Some(PathBuf::from(String::from_utf8(unhex(path.split('>').next()?)).ok()?))
}

fn hex(path: &Path) -> String {
    path.to_str().unwrap().bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    assert!(rest.is_empty() && groups.iter().all(|group| group.starts_with(b"\\x")), "not from -xx: {text:.80}");
    groups.iter().map(|group| digit(group[2]) << 4 | digit(group[3])).collect()
}

/// All calls are recorded but those that are frequent and change no file.
const UNSEEN: &str = "trace=!read,readv,pread64,preadv,futex,madvise,mprotect,munmap,mremap,brk,sched_yield,getrandom,\
    epoll_wait,epoll_pwait,poll,ppoll,rt_sigprocmask,rt_sigaction,clock_nanosleep,nanosleep,set_robust_list,rseq";
const AT_THEIR_BEGINNING: [&str; 3] = ["fsync", "fdatasync", "close"];
/// By their beginnings.
const FORBIDDEN: [&str; 8] = ["io_uring", "io_submit", "fork", "vfork", "sendfile", "splice", "copy_file", "truncate"];
/// Calls on files that change neither contents nor names. Modes and times are not part of the model.
const HARMLESS: [&str; 21] = [
    "sync_file_range",
    "fstat",
    "stat",
    "lstat",
    "statx",
    "statfs",
    "fstatfs",
    "newfstatat",
    "getdents64",
    "flock",
    "ioctl",
    "fadvise64",
    "chmod",
    "fchmod",
    "fchmodat",
    "access",
    "faccessat",
    "readlink",
    "execve",
    "getcwd",
    "utimensat",
];

#[cfg(test)]
mod tests;
