//! What the two programs need of a machine, and what they do with its memory.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use tests::programs::{Demo, program};

/// The libraries that a program asks for, by `readelf`.
fn needed(program: &str) -> Vec<String> {
    let output = Command::new("readelf").args(["--dynamic", "--wide", program]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("(NEEDED)"), "{program}: {text}");
    let name = |line: &str| line.split_once("Shared library: [")?.1.split(']').next().map(str::to_owned);
    text.lines().filter(|line| line.contains("(NEEDED)")).filter_map(name).collect()
}

/// glibc's, and the compiler's own, which glibc's package brings along.
fn is_glibc(library: &str) -> bool {
    ["libc.so.", "libm.so.", "libdl.so.", "libpthread.so.", "librt.so.", "libgcc_s.so.", "ld-linux"]
        .iter()
        .any(|name| library.starts_with(name))
}

#[test]
fn the_programs_need_nothing_of_a_machine_but_glibc() {
    for name in ["headcount-server", "headcount"] {
        let path = program(name);
        let needed = needed(path.to_str().unwrap());
        assert!(needed.iter().any(|library| library.starts_with("libc.so.")), "{needed:?}");
        assert!(needed.iter().all(|library| is_glibc(library)), "{name} needs {needed:?}");
    }
    // OpenSSL is in the server and not merely gone; and a program with a library of others is found
    let server = std::fs::read(program("headcount-server")).unwrap();
    assert!(server.windows(MARK.len()).any(|bytes| bytes == MARK), "nothing of OpenSSL is in it");
    assert!(needed("/usr/bin/openssl").iter().any(|library| !is_glibc(library)));
}

/// OpenSSL's name for a file of its own, which it puts into what it says of errors.
const MARK: &[u8] = b"crypto/rsa/rsa_sign.c";

/// A server under a limit on locked memory: what it says of its memory, and what the kernel says of it.
fn memory(data: &str, limit: &str) -> (String, String, String) {
    let script = format!("ulimit -S -c unlimited 2>/dev/null; ulimit -l {limit} 2>/dev/null; exec \"$@\"");
    let mut server = Command::new("bash")
        .args(["-c", &script, "server"])
        .arg(program("headcount-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0", "--data", data])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.contains("Ctrl-C")).collect();
    let of = |file: &str, name: &str| {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", server.id())).unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
    };
    let seen = (of("limits", "Max core file size"), of("status", "VmLck:"), of("limits", "Max locked memory"));
    let _ = Command::new("kill").arg(server.id().to_string()).status();
    let _ = server.wait(); // it may have been told to end before it was ready to hear that
    let said = said.into_iter().find(|line| line.starts_with("Its memory")).unwrap();
    let (core, locked, limit) = seen;
    assert!(core.starts_with("0  ") && core.split_whitespace().nth(1) == Some("0"), "core files: {core}");
    (said, locked, limit)
}

#[test]
fn u3_the_memory_of_a_server_reaches_no_core_file_and_where_the_machine_lets_it_no_swap() {
    let mut demo = Demo::start("3600", "0");
    demo.stop();
    let data = demo.folder().join("demo");
    let data = data.to_str().unwrap();
    let (said, locked, _) = memory(data, "64");
    assert!(said.contains("is not locked") && locked == "0 kB", "{said} {locked}");
    // who runs the tests may not be allowed to lift the limit; what the server says must be so either way
    let (said, locked, limit) = memory(data, "unlimited");
    let lifted = limit.starts_with("unlimited");
    assert_eq!((said.contains("is locked"), locked != "0 kB"), (lifted, lifted), "{said} {locked} {limit}");
}
