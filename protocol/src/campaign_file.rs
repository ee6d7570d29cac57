//! The campaign file that an organiser writes, and the genesis that `init` makes of it. Every mistake is told with its line.

use crate::campaign::{Genesis, OhttpKeys, Text, is_line, is_tag};
use crate::codec::array_from_base64;
use crate::date::days_since_1970;
use crate::email::EmailTerms;
use crate::error::Error;
use crate::publication::Schedule;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod email;

/// A campaign file, read and found without a mistake that can be seen without keys and places.
#[derive(Debug, Clone)]
pub struct CampaignFile {
    /// Path of the list of places, relative to the file.
    pub places: String,
    /// Path of the map, relative to the file.
    pub map: String,
    /// Which of the disputed territories that the map can draw are drawn.
    pub map_view: Vec<MapChoice>,
    /// Invites by e-mail, if there are to be any.
    pub email: Option<EmailTerms>,
    genesis: Genesis,
    /// Where each key stands.
    lines: BTreeMap<String, usize>,
}

/// A disputed territory that is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapChoice {
    /// Its id in the map.
    pub id: String,
    /// Where it stands in the campaign file, for whoever finds that the map does not have it.
    pub line: usize,
}

/// What `init` adds to a campaign file to make a genesis: public keys and digests.
pub struct Additions {
    /// SubjectPublicKeyInfo of the Issuer.
    pub token_key: Vec<u8>,
    /// Ed25519 key of the log.
    pub log_key: [u8; 32],
    /// Ed25519 key of the receipts.
    pub receipt_key: [u8; 32],
    /// SHA-256 of the list of places.
    pub places_sha256: [u8; 32],
    /// SHA-256 of the map.
    pub map_sha256: [u8; 32],
}

impl CampaignFile {
    /// Reads the text of a campaign file. The error lists all mistakes, one a line, each with its line number.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut mistakes: Vec<(usize, String)> =
            errors.iter().map(|e| (e.span().map_or(0, |span| span.start), e.message().to_owned())).collect();
        if mistakes.is_empty() {
            let mut fields =
                Fields { text, table: table.get_ref(), known: Vec::new(), failed: Vec::new(), mistakes: Vec::new() };
            let file = fields.read();
            fields.refuse_unknown_keys();
            fields.apply_rules(&file);
            mistakes = fields.mistakes;
            if mistakes.is_empty() {
                return Ok(file);
            }
        }
        mistakes.sort();
        let line = |(offset, why): &(usize, String)| format!("line {}: {why}", line_of(text, *offset));
        let lines: Vec<String> = mistakes.iter().map(line).collect();
        Err(Error::Campaign(lines.join("\n")))
    }

    /// The genesis of this file with these keys and digests.
    pub fn genesis(self, additions: Additions) -> Result<Genesis, Error> {
        let Additions { token_key, log_key, receipt_key, places_sha256, map_sha256 } = additions;
        let genesis = Genesis { token_key, log_key, receipt_key, places_sha256, map_sha256, ..self.genesis };
        Genesis::decode(&genesis.encode())
    }

    /// When what happens.
    pub fn schedule(&self) -> Schedule {
        self.genesis.schedule()
    }

    /// What the genesis will say, as far as the file decides it.
    pub fn terms(&self) -> &Genesis {
        &self.genesis
    }

    /// The line on which a key stands, for whoever finds a mistake that cannot be seen in the file alone; 1 if it is
    /// left out.
    pub fn line(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or(1)
    }

    /// The rules of time, for a caller that replaces them, as the demo does.
    pub fn genesis_mut(&mut self) -> &mut Genesis {
        &mut self.genesis
    }
}

/// Reads a table member by member and gathers what is wrong.
struct Fields<'a, 'i> {
    text: &'a str,
    table: &'a DeTable<'i>,
    known: Vec<&'static str>,
    /// Keys whose value is not known, so that no rule can be applied to it.
    failed: Vec<&'static str>,
    mistakes: Vec<(usize, String)>,
}

