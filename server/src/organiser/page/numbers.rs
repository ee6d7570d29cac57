//! The numbers: what is published as map, curve and table, how far the target is, what the machine says of itself, and
//! the export. All of it from the board and the log, as everybody reads them.

use super::curve::{self, SIZES, Words};
use super::outlook::{Outlook, STEPS_MIN, TICKS_MIN, outlook};
use super::table::{Line, Order, lines};
use super::{Frame, SignedIn, export, html, language, sign_in_page};
use crate::error::{Error, Refusal};
use crate::growth::Ticks;
use crate::http::answer;
use crate::organiser::Organiser;
use crate::organisers::Account;
use crate::page::texts::{Texts, Written, written};
use crate::page::{MapPart, Moment};
use crate::room::Room;
use askama::Template;
use axum::extract::State as Shared;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use protocol::campaign::Campaign;
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::State;
use std::sync::Arc;

/// The published numbers of one moment.
struct Public {
    moment: Moment,
    ticks: Ticks,
}

impl Public {
    /// Blocking.
    fn read(organiser: &Organiser) -> Result<Self, Error> {
        let moment = organiser.board.moment();
        let ticks = organiser.growth.ticks(moment.counts.log_size, moment.counts.tick)?;
        Ok(Self { moment, ticks })
    }
}

#[derive(Template)]
#[template(path = "organiser/numbers.html")]
struct NumbersPage<'a> {
    frame: Frame<'a>,
    announcement: Option<Said<'a>>,
    total: String,
    hoped_for: String,
    progress: String,
    bar_value: u64,
    bar_max: u64,
    reached: Option<String>,
    to_go: Option<String>,
    state: String,
    outlook: Option<Lead>,
    growth: Option<GrowthPart>,
    map: Option<MapPart<'a>>,
    lines: Vec<Line<'a>>,
    /// Address, name, and whether it is the order of now, of each order.
    orders: Vec<(&'static str, String, bool)>,
    fewer: String,
    facts: Vec<(String, String)>,
}

struct Said<'a> {
    heading: String,
    date: Option<String>,
    text: Written<'a>,
}

/// Where the numbers lead, in sentences.
struct Lead {
    said: Vec<String>,
    how: String,
}

struct GrowthPart {
    curves: Vec<String>,
    caption: String,
    /// Tick, its end, what it published, what was published by then: the newest first.
    rows: Vec<[String; 4]>,
    /// Whether there are more ticks than rows.
    more: bool,
}

/// The page of numbers, or the way in.
pub(super) async fn page(
    Shared(organiser): Shared<Arc<Organiser>>,
    account: Option<SignedIn>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let lang = language(&uri);
    let Some(account) = account else { return sign_in_page(&organiser, lang, false) };
    let order = Order::parse(uri.query()).ok_or(Problem::NotFound)?;
    let written = tokio::task::spawn_blocking(move || {
        let public = Public::read(&organiser)?;
        html(200, &numbers(&organiser, &public, &account, lang, order))
    });
    written.await.map_err(|_| Problem::Unavailable)?
}

/// The numbers by area.
pub(super) async fn counts_csv(Shared(organiser): Shared<Arc<Organiser>>, uri: Uri) -> Result<Response, Refusal> {
    let lang = language(&uri);
    file("counts.csv", export::CSV, organiser, move |campaign, public| {
        Ok(export::counts_csv(campaign, &public.moment.counts, lang).into_bytes())
    })
    .await
}

/// The numbers by tick.
pub(super) async fn ticks_csv(Shared(organiser): Shared<Arc<Organiser>>) -> Result<Response, Refusal> {
    let csv = |campaign: &Campaign, public: &Public| Ok(export::ticks_csv(campaign, &public.ticks).into_bytes());
    file("ticks.csv", export::CSV, organiser, csv).await
}

/// Both, for programs.
pub(super) async fn counts_json(Shared(organiser): Shared<Arc<Organiser>>) -> Result<Response, Refusal> {
    let json = |campaign: &Campaign, public: &Public| export::json(campaign, &public.moment.counts, &public.ticks);
    file("counts.json", media::JSON, organiser, json).await
}

