//! A wire between a front and the server, with an ear at it: what the server hears is written down.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A wire to a server.
pub(super) struct Wire {
    /// Where it begins.
    pub(super) address: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    /// One that ends at this address.
    pub(super) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let notes = heard.clone();
        tokio::spawn(async move {
            while let Ok((front, _)) = listener.accept().await {
                let (server, notes) = (server.clone(), notes.clone());
                tokio::spawn(async move { carry(front, &server, &notes).await });
            }
        });
        Self { address, heard }
    }

    /// All that the server heard.
    pub(super) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap_or_else(PoisonError::into_inner)).to_lowercase()
    }
}

async fn carry(front: TcpStream, server: &str, notes: &Mutex<Vec<u8>>) -> Option<()> {
    let server = TcpStream::connect(server).await.ok()?;
    let ((mut from_front, mut to_front), (mut from_server, mut to_server)) = (front.into_split(), server.into_split());
    let asked = async {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from_front.read(&mut bytes).await {
            notes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..count]);
            to_server.write_all(&bytes[..count]).await.ok()?;
        }
        to_server.shutdown().await.ok()
    };
    let answered = async {
        tokio::io::copy(&mut from_server, &mut to_front).await.ok()?;
        to_front.shutdown().await.ok()
    };
    tokio::join!(asked, answered).0
}
