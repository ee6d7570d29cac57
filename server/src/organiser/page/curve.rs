//! The growth as a curve: an SVG of what was published in all after each tick, with the target where it is in sight.

use crate::growth::Ticks;
use crate::page::escape;
use protocol::publication::Tick;
use std::fmt::Write;

/// For which screen a curve is drawn, with the class by which the style shows one of them.
#[derive(Clone, Copy)]
pub(super) struct Size {
    class: &'static str,
    width: u64,
    height: u64,
}

/// A desktop's and a phone's.
pub(super) const SIZES: [Size; 2] =
    [Size { class: "wide", width: 1000, height: 300 }, Size { class: "narrow", width: 340, height: 240 }];

/// What stands on it.
pub(super) struct Words<'a> {
    /// The summary for those who do not see it.
    pub(super) summary: &'a str,
    /// How a number is written.
    pub(super) number: &'a dyn Fn(u64) -> String,
    /// What the line of the target is called.
    pub(super) target: &'a str,
}

/// The element. Nothing is drawn before the first tick.
pub(super) fn curve(ticks: &Ticks, last: Tick, target: u64, size: Size, words: &Words<'_>) -> Option<String> {
    let last = u64::try_from(last).ok().filter(|last| *last > 0)?;
    let total: u64 = ticks.values().sum();
    let shows_target = target <= total.saturating_mul(3);
    let top = round_above(if shows_target { total.max(target) } else { total });
    let Size { class, width, height } = size;
    let x = |tick: u64| scaled(tick, last, width);
    let y = |number: u64| HEAD + height - scaled(number, top, height);
    let (floor, whole) = (HEAD + height, HEAD + height + FOOT);
    let mut svg = format!(
        "<svg class=\"{class} curve\" width=\"{width}\" height=\"{whole}\" viewBox=\"0 0 {width} {whole}\" role=\"img\" \
         aria-label=\"{}\">",
        escape(words.summary)
    );
    // writing to a string cannot fail
    for number in [0, top / 2, top] {
        let (at, text) = (y(number), (words.number)(number));
        let _ = write!(svg, "<path class=\"grid\" d=\"M0 {at}H{width}\"/><text x=\"0\" y=\"{}\">{text}</text>", at - 5);
    }
    let line = steps(ticks, last, &x, &y);
    let _ = write!(
        svg,
        "<path class=\"under\" d=\"M0 {floor}{line}V{floor}Z\"/><path class=\"line\" d=\"M0 {floor}{line}\"/>"
    );
    if shows_target {
        let at = y(target);
        let text = escape(words.target);
        let _ = write!(
            svg,
            "<path class=\"goal\" d=\"M0 {at}H{width}\"/><text class=\"e\" x=\"{width}\" y=\"{}\">{text}</text>",
            at - 5
        );
    }
    let (first, end) = ((words.number)(1), (words.number)(last));
    let below = floor + FOOT - 4;
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{below}\">{first}</text><text class=\"e\" x=\"{width}\" y=\"{below}\">{end}</text></svg>"
    );
    Some(svg)
}

/// Up at each tick that published, along between them; of several ticks on one pixel the last.
fn steps(ticks: &Ticks, last: u64, x: &dyn Fn(u64) -> u64, y: &dyn Fn(u64) -> u64) -> String {
    let (mut points, mut sum): (Vec<(u64, u64)>, u64) = (Vec::new(), 0);
    for (tick, published) in ticks {
        sum += published;
        let at = x(u64::try_from(*tick).unwrap_or(0).min(last));
        points.pop_if(|(before, _)| *before == at);
        points.push((at, y(sum)));
    }
    let mut line = String::new();
    for (x, y) in points {
        let _ = write!(line, "H{x}V{y}");
    }
    let _ = write!(line, "H{}", x(last));
    line
}

fn scaled(part: u64, whole: u64, length: u64) -> u64 {
    let scaled = u128::from(part.min(whole)) * u128::from(length) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(length)
}

/// The next of 2, 4, 6, 8, 10, 20, 40 … that is not below: its half is a round number too.
fn round_above(number: u64) -> u64 {
    let mut unit: u64 = 2;
    while unit.saturating_mul(5) < number {
        unit = unit.saturating_mul(10);
    }
    number.max(1).div_ceil(unit).saturating_mul(unit)
}

/// Room for the words above the highest line.
const HEAD: u64 = 20;
/// Room for the ticks below.
const FOOT: u64 = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(ticks: &Ticks, last: Tick, target: u64) -> Option<String> {
        let words = Words { summary: "a < b", number: &|number| number.to_string(), target: "Target" };
        curve(ticks, last, target, SIZES[0], &words)
    }

    #[test]
    fn each_tick_that_published_is_a_step_of_its_size() {
        let svg = drawn(&Ticks::from([(5, 10), (10, 30)]), 10, 1_000_000).unwrap();
        // 40 at the top, tick 10 at the right; 10 of 40 is a quarter of 300 above the floor at 320
        assert!(svg.contains("class=\"line\" d=\"M0 320H500V245H1000V20H1000\""), "{svg}");
        assert!(svg.contains(">40</text>") && svg.contains(">20</text>") && svg.contains("a &lt; b"), "{svg}");
        assert!(!svg.contains("goal") && !svg.contains("Target"), "far out of sight");
    }

    #[test]
    fn the_target_is_drawn_where_it_is_in_sight() {
        let svg = drawn(&Ticks::from([(1, 40)]), 4, 80).unwrap();
        assert!(svg.contains("class=\"goal\" d=\"M0 20H1000\"") && svg.contains(">Target</text>"), "{svg}");
        let svg = drawn(&Ticks::from([(1, 100)]), 4, 80).unwrap();
        assert!(svg.contains("class=\"goal\" d=\"M0 80H1000\""), "{svg}");
    }

    #[test]
    fn nothing_is_drawn_before_the_first_tick_and_a_line_without_numbers() {
        assert_eq!((drawn(&Ticks::new(), 0, 10), drawn(&Ticks::new(), -3, 10)), (None, None));
        assert!(drawn(&Ticks::new(), 3, 10).unwrap().contains("class=\"line\" d=\"M0 320H1000\""));
    }

    #[test]
    fn a_long_campaign_has_no_more_points_than_pixels() {
        let ticks: Ticks = (1..=200_000).map(|tick| (tick, 5)).collect();
        assert!(drawn(&ticks, 200_000, 10).unwrap().len() < 25_000);
    }

    #[test]
    fn a_round_number_is_never_below() {
        for number in (0..3000).chain([499_999, 500_000, 500_001]) {
            let top = round_above(number);
            assert!(top >= number && top.is_multiple_of(2) && top <= number.max(2) * 3, "{number} {top}");
        }
        assert_eq!([0, 1, 9, 11, 41, 500_000].map(round_above), [2, 2, 10, 20, 60, 600_000]);
    }
}
