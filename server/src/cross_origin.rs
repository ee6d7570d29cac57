//! An Issuer under another name than the Origin's: the page of the Origin, and no other, may ask it (Fetch §3.2, CORS).
//!
//! Where both have one name there is nothing to allow and nothing here is used. What is allowed follows from the genesis
//! alone; only where there is an onion service beside the name does it also depend on which of the two a page is from.

use crate::http::only;
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use protocol::campaign::Genesis;
use protocol::directory::DIRECTORY_PATH;
use std::sync::Arc;

/// Where the page may be from, as a browser writes it.
struct Homes(Vec<HeaderValue>);

/// Lets the campaign's page ask for the issuer directory, for a token, and for an invite by e-mail.
pub(crate) fn allow(routes: Router, genesis: &Genesis) -> Router {
    if genesis.issuer_name == genesis.origin_name {
        return routes;
    }
    let onion = genesis.onion.as_ref().map(|name| format!("http://{name}"));
    let homes = [Some(genesis.origin_url()), onion].into_iter().flatten().filter_map(|url| origin(&url));
    routes.layer(from_fn_with_state(Arc::new(Homes(homes.collect())), let_the_page_ask))
}

/// A browser leaves out the port that goes without saying (RFC 6454 §6.2).
fn origin(url: &str) -> Option<HeaderValue> {
    let implied = if url.starts_with("https:") { ":443" } else { ":80" };
    HeaderValue::from_str(url.strip_suffix(implied).unwrap_or(url)).ok()
}

impl Homes {
    /// What an answer allows: the one home there is, whoever asks; of two the one that the question names.
    fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        match self.0.as_slice() {
            [home] => Some(home.clone()),
            several => several.iter().find(|home| only(request, header::ORIGIN) == Some(home)).cloned(),
        }
    }
}

async fn let_the_page_ask(Shared(homes): Shared<Arc<Homes>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let posts = path == TOKEN_REQUEST || path == INVITE_BY_EMAIL;
    if !posts && path != DIRECTORY_PATH {
        return next.run(request).await;
    }
    let allowed = homes.allowed(request.headers());
    let wanted = only(request.headers(), header::ACCESS_CONTROL_REQUEST_METHOD);
    let asks_first = posts && request.method() == Method::OPTIONS;
    let mut response = match asks_first && wanted.is_some_and(|method| method == "POST") {
        true => may_post(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if let Some(home) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, home);
    }
    if homes.0.len() > 1 {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// The answer to a browser that asks before it posts (a preflight): what a TokenRequest is sent with, and no more.
fn may_post() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const TOKEN_REQUEST: &str = "/token-request";
const INVITE_BY_EMAIL: &str = crate::email::PATH;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_written_as_browsers_write_it() {
        for (url, written) in [
            ("https://origin.example", "https://origin.example"),
            ("https://origin.example:443", "https://origin.example"),
            ("https://origin.example:80", "https://origin.example:80"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://abc.onion:80", "http://abc.onion"),
        ] {
            assert_eq!(origin(url).unwrap(), written);
        }
    }
}
