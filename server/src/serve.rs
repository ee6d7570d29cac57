//! `serve`: two listeners, a thread that reads the log once, one that publishes, and an orderly end. Nothing about a
//! connection is kept or told.

use crate::config::{
    CLOCK_LOOK, CONNECTION_AGE_MAX, CONNECTIONS_MAX, DRAIN_TIMEOUT, HEADER_BYTES_MAX, HEADER_READ_TIMEOUT,
    ORGANISER_CONNECTIONS_MAX, REQUEST_TIMEOUT,
};
use crate::connections::{Arriving, Connections, Line, Seat, with_files_for};
use crate::error::{Error, Refusal};
use crate::http::closing;
use crate::pace::Pace;
use crate::{Deployment, raid, tell};
use axum::Router;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use protocol::problem::Problem;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running server. Dropping it without [`Running::stop`] leaves its tasks to the runtime.
pub struct Running {
    /// Where participants and the public reach it.
    pub address: SocketAddr,
    /// Where organisers reach it.
    pub organiser_address: SocketAddr,
    deployment: Arc<Deployment>,
    stop: watch::Sender<bool>,
    listeners: Vec<tokio::task::JoinHandle<()>>,
    raid_watch: tokio::task::JoinHandle<()>,
    log_reader: JoinHandle<()>,
    publisher: (Sender<()>, JoinHandle<()>),
}

impl Running {
    /// Serves a deployment on two listeners that are bound already.
    pub fn start(
        deployment: Deployment,
        listener: TcpListener,
        organiser_listener: TcpListener,
    ) -> Result<Self, Error> {
        let deployment = Arc::new(deployment);
        let (stop, stopped) = watch::channel(false);
        let bound = |listener: &TcpListener| listener.local_addr().map_err(|error| Error::io("the listener", error));
        let (address, organiser_address) = (bound(&listener)?, bound(&organiser_listener)?);
        let connections = |max| Connections::at_most(with_files_for(max));
        let (public, organisers) = (deployment.public_routes(), deployment.organiser_routes());
        let (crowd, few) = (connections(CONNECTIONS_MAX), connections(ORGANISER_CONNECTIONS_MAX));
        let listeners = vec![
            tokio::spawn(listen(listener, crowd, public, stopped.clone(), CONNECTION_AGE_MAX)),
            tokio::spawn(listen(organiser_listener, few, organisers, stopped, CONNECTION_AGE_MAX)),
        ];
        let raid_watch = tokio::spawn(end_at_raid(deployment.data().to_owned()));
        let log_reader = read_behind(deployment.clone())?;
        let publisher = publish(deployment.clone())?;
        Ok(Self { address, organiser_address, deployment, stop, listeners, raid_watch, log_reader, publisher })
    }

    /// What is being served.
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }

    /// Takes no new connection, lets requests under way finish, ends the publisher between two ticks, and closes the stores.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for listener in self.listeners {
            let _ = listener.await;
        }
        self.deployment.end_email();
        let (end, publisher) = self.publisher;
        drop(end);
        self.deployment.end_reading();
        let ends = move || (publisher.join(), self.log_reader.join());
        let _ = tokio::task::spawn_blocking(ends).await;
        self.raid_watch.abort();
    }
}

/// Looks for a raid until it is aborted, also while the server stops.
async fn end_at_raid(data: PathBuf) {
    loop {
        tokio::time::sleep(CLOCK_LOOK).await;
        if raid::is_asked_for(&data) {
            raid::end_process();
        }
    }
}

/// The thread that reads the log whole, once. What it finds wrong the publisher tells, and then publishes nothing.
fn read_behind(deployment: Arc<Deployment>) -> Result<JoinHandle<()>, Error> {
    let thread = std::thread::Builder::new().name("log reader".to_owned());
    let work = move || drop(deployment.read_whole_log());
    thread.spawn(work).map_err(|error| Error::io("the reader of the log could not start", error))
}

/// The thread that looks at the clock. It ends when the sender is dropped, never within a tick.
fn publish(deployment: Arc<Deployment>) -> Result<(Sender<()>, JoinHandle<()>), Error> {
    const PAUSE_AFTER_FAILURE: u32 = 50; // looks at the clock, so ten seconds
    let (end, ended) = channel();
    let work = move || {
        let _end_with_it = EndOnPanic;
        let (mut pause, mut doubted) = (0u32, false);
        while ended.recv_timeout(CLOCK_LOOK) == Err(RecvTimeoutError::Timeout) {
            if pause > 0 {
                pause -= 1;
                continue;
            }
            if let Err(error) = deployment.look_at_clock() {
                if ended.try_recv() == Err(TryRecvError::Disconnected) {
                    return; // it was told to stop in the middle of it
                }
                tell(&format!("a tick could not be finished and will be tried again: {error}"));
                pause = PAUSE_AFTER_FAILURE;
            } else if let Err(error) = deployment.keep_site() {
                tell(&format!("the static site could not be written and will be tried again: {error}"));
                pause = PAUSE_AFTER_FAILURE;
            }
            let in_doubt = deployment.clock_in_doubt();
            if in_doubt && !doubted {
                tell(
                    &"the clock jumped, or lies past the end of the campaign: nothing is published or closed until you have \
                       set it right, or said that it is with: headcount-server check --data DIR --clock-is-right",
                );
            }
            doubted = in_doubt;
        }
    };
    let thread = std::thread::Builder::new().name("publisher".to_owned()).spawn(work);
    Ok((end, thread.map_err(|error| Error::io("the publisher could not start", error))?))
}

/// A server whose publisher died would take pledges and never publish them: it ends, and the next start goes on from
/// what is on the disk.
struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&"the publisher failed; start the server again");
            std::process::abort();
        }
    }
}

