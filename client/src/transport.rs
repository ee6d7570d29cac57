//! How bytes leave this device. Each operation (a reading, an issuance, a redemption) has a client of its own: no
//! connection, TLS session, cookie or proxy credential is shared between two, and nothing distinguishes two users.
//! A connection ends with its answer, but for the reading of a whole log: one that stayed open would bracket token and
//! pledge. With a proxy there is never a direct connection; without one, onion addresses are refused before a look-up.

use crate::address::BaseUrl;
use crate::answer::{Answer, essence};
use crate::error::{Error, in_words};
use protocol::codec::to_hex;
use rand::TryRng;
use rand::rngs::SysRng;
use reqwest::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    LINK, REFRESH, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Certificate, Client, ClientBuilder, Proxy, RequestBuilder, Response, Url};
use std::time::Duration;

/// The road that every operation takes: straight, or through a SOCKS5 proxy that resolves names itself (Tor).
#[derive(Clone)]
pub struct Network {
    proxy: Option<Url>,
}

impl Network {
    /// Straight to the server, which then sees this device's address.
    pub fn direct() -> Self {
        Self { proxy: None }
    }

    /// Through `socks5h://HOST:PORT` and never otherwise. Any other scheme would look names up on this device.
    pub fn through(proxy: &str) -> Result<Self, Error> {
        let url = Url::parse(proxy.trim()).ok().filter(|url| url.scheme() == "socks5h");
        let url = url.ok_or_else(|| {
            Error::Address(
                "The proxy must be written as socks5h://HOST:PORT (for Tor socks5h://127.0.0.1:9050); other kinds \
                 would look names up from this device."
                    .to_owned(),
            )
        })?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if url.host_str().is_none_or(str::is_empty) || url.port().is_none() || !bare {
            return Err(Error::Address(
                "The proxy must have a host and a port and nothing else, such as socks5h://127.0.0.1:9050.".to_owned(),
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Address(
                "Leave user name and password out of the proxy's address: fresh ones are made for every operation, \
                 so that Tor takes another circuit for each."
                    .to_owned(),
            ));
        }
        Ok(Self { proxy: Some(url) })
    }

    /// Whether servers see this device's own address.
    pub fn is_direct(&self) -> bool {
        self.proxy.is_none()
    }

    /// The proxy's address, for commands that go the same road again.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_ref().map(Url::as_str)
    }

    /// Begins an operation with one server: every request over a connection of its own that ends with the answer.
    /// A server that would rather keep it open cannot, and so cannot join two operations by the time of their end.
    pub fn operation(&self, base: &BaseUrl) -> Result<Operation, Error> {
        self.begin(base, 0, Duration::ZERO)
    }

    /// Begins the reading of a whole log, hundreds of files over a few connections. Only for commands that neither ask
    /// for a token nor pledge, because such connections stay open for a while.
    pub fn reading(&self, base: &BaseUrl) -> Result<Operation, Error> {
        self.begin(base, READING_IDLE_MAX, READING_IDLE_FOR)
    }

    fn begin(&self, base: &BaseUrl, idle_max: usize, idle_for: Duration) -> Result<Operation, Error> {
        if self.is_direct() && base.is_onion() {
            return Err(Error::Address(
                "An .onion address is reached only through Tor; give --proxy socks5h://127.0.0.1:9050 (or 9150 for \
                 Tor Browser's)."
                    .to_owned(),
            ));
        }
        let mut builder = Client::builder()
            .no_proxy() // none from the environment
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(idle_max)
            .pool_idle_timeout(idle_for)
            .connect_timeout(if self.is_direct() { CONNECT } else { CONNECT_THROUGH_PROXY })
            .timeout(WHOLE);
        builder = trust(builder, base)?;
        if let Some(proxy) = &self.proxy {
            let proxy = Proxy::all(proxy.clone()).map_err(|_| client_error())?;
            // Tor's IsolateSOCKSAuth: other credentials, another circuit.
            builder = builder.proxy(proxy.basic_auth(&random_name()?, &random_name()?));
        }
        Ok(Operation {
            client: builder.build().map_err(|_| client_error())?,
            base: base.clone(),
            direct: self.is_direct(),
        })
    }
}

/// Connections to one server for one purpose.
#[derive(Clone)]
pub struct Operation {
    client: Client,
    base: BaseUrl,
    direct: bool,
}

/// What is posted.
pub struct Message<'a> {
    /// Value of `Authorization`, if any; it is never printed.
    pub authorization: Option<&'a str>,
    /// Value of `Content-Type`.
    pub media_type: &'a str,
    /// The body.
    pub body: Vec<u8>,
}

impl Operation {
    /// The server.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// GET of a path; an answer of more than `bytes_max` is refused.
    pub async fn get(&self, path: &str, bytes_max: usize) -> Result<Answer, Error> {
        self.send(self.client.get(self.base.join(path)), bytes_max).await
    }

