//! nginx as a process of its own: its settings from `cache.conf` or `files.conf`, all that it writes in a folder of its own, never a
//! service of the machine. It is ended when dropped.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::World;
use tests::foreign::unpacked;

/// A running nginx.
pub(crate) struct Nginx {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Nginx {
    /// One that knows nothing yet, once it listens.
    pub(super) fn before(world: &World) -> Self {
        let server = world.url().strip_prefix("http://").unwrap().to_owned();
        Self::start(include_str!("cache.conf"), ("SERVER", &server), free_port())
    }

    /// One that serves the files of a folder, on a port of its own or on this one.
    pub(crate) fn with_files(folder: &Path, port: Option<u16>) -> Self {
        let root = ("ROOT", folder.to_str().unwrap());
        Self::start(include_str!("files.conf"), root, port.unwrap_or_else(free_port))
    }

    fn start(conf: &str, subject: (&str, &str), port: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_str().unwrap();
        // its workers would give up root's rights, and with them the folder
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let mut conf = conf.replace("USER", if root { "user root root;" } else { "" });
        for (word, value) in [("FOLDER", path), ("PORT", &port.to_string()), subject] {
            conf = conf.replace(word, value);
        }
        std::fs::write(folder.path().join("conf"), conf).unwrap();
        let mut command = Command::new(unpacked("usr/sbin/nginx"));
        command.arg("-p").arg(path).arg("-c").arg(folder.path().join("conf"));
        command.arg("-e").arg(folder.path().join("error.log"));
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut nginx = Self { child, folder, port };
        nginx.wait_until_it_listens();
        nginx
    }

    fn wait_until_it_listens(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().unwrap().is_some();
            let log = || std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
            assert!(!ended && start.elapsed() < Duration::from_secs(10), "nginx does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where it writes all that it writes.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // not killed: its workers would outlive it
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
