//! What all handlers share: reading a request in the order of DESIGN §3, and the headers of every answer.

use crate::error::Refusal;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::problem::Problem;

/// Media type and size come first: exactly this type, and at most so many bytes.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    media_type: &str,
    bytes_max: usize,
) -> Result<Bytes, Refusal> {
    let given = only(headers, header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !given.is_some_and(|given| given.eq_ignore_ascii_case(media_type.as_bytes())) {
        return Err(Problem::UnsupportedMediaType.into());
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > bytes_max) {
        return Err(Problem::TooLarge.into());
    }
    axum::body::to_bytes(body, bytes_max).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        let too_large = source.is_some_and(|source| source.to_string().contains("length limit"));
        if too_large { Problem::TooLarge.into() } else { Problem::Malformed.into() }
    })
}

/// The value of a header that stands once. Of two, whoever stands in front might have looked at the other.
pub(crate) fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    values.next().filter(|_| values.next().is_none())
}

/// The value of `Authorization` behind the scheme `Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, value) = only(headers, header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(value.trim())
}

/// An answer of one media type that no cache may keep.
pub(crate) fn answer(status: u16, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = body.into().into_response();
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers with what every answer carries.
pub(crate) async fn common_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    complete(response.headers_mut());
    response
}

/// The headers that every answer carries; the same for everybody.
pub(crate) fn complete(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry("cross-origin-resource-policy").or_insert(HeaderValue::from_static("same-origin"));
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if is_page {
        isolate(headers);
    }
}

/// What a page carries besides: nobody else's page holds it, it holds nobody else's, and no device is asked for.
pub(crate) fn isolate(headers: &mut HeaderMap) {
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
    let nothing = "camera=(), geolocation=(), microphone=(), browsing-topics=()";
    headers.insert("permissions-policy", HeaderValue::from_static(nothing));
}

/// The connection ends with this answer, so that no pledge can follow over it (promise N1).
pub(crate) async fn close_connection(request: Request, next: Next) -> Response {
    closing(next.run(request).await)
}

/// An answer with which the connection ends.
pub(crate) fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// No such resource.
pub(crate) async fn not_found() -> Refusal {
    Problem::NotFound.into()
}

/// The resource does not know this method.
pub(crate) async fn method_not_allowed() -> Refusal {
    Problem::MethodNotAllowed.into()
}
