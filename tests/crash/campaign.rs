//! A campaign made by `headcount-server init` from a campaign file, as an organiser would; its ticks run on the machine's
//! clock.

use client::campaign::read;
use client::log_reader::Source;
use protocol::campaign::Campaign;
use protocol::invite::Invite;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tests::programs::program;
use tests::wire::{places_json, send};

/// The least size of a group.
pub(crate) const K: u32 = 5;
/// Places per region.
pub(crate) const REGIONS: [u32; 2] = [4, 2];

/// The folder of a campaign, and what its organiser keeps.
pub(crate) struct Made {
    folder: TempDir,
    /// The campaign, as a client reads it.
    pub campaign: Arc<Campaign>,
    token: String,
}

impl Made {
    /// A campaign whose first tick ends `lead` seconds from now.
    pub(crate) async fn new(tick_seconds: u64, lead: u64, ticks: u64) -> Self {
        let server = program("headcount-server"); // which may take its time to be made: the dates come after
        let folder = tempfile::tempdir().unwrap();
        let pledges_open = now() + lead - tick_seconds;
        let text = format!(
            "target = 1000\neligible = 10000\nplaces = \"places.json\"\nmap = \"map.json\"\nk = {K}\n\
             tick_seconds = {tick_seconds}\npledges_open = {pledges_open}\ncloses = {}\nissuer_name = \"localhost:1\"\n\
             origin_name = \"localhost:1\"\norganiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n\
             rehearsal = true\n[title]\nen = \"A campaign\"\n[text]\nen = \"To be killed.\"\n",
            pledges_open + ticks * tick_seconds
        );
        let file = folder.path().join("campaign.toml");
        std::fs::write(&file, text).unwrap();
        std::fs::write(folder.path().join("places.json"), places_json(&REGIONS)).unwrap();
        std::fs::write(folder.path().join("map.json"), "{}").unwrap();
        let data = folder.path().join("data");
        let made = Command::new(server)
            .args(["init", "--campaign", file.to_str().unwrap(), "--data", data.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let said = String::from_utf8(made.stdout).unwrap();
        let mut lines = said.lines().skip_while(|line| !line.contains("organiser's token"));
        let token = lines.nth(1).unwrap().trim().to_owned();
        let campaign = Arc::new(read(&Source::Folder(data), None).await.unwrap());
        Self { folder, campaign, token }
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Invites from the server at this address.
    pub(crate) async fn invites(&self, organiser_url: &str, count: u32) -> Vec<Invite> {
        let post = reqwest::Client::new().post(format!("{organiser_url}/organiser/invites")).bearer_auth(&self.token);
        let body = json!({ "batch": "all", "count": count }).to_string();
        tests::links(&send(post.header("content-type", "application/json").body(body)).await)
    }

    /// Asks the server at this address to close. None if it died before it answered.
    pub(crate) async fn close(&self, organiser_url: &str) -> Option<u16> {
        let post = reqwest::Client::new().post(format!("{organiser_url}/organiser/close")).bearer_auth(&self.token);
        Some(tests::try_send(post).await?.status)
    }
}

/// Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits for a moment on the machine's clock. Blocks.
pub(crate) fn wait_for(moment: u64) {
    while now() < moment {
        std::thread::sleep(Duration::from_millis(50));
    }
}
