//! `/join` and all below it: the registration bundle, from memory, the same bytes for everyone (RFC 9110).
//!
//! It is served only once the log names its manifest, nothing of it may be kept by any cache, and every answer below
//! `/join`, a refusal too, carries one and the same policy. Without a bundle `/join` says where to go instead.

use crate::bundle::Bundle;
use crate::document::{Document, Effort, Keep};
use crate::error::Refusal;
use crate::http::{complete, isolate};
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use protocol::campaign::{Campaign, Genesis};
use protocol::media;
use protocol::page_manifest::{INDEX, MANIFEST};
use protocol::page_policy::page_policy;
use protocol::problem::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// What is served there.
pub(crate) struct Join {
    policy: HeaderValue,
    page: Page,
}

enum Page {
    /// No bundle was given: one document that says so.
    None(Document),
    /// A bundle, by the names of its files.
    Bundle {
        manifest_sha256: [u8; 32],
        files: BTreeMap<String, Document>,
        /// Whether the log names it.
        entered: AtomicBool,
    },
}

impl Join {
    /// The page of a campaign; blocks while it is compressed. A bundle is not served before [`Self::entered`].
    pub(crate) fn new(campaign: &Campaign, bundle: Option<&Bundle>) -> Self {
        let policy = HeaderValue::try_from(page_policy(campaign.genesis())).expect("names of hosts are printable");
        let Some(bundle) = bundle else {
            let word = Document::new(HTML, without_bundle(campaign.genesis()).into_bytes(), Effort::Quick);
            return Self { policy, page: Page::None(word) };
        };
        let packed = |media_type: &str| matches!(media_type, "image/png" | "font/woff2");
        let mut files: BTreeMap<String, Document> = bundle
            .files()
            .map(|(file, bytes)| {
                let effort = if packed(file.media_type()) { Effort::None } else { Effort::Thorough };
                (file.name().to_owned(), Document::new(file.media_type(), bytes.to_vec(), effort))
            })
            .collect();
        let manifest = Document::new(media::JSON, bundle.manifest_bytes().to_vec(), Effort::Thorough);
        files.insert(MANIFEST.to_owned(), manifest);
        let (manifest_sha256, entered) = (bundle.manifest_sha256(), AtomicBool::new(false));
        Self { policy, page: Page::Bundle { manifest_sha256, files, entered } }
    }

    /// The digest of a manifest that the log has to name before its page is served.
    pub(crate) fn to_be_entered(&self) -> Option<[u8; 32]> {
        match &self.page {
            Page::Bundle { manifest_sha256, entered, .. } if !entered.load(SeqCst) => Some(*manifest_sha256),
            _ => None,
        }
    }

    /// The log names it, in a signed checkpoint.
    pub(crate) fn entered(&self) {
        if let Page::Bundle { entered, .. } = &self.page {
            entered.store(true, SeqCst);
        }
    }

    /// A file of the page, if the log names the page.
    fn file(&self, name: &str) -> Result<&Document, Problem> {
        match &self.page {
            Page::None(word) if name == INDEX => Ok(word),
            Page::None(_) => Err(Problem::NotFound),
            Page::Bundle { entered, .. } if !entered.load(SeqCst) => Err(Problem::Unavailable),
            Page::Bundle { files, .. } => files.get(name).ok_or(Problem::NotFound),
        }
    }
}

/// The routes.
pub(crate) fn routes(join: Arc<Join>) -> Router {
    Router::new().route("/join", get(index)).route("/join/{file}", get(file)).with_state(join)
}

async fn index(Shared(join): Shared<Arc<Join>>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(join.file(INDEX)?.send(&headers, Keep::Never))
}

/// The path is taken as it was sent: one spelling for each file, and no percent-encoding to be read.
async fn file(Shared(join): Shared<Arc<Join>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let name = uri.path().strip_prefix("/join/").ok_or(Problem::NotFound)?;
    match join.page {
        Page::None(_) => Err(Problem::NotFound.into()),
        Page::Bundle { .. } => Ok(join.file(name)?.send(&headers, Keep::Never)),
    }
}

/// Answers with what every answer carries, and below `/join` with one policy, whatever the answer is. One layer for both:
/// each is paid for by every request.
pub(crate) async fn headers(Shared(join): Shared<Arc<Join>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let below = path == "/join" || path.starts_with("/join/");
    let mut response = next.run(request).await;
    complete(response.headers_mut());
    if below {
        isolate(response.headers_mut());
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, join.policy.clone());
    }
    response
}

const HTML: &str = "text/html; charset=utf-8";

/// What `/join` says where no bundle was given.
fn without_bundle(genesis: &Genesis) -> String {
    let title = genesis.title.get("en").or_else(|| genesis.title.values().next()).map_or("", String::as_str);
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"></head>\n<body>\n<h1>{title}</h1>\n\
         <h2>The registration page is not built here</h2>\n\
         <p>Take part with the command line. Your invite stays on your device: paste the link from your address bar \
         when the program asks for it.</p>\n\
         <p><code>headcount join --place \"YOUR TOWN\"</code></p>\n<p><a href=\"/\">How many are we?</a></p>\n\
         </body></html>\n"
    )
}
