//! The list of places as an organiser wrote it: what is wrong with it, each told with its place, and where people
//! would wait for a group that hardly comes together. It decides nothing by itself, and knows no participant.

use protocol::campaign::{Genesis, Place, Places, Text};
use std::collections::BTreeMap;

/// Mistakes for which there is no campaign.
pub(super) fn mistakes(places: &Places) -> Vec<String> {
    let mut found = Vec::new();
    for (index, region) in places.regions.iter().enumerate() {
        let told = format!("region {index}{}", in_brackets(&region.name));
        found.extend(mistake_of_name(&region.name).map(|why| format!("{told} {why}")));
        if !places.places.iter().any(|place| place.region as usize == index) {
            found.push(format!("{told} has no place; leave it out"));
        }
    }
    for (index, place) in places.places.iter().enumerate() {
        let told = format!("place {index}{}", in_brackets(&place.name));
        found.extend(mistake_of_name(&place.name).map(|why| format!("{told} {why}")));
        if !(-90.0..=90.0).contains(&place.lat) || !(-180.0..=180.0).contains(&place.lon) {
            found.push(format!("{told} lies nowhere: lat must be between -90 and 90, lon between -180 and 180"));
        }
    }
    found.extend(same_names("region", places.regions.iter().map(|region| (0, &region.name))));
    found.extend(same_names("place", places.places.iter().map(|place| (place.region, &place.name))));
    found
}

/// Places and regions so small that their pledges would wait until the close or for ever, each kind with its remedy.
pub(super) fn warnings(places: &Places, terms: &Genesis) -> Vec<String> {
    let (k, everybody) = (u64::from(terms.k), places.places.iter().map(|place| u128::from(place.population)).sum());
    let mut warnings = Vec::new();
    let people = |place: &Place| share(terms.eligible, place.population, everybody, places.places.len());
    let small: Vec<(&Text, u64)> = named(&places.places, |place| (&place.name, people(place)))
        .into_iter()
        .filter(|(_, people)| *people < 5 * k)
        .collect();
    if !small.is_empty() {
        warnings.push(format!(
            "{} of {} places are so small that their pledges may wait until the close, or never be shown: by population at \
             most so many of the {} eligible people are there, and five times k are {}: {}. Merge them with a neighbour, \
             choose a smaller k (5 at least), or a longer tick, so that more come together in each.",
            small.len(),
            places.places.len(),
            terms.eligible,
            5 * k,
            listed(&small)
        ));
    }
    let mut sizes: Vec<(&Text, u64)> = places
        .regions
        .iter()
        .zip(places.region_sizes())
        .map(|(region, size)| (&region.name, u64::from(size)))
        .collect();
    sizes.retain(|(_, size)| *size < REGION_PLACES_MIN);
    if !sizes.is_empty() {
        warnings.push(format!(
            "{} of {} regions have so few places that what is left over in them at the close is seldom shown for the \
             region, and with one or two places never: {}. Join such a region with another, so that it has \
             {REGION_PLACES_MIN} places or more.",
            sizes.len(),
            places.regions.len(),
            listed(&sizes)
        ));
    }
    if everybody > 0 && u128::from(terms.eligible) > everybody {
        warnings.push(format!(
            "eligible is {}, but all places together have {everybody} people: it is also the most that a dishonest issuer \
             could invent. Make it no larger than the invites that you will hand out.",
            terms.eligible
        ));
    }
    warnings.extend(terms.title.keys().filter_map(|lang| unnamed(places, lang)));
    warnings
}

/// How many of the eligible people are in a place if they live as the whole population does; without any population
/// they are everywhere alike.
fn share(eligible: u64, population: u64, everybody: u128, places: usize) -> u64 {
    let (part, whole) = match everybody {
        0 => (1, u128::try_from(places).unwrap_or(u128::MAX)),
        _ => (u128::from(population), everybody),
    };
    u64::try_from(u128::from(eligible) * part / whole).unwrap_or(u64::MAX)
}

fn unnamed(places: &Places, lang: &str) -> Option<String> {
    let has = |name: &&Text| !name.contains_key(lang);
    let names = places.regions.iter().map(|region| &region.name).chain(places.places.iter().map(|place| &place.name));
    let missing = names.filter(has).count();
    let warning = format!(
        "{missing} places and regions have no name in {lang}, a language of the title; another of their names is shown \
         there. Add theirs, or leave it so."
    );
    (missing > 0).then_some(warning)
}

/// The smallest first.
fn named<'a, T>(all: &'a [T], of: impl Fn(&'a T) -> (&'a Text, u64)) -> Vec<(&'a Text, u64)> {
    let mut all: Vec<_> = all.iter().map(of).collect();
    all.sort_by_key(|(_, people)| *people);
    all
}

/// The first few by name, and how many more there are: a thousand places are no thousand lines.
fn listed(few: &[(&Text, u64)]) -> String {
    let shown: Vec<String> =
        few.iter().take(LISTED_MAX).map(|(name, size)| format!("{} {size}", in_one(name))).collect();
    let more = few.len().saturating_sub(LISTED_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

fn mistake_of_name(name: &Text) -> Option<String> {
    let fits = |text: &String| {
        !text.trim().is_empty()
            && text.trim() == text
            && text.len() <= NAME_BYTES_MAX
            && !text.contains(char::is_control)
    };
    if name.is_empty() {
        return Some("has no name in any language".to_owned());
    }
    let (lang, _) = name.iter().find(|(_, text)| !fits(text))?;
    let lang = lang.escape_debug();
    Some(format!(
        "must have a name of one line in {lang}, at most {NAME_BYTES_MAX} bytes long, without space around it"
    ))
}

/// Whoever chooses between two of one name cannot know which is which.
fn same_names<'a>(kind: &str, names: impl Iterator<Item = (u32, &'a Text)>) -> Vec<String> {
    let (mut taken, mut found) = (BTreeMap::new(), Vec::new());
    for (index, (region, name)) in names.enumerate() {
        for (lang, text) in name {
            if let Some(first) = taken.insert((region, lang, text.to_lowercase()), index) {
                let both = format!("{kind} {first} and {kind} {index} have the same name in {}", lang.escape_debug());
                found.push(format!("{both}{}; give each its own", in_brackets(name)));
            }
        }
    }
    found
}

/// In English if there is an English name.
fn in_one(name: &Text) -> String {
    let name = name.get("en").or_else(|| name.values().next());
    name.map_or(String::new(), |name| name.chars().take(40).collect::<String>().escape_debug().to_string())
}

fn in_brackets(name: &Text) -> String {
    let name = in_one(name);
    if name.is_empty() { name } else { format!(" ({name})") }
}

const REGION_PLACES_MIN: u64 = 5;
const LISTED_MAX: usize = 8;
const NAME_BYTES_MAX: usize = 200;

#[cfg(test)]
mod tests;
