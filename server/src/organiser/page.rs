//! The organisers' page: written by the server, without script, in three languages, for whoever signed in with a token.
//! It shows what is public and what organisers did themselves, and nothing earlier; every form says what it costs.

use super::Organiser;
use super::form::{self, FORM};
use super::sessions::from_own_page;
use crate::config::{ORGANISER_BODY_BYTES_MAX, SESSION_LIFE};
use crate::error::{Error, Refusal, Refused};
use crate::http::{answer, read_body};
use crate::organisers::{Account, Role, digest_of};
use crate::page::HTML;
use crate::page::assets::Assets;
use crate::page::texts::{Texts, Written, own_name, right_to_left, written};
use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use protocol::campaign::Campaign;
use protocol::problem::Problem;
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

mod curve;
mod deeds;
mod export;
mod numbers;
mod outlook;
mod table;

/// The languages of the page, whatever those of the campaign are. The first is the one where none was chosen.
const LANGUAGES: [&str; 3] = ["en", "ru", "fa"];

/// What the page may do: load style and pictures from here, and send its forms here. No script.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The page's routes, in each language.
pub(super) fn routes(organiser: &Arc<Organiser>) -> Router<Arc<Organiser>> {
    let mut routes = Router::new().route("/organiser/", get(first));
    for lang in LANGUAGES {
        let at = |page: &str| format!("/organiser/{lang}{page}");
        routes = routes
            .route(&at("/"), get(numbers::page))
            .route(&at("/sign-in"), post(sign_in))
            .route(&at("/sign-out"), post(sign_out))
            .route(&at("/counts.csv"), get(numbers::counts_csv))
            .route(&at("/ticks.csv"), get(numbers::ticks_csv))
            .route(&at("/counts.json"), get(numbers::counts_json))
            .route(&at("/invites"), get(deeds::invites))
            .route(&at("/revoke/{batch}"), get(deeds::ask_to_revoke).post(deeds::revoke))
            .route(&at("/actions"), get(deeds::actions))
            .route(&at("/announce"), get(deeds::ask_to_announce).post(deeds::announce))
            .route(&at("/close"), get(deeds::ask_to_close).post(deeds::close));
    }
    routes.route_layer(from_fn_with_state(organiser.clone(), recognise))
}

/// Where no language was chosen.
async fn first() -> Response {
    see(LANGUAGES[0], "/")
}

/// Who asks for a page: whoever is signed in, anybody for the way in, nobody for the rest. A form must come from our own
/// page, and what is refused is told on a page.
async fn recognise(Shared(organiser): Shared<Arc<Organiser>>, mut request: Request, next: Next) -> Response {
    let lang = language(request.uri());
    let page = request.uri().path().strip_prefix("/organiser").and_then(|path| path.strip_prefix(&format!("/{lang}")));
    let way_in = page.is_none_or(|page| page == "/" || page == "/sign-in");
    let account = match organiser.sessions.find(request.headers(), Instant::now()) {
        Some((digest, _)) => organiser.account(digest).await,
        None => Ok(None),
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let refused = match &account {
        Err(refusal) => Some(refusal.clone()),
        Ok(_) if !reads && !from_own_page(request.headers()) => Some(foreign()),
        Ok(None) if !way_in => return see(lang, "/"),
        Ok(_) => None,
    };
    let account = account.ok().flatten();
    if let Some(refusal) = refused {
        return told(&organiser, lang, account.as_deref(), axum::response::IntoResponse::into_response(refusal));
    }
    if let Some(account) = &account {
        request.extensions_mut().insert(account.clone());
    }
    let response = next.run(request).await;
    told(&organiser, lang, account.as_deref(), response)
}

/// Lets a session do what a bearer token may at the other routes, for the forms of the page that lead there.
pub(super) async fn by_session(
    organiser: Arc<Organiser>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == FORM);
    let session = organiser.sessions.find(request.headers(), Instant::now());
    let account = match session {
        Some((digest, _)) => organiser.account(digest).await?,
        None => None,
    };
    let (Some((_, lang)), Some(account)) = (session, account) else {
        return if is_form { Ok(see(LANGUAGES[0], "/")) } else { Err(Problem::Unauthorised.into()) };
    };
    let response = match from_own_page(request.headers()) {
        true => {
            request.extensions_mut().insert(account.clone());
            next.run(request).await
        }
        false => axum::response::IntoResponse::into_response(foreign()),
    };
    Ok(told(&organiser, lang, Some(&account), response))
}

fn foreign() -> Refusal {
    let why = "The form came from another page, or the browser does not say from where; open this page on this device, \
        through a tunnel or an onion service, and try again.";
    Refusal::from(Problem::Forbidden).with_detail(why)
}

/// The language that an address names.
fn language(uri: &Uri) -> &'static str {
    let named = uri.path().split('/').nth(2).unwrap_or_default();
    LANGUAGES.into_iter().find(|lang| *lang == named).unwrap_or(LANGUAGES[0])
}