impl<'a, 'i> Fields<'a, 'i> {
    fn read(&mut self) -> CampaignFile {
        let pledges_open = self.required("pledges_open", "a time such as 2021-03-23T09:00:00Z", time);
        let opens = self.optional("opens", "a time such as 2021-03-23T09:00:00Z", time).unwrap_or(pledges_open);
        let closes = self.required("closes", "a time such as 2021-04-23T09:00:00Z", time);
        let issuing_closes =
            self.optional("issuing_closes", "a time such as 2021-04-22T09:00:00Z", time).unwrap_or(closes);
        let organiser_key =
            self.required("organiser_key", "the public key that `headcount organiser key` prints", |value| {
                value.as_str().and_then(|text| array_from_base64(text, "organiser key").ok())
            });
        self.refuse_what_cannot_be_served();
        let [title, text] = self.texts();
        let genesis = Genesis {
            version: 1,
            title,
            text,
            issuer_name: self.required("issuer_name", "a host or host:port in quotes", string),
            origin_name: self.required("origin_name", "a host or host:port in quotes", string),
            onion: self.optional("onion", "a host that ends in .onion, in quotes", string),
            relays: Vec::new(),
            token_key: Vec::new(),
            log_key: [0; 32],
            receipt_key: [0; 32],
            organiser_key,
            ohttp_keys: OhttpKeys::default(),
            k: self.optional("k", "a whole number", number).unwrap_or(10),
            tick_seconds: self.optional("tick_seconds", "a whole number of seconds", number).unwrap_or(3600),
            opens,
            pledges_open,
            issuing_closes,
            closes,
            target: self.required("target", "a whole number", number),
            eligible: self.required("eligible", "a whole number", number),
            places_sha256: [0; 32],
            map_sha256: [0; 32],
            witnesses: Vec::new(),
            quorum: 0,
            rehearsal: self.optional("rehearsal", "true or false", |value| value.as_bool()).unwrap_or(false),
        };
        let places = self.required("places", "the path of the list of places, in quotes", path);
        let map = self.required("map", "the path of the map, in quotes", path);
        let line = |key: &Spanned<_>| line_of(self.text, key.span().start);
        let lines = self.table.keys().map(|key| (key.get_ref().to_string(), line(key))).collect();
        CampaignFile { places, map, map_view: self.map_view(), email: self.email(), genesis, lines }
    }

    /// Title and text, each mistake told at the line of its language.
    fn texts(&mut self) -> [Text; 2] {
        let mut both = [Text::new(), Text::new()];
        for (key, read) in ["title", "text"].into_iter().zip(&mut both) {
            let what = "a table with a line per language, such as en = \"…\"";
            let table: Vec<_> = self
                .required(key, what, |value| Some(value.as_table()?.iter().collect::<Vec<_>>()))
                .into_iter()
                .map(|(tag, value)| (tag.get_ref().to_string(), value))
                .collect();
            for (tag, value) in table {
                let line = string(value.get_ref()).unwrap_or_default();
                if !is_tag(&tag) || !is_line(&line) {
                    let why = "it must be a language tag such as en, and a text of one line in quotes behind it";
                    self.fail(key, value.span().start, format!("{key}, {}: {why}", tag.escape_debug()));
                }
                read.insert(tag, line);
            }
            if read.is_empty() && !self.failed.contains(&key) {
                self.fail(key, self.place_of(key), format!("{key}: it needs at least one language"));
            }
        }
        let [title, text] = &both;
        for (key, without, with, other) in [("text", text, title, "title"), ("title", title, text, "text")] {
            let missing: Vec<&str> =
                with.keys().filter(|tag| !without.contains_key(*tag)).map(String::as_str).collect();
            if !missing.is_empty() && !self.failed.contains(&"title") && !self.failed.contains(&"text") {
                let why =
                    format!("{key}: it has no {}, which {other} has; both need the same languages", missing.join(", "));
                self.mistakes.push((self.place_of(key), why));
            }
        }
        let bytes = serde_json::to_vec(&both).map_or(0, |json| json.len());
        if bytes > TEXTS_BYTES_MAX {
            let why =
                format!("text: title and text take {bytes} bytes in the log; they must take at most {TEXTS_BYTES_MAX}");
            self.fail("text", self.place_of("text"), why);
        }
        both
    }

    fn map_view(&mut self) -> Vec<MapChoice> {
        let what = "a list of ids of disputed territories in the map, such as [\"crimea\"]";
        let id = |item: &Spanned<DeValue<'_>>| Some((item.span().start, path(item.get_ref())?));
        let read = |value: &DeValue<'_>| value.as_array()?.iter().map(id).collect::<Option<Vec<_>>>();
        let mut choices: Vec<MapChoice> = Vec::new();
        for (offset, id) in self.optional("map_view", what, read).unwrap_or_default() {
            if choices.iter().any(|earlier| earlier.id == id) {
                self.mistakes.push((offset, "map_view: a territory stands in it twice".to_owned()));
            }
            choices.push(MapChoice { id, line: line_of(self.text, offset) });
        }
        choices
    }

