//! The programs as their users type them: `init` shows the key once, `serve` takes it by a descriptor and no other key,
//! `headcount invite` asks by the road that was agreed to; and when issuing ends the key is in no memory.

use crate::post_office::{DOMAIN, Mode, PostOffice, link};
use protocol::codec::{array_from_base64, to_base64};
use protocol::note::NoteSigner;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tests::programs::{Served, bad, free_address, good, program, wait_until};

const KEY: &str = "The e-mail key, shown only now";

/// Makes a campaign whose issuing ends in so many seconds, and gives its address and e-mail key.
fn init(folder: &Path, issuing: u64) -> (String, String) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    for file in ["places.json", "map.json"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let server = program("headcount-server"); // which may take its time to be made: the dates come after
    let address = free_address();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = to_base64(&NoteSigner::new("", &rand::random()).public_key());
    let text = format!(
        "target = 100\neligible = 100\nplaces = \"places.json\"\nmap = \"map.json\"\ntick_seconds = 3600\n\
         opens = {}\npledges_open = {now}\ncloses = {}\nissuing_closes = {}\nissuer_name = \"{address}\"\n\
         origin_name = \"{address}\"\norganiser_key = \"{key}\"\nrehearsal = true\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n\
         [email]\nmaximum = 50\ndomains = [\"{DOMAIN}\"]\n",
        now - 60,
        now + 36_000,
        now + issuing,
    );
    std::fs::write(folder.join("campaign.toml"), text).unwrap();
    let mut made = Command::new(server);
    made.arg("init").arg("--campaign").arg(folder.join("campaign.toml")).arg("--data").arg(folder.join("data"));
    let made = made.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8(made.stdout).unwrap();
    assert_eq!(said.matches(KEY).count(), 1, "{said}");
    let key = said.lines().skip_while(|line| !line.starts_with(KEY)).nth(1).unwrap().trim().to_owned();
    (address, key)
}

/// `serve` with these e-mail options, its key on descriptor 3 and its password on descriptor 4.
fn serve(folder: &Path, address: &str, key: &str, options: &[&str]) -> Command {
    let (key_file, password) = (folder.join("given-key"), folder.join("given-password"));
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    std::fs::write(&password, "right horse\n").unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", "exec 3<\"$0\" 4<\"$1\"; rm \"$0\" \"$1\"; exec \"${@:2}\""]).args([key_file, password]);
    command.arg(program("headcount-server")).args(["serve", "--listen", address, "--organiser-listen", "127.0.0.1:0"]);
    command.arg("--data").arg(folder.join("data")).args(options).stdin(Stdio::null());
    command
}

