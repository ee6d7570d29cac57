//! Makes the data of a campaign's folder: `make-campaign INPUT_DIR OUTPUT_DIR` reads
//! `OUTPUT_DIR/corrections.json` and the sources in `INPUT_DIR` that it names, and writes
//! `OUTPUT_DIR/places.json` and `OUTPUT_DIR/map.json`: the same bytes whenever the same files go in.
//! Every correction names what it expects to find, so one that fits nothing any more stops the tool.
//! It is run when the data change, never by a server; it never fetches anything, never changes its
//! sources, and never knows which country it draws: that is all in the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use corrections::{Anchor, Corrections, MapFacts, Names, Place, Projection, Region, RegionTable, Result, Source};

mod corrections;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        eprintln!("usage: make-campaign INPUT_DIR OUTPUT_DIR (which holds corrections.json)");
        return ExitCode::from(2);
    };
    match run(Path::new(input), Path::new(output)) {
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

/// Both files are computed and checked before either is written.
fn run(input: &Path, output: &Path) -> Result<String> {
    let rules: Corrections = read(&output.join("corrections.json"))?;
    let source: Source = read(&input.join(&rules.sources.places))?;
    let picture: Picture = read(&input.join(&rules.sources.map))?;
    let places = corrections::correct(source, &rules)?;
    let regions = regions(&places, &rules)?;
    check_names(&regions, &places, &rules)?;
    check_picture(&picture, &places, &rules.map)?;
    write(&output.join("places.json"), &places_file(&regions, &places)?)?;
    write(&output.join("map.json"), &map_file(&picture, &rules.map)?)?;
    Ok(format!("{} places in {} regions", places.len(), regions.len()))
}

/// The outlines, already projected. Those of single regions are left behind.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Picture {
    w: u32,
    h: u32,
    #[serde(rename = "k")]
    units_per_pixel: u32,
    #[serde(rename = "land")]
    land: String,
    #[serde(rename = "mesh")]
    mesh: String,
}

// --- Regions, names and points ---

fn regions<'c>(places: &[Place], corrections: &'c Corrections) -> Result<BTreeMap<&'c str, &'c Names>> {
    let RegionTable { reason, table } = &corrections.regions;
    if reason.is_empty() || corrections.map.reason.is_empty() {
        return Err("corrections.json: regions or map without a reason".into());
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

fn check_picture(picture: &Picture, places: &[Place], map: &MapFacts) -> Result<()> {
    if map.projection.kind != "albers" || picture.units_per_pixel != 1 {
        return Err("only Albers' projection and outlines in whole pixels are known here".into());
    }
    let drawing = |c: char| c.is_ascii_digit() || "MLlz -.,".contains(c);
    if !picture.land.chars().chain(picture.mesh.chars()).all(drawing) {
        return Err("the map: an outline is more than a path of lines".into());
    }
    for place in places {
        let (x, y) = project(&map.projection, place);
        let inside = (0.0..=f64::from(picture.w)).contains(&x) && (0.0..=f64::from(picture.h)).contains(&y);
        if !inside {
            return Err(format!("{} ({:?}) falls off the map, at {x:.0}, {y:.0}", place.id, place.names));
        }
    }
    for Anchor { id, name, x, y } in &map.anchors {
        let place = places.iter().find(|place| place.id == *id && place.names.values().any(|n| n == name));
        let (at_x, at_y) =
            project(&map.projection, place.ok_or(format!("corrections.json, anchors: no {name} ({id})"))?);
        if (at_x - x).hypot(at_y - y) > 0.1 {
            return Err(format!("corrections.json, anchors: {name} falls on {at_x:.1}, {at_y:.1}, not on {x}, {y}"));
        }
    }
    Ok(())
}

fn project(p: &Projection, place: &Place) -> (f64, f64) {
    let rho = (p.c - 2.0 * p.n * place.lat.to_radians().sin()).sqrt() / p.n;
    let east = (place.lon - p.lon0 + 180.0).rem_euclid(360.0) - 180.0;
    let theta = p.n * east.to_radians();
    (p.x0 + p.scale * rho * theta.sin(), p.y0 + p.scale * rho * theta.cos())
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

fn map_file(picture: &Picture, map: &MapFacts) -> Result<String> {
    let Picture { w, h, land, mesh, .. } = picture;
    let projection = json(&map.projection)?;
    Ok(format!(
        "{{\"W\":{w},\"H\":{h},\n\"projection\":{projection},\n\"land\":{},\n\"mesh\":{}}}\n",
        json(land)?,
        json(mesh)?
    ))
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

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
