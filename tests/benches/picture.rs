//! The ratios as bars in `target/bench.svg`: to the left of the line a peer is faster, to the right Headcount is.

use crate::duel::Row;
use std::fmt::Write as _;

/// Width of the labels, of the bars for a factor of ten, and height of a row, in pixels.
const LABELS: f64 = 470.0;
const DECADE: f64 = 170.0;
const ROW: f64 = 26.0;
/// Factors of ten to the left and to the right of one.
const LEFT: f64 = 2.0;
const RIGHT: f64 = 1.0;

/// An SVG document.
pub(crate) fn draw(rows: &[Row]) -> String {
    let at = |ratio: f64| LABELS + (LEFT + ratio.log10().clamp(-LEFT, RIGHT)) * DECADE;
    let (width, height) = (at(f64::INFINITY) + 80.0, ROW * (rows.len() as f64 + 2.5));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for mark in [0.01, 0.1, 1.0, 10.0] {
        let (x, top, bottom) = (at(mark), ROW * 1.2, height - ROW * 0.8);
        let colour = if mark == 1.0 { "#333" } else { "#ddd" };
        let _infallible = writeln!(
            svg,
            "<path d=\"M{x} {top}V{bottom}\" stroke=\"{colour}\"/><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">× {mark}</text>",
            ROW * 0.8
        );
    }
    for (index, row) in rows.iter().enumerate() {
        let (y, x, one) = (ROW * (index as f64 + 1.5), at(row.ratio), at(1.0));
        let (middle, from, length) = (y + ROW * 0.5, x.min(one), (x - one).abs().max(1.0));
        let _infallible = writeln!(
            svg,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{} : {}</text>\n\
             <rect x=\"{from}\" y=\"{}\" width=\"{length}\" height=\"{}\" fill=\"#2a6f97\"/>\
             <text x=\"{}\" y=\"{middle}\">{:.2}</text>",
            LABELS - 10.0,
            row.subject,
            row.peer,
            y + ROW * 0.1,
            ROW * 0.6,
            x.max(one) + 6.0,
            row.ratio
        );
        if let Some(baseline) = row.baseline.filter(|baseline| baseline.by == row.by) {
            let x = at(baseline.ratio);
            let _infallible =
                writeln!(svg, "<path d=\"M{x} {y}v{}\" stroke=\"#d1495b\" stroke-width=\"3\"/>", ROW * 0.8);
        }
    }
    let _infallible = writeln!(
        svg,
        "<text x=\"{LABELS}\" y=\"{}\" fill=\"#d1495b\">red: the baseline</text>\n</svg>",
        height - ROW * 0.2
    );
    svg
}
