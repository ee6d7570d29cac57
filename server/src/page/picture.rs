//! A drawing as a PNG, for browsers that show no SVG (Tor Browser at "Safest"): made from the same SVG, with a palette.

use super::drawing::{FONT, UNIT};
use crate::error::Error;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Media type of the pictures.
pub(crate) const PNG: &str = "image/png";

/// Draws an SVG with a light style. `map_stroke` is one pixel in the units of the map. Blocking, a tenth of a second.
pub(super) fn draw(svg: &str, map_stroke: f64) -> Result<Vec<u8>, Error> {
    let failed = |why: String| Error::Refused(format!("the map could not be drawn as a picture: {why}"));
    let style = STYLE.replace("STROKE", &format!("{map_stroke:.3}")).replace("PIXEL", &UNIT.to_string());
    let options =
        Options { font_family: FONT_NAME.to_owned(), fontdb: fonts(), style_sheet: Some(style), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| failed("it has no size".to_owned()))?;
    pixels.fill(resvg::tiny_skia::Color::from_rgba8(PAPER[0], PAPER[1], PAPER[2], 255));
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    let colours: Vec<[u8; 3]> = pixels.data().chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect();
    let (palette, indexes) = reduce(&colours);
    encode(size.width(), size.height(), &palette.concat(), None, &indexes).map_err(|error| failed(error.to_string()))
}

/// A dot: an icon that says nothing to who looks over a shoulder. Empty if it cannot be made.
pub(super) fn icon() -> Vec<u8> {
    const SIDE: i32 = 32;
    let steps = |at: i32| {
        let (dx, dy) = (2 * (at % SIDE) - SIDE + 1, 2 * (at / SIDE) - SIDE + 1);
        let inside = (24.5 - f64::from(dx * dx + dy * dy).sqrt()).clamp(0.0, 2.0);
        if inside >= 1.5 { 2 } else { u8::from(inside > 0.5) }
    };
    let indexes: Vec<u8> = (0..SIDE * SIDE).map(steps).collect();
    encode(32, 32, &[119; 9], Some(&[0, 128, 255]), &indexes).unwrap_or_default()
}

fn fonts() -> Arc<Database> {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(FONT.to_vec());
        Arc::new(fonts)
    });
    FONTS.clone()
}

/// The colours that occur most, and for each pixel the nearest of them.
fn reduce(pixels: &[[u8; 3]]) -> (Vec<[u8; 3]>, Vec<u8>) {
    let mut often: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    for pixel in pixels {
        *often.entry(*pixel).or_default() += 1;
    }
    let mut order: Vec<([u8; 3], usize)> = often.iter().map(|(colour, count)| (*colour, *count)).collect();
    order.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let distance =
        |a: &[u8; 3], b: &[u8; 3]| -> u32 { a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum() };
    let mut palette: Vec<[u8; 3]> = Vec::new();
    for (colour, _) in order {
        // shades that nobody tells apart would leave no room for others
        if palette.len() < COLOURS_MAX && palette.iter().all(|other| distance(other, &colour) > NEAR) {
            palette.push(colour);
        }
    }
    let nearest = |colour: &[u8; 3]| {
        (0u8..).zip(&palette).min_by_key(|(_, other)| distance(other, colour)).map_or(0, |(at, _)| at)
    };
    let index: BTreeMap<[u8; 3], u8> = often.keys().map(|colour| (*colour, nearest(colour))).collect();
    let indexes = pixels.iter().map(|pixel| index[pixel]).collect();
    (palette, indexes)
}

fn encode(
    width: u32,
    height: u32,
    palette: &[u8],
    alpha: Option<&[u8]>,
    indexes: &[u8],
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter); // neighbours in a palette are no neighbours in colour
    encoder.set_palette(palette);
    if let Some(alpha) = alpha {
        encoder.set_trns(alpha);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(indexes)?;
    writer.finish()?;
    Ok(bytes)
}

const PAPER: [u8; 3] = [0xfd, 0xfc, 0xf9];
const COLOURS_MAX: usize = 48;
/// Squared distance of two colours that count as one.
const NEAR: u32 = 64;
const FONT_NAME: &str = "DejaVu Sans";

/// The light colours of style.css, in the units of a drawing.
const STYLE: &str = "\
#land{fill:#ebe6da;stroke:#c5bda9;stroke-width:STROKEpx;stroke-linejoin:round}\
#mesh{fill:none;stroke:#fdfcf9;stroke-width:STROKEpx;stroke-linejoin:round}\
.o,.i{fill:none;stroke-linecap:round}.o{stroke:#8b9d95}.i{stroke:#fdfcf9}\
.c{fill:#0b6b4f;fill-opacity:.72;stroke:#fdfcf9;stroke-width:PIXELpx}\
.t,.k{fill:#1b1b1b}.t{stroke:#fdfcf9;stroke-width:12px;stroke-linejoin:round;paint-order:stroke}\
.e{text-anchor:end}.m{text-anchor:middle}";

#[cfg(test)]
mod tests;
