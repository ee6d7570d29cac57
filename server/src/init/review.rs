//! What can be said of a campaign before it is made: every mistake with its line or its place, and warnings where it
//! would work badly. It looks at the file, its documents and the date, and changes nothing.

use super::{Source, map_view, places, refused};
use crate::error::Error;
use crate::page::map::Map;
use protocol::campaign::Places;
use protocol::campaign_file::CampaignFile;
use protocol::date::utc;

/// Refuses a campaign with all its mistakes at once, or returns what its organisers should think about again.
pub fn review(source: &Source, now: u64) -> Result<Vec<String>, Error> {
    let Source { file, places: list, map } = source;
    let mut mistakes = mistakes_of_terms(file, now);
    let at = |key: &str, why: &str| format!("line {}: {key}: {why}", file.line(key));
    let decoded = Places::decode(list);
    match &decoded {
        Ok(list) => mistakes.extend(first_few(places::mistakes(list)).iter().map(|why| at("places", why))),
        Err(error) => mistakes.push(at("places", &error.to_string())),
    }
    mistakes.extend(map_view::choose(map, file).err().unwrap_or_default());
    match decoded {
        Ok(list) if mistakes.is_empty() => {
            let mut warnings = places::warnings(&list, file.terms());
            warnings.extend(off_the_map(&list, map));
            warnings.extend(warnings_of_terms(file));
            Ok(warnings)
        }
        _ => Err(refused(&mistakes)),
    }
}

/// A copied campaign file keeps the dates of the campaign that it was copied from.
fn mistakes_of_terms(file: &CampaignFile, now: u64) -> Vec<String> {
    let terms = file.terms();
    let mut found = Vec::new();
    for (key, time) in [("issuing_closes", terms.issuing_closes), ("closes", terms.closes)] {
        if time <= now {
            found.push((file.line(key), format!("{key} is {}, which is over; put in your own dates", utc(time))));
        }
    }
    if terms.target > terms.eligible {
        let why = format!("target: {} can never be reached, because eligible is {}", terms.target, terms.eligible);
        found.push((file.line("target"), why));
    }
    if terms.onion.as_deref().is_some_and(|onion| !is_onion_service(onion)) {
        let why = "onion: it must be 56 letters a-z and digits 2-7, the last a d, and then .onion; copy it whole";
        found.push((file.line("onion"), why.to_owned()));
    }
    found.sort();
    found.into_iter().map(|(line, why)| format!("line {line}: {why}")).collect()
}

/// The form of a version 3 address (Tor's rend-spec-v3): key, checksum and version in base32.
fn is_onion_service(name: &str) -> bool {
    let host = name.split(':').next().unwrap_or_default().strip_suffix(".onion").unwrap_or_default();
    host.len() == 56 && host.ends_with('d') && host.chars().all(|c| c.is_ascii_lowercase() || ('2'..='7').contains(&c))
}

fn warnings_of_terms(file: &CampaignFile) -> Vec<String> {
    let terms = file.terms();
    let mut warnings = Vec::new();
    for (key, name) in [("issuer_name", &terms.issuer_name), ("origin_name", &terms.origin_name)] {
        let host = name.split(':').next().unwrap_or_default();
        if RESERVED.iter().any(|reserved| host == *reserved || host.ends_with(&format!(".{reserved}"))) {
            let line = file.line(key);
            warnings.push(format!(
                "line {line}: {key} is {name}, a name for examples that belongs to nobody. Put in your own."
            ));
        }
    }
    if terms.eligible <= FEW && terms.pledges_open < terms.opens + DAY {
        warnings.push(format!(
            "line {}: in a campaign of at most {} people everybody who pledges soon after asking for a token can be matched \
             by the time of both. Let pledges_open come a day or more after opens, and issuing_closes before it.",
            file.line("pledges_open"),
            terms.eligible
        ));
    }
    warnings
}

/// Places that the map cannot show; a campaign without a map shows none anyway.
fn off_the_map(list: &Places, map: &[u8]) -> Option<String> {
    let map = Map::decode(map).ok()??;
    let off: Vec<usize> = (0..list.places.len())
        .filter(|index| list.places.get(*index).is_some_and(|place| map.project(place.lat, place.lon).is_none()))
        .collect();
    let few: Vec<String> = off.iter().take(8).map(usize::to_string).collect();
    let more = if off.len() > few.len() { ", …" } else { "" };
    (!off.is_empty()).then(|| {
        format!(
            "{} of {} places do not lie on the map and stand in the list alone: places {}{more}. Look at their lat and lon, \
             or draw a larger map.",
            off.len(),
            list.places.len(),
            few.join(", ")
        )
    })
}

/// A list in which everything is wrong is told in a page.
fn first_few(mut mistakes: Vec<String>) -> Vec<String> {
    let more = mistakes.len().saturating_sub(MISTAKES_MAX);
    mistakes.truncate(MISTAKES_MAX);
    if more > 0 {
        mistakes.push(format!("and {more} more mistakes in the list"));
    }
    mistakes
}

/// RFC 2606 and RFC 6761: names that nobody can have.
const RESERVED: [&str; 6] = ["example.org", "example.com", "example.net", "example", "invalid", "test"];
/// Below this, arrivals are so rare that time alone tells much (SECURITY.md, Issuance).
const FEW: u64 = 10_000;
const DAY: u64 = 24 * 3600;
const MISTAKES_MAX: usize = 50;

#[cfg(test)]
mod tests;
