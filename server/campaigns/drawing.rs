//! The map of a campaign: what `map.json` looks like, and whether it fits the places. `mapdata` draws it. Nothing
//! here may reach a page unchecked: paths hold numbers and letters of lines alone, names no character of markup.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::corrections::{Anchor, Corrections, Names, Place, Result};

/// Outlines, projected onto a plane of `W` by `H` units, with what is needed to put a place on them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drawing {
    #[serde(rename = "W")]
    width: u32,
    #[serde(rename = "H")]
    height: u32,
    projection: Projection,
    views: Vec<View>,
    attribution: String,
    land: String,
    mesh: String,
    disputed: Vec<Disputed>,
}

/// Albers' equal-area conic, with everything that depends on the drawing folded into constants:
/// rho = sqrt(c - 2 n sin lat) / n, theta = n (lon - lon0),
/// x = x0 + scale rho sin theta, y = y0 + scale rho cos theta.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Projection {
    kind: String,
    n: f64,
    c: f64,
    lon0: f64,
    scale: f64,
    x0: f64,
    y0: f64,
}

/// The whole or a part, as x, y, width and height in units of the drawing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    id: String,
    name: Names,
    #[serde(rename = "box")]
    frame: [u32; 4],
}

/// A territory that is drawn only if the campaign chooses it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disputed {
    id: String,
    name: Names,
    land: String,
}

impl Drawing {
    /// Refuses a map that holds more than a drawing, or that is not that of these places.
    pub(crate) fn check(&self, rules: &Corrections, places: &[Place]) -> Result<()> {
        self.check_outlines()?;
        self.check_words(&rules.languages)?;
        self.check_views()?;
        for place in places {
            let point = self.projection.point(place);
            if !within([0, 0, self.width, self.height], point) {
                return Err(format!("map.json: {} ({:?}) falls off, at {point:.0?}", place.id, place.names));
            }
            if !self.views[1..].iter().any(|view| within(view.frame, point)) {
                return Err(format!("map.json: {} ({:?}) is in no part of the country", place.id, place.names));
            }
        }
        for Anchor { id, name, x, y } in &rules.anchors {
            let place = places.iter().find(|place| place.id == *id && place.names.values().any(|n| n == name));
            let place = place.ok_or(format!("corrections.json, anchors: no {name} ({id})"))?;
            let (at_x, at_y) = self.projection.point(place);
            if (at_x - x).hypot(at_y - y) > 0.1 {
                return Err(format!(
                    "corrections.json, anchors: {name} falls on {at_x:.1}, {at_y:.1}, not on {x}, {y}"
                ));
            }
        }
        Ok(())
    }

    fn check_outlines(&self) -> Result<()> {
        let drawn = |c: char| c.is_ascii_digit() || "MmLlHhVvZz -,.".contains(c);
        let disputed = self.disputed.iter().map(|part| &part.land);
        for path in [&self.land, &self.mesh].into_iter().chain(disputed) {
            // A country that is one region has no inner borders.
            let none = path.is_empty() && path == &self.mesh;
            let lines = path.starts_with('M') && path.chars().all(drawn);
            if !none && !lines {
                return Err("map.json: an outline is more than a path of lines, or none".into());
            }
        }
        let Projection { kind, n, scale, .. } = &self.projection;
        if kind != "albers" || *n == 0.0 || *scale <= 0.0 {
            return Err("map.json: only Albers' projection is known here".into());
        }
        Ok(())
    }

    fn check_words(&self, languages: &[String]) -> Result<()> {
        let named = self.views.iter().map(|view| (&view.id, &view.name));
        let mut ids = BTreeSet::new();
        for (id, names) in named.chain(self.disputed.iter().map(|part| (&part.id, &part.name))) {
            if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase()) || !ids.insert(id) {
                return Err(format!("map.json: \"{id}\" is no name of small letters, or stands there twice"));
            }
            if let Some(lang) = languages.iter().find(|lang| !names.contains_key(*lang)) {
                return Err(format!("map.json: {id} has no name in {lang}"));
            }
        }
        let names = self.views.iter().map(|view| &view.name).chain(self.disputed.iter().map(|part| &part.name));
        let texts = names.flat_map(|names| names.values()).chain([&self.attribution]);
        match texts.into_iter().find(|text| text.is_empty() || text.contains(['<', '>', '&', '"', '\''])) {
            Some(text) => Err(format!("map.json: \"{text}\" is empty, or holds a character of markup")),
            None => Ok(()),
        }
    }

    /// The whole, then two parts of it.
    fn check_views(&self) -> Result<()> {
        let [whole, parts @ ..] = self.views.as_slice() else {
            return Err("map.json: there are no views".into());
        };
        let fits = |[x, y, width, height]: [u32; 4]| {
            let ends =
                |from: u32, size: u32, most: u32| size > 0 && from.checked_add(size).is_some_and(|end| end <= most);
            ends(x, width, self.width) && ends(y, height, self.height)
        };
        if whole.frame != [0, 0, self.width, self.height]
            || parts.len() != 2
            || !parts.iter().all(|view| fits(view.frame))
        {
            return Err("map.json: the views are not the whole and two parts of it".into());
        }
        Ok(())
    }
}

impl Projection {
    fn point(&self, place: &Place) -> (f64, f64) {
        let rho = (self.c - 2.0 * self.n * place.lat.to_radians().sin()).sqrt() / self.n;
        let east = (place.lon - self.lon0 + 180.0).rem_euclid(360.0) - 180.0;
        let theta = self.n * east.to_radians();
        (self.x0 + self.scale * rho * theta.sin(), self.y0 + self.scale * rho * theta.cos())
    }
}

/// A point that is no number is nowhere.
fn within([x, y, width, height]: [u32; 4], (at_x, at_y): (f64, f64)) -> bool {
    let between = |at: f64, from: u32, size: u32| at >= f64::from(from) && at <= f64::from(from) + f64::from(size);
    between(at_x, x, width) && between(at_y, y, height)
}
