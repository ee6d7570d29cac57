//! Where names stand: the largest cities first and always, then others where there is room. No two overlap, none is cut off.

use super::Circle;
use super::lettering;

/// A rectangle in the units of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where it begins.
    pub(super) left: i32,
    /// Where it begins.
    pub(super) top: i32,
    /// How wide it is.
    pub(super) width: i32,
    /// How high it is.
    pub(super) height: i32,
}

/// Which point of a text its x is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// A name that may be written.
pub(super) struct Wanted<'a> {
    /// What is written.
    pub(super) text: &'a str,
    /// What it names.
    pub(super) circle: Circle,
    /// Whether it must be.
    pub(super) forced: bool,
    /// The size of its letters.
    pub(super) font: i32,
}

/// A name that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// What is written.
    pub(super) text: String,
    /// x of its anchor.
    pub(super) x: i32,
    /// y of its baseline.
    pub(super) y: i32,
    /// What x is.
    pub(super) anchor: Anchor,
    /// The size of its letters.
    pub(super) font: i32,
    /// What it covers.
    pub(super) frame: Frame,
}

/// Writes as many names as there is room for, in the order in which they come, and `most` at most.
pub(super) fn place(wanted: &[Wanted<'_>], circles: &[Circle], bounds: Frame, most: usize) -> Vec<Label> {
    let mut placed: Vec<Label> = Vec::new();
    for one in wanted {
        if placed.len() >= most && !one.forced {
            continue;
        }
        let steps = if one.forced { &GAPS[..] } else { &GAPS[..1] };
        let positions =
            steps.iter().flat_map(|gap| positions(one, one.font * gap / 100).map(move |label| (gap, label)));
        let free = |label: &Label| {
            let apart = label.frame.widened(one.font / 3);
            bounds.holds(&label.frame) && !placed.iter().any(|other| other.frame.meets(&apart))
        };
        let judged = positions.zip(0..).filter(|((_, label), _)| free(label)).map(|((gap, label), turn)| {
            let covered = covered(&label.frame, circles, &one.circle);
            (covered * 20 + gap * 2 + turn % 8, covered, label)
        });
        let best = judged.min_by_key(|(cost, ..)| *cost);
        if let Some((_, covered, label)) = best
            && (one.forced || covered <= COVERED_MAX)
        {
            placed.push(label);
        }
    }
    placed
}

/// The eight sides of a circle, the best first.
fn positions(one: &Wanted<'_>, gap: i32) -> impl Iterator<Item = Label> {
    let (Circle { x, y, r, .. }, font) = (one.circle, one.font);
    let (width, height) = (lettering::width(one.text) * font / 1000, font);
    let (away, aslant) = (r + font / 5 + gap, (r + gap) * 7 / 10 + font / 10);
    let sides = [
        (Anchor::Start, x + away, y - height / 2),
        (Anchor::End, x - away, y - height / 2),
        (Anchor::Start, x + aslant, y - aslant - height * 4 / 5),
        (Anchor::Start, x + aslant, y + aslant - height / 5),
        (Anchor::End, x - aslant, y - aslant - height * 4 / 5),
        (Anchor::End, x - aslant, y + aslant - height / 5),
        (Anchor::Middle, x, y - away - height),
        (Anchor::Middle, x, y + away),
    ];
    let text = one.text.to_owned();
    sides.into_iter().map(move |(anchor, x, top)| {
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2,
            Anchor::End => x - width,
        };
        let frame = Frame { left, top, width, height };
        Label { text: text.clone(), x, y: top + height * 78 / 100, anchor, font, frame }
    })
}

/// How many hundredths of a frame lie over other circles.
fn covered(frame: &Frame, circles: &[Circle], own: &Circle) -> i32 {
    let over = |circle: &Circle| {
        let side = circle.r * 9 / 5; // a square as large as the circle
        let square = Frame { left: circle.x - side / 2, top: circle.y - side / 2, width: side, height: side };
        frame.shared(&square)
    };
    let shared: i64 = circles.iter().filter(|circle| *circle != own).map(over).sum();
    i32::try_from(shared * 100 / (i64::from(frame.width) * i64::from(frame.height)).max(1)).unwrap_or(i32::MAX / 100)
}

impl Frame {
    /// Whether another lies in it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.shared(other) == i64::from(other.width) * i64::from(other.height)
    }

    /// The same with so much room on its left and right.
    fn widened(&self, by: i32) -> Self {
        Self { left: self.left - by, width: self.width + 2 * by, ..*self }
    }

    /// Whether they overlap.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.shared(other) > 0
    }

    fn shared(&self, other: &Self) -> i64 {
        let along =
            |a: i32, a_size: i32, b: i32, b_size: i32| i64::from(((a + a_size).min(b + b_size) - a.max(b)).max(0));
        along(self.left, self.width, other.left, other.width) * along(self.top, self.height, other.top, other.height)
    }
}

/// How far a forced name may stand from its circle, in hundredths of the size of its letters.
const GAPS: [i32; 6] = [0, 40, 80, 130, 190, 260];
/// A name that need not be written is not, where more hundredths of it would lie over other circles.
const COVERED_MAX: i32 = 12;
