//! What organisers do on the page: make invites, revoke a batch, announce, close; each asked about first, with what it
//! costs. And the log of what was done.

use super::{Frame, SignedIn, html, language, read_form, see};
use crate::actions::{Act, Action};
use crate::batches::Batch;
use crate::config::INVITES_PER_REQUEST_MAX;
use crate::error::Refusal;
use crate::http::read_body;
use crate::organiser::form::{self, FORM};
use crate::organiser::{Organiser, blocking, demand};
use crate::organisers::{Account, Role};
use crate::page::texts::{Texts, own_name};
use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::entry::ENTRY_BYTES_MAX;
use protocol::problem::Problem;
use protocol::publication::{State, Tick};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "organiser/invites.html")]
struct InvitesPage<'a> {
    frame: Frame<'a>,
    /// Whether invites are made now, and by this account.
    making: bool,
    over: bool,
    batches: Vec<Row>,
    k: u32,
    count_max: u32,
    counted_k: String,
    leak: String,
    pledges: String,
    /// Unix seconds and how they are told.
    ends: Vec<(u64, String)>,
    /// Tags and names of the campaign's languages.
    languages: Vec<(&'a str, String)>,
}

/// A batch as the list shows it.
struct Row {
    number: u16,
    name: String,
    maximum: String,
    per_tick: Option<String>,
    end: Option<String>,
    revoked: bool,
    maker: String,
}

/// The batches, and the form that makes invites.
pub(super) async fn invites(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (lang, campaign) = (language(&uri), &*organiser.campaign);
    let (t, genesis) = (Texts::of(lang), campaign.genesis());
    let over = organiser.timeline.state() == State::Closed || !organiser.timeline.issues_tokens();
    let batches = match organiser.batches(&account) {
        Err(refusal) if refusal.problem() == Problem::Closed => Vec::new(), // they went with the close
        other => other?,
    };
    let tick = organiser.board.moment().counts.tick;
    html(
        200,
        &InvitesPage {
            frame: Frame::new(campaign, lang, "/invites", Some(&account)),
            making: account.may(Role::Invites) && !over,
            over,
            ends: ends(campaign, t, tick, &batches),
            batches: batches.into_iter().map(|batch| row(campaign, t, batch)).collect(),
            k: genesis.k,
            count_max: INVITES_PER_REQUEST_MAX,
            counted_k: t.count("batch-per-tick-note", "k", u64::from(genesis.k)),
            leak: t.count("warn-leak", "k", u64::from(genesis.k)),
            pledges: t.count("warn-pledges", "k", u64::from(genesis.k)),
            languages: genesis.title.keys().map(|tag| (tag.as_str(), own_name(tag))).collect(),
        },
    )
}

fn row(campaign: &Campaign, t: &Texts, batch: Batch) -> Row {
    let schedule = campaign.genesis().schedule();
    let time = |tick| t.time(schedule.end_of(tick), campaign.genesis().tick_seconds);
    Row {
        number: batch.number,
        name: batch.name,
        maximum: t.number(batch.maximum),
        per_tick: batch.per_tick.map(|most| t.number(u64::from(most))),
        end: batch.expires_tick.map(time),
        revoked: batch.revoked,
        maker: batch.maker,
    }
}

/// Ends that a new batch can have: some days from the last tick, and those of the batches that there are, which can only
/// grow with the same.
fn ends(campaign: &Campaign, t: &Texts, last: Tick, batches: &[Batch]) -> Vec<(u64, String)> {
    const DAYS: [u64; 6] = [1, 2, 3, 7, 14, 28];
    let genesis = campaign.genesis();
    let schedule = genesis.schedule();
    let after = |days: u64| Tick::try_from((days * 86_400).div_ceil(schedule.tick_seconds)).ok();
    let new = DAYS.into_iter().filter_map(after).map(|ticks| last.saturating_add(ticks));
    let old = batches.iter().filter(|batch| !batch.revoked).filter_map(|batch| batch.expires_tick);
    let end = |tick: Tick| schedule.end_of(tick.min(schedule.final_tick()));
    let ends: BTreeSet<u64> = new.chain(old.filter(|tick| *tick > last)).map(end).collect();
    let useful = ends.into_iter().filter(|end| *end <= schedule.issuing_closes);
    useful.map(|end| (end, t.time(end, genesis.tick_seconds))).collect()
}

#[derive(Template)]
#[template(path = "organiser/revoke.html")]
struct RevokePage<'a> {
    frame: Frame<'a>,
    name: String,
    question: String,
}

/// Whether a batch should be revoked.
pub(super) async fn ask_to_revoke(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (lang, batch) = (language(&uri), batch(&organiser, &account, &uri)?);
    let here = format!("/revoke/{}", batch.number);
    let question = Texts::of(lang).count("revoke-question", "maximum", batch.maximum);
    let frame = Frame::new(&organiser.campaign, lang, &here, Some(&account));
    html(200, &RevokePage { frame, name: batch.name, question })
}

/// Revokes it.
pub(super) async fn revoke(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let batch = batch(&organiser, &account, &uri)?;
    form::read(&read_form(&headers, body).await?, &[])?;
    blocking(move || organiser.revoke(&account, &batch.name)).await?;
    Ok(see(language(&uri), "/invites"))
}

