//! map.json: the outline of a country, projected already, the views of it, and the formula that puts a place on it.
//!
//! It is campaign data that goes into the page as it is, so nothing is taken but what can only be a path or a number.

use protocol::campaign::Text;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A map that can be drawn. Its unit is the unit of its paths.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Map {
    #[serde(rename = "W")]
    width: u32,
    #[serde(rename = "H")]
    height: u32,
    projection: Projection,
    /// The fixed views, the whole first.
    pub(super) views: Vec<View>,
    /// What has to stand with the map wherever it is shown.
    pub(super) attribution: String,
    land: String,
    /// The borders between regions.
    pub(super) mesh: String,
    #[serde(default)]
    disputed: Vec<Disputed>,
}

/// A part of the map that is looked at by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct View {
    /// Its name in addresses: `#view-ID`.
    pub(super) id: String,
    /// Its name for people, per language.
    pub(super) name: Text,
    /// x, y, width and height in the units of the map.
    #[serde(rename = "box")]
    pub(super) frame: [u32; 4],
}

/// A territory that this campaign chose to draw with the rest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disputed {
    id: String,
    name: Text,
    land: String,
}

/// Albers' equal-area conic projection.
#[derive(Debug, Clone, Deserialize)]
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

impl Map {
    /// Reads a map. `{}` is a campaign without one; what cannot be drawn is an error, told in a sentence.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<Self>, String> {
        let unreadable =
            |error: serde_json::Error| format!("the map cannot be read: {}", error.to_string().escape_debug());
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(unreadable)?;
        if value.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(None);
        }
        let map: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        match map.mistake() {
            Some(why) => Err(format!("the map cannot be drawn: {why}")),
            None => Ok(Some(map)),
        }
    }

    /// The outline of all that is drawn.
    pub(super) fn outline(&self) -> String {
        let parts = self.disputed.iter().map(|disputed| disputed.land.as_str());
        std::iter::once(self.land.as_str()).chain(parts).collect()
    }

    /// Where a place lies, in the units of the map; none if it is not on it.
    pub(crate) fn project(&self, lat: f64, lon: f64) -> Option<(f64, f64)> {
        let Projection { n, c, lon0, scale, x0, y0, .. } = &self.projection;
        let rho = (c - 2.0 * n * lat.to_radians().sin()).sqrt() / n;
        let wrapped = (lon - lon0 + 180.0).rem_euclid(360.0) - 180.0;
        let theta = n * wrapped.to_radians();
        let (x, y) = (x0 + scale * rho * theta.sin(), y0 + scale * rho * theta.cos());
        let inside = (0.0..=f64::from(self.width)).contains(&x) && (0.0..=f64::from(self.height)).contains(&y);
        inside.then_some((x, y)) // what is no number is not inside either
    }

    fn mistake(&self) -> Option<String> {
        let size = 1..=SIZE_MAX;
        if !size.contains(&self.width) || !size.contains(&self.height) {
            return Some(format!("W and H must be between 1 and {SIZE_MAX}"));
        }
        if self.projection.kind != "albers" || self.projection.n == 0.0 || self.projection.scale <= 0.0 {
            return Some("its projection must be \"albers\", with n other than 0 and scale above 0".to_owned());
        }
        let line = &self.attribution;
        if line.trim().is_empty() || line.len() > LINE_BYTES_MAX || line.contains(char::is_control) {
            return Some(format!("its attribution must be one line of at most {LINE_BYTES_MAX} bytes"));
        }
        let paths = [("land", &self.land), ("mesh", &self.mesh)];
        let disputed = self.disputed.iter().map(|part| ("disputed", &part.land));
        let drawn = |name: &str, path: &str| is_path(path) || (name == "mesh" && path.is_empty()); // one region has no inner borders
        let bad = paths.into_iter().chain(disputed).find(|(name, path)| !drawn(name, path));
        if let Some((name, _)) = bad {
            return Some(format!(
                "{name} must be a path that begins with M, of the commands M, L, H, V and Z and of numbers, and at most \
                 {PATH_BYTES_MAX} bytes long"
            ));
        }
        let named = |name: &Text| name.values().all(|name| !name.trim().is_empty()) && !name.is_empty();
        if !self.disputed.iter().all(|part| is_id(&part.id) && named(&part.name)) {
            return Some("a disputed territory needs an id and a name".to_owned());
        }
        self.mistake_of_views(named)
    }

    fn mistake_of_views(&self, named: impl Fn(&Text) -> bool) -> Option<String> {
        if !(1..=VIEWS_MAX).contains(&self.views.len()) {
            return Some(format!("it must have 1 to {VIEWS_MAX} views, the whole first"));
        }
        let ids: BTreeSet<&str> = self.views.iter().map(|view| view.id.as_str()).collect();
        if ids.len() < self.views.len() || !ids.iter().all(|id| is_id(id)) {
            return Some("the ids of its views must differ, and be of letters a-z, digits and hyphens".to_owned());
        }
        let fits = |view: &View| {
            let [x, y, width, height] = view.frame.map(u64::from);
            let inside = x + width <= u64::from(self.width) && y + height <= u64::from(self.height);
            inside && width >= SIDE_MIN && height >= SIDE_MIN && width <= 8 * height && height <= 8 * width
        };
        let bad = self.views.iter().find(|view| !fits(view) || !named(&view.name));
        let why = |view: &View| {
            let id = &view.id;
            format!("the view {id} needs a name, and a box within the map that is neither tiny nor a strip")
        };
        bad.map(why)
    }
}

/// Lines with the absolute or relative commands M, L, H, V, Z: nothing that could end an attribute.
fn is_path(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_digit() || b"MmLlHhVvZz -,.".contains(&byte);
    path.starts_with('M') && path.len() <= PATH_BYTES_MAX && path.bytes().all(allowed)
}

fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=24).contains(&id.len()) && id.bytes().all(allowed)
}

const SIZE_MAX: u32 = 20_000;
const LINE_BYTES_MAX: usize = 500;
/// An overview of 40 kB has an outline of 35 kB before compression; ten times that is a mistake.
const PATH_BYTES_MAX: usize = 400_000;
const VIEWS_MAX: usize = 6;
const SIDE_MIN: u64 = 20;

#[cfg(test)]
mod tests;
