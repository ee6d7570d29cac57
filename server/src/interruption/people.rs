//! Tests: a small campaign and those who take part in it, the same whenever they are made from its folder, so that the
//! judge of a crash holds the very requests and tokens that were told to be counted before it.

use super::START;
use crate::init::{Source, read_campaign};
use crate::keyring::Keyring;
use protocol::campaign::Campaign;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::invite::{InviteId, InviteKey};
use protocol::issuance::{PendingToken, TokenRequest};
use protocol::note::NoteSigner;
use protocol::phrase::Phrase;
use protocol::pledge::{Nonce, Pledge};
use protocol::token::{Token, VerifiedToken};
use std::path::Path;

/// The organiser's key.
pub(super) const ORGANISER_SEED: [u8; 32] = [7; 32];
/// Length of a tick in seconds.
pub(super) const TICK: u64 = 3600;

/// A campaign of two places in one region, k = 5, that closes after so many ticks.
pub(super) fn source(ticks: u64) -> Source {
    let organiser_key = to_base64(&NoteSigner::new("", &ORGANISER_SEED).public_key());
    let text = format!(
        "target = 9\neligible = 99\nplaces = \"p\"\nmap = \"m\"\nk = 5\ntick_seconds = {TICK}\npledges_open = {START}\ncloses = {}\n\
         issuer_name = \"localhost:1\"\norigin_name = \"localhost:1\"\norganiser_key = \"{organiser_key}\"\n[title]\nen = \"T\"\n[text]\nen = \"t\"\n",
        START + ticks * TICK
    );
    let place = r#"{"region":0,"name":{"en":"P"},"lat":0,"lon":0,"population":0}"#;
    let places = format!(r#"{{"regions":[{{"name":{{"en":"R"}}}}],"places":[{place},{place}]}}"#);
    Source { file: CampaignFile::parse(&text).unwrap(), places: places.into(), map: b"{}".to_vec() }
}

/// Everybody, by number.
pub(super) struct People {
    pub(super) campaign: Campaign,
    pub(super) all: Vec<Person>,
    invites: InviteKey,
}

/// One participant, with an invite, and a token that the issuer of the campaign signed.
pub(super) struct Person {
    /// With this request the invite is used.
    pub(super) request: TokenRequest,
    /// With this one somebody tries it who has stolen it.
    pub(super) other: TokenRequest,
    pub(super) token: Token,
    pub(super) pledge: Pledge,
}

impl Person {
    pub(super) fn nonce(&self) -> Nonce {
        self.token.nonce()
    }

    pub(super) fn verified(&self, campaign: &Campaign) -> VerifiedToken {
        let opened = self.token.clone().open(self.pledge.clone(), campaign).unwrap();
        opened.verify(campaign.token_key()).unwrap()
    }
}

impl People {
    /// One for each of these places. The folder still has its keys.
    pub(super) fn of(data: &Path, places: &[u32]) -> Self {
        let (campaign, ..) = read_campaign(data).unwrap();
        let keys = Keyring::of(data);
        let (issuer, invites) = (keys.issuer().unwrap().unwrap(), keys.invite().unwrap().unwrap());
        let person = |(number, place): (usize, &u32)| {
            let number = u8::try_from(number).unwrap();
            let (request, pending, pledge) = ask(&campaign, [number; 16], *place);
            let (other, ..) = ask(&campaign, [number + 100; 16], *place);
            let token = pending.finalize(&issuer.issue(&mut rand::rng(), &request).unwrap()).unwrap();
            Person { request, other, token, pledge }
        };
        let all = places.iter().enumerate().map(person).collect();
        Self { campaign, all, invites }
    }

    /// The code of an invite of the first batch.
    pub(super) fn code(&self, number: usize) -> String {
        self.invites.mint(self.campaign.id(), invite_id(number)).code().to_string()
    }
}

/// The id of an invite of the first batch.
pub(super) fn invite_id(number: usize) -> InviteId {
    InviteId::new(1, [u8::try_from(number).unwrap(); 8])
}

fn ask(campaign: &Campaign, phrase: [u8; 16], place: u32) -> (TokenRequest, PendingToken, Pledge) {
    let secrets = Phrase::from_bytes(phrase).secrets(campaign.id(), place);
    let (nonce, challenge) = (secrets.pledge().nonce(0), campaign.challenge_digest());
    let made = TokenRequest::new(&mut secrets.blinding(), campaign.token_key(), challenge, nonce);
    let (request, pending) = made.unwrap();
    (request, pending, secrets.pledge())
}
