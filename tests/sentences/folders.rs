//! What can be wrong with a server's folder, its ports and its command line: `serve` does not start, `check` does not
//! say that all is well, and both say why.

use crate::judge::{Said, Table, server};
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use server::Deployment;
use server::clock::Clock;
use server::init::{Source, init};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tests::programs::program;

pub(crate) fn make(data: &Path) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = to_base64(&NoteSigner::new("", &[7; 32]).public_key());
    let text = format!(
        "target = 1\neligible = 10\nplaces = \"p\"\nmap = \"m\"\nk = 5\npledges_open = {now}\ncloses = {}\n\
         issuer_name = \"localhost:1\"\norigin_name = \"localhost:1\"\norganiser_key = \"{key}\"\n\
         [title]\nen = \"T\"\n[text]\nen = \"T\"\n",
        now + 7200
    );
    let places = br#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"P"},"lat":1,"lon":2,"population":3}]}"#;
    let file = CampaignFile::parse(&text).unwrap();
    init(Source { file, places: places.to_vec(), map: b"{}".to_vec() }, data).unwrap();
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Runs `serve`, which must end by itself within half a minute.
pub(crate) fn serve(folder: &Path, more: &[&str]) -> Said {
    let out = fs::File::create(folder.join("out")).unwrap();
    let err = fs::File::create(folder.join("err")).unwrap();
    let mut child = Command::new(program("headcount-server"))
        .current_dir(folder)
        .args([&["serve", "--data", "data"], more].concat())
        .stdout(Stdio::from(out))
        .stderr(Stdio::from(err))
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(30) {
        let serves = fs::read_to_string(folder.join("out")).unwrap().contains("Ctrl-C");
        if serves {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let status = child.wait().unwrap();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    Said::of(read("out"), read("err"), status.code())
}

pub(crate) const FREE: [&str; 4] = ["--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0"];

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

type Damage = Box<dyn Fn(&Path)>;

/// Damages of a data directory, by name.
fn damages() -> Vec<(&'static str, Damage)> {
    fn on(path: &'static str, work: fn(&Path)) -> Damage {
        Box::new(move |data: &Path| work(&data.join(path)))
    }
    let remove = |path: &Path| drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) });
    let empty = |path: &Path| fs::write(path, "").unwrap();
    vec![
        ("genesis.json missing", on("genesis.json", remove)),
        ("genesis.json cut", on("genesis.json", cut)),
        ("genesis.json empty", on("genesis.json", empty)),
        ("genesis.json altered", on("genesis.json", |path| flip(path, 30))),
        (
            "genesis.json of another version",
            on("genesis.json", |path| {
                let text = fs::read_to_string(path).unwrap();
                fs::write(path, text.replace("\"version\":1", "\"version\":2")).unwrap();
            }),
        ),
        ("places.json altered", on("places.json", |path| flip(path, 20))),
        ("places.json missing", on("places.json", remove)),
        ("map.json altered", on("map.json", |path| flip(path, 0))),
        ("log missing", on("log", remove)),
        ("log/checkpoint missing", on("log/checkpoint", remove)),
        ("log/checkpoint altered", on("log/checkpoint", |path| flip(path, 10))),
        ("log/checkpoint cut", on("log/checkpoint", cut)),
        ("log tile altered", on("log/tile/0/000.p/1", |path| flip(path, 3))),
        ("log tile cut", on("log/tile/0/000.p/1", cut)),
        ("log tile missing", on("log/tile", remove)),
        ("log entries altered", on("log/tile/entries/000.p/1", |path| flip(path, 60))),
        ("log entries cut", on("log/tile/entries/000.p/1", cut)),
        ("keys missing", on("keys", remove)),
        ("keys/log missing", on("keys/log", remove)),
        ("keys/log cut", on("keys/log", cut)),
        ("keys/log altered", on("keys/log", |path| flip(path, 3))),
        ("keys/receipt altered", on("keys/receipt", |path| flip(path, 3))),
        ("keys/receipt cut", on("keys/receipt", cut)),
        ("keys/issuer.pkcs8 missing", on("keys/issuer.pkcs8", remove)),
        ("keys/issuer.pkcs8 cut", on("keys/issuer.pkcs8", cut)),
        ("keys/issuer.pkcs8 altered", on("keys/issuer.pkcs8", |path| flip(path, 100))),
        (
            "keys of another campaign",
            on("keys/issuer.pkcs8", |path| {
                let another = tempfile::tempdir().unwrap();
                make(&another.path().join("data"));
                fs::copy(another.path().join("data/keys/issuer.pkcs8"), path).unwrap();
            }),
        ),
        ("keys/invite cut", on("keys/invite", cut)),
        ("keys/invite missing", on("keys/invite", remove)),
        ("organisers.json cut", on("organisers.json", cut)),
        ("organisers.json missing", on("organisers.json", remove)),
        ("actions missing", on("actions", remove)),
        ("actions altered", on("actions", |path| fs::write(path, "{\"tick\":1").unwrap())),
        ("attestation missing", on("attestation", remove)),
        ("attestation/batches.json missing", on("attestation/batches.json", remove)),
        ("attestation/batches.json altered", on("attestation/batches.json", |path| flip(path, 0))),
        (
            "attestation/batches.json contradicts itself",
            on("attestation/batches.json", |path| {
                let batch = r#"{"number":1,"name":"a","maximum":5,"per_tick":null,"expires_tick":null,"revoked":false,"maker":"m"}"#;
                fs::write(path, format!(r#"{{"next":2,"batches":[{batch},{batch}]}}"#)).unwrap();
            }),
        ),
        ("redemption missing", on("redemption", remove)),
        ("closing altered", on("", |data| fs::write(data.join("closing"), "soon").unwrap())),
        ("plan altered", on("", |data| fs::write(data.join("plan"), [1, 2, 3]).unwrap())),
    ]
}

/// What `check` leaves to the start: it reads neither the databases nor what a start finishes.
const ONLY_AT_START: [&str; 4] = ["attestation/batches", "closing", "plan", "keys/invite altered"];

#[test]
fn a_damaged_folder_is_neither_served_nor_called_whole() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let whole = folder.path().join("whole");
    make(&whole);
    for (index, (what, damage)) in damages().into_iter().enumerate() {
        let place: PathBuf = folder.path().join(format!("case-{index}"));
        copy(&whole, &place.join("data"));
        damage(&place.join("data"));
        if !ONLY_AT_START.iter().any(|start| what.starts_with(start)) {
            table.judge(&format!("check, {what}"), &server(&place, &["check", "--data", "data"]), &[], "");
        }
        table.judge(&format!("serve, {what}"), &serve(&place, &FREE), &[], "");
    }
    for (index, secret) in ["keys/log", "organisers.json", "actions"].into_iter().enumerate() {
        let place = folder.path().join(format!("open-{index}"));
        copy(&whole, &place.join("data"));
        fs::set_permissions(place.join("data").join(secret), fs::Permissions::from_mode(0o644)).unwrap();
        let said = server(&place, &["check", "--data", "data"]);
        table.judge(&format!("{secret} that others can read"), &said, &[], "chmod 600");
    }
    table.end(70);
}

