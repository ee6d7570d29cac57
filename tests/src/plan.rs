//! How a world's campaign differs from the usual one, and the campaign file of it.

use crate::{K, START, TICK, TICKS, wire};
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::note::NoteSigner;
use server::init::Source;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How a campaign differs from the usual one.
#[derive(Clone)]
pub struct Plan {
    /// Places per region.
    pub regions: Vec<u32>,
    /// Seconds from the opening to the opening of pledges.
    pub collecting: u64,
    /// The most tokens.
    pub eligible: u64,
    /// Seconds from the opening to the end of issuing; none means until the close.
    pub issuing: Option<u64>,
    /// The folder of a registration bundle.
    pub page: Option<PathBuf>,
    /// The issuer's host, if it is another than the origin's; it must lead to this machine.
    pub issuer_host: Option<String>,
    /// The origin's onion service.
    pub onion: Option<String>,
    /// Places and map of a country, instead of few and small ones.
    pub country: Option<(Vec<u8>, Vec<u8>)>,
    /// The lines of the campaign file's table `[email]`.
    pub email: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            regions: vec![3, 2],
            collecting: 0,
            eligible: 10_000,
            issuing: None,
            page: None,
            issuer_host: None,
            onion: None,
            country: None,
            email: None,
        }
    }
}

impl Plan {
    /// The campaign file and documents for a server at an address.
    pub(crate) fn source(&self, address: SocketAddr, organiser_seed: &[u8; 32]) -> Source {
        let organiser_key = to_base64(&NoteSigner::new("", organiser_seed).public_key());
        let pledges_open = START + self.collecting;
        let closes = pledges_open + TICKS * TICK;
        let issuing_closes = self.issuing.map_or(closes, |seconds| START + seconds);
        let issuer = self.issuer_host.as_ref().map_or(address.to_string(), |host| format!("{host}:{}", address.port()));
        let onion = self.onion.as_ref().map_or(String::new(), |onion| format!("onion = \"{onion}\"\n"));
        let names = format!("issuer_name = \"{issuer}\"\n{onion}");
        let text = format!(
            "target = 1000\neligible = {}\nplaces = \"places.json\"\nmap = \"map.json\"\nk = {K}\ntick_seconds = {TICK}\n\
             opens = {START}\npledges_open = {pledges_open}\ncloses = {closes}\nissuing_closes = {issuing_closes}\n\
             {names}origin_name = \"{address}\"\norganiser_key = \"{organiser_key}\"\nrehearsal = true\n\
             [title]\nen = \"A campaign\"\nru = \"Кампания\"\n[text]\nen = \"To try things.\"\nru = \"Для проб.\"\n",
            self.eligible
        );
        let text = format!("{text}{}", self.email.as_ref().map_or(String::new(), |lines| format!("[email]\n{lines}")));
        let few = || (wire::places_json(&self.regions), wire::MAP.as_bytes().to_vec());
        let (places, map) = self.country.clone().unwrap_or_else(few);
        Source { file: CampaignFile::parse(&text).expect("a good file"), places, map }
    }
}
