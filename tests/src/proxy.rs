//! A SOCKS5 proxy of ours that stands between a client and the server: it notes what an onlooker would see, and can
//! put another answer in the place of the server's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One connection as the proxy saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// User name and password that it was opened with.
    pub credentials: String,
    /// Where it went, as the client wrote it.
    pub target: String,
    /// Request lines, in order.
    pub requests: Vec<String>,
    /// Names of all headers that the client sent, in lower case.
    pub headers: Vec<String>,
    /// How many other connections were open when it began.
    pub others_open: usize,
    /// Whether it has ended.
    pub ended: bool,
}

/// A running proxy.
pub struct SpyProxy {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Connection>>>,
}

/// A path, and the body that is sent instead of the server's.
pub type Lie = (String, Vec<u8>);

impl SpyProxy {
    /// Starts a proxy that forwards to whatever address it is asked for, on loopback only.
    pub async fn start(lie: Option<Lie>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let seen: Arc<Mutex<Vec<Connection>>> = Arc::default();
        let (notes, lie) = (seen.clone(), Arc::new(lie));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (notes, lie) = (notes.clone(), lie.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, &notes, lie.as_ref().as_ref()).await;
                });
            }
        });
        Self { address, seen }
    }

    /// The proxy as a client is told of it.
    pub fn url(&self) -> String {
        format!("socks5h://{}", self.address)
    }

    /// What was seen so far, in the order of connections.
    pub fn seen(&self) -> Vec<Connection> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut client: TcpStream, notes: &Mutex<Vec<Connection>>, lie: Option<&Lie>) -> std::io::Result<()> {
    let (credentials, target) = handshake(&mut client).await?;
    let mut server = TcpStream::connect(&target).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    let index = {
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        let others_open = notes.iter().filter(|connection| !connection.ended).count();
        notes.push(Connection { credentials, target, others_open, ..Connection::default() });
        notes.len() - 1
    };
    let forwarded = forward(client, &mut server, notes, index, lie).await;
    notes.lock().unwrap_or_else(PoisonError::into_inner)[index].ended = true;
    forwarded
}

async fn forward(
    mut client: TcpStream,
    server: &mut TcpStream,
    notes: &Mutex<Vec<Connection>>,
    index: usize,
    lie: Option<&Lie>,
) -> std::io::Result<()> {
    while let Some((head, message)) = read_message(&mut client).await? {
        let mut lines = head.lines();
        let request = lines.next().unwrap_or_default().to_owned();
        {
            let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes[index].headers.extend(lines.filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase())));
            notes[index].requests.push(request.clone());
        }
        server.write_all(&message).await?;
        let Some((head, answer)) = read_message(server).await? else {
            return Ok(());
        };
        match lie.filter(|(path, _)| request.split(' ').nth(1) == Some(path)) {
            Some((_, body)) => {
                let kind =
                    head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:")).unwrap_or("x: y");
                let head = format!("HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {}\r\n\r\n", body.len());
                client.write_all(&[head.as_bytes(), body].concat()).await?;
            }
            None => client.write_all(&answer).await?,
        }
    }
    Ok(())
}

/// SOCKS5 with user name and password (RFC 1928, RFC 1929); the target must be a name or an address of this machine.
/// What comes back are the credentials and the target; the success is left to the caller to tell.
pub async fn handshake(client: &mut TcpStream) -> std::io::Result<(String, String)> {
    let greeting = client.read_u16().await?;
    let mut methods = vec![0; usize::from(greeting & 0xff)];
    client.read_exact(&mut methods).await?;
    client.write_all(&[5, 2]).await?;
    client.read_u8().await?;
    let mut credentials = String::new();
    for _ in 0..2 {
        credentials.push_str(&read_text(client).await?);
        credentials.push(' ');
    }
    client.write_all(&[1, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        3 => read_text(client).await?,
        1 => std::net::Ipv4Addr::from(client.read_u32().await?).to_string(),
        _ => return Err(std::io::ErrorKind::Unsupported.into()),
    };
    let port = client.read_u16().await?;
    if !matches!(host.as_str(), "localhost" | "127.0.0.1") {
        return Err(std::io::ErrorKind::AddrNotAvailable.into());
    }
    Ok((credentials, format!("{host}:{port}")))
}

async fn read_text(client: &mut TcpStream) -> std::io::Result<String> {
    let mut text = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut text).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// One HTTP/1.1 message with a content length or without a body: its head as text, and all of its bytes.
async fn read_message(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut message = Vec::new();
    while !message.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => message.push(byte),
            Err(_) if message.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8_lossy(&message).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let start = message.len();
    message.resize(start + length.unwrap_or(0), 0);
    stream.read_exact(&mut message[start..]).await?;
    Ok(Some((head, message)))
}
