//! A real mail server as a process (aiosmtpd), told apart by what it does with a mail, and a campaign that sends over it.

use serde_json::{Value, json};
use server::email::{EmailSettings, MailServer};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::foreign::installed;
use tests::{Answer, Plan, World};
use zeroize::Zeroizing;

/// What a mail server offers.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// STARTTLS and a login.
    Tls,
    /// Neither.
    Plain,
    /// STARTTLS with another's certificate.
    Foreign,
}

/// A running mail server; it ends when dropped.
pub(crate) struct PostOffice {
    child: Child,
    /// Where it listens.
    pub(crate) port: u16,
    told: Arc<Mutex<Vec<Value>>>,
}

impl PostOffice {
    /// One whose authority lies in a folder, at a port or any, that takes so many mails a second.
    pub(crate) fn start(folder: &Path, port: u16, rate: u32, mode: Mode) -> Self {
        let python = installed("peers/venv/bin/python", "setup-peers").unwrap_or_else(|said| panic!("{said}"));
        let mode = match mode {
            Mode::Tls => "tls",
            Mode::Plain => "plain",
            Mode::Foreign => "foreign",
        };
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/mail/python/post_office.py"))
            .arg(folder)
            .args([&port.to_string(), &rate.to_string(), mode])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first: Value = serde_json::from_str(&lines.next().expect("the mail server starts")).unwrap();
        let told: Arc<Mutex<Vec<Value>>> = Arc::default();
        let to = told.clone();
        std::thread::spawn(move || {
            for line in lines {
                to.lock().unwrap_or_else(PoisonError::into_inner).push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, port: u16::try_from(first["port"].as_u64().unwrap()).unwrap(), told }
    }

    /// The mails that it took, in order.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|line| line.get("text").is_some()).cloned().collect()
    }

    /// How often it was asked to take a mail for an address.
    pub(crate) fn tried(&self, address: &str) -> usize {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|line| line["tried"] == address).count()
    }

    /// Waits until it has so many mails, for as long as there are new ones every minute.
    pub(crate) async fn until(&self, count: usize) -> Vec<Value> {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            if mails.len() > last {
                (last, since) = (mails.len(), Instant::now());
            }
            assert!(since.elapsed() < Duration::from_secs(90), "{last} of {count} mails came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A campaign with e-mail on.
pub(crate) struct Campaign {
    /// The campaign.
    pub(crate) world: World,
    /// Where the authority of its mail server lies.
    pub(crate) folder: TempDir,
}

/// What is asked for here ends in this, or in `.edu`.
pub(crate) const DOMAIN: &str = "example.org";

impl Campaign {
    /// By a plan, with room for so many invites by e-mail. Nothing is sent yet.
    pub(crate) async fn with(plan: Plan, maximum: u32) -> Self {
        let email = format!("maximum = {maximum}\ndomains = [\"{DOMAIN}\", \"*.edu\"]\n");
        let world = World::with(Plan { email: Some(email), ..plan }).await;
        Self { world, folder: TempDir::new().unwrap() }
    }

    /// The usual one, and a mail server over which it sends.
    pub(crate) async fn start(rate: u32) -> (Self, PostOffice) {
        let campaign = Self::with(Plan::default(), 5000).await;
        let office = campaign.office(0, rate, Mode::Tls);
        campaign.send_over(office.port);
        (campaign, office)
    }

    /// A mail server for it.
    pub(crate) fn office(&self, port: u16, rate: u32, mode: Mode) -> PostOffice {
        PostOffice::start(self.folder.path(), port, rate, mode)
    }

    /// Lets it send over the mail server at a port, with the right login.
    pub(crate) fn send_over(&self, port: u16) {
        self.world.deployment().begin_email(self.settings(port, "right horse")).unwrap();
    }

    /// What it is told at a start.
    pub(crate) fn settings(&self, port: u16, password: &str) -> EmailSettings {
        let login = Some(("ann".to_owned(), Zeroizing::new(password.to_owned())));
        let authorities = Some(std::fs::read(self.folder.path().join("ca.pem")).unwrap());
        let server = MailServer { url: format!("smtp://localhost:{port}"), login, authorities };
        let key = Zeroizing::new(self.world.email_key.clone().unwrap());
        EmailSettings { server, from: "post@campaign.example".to_owned(), key }
    }

    /// Asks for an invite for an address.
    pub(crate) async fn ask(&self, address: &str) -> Answer {
        self.post(&json!({ "email": address }).to_string()).await
    }

    /// Posts anything as JSON.
    pub(crate) async fn post(&self, body: &str) -> Answer {
        let request = self.world.request(reqwest::Method::POST, "/invite-by-email");
        tests::send(request.header("content-type", "application/json").body(body.to_owned())).await
    }

    /// What is said of it to everybody.
    pub(crate) async fn offer(&self) -> Value {
        serde_json::from_slice(&self.world.get("/invite-by-email").await.body).unwrap()
    }
}

/// The link in a mail.
pub(crate) fn link(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let links: Vec<&str> = text.lines().filter(|line| line.contains("/join#")).collect();
    assert_eq!(links.len(), 1, "{text}");
    links[0].to_owned()
}
