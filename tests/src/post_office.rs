//! A real mail server as a process: aiosmtpd, from the Python package index, told apart by what it does with a mail.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helping functions too")]

use crate::foreign::installed;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a mail server offers.
#[derive(Clone, Copy)]
pub enum Mode {
    /// STARTTLS and a login.
    Tls,
    /// Neither.
    Plain,
    /// STARTTLS with another's certificate.
    Foreign,
}

/// A running mail server; it ends when dropped.
pub struct PostOffice {
    child: Child,
    /// Where it listens.
    pub port: u16,
    told: Arc<Mutex<Vec<Value>>>,
}

impl PostOffice {
    /// One whose authority lies in a folder, at a port or any, that takes so many mails a second.
    pub fn start(folder: &Path, port: u16, rate: u32, mode: Mode) -> Self {
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
    pub fn mails(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|line| line.get("text").is_some()).cloned().collect()
    }

    /// How often it was asked to take a mail for an address.
    pub fn tried(&self, address: &str) -> usize {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|line| line["tried"] == address).count()
    }

    /// Waits until it has so many mails, for as long as there are new ones every minute.
    pub async fn until(&self, count: usize) -> Vec<Value> {
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

/// The link in a mail.
pub fn link(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let links: Vec<&str> = text.lines().filter(|line| line.contains("/join#")).collect();
    assert_eq!(links.len(), 1, "{text}");
    links[0].to_owned()
}
