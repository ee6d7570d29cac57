//! nginx or Caddy as a process of its own, with the settings that `headcount-server install` wrote: changed in the ports, in
//! the certificate, and in the folders, which are one folder of its own. It is ended when dropped.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::foreign::unpacked;
use tests::programs::program;

/// The host name that they are set up for.
pub(crate) const HOST: &str = "count.example.org";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

/// What `install` writes, in a folder.
pub(crate) fn written(more: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut install = Command::new(program("headcount-server"));
    install.args(["install", "--host", HOST, "--to"]).arg(folder.path()).args(more);
    let output = install.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// A running front.
pub(crate) struct Front {
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    plain: SocketAddr,
}

impl Front {
    /// As it was written, before the server at this address.
    pub(crate) fn before(kind: Kind, server: &str) -> Self {
        Self::changed(kind, server, |settings| settings)
    }

    /// With other settings than were written.
    pub(crate) fn changed(kind: Kind, server: &str, change: impl Fn(String) -> String) -> Self {
        let folder = written(&["--onion", &format!("{}.onion", "a".repeat(56))]);
        let path = folder.path();
        certify(path);
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (address, plain) = (free(), free());
        let name = if kind == Kind::Nginx { "nginx.conf" } else { "caddy.json" };
        let settings = std::fs::read_to_string(path.join(name)).unwrap();
        let settings = change(put(settings, "127.0.0.1:8080", server));
        let mut command = match kind {
            Kind::Nginx => nginx(path, &settings, address, plain),
            Kind::Caddy => caddy(path, &settings, address, plain),
        };
        let said = || File::options().create(true).append(true).open(path.join("said")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(said()).stderr(said()).spawn().unwrap();
        let mut front = Self { child, folder, address, plain };
        front.wait_until_it_listens();
        front
    }

    fn wait_until_it_listens(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().unwrap().is_some();
            let said = || std::fs::read_to_string(self.folder().join("said")).unwrap();
            assert!(!ended && start.elapsed() < Duration::from_secs(20), "it does not listen: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where it is reached by HTTPS.
    pub(crate) fn url(&self) -> String {
        format!("https://{HOST}:{}", self.address.port())
    }

    /// Where it listens for HTTPS.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for HTTP.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Where it writes all that it writes, and what it says.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Somebody who trusts its certificate, at an address of this machine.
    pub(crate) fn visitor(&self, from: [u8; 4]) -> reqwest::ClientBuilder {
        let certificate = std::fs::read(self.folder().join("certificate.pem")).unwrap();
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([reqwest::Certificate::from_pem(&certificate).unwrap()])
            .resolve(HOST, self.address)
            .local_address(std::net::IpAddr::from(from))
    }

    /// What OpenSSL's client sees who asks it whether the server is ready, after a connection that it makes with these options.
    pub(crate) fn seen_by_openssl(&self, options: &[&str]) -> String {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &self.address.to_string(), "-servername", HOST]).args(options);
        let mut child = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.as_bytes()).unwrap();
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // not killed: nginx's workers would outlive it
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn nginx(folder: &Path, settings: &str, address: SocketAddr, plain: SocketAddr) -> Command {
    // its workers would give up root's rights, and with them the folder; not every machine speaks IPv6
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let user = if root { "user root root;" } else { "" };
    let six = |line: &&str| !line.trim_start().starts_with("listen [::]:");
    let settings = settings.lines().filter(six).collect::<Vec<_>>().join("\n");
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let kept = format!("/etc/letsencrypt/live/{HOST}/");
    let settings = [
        ("user www-data;", user),
        ("/run/nginx.pid", &at("pid")),
        ("/dev/shm/", &at("")),
        ("listen 443 ", &format!("listen {address} ")),
        ("listen 80", &format!("listen {plain}")),
        (&format!("{kept}fullchain.pem"), &at("certificate.pem")),
        (&format!("{kept}privkey.pem"), &at("key.pem")),
    ]
    .into_iter()
    .fold(settings, |settings, (written, here)| put(settings, written, here));
    std::fs::write(folder.join("conf"), settings).unwrap();
    let mut command = Command::new(unpacked("usr/sbin/nginx"));
    command.args(["-g", "daemon off;", "-p"]).arg(folder).arg("-c").arg(folder.join("conf"));
    command
}

fn caddy(folder: &Path, settings: &str, address: SocketAddr, plain: SocketAddr) -> Command {
    let mut settings: serde_json::Value = serde_json::from_str(settings).unwrap();
    let http = &mut settings["apps"]["http"];
    http["https_port"] = address.port().into();
    http["http_port"] = plain.port().into();
    let server = &mut http["servers"]["headcount"];
    assert_eq!(server["listen"], serde_json::json!([":443"]));
    server["listen"] = serde_json::json!([address.to_string()]);
    server["automatic_https"] = serde_json::json!({ "disable_certificates": true });
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    settings["apps"]["tls"]["certificates"] =
        serde_json::json!({ "load_files": [{ "certificate": certificate, "key": key }] });
    std::fs::write(folder.join("conf"), settings.to_string()).unwrap();
    let mut command = Command::new(unpacked("usr/bin/caddy"));
    command.args(["run", "--config"]).arg(folder.join("conf"));
    command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command
}

/// Puts what is so on this machine in the place of what was written, which must be there.
fn put(settings: String, written: &str, here: &str) -> String {
    assert!(settings.contains(written), "{written} is not in the settings");
    settings.replace(written, here)
}

/// A certificate that nobody but a test believes.
fn certify(folder: &Path) {
    let (key, certificate): (PathBuf, PathBuf) = (folder.join("key.pem"), folder.join("certificate.pem"));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    make.args(["-subj", "/CN=a test", "-addext", &format!("subjectAltName=DNS:{HOST}")]);
    make.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(key).arg("-out").arg(certificate);
    assert!(make.stderr(Stdio::null()).status().unwrap().success(), "openssl makes no certificate");
}
