//! What everybody may read: campaign, places, map, counts, log, overview. Nothing here depends on who asks.

use crate::board::Board;
use crate::document::{Document, Effort, Keep};
use crate::error::Refusal;
use crate::page;
use crate::store::log::LogReader;
use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use axum::routing::get;
use protocol::campaign::Campaign;
use protocol::media;
use protocol::problem::Problem;
use protocol::tile::TileName;
use std::sync::Arc;

mod shelf;

use shelf::Shelf;

/// The documents of a campaign and the ways to them.
pub(crate) struct Public {
    campaign: Arc<Campaign>,
    genesis: Document,
    places: Document,
    map: Document,
    board: Arc<Board>,
    shelf: Shelf,
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
        let genesis = Document::new(media::JSON, campaign.genesis_bytes().to_vec(), Effort::Quick);
        let places = Document::new(media::JSON, places, Effort::Quick);
        let map = Document::new(media::JSON, map, Effort::Quick);
        Self { campaign, genesis, places, map, board, shelf: Shelf::new(log) }
    }
}

/// The public routes.
pub(crate) fn routes(public: Arc<Public>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/{lang}/", get(overview_in))
        .route("/campaign", get(campaign))
        .route("/places.json", get(places))
        .route("/map.json", get(map))
        .route("/counts.json", get(counts))
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/{*tile}", get(tile))
        .with_state(public.clone())
        .merge(beside_pages(public))
}

/// What pages load: style, pictures of the map, icon. The organisers' page loads the same, from its own listener.
pub(crate) fn beside_pages(public: Arc<Public>) -> Router {
    Router::new()
        .route("/overview/{file}", get(asset))
        .route("/overview/{lang}/{picture}", get(picture))
        .route("/favicon.ico", get(icon))
        .with_state(public)
}

async fn campaign(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    public.genesis.send(&headers, Keep::Ask)
}

async fn places(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    public.places.send(&headers, Keep::Ask)
}

async fn map(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    public.map.send(&headers, Keep::Ask)
}

async fn counts(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(public.board.counts().await?.send(&headers, Keep::Ask))
}

async fn checkpoint(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Response {
    public.shelf.checkpoint().send(&headers, Keep::Ask)
}

/// The path is taken as it was sent: one spelling for each file, and no percent-encoding to be read.
async fn tile(Shared(public): Shared<Arc<Public>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let path = uri.path().strip_prefix("/log/").ok_or(Problem::NotFound)?;
    let name = TileName::parse(path).map_err(|_| Problem::NotFound)?;
    let tile = public.shelf.tile(name).await?.ok_or(Problem::NotFound)?;
    Ok(tile.send(&headers, Keep::Forever))
}

async fn overview(Shared(public): Shared<Arc<Public>>, headers: HeaderMap) -> Result<Response, Refusal> {
    html(&public, &headers, page::first_language(public.campaign.genesis())).await
}

async fn overview_in(Shared(public): Shared<Arc<Public>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let lang = uri.path().strip_prefix('/').and_then(|path| path.strip_suffix('/'));
    html(&public, &headers, lang.ok_or(Problem::NotFound)?).await
}

async fn html(public: &Public, headers: &HeaderMap, lang: &str) -> Result<Response, Refusal> {
    let page = public.board.page(lang).await?.ok_or(Problem::NotFound)?;
    Ok(guarded(page.send(headers, Keep::Ask)))
}

/// Paths are taken as they were sent, as those of tiles are.
async fn asset(uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let asset = page::assets::at(uri.path()).ok_or(Problem::NotFound)?;
    Ok(asset.send(&headers, Keep::Forever))
}

async fn picture(Shared(public): Shared<Arc<Public>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let path = uri.path().strip_prefix("/overview/").and_then(|path| path.split_once('/'));
    let (lang, name) = path.ok_or(Problem::NotFound)?;
    let picture = public.board.picture(lang, name).await?.ok_or(Problem::NotFound)?;
    Ok(picture.send(&headers, Keep::Ask))
}

async fn icon(headers: HeaderMap) -> Response {
    page::assets::icon().send(&headers, Keep::Ask)
}

/// A page loads nothing but its own files.
fn guarded(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    response
}
