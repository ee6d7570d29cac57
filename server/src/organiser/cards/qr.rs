//! A link as a QR code (ISO/IEC 18004) in one SVG path: pure black on whatever is below, with its quiet zone.

use crate::error::Error;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
use std::fmt::Write;
use zeroize::Zeroizing;

/// Modules that stay white on each side; readers need them to tell a code from what is printed around it.
const QUIET: i32 = 4;

/// A drawn code. Its path holds an invite and erases itself; the library's own copy of the modules is out of our reach.
pub(super) struct Qr {
    /// Modules on a side, quiet zone included.
    pub(super) side: i32,
    /// Runs of black modules as strokes one module thick.
    pub(super) path: Zeroizing<String>,
}

impl Qr {
    /// Draws a text with error correction of level M at least: a fold or a thumb may hide one part in seven.
    pub(super) fn of(text: &str) -> Result<Self, Error> {
        let segments = [QrSegment::make_bytes(text.as_bytes())];
        let code =
            QrCode::encode_segments_advanced(&segments, QrCodeEcc::Medium, Version::MIN, Version::MAX, None, true)
                .map_err(|error| Error::Refused(format!("a link is too long for a QR code: {error}")))?;
        let size = code.size();
        // a row has at most a run for every second module, none longer than "h100m100 0"
        let modules = usize::try_from(size).unwrap_or_default();
        let mut path = Zeroizing::new(String::with_capacity(modules * (5 * modules + 20)));
        for y in 0..size {
            let mut end = None; // of the run before in this row
            let mut x = 0;
            while x < size {
                let run = (x..size).take_while(|x| code.get_module(*x, y)).count();
                let run = i32::try_from(run).unwrap_or_default();
                if run > 0 {
                    let _ = match end {
                        None => write!(path, "M{} {}.5h{run}", x + QUIET, y + QUIET),
                        Some(end) => write!(path, "m{} 0h{run}", x - end),
                    };
                    end = Some(x + run);
                }
                x += run.max(1);
            }
        }
        Ok(Self { side: size + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::tiny_skia::{Color, Pixmap, Transform};
    use resvg::usvg::{Options, Tree};

    /// What a reader by other hands sees in a drawing by other hands.
    fn seen(qr: &Qr) -> Vec<String> {
        let (side, path) = (qr.side, qr.path.as_str());
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\">\
             <path d=\"{path}\" stroke=\"#000\" fill=\"none\"/></svg>"
        );
        let tree = Tree::from_str(&svg, &Options::default()).unwrap();
        let pixels = u32::try_from(side * 4).unwrap();
        let mut image = Pixmap::new(pixels, pixels).unwrap();
        image.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(4.0, 4.0), &mut image.as_mut());
        let (across, data) = (pixels as usize, image.data().to_vec());
        let mut prepared =
            rqrr::PreparedImage::prepare_from_greyscale(across, across, |x, y| data[(y * across + x) * 4]);
        prepared.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
    }

    #[test]
    fn a_reader_sees_exactly_the_link() {
        for host in ["a.org", "headcount.example.org", &format!("{}.onion", "a2b3".repeat(14))] {
            let link = format!("https://{host}/join#i=7K3M-00AA-ZZZZ-1234-7K3M-00AA-ZZZZ-1234&c={}", "a2b7".repeat(13));
            let qr = Qr::of(&link).unwrap();
            assert_eq!(seen(&qr), [link]);
            assert!(qr.path.len() < qr.path.capacity() && qr.path.capacity() > 5000, "written without moving");
            assert!(qr.side <= 73, "modules stay large enough for a printer: {}", qr.side);
        }
        assert!(Qr::of(&"x".repeat(3000)).is_err());
    }
}
