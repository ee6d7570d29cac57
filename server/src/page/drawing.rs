//! One view of the map as SVG: the land, a circle for each place with published numbers, a hollow dot for each without.
//!
//! Area is proportional to number. Every number that is drawn is a sum of published groups, and nothing else is known here.

use super::map::View;
use clusters::{Cluster, Spot, merge};
use labels::{Anchor, Frame, Label, Wanted};
use std::collections::BTreeMap;
use std::fmt::Write;

mod clusters;
mod labels;
mod lettering;

pub(super) use lettering::FONT;

/// For which width of screen a drawing is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A desktop's.
    Wide,
    /// A phone's.
    Narrow,
}

/// What a size of drawing is measured with, in pixels.
struct Measures {
    width: i32,
    height_max: i32,
    /// Places nearer than this share a circle.
    merge: i32,
    radius_max: f64,
    radius_min: f64,
    /// The radius of a circle for one pledge, as long as there is room.
    radius_of_one: f64,
    /// Letters of the largest cities, which are named always.
    font_large: i32,
    /// Letters of all else.
    font: i32,
    /// How many are named always.
    forced: usize,
    labels_max: usize,
}

/// What never changes of a view: its land and who shares a circle.
pub(super) struct Drawing {
    size: Size,
    /// The part with the land; the key stands below.
    width: i32,
    height: i32,
    transform: String,
    /// Units of the drawing for one of the map.
    scale: f64,
    clusters: Vec<Cluster>,
}

/// A circle, or a hollow dot if nothing is published for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Circle {
    x: i32,
    y: i32,
    r: i32,
    published: u64,
}

/// What a view shows at one moment.
pub(super) struct Plan {
    circles: Vec<Circle>,
    labels: Vec<Label>,
    /// Circles of round numbers, to compare with.
    key: Vec<Circle>,
    key_height: i32,
}

/// How a drawing speaks.
pub(super) struct Speech<'a> {
    /// A number as the language writes it.
    pub(super) number: &'a dyn Fn(u64) -> String,
    /// "fewer than k"
    pub(super) fewer: &'a str,
}

impl Drawing {
    /// Prepares a view. `places` are index, population and point in the units of the map.
    pub(super) fn new(view: &View, size: Size, places: &[(u32, u64, (f64, f64))]) -> Self {
        let Measures { width, height_max, merge: distance, .. } = size.measures();
        let [left, top, across, down] = view.frame.map(f64::from);
        let scale = f64::from(UNIT) * (f64::from(width) / across).min(f64::from(height_max) / down);
        let spots = places.iter().filter_map(|(place, population, (x, y))| {
            let inside = (left..=left + across).contains(x) && (top..=top + down).contains(y);
            let (x, y) = (whole((x - left) * scale), whole((y - top) * scale));
            inside.then_some(Spot { place: *place, population: *population, x, y })
        });
        Self {
            size,
            width: whole(across * scale),
            height: whole(down * scale),
            transform: format!("scale({scale:.4})translate(-{left} -{top})"),
            scale,
            clusters: merge(spots.collect(), distance * UNIT),
        }
    }

