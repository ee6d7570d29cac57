//! The programs as their users type them: `init` shows the key once, `serve` takes it by a descriptor and no other key,
//! `headcount invite` asks by the road that was agreed to; and when issuing ends the key is in no memory.

use crate::post_office::{DOMAIN, Mode, PostOffice, link};
use protocol::codec::{array_from_base64, to_base64};
use protocol::note::NoteSigner;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tests::programs::{bad, good, program, wait_until};

const KEY: &str = "The e-mail key, shown only now";

/// Makes a campaign whose issuing ends in so many seconds, and gives its address and e-mail key.
fn init(folder: &Path, issuing: u64) -> (String, String) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    for file in ["places.json", "map.json"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let server = program("headcount-server"); // which may take its time to be made: the dates come after
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
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

/// A running server; it ends when dropped.
struct Server(Child, String);

impl Server {
    fn start(folder: &Path, address: &str, key: &str, options: &[&str]) -> Self {
        let mut child = serve(folder, address, key, options).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        while !said.contains("Ctrl-C") {
            said = format!("{said}\n{}", lines.next().expect("the server starts"));
        }
        Self(child, said)
    }

    /// Whether any readable memory of it holds these bytes.
    fn holds(&self, wanted: &[u8]) -> bool {
        let path = |name: &str| format!("/proc/{}/{name}", self.0.id());
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
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
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

    let server = Server::start(folder.path(), &address, &key, &options);
    assert!(server.1.contains("Invites by e-mail are sent"), "{}", server.1);
    let raw: [u8; 32] = array_from_base64(&format!("{key}="), "").unwrap();
    assert!(server.holds(&raw), "the search finds it while it is there");
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
    while server.holds(&raw) {
        assert!(begin.elapsed() < Duration::from_secs(300), "the key stays");
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(!server.holds(key.as_bytes()));
    assert!(bad(&[&ask[..], &["--direct"]].concat(), "ann@example.org\n").contains("no invites by e-mail now"));
    drop(server);
    // a start by the same line goes on without, and asks for no key
    let server = Server::start(folder.path(), &address, "", &options);
    assert!(!server.1.contains("e-mail"), "{}", server.1);
}

#[test]
fn a_campaign_with_e_mail_is_served_without_a_mail_server_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (address, key) = init(folder.path(), 3600);
    let server = Server::start(folder.path(), &address, &key, &[]);
    assert!(server.1.contains("there is no --smtp"), "{}", server.1);
    let told = bad(&["invite", &format!("http://{address}"), "--email", "--direct"], "ann@example.org\n");
    assert!(told.contains("no invites by e-mail now"), "{told}");
}
