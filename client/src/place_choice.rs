//! Names of places: finding the one that a participant means, and saying which one it is, always with its region.

use crate::error::Error;
use protocol::campaign::{Places, Text};
use std::collections::BTreeSet;

/// Finds a place by its number, or by its name in any language, ignoring case. What is not one place is an error that
/// lists those it may be.
pub fn find(places: &Places, wanted: &str, language: Option<&str>) -> Result<u32, Error> {
    let wanted = wanted.trim();
    if let Some(index) = wanted.parse::<u32>().ok().filter(|_| wanted.chars().all(|c| c.is_ascii_digit())) {
        let exists = places.region_of(index).is_some();
        return exists.then_some(index).ok_or_else(|| {
            Error::Local(format!("There is no place {index}; choose a number from 0 to {}.", places.places.len() - 1))
        });
    }
    let (wanted_as_typed, wanted) = (wanted, wanted.to_lowercase());
    let exact = matching(places, |name| name == wanted);
    if let [only] = exact.as_slice() {
        return Ok(*only);
    }
    let (candidates, sentence) = if exact.is_empty() {
        let similar = matching(places, |name| !wanted.is_empty() && name.contains(&wanted));
        (similar, format!("No place is called {}", harmless(wanted_as_typed)))
    } else {
        (exact, format!("Several places are called {}", harmless(wanted_as_typed)))
    };
    let shown: Vec<String> = candidates
        .iter()
        .take(CANDIDATES_MAX)
        .map(|place| format!("\n  {place:>6}  {}", title(places, *place, language)))
        .collect();
    let more = candidates.len().saturating_sub(CANDIDATES_MAX);
    Err(Error::Local(match (shown.is_empty(), more) {
        (true, _) => format!("{sentence}; try a part of it, another language, or the number of the place."),
        (false, 0) => format!("{sentence}; give the number of the one that you mean:{}", shown.concat()),
        (false, more) => {
            format!("{sentence}; give the number of the one that you mean:{}\n  and {more} more", shown.concat())
        }
    }))
}

/// A place's name with its region.
pub fn title(places: &Places, place: u32, language: Option<&str>) -> String {
    match places.places.get(place as usize) {
        Some(found) => {
            format!("{}, {}", in_language(&found.name, language), region_title(places, found.region, language))
        }
        None => format!("place {place}, which does not exist"),
    }
}

/// A region's name.
pub fn region_title(places: &Places, region: u32, language: Option<&str>) -> String {
    match places.regions.get(region as usize) {
        Some(found) => in_language(&found.name, language),
        None => format!("region {region}, which does not exist"),
    }
}

/// A name in the language that is wanted, else in English, else in the first there is; one harmless line.
pub fn in_language(text: &Text, language: Option<&str>) -> String {
    harmless(chosen(text, language))
}

/// A longer text, likewise; its lines stay.
pub fn text_in_language(text: &Text, language: Option<&str>) -> String {
    harmless_lines(chosen(text, language))
}

fn chosen<'a>(text: &'a Text, language: Option<&str>) -> &'a str {
    let wanted = language.and_then(|language| text.get(language));
    wanted.or_else(|| text.get("en")).or_else(|| text.values().next()).map_or("", String::as_str)
}

/// A server's text without what could move the cursor, hide text or turn its direction: it must not be able to paint
/// over the words that a participant compares.
pub fn harmless(text: &str) -> String {
    let shown = text.chars().filter(|c| !turns_text(*c));
    shown.map(|c| if breaks_line(c) { ' ' } else { c }).collect()
}

/// A text that may have several lines: each of them made harmless.
pub fn harmless_lines(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

/// JSON that can be shown on a terminal too: the same document, with what could steer one written as escapes.
/// Such characters stand nowhere in JSON but inside of strings.
pub fn harmless_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if turns_text(c) || breaks_line(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c))); // all of them are below U+FFFF
        } else {
            shown.push(c);
        }
    }
    shown
}

fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn matching(places: &Places, fits: impl Fn(&str) -> bool) -> Vec<u32> {
    let of_place = |(index, place): (u32, &protocol::campaign::Place)| {
        place.name.values().any(|name| fits(&name.to_lowercase())).then_some(index)
    };
    let found: BTreeSet<u32> = (0..).zip(&places.places).filter_map(of_place).collect();
    found.into_iter().collect()
}

const CANDIDATES_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let json = r#"{"regions":[{"name":{"en":"North","ru":"Север"}},{"name":{"en":"South"}}],
            "places":[{"region":0,"name":{"en":"Mirny","ru":"Мирный"},"lat":0,"lon":0,"population":1},
                      {"region":1,"name":{"en":"Mirny","ru":"Мирный"},"lat":0,"lon":0,"population":1},
                      {"region":1,"name":{"en":"Moscow","ru":"Москва"},"lat":0,"lon":0,"population":1}]}"#;
        Places::decode(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_place_is_found_by_number_and_by_its_name_in_any_language() {
        let places = places();
        for (wanted, index) in [("0", 0), (" 2 ", 2), ("moscow", 2), ("МОСКВА", 2)] {
            assert_eq!(find(&places, wanted, None), Ok(index), "{wanted}");
        }
    }

    #[test]
    fn what_is_not_one_place_is_an_error_that_lists_candidates_with_their_regions() {
        let places = places();
        let ambiguous = find(&places, "mirny", Some("ru")).unwrap_err().to_string();
        assert!(ambiguous.contains("0  Мирный, Север") && ambiguous.contains("1  Мирный, South"));
        let partial = find(&places, "mosc", None).unwrap_err().to_string();
        assert!(partial.contains("2  Moscow, South"), "{partial}");
        for unknown in ["3", "Atlantis", "", "-1"] {
            assert!(find(&places, unknown, None).is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_servers_text_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e\u{200b}f\u{2028}g\u{2029}"), "a [2Jb cd ef g ");
        assert_eq!(harmless_lines("\na\u{1b}\n\nb\r\n"), "\na \n\nb \n");
        let text = "\u{1b}\u{9b}\u{7f}\u{202e}\u{2028}\u{feff}é";
        let json = harmless_json(&serde_json::json!({ text: text }).to_string());
        assert!(json.chars().all(|c| c.is_alphanumeric() || (' '..='~').contains(&c)), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), serde_json::json!({ text: text }));
    }
}