/// What every page has around its own.
struct Frame<'a> {
    t: &'static Texts,
    assets: &'static Assets,
    lang: &'static str,
    rtl: bool,
    languages: Vec<(&'static str, String)>,
    /// The address behind the language, which the other languages have too.
    here: String,
    /// Whether this is what stands at that address; a refusal is not.
    is_here: bool,
    title: Written<'a>,
    rehearsal: bool,
    /// Whoever is signed in.
    account: Option<&'a Account>,
}

impl<'a> Frame<'a> {
    fn new(campaign: &'a Campaign, lang: &'static str, here: &str, account: Option<&'a Account>) -> Self {
        Self {
            t: Texts::of(lang),
            assets: Assets::get(),
            lang,
            rtl: right_to_left(lang),
            languages: LANGUAGES.map(|lang| (lang, own_name(lang))).to_vec(),
            here: here.to_owned(),
            is_here: true,
            title: written(&campaign.genesis().title, lang),
            rehearsal: campaign.genesis().rehearsal,
            account,
        }
    }

    fn invites(&self) -> bool {
        self.account.is_some_and(|account| account.may(Role::Invites))
    }

    fn announces(&self) -> bool {
        self.account.is_some_and(|account| account.may(Role::Announces))
    }

    fn at(&self, page: &str) -> Option<&'static str> {
        (self.is_here && self.here == page).then_some("page")
    }
}

/// The way in.
#[derive(Template)]
#[template(path = "organiser/sign-in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    note: String,
    /// Whether a token was typed that opens nothing.
    wrong: bool,
}

fn sign_in_page(organiser: &Organiser, lang: &'static str, wrong: bool) -> Result<Response, Refusal> {
    let frame = Frame::new(&organiser.campaign, lang, "/", None);
    let note = frame.t.count("sign-in-note", "hours", SESSION_LIFE.as_secs() / 3600);
    html(if wrong { 401 } else { 200 }, &SignInPage { frame, note, wrong })
}

async fn sign_in(
    Shared(organiser): Shared<Arc<Organiser>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let lang = language(&uri);
    let mut form = form::read(&read_form(&headers, body).await?, &["token"])?;
    let token = Zeroizing::new(form.remove("token").ok_or(Problem::Malformed)?);
    let digest = digest_of(token.trim());
    if organiser.account(digest).await?.is_none() {
        return sign_in_page(&organiser, lang, true);
    }
    let mut response = see(lang, "/");
    let cookie = organiser.sessions.open(digest, lang, Instant::now());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn sign_out(Shared(organiser): Shared<Arc<Organiser>>, uri: Uri, headers: HeaderMap) -> Response {
    let mut response = see(language(&uri), "/");
    let cookie = organiser.sessions.end(&headers, Instant::now());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// A form's body.
async fn read_form(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Refusal> {
    read_body(headers, body, FORM, ORGANISER_BODY_BYTES_MAX).await
}

/// A refusal in the page's own way: what the server says, on a page, with the status that it has for programs.
#[derive(Template)]
#[template(path = "organiser/refused.html")]
struct RefusedPage<'a> {
    frame: Frame<'a>,
    sentence: String,
    /// The server's own sentence about what was sent, in English.
    detail: Option<String>,
}

/// An answer as the page tells it: a refusal becomes a page, everything else stays.
fn told(organiser: &Organiser, lang: &'static str, account: Option<&Account>, response: Response) -> Response {
    let Some(Refused { problem, detail }) = response.extensions().get::<Refused>().cloned() else { return response };
    let frame = Frame { is_here: false, ..Frame::new(&organiser.campaign, lang, "/", account) };
    let key = match problem {
        Problem::Forbidden => "refused-forbidden",
        Problem::Closed => "refused-closed",
        Problem::Exhausted => "refused-exhausted",
        Problem::NotFound => "refused-not-found",
        Problem::Unavailable | Problem::RateLimited => "refused-unavailable",
        _ => "refused-malformed",
    };
    let sentence = frame.t.say(key);
    html(response.status().as_u16(), &RefusedPage { frame, sentence, detail }).unwrap_or(response)
}

/// A page.
fn html(status: u16, page: &impl Template) -> Result<Response, Refusal> {
    let text = page.render().map_err(|error| Error::Refused(format!("a page could not be written: {error}")))?;
    let mut response = answer(status, HTML, text);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// On to a page, with GET (RFC 9110 §15.4.4): so that a reload repeats nothing.
fn see(lang: &str, page: &str) -> Response {
    let mut response = answer(303, HTML, "");
    let place = HeaderValue::try_from(format!("/organiser/{lang}{page}"));
    response.headers_mut().insert(header::LOCATION, place.unwrap_or(HeaderValue::from_static("/organiser/")));
    response
}

/// The account of a page that only those see who are signed in.
type SignedIn = Extension<Arc<Account>>;
