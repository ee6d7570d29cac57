//! Sessions of the organisers' page: a random cookie stands for a token that was typed once. They are in memory only, as
//! digests, bounded in number and life; each request looks the account up anew. And the rule by which a form is believed
//! to come from our own page.

use crate::config::{SESSION_LIFE, SESSIONS_PER_ACCOUNT_MAX};
use crate::http::only;
use crate::organisers::digest_of;
use axum::http::{HeaderMap, HeaderValue, header};
use protocol::codec::to_base64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use zeroize::Zeroizing;

/// Whoever is signed in.
#[derive(Default)]
pub(crate) struct Sessions {
    /// The oldest first.
    open: Mutex<Vec<Session>>,
}

struct Session {
    cookie_digest: [u8; 32],
    token_digest: [u8; 32],
    lang: &'static str,
    since: Instant,
}

impl Sessions {
    /// Opens a session for the token of this digest and gives the `Set-Cookie` for it. Where there are too many of that
    /// token its oldest ends: nobody can sign out anybody else.
    pub(crate) fn open(&self, token_digest: [u8; 32], lang: &'static str, now: Instant) -> HeaderValue {
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
        let value = Zeroizing::new(to_base64(bytes.as_slice()));
        let value = value.trim_end_matches('=');
        let mut open = self.alive(now);
        let mut own = open.iter().enumerate().filter(|(_, one)| one.token_digest == token_digest);
        let (oldest, count) = (own.next().map(|(at, _)| at), 1 + own.count());
        if let Some(oldest) = oldest.filter(|_| count >= SESSIONS_PER_ACCOUNT_MAX) {
            open.remove(oldest);
        }
        open.push(Session { cookie_digest: digest_of(value), token_digest, lang, since: now });
        set_cookie(value, SESSION_LIFE.as_secs())
    }

    /// The digest of the token that a request's session stands for, and the language of the page that it began on.
    pub(crate) fn find(&self, headers: &HeaderMap, now: Instant) -> Option<([u8; 32], &'static str)> {
        let digest = digest_of(cookie(headers)?);
        let open = self.alive(now);
        open.iter().find(|one| one.cookie_digest == digest).map(|one| (one.token_digest, one.lang))
    }

    /// Ends a request's session and gives the `Set-Cookie` that removes its cookie.
    pub(crate) fn end(&self, headers: &HeaderMap, now: Instant) -> HeaderValue {
        if let Some(cookie) = cookie(headers) {
            let digest = digest_of(cookie);
            self.alive(now).retain(|one| one.cookie_digest != digest);
        }
        set_cookie("", 0)
    }

    fn alive(&self, now: Instant) -> MutexGuard<'_, Vec<Session>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| now.saturating_duration_since(one.since) < SESSION_LIFE);
        open
    }
}

/// Whether a form comes from a page of this very server, as the browser says: no other page can make it say so. Browsers
/// leave `Sec-Fetch-Site` out where the address is not trustworthy to them, and then `Origin` must name the host.
pub(crate) fn from_own_page(headers: &HeaderMap) -> bool {
    let text = |name| only(headers, name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).filter(|origin| *origin != "null"); // which it says where no referrer is sent
    let ours = |origin: &str| {
        let host = text(header::HOST).filter(|host| !host.is_empty());
        host.is_some_and(|host| ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host)))
    };
    match (headers.contains_key(SEC_FETCH_SITE), origin) {
        (true, origin) => {
            text(header::HeaderName::from_static(SEC_FETCH_SITE)) == Some("same-origin") && origin.is_none_or(ours)
        }
        (false, origin) => origin.is_some_and(ours),
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = only(headers, header::COOKIE)?.to_str().ok()?;
    let mut ours = all.split(';').filter_map(|one| one.trim().strip_prefix(NAME)?.strip_prefix('='));
    ours.next().filter(|value| !value.is_empty() && ours.next().is_none())
}

/// Without `Secure`: the listener speaks plain HTTP on loopback, and behind an onion service.
fn set_cookie(value: &str, seconds: u64) -> HeaderValue {
    let text = format!("{NAME}={value}; Path=/organiser; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    let mut value = HeaderValue::try_from(text).expect("base64 and words are a header's value");
    value.set_sensitive(true);
    value
}

const NAME: &str = "headcount-organiser";
const SEC_FETCH_SITE: &str = "sec-fetch-site";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn sent(set: &HeaderValue) -> HeaderMap {
        headers(&[("cookie", set.to_str().unwrap().split(';').next().unwrap())])
    }

    #[test]
    fn a_session_lasts_until_it_is_ended_or_too_old() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let cookies = [sessions.open([1; 32], "en", now), sessions.open([2; 32], "fa", now)];
        let text = cookies[0].to_str().unwrap();
        for rule in ["; Path=/organiser;", "; HttpOnly", "; SameSite=Strict"] {
            assert!(text.contains(rule), "{text}");
        }
        assert_ne!(cookies[0], cookies[1]);
        assert_eq!(sessions.find(&sent(&cookies[0]), now), Some(([1; 32], "en")));
        assert_eq!(sessions.find(&sent(&cookies[1]), now), Some(([2; 32], "fa")));
        assert!(sessions.end(&sent(&cookies[0]), now).to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(sessions.find(&sent(&cookies[0]), now), None);
        let later = now + SESSION_LIFE;
        assert!(sessions.find(&sent(&cookies[1]), later - Duration::from_secs(1)).is_some());
        assert_eq!(sessions.find(&sent(&cookies[1]), later), None);
    }

    #[test]
    fn of_too_many_sessions_of_one_organiser_her_oldest_ends_and_nobody_elses() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let other = sessions.open([2; 32], "en", now);
        let cookies: Vec<HeaderValue> =
            (0..=SESSIONS_PER_ACCOUNT_MAX).map(|_| sessions.open([1; 32], "en", now)).collect();
        assert_eq!(sessions.find(&sent(&cookies[0]), now), None);
        assert!(cookies[1..].iter().chain([&other]).all(|cookie| sessions.find(&sent(cookie), now).is_some()));
    }

    #[test]
    fn a_cookie_in_any_other_spelling_opens_nothing() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let good = sessions.open([1; 32], "en", now);
        let pair = good.to_str().unwrap().split(';').next().unwrap().to_owned();
        let value = pair.split_once('=').unwrap().1.to_owned();
        let found = |cookie: &str| sessions.find(&headers(&[("cookie", cookie)]), now).is_some();
        assert!(found(&pair) && found(&format!("other=1; {pair}; more=2")));
        for bad in
            [format!("{pair}x"), pair[..pair.len() - 1].to_owned(), format!("{NAME}="), format!("{NAME}2={value}")]
        {
            assert!(!found(&bad), "{bad}");
        }
        assert!(!found(&format!("{pair}; {pair}")), "of two nobody knows which");
        assert!(!found(""));
    }

    #[test]
    fn a_form_of_another_page_is_not_believed() {
        let host = ("host", "127.0.0.1:8081");
        let believed = |more: &[(&'static str, &str)]| from_own_page(&headers(&[&[host], more].concat()));
        for good in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8081")],
            &[("origin", "http://127.0.0.1:8081")],
        ] {
            assert!(believed(good), "{good:?}");
        }
        for bad in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "http://evil.example")],
            &[("origin", "http://127.0.0.1:8080")],
            &[("origin", "http://127.0.0.1:8081.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8081")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
        ] {
            assert!(!believed(bad), "{bad:?}");
        }
        assert!(!from_own_page(&headers(&[("origin", "http://")])));
    }
}
