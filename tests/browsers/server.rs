//! A campaign of an organiser's own, by `init` and `serve` as processes: the campaign file that everybody is told to
//! copy, with dates of today.

use crate::yard::K;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::programs::{Served, free_address, program};

/// What differs from the campaign file that is copied.
pub(crate) struct Terms {
    /// Seconds from now until it opens for pledges.
    pub(crate) pledges_open_in: u64,
    /// Seconds of a tick.
    pub(crate) tick: u32,
    /// The host that is the issuer's name; that of the origin is 127.0.0.1, and the server is the same.
    pub(crate) issuer: &'static str,
}

/// A running server, ended when dropped.
pub(crate) struct Server {
    /// Where participants reach it.
    pub(crate) url: String,
    /// Where organisers reach it.
    pub(crate) organiser_url: String,
    _served: Served,
}

impl Server {
    /// Makes a campaign in a folder, and serves it with the page. Gives the organiser's token too.
    pub(crate) fn start(folder: &Path, terms: &Terms) -> (Self, String) {
        let [address, organiser_address] = [free_address(), free_address()];
        let token = init(folder, &address, terms);
        let mut command = Command::new(program("headcount-server"));
        command.args(["serve", "--listen", &address, "--organiser-listen", &organiser_address, "--page"]);
        command.arg(crate::driving::target_page()).arg("--data").arg(folder.join("data"));
        let served = Served::start(&mut command);
        let [url, organiser_url] = [address, organiser_address].map(|address| format!("http://{address}"));
        (Self { url, organiser_url, _served: served }, token)
    }
}

/// Runs `init` and gives the organiser's token.
fn init(folder: &Path, address: &str, terms: &Terms) -> String {
    let server = program("headcount-server"); // which may take its time to be made: the dates come after
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/campaigns/russia-2021");
    for file in ["places.json", "map.json"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = to_base64(&NoteSigner::new("", &rand::random()).public_key());
    let pledges_open = now + terms.pledges_open_in;
    let closes = pledges_open + 10 * 3600;
    let issuer = address.replace("127.0.0.1", terms.issuer);
    let lines = [
        ("#organiser_key", format!("organiser_key = \"{key}\"")),
        ("opens", format!("opens = {}", now - 60)),
        ("pledges_open", format!("pledges_open = {pledges_open}")),
        ("issuing_closes", format!("issuing_closes = {closes}")),
        ("closes", format!("closes = {closes}")),
        ("k", format!("k = {K}")),
        ("tick_seconds", format!("tick_seconds = {}", terms.tick)),
        ("issuer_name", format!("issuer_name = \"{issuer}\"")),
        ("origin_name", format!("origin_name = \"{address}\"")),
    ];
    let theirs = |line: &str| {
        let own = lines.iter().find(|(name, _)| line.split_once(" =").is_some_and(|(key, _)| key == *name));
        own.map_or(line.to_owned(), |(_, own)| own.clone())
    };
    let text = std::fs::read_to_string(source.join("campaign.toml")).unwrap();
    let text: Vec<String> = text.lines().map(theirs).collect();
    std::fs::write(folder.join("campaign.toml"), text.join("\n")).unwrap();
    let made = Command::new(server)
        .args(["init", "--campaign"])
        .arg(folder.join("campaign.toml"))
        .arg("--data")
        .arg(folder.join("data"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8(made.stdout).unwrap();
    let mut lines = said.lines().skip_while(|line| !line.contains("organiser's token"));
    lines.nth(1).unwrap().trim().to_owned()
}
