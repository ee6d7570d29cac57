//! `install`: what a machine needs around the program: a unit for systemd, nginx or Caddy in front, Tor beside it. It
//! writes files into a folder, for the operator to read and to put in place, and says in which order. It changes nothing
//! else on the machine and overwrites nothing.

use crate::config::RETRY_AFTER_SECS;
use crate::error::Error;
use protocol::problem::Problem;
use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// Who is served on this machine, and where what lies.
pub struct Machine {
    /// The name by which the public finds it, which the campaign's genesis has too.
    pub host: String,
    /// The name of its onion service, once Tor has made one.
    pub onion: Option<String>,
    /// The system's user whom the server runs as.
    pub user: String,
    /// The folder that init makes.
    pub data: PathBuf,
}

/// Writes the files into a folder and returns what to do with them, for people.
pub fn install(machine: &Machine, folder: &Path) -> Result<String, Error> {
    machine.check()?;
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder.display(), error))?;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok()) {
        return Err(Error::Refused(format!(
            "{} is there already, and nothing is overwritten; choose another folder",
            folder.join(name).display()
        )));
    }
    for (name, template) in FILES {
        let path = folder.join(name);
        let write = || File::create_new(&path)?.write_all(machine.fill(template, folder).as_bytes());
        write().map_err(|error| Error::io(path.display(), error))?;
    }
    Ok(machine.fill(include_str!("../install/next.txt"), folder))
}

const FILES: [(&str, &str); 4] = [
    ("headcount.service", include_str!("../install/headcount.service")),
    ("nginx.conf", include_str!("../install/nginx.conf")),
    ("caddy.json", include_str!("../install/caddy.json")),
    ("torrc", include_str!("../install/torrc")),
];

impl Machine {
    /// Each of these goes into files of four languages as it is: so only what means nothing in any of them.
    fn check(&self) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Refused(why));
        if self.host.ends_with(".onion") {
            return refuse(
                "--host is what the public types who come without Tor; give the onion service as --onion".to_owned(),
            );
        }
        if !is_host(&self.host) {
            return refuse(format!(
                "--host must be a name like count.example.org, in small letters, without https:// and without a port; {:?} is none",
                self.host
            ));
        }
        if let Some(onion) = self.onion.as_ref().filter(|onion| !is_onion(onion)) {
            return refuse(format!(
                "--onion must be what Tor wrote into its file hostname, 56 letters and digits with .onion behind them; {onion:?} is not"
            ));
        }
        if !is_user(&self.user) || self.user == "root" {
            return refuse(format!(
                "--user must be the name of a user made for this alone, in small letters, and never root; {:?} is not",
                self.user
            ));
        }
        if !is_data(&self.data) {
            return refuse(format!(
                "--data must be a folder in a folder of its own, like /var/lib/headcount/campaign, of plain letters, and not below \
                 one that the service does not see or that is emptied at a start ({}); {:?} is not",
                UNSEEN.join(", "),
                self.data
            ));
        }
        Ok(())
    }

    fn fill(&self, template: &str, folder: &Path) -> String {
        let parent = self.data.parent().unwrap_or(Path::new("/"));
        let (unavailable, too_large) = (document(Problem::Unavailable), document(Problem::TooLarge));
        let onion = |text: &str| self.onion.as_ref().map_or(String::new(), |onion| text.replace("@ONION@", onion));
        let values = [
            ("FOLDER", folder.display().to_string()),
            ("DATA", self.data.display().to_string()),
            ("PARENT", parent.display().to_string()),
            ("USER", self.user.clone()),
            ("HOST", self.host.clone()),
            ("PORT", "8080".to_owned()),
            ("ORGANISER_PORT", "8081".to_owned()),
            ("RETRY_AFTER", RETRY_AFTER_SECS.to_string()),
            ("UNAVAILABLE_QUOTED", serde_json::Value::from(unavailable.as_str()).to_string()),
            ("UNAVAILABLE", unavailable),
            ("TOO_LARGE", too_large),
            ("ONION_MAP", onion(ONION_MAP)),
            ("ONION_HEADER", onion(ONION_HEADER)),
            ("ONION_ROUTE", onion(ONION_ROUTE)),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
    }
}

/// A refusal as the server would write it.
fn document(problem: Problem) -> String {
    serde_json::json!({
        "type": problem.urn(), "title": problem.name(), "status": problem.status(), "detail": problem.advice(),
    })
    .to_string()
}

/// A name in the DNS: an address would need another certificate, and is nothing to print on a poster.
fn is_host(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(is_label)
        && !last.bytes().all(|c| c.is_ascii_digit())
}

/// The name of an onion service of version 3.
fn is_onion(name: &str) -> bool {
    let is_base32 = |c: u8| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c);
    name.strip_suffix(".onion").is_some_and(|key| key.len() == 56 && key.bytes().all(is_base32))
}

/// A user's name as useradd takes it.
fn is_user(name: &str) -> bool {
    let first = |c: u8| c.is_ascii_lowercase() || c == b'_';
    let other = |c: u8| first(c) || c.is_ascii_digit() || c == b'-';
    name.len() <= 31 && name.bytes().next().is_some_and(first) && name.bytes().all(other)
}

/// A folder in a folder, at a path that the unit can name and the service can see.
fn is_data(path: &Path) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"/._-".contains(&c);
    let text = path.as_os_str().as_encoded_bytes();
    let mut parts = path.components();
    parts.next() == Some(Component::RootDir)
        && parts.clone().count() >= 2
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && text.iter().copied().all(plain)
        && !UNSEEN.iter().any(|unseen| path.starts_with(unseen))
        && !path.parent().is_some_and(|parent| SHARED.iter().any(|shared| parent == Path::new(shared)))
}

/// Folders that others live in: the folder above the campaign's is given to the service's user.
const SHARED: [&str; 14] = [
    "/boot",
    "/etc",
    "/mnt",
    "/media",
    "/opt",
    "/srv",
    "/usr",
    "/usr/local",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/opt",
    "/var/spool",
];

/// What the unit hides, and what the system empties.
const UNSEEN: [&str; 8] = ["/home", "/root", "/run", "/tmp", "/var/tmp", "/dev", "/proc", "/sys"];

const ONION_MAP: &str = r#"
    # Tor Browser offers the onion service by this; not at /join, where the invite would be lost on the way
    map $uri $onion_location {
        ~^/join "";
        default "http://@ONION@$request_uri";
    }
"#;
const ONION_HEADER: &str = "        add_header Onion-Location $onion_location;\n";
const ONION_ROUTE: &str = r#"
                    {
                      "match": [{ "not": [{ "path": ["/join*"] }] }],
                      "handle": [
                        {
                          "handler": "headers",
                          "response": { "set": { "Onion-Location": ["http://@ONION@{http.request.uri}"] } }
                        }
                      ]
                    },"#;

#[cfg(test)]
mod tests;
