//! Connections: those that are open, and which of them ends when others come and there is hardly room. It is the one that
//! has waited longest since it last showed anything: by coming, by a whole request, by taking bytes of an answer. One whose
//! request is being answered never ends for that.
//!
//! There is one queue and no class before another: of two classes, whoever attacks would fill the better one. So a place
//! is kept only by who does something with it before as many others have come as there are places. Neither a time nor an
//! address is known here; addresses would be those of the web server or of Tor, on this machine.

use crate::config::{CONNECTIONS_SPARE, FILES_RESERVED};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All connections of one listener.
pub(crate) struct Connections {
    max: u32,
    free: Arc<Semaphore>,
    queue: Arc<Mutex<Queue>>,
}

/// Those that wait, by their turn to end. Turns are counted, not timed.
#[derive(Default)]
struct Queue {
    turns: u64,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

impl Connections {
    /// None yet, and at most so many.
    pub(crate) fn at_most(max: u32) -> Self {
        Self { max, free: Arc::new(Semaphore::new(max as usize)), queue: Arc::default() }
    }

    /// Waits until there is room for one more: at most until one of those that are being answered has its answer.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// One that came. Where hardly any room is left, another ends for it.
    pub(crate) fn come(&self, room: OwnedSemaphorePermit) -> Arc<Seat> {
        if self.free.available_permits() < CONNECTIONS_SPARE as usize {
            self.end_one();
        }
        let seat = Seat { _room: room, queue: self.queue.clone(), turn: Mutex::default(), end: Arc::default() };
        seat.waits();
        Arc::new(seat)
    }

    /// Ends the one that has waited longest, if any waits.
    pub(crate) fn end_one(&self) {
        if let Some((_, end)) = lock(&self.queue).waiting.pop_first() {
            end.notify_one();
        }
    }

    /// Waits until all have ended.
    pub(crate) async fn all_ended(&self) {
        let _ = self.free.acquire_many(self.max).await;
    }
}

/// The place of one connection. It is given back when this is dropped.
pub(crate) struct Seat {
    _room: OwnedSemaphorePermit,
    queue: Arc<Mutex<Queue>>,
    /// Its turn to end while it waits; none while it is being answered.
    turn: Mutex<Option<u64>>,
    end: Arc<Notify>,
}

impl Seat {
    /// Its whole request has come.
    fn is_answered(&self) {
        let turn = lock(&self.turn).take();
        if let Some(turn) = turn {
            lock(&self.queue).waiting.remove(&turn);
        }
    }

    /// It is at the end of the queue: it has just come, its answer is there to be taken, or it took some of that.
    pub(crate) fn waits(&self) {
        let mut turn = lock(&self.turn);
        let mut queue = lock(&self.queue);
        if let Some(before) = *turn {
            queue.waiting.remove(&before);
        }
        queue.turns += 1;
        let last = queue.turns;
        queue.waiting.insert(last, self.end.clone());
        *turn = Some(last);
    }

    /// Waits until it has to make room; whether it may end in an orderly way, because it has shown something meanwhile.
    pub(crate) async fn has_to_end(&self) -> bool {
        self.end.notified().await;
        let turn = lock(&self.turn);
        turn.is_none_or(|turn| lock(&self.queue).waiting.contains_key(&turn))
    }

    fn took_some(&self) {
        if lock(&self.turn).is_some() {
            self.waits();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.is_answered();
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of a request. When its last byte has come, its connection is being answered.
pub(crate) struct Arriving {
    body: Incoming,
    seat: Arc<Seat>,
}

impl Arriving {
    /// A body that may have come already, as one of no bytes has.
    pub(crate) fn on(seat: &Arc<Seat>, body: Incoming) -> Self {
        if body.is_end_stream() {
            seat.is_answered();
        }
        Self { body, seat: seat.clone() }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.seat.is_answered();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The bytes of a connection, which note that some of an answer were taken.
pub(crate) struct Line {
    stream: TcpStream,
    seat: Arc<Seat>,
}

impl Line {
    /// Those of this connection.
    pub(crate) fn of(seat: &Arc<Seat>, stream: TcpStream) -> Self {
        Self { stream, seat: seat.clone() }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.seat.took_some();
        }
        written
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// How many of so many connections this process has files for, once its limit is as high as it may be.
pub(crate) fn with_files_for(connections: u32) -> u32 {
    let limit = getrlimit(Resource::Nofile);
    let lifted = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).is_ok();
    let files = if lifted { limit.maximum } else { limit.current };
    let left = files.map_or(connections, |files| u32::try_from(files).unwrap_or(u32::MAX));
    connections.min(left.saturating_sub(FILES_RESERVED)).max(CONNECTIONS_SPARE)
}
