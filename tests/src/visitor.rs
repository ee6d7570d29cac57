//! Visitor: somebody with a browser at the organisers' page, who signs in, follows no link by himself and sends forms as
//! browsers do.

use crate::World;
use reqwest::{Method, RequestBuilder, header::HeaderMap};

/// What came back, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// Every header, but the cookie's, which is random.
    pub headers: HeaderMap,
    /// `Set-Cookie`.
    pub cookie: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Somebody at the page.
pub struct Visitor {
    http: reqwest::Client,
    url: String,
    cookie: Option<String>,
}

impl Seen {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where the answer leads to.
    pub fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Visitor {
    /// Nobody that is known yet.
    pub fn at(world: &World) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.pool_max_idle_per_host(0).build().expect("a client");
        Self { http, url: world.organiser_url(), cookie: None }
    }

    /// Signs in with a token, which must open.
    pub async fn signed_in(world: &World, token: &str) -> Self {
        let mut visitor = Self::at(world);
        let seen = visitor.post("/organiser/en/sign-in", &[("token", token)]).await;
        assert_eq!((seen.status, seen.location()), (303, "/organiser/en/"), "{}", seen.text());
        visitor.keep(&seen);
        visitor
    }

    /// Takes the cookie of an answer, as browsers do.
    pub fn keep(&mut self, seen: &Seen) {
        if let Some(cookie) = &seen.cookie {
            let pair = cookie.split(';').next().unwrap_or_default().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
    }

    /// The cookie as it is sent.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// A request with the cookie.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// Looks at a page.
    pub async fn get(&self, path: &str) -> Seen {
        see(self.request(Method::GET, path)).await
    }

    /// Sends a form from a page of the same server.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        see(self.form(path, fields).header("sec-fetch-site", "same-origin").header("origin", "null")).await
    }

    /// A form without a word on where it comes from.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        request.body(body.join("&"))
    }
}

/// Sends a request and reads all that comes back.
pub async fn see(request: RequestBuilder) -> Seen {
    let response = request.send().await.expect("an answer");
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    let cookie = headers.remove("set-cookie").and_then(|value| value.to_str().map(str::to_owned).ok());
    Seen { status, headers, cookie, body: response.bytes().await.expect("a body").to_vec() }
}