/// The batch whose number an address ends in, if the account sees it.
fn batch(organiser: &Organiser, account: &Account, uri: &Uri) -> Result<Batch, Refusal> {
    let number = uri.path().rsplit('/').next().unwrap_or_default();
    let mut batches = organiser.batches(account)?.into_iter();
    Ok(batches.find(|batch| batch.number.to_string() == number).ok_or(Problem::NotFound)?)
}

#[derive(Template)]
#[template(path = "organiser/actions.html")]
struct ActionsPage<'a> {
    frame: Frame<'a>,
    /// Tick, who, what: the newest first. None after close.
    actions: Option<Vec<[String; 3]>>,
}

/// What organisers did.
pub(super) async fn actions(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
) -> Result<Response, Refusal> {
    let lang = language(&uri);
    let (asked, who) = (organiser.clone(), account.clone());
    let actions = match blocking(move || asked.actions(&who)).await {
        Err(refusal) if refusal.problem() == Problem::Closed => None,
        other => Some(other?),
    };
    let t = Texts::of(lang);
    let told = |Action { tick, organiser, did }: Action| [tick_text(t, tick), organiser, deed(t, &did)];
    let actions = actions.map(|actions| actions.into_iter().rev().map(told).collect());
    html(200, &ActionsPage { frame: Frame::new(&organiser.campaign, lang, "/actions", Some(&account)), actions })
}

/// Ticks before the first count down to it.
fn tick_text(t: &Texts, tick: Tick) -> String {
    let number = t.number(tick.unsigned_abs());
    if tick < 0 { format!("\u{2212}{number}") } else { number }
}

fn deed(t: &Texts, did: &Act) -> String {
    match did {
        Act::InvitesMade { batch, count } => {
            t.with("did-invites", &[("batch", &apart(batch)), ("count", &t.number(u64::from(*count)))])
        }
        Act::BatchRevoked { batch } => t.with("did-revoke", &[("batch", &apart(batch))]),
        Act::Announced { number } => t.count("did-announce", "number", u64::from(*number)),
        Act::Closed => t.say("did-close"),
        Act::AccountAdded { account } => t.with("did-add", &[("account", &apart(account))]),
        Act::AccountRemoved { account } => t.with("did-remove", &[("account", &apart(account))]),
    }
}

/// A name in a sentence of another direction, which it does not turn (Unicode's first strong isolate); no name holds one.
fn apart(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

#[derive(Template)]
#[template(path = "organiser/announce.html")]
struct AnnouncePage<'a> {
    frame: Frame<'a>,
    url: String,
    next: String,
}

/// How to announce, and where to bring the signed note.
pub(super) async fn ask_to_announce(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
) -> Result<Response, Refusal> {
    demand(&account, Role::Announces)?;
    let lang = language(&uri);
    let number = organiser.board.moment().counts.announcement.map_or(0, |said| said.number) + 1;
    let next = Texts::of(lang).count("announce-number", "number", u64::from(number));
    let frame = Frame::new(&organiser.campaign, lang, "/announce", Some(&account));
    html(200, &AnnouncePage { frame, url: organiser.campaign.genesis().origin_url(), next })
}

const NO_NOTE: &str = "This is no announcement of this campaign that the organisers' key has signed; paste the note whole, \
    as the program wrote it.";

/// Takes a signed note. A browser sends lines with CR and LF, and may have lost the last one's end.
pub(super) async fn announce(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    demand(&account, Role::Announces)?;
    let body = read_body(&headers, body, FORM, 3 * ENTRY_BYTES_MAX).await?; // a byte may be written as three
    let note = form::read(&body, &["note"])?.remove("note").ok_or(Problem::Malformed)?;
    let note = format!("{}\n", note.replace("\r\n", "\n").trim());
    let announcement = Announcement::open(note.as_bytes(), &organiser.campaign)
        .map_err(|_| Refusal::from(Problem::Malformed).with_detail(NO_NOTE))?;
    blocking(move || organiser.announce(&account, announcement)).await?;
    Ok(see(language(&uri), "/"))
}

#[derive(Template)]
#[template(path = "organiser/close.html")]
struct ClosePage<'a> {
    frame: Frame<'a>,
    state: State,
    words: String,
    /// What was typed was something else.
    wrong: bool,
}

fn close_page(organiser: &Organiser, account: &Account, lang: &'static str, wrong: bool) -> Result<Response, Refusal> {
    let frame = Frame::new(&organiser.campaign, lang, "/close", Some(account));
    let (words, state) = (frame.t.say("close-words"), organiser.timeline.published_state());
    html(if wrong { 400 } else { 200 }, &ClosePage { frame, state, words, wrong })
}

/// What closing means.
pub(super) async fn ask_to_close(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
) -> Result<Response, Refusal> {
    demand(&account, Role::Announces)?;
    close_page(&organiser, &account, language(&uri), false)
}

/// Closes, if the words were typed.
pub(super) async fn close(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): SignedIn,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    demand(&account, Role::Announces)?;
    let lang = language(&uri);
    let form = form::read(&read_form(&headers, body).await?, &["words"])?;
    let typed = form.get("words").map(|words| words.trim().to_lowercase());
    if typed != Some(Texts::of(lang).say("close-words")) {
        return close_page(&organiser, &account, lang, true);
    }
    blocking(move || organiser.close(&account)).await?;
    Ok(see(lang, "/"))
}
