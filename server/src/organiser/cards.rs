//! Invites as they reach people: links as CSV, cards on A4, codes on a screen for a room. They are made as all others are,
//! shuffled, shown in one answer that no cache keeps, and written down nowhere.

use super::form::{self, FORM};
use super::{Organiser, api, demand};
use crate::batches::BatchRequest;
use crate::config::{CODES_PER_REQUEST_MAX, ORGANISER_BODY_BYTES_MAX};
use crate::error::{Error, Refusal};
use crate::http::{answer, only, read_body};
use crate::organisers::{Account, Role};
use crate::page::HTML;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use axum::{Extension, Router};
use protocol::campaign::Campaign;
use protocol::codec::to_base64;
use protocol::invite::InviteLink;
use protocol::media;
use protocol::problem::Problem;
use rand::seq::SliceRandom;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

mod qr;
mod screen;
mod sheets;
mod speech;

/// Media type of the links.
const CSV: &str = "text/csv; charset=utf-8";

/// The three ways in which invites reach people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Csv,
    Cards,
    Screen,
}

/// Their routes.
pub(super) fn routes() -> Router<Arc<Organiser>> {
    Router::new()
        .route("/organiser/invites/csv", delivering(Way::Csv))
        .route("/organiser/invites/cards", delivering(Way::Cards))
        .route("/organiser/invites/screen", delivering(Way::Screen))
}

fn delivering(way: Way) -> MethodRouter<Arc<Organiser>> {
    post(
        async move |Shared(organiser): Shared<Arc<Organiser>>,
                    Extension(account): Extension<Arc<Account>>,
                    headers: HeaderMap,
                    body: Body| { deliver(way, organiser, account, headers, body).await },
    )
}

async fn deliver(
    way: Way,
    organiser: Arc<Organiser>,
    account: Arc<Account>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    demand(&account, Role::Invites)?;
    let wanted = Wanted::read(&headers, body).await?;
    organiser.demand_issuing(&account)?;
    let campaign = organiser.campaign.clone();
    let languages = wanted.languages(&campaign)?;
    if way != Way::Csv && wanted.count > CODES_PER_REQUEST_MAX {
        return Err(malformed(format!("Ask for {CODES_PER_REQUEST_MAX} cards or codes at a time at most.")));
    }
    let request = wanted.request();
    let mut links = organiser.mint(account, request.clone()).await?;
    let drawn = tokio::task::spawn_blocking(move || {
        links.shuffle(&mut rand::rng());
        let delivery = Delivery { campaign: &campaign, request: &request, languages: &languages, links: &links };
        delivery.answer(way)
    });
    Ok(drawn.await.map_err(|_| Problem::Unavailable)??)
}

/// What is asked for: invites of a batch, in one or two languages of the campaign. Links need no language; they are asked
/// for by the same form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    batch: String,
    count: u32,
    #[serde(default)]
    per_tick: Option<u32>,
    #[serde(default)]
    expires: Option<u64>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    also: Option<String>,
}

const FIELDS: [&str; 6] = ["batch", "count", "per_tick", "expires", "language", "also"];

impl Wanted {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let given = only(headers, header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let is_form = given.is_some_and(|given| given.eq_ignore_ascii_case(FORM.as_bytes()));
        let media_type = if is_form { FORM } else { media::JSON };
        let body = read_body(headers, body, media_type, ORGANISER_BODY_BYTES_MAX).await?;
        if is_form { Self::of_form(form::read(&body, &FIELDS)?) } else { api::asked(&body) }
    }

