//! Bare bytes over a connection of their own, for clients that no HTTP library would be: that send byte by byte, break
//! off, or send rubbish. Only over plain HTTP without a proxy, so on this device; nothing of a person is ever sent here.

use crate::address::BaseUrl;
use crate::transport::Network;
use protocol::media;
use protocol::problem::Problem;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// Host and port, if bare bytes may be sent there.
pub(super) fn road(network: &Network, base: &BaseUrl) -> Option<String> {
    let bare = network.is_direct() && !base.is_encrypted() && base.is_loopback();
    let address = base.to_string();
    let host = address.strip_prefix("http://").filter(|_| bare)?;
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(if has_port { host.to_owned() } else { format!("{host}:80") })
}

/// How the bytes are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// One by one, over some seconds.
    ByteByByte,
    /// At once; then nothing more comes from this side.
    ThenNothing,
    /// At once; then the connection is dropped without reading.
    HangUp,
}

/// An answer that came over a bare connection.
pub(super) struct Answer {
    /// In a word, such as `401 token-invalid`.
    pub(super) word: String,
    /// Its body.
    pub(super) body: Vec<u8>,
}

/// Sends bytes and reads what comes back until the connection ends.
pub(super) async fn exchange(address: &str, bytes: &[u8], manner: Manner) -> Answer {
    match timeout(WHOLE, try_exchange(address, bytes, manner)).await {
        Ok(Ok(received)) => describe(&received),
        Ok(Err(error)) => word(&format!("a lost connection ({})", error.kind())),
        Err(_) => word("no end of the connection within a minute"),
    }
}

async fn try_exchange(address: &str, bytes: &[u8], manner: Manner) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    match manner {
        Manner::ByteByByte => {
            // each byte has its instant, so that a busy machine does not make this slower than a server must bear
            let (begun, pause) = (Instant::now(), DRIBBLE / u32::try_from(bytes.len().max(1)).unwrap_or(u32::MAX));
            for (number, byte) in (0u32..).zip(bytes) {
                sleep_until(begun + pause * number).await;
                stream.write_all(&[*byte]).await?;
            }
        }
        Manner::ThenNothing => {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
        }
        Manner::HangUp => {
            stream.write_all(bytes).await?;
            return Ok(Vec::new());
        }
    }
    let mut received = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut received).await?;
    Ok(received)
}

/// Status and problem of an answer.
fn describe(received: &[u8]) -> Answer {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = end.map_or((received, &[][..]), |end| (&received[..end], &received[end + 4..]));
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let status = head.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)).map(str::to_owned);
    let Some(status) = status.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit())) else {
        return word("nothing");
    };
    let problem = head.contains(media::PROBLEM).then(|| problem(body)).flatten();
    let word = problem.map_or(status.clone(), |problem| format!("{status} {}", problem.name()));
    Answer { word, body: body.to_vec() }
}

fn problem(body: &[u8]) -> Option<Problem> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    Problem::from_urn(document.get("type")?.as_str()?)
}

fn word(text: &str) -> Answer {
    Answer { word: text.to_owned(), body: Vec::new() }
}

const DRIBBLE: Duration = Duration::from_secs(4);
const WHOLE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_bytes_go_to_this_device_only_and_never_around_a_proxy() {
        let (direct, tor) = (Network::direct(), Network::through("socks5h://127.0.0.1:9050").unwrap());
        let base = |text: &str| BaseUrl::parse(text).unwrap();
        assert_eq!(road(&direct, &base("http://127.0.0.1:8080")), Some("127.0.0.1:8080".to_owned()));
        assert_eq!(road(&direct, &base("http://[::1]")), Some("[::1]:80".to_owned()));
        assert_eq!(road(&direct, &base("https://example.org")), None);
        assert_eq!(road(&direct, &base("http://abcdef.onion")), None);
        assert_eq!(road(&tor, &base("http://127.0.0.1:8080")), None);
    }

    #[test]
    fn an_answer_is_told_by_status_and_problem() {
        let refused = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\r\n\
            {\"type\":\"urn:headcount:problem:malformed\"}";
        assert_eq!(describe(refused).word, "400 malformed");
        let answer = describe(b"HTTP/1.1 200 OK\r\n\r\nabc");
        assert_eq!((answer.word.as_str(), answer.body.as_slice()), ("200", b"abc".as_slice()));
        assert_eq!(describe(b"").word, "nothing");
        assert_eq!(describe(b"SSH-2.0").word, "nothing");
    }
}
