//! `headcount-server serve` as a process of its own on the machine's clock: how long it takes to serve, its memory, its processor
//! time. Linux only: it reads `/proc`.

use crate::clocks::cpu_of;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::programs::program;

/// A running server, killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where participants reach it.
    pub(crate) address: SocketAddr,
    /// From the start of the program to its first answer.
    pub(crate) until_it_served: Duration,
}

/// Bytes of memory.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// The most that it ever had.
    pub(crate) peak: u64,
    pub(crate) now: u64,
}

impl Process {
    /// Starts it on a folder and waits until `/healthz` says 200.
    pub(crate) fn start(data: &Path) -> Self {
        let server = program("headcount-server"); // which may have to be made first
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("a bound address");
        let mut command = Command::new(server);
        command.args(["serve", "--listen", &free.to_string(), "--organiser-listen", "127.0.0.1:0", "--data"]).arg(data);
        let begin = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().expect("the program");
        let mut process = Self { child, address: free, until_it_served: Duration::ZERO };
        process.wait();
        process.until_it_served = begin.elapsed();
        process
    }

    /// The server listens before it has read its folder, and answers after: so one connection that waits tells the moment
    /// better than many that ask again.
    fn wait(&mut self) {
        let begin = Instant::now();
        let mut stream = loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "the server does not listen: {error}"),
            }
            self.demand_life();
            std::thread::sleep(PAUSE);
        };
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("a write");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        self.demand_life();
        read.expect("an answer in time");
        assert!(answer.starts_with("HTTP/1.1 200 "), "the server is not well: {answer}");
    }

    fn demand_life(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert!(ended.is_none(), "the server ended, see above: {ended:?}");
    }

    /// Its memory.
    pub(crate) fn memory(&self) -> Memory {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(path).expect("Linux tells the memory of a process");
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of it");
            let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
            kibibytes * 1024
        };
        Memory { peak: field("VmHWM:"), now: field("VmRSS:") }
    }

    /// The processor time that it has used, to 10 ms.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(&self.child.id().to_string())
    }

    /// Tells it to stop, as a shell would, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.demand_life();
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("the command kill");
        assert!(told.success(), "it could not be told");
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "the server ended badly: {status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

/// For one start.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(10);
