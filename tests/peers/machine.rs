//! systemd and Tor judge what `headcount-server install` writes for them, and the unit is held against what a server does
//! in a campaign: it must forbid nothing that is needed. No test can start a service; nothing here needs one to run.

use crate::fronts::process::written;
use std::collections::BTreeSet;
use std::fs::{Permissions, create_dir, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tests::foreign::unpacked;
use tests::programs::{Demo, good, program, published, wait_until};

/// What a command prints, both ways, and whether it succeeds.
fn said(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

fn unit(folder: &Path, change: impl Fn(String) -> String) -> String {
    let path = folder.join("headcount.service");
    let unit = std::fs::read_to_string(&path).unwrap();
    let here = program("headcount-server");
    let written = "ExecStart=/usr/local/bin/headcount-server ";
    assert!(unit.contains(written), "{unit}");
    std::fs::write(&path, change(unit.replace(written, &format!("ExecStart={} ", here.display())))).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_and_little_that_it_exposes() {
    // a machine's other units may be as they like
    let verify = |unit: &str| {
        let (fine, words) = said(Command::new("systemd-analyze").args(["verify", "--man=no", unit]));
        (fine, words.lines().filter(|line| line.contains("headcount")).collect::<String>())
    };
    // of ten: what a server for the network cannot do without
    let exposed = |unit: &str, most: u32| {
        let most = format!("--threshold={most}");
        said(Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager", &most, unit]))
    };
    let folder = written(&[]);
    let good_unit = unit(folder.path(), |unit| unit);
    assert_eq!(verify(&good_unit), (true, String::new()));
    let (within, table) = exposed(&good_unit, 10);
    assert!(within, "{table}");
    let folder = written(&[]);
    let bad_unit = unit(folder.path(), |unit| unit.replace("ProtectSystem=strict\n", "ProtectSytem=strict\n"));
    assert!(verify(&bad_unit).1.contains("ProtectSytem"));
    let folder = written(&[]);
    let open_unit = unit(folder.path(), |unit| unit.replace("SystemCallFilter=", "# ").replace("User=", "# "));
    assert!(!exposed(&open_unit, 10).0);
}

#[test]
fn the_unit_allows_every_call_that_a_server_makes_in_a_campaign() {
    let folder = written(&[]);
    let unit = std::fs::read_to_string(folder.path().join("headcount.service")).unwrap();
    let allowed = allowed(&unit);
    assert!(
        allowed.contains("fsync")
            && allowed.contains("mlockall")
            && !allowed.contains("mount")
            && !allowed.contains("setuid")
    );
    let mut demo = Demo::start("1", "0");
    let links: Vec<String> = (0..5).map(|invite| demo.link(invite)).collect();
    let (url, data) = (demo.told("url").to_owned(), demo.folder().join("demo"));
    demo.stop();
    let trace = folder.path().join("calls");
    let address = url.strip_prefix("http://").unwrap();
    let mut server = Command::new("strace")
        .args(["-D", "-f", "-qq", "-o", trace.to_str().unwrap()])
        .arg(program("headcount-server"))
        .args(["serve", "--organiser-listen", "127.0.0.1:0", "--listen", address, "--data", data.to_str().unwrap()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| std::net::TcpStream::connect(address).is_ok());
    for link in links {
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now"], &link);
    }
    wait_until(|| published(&url) == 5);
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(server.wait().unwrap().success());

    let trace = std::fs::read_to_string(trace).unwrap();
    // a process number, then a name before a parenthesis; resumed calls and signals have none
    let name = |line: &str| line.split_whitespace().nth(1)?.split_once('(').map(|(name, _)| name.to_owned());
    let made: BTreeSet<String> = trace.lines().filter_map(name).collect();
    assert!(made.contains("accept4") && made.contains("pwrite64"), "{made:?}");
    assert_eq!(made.difference(&allowed).collect::<Vec<_>>(), [] as [&String; 0]);
    let sockets = trace.lines().filter(|line| line.contains(" socket("));
    let families = unit.lines().find_map(|line| line.strip_prefix("RestrictAddressFamilies=")).unwrap();
    let foreign = |line: &&str| !families.split(' ').any(|family| line.contains(&format!(" socket({family},")));
    assert_eq!(sockets.filter(foreign).collect::<Vec<_>>(), [] as [&str; 0]);
    let executable = |line: &&str| line.contains("PROT_EXEC") && line.contains("PROT_WRITE");
    assert_eq!(trace.lines().filter(executable).collect::<Vec<_>>(), [] as [&str; 0], "MemoryDenyWriteExecute");
}

/// The calls that the unit's filter leaves, its groups spelled out by systemd.
fn allowed(unit: &str) -> BTreeSet<String> {
    let (fine, groups) = said(Command::new("systemd-analyze").args(["syscall-filter", "--no-pager"]));
    assert!(fine, "{groups}");
    let mut allowed = calls(&groups, "@default"); // which is allowed always
    for filter in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (taken, names) = filter.strip_prefix('~').map_or((false, filter), |names| (true, names));
        for call in names.split(' ').flat_map(|name| calls(&groups, name)) {
            if taken {
                allowed.remove(&call);
            } else {
                allowed.insert(call);
            }
        }
    }
    allowed
}

fn calls(groups: &str, name: &str) -> BTreeSet<String> {
    if !name.starts_with('@') {
        return BTreeSet::from([name.to_owned()]);
    }
    let lines = groups.lines().skip_while(|line| *line != name).skip(1);
    let members = lines.take_while(|line| line.starts_with(' ')).map(str::trim).filter(|line| !line.starts_with('#'));
    members.flat_map(|member| calls(groups, member)).collect()
}

#[test]
fn tor_takes_the_torrc_and_it_opens_two_services_and_nothing_else() {
    let folder = written(&[]);
    let state = folder.path().join("tor");
    create_dir(&state).unwrap();
    set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    let torrc = std::fs::read_to_string(folder.path().join("torrc")).unwrap();
    let verify = |torrc: String| {
        let path = folder.path().join("torrc.here");
        std::fs::write(&path, torrc.replace("/var/lib/tor", state.to_str().unwrap())).unwrap();
        let mut tor = Command::new(unpacked("usr/bin/tor"));
        tor.args(["--verify-config", "--defaults-torrc", "/dev/null", "-f"])
            .arg(path)
            .arg("--DataDirectory")
            .arg(&state);
        said(&mut tor)
    };
    let (fine, words) = verify(torrc.clone());
    assert!(fine && words.contains("Configuration was valid"), "{words}");
    let warnings = words.lines().filter(|line| line.contains("[warn]") && !line.contains("running Tor as root"));
    assert_eq!(warnings.collect::<Vec<_>>(), [] as [&str; 0]);
    assert!(!verify(torrc.replace("HiddenServiceVersion 3", "HiddenServiceVersion 2")).0);

    let settings: Vec<&str> = torrc.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let ports: Vec<&&str> = settings.iter().filter(|line| line.contains("Port")).collect();
    assert_eq!(ports, [&"SocksPort 0", &"HiddenServicePort 80 127.0.0.1:8080", &"HiddenServicePort 80 127.0.0.1:8081"]);
    let logs: Vec<&&str> =
        settings.iter().filter(|line| line.starts_with("Log") || line.starts_with("SafeLogging")).collect();
    assert_eq!(logs, [&"Log warn syslog", &"SafeLogging 1"]);
}

#[test]
fn the_key_that_torrc_tells_an_organiser_to_make_is_one_that_tor_takes() {
    let folder = written(&[]);
    let torrc = std::fs::read_to_string(folder.path().join("torrc")).unwrap();
    let commands: Vec<&str> = torrc.lines().filter_map(|line| line.strip_prefix("#   openssl ")).collect();
    let run = |command: &str| {
        let shell = format!("cd {} && openssl {command}", folder.path().display());
        let (fine, words) = said(Command::new("bash").args(["-c", &shell]));
        assert!(fine, "{words}");
        words.trim().to_owned()
    };
    assert_eq!(commands.len(), 3);
    run(commands[0]);
    let (public, private) = (run(commands[1]), run(commands[2]));
    let is_key =
        |key: &str| key.len() == 52 && key.bytes().all(|c| c.is_ascii_uppercase() || (b'2'..=b'7').contains(&c));
    assert!(is_key(&public) && is_key(&private) && public != private, "{public}");
}
