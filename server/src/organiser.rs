//! Organiser's API, on a listener of its own: invites, published counts, announcement, close. The organiser sees what
//! the public sees, and nothing earlier.

use crate::batches::BatchRequest;
use crate::board::Board;
use crate::config::ORGANISER_BODY_BYTES_MAX;
use crate::error::{Error, Refusal};
use crate::http::{answer, bearer, read_body};
use crate::issuer::Issuer;
use crate::publisher::Publisher;
use crate::timeline::Timeline;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Shared};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::entry::ENTRY_BYTES_MAX;
use protocol::invite::InviteLink;
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::State;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Media type of a signed note.
const NOTE: &str = "text/plain; charset=utf-8";

/// The role.
pub(crate) struct Organiser {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// Its time.
    pub timeline: Arc<Timeline>,
    /// What is published.
    pub board: Arc<Board>,
    /// Who makes invites.
    pub issuer: Arc<Issuer>,
    /// Who appends announcements.
    pub publisher: Arc<Mutex<Publisher>>,
    /// SHA-256 of the bearer token.
    pub token_sha256: [u8; 32],
}

/// The organiser's routes.
pub(crate) fn routes(organiser: Arc<Organiser>) -> Router {
    Router::new()
        .route("/organiser/invites", post(invites))
        .route("/organiser/counts", get(counts))
        .route("/organiser/announcement", post(announcement))
        .route("/organiser/close", post(close))
        .route_layer(from_fn_with_state(organiser.clone(), authorise))
        .with_state(organiser)
}

/// Every route asks for the bearer token. Comparing digests keeps the time of the comparison from saying anything.
async fn authorise(
    Shared(organiser): Shared<Arc<Organiser>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let given = bearer(request.headers()).ok_or(Problem::Unauthorised)?;
    if <[u8; 32]>::from(Sha256::digest(given)) != organiser.token_sha256 {
        return Err(Problem::Unauthorised.into());
    }
    Ok(next.run(request).await)
}

async fn invites(
    Shared(organiser): Shared<Arc<Organiser>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = read_body(&headers, body, media::JSON, ORGANISER_BODY_BYTES_MAX).await?;
    if organiser.timeline.state() == State::Closed || !organiser.timeline.issues_tokens() {
        return Err(Problem::Closed.into());
    }
    let request = batch_request(&body)?;
    let issuing = organiser.issuer.issuing().ok_or(Problem::Closed)?;
    let made = tokio::task::spawn_blocking(move || invites_json(&request.batch, &issuing.attester().mint(&request)?));
    let json = made.await.map_err(|_| Problem::Unavailable)??;
    Ok(answer(200, media::JSON, Bytes::from_owner(json)))
}

/// Reads the request. A list of the members' values is not one, though a derived reader would take it.
fn batch_request(body: &[u8]) -> Result<BatchRequest, Refusal> {
    let malformed = |why: String| {
        Refusal::from(Problem::Malformed).with_detail(format!("The server could not read what was asked for: {why}."))
    };
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(malformed("it is no JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))
}

/// The links as JSON in one buffer that erases itself. Nothing in a link needs escaping.
fn invites_json(batch: &str, links: &[InviteLink]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let batch = serde_json::to_string(batch).map_err(|error| Error::Refused(error.to_string()))?;
    let mut json = Zeroizing::new(Vec::with_capacity(200 + links.len() * 300));
    json.extend_from_slice(format!("{{\"batch\":{batch},\"links\":[").as_bytes());
    for (index, link) in links.iter().enumerate() {
        json.extend_from_slice(if index > 0 { b",\"" } else { b"\"" });
        json.extend_from_slice(link.to_text().as_bytes());
        json.push(b'"');
    }
    json.extend_from_slice(b"]}");
    Ok(json)
}

async fn counts(Shared(organiser): Shared<Arc<Organiser>>) -> Result<Response, Refusal> {
    Ok(answer(200, media::JSON, organiser.board.counts().await?.bytes().to_vec()))
}

async fn announcement(
    Shared(organiser): Shared<Arc<Organiser>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let note = read_body(&headers, body, NOTE, ENTRY_BYTES_MAX).await?;
    let announcement = Announcement::open(&note, &organiser.campaign)
        .map_err(|error| Refusal::from(Problem::Malformed).with_detail(format!("{error}.")))?;
    let publisher = organiser.publisher.clone();
    let appended = tokio::task::spawn_blocking(move || {
        publisher.lock().unwrap_or_else(PoisonError::into_inner).announce(announcement)
    });
    appended.await.map_err(|_| Problem::Unavailable)??;
    Ok(answer(202, media::JSON, "{}"))
}

async fn close(Shared(organiser): Shared<Arc<Organiser>>) -> Result<Response, Refusal> {
    if organiser.timeline.state() == State::Closed {
        return Err(Problem::Closed.into());
    }
    let timeline = organiser.timeline.clone();
    let closed = tokio::task::spawn_blocking(move || timeline.close());
    closed.await.map_err(|_| Problem::Unavailable)??;
    Ok(answer(202, media::JSON, "{}"))
}
