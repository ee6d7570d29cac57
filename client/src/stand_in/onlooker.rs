//! A server that keeps every connection open as long as it can, and writes down when each was opened and closed: what a
//! hostile one would do to join operations by the times of their connections.

use super::{Bound, World, read_request};
use crate::address::BaseUrl;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Visit {
    pub(crate) opened: Instant,
    pub(crate) closed: Option<Instant>,
    /// Method and path of each request.
    pub(crate) requests: Vec<String>,
}

pub(crate) type Visits = Arc<Mutex<Vec<Visit>>>;

/// Serves a world without ever closing a connection.
pub(crate) async fn linger(make: impl Fn(&str) -> World) -> (BaseUrl, Arc<World>, Visits) {
    let bound = Bound::new().await;
    let (base, world) = (BaseUrl::parse(&format!("http://{}", bound.host())).unwrap(), Arc::new(make(&bound.host())));
    let visits = Visits::default();
    let (answering, notes) = (Arc::clone(&world), Arc::clone(&visits));
    tokio::spawn(async move {
        while let Ok((stream, _)) = bound.0.accept().await {
            let visit = Visit { opened: Instant::now(), closed: None, requests: Vec::new() };
            let index = {
                let mut notes = notes.lock().unwrap();
                notes.push(visit);
                notes.len() - 1
            };
            tokio::spawn(stay(stream, Arc::clone(&answering), Arc::clone(&notes), index));
        }
    });
    (base, world, visits)
}

async fn stay(mut stream: TcpStream, world: Arc<World>, notes: Visits, index: usize) {
    while let Some(request) = read_request(&mut stream).await {
        let line = String::from_utf8_lossy(&request).split(" HTTP").next().unwrap_or_default().to_owned();
        notes.lock().unwrap()[index].requests.push(line);
        let answer = world.answer(&request);
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let length = format!("\r\ncontent-length: {}\r\n\r\n", answer.len() - end - 4);
        let whole = [b"HTTP/1.1 ", &answer[..end], length.as_bytes(), &answer[end + 4..]].concat();
        let _ = stream.write_all(&whole).await;
    }
    notes.lock().unwrap()[index].closed = Some(Instant::now());
}