    /// A field that was left empty is one that was left out.
    fn of_form(mut fields: BTreeMap<String, String>) -> Result<Self, Refusal> {
        let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
        let long = |value: String| match value.bytes().all(|byte| byte.is_ascii_digit()) {
            true => value.parse::<u64>().map_err(|_| malformed("A number of the form is too large.".to_owned())),
            false => Err(malformed("A number of the form is not written in digits.".to_owned())),
        };
        let number = |value: String| {
            let short =
                |long: u64| u32::try_from(long).map_err(|_| malformed("A number of the form is too large.".to_owned()));
            long(value).and_then(short)
        };
        let missing = || malformed("The form needs the name of a batch, and how many invites.".to_owned());
        Ok(Self {
            batch: take("batch").ok_or_else(missing)?,
            count: take("count").ok_or_else(missing).and_then(number)?,
            per_tick: take("per_tick").map(number).transpose()?,
            expires: take("expires").map(long).transpose()?,
            language: take("language"),
            also: take("also"),
        })
    }

    /// The language, and the one beside it if there is one.
    fn languages(&self, campaign: &Campaign) -> Result<Vec<String>, Refusal> {
        let title = &campaign.genesis().title;
        let usual = || if title.contains_key("en") { Some("en".to_owned()) } else { title.keys().next().cloned() };
        let languages: Vec<String> =
            self.language.clone().or_else(usual).into_iter().chain(self.also.clone()).collect();
        if !languages.iter().all(|language| title.contains_key(language)) {
            let known: Vec<&str> = title.keys().map(String::as_str).collect();
            return Err(malformed(format!("The languages of this campaign are: {}.", known.join(", "))));
        }
        if languages.len() == 2 && languages[0] == languages[1] {
            return Err(malformed("The second language is the same as the first.".to_owned()));
        }
        Ok(languages)
    }

    fn request(self) -> BatchRequest {
        BatchRequest { batch: self.batch, count: self.count, per_tick: self.per_tick, expires: self.expires }
    }
}

/// What was made, on its way out.
struct Delivery<'a> {
    campaign: &'a Campaign,
    request: &'a BatchRequest,
    /// One or two.
    languages: &'a [String],
    links: &'a [InviteLink],
}

impl Delivery<'_> {
    fn answer(&self, way: Way) -> Result<Response, Error> {
        let (html, policy) = match way {
            Way::Csv => return Ok(self.csv()),
            Way::Cards => (sheets::html(self)?, sheets::policy()),
            Way::Screen => (screen::html(self)?, screen::policy()),
        };
        let mut response = answer(200, HTML, Bytes::from_owner(html));
        let policy = HeaderValue::from_str(&format!("{policy}; frame-ancestors 'none'"));
        let policy = policy.map_err(|error| Error::Refused(error.to_string()))?;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }

    /// One column, one link a line (RFC 4180). Nothing in a link needs quotes, and no line has a number.
    fn csv(&self) -> Response {
        let longest = self.links.iter().map(|link| link.to_text().len() + 2).max().unwrap_or_default();
        let mut csv = Zeroizing::new(String::with_capacity(6 + self.links.len() * longest));
        csv.push_str("link\r\n");
        for link in self.links {
            csv.push_str(&link.to_text());
            csv.push_str("\r\n");
        }
        let mut response = answer(200, CSV, Bytes::from_owner(csv));
        let file = HeaderValue::from_static("attachment; filename=\"invites.csv\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
        response
    }
}

/// A page in a buffer that erases itself, and is so large that it never moves and leaves a copy behind.
fn render(page: &impl askama::Template, bytes_max: usize) -> Result<Zeroizing<String>, Error> {
    let mut html = Zeroizing::new(String::with_capacity(bytes_max));
    page.render_into(&mut *html).map_err(|error| Error::Refused(format!("the codes could not be drawn: {error}")))?;
    Ok(html)
}

/// What a page with such a style and script may do, also when it is opened from a file: run these two, and ask nobody.
fn policy_of(style: &str, script: Option<&str>) -> String {
    let hash = |text: &str| to_base64(&Sha256::digest(text)).replace('-', "+").replace('_', "/");
    let scripts = script.map_or_else(String::new, |script| format!("script-src 'sha256-{}'; ", hash(script)));
    format!(
        "default-src 'none'; {scripts}style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(style)
    )
}

fn malformed(detail: String) -> Refusal {
    Refusal::from(Problem::Malformed).with_detail(detail)
}
