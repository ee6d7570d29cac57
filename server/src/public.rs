//! What everybody may read: campaign, places, map, counts, log, overview. Nothing here depends on who asks.

use crate::board::{Board, Document};
use crate::error::Refusal;
use crate::page;
use crate::store::log::LogReader;
use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use protocol::campaign::Campaign;
use protocol::media;
use protocol::problem::Problem;
use protocol::tile::TileName;
use std::sync::Arc;

/// The documents of a campaign and the ways to them.
pub(crate) struct Public {
    campaign: Arc<Campaign>,
    genesis: Document,
    places: Document,
    map: Document,
    join: Document,
    board: Arc<Board>,
    log: LogReader,
}

impl Public {
    /// The public side of a campaign.
    pub(crate) fn new(
        campaign: Arc<Campaign>,
        places: Vec<u8>,
        map: Vec<u8>,
        board: Arc<Board>,
        log: LogReader,
    ) -> Self {
        let genesis = campaign.genesis_bytes().to_vec().into();
        let join = page::join_without_bundle(&campaign).into_bytes().into();
        Self { campaign, genesis, places: places.into(), map: map.into(), join, board, log }
    }
}

/// The public routes.
pub(crate) fn routes(public: Arc<Public>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/{lang}/", get(overview_in))
        .route("/join", get(join))
        .route("/campaign", get(campaign))
        .route("/places.json", get(places))
        .route("/map.json", get(map))
        .route("/counts.json", get(counts))
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/{*tile}", get(tile))
        .with_state(public)
}

/// How long a cache may keep a document.
#[derive(Clone, Copy)]
enum Keep {
    /// It never changes.
    Forever,
    /// It changes at ticks: ask again whether it has.
    Ask,
}

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const HTML: &str = "text/html; charset=utf-8";

/// A document with its ETag, or 304 where the client has it already.
fn send(headers: &HeaderMap, media_type: &'static str, document: Document, keep: Keep) -> Response {
    let has_it = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == document.tag.as_bytes());
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::body::Bytes::from_owner(document.body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let cache = match keep {
        Keep::Forever => "public, max-age=31536000, immutable",
        Keep::Ask => "public, no-cache",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&document.tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

async fn campaign(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    send(&headers, media::JSON, public.genesis.clone(), Keep::Ask)
}

async fn places(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    send(&headers, media::JSON, public.places.clone(), Keep::Ask)
}

async fn map(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    send(&headers, media::JSON, public.map.clone(), Keep::Ask)
}

async fn counts(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(send(&headers, media::JSON, public.board.documents()?.counts.clone(), Keep::Ask))
}

async fn checkpoint(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    send(&headers, TEXT, public.log.checkpoint().to_vec().into(), Keep::Ask)
}

/// The path is taken as it was sent: one spelling for each file, and no percent-encoding to be read.
async fn tile(Shared(public): Shared<Arc<Public>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let path = uri.path().strip_prefix("/log/").ok_or(Problem::NotFound)?;
    let name = TileName::parse(path).map_err(|_| Problem::NotFound)?;
    let log = public.log.clone();
    let read = tokio::task::spawn_blocking(move || log.tile(name)).await.map_err(|_| Problem::Unavailable)?;
    let bytes = read?.ok_or(Problem::NotFound)?;
    Ok(send(&headers, BYTES, bytes.into(), Keep::Forever))
}

async fn overview(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Result<Response, Refusal> {
    let title = &public.campaign.genesis().title;
    let first = if title.contains_key("en") { Some("en") } else { title.keys().next().map(String::as_str) };
    html(&public, &headers, first.unwrap_or_default())
}

async fn overview_in(Shared(public): Shared<Arc<Public>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let lang = uri.path().strip_prefix('/').and_then(|path| path.strip_suffix('/'));
    html(&public, &headers, lang.ok_or(Problem::NotFound)?)
}

fn html(public: &Public, headers: &HeaderMap, lang: &str) -> Result<Response, Refusal> {
    let page = public.board.documents()?.pages.get(lang).cloned().ok_or(Problem::NotFound)?;
    Ok(guarded(send(headers, HTML, page, Keep::Ask)))
}

async fn join(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    guarded(send(&headers, HTML, public.join.clone(), Keep::Ask))
}

/// A page may load nothing but the one style that stands in it.
fn guarded(mut response: Response) -> Response {
    if let Ok(policy) = HeaderValue::from_str(page::content_security_policy()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
