//! The organiser's side: invites and their batches, counts, announcements, close, the log of actions, over the server's own
//! organiser listener.
//!
//! The key that signs announcements is made here, on the organiser's device, and never goes to a server.

use crate::address::BaseUrl;
use crate::answer::{Answer, read_json};
use crate::error::Error;
use crate::transport::{Message, Network, Operation};
use protocol::announcement::Announcement;
use protocol::campaign::{Campaign, Text};
use protocol::codec::{array_from_base64, to_base64};
use protocol::counts::Counts;
use protocol::invite::InviteLink;
use protocol::media;
use protocol::note::NoteSigner;
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

mod delivery;

pub use delivery::{Delivery, Order};

/// The Ed25519 seed that signs announcements. It erases itself and cannot be printed by accident.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct OrganiserKey([u8; 32]);

impl OrganiserKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut key = Self([0; 32]);
        SysRng.try_fill_bytes(&mut key.0).map_err(|_| {
            Error::Local("The operating system gives no random numbers; start it anew and try again.".to_owned())
        })?;
        Ok(key)
    }

    /// Reads the text of a key file.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let seed = array_from_base64(text.trim(), "organiser key");
        seed.map(Self).map_err(|_| {
            Error::Local(
                "The key file does not hold an organiser key; use the one that `organiser key` made.".to_owned(),
            )
        })
    }

    /// The text of a key file: base64url and a newline.
    pub fn to_text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(to_base64(&self.0));
        Zeroizing::new(format!("{}\n", *seed))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        NoteSigner::new("", &self.0).public_key()
    }

    /// Signs the announcement that follows the one that holds now, which must have been checked.
    pub fn announce(
        &self,
        campaign: &Campaign,
        now: Option<&Announcement>,
        date: Option<u64>,
        text: Text,
    ) -> Result<Announcement, Error> {
        if self.public() != campaign.genesis().organiser_key {
            return Err(Error::Local(
                "This key is not the organiser key of the campaign; use the file whose public half stands in its \
                 campaign.toml."
                    .to_owned(),
            ));
        }
        let number = now.map_or(0, |announcement| announcement.number).checked_add(1);
        let number = number.ok_or_else(|| {
            Error::Local("There can be no further announcement in this campaign; tell people by other ways.".to_owned())
        })?;
        Ok(Announcement::sign(campaign, &self.0, number, date, text)?)
    }
}

/// The organiser's listener of a server, with the token that opens it.
pub struct Organiser {
    operation: Operation,
    authorization: Zeroizing<String>,
}

#[derive(Serialize)]
struct InvitesWanted<'a> {
    batch: &'a str,
    count: u32,
    per_tick: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Invites {
    batch: String,
    links: Vec<String>,
}

/// What was decided about a batch. How many of its invites were used nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its name.
    pub batch: String,
    /// How many invites were made.
    pub maximum: u64,
    /// The most that can be used in one tick.
    pub per_tick: Option<u32>,
    /// The last tick in which its invites are good, if not all are.
    pub expires_tick: Option<i64>,
    /// The end of that tick, in Unix seconds.
    pub expires: Option<u64>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The account that made it.
    pub maker: String,
}

#[derive(Deserialize)]
struct Batches {
    batches: Vec<Batch>,
}

/// Something that an organiser did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The tick that was under way.
    pub tick: i64,
    /// The account, or `operator` for whoever runs the server.
    pub organiser: String,
    /// What it was, in one word.
    pub did: String,
    /// Of which batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// How many invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Which announcement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Which account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

#[derive(Deserialize)]
struct Actions {
    actions: Vec<Action>,
}

impl Organiser {
    /// Prepares to speak with the listener. The token is one that `headcount-server init` or
    /// `headcount-server organiser add` printed.
    pub fn new(network: &Network, base: &BaseUrl, token: &str) -> Result<Self, Error> {
        Ok(Self {
            operation: network.operation(base)?,
            authorization: Zeroizing::new(format!("Bearer {}", token.trim())),
        })
    }

    /// Asks for `count` new invites of a batch: links, each good for one participant. `per_tick` is the most of the
    /// batch that can be used in one tick; `expires` is until when they are good at least, in Unix seconds.
    pub async fn invites(
        &self,
        batch: &str,
        count: u32,
        per_tick: Option<u32>,
        expires: Option<u64>,
    ) -> Result<Vec<Zeroizing<String>>, Error> {
        let wanted = InvitesWanted { batch, count, per_tick, expires };
        let body = serde_json::to_vec(&wanted)
            .map_err(|_| Error::Local("The batch cannot be named so; choose another name.".to_owned()))?;
        let answer = self.post("/organiser/invites", media::JSON, body, LINKS_BYTES_MAX).await?;
        let body = Zeroizing::new(answer.demand(&[200, 201], Some(media::JSON))?.body);
        let strange = || Error::Misbehaved("The server answered with something else than invite links.".to_owned());
        let mut invites: Invites = read_json(&body).ok_or_else(strange)?;
        let usable = |link: &String| InviteLink::parse(link).is_ok_and(|link| link.invite.is_some());
        if invites.batch != batch || invites.links.len() != count as usize || !invites.links.iter().all(usable) {
            return Err(strange());
        }
        Ok(std::mem::take(&mut invites.links).into_iter().map(Zeroizing::new).collect())
    }

