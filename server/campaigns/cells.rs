//! A schematic map of a city, a company or whatever else has no outline among the open data: one cell for each place,
//! holding every point that is nearer to it than to another, within a rounded shape around all. It is made of the list
//! of places alone, so it says nothing about anybody's borders, and the same list always gives the same bytes.

use std::path::Path;

use protocol::campaign::{Place, Places};
use serde::{Deserialize, Serialize};

use super::corrections::{Names, Result};
use super::{json, read};

/// What a person writes: `schematic.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schematic {
    #[serde(rename = "about")]
    _about: String,
    /// What the only view is called, in every language of the campaign.
    view: Names,
    /// What has to stand with the map wherever it is shown.
    attribution: String,
}

#[derive(Serialize)]
struct Map<'a> {
    #[serde(rename = "W")]
    width: u32,
    #[serde(rename = "H")]
    height: u32,
    projection: Projection,
    views: [View<'a>; 1],
    attribution: &'a str,
    land: String,
    mesh: String,
    disputed: [(); 0],
}

/// Albers' equal-area conic, as `drawing` explains it.
#[derive(Serialize)]
struct Projection {
    kind: &'static str,
    n: f64,
    c: f64,
    lon0: f64,
    scale: f64,
    x0: f64,
    y0: f64,
}

#[derive(Serialize)]
struct View<'a> {
    id: &'static str,
    name: &'a Names,
    #[serde(rename = "box")]
    frame: [u32; 4],
}

type Point = (f64, f64);

/// A corner, and the place on the other side of the edge that begins there; none at the rim.
type Corner = (Point, Option<usize>);

/// `map.json` for the places of a folder, and how many they are.
pub(crate) fn map(folder: &Path) -> Result<(usize, String)> {
    let words: Schematic = read(&folder.join("schematic.json"))?;
    let path = folder.join("places.json");
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let places = Places::decode(&bytes).map_err(|error| format!("{}: {error}", path.display()))?.places;
    let text = words.view.values().chain([&words.attribution]);
    if words.view.is_empty() || text.into_iter().any(|text| text.is_empty() || text.contains(['<', '>', '&', '"'])) {
        return Err("schematic.json: a text is missing, or holds a character of markup".into());
    }
    let (projection, width, height) = Projection::around(&places);
    let points: Vec<Point> = places.iter().map(|place| projection.point(place)).collect();
    let rim = rim(&points);
    let map = Map {
        width,
        height,
        views: [View { id: "all", name: &words.view, frame: [0, 0, width, height] }],
        attribution: &words.attribution,
        land: outline(&rim),
        mesh: mesh(&points, &rim)?,
        disputed: [],
        projection,
    };
    Ok((places.len(), format!("{}\n", json(&map)?)))
}

impl Projection {
    /// A projection that puts these places onto a sheet, with a margin for the shape around them.
    fn around(places: &[Place]) -> (Self, u32, u32) {
        let middle = |of: fn(&Place) -> f64| {
            let (least, most) = ends(places.iter().map(of));
            ((least + most) / 2.0, most - least)
        };
        let ((lat, _), (lon0, _)) = (middle(|place| place.lat), middle(|place| place.lon));
        let lat = if lat.abs() < 1.0 { 1.0 } else { lat }; // the cone of the equator has no tip
        let n = rounded(lat.to_radians().sin(), 9);
        let mut plain = Self {
            kind: "albers",
            n,
            c: rounded(1.0 + n * n, 9),
            lon0: rounded(lon0, 4),
            scale: 1.0,
            x0: 0.0,
            y0: 0.0,
        };
        let points: Vec<Point> = places.iter().map(|place| plain.point(place)).collect();
        let ((left, right), (top, bottom)) = (ends(points.iter().map(|p| p.0)), ends(points.iter().map(|p| p.1)));
        let side = (right - left).max(bottom - top).max(1e-5);
        plain.scale = rounded((SHEET - 2.0 * MARGIN) / side, 2);
        plain.x0 = rounded(MARGIN - left * plain.scale, 2);
        plain.y0 = rounded(MARGIN - top * plain.scale, 2);
        let size = |from: f64, to: f64| whole((to - from) * plain.scale + 2.0 * MARGIN);
        let (width, height) = (size(left, right), size(top, bottom));
        (plain, width, height)
    }

