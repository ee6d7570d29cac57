//! The campaign file that an organiser writes, and the genesis that `init` makes of it. Every mistake is told with its line.

use crate::campaign::{Genesis, OhttpKeys, Text};
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
        let mut fields = Fields { text, table: table.get_ref(), known: Vec::new(), mistakes: Vec::new() };
        let file = fields.read();
        for (key, _) in table.get_ref() {
            if !fields.known.contains(&key.get_ref().as_ref()) {
                fields
                    .mistakes
                    .push((key.span().start, format!("\"{}\" is not a key of a campaign file", key.get_ref())));
            }
        }
        let position =
            |key: &str| table.get_ref().iter().find(|(k, _)| k.get_ref() == key).map_or(0, |(k, _)| k.span().start);
        if mistakes.is_empty() && fields.mistakes.is_empty() {
            // what `init` adds is not there yet: those members are judged when it is
            let added = |member: &str| matches!(member, "log_key" | "receipt_key");
            let found = file.genesis.mistakes().into_iter().filter(|(member, _)| !added(member));
            mistakes.extend(found.map(|(member, why)| (position(member), format!("{member}: {why}"))));
            if file.email.as_ref().is_some_and(|email| email.maximum > file.genesis.eligible) {
                mistakes.push((position("email"), "email: maximum is more than eligible".to_owned()));
            }
        }
        if mistakes.is_empty() {
            mistakes.append(&mut fields.mistakes);
        }
        if mistakes.is_empty() {
            return Ok(file);
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
        let genesis = Genesis {
            version: 1,
            title: self.required("title", "a table with a line per language", text_table),
            text: self.required("text", "a table with a text per language", text_table),
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
        CampaignFile { places, map, map_view: self.map_view(), email: self.email(), genesis }
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

    fn required<T: Default>(&mut self, key: &'static str, what: &str, read: impl Fn(&DeValue<'_>) -> Option<T>) -> T {
        let missing = self.find(key).is_none();
        let value = self.optional(key, what, read);
        if missing {
            self.mistakes.push((0, format!("{key} is missing: it is {what}")));
        }
        value.unwrap_or_default()
    }

    fn optional<T>(&mut self, key: &'static str, what: &str, read: impl Fn(&DeValue<'_>) -> Option<T>) -> Option<T> {
        self.known.push(key);
        let (_, value) = self.find(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            self.mistakes.push((value.span().start, format!("{key} must be {what}")));
        }
        read
    }

    fn mistake(&mut self, key: &str, why: String) {
        let at = self.find(key).map_or(0, |(span, _)| span.start);
        self.mistakes.push((at, why));
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

fn text_table(value: &DeValue<'_>) -> Option<Text> {
    value
        .as_table()?
        .iter()
        .map(|(k, v)| Some((k.get_ref().to_string(), string(v.get_ref())?)))
        .collect::<Option<BTreeMap<_, _>>>()
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const GOOD: &str = "target = 500_000\neligible = 1000\nplaces = \"places.json\"\nmap = \"map.json\"\n\
        pledges_open = 2021-03-23T09:00:00Z\ncloses = 2021-03-23T12:00:00+00:00\nissuer_name = \"issuer.example\"\norigin_name = \"localhost:8080\"\n\
        organiser_key = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n[title]\nen = \"T\"\n[text]\nen = \"words\"\n";

    fn mistakes(text: &str) -> String {
        CampaignFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_good_file_is_read_with_its_defaults() {
        let genesis = CampaignFile::parse(GOOD).unwrap().genesis;
        assert_eq!((genesis.k, genesis.tick_seconds, genesis.rehearsal), (10, 3600, false));
        assert_eq!((genesis.pledges_open, genesis.opens), (1_616_490_000, 1_616_490_000));
        assert_eq!(genesis.closes - genesis.pledges_open, 3 * 3600);
        assert_eq!(genesis.issuing_closes, genesis.closes);
    }

    #[test]
    fn what_the_map_is_to_show_is_read_with_its_lines() {
        assert_eq!(CampaignFile::parse(GOOD).unwrap().map_view, []);
        let text = format!("map_view = [\"one\",\n  \"two\"]\n{GOOD}");
        let choice = |id: &str, line| MapChoice { id: id.to_owned(), line };
        assert_eq!(CampaignFile::parse(&text).unwrap().map_view, [choice("one", 1), choice("two", 2)]);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = GOOD.replace("eligible = 1000", "eligible = \"many\"").replace("[title]", "colour = 1\n[title]");
        assert_eq!(
            mistakes(&text),
            "line 2: eligible must be a whole number\nline 10: \"colour\" is not a key of a campaign file"
        );
        assert!(mistakes(&GOOD.replace("target = 500_000\n", "")).contains("target is missing"));
        assert_eq!(
            mistakes(&format!("k = 4\n{GOOD}")),
            "line 1: k: it must be 5 or more: smaller groups do not hide anybody"
        );
        let off_grid = GOOD.replace("12:00:00+00:00", "12:00:01+00:00");
        assert_eq!(mistakes(&off_grid), "line 6: closes: it must lie a whole number of ticks after pledges_open");
        assert!(
            mistakes(&format!("relays = [\"https://r.example\"]\n{GOOD}"))
                .contains("line 1: relays: this version cannot serve them")
        );
        assert_eq!(
            mistakes(&format!("map_view = [\n\"a\",\n\"a\"]\n{GOOD}")),
            "line 3: map_view: a territory stands in it twice"
        );
        assert!(mistakes(&GOOD.replace("map = ", "map == ")).starts_with("line 4:"));
        assert!(mistakes(&format!("k = 6\nk = 7\n{GOOD}")).contains("line 2"));
    }
}
