//! The published numbers as one table: every place, and what the close published for regions and the whole, in the order
//! that a link asks for.

use crate::page::texts::{Texts, Written, sort_key, written};
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use std::cmp::Reverse;

/// What a table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The largest first.
    Number,
    /// By place.
    Place,
    /// By region, and in it by place.
    Region,
}

/// A line.
pub(super) struct Line<'a> {
    /// The region; none for the whole.
    pub(super) region: Option<Written<'a>>,
    /// The place; none where smaller numbers of several are together.
    pub(super) place: Option<Written<'a>>,
    /// What is published; none if nothing is.
    pub(super) published: Option<String>,
}

impl Order {
    /// All of them, by the words of addresses.
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("number", Self::Number), ("place", Self::Place), ("region", Self::Region)];

    /// Reads the query of an address: none, or one of the words.
    pub(super) fn parse(query: Option<&str>) -> Option<Self> {
        let Some(query) = query else { return Some(Self::Number) };
        let word = query.strip_prefix("sort=")?;
        Self::ALL.into_iter().find(|(one, _)| *one == word).map(|(_, order)| order)
    }
}

/// All lines, with those of no place last unless they are sorted by number.
pub(super) fn lines<'a>(campaign: &'a Campaign, counts: &Counts, lang: &str, order: Order) -> Vec<Line<'a>> {
    let (texts, list) = (Texts::of(lang), campaign.places());
    let region = |index: u32| list.regions.get(index as usize).map(|region| written(&region.name, lang));
    let key = |name: Option<Written<'a>>| (name.is_none(), name.map(|name| sort_key(name.text)));
    let mut lines = Vec::new();
    let mut add = |region: Option<Written<'a>>, place: Option<Written<'a>>, published: Option<u64>| {
        let number = Reverse(published.filter(|_| order == Order::Number));
        let first = if order == Order::Region { key(region) } else { key(place) };
        let line = Line { region, place, published: published.map(|published| texts.number(published)) };
        lines.push(((number, first, key(place), key(region)), line));
    };
    for (index, place) in (0..).zip(&list.places) {
        add(region(place.region), Some(written(&place.name, lang)), counts.places.get(&index).copied());
    }
    counts.regions.iter().for_each(|(index, rest)| add(region(*index), None, Some(*rest)));
    if counts.root > 0 {
        add(None, None, Some(counts.root));
    }
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::{moment, russia};
    use protocol::publication::{Area, State};

    fn names(order: Order) -> Vec<(Option<&'static str>, Option<&'static str>, Option<String>)> {
        let published = [(Area::place(3), 10), (Area::place(7), 12_000), (Area::region(1), 40), (Area::ROOT, 11)];
        let counts = moment(russia(), State::Closed, 5, published).counts;
        let text = |name: Option<Written<'static>>| name.map(|name| name.text);
        let lines = lines(russia(), &counts, "en", order);
        lines.into_iter().map(|line| (text(line.region), text(line.place), line.published)).collect()
    }

    #[test]
    fn by_number_the_largest_comes_first_and_what_has_none_last() {
        let lines = names(Order::Number);
        let numbers: Vec<&str> = lines.iter().filter_map(|line| line.2.as_deref()).collect();
        assert_eq!(numbers, ["12,000", "40", "11", "10"]);
        assert!(lines[..4].iter().all(|line| line.2.is_some()) && lines[4..].iter().all(|line| line.2.is_none()));
        assert_eq!(lines.len(), russia().places().places.len() + 2, "every place, a region, the whole");
    }

    #[test]
    fn by_name_the_order_says_nothing_of_the_numbers() {
        for (order, column) in [(Order::Place, 1), (Order::Region, 0)] {
            let lines = names(order);
            let named: Vec<&str> = lines.iter().filter_map(|line| if column == 1 { line.1 } else { line.0 }).collect();
            assert!(named.windows(2).all(|two| sort_key(two[0]) <= sort_key(two[1])), "{order:?}");
            assert_eq!(lines[lines.len() - 1].2.as_deref(), Some("11"), "the whole comes last");
        }
    }

    #[test]
    fn an_address_asks_for_an_order_in_one_spelling() {
        assert_eq!(Order::parse(None), Some(Order::Number));
        assert_eq!(Order::parse(Some("sort=region")), Some(Order::Region));
        for bad in ["", "sort", "sort=", "sort=Place", "sort=place&x", "x=1&sort=place", "sort=pl%61ce"] {
            assert_eq!(Order::parse(Some(bad)), None, "{bad}");
        }
    }
}
