//! Tests: the campaign of the model test, made once: 24 invites in two batches, 48 requests with their tokens, and what
//! the server has to answer to each, byte for byte. A sequence begins with a copy of its folder.

use crate::attester::Attester;
use crate::batches::BatchRequest;
use crate::init::{Source, init, read_campaign};
use crate::keyring::Keyring;
use crate::organisers::Account;
use crate::store::crashes::fast_folder;
use ed25519_dalek::SigningKey;
use protocol::announcement::Announcement;
use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::issuance::TokenRequest;
use protocol::note::NoteSigner;
use protocol::phrase::Phrase;
use protocol::pledge::Nonce;
use protocol::receipt::sign_receipt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When tick 1 begins.
pub(super) const START: u64 = 1_700_000_000;
/// Length of a tick.
pub(super) const HOUR: u64 = 3600;
pub(super) const OPENS: u64 = START - 2 * HOUR;
pub(super) const ISSUING_CLOSES: u64 = START + 4 * HOUR;
pub(super) const FINAL_TICK: i64 = 6;
pub(super) const K: u64 = 5;
/// The region of each place.
pub(super) const REGION_OF: [u32; 5] = [0, 0, 0, 1, 1];
pub(super) const INVITES: usize = 24;
/// Invites from this one on are of the batch that may earn `PER_TICK` tokens per tick.
pub(super) const LIMITED_FROM: usize = 12;
pub(super) const PER_TICK: u64 = 5;
/// The last tick in which the other invites earn tokens.
pub(super) const FREE_UNTIL: i64 = 3;
pub(super) const TICKETS: usize = 48;
const SEED: [u8; 32] = [7; 32];

/// A request with its token. Tickets 2i and 2i + 1 are what the holder of invite i asks with.
pub(super) struct Ticket {
    pub request: Vec<u8>,
    pub response: Vec<u8>,
    pub authorization: String,
    pub pledge: Vec<u8>,
    pub receipt: Vec<u8>,
    pub nonce: Nonce,
}

pub(super) struct Country {
    _folder: tempfile::TempDir,
    pub data: PathBuf,
    pub campaign: Campaign,
    pub invites: Vec<String>,
    pub tickets: Vec<Ticket>,
    /// Two of each number, from 1 on.
    announcements: Vec<[String; 2]>,
    pub organiser: String,
}

/// Neighbours are of the same place, so that many pledges at once make groups.
pub(super) fn place_of(ticket: usize) -> u32 {
    [16, 26, 34, 42].iter().map(|end| u32::from(ticket >= *end)).sum()
}

impl Country {
    pub(super) fn make() -> Self {
        let folder = fast_folder();
        let data = folder.path().join("data");
        let organiser_key = to_base64(&NoteSigner::new("", &SEED).public_key());
        let closes = START + u64::try_from(FINAL_TICK).unwrap() * HOUR;
        let text = format!(
            "target = 9\neligible = 99\nplaces = \"p\"\nmap = \"m\"\nk = {K}\ntick_seconds = {HOUR}\nopens = {OPENS}\n\
             pledges_open = {START}\nissuing_closes = {ISSUING_CLOSES}\ncloses = {closes}\nissuer_name = \"localhost:1\"\n\
             origin_name = \"localhost:1\"\norganiser_key = \"{organiser_key}\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n"
        );
        let place = |region| format!(r#"{{"region":{region},"name":{{"en":"P"}},"lat":0,"lon":0,"population":0}}"#);
        let region = r#"{"name":{"en":"R"}}"#;
        let places = REGION_OF.map(place).join(",");
        let places = format!(r#"{{"regions":[{region},{region}],"places":[{places}]}}"#);
        let source = Source { file: CampaignFile::parse(&text).unwrap(), places: places.into(), map: b"{}".to_vec() };
        let made = init(source, &data).unwrap();
        let (campaign, ..) = read_campaign(&data).unwrap();
        let invites = invites(&data, &campaign);
        let tickets = tickets(&data, &campaign);
        let note = |number, text: &str| {
            let text = [("en".to_owned(), text.to_owned())].into();
            Announcement::sign(&campaign, &SEED, number, None, text).unwrap().note
        };
        let announcements = (1..=32).map(|number| [note(number, "Wait."), note(number, "Come.")]).collect();
        Self {
            _folder: folder,
            data,
            campaign,
            invites,
            tickets,
            announcements,
            organiser: format!("Bearer {}", *made.organiser_token),
        }
    }

    pub(super) fn announcement(&self, number: u32, other: bool) -> &str {
        &self.announcements[number as usize - 1][usize::from(other)]
    }

    /// The number of an announcement, and which of the two.
    pub(super) fn number_of(&self, note: &[u8]) -> (u32, bool) {
        let found = (1..).zip(&self.announcements).find_map(|(number, both)| {
            let which = both.iter().position(|other| other.as_bytes() == note)?;
            Some((number, which == 1))
        });
        found.expect("one that was made here")
    }
}

fn invites(data: &Path, campaign: &Campaign) -> Vec<String> {
    let (key, campaign) = (Keyring::of(data).invite().unwrap().unwrap(), Arc::new(campaign.clone()));
    let first = crate::first_tick(&campaign);
    let attester = Attester::open(&data.join("attestation"), campaign, key, first).unwrap();
    let mut invites = Vec::new();
    let until = START + u64::try_from(FREE_UNTIL).unwrap() * HOUR;
    for (batch, count, per_tick, expires) in [
        ("free", LIMITED_FROM, None, Some(until)),
        ("limited", INVITES - LIMITED_FROM, Some(u32::try_from(PER_TICK).unwrap()), None),
    ] {
        let count = u32::try_from(count).unwrap();
        let request = BatchRequest { batch: batch.to_owned(), count, per_tick, expires };
        let links = attester.mint(&request, &Account::first(), first + 1, || Ok(())).ok().unwrap();
        invites.extend(links.into_iter().map(|link| format!("Bearer {}", *link.invite.unwrap().code())));
    }
    invites
}

fn tickets(data: &Path, campaign: &Campaign) -> Vec<Ticket> {
    let key = Keyring::of(data).issuer().unwrap().unwrap();
    let receipt_key = SigningKey::from_bytes(&Keyring::of(data).receipt().unwrap());
    let ticket = |number: usize| {
        let secrets = Phrase::generate(&mut rand::rng()).secrets(campaign.id(), place_of(number));
        let region = REGION_OF[place_of(number) as usize];
        let (nonce, challenge) = (secrets.pledge().nonce(region), campaign.challenge_digest());
        let made = TokenRequest::new(&mut secrets.blinding(), campaign.token_key(), challenge, nonce);
        let (request, pending) = made.unwrap();
        let response = key.issue(&mut rand::rng(), &request).unwrap();
        Ticket {
            request: request.encode().to_vec(),
            response: response.encode().to_vec(),
            authorization: token_header(&pending.finalize(&response).unwrap()),
            pledge: secrets.pledge().encode().to_vec(),
            receipt: sign_receipt(&receipt_key, campaign.id(), &nonce).to_vec(),
            nonce,
        }
    };
    (0..TICKETS).map(ticket).collect()
}

/// Copies a folder as kill -9 leaves it at this moment: what is removed or renamed meanwhile is not there.
pub(super) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten() {
        let (source, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if source.is_dir() {
            copy_folder(&source, &target);
        } else if let Err(error) = fs::copy(&source, &target) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", source.display());
        }
    }
}
