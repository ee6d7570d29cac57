//! Plots of a rehearsal as SVG that stands in a page. Colours are names for the page's style sheet, which says what they
//! are in light and in dark; lines are drawn at twice their size, because the backend knows whole pixels only.

use plotters::prelude::*;

/// The colours that the style sheet knows by these very values.
pub(super) const QUIET: RGBColor = RGBColor(0x8a, 0x86, 0x7e);
pub(super) const FIRST: RGBColor = RGBColor(0x0b, 0x6b, 0x4f);
pub(super) const SECOND: RGBColor = RGBColor(0xb3, 0x54, 0x1e);
pub(super) const THIRD: RGBColor = RGBColor(0x3b, 0x5b, 0xa9);
const GRID: RGBColor = RGBColor(0xd9, 0xd5, 0xcc);
const INK: RGBColor = RGBColor(0x5d, 0x5a, 0x55);

/// A line of a plot.
pub(super) struct Line {
    pub(super) colour: RGBColor,
    pub(super) points: Vec<(f64, f64)>,
    /// Thin, and broken where the page says so.
    pub(super) faint: bool,
    /// With the area below it.
    pub(super) filled: bool,
}

/// What an axis shows.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    /// Numbers as they are.
    Plain,
    /// Minutes and seconds.
    Time,
    /// Powers of ten of a millisecond.
    Latency,
    /// Nines: 1 is 90 percent, 2 is 99 percent.
    Nines,
}

/// A plot.
pub(super) struct Plot {
    pub(super) about: String,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) lines: Vec<Line>,
}

impl Plot {
    /// For a wide page and for a narrow one; the style sheet shows one of them.
    pub(super) fn svg(&self) -> String {
        let (wide, narrow) = (self.draw((860, 280), 6), self.draw((380, 260), 4));
        let (wide, narrow) = (self.named(&wide, "wide"), self.named(&narrow, "narrow"));
        format!("{wide}{narrow}")
    }

    fn named(&self, svg: &str, class: &str) -> String {
        let label = super::report::escape(&self.about);
        svg.replacen("<svg ", &format!("<svg class=\"{class}\" role=\"img\" aria-label=\"{label}\" "), 1)
    }

    fn draw(&self, (width, height): (u32, u32), labels: usize) -> String {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, (width * ZOOM, height * ZOOM)).into_drawing_area();
        // a string takes everything; were it otherwise, the page would show an empty frame
        let _ = self.draw_on(&area, labels).and_then(|()| area.present().map_err(|_| ()));
        drop(area);
        svg
    }

    fn draw_on(&self, area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>, labels: usize) -> Result<(), ()> {
        let (x, y) = (self.range(self.x, |point| point.0), self.range(self.y, |point| point.1));
        let decades = matches!(self.y, Scale::Latency).then(|| whole(y.end - y.start) + 1);
        let mut chart = ChartBuilder::on(area)
            .margin_top(8 * ZOOM)
            .margin_right(22 * ZOOM)
            .x_label_area_size(24 * ZOOM)
            .y_label_area_size(58 * ZOOM)
            .build_cartesian_2d(x, y)
            .map_err(|_| ())?;
        let text = ("sans-serif", 13 * ZOOM).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID.stroke_width(ZOOM))
            .light_line_style(TRANSPARENT)
            .axis_style(GRID.stroke_width(ZOOM))
            .x_labels(labels)
            .y_labels(decades.unwrap_or(5))
            .x_label_formatter(&|value| label(self.x, *value))
            .y_label_formatter(&|value| label(self.y, *value))
            .set_all_tick_mark_size(4 * ZOOM)
            .label_style(text)
            .draw()
            .map_err(|_| ())?;
        for line in &self.lines {
            let style = line.colour.stroke_width(if line.faint { ZOOM } else { 2 * ZOOM });
            if line.filled {
                let fill = line.colour.mix(0.14).filled();
                chart.draw_series(AreaSeries::new(line.points.clone(), 0.0, fill)).map_err(|_| ())?;
            }
            chart.draw_series(LineSeries::new(line.points.clone(), style)).map_err(|_| ())?;
        }
        Ok(())
    }

    /// From the least to the most that is shown, whole decades for latencies.
    fn range(&self, scale: Scale, of: impl Fn(&(f64, f64)) -> f64) -> std::ops::Range<f64> {
        let values = || self.lines.iter().flat_map(|line| &line.points).map(&of);
        let most = values().fold(f64::MIN, f64::max);
        match scale {
            Scale::Plain => 0.0..(most * 1.06).max(1.0),
            Scale::Time | Scale::Nines => 0.0..most.max(1.0),
            Scale::Latency => {
                let least = values().fold(f64::MAX, f64::min).min(most);
                let (least, most) = if least <= most { (least.floor(), most.ceil()) } else { (0.0, 1.0) };
                least..most.max(least + 1.0)
            }
        }
    }
}