/// Takes connections until it is told to stop; `age_max` is how long each may live.
async fn listen(
    listener: TcpListener,
    connections: Connections,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
    age_max: Duration,
) {
    let pace = Arc::new(Pace::new());
    while let Some(room) = connections.room().await {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, _)) = stream else {
            // a connection that was gone at once, or no file descriptor is left: then another has to end for it
            connections.end_one();
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (seat, pace) = (connections.come(room), pace.clone());
        tokio::spawn(serve_connection(stream, seat, pace, routes.clone(), stopped.clone(), age_max));
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, connections.all_ended()).await;
}

/// One connection, until it ends, has to make room, or the server stops. One that is too old ends with the next answer, which
/// says so: were it closed while it is idle, the request that is on its way just then would be lost, and whoever keeps
/// connections for others, as a web server in front does, would lose one again and again.
async fn serve_connection(
    stream: TcpStream,
    seat: Arc<Seat>,
    pace: Arc<Pace>,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
    age_max: Duration,
) {
    let _ = stream.set_nodelay(true);
    let (begin, line) = (Instant::now(), TokioIo::new(Line::of(&seat, stream)));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        // no answer says when it was made: not a receipt that is kept, nor a clock whose drift tells where an onion
        // service stands; who needs a Date notes when the answer came (RFC 9110 §6.6.1)
        .auto_date_header(false)
        .serve_connection(line, service_fn(|request| answer(request, &routes, &seat, &pace, begin + age_max)));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return, // a client's broken connection is nobody's news
        // whoever is still reading its last answer by then will never have read it
        () = tokio::time::sleep(age_max + HEADER_READ_TIMEOUT + REQUEST_TIMEOUT) => return,
        in_order = seat.has_to_end() => if !in_order { return },
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(REQUEST_TIMEOUT, connection).await;
}

/// The answer to a request; from `last` on it is the last one of its connection.
async fn answer(
    request: hyper::Request<Incoming>,
    routes: &Router,
    seat: &Arc<Seat>,
    pace: &Pace,
    last: Instant,
) -> Result<Response, Infallible> {
    let is_last = Instant::now() >= last;
    let request = request.map(|body| Arriving::on(seat, body));
    let answer = within_time(TowerToHyperService::new(routes.clone()).call(request)).await;
    seat.waits(); // also while it waits for its turn
    if let Ok(answer) = &answer {
        pace.turn(answer.status()).await;
    }
    if is_last { answer.map(closing) } else { answer }
}

/// A request and the making of its answer have a bounded time; one that ran out of it ends its connection too.
async fn within_time(answer: impl Future<Output = Result<Response, Infallible>>) -> Result<Response, Infallible> {
    let late = |_| Ok(closing(Refusal::from(Problem::Unavailable).into_response()));
    tokio::time::timeout(REQUEST_TIMEOUT, answer).await.unwrap_or_else(late)
}

/// Waits for Ctrl-C or the signal by which a service manager ends a service.
pub async fn until_told_to_stop() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match terminate.as_mut() {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CONNECTIONS_SPARE;
    use axum::routing::{get, post};
    use hyper::body::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A connection to a server that ends them at this age, and answers after half a second.
    async fn connection(age_max: Duration) -> TcpStream {
        TcpStream::connect(server(8, age_max).await).await.unwrap()
    }

    /// The address of one with so many connections.
    async fn server(connections: u32, age_max: Duration) -> SocketAddr {
        let slow = async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "whole"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (_stop, stopped) = watch::channel(false);
            let routes = Router::new().route("/", get(slow)).route("/read", post(async |body: Bytes| body));
            listen(listener, Connections::at_most(connections), routes, stopped, age_max).await;
        });
        address
    }

    /// The next answer on it, to its last byte.
    async fn answer(connection: &mut TcpStream) -> String {
        connection.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nwhole") {
            assert!(connection.read_buf(&mut answer).await.unwrap() > 0, "it ended after {answer:?}");
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_grows_too_old_while_it_is_asked_answers() {
        let answer = answer(&mut connection(Duration::from_millis(100)).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn a_connection_that_grew_too_old_while_idle_answers_the_next_request_and_says_that_it_ends() {
        let age_max = Duration::from_secs(4);
        let mut connection = connection(age_max).await;
        assert!(!answer(&mut connection).await.contains("close"), "it is young");
        tokio::time::sleep(age_max).await;
        let last = answer(&mut connection).await;
        assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
        assert_eq!(connection.read(&mut [0]).await.unwrap(), 0, "and so it does");
    }

    #[tokio::test]
    async fn where_there_is_no_room_who_has_shown_nothing_for_longest_ends_and_never_who_is_being_answered() {
        // with three of them fewer than that are free
        let address = server(CONNECTIONS_SPARE + 2, CONNECTION_AGE_MAX).await;
        let come = async || {
            let connection = TcpStream::connect(address).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            connection
        };
        let (mut asking, mut half) = (come().await, come().await);
        asking.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        half.write_all(b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut third = come().await; // for which the one with half a body ends
        assert_eq!(half.read(&mut [0]).await.unwrap_or_default(), 0, "it was not told anything");
        let mut whole = Vec::new();
        while !whole.ends_with(b"whole") {
            assert!(asking.read_buf(&mut whole).await.unwrap() > 0, "who was being answered was sent away");
        }
        let _fourth = come().await; // for which the third ends: the first has had its answer since
        assert_eq!(third.read(&mut [0]).await.unwrap_or_default(), 0);
        assert!(answer(&mut asking).await.starts_with("HTTP/1.1 200"), "it is still there");
    }
}
