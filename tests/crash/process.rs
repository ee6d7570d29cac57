//! A `headcount-server serve` that can be killed, or that is killed before a chosen system call; ended when dropped.

use crate::calls::{Point, Trace};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tests::programs::program;

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Where participants reach it.
    pub url: String,
    /// Where organisers reach it.
    pub organiser_url: String,
    told: PathBuf,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it on a folder and waits until it says where it listens: a fresh port each time.
    pub(crate) fn start(data: &Path) -> Self {
        Self::run(Command::new(program("headcount-server")), data, None)
    }

    /// Starts it with a registration page.
    pub(crate) fn start_with_page(data: &Path, page: &Path) -> Self {
        Self::run(Command::new(program("headcount-server")), data, Some(page))
    }

    /// Starts it with a page under strace, which writes down its calls.
    pub(crate) fn watch_with_page(data: &Path, page: &Path, trace: &Path) -> Self {
        Self::run(Self::traced(data, &Trace::Watch(trace.to_owned())), data, Some(page))
    }

    /// Starts it under strace, which runs beside it: so the child is the server itself.
    pub(crate) fn start_traced(data: &Path, trace: &Trace) -> Self {
        Self::run(Self::traced(data, trace), data, None)
    }

    /// The same where it may not start: then what it said.
    pub(crate) fn try_start_traced(data: &Path, trace: &Trace) -> Result<Self, String> {
        Self::try_run(Self::traced(data, trace), data, None)
    }

    /// [`Self::start`] where it may not start.
    pub(crate) fn try_start(data: &Path) -> Result<Self, String> {
        Self::try_run(Command::new(program("headcount-server")), data, None)
    }

    /// Starts it under strace to die before it serves, perhaps with a page.
    pub(crate) fn die_starting(data: &Path, page: Option<&Path>, point: &Point) {
        let (mut child, told) = Self::spawn(Self::traced(data, &Trace::Kill(point.clone())), data, page);
        demand_death(&mut child, &told, point);
    }

    fn traced(data: &Path, trace: &Trace) -> Command {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-qq"]).args(trace.arguments(data)).arg(program("headcount-server"));
        command
    }

    fn spawn(mut command: Command, data: &Path, page: Option<&Path>) -> (Child, PathBuf) {
        let told = data.with_extension("stderr");
        let stderr = File::options().create(true).append(true).open(&told).unwrap();
        command.args(["serve", "--listen", "127.0.0.1:0", "--organiser-listen", "127.0.0.1:0", "--data"]).arg(data);
        command.args(page.map(|_| "--page")).args(page);
        (command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap(), told)
    }

    fn run(command: Command, data: &Path, page: Option<&Path>) -> Self {
        Self::try_run(command, data, page).unwrap_or_else(|said| panic!("{said}"))
    }

    fn try_run(command: Command, data: &Path, page: Option<&Path>) -> Result<Self, String> {
        let (mut child, told) = Self::spawn(command, data, page);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut url, mut organiser_url, mut line) = (String::new(), String::new(), String::new());
        while !line.contains("Ctrl-C") {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let status = child.wait().unwrap();
                let said = std::fs::read_to_string(&told).unwrap();
                return Err(format!("the server did not start ({status}): {said}"));
            }
            let mut addresses = line.split_whitespace().filter(|word| word.starts_with("http://"));
            if let (Some(public), Some(organiser)) = (addresses.next(), addresses.next()) {
                (url, organiser_url) = (public.to_owned(), organiser.to_owned());
            }
        }
        Ok(Self { child, url, organiser_url, told, _stdout: stdout })
    }

    /// kill -9, and its funeral.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it had ended before: {status}; {}", self.told());
    }

    /// Waits until it has died of kill -9 by itself.
    pub(crate) fn demand_death(&mut self, point: &Point) {
        demand_death(&mut self.child, &self.told, point);
    }

    /// Whether it dies of kill -9 by itself, before or soon after what it should have died in is over. If not, it is killed.
    pub(crate) fn dies(&mut self, point: &Point, is_over: impl Fn() -> bool) -> bool {
        let (start, mut over) = (Instant::now(), None::<Instant>);
        while over.is_none_or(|over| over.elapsed() < Duration::from_secs(2))
            && start.elapsed() < Duration::from_secs(60)
        {
            if self.child.try_wait().unwrap().is_some() {
                demand_death(&mut self.child, &self.told, point);
                return true;
            }
            over = over.or_else(|| is_over().then(Instant::now));
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        false
    }

    /// Whether it ends by itself within some seconds.
    pub(crate) fn has_ended(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// What it told its operator, over all its lives.
    fn told(&self) -> String {
        std::fs::read_to_string(&self.told).unwrap_or_default()
    }
}

/// Waits for a death by kill -9, and notes at what beside what the server told.
fn demand_death(child: &mut Child, told: &Path, point: &Point) {
    let (start, said) = (Instant::now(), || std::fs::read_to_string(told).unwrap_or_default());
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.signal(), Some(9), "it ended otherwise: {status}; {}", said());
            return writeln!(File::options().append(true).open(told).unwrap(), "killed {point}").unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    panic!("it lives on, and did not die {point}; {}", said());
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