    fn point(&self, place: &Place) -> Point {
        let rho = (self.c - 2.0 * self.n * place.lat.to_radians().sin()).sqrt() / self.n;
        let theta = self.n * ((place.lon - self.lon0 + 180.0).rem_euclid(360.0) - 180.0).to_radians();
        (self.x0 + self.scale * rho * theta.sin(), self.y0 + self.scale * rho * theta.cos())
    }
}

/// The convex shape that stays `REACH` away from the places.
fn rim(points: &[Point]) -> Vec<Corner> {
    let far = 4.0 * SHEET;
    let mut rim: Vec<Corner> =
        [(-far, -far), (far, -far), (far, far), (-far, far)].into_iter().map(|corner| (corner, None)).collect();
    for step in 0..RIM_SIDES {
        let angle = std::f64::consts::TAU * f64::from(step) / f64::from(RIM_SIDES);
        let (x, y) = (angle.cos(), angle.sin());
        let (_, most) = ends(points.iter().map(|point| point.0 * x + point.1 * y));
        rim = cut(&rim, (x, y), most + REACH, None);
    }
    rim
}

/// What of a convex shape lies where `x·a + y·b ≤ most`; the new edge is that towards `neighbour`.
fn cut(shape: &[Corner], (a, b): Point, most: f64, neighbour: Option<usize>) -> Vec<Corner> {
    let beyond = |point: Point| a * point.0 + b * point.1 - most;
    let mut kept = Vec::new();
    for (index, (from, edge)) in shape.iter().enumerate() {
        let (to, _) = shape[(index + 1) % shape.len()];
        let (here, there) = (beyond(*from), beyond(to));
        let between = |part: f64| (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1));
        if here <= 0.0 {
            kept.push((*from, *edge));
        }
        if here <= 0.0 && there > 0.0 {
            kept.push((between(here / (here - there)), neighbour)); // out: from here on along the cut
        } else if here > 0.0 && there <= 0.0 {
            kept.push((between(here / (here - there)), *edge)); // in again
        }
    }
    kept
}

/// The edges between cells, each once.
fn mesh(points: &[Point], rim: &[Corner]) -> Result<String> {
    let mut path = String::new();
    for (own, at) in points.iter().enumerate() {
        let mut cell = rim.to_vec();
        for (other, its) in points.iter().enumerate().filter(|(other, _)| *other != own) {
            let (a, b) = (its.0 - at.0, its.1 - at.1);
            if a.hypot(b) < 1.0 {
                return Err(format!("places {own} and {other} lie at the same point"));
            }
            let most = (its.0 * its.0 + its.1 * its.1 - at.0 * at.0 - at.1 * at.1) / 2.0;
            cell = cut(&cell, (a, b), most, Some(other));
        }
        for (index, (from, edge)) in cell.iter().enumerate() {
            let (to, _) = cell[(index + 1) % cell.len()];
            if edge.is_some_and(|other| other > own) {
                path.push_str(&format!("M{} {}L{} {}", whole(from.0), whole(from.1), whole(to.0), whole(to.1)));
            }
        }
    }
    Ok(path)
}

fn outline(rim: &[Corner]) -> String {
    let corners: Vec<String> = rim.iter().map(|((x, y), _)| format!("{} {}", whole(*x), whole(*y))).collect();
    format!("M{}Z", corners.join("L"))
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}

fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (value * unit).round() / unit
}

/// A sheet has only whole units, and all of it lies right of and below its corner.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sheet has two thousand units")]
fn whole(value: f64) -> u32 {
    value.round().max(0.0) as u32
}

/// The longer side of a sheet, the room that the shape around the places takes of it, and how far that shape reaches.
const SHEET: f64 = 2000.0;
const MARGIN: f64 = 280.0;
const REACH: f64 = 260.0;
const RIM_SIDES: u32 = 72;
