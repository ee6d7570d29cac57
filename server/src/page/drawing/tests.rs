//! Whatever was published: names do not overlap, circles have the right area, and no number is made up.

use super::super::tests::{campaign, map, moment, russia, spread};
use super::super::texts::written;
use super::labels::Frame;
use super::*;
use crate::page::{Chart, Moment};
use protocol::campaign::Campaign;
use protocol::publication::{Area, State};

const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

/// Few, some, many, a single one, none: as they come, and turned round so that villages outdo cities.
fn moments(campaign: &Campaign) -> Vec<Moment> {
    let some = |total: f64| spread(campaign, total).into_iter().filter(|(_, number)| *number >= 10).collect();
    let all = |total: f64| spread(campaign, total).into_iter().map(|(area, number)| (area, number.max(10))).collect();
    let mut turned: Vec<(Area, u64)> = all(200_000.0);
    let numbers: Vec<u64> = turned.iter().rev().map(|(_, number)| *number).collect();
    turned.iter_mut().zip(numbers).for_each(|((_, number), other)| *number = other);
    let lists = [Vec::new(), vec![(Area::place(700), 10)], some(15_000.0), some(150_000.0), all(500_000.0), turned];
    lists.into_iter().map(|list| moment(campaign, State::Open, 5, list)).collect()
}

fn plan(drawing: &Drawing, campaign: &Campaign, moment: &Moment, lang: &str) -> Plan {
    let name = |place: u32| written(&campaign.places().places[place as usize].name, lang).text;
    drawing.plan(&moment.counts.places, campaign.genesis().k, &name)
}

/// Every view of Russia in every size, language and moment.
fn each(mut check: impl FnMut(&Drawing, &Plan, &Moment, &str)) {
    let campaign = russia();
    let chart = Chart::new(map(), campaign);
    for moment in moments(campaign) {
        for lang in LANGUAGES {
            for (id, drawing) in chart.drawings() {
                check(
                    drawing,
                    &plan(drawing, campaign, &moment, lang),
                    &moment,
                    &format!("{id} {:?} {lang}", drawing.size()),
                );
            }
        }
    }
}

#[test]
fn names_neither_overlap_nor_are_cut_off() {
    each(|drawing, plan, _, which| {
        let whole = Frame { left: 0, top: 0, width: drawing.width, height: drawing.height };
        for (index, label) in plan.labels.iter().enumerate() {
            assert!(whole.holds(&label.frame), "{which}: {} is cut off", label.text);
            let clash = plan.labels[..index].iter().find(|other| other.frame.meets(&label.frame));
            assert!(clash.is_none(), "{which}: {} over {}", label.text, clash.unwrap().text);
        }
    });
}

#[test]
fn the_largest_cities_are_always_named() {
    let campaign = russia();
    each(|drawing, plan, _, which| {
        let lang = which.rsplit(' ').next().unwrap();
        for cluster in &drawing.clusters[..drawing.size.measures().forced] {
            let city = written(&campaign.places().places[cluster.spot.place as usize].name, lang).text;
            assert!(plan.labels.iter().any(|label| label.text == city), "{which}: {city} has no name");
        }
        assert!(plan.labels.len() >= drawing.size.measures().forced, "{which}");
    });
}

#[test]
fn the_area_of_a_circle_is_proportional_to_its_number() {
    each(|drawing, plan, _, which| {
        let smallest = drawing.dot_radius();
        let free = |circle: &&Circle| circle.published > 0 && circle.r > smallest;
        let largest = plan.circles.iter().filter(free).max_by_key(|circle| circle.r);
        for circle in plan.circles.iter().filter(free) {
            let largest = largest.unwrap();
            let right = f64::from(largest.r) * (circle.published as f64 / largest.published as f64).sqrt();
            assert!((f64::from(circle.r) - right).abs() <= 1.0, "{which}: {circle:?} beside {largest:?}");
        }
        assert!(plan.circles.iter().all(|circle| circle.r >= smallest));
    });
}

#[test]
fn p1_every_number_of_a_drawing_is_a_sum_of_published_groups() {
    each(|drawing, plan, moment, which| {
        let published = &moment.counts.places;
        let drawn: u64 = plan.circles.iter().map(|circle| circle.published).sum();
        let there: u64 = drawing.places().filter_map(|place| published.get(place)).sum();
        assert_eq!(drawn, there, "{which}");
        assert!(plan.key.iter().all(|circle| circle.published >= 10), "{which}: the key shows less than k");
        let speech = Speech { number: &|number| format!("[{number}]"), fewer: "fewer" };
        let svg = drawing.write(plan, &speech);
        assert!(
            !svg.contains("[0]") && svg.matches('[').count() == plan.key.len(),
            "{which}: no other number is written"
        );
        let hollow = plan.circles.iter().filter(|circle| circle.published == 0).count();
        assert_eq!(svg.matches("h0").count(), 2 * (hollow + 1), "{which}: a hollow dot each, and one in the key");
        assert_eq!(svg.matches("<circle").count(), plan.circles.len() - hollow + plan.key.len(), "{which}");
    });
}

#[test]
fn a_place_that_nobody_published_for_changes_no_circle_but_its_own() {
    let campaign = russia();
    let chart = Chart::new(map(), campaign);
    let (_, drawing) = chart.drawings().next().unwrap();
    let of = |list: Vec<(Area, u64)>| plan(drawing, campaign, &moment(campaign, State::Open, 5, list), "en").circles;
    let (one, both) = (of(vec![(Area::place(3), 5000)]), of(vec![(Area::place(3), 5000), (Area::place(700), 10)]));
    assert_eq!(one.iter().zip(&both).filter(|(a, b)| a != b).count(), 1);
}

#[test]
fn names_cannot_become_markup() {
    let places = r#"{"regions":[{"name":{"en":"R"}}],"places":[{"region":0,"name":{"en":"<a b='\"&"},"lat":60,"lon":60,"population":1}]}"#;
    let campaign = campaign(places.as_bytes());
    let chart = Chart::new(map(), &campaign);
    let (_, drawing) = chart.drawings().next().unwrap();
    let plan = plan(drawing, &campaign, &moment(&campaign, State::Open, 1, Vec::new()), "en");
    let svg = drawing.write(&plan, &Speech { number: &|number| number.to_string(), fewer: "<" });
    assert!(svg.contains(">&lt;a b=&#39;&quot;&amp;<") && svg.contains(">&lt;</text>"), "{svg}");
}
