//! What the page says in its own words, per language, and how a language writes numbers, times and the order of names.
//!
//! Campaigns bring their own titles, texts and names, which are looked up here and never taken for markup.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use protocol::campaign::Text;
use protocol::date::utc;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The sentences of one language.
pub(crate) struct Texts {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// A text of the campaign in the language that was asked for, or else in another, which is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// Its language, where that is not the page's.
    pub(crate) other: Option<&'a str>,
}

impl Texts {
    /// The sentences of a language, the English ones where there are none.
    pub(crate) fn of(lang: &str) -> &'static Self {
        static ALL: LazyLock<BTreeMap<&'static str, Texts>> =
            LazyLock::new(|| FILES.into_iter().map(|(tag, file)| (tag, Texts::read(tag, file))).collect());
        ALL.get(lang).unwrap_or_else(|| &ALL[ENGLISH])
    }

    fn read(tag: &'static str, file: &str) -> Self {
        let lang: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![lang]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match tag {
            "ru" => |value, _| grouped_value(value, "ru"),
            "fa" => |value, _| grouped_value(value, "fa"),
            _ => |value, _| grouped_value(value, ENGLISH),
        }));
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// The tag of these sentences.
    pub(crate) fn tag(&self) -> &'static str {
        self.tag
    }

    /// A sentence into which nothing is put.
    pub(crate) fn say(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A sentence with a number, by which it may be declined.
    pub(crate) fn count(&self, key: &str, name: &str, number: u64) -> String {
        self.format(key, Some(FluentArgs::from_iter([(name, number)])))
    }

    /// A sentence with texts put in.
    pub(crate) fn with(&self, key: &str, given: &[(&'static str, &str)]) -> String {
        self.format(key, Some(given.iter().copied().collect()))
    }

    /// The summary of a view for those who do not see it.
    pub(crate) fn summary(&self, view: &str, places: u64) -> String {
        let given = [("view", FluentValue::from(view)), ("places", FluentValue::from(places))];
        self.format("map-label", Some(FluentArgs::from_iter(given)))
    }

    fn format(&self, key: &str, given: Option<FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        match pattern {
            Some(pattern) => self.bundle.format_pattern(pattern, given.as_ref(), &mut Vec::new()).into_owned(),
            None if self.tag == ENGLISH => key.to_owned(),
            None => Self::of(ENGLISH).format(key, given),
        }
    }

    /// A number as the language writes it.
    pub(crate) fn number(&self, number: u64) -> String {
        grouped(number, self.tag)
    }

    /// A time; seconds are told where ticks are shorter than a minute.
    pub(crate) fn time(&self, seconds: u64, tick_seconds: u32) -> String {
        let utc = utc(seconds); // 2021-03-23 09:00 UTC
        let part = |range: std::ops::Range<usize>| utc.get(range).unwrap_or_default();
        let unpadded = |text: &str| digits(text.trim_start_matches('0'), self.tag);
        let second = if tick_seconds < 60 { format!(":{:02}", seconds % 60) } else { String::new() };
        let given = [
            ("day", FluentValue::from(unpadded(part(8..10)))),
            ("month", FluentValue::from(part(5..7).parse::<u64>().unwrap_or_default())),
            ("year", FluentValue::from(unpadded(part(0..4)))),
            ("clock", FluentValue::from(digits(&format!("{}{second}", part(11..16)), self.tag))),
        ];
        self.format("time", Some(FluentArgs::from_iter(given)))
    }
}

/// What a language calls itself, as far as that is known: its sentences are not needed for it.
pub(crate) fn own_name(tag: &str) -> String {
    let known = Texts::of(tag);
    match tag {
        _ if known.tag() == tag => known.say("language"),
        "be" => "Беларуская".to_owned(),
        "kk" => "Қазақша".to_owned(),
        "uk" => "Українська".to_owned(),
        _ => tag.to_owned(),
    }
}

/// Whether a language is written from right to left.
pub(crate) fn right_to_left(lang: &str) -> bool {
    let base = lang.split('-').next().unwrap_or_default().to_ascii_lowercase();
    ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"].contains(&base.as_str())
}

/// A text in a language, else in English, else in the first that there is.
pub(crate) fn written<'a>(text: &'a Text, lang: &str) -> Written<'a> {
    if let Some(text) = text.get(lang) {
        return Written { text, other: None };
    }
    let other = text.get_key_value(ENGLISH).or_else(|| text.first_key_value());
    other.map_or(Written { text: "", other: None }, |(tag, text)| Written { text, other: Some(tag) })
}

