//! Addresses that a client may contact: https, and http only where it never leaves the device (loopback) or where the
//! name is itself a key (onion services). Everything else is refused before a name is looked up.

use crate::error::Error;
use reqwest::Url;
use std::fmt;
use std::net::Ipv4Addr;

/// Scheme, host and port of a server that may be contacted, without path. Having one is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    host: String,
    encrypted: bool,
}

impl BaseUrl {
    /// Reads `https://HOST[:PORT]`, with or without a slash behind it; http for loopback and onion services.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text.trim()).map_err(|_| {
            Error::Address("This is not an address; write it as https://HOST or https://HOST:PORT.".to_owned())
        })?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::Address(
                "The address must end after the host; write it as https://HOST or https://HOST:PORT.".to_owned(),
            ));
        }
        Self::of(&url)
    }

    /// The server of a whole URL.
    pub fn of(url: &Url) -> Result<Self, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        if !url.username().is_empty() || url.password().is_some() || host.is_empty() {
            return Err(Error::Address(
                "The address must hold a host, and no user name or password; write it as https://HOST.".to_owned(),
            ));
        }
        let encrypted = url.scheme() == "https";
        let kept_private = url.scheme() == "http" && (is_loopback(&host) || is_onion(&host));
        if !encrypted && !kept_private {
            return Err(Error::Address(format!(
                "{host} must be reached over https: plain http shows everything on the way, and is allowed only for \
                 this device itself and for .onion addresses."
            )));
        }
        Ok(Self { origin: url.origin().ascii_serialization(), host, encrypted })
    }

    /// Whether the host is an onion service, which only Tor can find.
    pub fn is_onion(&self) -> bool {
        is_onion(&self.host)
    }

    /// Whether it is this device itself.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether connections are TLS.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The host alone, for sentences.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of a path, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_onion(host: &str) -> bool {
    host.trim_end_matches('.').ends_with(".onion")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_loopback_http_and_onion_http_may_be_contacted() {
        for (text, origin) in [
            ("https://Example.org", "https://example.org"),
            ("https://example.org:443/", "https://example.org"),
            (" https://example.org:8443 ", "https://example.org:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.1.2.3:80", "http://127.1.2.3"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://abcdef.onion", "http://abcdef.onion"),
            ("https://abcdef.onion", "https://abcdef.onion"),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), origin, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "http://example.org",
            "http://10.0.0.1",
            "http://128.0.0.1",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://onion",
            "http://abc.onion.example.org",
            "http://[::2]",
            "http://0.0.0.0",
            "ftp://example.org",
            "file:///etc/passwd",
            "socks5h://127.0.0.1:9050",
            "https://user@example.org",
            "https://user:word@example.org",
            "https://example.org/join",
            "https://example.org/?a=b",
            "https://example.org/#x",
            "example.org",
            "",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_onion_address_is_known_as_one_however_it_is_written() {
        for text in ["http://abc.onion:80", "https://ABC.onion", "https://abc.onion."] {
            assert!(BaseUrl::parse(text).unwrap().is_onion(), "{text}");
        }
        assert!(!BaseUrl::parse("https://onion.example.org").unwrap().is_onion());
    }
}