    /// GET of a path, unless the document there is still the one with this tag: then the status is 304.
    pub async fn get_unless(&self, path: &str, tag: Option<&str>, bytes_max: usize) -> Result<Answer, Error> {
        let mut request = self.client.get(self.base.join(path));
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        self.send(request, bytes_max).await
    }

    /// GET of a path with a bearer token.
    pub async fn get_authorised(&self, path: &str, authorization: &str, bytes_max: usize) -> Result<Answer, Error> {
        let request = self.client.get(self.base.join(path));
        let request = request.header(AUTHORIZATION, secret_value(authorization)?);
        self.send(request, bytes_max).await
    }

    /// POST to a path.
    pub async fn post(&self, path: &str, message: Message<'_>, bytes_max: usize) -> Result<Answer, Error> {
        let mut request = self.client.post(self.base.join(path));
        if let Some(authorization) = message.authorization {
            request = request.header(AUTHORIZATION, secret_value(authorization)?);
        }
        let request = request.header(CONTENT_TYPE, message.media_type).body(message.body);
        self.send(request, bytes_max).await
    }

    async fn send(&self, request: RequestBuilder, bytes_max: usize) -> Result<Answer, Error> {
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let headers = response.headers();
        let text = |name: HeaderName| text_of(headers, &name);
        let (media_type, www_authenticate, retry_after, tag) =
            (text(CONTENT_TYPE), text(WWW_AUTHENTICATE), text(RETRY_AFTER), text(ETAG));
        let policy =
            text(CONTENT_SECURITY_POLICY).filter(|_| headers.get_all(CONTENT_SECURITY_POLICY).iter().count() == 1);
        let leads_elsewhere = headers.contains_key(LINK) || headers.contains_key(REFRESH);
        let bytes_max = if status.is_success() { bytes_max } else { PROBLEM_BYTES_MAX };
        let body = self.read_body(response, bytes_max).await?;
        Ok(Answer {
            status: status.as_u16(),
            body,
            www_authenticate,
            policy,
            leads_elsewhere,
            tag,
            media_type: media_type.as_deref().map(essence),
            retry_after_seconds: retry_after.and_then(|value| value.trim().parse().ok()),
            host: self.base.host().to_owned(),
        })
    }

    async fn read_body(&self, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len() + chunk.len() > bytes_max {
                return Err(Error::Misbehaved(format!(
                    "{} sent more than the {bytes_max} bytes that such an answer can have, so it was not read further.",
                    self.base.host()
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn lost(&self, error: &reqwest::Error) -> Error {
        let host = self.base.host();
        let road = if self.direct { "" } else { " through the proxy" };
        let hint = match self.direct {
            true => "check the address (https, or http for this device alone), the network and this device's clock",
            false => "check that the proxy (Tor) runs; nothing was sent around it",
        };
        Error::Lost(if error.is_timeout() {
            format!("{host} did not answer in time{road}; try again.")
        } else if error.is_connect() {
            format!("No connection to {host}{road}: {}; {hint}.", root_cause(error))
        } else {
            format!("The answer of {host} was lost{road}: {}; try again.", root_cause(error))
        })
    }
}

/// Whom to believe who a server is: the public authorities that are compiled in, judged by rustls itself. Never the
/// operating system: on Windows and macOS it fetches revocation lists and missing certificates by itself, around the
/// proxy and with the server's name, and everywhere it trusts roots that an employer or a state has installed.
/// No test shows this, because a test would need such a system; it stands and falls with `tls_certs_only`.
fn trust(builder: ClientBuilder, base: &BaseUrl) -> Result<ClientBuilder, Error> {
    if !base.is_encrypted() {
        return Ok(builder.tls_certs_only([])); // no certificate is ever looked at
    }
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| Certificate::from_der(root));
    let roots = roots.collect::<Result<Vec<_>, _>>().map_err(|_| client_error())?;
    Ok(builder.tls_certs_only(roots))
}

const CONNECT: Duration = Duration::from_secs(30);
/// A circuit to an onion service is long in the making.
const CONNECT_THROUGH_PROXY: Duration = Duration::from_secs(90);
const WHOLE: Duration = Duration::from_secs(120);
const PROBLEM_BYTES_MAX: usize = 16 * 1024;
/// As many as a log reader has files under way.
const READING_IDLE_MAX: usize = 8;
/// Less than servers keep an idle connection, ours for 30 seconds: a request that meets its end is lost.
pub const READING_IDLE_FOR: Duration = Duration::from_secs(20);

fn client_error() -> Error {
    Error::Local(
        "The network client cannot be set up; try again, and install this program anew if it stays so.".to_owned(),
    )
}

/// 128 random bits as text: a name that nobody had before.
fn random_name() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| {
        Error::Local("The operating system gives no random numbers; start it anew and try again.".to_owned())
    })?;
    Ok(to_hex(&bytes))
}

fn secret_value(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::Local("The token holds characters that none has; copy it again, whole and in one line.".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The innermost reason, which alone says something to a person ("Connection refused").
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    in_words(cause)
}

#[cfg(test)]
mod tests;
