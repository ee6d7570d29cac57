//! A campaign by the programs alone, for the test of its whole life: the organiser's key, `init`, accounts, `serve` with a
//! mail server.

use protocol::campaign::Places;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::programs::{Served, bad, free_address, good, program};

/// How many are wanted, and come.
pub(crate) const TARGET: u64 = 12;

/// A served campaign; the server ends when this is dropped.
pub(crate) struct Life<'a> {
    /// Where all files are.
    pub(crate) folder: &'a Path,
    /// Where participants reach it.
    pub(crate) url: String,
    /// The first organiser's token.
    pub(crate) token: String,
    organiser_url: String,
    server: Served,
}

impl<'a> Life<'a> {
    /// From nothing to a served campaign with this page. Its invites by e-mail go over the mail server at a port of this
    /// machine, whose authority is `ca.pem` in the folder.
    pub(crate) fn begin(folder: &'a Path, page: &Path, post: u16) -> Self {
        let keys = ["organiser.key", "forged.key"].map(|key| {
            let said = good(&["organiser", "key", "--out", folder.join(key).to_str().unwrap()], "");
            said.lines().find(|line| line.starts_with("organiser_key")).unwrap().to_owned()
        });
        let [address, organiser_address] = [free_address(), free_address()];
        let (token, email_key) = init(folder, &address, &keys[0]);
        let server = serve(folder, page, post, [&address, &organiser_address], &email_key);
        let [url, organiser_url] = [address, organiser_address].map(|address| format!("http://{address}"));
        Self { folder, url, token, organiser_url, server }
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// A new organiser with one role; gives the token.
    pub(crate) fn account(&self, name: &str, role: &str) -> String {
        let mut command = Command::new(program("headcount-server"));
        command.args(["organiser", "add", name, "--role", role, "--data"]).arg(self.folder.join("data"));
        behind(&said(&mut command), "token")
    }

    /// An organiser's command that does well, and what it says.
    pub(crate) fn organise(&self, words: &[&str], token: &str) -> String {
        good(&self.words(words), token)
    }

    /// An organiser's command that is refused, and how.
    pub(crate) fn refused(&self, words: &[&str], token: &str) -> String {
        bad(&self.words(words), token)
    }

    fn words<'b>(&'b self, words: &[&'b str]) -> Vec<&'b str> {
        let listener = ["--organiser-url", &self.organiser_url, "--token-file", "-"];
        ["organiser"].iter().chain(words).chain(&listener).copied().collect()
    }

    /// The number of a place by its English name.
    pub(crate) fn place(&self, name: &str) -> usize {
        let places = Places::decode(&std::fs::read(self.folder.join("places.json")).unwrap()).unwrap();
        places.places.iter().position(|place| place.name.get("en").is_some_and(|english| english == name)).unwrap()
    }

    /// What a public path answers, as a text.
    pub(crate) async fn get(&self, path: &str) -> String {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.get(format!("{}{path}", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// Ends the server, and gives the folder of the site that stays.
    pub(crate) fn end(mut self) -> PathBuf {
        self.server.stop();
        self.folder.join("data/site")
    }
}

/// Makes the campaign: the one of Russia 2021, smaller, for now, and with e-mail. Gives the token and the e-mail key.
fn init(folder: &Path, address: &str, organiser_key: &str) -> (String, String) {
    let server = program("headcount-server"); // which may take its time to be made: the dates come after
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    for file in ["places.json", "map.json"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let closes = now + 36_000;
    let text = format!(
        "places = \"places.json\"\nmap = \"map.json\"\ntarget = {TARGET}\neligible = 1000\nk = 5\ntick_seconds = 4\n\
         opens = {}\npledges_open = {now}\nissuing_closes = {closes}\ncloses = {closes}\nissuer_name = \"{address}\"\n\
         origin_name = \"{address}\"\n{organiser_key}\nrehearsal = true\n[title]\nen = \"Noon\"\nru = \"Полдень\"\n\
         [text]\nen = \"We come.\"\nru = \"Мы придём.\"\n[email]\nmaximum = 100\ndomains = [\"example.org\"]\n",
        now - 60,
    );
    std::fs::write(folder.join("campaign.toml"), text).unwrap();
    let mut command = Command::new(server);
    command.arg("init").arg("--campaign").arg(folder.join("campaign.toml")).arg("--data").arg(folder.join("data"));
    let said = said(&mut command);
    (behind(&said, "organiser's token"), behind(&said, "e-mail key"))
}

/// `serve`, once it serves, with the e-mail key on descriptor 3 and the password of the mail server on descriptor 4.
fn serve(folder: &Path, page: &Path, post: u16, listen: [&str; 2], email_key: &str) -> Served {
    let [key, password] = ["given-key", "given-password"].map(|name| folder.join(name));
    std::fs::write(&key, format!("{email_key}\n")).unwrap();
    std::fs::write(&password, "right horse\n").unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", "exec 3<\"$0\" 4<\"$1\"; rm \"$0\" \"$1\"; exec \"${@:2}\""]).args([key, password]);
    command.arg(program("headcount-server")).args(["serve", "--listen", listen[0], "--organiser-listen", listen[1]]);
    command.arg("--data").arg(folder.join("data")).arg("--page").arg(page);
    command.args(["--smtp", &format!("smtp://localhost:{post}"), "--smtp-user", "ann", "--smtp-password-fd", "4"]);
    command.args(["--email-from", "post@campaign.example", "--email-key-fd", "3", "--smtp-ca"]);
    command.arg(folder.join("ca.pem"));
    Served::start(command.stdin(Stdio::null()))
}

/// What a command says that does well.
fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The line behind the first with these words.
fn behind(said: &str, words: &str) -> String {
    let mut lines = said.lines().skip_while(|line| !line.contains(words));
    lines.nth(1).unwrap_or_else(|| panic!("{words}? {said}")).trim().to_owned()
}
