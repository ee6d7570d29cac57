//! A document that is sent from memory: made once, compressed once, with an ETag for each of its encodings (RFC 9110 §8.8.3).
//!
//! Nothing here depends on who asks, but for the encodings that the client says it reads and the copy that it has already.

use crate::config::SHARED_CACHE_SECS;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use protocol::codec::to_hex;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::LazyLock;

/// A document with its media type. Cloning it copies no bytes.
#[derive(Clone)]
pub(crate) struct Document {
    media_type: &'static str,
    plain: Representation,
    /// Where they are smaller than the plain one, best first.
    compressed: Vec<Representation>,
}

#[derive(Clone)]
struct Representation {
    /// Its name in `Content-Encoding`; none for the plain one.
    encoding: Option<&'static str>,
    body: Bytes,
    tag: HeaderValue,
}

/// How hard to compress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Not at all: what is random, or compressed already.
    None,
    /// In milliseconds: what changes at ticks.
    Quick,
    /// In tenths of a second: what never changes.
    Thorough,
}

/// How long a cache may keep a document.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    /// It never changes.
    Forever,
    /// It changes at ticks. A browser asks each time whether it has; a shared cache, such as a web server in front,
    /// need not for some seconds, so that of a crowd one asks here (RFC 9111 §5.2.2.10).
    Ask,
    /// No trace of it may be left anywhere; there is nothing to compare, so it has no tag either.
    Never,
}

impl Document {
    /// A document of these bytes. Blocking for as long as the effort says.
    pub(crate) fn new(media_type: &'static str, body: Vec<u8>, effort: Effort) -> Self {
        let name = to_hex(&Sha256::digest(&body)[..16]);
        let compressed = if effort == Effort::None { Vec::new() } else { compress(&body, effort, &name) };
        Self { media_type, plain: Representation::new(None, body, &name), compressed }
    }

    /// The bytes as they are when nothing is compressed.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.plain.body
    }

    /// The whole answer, or 304 where the client has it already.
    pub(crate) fn send(&self, request: &HeaderMap, keep: Keep) -> Response {
        let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let chosen = self.compressed.iter().find(|one| one.encoding.is_some_and(|name| accepts(accepted, name)));
        let Representation { encoding, body, tag } = chosen.unwrap_or(&self.plain);
        let known = !matches!(keep, Keep::Never) && has(request, tag);
        let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body.clone().into_response() };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if !self.compressed.is_empty() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        headers.insert(header::CACHE_CONTROL, keep.value());
        if !matches!(keep, Keep::Never) {
            headers.insert(header::ETAG, tag.clone());
        }
        response
    }
}

impl Keep {
    /// Its value of `Cache-Control`. Not `no-cache`, which would say the same to browsers: nginx and others store nothing
    /// that says so.
    fn value(self) -> HeaderValue {
        static ASK: LazyLock<HeaderValue> = LazyLock::new(|| {
            let value = format!("public, max-age=0, s-maxage={SHARED_CACHE_SECS}, must-revalidate");
            HeaderValue::try_from(value).expect("words and a number are a header's value")
        });
        match self {
            Self::Forever => HeaderValue::from_static("public, max-age=31536000, immutable"),
            Self::Ask => ASK.clone(),
            Self::Never => HeaderValue::from_static("no-store"),
        }
    }
}

impl Representation {
    fn new(encoding: Option<&'static str>, body: Vec<u8>, name: &str) -> Self {
        let tag = encoding.map_or(format!("\"{name}\""), |encoding| format!("\"{name}-{encoding}\""));
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits and letters are a header's value");
        Self { encoding, body: body.into(), tag }
    }
}

fn compress(body: &[u8], effort: Effort, name: &str) -> Vec<Representation> {
    let (quality, level) = if effort == Effort::Thorough { (11, 9) } else { (6, 6) };
    let mut small = Vec::new();
    let written = brotli::CompressorWriter::new(&mut small, 4096, quality, BROTLI_WINDOW).write_all(body);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    let gzip = gzip.write_all(body).and_then(|()| gzip.finish());
    // writing to memory cannot fail; if it did, the plain bytes would do
    [("br", written.map(|()| small).ok()), ("gzip", gzip.ok())]
        .into_iter()
        .filter_map(|(encoding, bytes)| Some((encoding, bytes.filter(|bytes| bytes.len() < body.len())?)))
        .map(|(encoding, bytes)| Representation::new(Some(encoding), bytes, name))
        .collect()
}

/// Whether `Accept-Encoding` names an encoding with a weight above zero (RFC 9110 §12.5.3).
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// Whether `If-None-Match` names this tag; a proxy that compressed on the way made it a weak one.
fn has(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = request.get(header::IF_NONE_MATCH).map_or(&[][..], HeaderValue::as_bytes);
    let mut known = known.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    known.any(|one| one.strip_prefix(b"W/").unwrap_or(one) == tag.as_bytes())
}

/// 4 MiB: more than any document here.
const BROTLI_WINDOW: u32 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::new("text/plain", b"count heads, not names ".repeat(50), Effort::Thorough)
    }

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    fn encoding(accepted: &str) -> Option<String> {
        let response = document().send(&asked(header::ACCEPT_ENCODING, accepted), Keep::Ask);
        response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_best_encoding_that_a_client_reads_is_sent() {
        assert_eq!(encoding("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(encoding("GZIP;q=0.5, br;q=0").as_deref(), Some("gzip"));
        for nothing in ["", "identity", "br;q=0, gzip;q=0.0", "brotli", "br;level=3"] {
            assert_eq!(encoding(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn each_encoding_has_its_own_tag_and_is_not_sent_twice() {
        let (plain, small) = (HeaderMap::new(), asked(header::ACCEPT_ENCODING, "br"));
        let tag = |request: &HeaderMap| {
            document().send(request, Keep::Ask).headers()[header::ETAG].to_str().unwrap().to_owned()
        };
        assert_ne!(tag(&plain), tag(&small));
        for (request, known, status) in [
            (&plain, tag(&plain), 304),
            (&small, format!("W/{}", tag(&small)), 304),
            (&small, format!("\"x\", {}", tag(&small)), 304),
            (&small, tag(&plain), 200),
            (&plain, "\"x\"".to_owned(), 200),
        ] {
            let mut request = request.clone();
            request.insert(header::IF_NONE_MATCH, known.parse().unwrap());
            assert_eq!(document().send(&request, Keep::Ask).status(), status, "{known}");
        }
    }

    #[test]
    fn what_may_not_be_kept_has_no_tag_and_is_sent_whole() {
        let kept = document().send(&HeaderMap::new(), Keep::Ask);
        let known = asked(header::IF_NONE_MATCH, kept.headers()[header::ETAG].to_str().unwrap());
        let response = document().send(&known, Keep::Never);
        assert_eq!((response.status(), response.headers().get(header::ETAG)), (StatusCode::OK, None));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn browsers_ask_each_time_and_shared_caches_after_some_seconds() {
        let kept = |keep| document().send(&HeaderMap::new(), keep).headers()[header::CACHE_CONTROL].clone();
        assert_eq!(kept(Keep::Ask), "public, max-age=0, s-maxage=5, must-revalidate");
        assert_eq!(kept(Keep::Forever), "public, max-age=31536000, immutable");
    }

    #[test]
    fn what_compression_does_not_make_smaller_is_sent_plain() {
        assert!(Document::new("text/plain", b"7".to_vec(), Effort::Quick).compressed.is_empty());
    }
}