/// A latency as a plot has it.
pub(super) fn power(milliseconds: f64) -> f64 {
    milliseconds.max(0.01).log10()
}

/// A share from 0 to 1 as a plot has it.
pub(super) fn nines(share: f64) -> f64 {
    -(1.0 - share).max(1e-9).log10()
}

/// Corners for a line that rises in steps.
pub(super) fn staircase(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (x, y) in points {
        if let Some((_, before)) = corners.last().copied() {
            corners.push((*x, before));
        }
        corners.push((*x, *y));
    }
    corners
}

fn label(scale: Scale, value: f64) -> String {
    let is_whole = (value - value.round()).abs() < 1e-6;
    match scale {
        Scale::Plain => super::account::grouped(whole(value) as u64),
        Scale::Time => format!("{}:{:02}", whole(value) / 60, whole(value) % 60),
        Scale::Latency if is_whole => match whole(value + 3.0) {
            0 => "1 µs".to_owned(),
            1 => "10 µs".to_owned(),
            2 => "0.1 ms".to_owned(),
            power @ 3..=5 => format!("{} ms", 10u32.pow(u32::try_from(power - 3).unwrap_or(0))),
            power => format!("{} s", 10u64.pow(u32::try_from(power - 6).unwrap_or(0))),
        },
        Scale::Nines if is_whole => match whole(value) {
            0 => "0 %".to_owned(),
            1 => "90 %".to_owned(),
            nines => format!("99{}{} %", if nines > 2 { "." } else { "" }, "9".repeat(nines - 2)),
        },
        Scale::Latency | Scale::Nines => String::new(),
    }
}

/// A number of labels or seconds: small and not negative.
fn whole(value: f64) -> usize {
    usize::try_from(std::time::Duration::from_secs_f64(value.clamp(0.0, 1e12) + 1e-6).as_secs()).unwrap_or(0)
}

const ZOOM: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_people_write_them() {
        let label = |scale, value| label(scale, value);
        assert_eq!([0.0, 1.0, 2.0].map(|power| label(Scale::Latency, power)), ["1 ms", "10 ms", "100 ms"]);
        assert_eq!(
            [-3.0, -1.0, 3.0, 5.0].map(|power| label(Scale::Latency, power)),
            ["1 µs", "0.1 ms", "1 s", "100 s"]
        );
        assert_eq!([0.0, 1.0, 2.0, 4.0].map(|value| label(Scale::Nines, value)), ["0 %", "90 %", "99 %", "99.99 %"]);
        assert_eq!((label(Scale::Nines, 0.5), label(Scale::Time, 75.0)), (String::new(), "1:15".to_owned()));
        assert_eq!(label(Scale::Plain, 20_000.0), "20\u{202f}000");
        assert!((nines(0.99) - 2.0).abs() < 1e-9 && power(100.0) == 2.0);
        assert_eq!(staircase(&[(0.0, 0.0), (1.0, 5.0)]), [(0.0, 0.0), (1.0, 0.0), (1.0, 5.0)]);
    }
}