/// Whether any readable memory of a server holds these bytes.
fn holds(server: &Served, wanted: &[u8]) -> bool {
    let path = |name: &str| format!("/proc/{}/{name}", server.id());
    let maps = std::fs::read_to_string(path("maps")).unwrap();
    let mut memory = std::fs::File::open(path("mem")).unwrap();
    let parts = maps.lines().filter(|line| line.contains(" rw")).filter_map(|line| {
        let (begin, end) = line.split(' ').next()?.split_once('-')?;
        Some((u64::from_str_radix(begin, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
    });
    for (begin, end) in parts {
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
        memory.seek(SeekFrom::Start(begin)).unwrap();
        if memory.read_exact(&mut bytes).is_ok() && bytes.windows(wanted.len()).any(|window| window == wanted) {
            return true;
        }
    }
    false
}

fn options<'a>(url: &'a str, ca: &'a str) -> Vec<&'a str> {
    let from = ["--email-from", "post@campaign.example", "--email-key-fd", "3"];
    [&["--smtp", url, "--smtp-user", "ann", "--smtp-password-fd", "4", "--smtp-ca", ca][..], &from].concat()
}

#[test]
fn an_invite_is_asked_for_by_the_command_line_and_comes_by_mail_and_the_key_goes_when_issuing_ends() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let office = PostOffice::start(authority.path(), 0, 100, Mode::Tls);
    let (address, key) = init(folder.path(), 90);
    let (url, ca) = (format!("smtp://localhost:{}", office.port), authority.path().join("ca.pem"));
    let options = options(&url, ca.to_str().unwrap());

    // another key, a key in another form and a mail server in another form are refused in one sentence
    let refused = |key: &str, options: &[&str]| {
        let ended = serve(folder.path(), &address, key, options).output().unwrap();
        assert!(!ended.status.success());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.lines().count() == 1 && !said.contains(key), "{said}");
        said
    };
    let other = to_base64(&[9; 32]);
    assert!(refused(&other, &options).contains("not the e-mail key"));
    assert!(refused("something", &options).contains("not the e-mail key"));
    let plain = [&["--smtp", "localhost:25"][..], &options[2..]].concat();
    assert!(refused(&key, &plain).contains("smtp://HOST:PORT"));

    let server = Served::start(&mut serve(folder.path(), &address, &key, &options));
    assert!(server.said().contains("Invites by e-mail are sent"), "{}", server.said());
    let raw: [u8; 32] = array_from_base64(&format!("{key}="), "").unwrap();
    assert!(holds(&server, &raw), "the search finds it while it is there");
    let site = format!("http://{address}");
    let ask = ["invite", site.as_str(), "--email"];
    for (more, input, said) in [
        (&["--direct"][..], "ann@example.com\n", "does not take this address"),
        (&["--direct"], "nothing\n", "no e-mail address"),
        (&[], "ann@example.org\n", "--direct"),
        (&["--proxy", "socks5h://127.0.0.1:1"], "ann@example.org\n", ""),
    ] {
        let told = bad(&[&ask[..], more].concat(), input);
        assert!(told.contains(said) && !told.contains("ann@"), "{told}");
    }
    let told = good(&[&ask[..], &["--direct"]].concat(), "Ann@example.org\n");
    assert!(told.contains("compare the campaign's words") && !told.to_lowercase().contains("ann@"), "{told}");
    wait_until(|| !office.mails().is_empty());
    let mails = office.mails();
    assert_eq!(mails.len(), 1, "who was refused, or had no road, sent nothing");
    let joined =
        good(&["join", "-", "--place", "Anadyr", "--direct", "--checked", "--now", "--json"], &link(&mails[0]));
    assert!(!joined.is_empty());

    let begin = Instant::now();
    while holds(&server, &raw) {
        assert!(begin.elapsed() < Duration::from_secs(300), "the key stays");
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(!holds(&server, key.as_bytes()));
    assert!(bad(&[&ask[..], &["--direct"]].concat(), "ann@example.org\n").contains("no invites by e-mail now"));
    drop(server);
    // a start by the same line goes on without, and asks for no key
    let server = Served::start(&mut serve(folder.path(), &address, "", &options));
    assert!(!server.said().contains("e-mail"), "{}", server.said());
}

#[test]
fn a_campaign_with_e_mail_is_served_without_a_mail_server_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (address, key) = init(folder.path(), 3600);
    let server = Served::start(&mut serve(folder.path(), &address, &key, &[]));
    assert!(server.said().contains("there is no --smtp"), "{}", server.said());
    let told = bad(&["invite", &format!("http://{address}"), "--email", "--direct"], "ann@example.org\n");
    assert!(told.contains("no invites by e-mail now"), "{told}");
}

#[test]
fn an_operator_whose_mail_server_refuses_everything_is_told_so_once_and_of_no_address() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let office = PostOffice::start(authority.path(), 0, 100, Mode::Tls);
    let (address, key) = init(folder.path(), 3600);
    let (url, ca) = (format!("smtp://localhost:{}", office.port), authority.path().join("ca.pem"));
    let told = folder.path().join("told");
    let mut command = serve(folder.path(), &address, &key, &options(&url, ca.to_str().unwrap()));
    let server = Served::start(command.stderr(std::fs::File::create(&told).unwrap()));
    let asks = |number: u32| {
        let site = format!("http://{address}");
        good(&["invite", &site, "--email", "--direct"], &format!("gone-{number}@{DOMAIN}\n"))
    };
    let lines = || std::fs::read_to_string(&told).unwrap();
    (0..9).for_each(|number| drop(asks(number)));
    good(&["invite", &format!("http://{address}"), "--email", "--direct"], &format!("ann@{DOMAIN}\n"));
    wait_until(|| office.mails().len() == 1);
    assert_eq!(lines(), "", "a few may be mistyped");
    (9..30).for_each(|number| drop(asks(number)));
    wait_until(|| !lines().is_empty());
    drop(server);
    let lines = lines();
    assert!(lines.lines().count() == 1 && lines.contains("--email-from") && !lines.contains('@'), "{lines}");
}
