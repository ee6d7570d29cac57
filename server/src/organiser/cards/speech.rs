//! What cards and screens say in one language, and what whoever hands invites out has to know.

use super::Delivery;
use crate::page::texts::{Texts, right_to_left, written};

/// One of the languages of a card or a screen.
pub(super) struct Tongue<'a> {
    /// Its sentences, the English ones where there are none.
    pub(super) texts: &'static Texts,
    /// Whether these run from right to left.
    pub(super) rtl: bool,
    /// The campaign's title.
    pub(super) title: &'a str,
    /// The language of the title.
    pub(super) title_lang: &'a str,
    /// Three lines for whoever holds the code.
    pub(super) lines: [String; 3],
}

/// Something to know, under its heading.
pub(super) struct Rule {
    pub(super) head: String,
    pub(super) text: String,
}

impl<'a> Tongue<'a> {
    /// The languages of a delivery, with the lines that `lines` makes of each one's sentences.
    pub(super) fn all(delivery: &Delivery<'a>, lines: impl Fn(&Texts) -> [String; 3]) -> Vec<Self> {
        let title = &delivery.campaign.genesis().title;
        let tongue = |language: &'a String| {
            let (texts, title) = (Texts::of(language), written(title, language));
            let rtl = right_to_left(texts.tag());
            Self { texts, rtl, title: title.text, title_lang: title.other.unwrap_or(language), lines: lines(texts) }
        };
        delivery.languages.iter().map(tongue).collect()
    }
}

impl Rule {
    /// A heading and a sentence.
    pub(super) fn of(texts: &Texts, head: &str, text: &str) -> Self {
        Self { head: texts.say(head), text: texts.say(text) }
    }

    /// What every code brings with it, however it reaches people: why nobody keeps one, what these cost when they leak, and
    /// that nothing can be mended then.
    pub(super) fn of_codes(texts: &Texts, delivery: &Delivery<'_>) -> [Self; 3] {
        let leak = texts.count("invite-leak", "count", u64::from(delivery.request.count));
        let ceiling = match delivery.request.per_tick {
            Some(most) => texts.count("invite-ceiling", "most", u64::from(most)),
            None => texts.say("invite-no-ceiling"),
        };
        [
            Self::of(texts, "invite-kept-head", "invite-kept"),
            Self { head: texts.say("invite-leak-head"), text: format!("{leak} {ceiling}") },
            Self::of(texts, "invite-clean-head", "invite-clean"),
        ]
    }
}

/// Where codes are typed, as people write it.
pub(super) fn address(delivery: &Delivery<'_>) -> String {
    let url = delivery.campaign.genesis().origin_url();
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    format!("{host}/join")
}
