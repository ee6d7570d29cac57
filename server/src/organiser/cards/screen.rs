//! Codes for a room, one after the other on a screen: the next on a key, a click or by the clock, never because one was used.

use super::qr::Qr;
use super::speech::{Rule, Tongue, address};
use super::{Delivery, policy_of, render};
use crate::error::Error;
use askama::Template;
use protocol::codec::to_hex;
use protocol::phrase::campaign_words;
use zeroize::Zeroizing;

/// The screen, as one file with a small script, which needs no network once it is there.
#[derive(Template)]
#[template(path = "screen.html")]
struct Screen<'a> {
    main: &'a Tongue<'a>,
    tongues: &'a [Tongue<'a>],
    style: &'static str,
    script: &'static str,
    policy: String,
    /// Tells this page from every other that the browser may have counted for.
    page: String,
    rehearsal: bool,
    batch: String,
    codes_said: String,
    rules: Vec<Rule>,
    words: [&'static str; 8],
    address: String,
    timers: Vec<(u64, String)>,
    codes: Vec<Qr>,
}

/// What the screen may do.
pub(super) fn policy() -> String {
    policy_of(STYLE, Some(SCRIPT))
}

/// The screen of a delivery. Blocking, two milliseconds a code.
pub(super) fn html(delivery: &Delivery<'_>) -> Result<Zeroizing<String>, Error> {
    let tongues =
        Tongue::all(delivery, |texts| ["screen-scan", "screen-compare", "screen-once"].map(|key| texts.say(key)));
    let main = tongues.first().ok_or_else(|| Error::Refused("a screen needs a language".to_owned()))?;
    let texts = main.texts;
    let codes = delivery.links.iter().map(|link| Qr::of(&link.to_text())).collect::<Result<Vec<_>, _>>()?;
    let mut rules = vec![
        Rule::of(texts, "screen-person-head", "screen-person"),
        Rule::of(texts, "screen-next-head", "screen-next-how"),
        Rule::of(texts, "screen-back-head", "screen-back"),
    ];
    rules.extend(Rule::of_codes(texts, delivery));
    let drawn: usize = codes.iter().map(|code| code.path.len() + BYTES_AROUND_CODE).sum();
    let page = Screen {
        main,
        tongues: &tongues,
        style: STYLE,
        script: SCRIPT,
        policy: policy(),
        page: to_hex(&rand::random::<[u8; 8]>()),
        rehearsal: delivery.campaign.genesis().rehearsal,
        batch: texts.with("invite-batch", &[("batch", delivery.request.batch.as_str())]),
        codes_said: texts.count("screen-codes", "count", u64::from(delivery.request.count)),
        rules,
        words: campaign_words(delivery.campaign.id()),
        address: address(delivery),
        timers: TIMERS.map(|seconds| (seconds, texts.count("screen-timer-every", "seconds", seconds))).to_vec(),
        codes,
    };
    render(&page, BYTES_OF_PAGE + drawn)
}

const TIMERS: [u64; 5] = [5, 10, 20, 30, 60];
const BYTES_OF_PAGE: usize = 65_536;
const BYTES_AROUND_CODE: usize = 100;
const STYLE: &str = include_str!("../../../pages/screen.css");
const SCRIPT: &str = include_str!("../../../pages/screen.js");