#[test]
fn a_folder_or_a_port_that_cannot_be_used_is_told() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let (home, busy) = (folder.path(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = busy.local_addr().unwrap().to_string();
    make(&home.join("data"));
    let listens: [(&str, [&str; 4], &str); 3] = [
        ("port in use", ["--listen", &address, "--organiser-listen", "127.0.0.1:0"], &address),
        ("organiser's port in use", ["--listen", "127.0.0.1:0", "--organiser-listen", &address], &address),
        ("another machine's address", ["--listen", "192.0.2.1:80", "--organiser-listen", "127.0.0.1:0"], "192.0.2.1"),
    ];
    for (what, words, mentions) in listens {
        table.judge(what, &serve(home, &words), &[], mentions);
    }
    let demo = |more: &[&str]| {
        let own = ["--simulate", "0", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0"];
        server(home, &[&["demo"], &own[..more.len().min(2)], more].concat())
    };
    for (what, said, mentions) in [
        ("demo in a used folder", demo(&["--data", "data"]), "serve --data data"),
        ("demo on a used port", demo(&["--listen", &address, "--json"]), &address),
        ("demo with k 4", demo(&["--k", "4", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0"]), "k"),
        (
            "demo with tick 0",
            demo(&["--tick", "0", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0"]),
            "tick",
        ),
        ("no such option", server(home, &["serve", "--dato", "data"]), "--dato"),
        ("no data", server(home, &["serve"]), "--data"),
        ("no such address", server(home, &["serve", "--data", "data", "--listen", "everywhere"]), "everywhere"),
        ("no command", server(home, &["server"]), "server"),
        ("check of nothing", server(home, &["check", "--data", "nothing"]), "init"),
        ("check of a file", server(home, &["check", "--data", "out"]), ""),
        ("clock of nothing", server(home, &["check", "--data", "nothing", "--clock-is-right"]), "init"),
        ("init in a used folder", used_init(home), "not empty"),
        ("serve of nothing", serve(&fresh(home), &FREE), "init"),
    ] {
        table.judge(what, &said, &[], mentions);
    }
    let _served = Deployment::open(&home.join("data"), Clock::system(), None).unwrap();
    table.judge("another server", &serve(home, &FREE), &[], "another server");
    table.end(17);
}

#[test]
fn what_an_operator_can_mistake_about_accounts_is_told() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    make(&folder.path().join("data"));
    let long = "a".repeat(33);
    let run = |words: &[&str]| server(folder.path(), &[&["organiser"], words].concat());
    let add = |name: &str| run(&["add", name, "--role", "invites", "--data", "data"]);
    for (what, said, mentions) in [
        ("no name", run(&["add", "--role", "reads", "--data", "data"]), "NAME"),
        ("an empty name", add(""), "letters"),
        ("a long name", add(&long), "32"),
        ("a name in capitals", add("Anna"), "small"),
        ("a name of two words", add("anna maria"), "hyphens"),
        ("a name of another alphabet", add("анна"), "Latin"),
        ("the operator's name", add("operator"), "operator"),
        ("a name that is taken", add("first"), "first"),
        ("no role", run(&["add", "anna", "--data", "data"]), "--role"),
        ("no such role", run(&["add", "anna", "--role", "leads", "--data", "data"]), "announces"),
        ("no folder", run(&["add", "anna", "--role", "reads"]), "--data"),
        ("a folder of nothing", run(&["add", "anna", "--role", "reads", "--data", "none"]), "init"),
        ("a list of nothing", run(&["list", "--data", "none"]), "init"),
        ("removing nobody", run(&["remove", "anna", "--data", "data"]), "organiser list"),
        ("removing from nothing", run(&["remove", "first", "--data", "none"]), "init"),
        ("no such command", run(&["change", "first"]), "change"),
    ] {
        table.judge(what, &said, &[], mentions);
    }
    assert_eq!(run(&["list", "--data", "data"]).out, "first  reads, invites, announces\n", "and nothing was changed");
    table.end(16);
}

fn fresh(home: &Path) -> PathBuf {
    let place = home.join("fresh");
    fs::create_dir_all(place.join("data")).unwrap();
    place
}

fn used_init(home: &Path) -> Said {
    let campaign = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    copy(&campaign, &home.join("campaign"));
    let text = fs::read_to_string(home.join("campaign/campaign.toml")).unwrap().replace(" = 2021-", " = 2121-");
    let key = to_base64(&NoteSigner::new("", &[7; 32]).public_key());
    fs::write(home.join("campaign/campaign.toml"), format!("organiser_key = \"{key}\"\n{text}")).unwrap();
    server(home, &["init", "--campaign", "campaign/campaign.toml", "--data", "data"])
}

#[test]
fn what_install_cannot_write_is_told_and_nothing_is_written() {
    let (folder, mut table) = (tempfile::tempdir().unwrap(), Table::default());
    let home = folder.path();
    fs::write(home.join("file"), "mine").unwrap();
    fs::create_dir(home.join("used")).unwrap();
    fs::write(home.join("used/torrc"), "mine").unwrap();
    let install =
        |host: &str, to: &str, more: &[&str]| server(home, &[&["install", "--host", host, "--to", to], more].concat());
    let onion = format!("{}.onion", "a".repeat(56));
    for (what, said, mentions) in [
        ("a link for a host", install("https://a.org", "to", &[]), "--host"),
        ("a host with a port", install("a.org:443", "to", &[]), "--host"),
        ("an onion service for a host", install(&onion, "to", &[]), "--onion"),
        ("a host for an onion service", install("a.org", "to", &["--onion", "a.org"]), "--onion"),
        ("root", install("a.org", "to", &["--user", "root"]), "--user"),
        ("a folder that is no path", install("a.org", "to", &["--data", "campaign"]), "--data"),
        ("a folder that is emptied", install("a.org", "to", &["--data", "/tmp/campaign"]), "--data"),
        ("a file that is there", install("a.org", "used", &[]), "used/torrc"),
        ("a file for a folder", install("a.org", "file", &[]), "file"),
        ("no host", server(home, &["install", "--to", "to"]), "--host"),
    ] {
        table.judge(what, &said, &[], mentions);
    }
    table.end(10);
    assert!(!home.join("to").exists());
    assert_eq!(fs::read_dir(home.join("used")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(home.join("used/torrc")).unwrap(), "mine");
}