    /// The batches that this organiser may see.
    pub async fn batches(&self) -> Result<Vec<Batch>, Error> {
        let answer = self.get("/organiser/batches", LIST_BYTES_MAX).await?;
        let read = read_json::<Batches>(&answer.body).map(|list| list.batches);
        read.ok_or_else(|| {
            Error::Misbehaved("The server answered with something else than a list of batches.".to_owned())
        })
    }

    /// Revokes a batch, for ever.
    pub async fn revoke(&self, batch: &str) -> Result<(), Error> {
        let body = serde_json::json!({ "batch": batch }).to_string().into_bytes();
        let answer = self.post("/organiser/batches/revoke", media::JSON, body, ANSWER_BYTES_MAX).await?;
        answer.demand(&[202], None).map(|_| ())
    }

    /// What the organisers did, in order.
    pub async fn actions(&self) -> Result<Vec<Action>, Error> {
        let answer = self.get("/organiser/actions", LIST_BYTES_MAX).await?;
        let read = read_json::<Actions>(&answer.body).map(|list| list.actions);
        read.ok_or_else(|| {
            Error::Misbehaved("The server answered with something else than a log of actions.".to_owned())
        })
    }

    /// The published numbers; the organiser sees what everybody sees.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let answer = self.get("/organiser/counts", COUNTS_BYTES_MAX).await?;
        read_json(&answer.body)
            .ok_or_else(|| Error::Misbehaved("The server's counts are not in the form of this protocol.".to_owned()))
    }

    /// Publishes a signed announcement. It becomes an entry of the log and cannot be taken back.
    pub async fn announce(&self, announcement: &Announcement) -> Result<(), Error> {
        let note = announcement.note.clone().into_bytes();
        let answer = self.post("/organiser/announcement", NOTE, note, ANSWER_BYTES_MAX).await?;
        answer.demand(&[202], None).map(|_| ())
    }

    /// Makes the end of the next tick the closing tick, for ever.
    pub async fn close(&self) -> Result<(), Error> {
        let answer = self.post("/organiser/close", media::JSON, Vec::new(), ANSWER_BYTES_MAX).await?;
        answer.demand(&[202], None).map(|_| ())
    }

    async fn get(&self, path: &str, bytes_max: usize) -> Result<Answer, Error> {
        let answer = self.operation.get_authorised(path, &self.authorization, bytes_max).await?;
        answer.demand(&[200], Some(media::JSON))
    }

    async fn post(&self, path: &str, media_type: &str, body: Vec<u8>, bytes_max: usize) -> Result<Answer, Error> {
        let message = Message { authorization: Some(&self.authorization), media_type, body };
        self.operation.post(path, message, bytes_max).await
    }
}

const NOTE: &str = "text/plain; charset=utf-8";
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const COUNTS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Every batch that there can be, with the longest name.
const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A link has fewer than 400 characters; batches of some hundred thousand fit.
const LINKS_BYTES_MAX: usize = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in::{World, serve};

    #[test]
    fn a_key_reads_back_from_its_file_and_prints_only_its_public_half() {
        let key = OrganiserKey::generate().unwrap();
        let again = OrganiserKey::parse(&key.to_text()).unwrap();
        assert_eq!(again.public(), key.public());
        assert!(OrganiserKey::parse("").is_err());
        assert!(OrganiserKey::parse(&to_base64(&[1; 31])).is_err());
    }

    #[test]
    fn an_announcement_takes_the_next_number_and_only_the_campaigns_own_key() {
        let world = World::new();
        let text = Text::from([("en".to_owned(), "On Sunday.".to_owned())]);
        let key = OrganiserKey(World::ORGANISER_SEED);
        let first = key.announce(&world.campaign, None, Some(7), text.clone()).unwrap();
        let second = key.announce(&world.campaign, Some(&first), None, text.clone()).unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        let last = Announcement { number: u32::MAX, ..second };
        assert!(key.announce(&world.campaign, Some(&last), None, text.clone()).is_err());
        let other = OrganiserKey::generate().unwrap();
        assert!(other.announce(&world.campaign, None, None, text).is_err());
    }

    #[tokio::test]
    async fn invites_are_links_as_many_as_were_asked_for() {
        let world = World::new();
        let link = world.link(1).to_text();
        let body = format!("{{\"batch\":\"a\",\"links\":[\"{}\"]}}", *link);
        let server =
            serve(move |_| Some(format!("200 OK\r\ncontent-type: application/json\r\n\r\n{body}").into())).await;
        let organiser = Organiser::new(&Network::direct(), &server.base, "secret\n").unwrap();
        assert_eq!(organiser.invites("a", 1, None, None).await.unwrap(), vec![link]);
        assert!(organiser.invites("a", 2, None, Some(9)).await.is_err());
        let request = String::from_utf8(server.requests()[0].clone()).unwrap();
        assert!(request.starts_with("POST /organiser/invites HTTP/1.1\r\n"));
        assert!(request.contains("authorization: Bearer secret\r\n"));
        assert!(request.ends_with("{\"batch\":\"a\",\"count\":1,\"per_tick\":null}"));
        assert!(server.requests()[1].ends_with(b"{\"batch\":\"a\",\"count\":2,\"per_tick\":null,\"expires\":9}"));
    }
}
