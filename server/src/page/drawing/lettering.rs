//! How wide a label is: measured with the font that the pictures are written in.
//!
//! Browsers write with a font of their own. This one is wider than those of the usual systems, so what fits here fits there.

use skrifa::charmap::Charmap;
use skrifa::metrics::GlyphMetrics;
use skrifa::prelude::{FontRef, LocationRef, MetadataProvider, Size};
use std::sync::LazyLock;

/// The font file, a part of DejaVu Sans; its licence stands beside it.
pub(in crate::page) const FONT: &[u8] = include_bytes!("../../../pages/map-font.ttf");

/// Em of a letter that the font does not have: as wide as its widest.
const UNKNOWN: f32 = 1.0;

/// The width of a text in thousandths of its size; letters that join are counted as if they stood alone.
pub(super) fn width(text: &str) -> i32 {
    static METRICS: LazyLock<Option<(Charmap<'static>, GlyphMetrics<'static>)>> = LazyLock::new(|| {
        let font = FontRef::new(FONT).ok()?;
        Some((font.charmap(), font.glyph_metrics(Size::new(1.0), LocationRef::default())))
    });
    let em = |letter| {
        let (letters, metrics) = METRICS.as_ref()?;
        metrics.advance_width(letters.map(letter)?)
    };
    let width: f32 = text.chars().map(|letter| em(letter).unwrap_or(UNKNOWN)).sum();
    #[allow(clippy::cast_possible_truncation, reason = "a name has a few hundred letters at most")]
    let thousandths = (width * 1000.0).ceil() as i32;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_all_three_scripts_are_measured() {
        assert_eq!(width(""), 0);
        for name in ["Moscow", "Москва", "مسکو", "Йошкар-Ола", "Щёлково", "یکاترینبورگ"]
        {
            let letters = i32::try_from(name.chars().count()).unwrap();
            assert!((250 * letters..950 * letters).contains(&width(name)), "{name} {}", width(name));
        }
        assert_eq!(width("中"), 1000);
        assert_eq!(width("II") + width("W"), width("WII"));
    }
}
