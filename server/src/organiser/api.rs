//! The organisers' API for programs: JSON and signed notes, with a bearer token.

use super::{Organiser, blocking, demand};
use crate::batches::{Batch, BatchRequest};
use crate::config::ORGANISER_BODY_BYTES_MAX;
use crate::error::{Error, Refusal};
use crate::http::{answer, read_body};
use crate::organisers::{Account, Role};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::announcement::Announcement;
use protocol::entry::ENTRY_BYTES_MAX;
use protocol::invite::InviteLink;
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::State;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Media type of a signed note.
const NOTE: &str = "text/plain; charset=utf-8";

/// New invites of a batch, as links.
pub(super) async fn invites(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    demand(&account, Role::Invites)?;
    let body = read_body(&headers, body, media::JSON, ORGANISER_BODY_BYTES_MAX).await?;
    organiser.demand_issuing(&account)?;
    let request: BatchRequest = asked(&body)?;
    let batch = request.batch.clone();
    let links = organiser.mint(account, request).await?;
    Ok(answer(200, media::JSON, Bytes::from_owner(invites_json(&batch, &links)?)))
}

/// Reads what is asked for. A list of the members' values is not it, though a derived reader would take it.
pub(super) fn asked<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
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

/// The batches that the account sees: what was decided about them, and nothing of what became of their invites.
pub(super) async fn batches(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
) -> Result<Response, Refusal> {
    let shown = |batch: Batch| {
        json!({
            "batch": batch.name, "maximum": batch.maximum, "per_tick": batch.per_tick, "revoked": batch.revoked,
            "expires_tick": batch.expires_tick, "expires": batch.expires_tick.map(|tick| organiser.timeline.end_of(tick)),
            "maker": batch.maker,
        })
    };
    let batches: Vec<Value> = organiser.batches(&account)?.into_iter().map(shown).collect();
    Ok(answer(200, media::JSON, json!({ "batches": batches }).to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    batch: String,
}

/// Revokes a batch, in one answer whether any of its invites was used or not.
pub(super) async fn revoke(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    organiser.demand_batches(&account)?;
    let body = read_body(&headers, body, media::JSON, ORGANISER_BODY_BYTES_MAX).await?;
    if organiser.timeline.state() == State::Closed {
        return Err(Problem::Closed.into());
    }
    let Revocation { batch } = asked(&body)?;
    blocking(move || organiser.revoke(&account, &batch)).await?;
    Ok(answer(202, media::JSON, "{}"))
}

/// What organisers did.
pub(super) async fn actions(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
) -> Result<Response, Refusal> {
    let actions = blocking(move || organiser.actions(&account)).await?;
    Ok(answer(200, media::JSON, json!({ "actions": actions }).to_string()))
}

/// What everybody may read.
pub(super) async fn counts(Shared(organiser): Shared<Arc<Organiser>>) -> Result<Response, Refusal> {
    Ok(answer(200, media::JSON, organiser.board.counts().await?.bytes().to_vec()))
}

/// Takes a signed note into the log.
pub(super) async fn announcement(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    demand(&account, Role::Announces)?;
    let note = read_body(&headers, body, NOTE, ENTRY_BYTES_MAX).await?;
    let announcement = Announcement::open(&note, &organiser.campaign)
        .map_err(|error| Refusal::from(Problem::Malformed).with_detail(format!("{error}.")))?;
    blocking(move || organiser.announce(&account, announcement)).await?;
    Ok(answer(202, media::JSON, "{}"))
}

/// Makes the end of the next tick the closing tick.
pub(super) async fn close(
    Shared(organiser): Shared<Arc<Organiser>>,
    Extension(account): Extension<Arc<Account>>,
) -> Result<Response, Refusal> {
    blocking(move || organiser.close(&account)).await?;
    Ok(answer(202, media::JSON, "{}"))
}
