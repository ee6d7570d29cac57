//! The list of all places by region: what is published there, and a word where nothing is. It is the view that everybody
//! can use, so every place stands in it, in an order that never depends on the numbers.

use super::texts::{Texts, Written, sort_key, written};
use protocol::campaign::Campaign;
use protocol::counts::Counts;

/// A region with its places.
pub(super) struct RegionRow<'a> {
    /// Its name.
    pub(super) name: Written<'a>,
    /// What is published in it; none if nothing is.
    pub(super) sum: Option<String>,
    /// Its places by name.
    pub(super) places: Vec<PlaceRow<'a>>,
    /// What was published for the region itself at the close.
    pub(super) rest: Option<String>,
}

/// A place.
pub(super) struct PlaceRow<'a> {
    /// Its name.
    pub(super) name: Written<'a>,
    /// What is published for it; none if nothing is.
    pub(super) published: Option<String>,
}

/// All regions by name, with all their places by name.
pub(super) fn rows<'a>(campaign: &'a Campaign, counts: &Counts, lang: &str) -> Vec<RegionRow<'a>> {
    let (texts, list) = (Texts::of(lang), campaign.places());
    let mut sums: Vec<u64> = vec![0; list.regions.len()];
    let mut places: Vec<Vec<(Vec<u32>, PlaceRow<'a>)>> = list.regions.iter().map(|_| Vec::new()).collect();
    for (index, place) in (0..).zip(&list.places) {
        let (region, name) = (place.region as usize, written(&place.name, lang));
        let published = counts.places.get(&index);
        sums[region] += published.unwrap_or(&0);
        let published = published.map(|published| texts.number(*published));
        places[region].push((sort_key(name.text), PlaceRow { name, published }));
    }
    let mut rows: Vec<(Vec<u32>, RegionRow<'a>)> = Vec::new();
    for (((index, region), of_places), mut places) in (0..).zip(&list.regions).zip(sums).zip(places) {
        places.sort_by(|a, b| a.0.cmp(&b.0));
        let rest = counts.regions.get(&index);
        let sum = of_places + rest.unwrap_or(&0);
        let row = RegionRow {
            name: written(&region.name, lang),
            sum: (sum > 0).then(|| texts.number(sum)),
            places: places.into_iter().map(|(_, place)| place).collect(),
            rest: rest.map(|rest| texts.number(*rest)),
        };
        rows.push((sort_key(row.name.text), row));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows.into_iter().map(|(_, row)| row).collect()
}