/// What names are sorted by: ё beside е, the letters of Persian in its own order, case and signs aside.
pub(crate) fn sort_key(name: &str) -> Vec<u32> {
    let letters = name.chars().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric());
    let rank = |letter: char| match (letter, PERSIAN.chars().position(|one| one == letter)) {
        ('ё', _) => u32::from('е'),
        (_, Some(position)) => u32::from('ا') + u32::try_from(position).unwrap_or_default(),
        (other, None) => u32::from(other),
    };
    letters.map(rank).collect()
}

fn grouped_value(value: &FluentValue<'_>, tag: &str) -> Option<String> {
    match value {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made from such a number")]
        FluentValue::Number(number) => Some(grouped(number.value as u64, tag)),
        _ => None,
    }
}

/// A number in groups of three digits.
fn grouped(number: u64, tag: &str) -> String {
    let plain = number.to_string();
    let between = match tag {
        "ru" => '\u{202f}',
        "fa" => '\u{66c}',
        _ => ',',
    };
    let mut out = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            out.push(between);
        }
        out.push(digit);
    }
    digits(&out, tag)
}

/// The digits of the language.
fn digits(text: &str, tag: &str) -> String {
    let persian = |letter: char| letter.to_digit(10).and_then(|digit| char::from_u32(0x6f0 + digit));
    text.chars().map(|letter| if tag == "fa" { persian(letter).unwrap_or(letter) } else { letter }).collect()
}

const ENGLISH: &str = "en";
const PERSIAN: &str = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی";
const FILES: [(&str, &str); 3] = [
    (ENGLISH, include_str!("../../pages/texts/en.ftl")),
    ("ru", include_str!("../../pages/texts/ru.ftl")),
    ("fa", include_str!("../../pages/texts/fa.ftl")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_234_567].map(|n| Texts::of("en").number(n)), ["0", "999", "1,234,567"]);
        assert_eq!(Texts::of("ru").number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(Texts::of("fa").number(1_234_567), "۱٬۲۳۴٬۵۶۷");
        assert_eq!(Texts::of("xx").number(1000), "1,000", "English where there are no texts");
    }

    #[test]
    fn sentences_are_declined() {
        let places = |lang, n| Texts::of(lang).summary("X", n);
        assert!(places("en", 0).contains("no place has"));
        assert!(places("en", 1).contains("1 place has") && places("en", 2).contains("2 places have"));
        assert!(places("ru", 21).contains("для 21 места") && places("ru", 22).contains("для 22 мест"));
        assert!(places("fa", 22).contains("۲۲"));
        let hoped = |n| Texts::of("ru").count("total", "target", n);
        assert!(hoped(22).ends_with("человека") && hoped(500_000).ends_with("500\u{202f}000 человек"));
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        let time = |lang, tick| Texts::of(lang).time(1_616_490_307, tick);
        assert_eq!(time("en", 3600), "23 March 2021, 09:05\u{a0}UTC");
        assert_eq!(time("en", 10), "23 March 2021, 09:05:07\u{a0}UTC");
        assert_eq!(time("ru", 3600), "23 марта 2021 г., 09:05\u{a0}UTC");
        assert_eq!(time("fa", 60), "۲۳ مارس ۲۰۲۱، ساعت ۰۹:۰۵ به وقت جهانی");
    }

    #[test]
    fn names_stand_in_the_order_of_their_language() {
        let sorted = |names: &[&str]| {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort_by_key(|name| sort_key(name));
            names.join(" ")
        };
        assert_eq!(sorted(&["Ёлкино", "Жуковский", "Ельня", "Елец"]), "Елец Ёлкино Ельня Жуковский");
        assert_eq!(sorted(&["کازان", "یاکوتسک", "پرم", "بریانسک"]), "بریانسک پرم کازان یاکوتسک");
        assert_eq!(sorted(&["ryazan", "Omsk", "’Orel"]), "Omsk ’Orel ryazan");
    }

    #[test]
    fn a_language_is_called_as_it_calls_itself() {
        let names = ["ru", "be", "xx"].map(own_name);
        assert_eq!(names, ["Русский", "Беларуская", "xx"]);
    }

    #[test]
    fn a_text_that_a_language_lacks_is_taken_from_another_which_is_named() {
        let text = Text::from([("en".to_owned(), "Moscow".to_owned()), ("ru".to_owned(), "Москва".to_owned())]);
        assert_eq!(written(&text, "ru"), Written { text: "Москва", other: None });
        assert_eq!(written(&text, "fa"), Written { text: "Moscow", other: Some("en") });
        assert!(right_to_left("fa-IR") && !right_to_left("fi"));
    }
}