async fn file(
    name: &str,
    media_type: &'static str,
    organiser: Arc<Organiser>,
    make: impl FnOnce(&Campaign, &Public) -> Result<Vec<u8>, Error> + Send + 'static,
) -> Result<Response, Refusal> {
    let made = tokio::task::spawn_blocking(move || make(&organiser.campaign, &Public::read(&organiser)?));
    let mut response = answer(200, media_type, made.await.map_err(|_| Problem::Unavailable)??);
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

fn numbers<'a>(
    organiser: &'a Organiser,
    public: &'a Public,
    account: &'a Account,
    lang: &'static str,
    order: Order,
) -> NumbersPage<'a> {
    let (campaign, counts, t) = (&*organiser.campaign, &public.moment.counts, Texts::of(lang));
    let (total, target) = (t.number(counts.total), t.number(counts.target));
    let said = counts.announcement.as_ref().map(|said| Said {
        heading: t.count("announcement", "number", u64::from(said.number)),
        date: said.date.map(|date| t.time(date, u32::MAX)),
        text: written(&said.text, lang),
    });
    let missing = counts.target.saturating_sub(counts.total);
    let orders = Order::ALL.map(|(word, one)| (word, t.say(heading(one)), one == order));
    NumbersPage {
        frame: Frame::new(campaign, lang, "/", Some(account)),
        announcement: said,
        hoped_for: t.count("total", "target", counts.target),
        progress: t.with("progress", &[("total", &total), ("target", &target)]),
        bar_value: counts.total.min(counts.target),
        bar_max: counts.target,
        reached: (missing == 0).then(|| t.with("target-reached", &[("target", &target)])),
        to_go: (missing > 0).then(|| t.count("to-go", "missing", missing)),
        state: t.say(match counts.state {
            State::Before => "state-before",
            State::Collecting => "state-collecting",
            State::Open => "state-open",
            State::Closing => "state-closing",
            State::Closed => "state-closed",
        }),
        outlook: (counts.state == State::Open).then(|| lead(campaign, public, t)),
        growth: growth(campaign, public, t),
        map: organiser.board.overview().map(&public.moment, lang),
        lines: lines(campaign, counts, lang, order),
        orders: orders.to_vec(),
        fewer: t.count("fewer", "k", u64::from(campaign.genesis().k)),
        facts: facts(organiser, public, t),
        total,
    }
}

fn heading(order: Order) -> &'static str {
    match order {
        Order::Number => "column-published",
        Order::Place => "column-place",
        Order::Region => "column-region",
    }
}

fn lead(campaign: &Campaign, public: &Public, t: &Texts) -> Lead {
    let (genesis, counts) = (campaign.genesis(), &public.moment.counts);
    let schedule = genesis.schedule();
    let found = outlook(&public.ticks, counts.tick, schedule.final_tick(), genesis.target, genesis.eligible);
    let said = match found {
        Outlook::TooEarly => vec![t.say("outlook-early")],
        Outlook::Range { low, high, earliest } => {
            let range = t.with("outlook-range", &[("low", &t.number(low)), ("high", &t.number(high))]);
            let reach = match (counts.total >= genesis.target, earliest) {
                (true, _) => None,
                (false, None) => Some(t.say("outlook-none")),
                (false, Some(tick)) => {
                    let time = t.time(schedule.end_of(tick), genesis.tick_seconds);
                    let key = if low >= genesis.target { "outlook-all" } else { "outlook-some" };
                    Some(t.with(key, &[("time", &time)]))
                }
            };
            [Some(range), reach].into_iter().flatten().collect()
        }
    };
    let (ticks, steps) = (t.number(TICKS_MIN), t.number(STEPS_MIN));
    Lead { said, how: t.with("outlook-how", &[("ticks", &ticks), ("steps", &steps)]) }
}

fn growth(campaign: &Campaign, public: &Public, t: &Texts) -> Option<GrowthPart> {
    let (genesis, counts) = (campaign.genesis(), &public.moment.counts);
    let schedule = genesis.schedule();
    let time = |tick| t.time(schedule.end_of(tick), genesis.tick_seconds);
    let last = u64::try_from(counts.tick).ok().filter(|tick| *tick > 0)?;
    let caption =
        t.with("growth-caption", &[("tick", &t.number(last)), ("from", &time(0)), ("to", &time(counts.tick))]);
    let target = t.with("growth-target", &[("target", &t.number(counts.target))]);
    let words = Words { summary: &caption, number: &|number| t.number(number), target: &target };
    let draw = |size| curve::curve(&public.ticks, counts.tick, counts.target, size, &words);
    let mut sum = 0;
    let row = |(tick, published): (&i64, &u64)| {
        sum += published;
        [t.number(u64::try_from(*tick).unwrap_or(0)), time(*tick), t.number(*published), t.number(sum)]
    };
    let mut rows: Vec<[String; 4]> = public.ticks.iter().map(row).collect();
    rows.reverse();
    let more = rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    Some(GrowthPart { curves: SIZES.into_iter().filter_map(draw).collect(), caption, rows, more })
}

/// What the machine says of itself: of the last tick, and the clock.
fn facts(organiser: &Organiser, public: &Public, t: &Texts) -> Vec<(String, String)> {
    let (genesis, counts) = (organiser.campaign.genesis(), &public.moment.counts);
    let schedule = genesis.schedule();
    let last = match u64::try_from(counts.tick).ok().filter(|tick| *tick > 0) {
        Some(tick) => {
            let time = t.time(schedule.end_of(counts.tick), genesis.tick_seconds);
            t.with("tick-ended", &[("tick", &t.number(tick)), ("time", &time)])
        }
        None => t.say("none-yet"),
    };
    let clock = t.time(organiser.timeline.clock(), 1);
    let clock = if organiser.timeline.in_doubt() { format!("{clock}. {}", t.say("clock-doubted")) } else { clock };
    let disk = t.say(match organiser.disk.room() {
        Room::Unknown => "disk-unknown",
        Room::Enough => "disk-enough",
        Room::Low => "disk-is-low",
    });
    let fact = |key: &str, value: String| (t.say(key), value);
    vec![
        fact("last-tick", last),
        fact("clock", clock),
        fact("disk-low", disk),
        fact("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}

/// Ticks that the page lists; the export has them all.
const ROWS_MAX: usize = 100;