    /// Decides what is drawn where. `published` has the sums of published groups by place, all at least k.
    pub(super) fn plan<'a>(&self, published: &BTreeMap<u32, u64>, k: u32, name: &dyn Fn(u32) -> &'a str) -> Plan {
        let Measures { radius_max, radius_min, radius_of_one, font_large, font, forced, labels_max, .. } =
            self.size.measures();
        let sum = |cluster: &Cluster| cluster.places.iter().filter_map(|place| published.get(place)).sum::<u64>();
        let sums: Vec<u64> = self.clusters.iter().map(sum).collect();
        let most = sums.iter().copied().max().unwrap_or(0);
        let root = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX)).sqrt();
        let of_one = radius_of_one.min(radius_max / root(most).max(1.0)) * f64::from(UNIT);
        let smallest = whole(radius_min * f64::from(UNIT));
        let radius = |number: u64| whole(of_one * root(number)).max(smallest);
        let circle = |(cluster, sum): (&Cluster, &u64)| {
            let r = if *sum > 0 { radius(*sum) } else { smallest };
            Circle { x: cluster.spot.x, y: cluster.spot.y, r, published: *sum }
        };
        let circles: Vec<Circle> = self.clusters.iter().zip(&sums).map(circle).collect();

        let mut order: Vec<usize> = (0..circles.len()).collect();
        order[forced.min(circles.len())..].sort_by_key(|index| std::cmp::Reverse(circles[*index].published));
        let wanted = order.iter().zip(0..).map(|(index, turn)| Wanted {
            text: name(self.clusters[*index].spot.place),
            circle: circles[*index],
            forced: turn < forced,
            font: UNIT * if turn < forced { font_large } else { font },
        });
        let wanted: Vec<Wanted<'_>> = wanted.collect();
        let labels = labels::place(&wanted, &circles, self.bounds(), labels_max);
        Plan { circles, labels, key: self.key(most, k, &radius), key_height: font * UNIT * 27 / 10 }
    }

    /// Where names may stand.
    fn bounds(&self) -> Frame {
        let margin = self.size.measures().font * UNIT / 5;
        Frame { left: margin, top: margin, width: self.width - 2 * margin, height: self.height - 2 * margin }
    }

    /// Up to three circles of round numbers, none below k, and none that had to be enlarged to be seen.
    fn key(&self, most: u64, k: u32, radius: &dyn Fn(u64) -> i32) -> Vec<Circle> {
        let highest = self.size.measures().font * UNIT * 11 / 10;
        let round = (0..19u32).rev().flat_map(|power| [5, 2, 1].map(|digit| 10u64.pow(power).saturating_mul(digit)));
        let Some(first) = round.into_iter().find(|number| *number <= most && radius(*number) <= highest) else {
            return Vec::new();
        };
        let seen = |number: &u64| *number >= u64::from(k) && radius(*number) > self.dot_radius();
        let circle = |number| Circle { x: 0, y: 0, r: radius(number), published: number };
        [first, first / 10, first / 100].into_iter().filter(seen).map(circle).collect()
    }

    /// The size of the whole drawing in its units.
    pub(super) fn extent(&self, plan: &Plan) -> (i32, i32) {
        (self.width, self.height + plan.key_height)
    }

    /// The plan as SVG, without the element around it. It uses `#land` and `#mesh`, which stand elsewhere.
    pub(super) fn write(&self, plan: &Plan, speech: &Speech<'_>) -> String {
        let mut svg = String::new();
        for id in ["land", "mesh"] {
            add(&mut svg, format_args!("<use href=\"#{id}\" transform=\"{}\"/>", self.transform));
        }
        let hollow: String = plan.circles.iter().filter(|circle| circle.published == 0).map(dot).collect();
        write_dots(&mut svg, &hollow, self.dot_radius());
        let mut filled: Vec<&Circle> = plan.circles.iter().filter(|circle| circle.published > 0).collect();
        filled.sort_by_key(|circle| std::cmp::Reverse(circle.r));
        svg.push_str("<g class=\"c\">");
        filled.iter().for_each(|circle| write_circle(&mut svg, circle));
        svg.push_str("</g>");
        for labels in plan.labels.chunk_by(|a, b| a.font == b.font) {
            add(&mut svg, format_args!("<g class=\"t\" font-size=\"{}\">", labels[0].font));
            labels.iter().for_each(|label| write_label(&mut svg, label));
            svg.push_str("</g>");
        }
        self.write_key(&mut svg, plan, speech);
        svg
    }

    /// What circles and dots mean, below the land.
    fn write_key(&self, svg: &mut String, plan: &Plan, speech: &Speech<'_>) {
        let font = self.size.measures().font * UNIT;
        let middle = self.height + plan.key_height / 2;
        let mut texts = String::new();
        let mut at = font / 2;
        let mut say = |at: &mut i32, text: &str| {
            let (x, y) = (*at, middle + font * 35 / 100);
            add(&mut texts, format_args!("<text x=\"{x}\" y=\"{y}\">{}</text>", escape(text)));
            *at += lettering::width(text) * font / 1000 + font;
        };
        svg.push_str("<g class=\"c\">");
        for circle in &plan.key {
            write_circle(svg, &Circle { x: at + circle.r, y: middle, ..*circle });
            at += 2 * circle.r + font * 2 / 5;
            say(&mut at, &(speech.number)(circle.published));
        }
        svg.push_str("</g>");
        let r = self.dot_radius();
        write_dots(svg, &dot(&Circle { x: at + r, y: middle, r, published: 0 }), r);
        at += 2 * r + font * 2 / 5;
        say(&mut at, speech.fewer);
        add(svg, format_args!("<g class=\"k\" font-size=\"{font}\">{texts}</g>"));
    }

    fn dot_radius(&self) -> i32 {
        whole(self.size.measures().radius_min * f64::from(UNIT))
    }

    /// The places on it.
    pub(super) fn places(&self) -> impl Iterator<Item = &u32> {
        self.clusters.iter().flat_map(|cluster| &cluster.places)
    }

    /// Which size it is made for.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// Units of the map that are one pixel here.
    pub(super) fn map_units_per_pixel(&self) -> f64 {
        f64::from(UNIT) / self.scale
    }
}

impl Size {
    fn measures(self) -> Measures {
        match self {
            Self::Wide => Measures {
                width: 1120,
                height_max: 760,
                merge: 12,
                radius_max: 34.0,
                radius_min: 2.0,
                radius_of_one: 0.9,
                font_large: 15,
                font: 12,
                forced: 12,
                labels_max: 44,
            },
            Self::Narrow => Measures {
                width: 358,
                height_max: 420,
                merge: 10,
                radius_max: 15.0,
                radius_min: 1.5,
                radius_of_one: 0.5,
                font_large: 12,
                font: 11,
                forced: 4,
                labels_max: 10,
            },
        }
    }
}

/// Units of a drawing for one pixel: radii in whole units are near enough.
pub(super) const UNIT: i32 = 4;

fn dot(circle: &Circle) -> String {
    format!("M{} {}h0", circle.x, circle.y)
}

/// Lines of no length with round ends: a ring and what is in it.
fn write_dots(svg: &mut String, path: &str, r: i32) {
    if !path.is_empty() {
        for (class, width) in [("o", 2 * r + UNIT), ("i", 2 * r - UNIT)] {
            add(svg, format_args!("<path class=\"{class}\" stroke-width=\"{width}\" d=\"{path}\"/>"));
        }
    }
}

fn write_circle(svg: &mut String, circle: &Circle) {
    add(svg, format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"/>", circle.x, circle.y, circle.r));
}

fn write_label(svg: &mut String, label: &Label) {
    let Label { text, x, y, anchor, .. } = label;
    let class = match anchor {
        Anchor::Start => "",
        Anchor::Middle => " class=\"m\"",
        Anchor::End => " class=\"e\"",
    };
    add(svg, format_args!("<text{class} x=\"{x}\" y=\"{y}\">{}</text>", escape(text)));
}

fn add(svg: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = svg.write_fmt(text); // writing to a String cannot fail
}

/// Text for XML and HTML alike.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[allow(clippy::cast_possible_truncation, reason = "a drawing is some thousand units large")]
fn whole(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests;
