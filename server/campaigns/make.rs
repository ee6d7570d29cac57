//! Makes the list of places of a campaign's folder: `make-campaign FOLDER` reads `geonames.json`, the places as
//! the sources have them, and `corrections.json`, and writes `places.json`: the same bytes whenever the same files
//! go in. It refuses a list that does not fit `map.json` beside it. Every correction names what it expects to find,
//! so one that fits nothing any more stops the tool. It is run when the data change, never by a server; it never
//! fetches anything, never changes its sources, and never knows which country it lists: that is all in the files.
//! Where a folder has a `schematic.json` instead of sources, `places.json` was written by hand and the tool draws
//! `map.json` around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use serde::Serialize;
use serde::de::DeserializeOwned;

use corrections::{Corrections, Names, Place, Region, RegionTable, Result, Source};
use drawing::Drawing;

mod cells;
mod corrections;
mod drawing;
#[cfg(test)]
mod tests;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder] = arguments.as_slice() else {
        eprintln!(
            "usage: make-campaign FOLDER (which holds geonames.json, corrections.json and map.json, or places.json and \
             schematic.json)"
        );
        return ExitCode::from(2);
    };
    match run(Path::new(folder)) {
        Ok(report) => {
            eprintln!("{report}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("make-campaign: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<String> {
    if folder.join("schematic.json").exists() {
        let (places, file) = cells::map(folder)?;
        let path = folder.join("map.json");
        fs::write(&path, file).map_err(|error| format!("{}: {error}", path.display()))?;
        return Ok(format!("a map of {places} places"));
    }
    let List { places, regions, file } = list(folder)?;
    let path = folder.join("places.json");
    fs::write(&path, file).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(format!("{places} places in {regions} regions"))
}

/// How many there are, and `places.json` as it has to be.
struct List {
    places: usize,
    regions: usize,
    file: String,
}

/// Everything is computed and checked before anything is written.
fn list(folder: &Path) -> Result<List> {
    let rules: Corrections = read(&folder.join("corrections.json"))?;
    let places = corrections::correct(read::<Source>(&folder.join("geonames.json"))?, &rules)?;
    let regions = regions(&places, &rules)?;
    check_names(&regions, &places, &rules)?;
    read::<Drawing>(&folder.join("map.json"))?.check(&rules, &places)?;
    Ok(List { places: places.len(), regions: regions.len(), file: places_file(&regions, &places)? })
}

// --- Regions and names ---

fn regions<'c>(places: &[Place], corrections: &'c Corrections) -> Result<BTreeMap<&'c str, &'c Names>> {
    let RegionTable { reason, table } = &corrections.regions;
    if reason.is_empty() {
        return Err("corrections.json: regions without a reason".into());
    }
    let mut regions = BTreeMap::new();
    for Region { code, names } in table {
        if !places.iter().any(|place| place.r == *code) {
            return Err(format!("corrections.json, regions: {code} has no place"));
        }
        if regions.insert(code.as_str(), names).is_some() {
            return Err(format!("corrections.json, regions: {code} has two rows"));
        }
    }
    Ok(regions)
}

/// Exactly the campaign's languages, only their letters (so nothing that a page would have to
/// escape), and no name twice: among the regions, or among the places of one region.
fn check_names(regions: &BTreeMap<&str, &Names>, places: &[Place], corrections: &Corrections) -> Result<()> {
    let mut taken = BTreeSet::new();
    let named = places.iter().map(|place| (place.r.as_str(), &place.names));
    for (area, names) in regions.values().map(|names| ("the list of regions", *names)).chain(named) {
        if !names.keys().eq(BTreeSet::from_iter(&corrections.languages)) {
            return Err(format!("not in exactly the languages {:?}: {names:?}", corrections.languages));
        }
        for (lang, name) in names {
            let letters = corrections.letters.get(lang).ok_or(format!("corrections.json: no letters for {lang}"))?;
            if name.is_empty() || name.trim() != name || !name.chars().all(|c| letters.contains(c)) {
                return Err(format!("\"{name}\" ({lang}) is empty or holds a character outside letters"));
            }
            if !taken.insert((area, lang, name.to_lowercase())) {
                return Err(format!(
                    "two are called \"{name}\" ({lang}): two places of one region {area}, or two regions"
                ));
            }
        }
    }
    Ok(())
}

// --- What is written: one region or place a line, for people who compare versions ---

#[derive(Serialize)]
struct RegionLine<'a> {
    name: &'a Names,
}

#[derive(Serialize)]
struct PlaceLine<'a> {
    region: usize,
    name: &'a Names,
    lat: f64,
    lon: f64,
    population: u64,
}

fn places_file(regions: &BTreeMap<&str, &Names>, places: &[Place]) -> Result<String> {
    let region_lines = lines(regions.values().map(|name| RegionLine { name }))?;
    let place_lines = lines(places.iter().map(|place| PlaceLine {
        region: regions.range(..place.r.as_str()).count(),
        name: &place.names,
        lat: place.lat,
        lon: place.lon,
        population: place.pop,
    }))?;
    Ok(format!("{{\"regions\":[\n{region_lines}\n],\"places\":[\n{place_lines}\n]}}\n"))
}

fn lines(rows: impl Iterator<Item = impl Serialize>) -> Result<String> {
    Ok(rows.map(|row| json(&row)).collect::<Result<Vec<_>>>()?.join(",\n"))
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}
