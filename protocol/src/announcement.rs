//! Announcement: what the organisers say to everybody, signed on their own device (DESIGN §4, entry type 3).

use crate::campaign::{Campaign, TIME_MAX, Text};
use crate::codec::{object::Object, unique_map};
use crate::entry::ENTRY_BYTES_MAX;
use crate::error::Error;
use crate::note::{NoteSigner, NoteVerifier};
use serde::{Deserialize, Serialize};

const FIRST_LINE: &str = "headcount/v1/announcement";

/// A checked announcement with the note that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// Counts from 1; the highest holds.
    pub number: u32,
    /// What is said, per language.
    #[serde(deserialize_with = "unique_map::deserialize")]
    pub text: Text,
    /// The day of the event in Unix seconds, if it is set.
    #[serde(deserialize_with = "Option::deserialize")]
    pub date: Option<u64>,
    /// The signed note, whole, so that anybody can check it.
    pub note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(deserialize_with = "Option::deserialize")]
    date: Option<u64>,
    #[serde(deserialize_with = "unique_map::deserialize")]
    text: Text,
}

impl Announcement {
    /// Signs an announcement on the organiser's device.
    pub fn sign(
        campaign: &Campaign,
        organiser_seed: &[u8; 32],
        number: u32,
        date: Option<u64>,
        text: Text,
    ) -> Result<Self, Error> {
        let body = serde_json::to_string(&Body { date, text }).map_err(|_| Error::Malformed("announcement"))?;
        let lines = format!("{FIRST_LINE}\n{}\n{number}\n{body}\n", campaign.id());
        let signer = NoteSigner::new(&campaign.organiser_name(), organiser_seed);
        let note = signer.sign(lines.as_bytes()).map_err(|_| Error::Malformed("announcement"))?;
        Self::open(&note, campaign)
    }

    /// Checks a note: the organiser key of the genesis signed it, and nobody else, for this campaign, in exactly this form.
    pub fn open(note: &[u8], campaign: &Campaign) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("announcement");
        if note.len() >= ENTRY_BYTES_MAX {
            return Err(MALFORMED);
        }
        let verifier = NoteVerifier::new(&campaign.organiser_name(), &campaign.genesis().organiser_key)?;
        let text = verifier.open(note).map_err(|error| match error {
            Error::Malformed(_) => MALFORMED,
            _ => Error::Forged("announcement"),
        })?;
        // readers pass over what other keys sign, so whoever carries the note could put words of his own into the log
        let signatures = note.get(text.len()..).unwrap_or_default();
        if signatures.iter().filter(|byte| **byte == b'\n').count() != 2 {
            return Err(MALFORMED);
        }
        let text = std::str::from_utf8(&text).map_err(|_| MALFORMED)?;
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(MALFORMED)?.split('\n').collect();
        let [first, id, number, body] = lines.as_slice() else {
            return Err(MALFORMED);
        };
        if *first != FIRST_LINE || *id != campaign.id().to_string() {
            return Err(Error::Forged("announcement"));
        }
        let value: u32 = number.parse().map_err(|_| MALFORMED)?;
        if value == 0 || value.to_string() != *number {
            return Err(MALFORMED);
        }
        let Object(body): Object<Body> = serde_json::from_str(body).map_err(|_| MALFORMED)?;
        if body.date.is_some_and(|date| date > TIME_MAX) {
            return Err(MALFORMED);
        }
        let note = String::from_utf8(note.to_vec()).map_err(|_| MALFORMED)?;
        Ok(Self { number: value, text: body.text, date: body.date, note })
    }
}
