//! Requests as a text that a fuzzer can change and a person can read:
//!
//! ```text
//! @POST /organiser/invites
//! authorization: Bearer {organiser}
//! content-type: application/json
//!
//! {"batch":"a","count":2}
//! ====
//! GET /counts.json
//! ```
//!
//! `@` means the organisers' listener, `====` stands between two requests, and a name in braces for what only this run
//! knows: a code, a token, a message that is whole.

use std::collections::BTreeMap;

/// Requests in one input: enough for a story, few enough to be quick.
const REQUESTS_MAX: usize = 4;

/// What stands for the names in braces.
pub type Names = BTreeMap<&'static str, Vec<u8>>;

/// One request as it was written.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether it goes to the organisers' listener.
    pub to_organisers: bool,
    /// The method.
    pub method: Vec<u8>,
    /// The target.
    pub target: Vec<u8>,
    /// Header lines.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The requests of an input, with the names replaced.
    pub fn read(input: &[u8], names: &Names) -> Vec<Self> {
        split(input, b"\n====\n").into_iter().take(REQUESTS_MAX).filter_map(|text| Self::one(text, names)).collect()
    }

    fn one(text: &[u8], names: &Names) -> Option<Self> {
        let (head, body) = cut(text, b"\n\n").unwrap_or((text, b""));
        let mut lines = split(head, b"\n").into_iter();
        let first = lines.next()?;
        let (to_organisers, first) = match first.strip_prefix(b"@") {
            Some(first) => (true, first),
            None => (false, first),
        };
        let (method, target) = cut(first, b" ")?;
        let header = |line| {
            let (name, value) = cut(line, b": ")?;
            Some((name.to_vec(), named(value, names)))
        };
        Some(Self {
            to_organisers,
            method: method.to_vec(),
            target: named(target, names),
            headers: lines.filter_map(header).collect(),
            body: named(body, names),
        })
    }

    /// The value of a header that stands once.
    pub fn only(&self, name: &str) -> Option<&[u8]> {
        let mut found = self.headers.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name.as_bytes()));
        let value = found.next().map(|(_, value)| value.as_slice());
        value.filter(|_| found.next().is_none())
    }

    /// Whether these bytes stand anywhere in it.
    pub fn holds(&self, secret: &[u8]) -> bool {
        let mut parts = vec![&self.target, &self.body];
        parts.extend(self.headers.iter().map(|(_, value)| value));
        parts.iter().any(|part| contains(part, secret))
    }
}

/// Bytes with what stands for the names in braces.
pub fn named(text: &[u8], names: &Names) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((before, behind)) = cut(rest, b"{") {
        out.extend_from_slice(before);
        let name =
            cut(behind, b"}").and_then(|(name, after)| Some((names.get(std::str::from_utf8(name).ok()?)?, after)));
        match name {
            Some((value, after)) => {
                out.extend_from_slice(value);
                rest = after;
            }
            None => {
                out.push(b'{');
                rest = behind;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Whether some bytes stand in others.
pub fn contains(all: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && all.windows(part.len()).any(|window| window == part)
}

fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

fn split<'a>(mut text: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some((before, behind)) = cut(text, mark) {
        parts.push(before);
        text = behind;
    }
    parts.push(text);
    parts
}
