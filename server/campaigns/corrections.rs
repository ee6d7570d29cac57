//! The corrections of one campaign: what they look like in `corrections.json`, and how they are applied
//! to the list of places. Each repeats what it expects of the source and says its reason; one that fits
//! nothing is an error, never a warning.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What went wrong, in one sentence for the person who edits the corrections.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// A name in each language of the campaign.
pub(crate) type Names = BTreeMap<String, String>;

/// The places of a country as the sources have them: `geonames.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    places: Vec<Place>,
}

#[derive(Deserialize, Clone)]
pub(crate) struct Place {
    pub(crate) id: u64,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) pop: u64,
    pub(crate) r: String,
    #[serde(flatten)]
    pub(crate) names: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Corrections {
    #[serde(rename = "about")]
    _about: String,
    pub(crate) languages: Vec<String>,
    pub(crate) letters: Names,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) regions: RegionTable,
    added: Vec<Added>,
    merge_within_km: f64,
    removed: Vec<Removed>,
    moved: Vec<Moved>,
    regrouped: Vec<Regrouped>,
    renamed: Vec<Renamed>,
    spelling: Vec<Spelling>,
}

/// A place whose point on the map is known, so that wrong constants show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionTable {
    pub(crate) reason: String,
    pub(crate) table: Vec<Region>,
}

#[derive(Deserialize)]
pub(crate) struct Region {
    pub(crate) code: String,
    #[serde(flatten)]
    pub(crate) names: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    reason: String,
    place: Place,
}

/// A place that is none: merged into the place of which it is a part, or dropped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removed {
    id: u64,
    name: String,
    into: Option<u64>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    id: u64,
    name: String,
    lat: f64,
    lon: f64,
    reason: String,
}

/// A place that belongs to another region here than in the source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regrouped {
    id: u64,
    name: String,
    from: String,
    to: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    id: u64,
    lang: String,
    from: String,
    to: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spelling {
    lang: String,
    find: String,
    put: String,
    word_end: bool,
    reason: String,
}

type Places = BTreeMap<u64, Place>;

/// Applies every correction to the source, and puts the places in their order.
pub(crate) fn correct(source: Source, corrections: &Corrections) -> Result<Vec<Place>> {
    let mut places = Places::new();
    for place in source.places {
        if let Some(twice) = places.insert(place.id, place) {
            return Err(format!("the source has the id {} twice", twice.id));
        }
    }
    for row in &corrections.removed {
        remove(&mut places, row, corrections.merge_within_km)?;
    }
    for row in &corrections.removed {
        if row.into.is_some_and(|into| !places.contains_key(&into)) {
            return Err(format!("corrections.json, removed: {} goes into a place that is gone itself", row.id));
        }
    }
    for Moved { id, name, lat, lon, reason } in &corrections.moved {
        let place = known("moved", &mut places, *id, name, reason)?;
        if (place.lat, place.lon) == (*lat, *lon) {
            return Err(format!("corrections.json, moved: {name} ({id}) lies there already"));
        }
        (place.lat, place.lon) = (*lat, *lon);
    }
    for Regrouped { id, name, from, to, reason } in &corrections.regrouped {
        let place = known("regrouped", &mut places, *id, name, reason)?;
        if place.r != *from || from == to {
            return Err(format!("corrections.json, regrouped: {name} ({id}) is not in {from}, or stays there"));
        }
        place.r.clone_from(to);
    }
    for row in &corrections.renamed {
        rename(&mut places, row)?;
    }
    for Added { reason, place } in &corrections.added {
        reasoned("added", place.id, reason)?;
        if places.insert(place.id, place.clone()).is_some() {
            return Err(format!("corrections.json, added: the source has {} already", place.id));
        }
    }
    for rule in &corrections.spelling {
        spell(&mut places, rule)?;
    }
    in_order(places, &corrections.regions.table)
}

fn remove(places: &mut Places, row: &Removed, within_km: f64) -> Result<()> {
    let Removed { id, name, into, reason } = row;
    let part = known("removed", places, *id, name, reason)?.clone();
    if let Some(into) = into {
        let whole = places.get(into).ok_or(format!("corrections.json, removed: {id} goes into {into}, no place"))?;
        let km = distance_km(whole, &part);
        if into == id || whole.r != part.r || km > within_km {
            return Err(format!(
                "corrections.json, removed: {name} ({id}) is no part of {into}: {km:.0} km away, regions {} and {}",
                part.r, whole.r
            ));
        }
    }
    places.remove(id);
    Ok(())
}

fn rename(places: &mut Places, row: &Renamed) -> Result<()> {
    let place = known("renamed", places, row.id, &row.from, &row.reason)?;
    match place.names.get_mut(&row.lang) {
        Some(name) if *name == row.from && row.from != row.to => name.clone_from(&row.to),
        _ => {
            return Err(format!(
                "corrections.json, renamed: {} is not \"{}\" in {}, or needs no change",
                row.id, row.from, row.lang
            ));
        }
    }
    Ok(())
}

fn spell(places: &mut Places, rule: &Spelling) -> Result<()> {
    if rule.reason.is_empty() || rule.find.is_empty() {
        return Err("corrections.json, spelling: a rule without a reason or a text to find".into());
    }
    let mut used = false;
    for place in places.values_mut() {
        if let Some(name) = place.names.get_mut(&rule.lang) {
            let spelt = respelt(name, rule);
            used |= spelt != *name;
            *name = spelt;
        }
    }
    if used { Ok(()) } else { Err(format!("corrections.json, spelling: nothing has \"{}\"", rule.find)) }
}

fn respelt(name: &str, rule: &Spelling) -> String {
    let mut spelt = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once(&rule.find) {
        let inside_word = after.starts_with(char::is_alphabetic);
        spelt.push_str(before);
        spelt.push_str(if rule.word_end && inside_word { &rule.find } else { &rule.put });
        rest = after;
    }
    spelt + rest
}

/// The place that a correction speaks of; an error if there is none, or if it has another name.
fn known<'p>(list: &str, places: &'p mut Places, id: u64, name: &str, reason: &str) -> Result<&'p mut Place> {
    reasoned(list, id, reason)?;
    let place = places.get_mut(&id).ok_or_else(|| {
        format!("corrections.json, {list}: there is no place {id} ({name}) in the source, or it is gone already")
    })?;
    if place.names.values().any(|known| known == name) {
        Ok(place)
    } else {
        Err(format!("corrections.json, {list}: the place {id} is not called \"{name}\""))
    }
}

fn reasoned(list: &str, id: u64, reason: &str) -> Result<()> {
    if reason.is_empty() { Err(format!("corrections.json, {list}: {id} has no reason")) } else { Ok(()) }
}

/// By the regions' codes, then by id: neither a new name nor a new population moves a number.
fn in_order(places: Places, table: &[Region]) -> Result<Vec<Place>> {
    let mut places: Vec<Place> = places.into_values().collect();
    if let Some(stray) = places.iter().find(|place| table.iter().all(|row| row.code != place.r)) {
        return Err(format!("corrections.json, regions: no row for {}, the region of {}", stray.r, stray.id));
    }
    places.sort_by(|a, b| (&a.r, a.id).cmp(&(&b.r, b.id)));
    Ok(places)
}

fn distance_km(a: &Place, b: &Place) -> f64 {
    const EARTH_RADIUS_KM: f64 = 6371.0;
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let parallels = a.lat.to_radians().cos() * b.lat.to_radians().cos();
    let chord = half(a.lat, b.lat) + parallels * half(a.lon, b.lon);
    2.0 * EARTH_RADIUS_KM * chord.sqrt().asin()
}
