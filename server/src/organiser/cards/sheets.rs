//! Cards on A4, eight to a sheet, to be cut and drawn from a hat; and before them a sheet for whoever does it.

use super::qr::Qr;
use super::speech::{Rule, Tongue, address};
use super::{Delivery, policy_of, render};
use crate::error::Error;
use askama::Template;
use protocol::campaign::CampaignId;
use protocol::invite::InviteLink;
use protocol::phrase::{campaign_numbers, campaign_words};
use zeroize::Zeroizing;

/// The sheets, as one file that asks for nothing and runs nothing.
#[derive(Template)]
#[template(path = "cards.html")]
struct Sheets<'a> {
    main: &'a Tongue<'a>,
    tongues: &'a [Tongue<'a>],
    style: &'static str,
    policy: String,
    rehearsal: bool,
    batch: String,
    cards_said: String,
    sheets_said: String,
    rules: Vec<Rule>,
    words: [&'static str; 8],
    numbers: [u16; 8],
    id: CampaignId,
    address: String,
    marks: &'static str,
    sheets: Vec<&'a [Card]>,
}

/// One card.
struct Card {
    qr: Qr,
    code: Zeroizing<String>,
}

/// What the sheets may do.
pub(super) fn policy() -> String {
    policy_of(STYLE, None)
}

/// The sheets of a delivery. Blocking, two milliseconds a card.
pub(super) fn html(delivery: &Delivery<'_>) -> Result<Zeroizing<String>, Error> {
    let genesis = delivery.campaign.genesis();
    let address = address(delivery);
    let tongues = Tongue::all(delivery, |texts| ["card-scan", "card-compare", "card-once"].map(|key| texts.say(key)));
    let main = tongues.first().ok_or_else(|| Error::Refused("cards need a language".to_owned()))?;
    let cards = delivery.links.iter().map(Card::of).collect::<Result<Vec<_>, _>>()?;
    let sheets: Vec<&[Card]> = cards.chunks(PER_SHEET).collect();
    let said = |key, number: usize| main.texts.count(key, "count", u64::try_from(number).unwrap_or_default());
    let mut rules = vec![Rule::of(main.texts, "invite-draw-head", "invite-draw")];
    rules.extend(Rule::of_codes(main.texts, delivery));
    rules.push(Rule::of(main.texts, "sheet-print-head", "sheet-print"));
    let page = Sheets {
        main,
        tongues: &tongues,
        style: STYLE,
        policy: policy(),
        rehearsal: genesis.rehearsal,
        batch: main.texts.with("invite-batch", &[("batch", delivery.request.batch.as_str())]),
        cards_said: said("sheet-cards", cards.len()),
        sheets_said: said("sheet-sheets", sheets.len() + 1),
        rules,
        words: campaign_words(delivery.campaign.id()),
        numbers: campaign_numbers(delivery.campaign.id()),
        id: delivery.campaign.id(),
        address,
        marks: MARKS,
        sheets,
    };
    let titles: usize = tongues.iter().map(|tongue| 6 * tongue.title.len()).sum(); // each character escaped
    let drawn: usize = cards.iter().map(|card| card.qr.path.len()).sum();
    render(&page, BYTES_OF_COVER + cards.len() * (BYTES_OF_CARD + titles) + drawn)
}

impl Card {
    fn of(link: &InviteLink) -> Result<Self, Error> {
        let code = link.invite.as_ref().map(|invite| invite.code()).unwrap_or_default();
        Ok(Self { qr: Qr::of(&link.to_text())?, code })
    }
}

const PER_SHEET: usize = 8;
const BYTES_OF_COVER: usize = 65_536;
const BYTES_OF_CARD: usize = 8192;
const STYLE: &str = include_str!("../../../pages/cards.css");
/// Where to cut, in millimetres of a sheet: around the cards at its edges, and crosses between them.
const MARKS: &str = "M10 4v4.5M105 4v4.5M200 4v4.5M10 288.5v4.5M105 288.5v4.5M200 288.5v4.5M4 10.5h4M4 79.5h4M4 148.5h4\
    M4 217.5h4M4 286.5h4M202 10.5h4M202 79.5h4M202 148.5h4M202 217.5h4M202 286.5h4M103.5 79.5h3M105 78v3M103.5 148.5h3\
    M105 147v3M103.5 217.5h3M105 216v3";
