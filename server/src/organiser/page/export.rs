//! The export: exactly what is public, with names, as CSV (RFC 4180) for a table program and as JSON for any other.

use crate::error::Error;
use crate::growth::Ticks;
use crate::page::texts::written;
use protocol::campaign::{Campaign, Text};
use protocol::counts::Counts;
use serde::Serialize;
use std::fmt::Write;

/// Media type of the tables.
pub(super) const CSV: &str = "text/csv; charset=utf-8";

/// The whole as JSON.
#[derive(Serialize)]
struct Export<'a> {
    campaign_id: String,
    state: protocol::publication::State,
    tick: i64,
    log_size: u64,
    target: u64,
    total: u64,
    places: Vec<Named<'a>>,
    regions: Vec<Named<'a>>,
    root: u64,
    ticks: Vec<Tick>,
}

#[derive(Serialize)]
struct Named<'a> {
    index: u32,
    name: &'a Text,
    /// Of a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<u32>,
    published: u64,
}

#[derive(Serialize)]
struct Tick {
    tick: i64,
    /// When it ended, in Unix seconds.
    end: u64,
    /// What it published.
    published: u64,
    /// What was published in all by then.
    total: u64,
}

/// Everything, as JSON.
pub(super) fn json(campaign: &Campaign, counts: &Counts, ticks: &Ticks) -> Result<Vec<u8>, Error> {
    let list = campaign.places();
    let place = |(index, published): (&u32, &u64)| {
        let place = list.places.get(*index as usize)?;
        Some(Named { index: *index, name: &place.name, region: Some(place.region), published: *published })
    };
    let region = |(index, published): (&u32, &u64)| {
        let name = &list.regions.get(*index as usize)?.name;
        Some(Named { index: *index, name, region: None, published: *published })
    };
    let export = Export {
        campaign_id: campaign.id().to_string(),
        state: counts.state,
        tick: counts.tick,
        log_size: counts.log_size,
        target: counts.target,
        total: counts.total,
        places: counts.places.iter().filter_map(place).collect(),
        regions: counts.regions.iter().filter_map(region).collect(),
        root: counts.root,
        ticks: rows(campaign, ticks),
    };
    serde_json::to_vec_pretty(&export).map_err(|error| Error::Refused(error.to_string()))
}

/// The numbers by area, as CSV: whatever has a published number, in the order of the log's areas.
pub(super) fn counts_csv(campaign: &Campaign, counts: &Counts, lang: &str) -> String {
    let list = campaign.places();
    let region = |index: u32| list.regions.get(index as usize).map_or("", |region| written(&region.name, lang).text);
    let mut csv = String::from("level,index,region,place,published\r\n");
    let mut row = |level: &str, index: u32, region: &str, place: &str, published: u64| {
        // writing to a string cannot fail
        let _ = write!(csv, "{level},{index},{},{},{published}\r\n", field(region), field(place));
    };
    for (index, published) in &counts.places {
        if let Some(place) = list.places.get(*index as usize) {
            row("place", *index, region(place.region), written(&place.name, lang).text, *published);
        }
    }
    counts.regions.iter().for_each(|(index, published)| row("region", *index, region(*index), "", *published));
    if counts.root > 0 {
        row("root", 0, "", "", counts.root);
    }
    csv
}

/// The numbers by tick, as CSV: each tick that published something.
pub(super) fn ticks_csv(campaign: &Campaign, ticks: &Ticks) -> String {
    let mut csv = String::from("tick,end,published,total\r\n");
    for Tick { tick, end, published, total } in rows(campaign, ticks) {
        let _ = write!(csv, "{tick},{end},{published},{total}\r\n");
    }
    csv
}

fn rows(campaign: &Campaign, ticks: &Ticks) -> Vec<Tick> {
    let schedule = campaign.genesis().schedule();
    let mut total = 0;
    let row = |(tick, published): (&i64, &u64)| {
        total += published;
        Tick { tick: *tick, end: schedule.end_of(*tick), published: *published, total }
    };
    ticks.iter().map(row).collect()
}

/// A text in quotes where it needs them, and with an apostrophe before what a table program would take for a formula; some
/// take the wide letters of East Asia for one too.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::{moment, russia};
    use protocol::publication::{Area, State};

    #[test]
    fn a_field_is_quoted_where_it_must_be() {
        let known = [
            ("Omsk", "Omsk"),
            ("a,b", "\"a,b\""),
            ("\"x\"", "\"\"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("@a,b", "\"'@a,b\""),
            ("＝1+1", "'＝1+1"),
        ];
        for (text, expected) in known {
            assert_eq!(field(text), expected);
        }
    }

    #[test]
    fn what_is_published_stands_there_and_nothing_else() {
        let published = [(Area::place(3), 10), (Area::region(1), 40), (Area::ROOT, 11)];
        let counts = moment(russia(), State::Closed, 5, published).counts;
        let csv = counts_csv(russia(), &counts, "ru");
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 4);
        let place = &russia().places().places[3].name["ru"];
        assert!(lines[1].starts_with("place,3,") && lines[1].ends_with(&format!(",{place},10")), "{csv}");
        assert!(lines[2].starts_with("region,1,") && lines[2].ends_with(",,40") && lines[3] == "root,0,,,11", "{csv}");
        let ticks = Ticks::from([(2, 10), (5, 51)]);
        let end = |tick| russia().genesis().schedule().end_of(tick);
        assert_eq!(
            ticks_csv(russia(), &ticks),
            format!("tick,end,published,total\r\n2,{},10,10\r\n5,{},51,61\r\n", end(2), end(5))
        );
        let json: serde_json::Value = serde_json::from_slice(&json(russia(), &counts, &ticks).unwrap()).unwrap();
        assert_eq!((&json["total"], &json["root"]), (&61.into(), &11.into()));
        assert_eq!((&json["ticks"][1]["total"], &json["places"][0]["index"]), (&61.into(), &3.into()));
        assert_eq!(json["places"].as_array().unwrap().len(), 1);
    }
}