    /// Relays and witnesses belong to the format, but nothing here would honour them yet.
    fn refuse_what_cannot_be_served(&mut self) {
        for key in ["relays", "witnesses"] {
            if self
                .optional(key, "a list", |value| value.as_array().map(|list| list.len()))
                .is_some_and(|length| length > 0)
            {
                self.mistake(key, format!("{key}: this version cannot serve them; leave the key out"));
            }
        }
        if self.optional("quorum", "a whole number", number::<u64>).is_some_and(|quorum| quorum > 0) {
            self.mistake("quorum", "quorum: there are no witnesses; leave the key out".to_owned());
        }
    }

    fn refuse_unknown_keys(&mut self) {
        for (key, _) in self.table {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let why = format!("\"{}\" is not a key of a campaign file", key.get_ref());
                self.mistakes.push((key.span().start, why));
            }
        }
    }

    /// The genesis' own rules, as far as what they are about could be read. What `init` adds is not there yet: those
    /// members are judged when it is.
    fn apply_rules(&mut self, file: &CampaignFile) {
        if file.email.as_ref().is_some_and(|email| email.maximum > file.genesis.eligible) {
            self.mistake("email", "email: maximum is more than eligible".to_owned());
        }
        for (member, why) in file.genesis.mistakes() {
            let about: &[&str] = match member {
                "log_key" | "receipt_key" => continue,
                "opens" | "pledges_open" | "issuing_closes" | "closes" => &DATES,
                "eligible" => &["eligible", "k"],
                "title" | "text" => &["title", "text"],
                _ => &[member],
            };
            let told = member == "text"; // with its languages, by `texts`
            if !told && !about.iter().any(|key| self.failed.contains(key)) {
                self.mistakes.push((self.place_of(member), format!("{member}: {why}")));
            }
        }
    }

    fn required<T: Default>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl Fn(&'a DeValue<'i>) -> Option<T>,
    ) -> T {
        let missing = self.find(key).is_none();
        let value = self.optional(key, what, read);
        if missing {
            self.fail(key, 0, format!("{key} is missing: it is {what}"));
        }
        value.unwrap_or_default()
    }

    fn optional<T>(&mut self, key: &'static str, what: &str, read: impl Fn(&'a DeValue<'i>) -> Option<T>) -> Option<T> {
        self.known.push(key);
        let (_, value) = self.find(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            self.fail(key, value.span().start, format!("{key} must be {what}"));
        }
        read
    }

    fn fail(&mut self, key: &'static str, at: usize, why: String) {
        self.failed.push(key);
        self.mistakes.push((at, why));
    }

    /// Where a key stands; the beginning if it is left out.
    fn place_of(&self, key: &str) -> usize {
        self.find(key).map_or(0, |(span, _)| span.start)
    }

    fn mistake(&mut self, key: &str, why: String) {
        self.mistakes.push((self.place_of(key), why));
    }

    fn find(&self, key: &str) -> Option<(Range<usize>, &'a Spanned<DeValue<'i>>)> {
        self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(k, value)| (k.span(), value))
    }
}

/// The number of the line in which a byte stands.
fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1)
}

fn string(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn path(value: &DeValue<'_>) -> Option<String> {
    string(value).filter(|path| !path.is_empty())
}

fn number<T: TryFrom<u64>>(value: &DeValue<'_>) -> Option<T> {
    let integer = value.as_integer()?;
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    T::try_from(number).ok()
}

/// Unix seconds of a date-time with offset, or of a plain number of them.
fn time(value: &DeValue<'_>) -> Option<u64> {
    let Some(datetime) = value.as_datetime() else {
        return number(value);
    };
    let (date, clock) = (datetime.date?, datetime.time?);
    if clock.nanosecond.is_some_and(|fraction| fraction > 0) {
        return None; // no time of this protocol has a fraction, and none is dropped in silence
    }
    let offset_minutes = match datetime.offset? {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let seconds_of_day =
        i64::from(clock.hour) * 3600 + i64::from(clock.minute) * 60 + i64::from(clock.second.unwrap_or(0));
    let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    u64::try_from(days * 86_400 + seconds_of_day - offset_minutes * 60).ok()
}

/// The keys of the rules of time.
const DATES: [&str; 5] = ["opens", "pledges_open", "issuing_closes", "closes", "tick_seconds"];
/// The genesis is one entry of the log, of at most 65,535 bytes, and holds a few keys and names besides.
const TEXTS_BYTES_MAX: usize = 60_000;

#[cfg(test)]
mod tests;
