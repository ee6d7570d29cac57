//! `headcount organiser announce`: signs on this device what everybody will read, and hands it to the server.
//! What is signed is shown whole, in all languages, and asked about before it leaves.

use crate::cli::approach::heading;
use crate::cli::console::Console;
use crate::cli::organiser::listen;
use crate::cli::secrets::{TokenSource, read_file};
use crate::cli::{Failure, Where, clock};
use clap::Args;
use client::campaign::{self, fetch};
use client::error::Error;
use client::organiser::{Organiser, OrganiserKey};
use client::private_file::PrivateFile;
use client::transport::Network;
use protocol::announcement::Announcement;
use protocol::campaign::Text;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `organiser announce`.
#[derive(Args)]
pub(crate) struct Announce {
    /// Address of the organiser's listener, such as http://127.0.0.1:8081.
    #[arg(long, value_name = "URL", required_unless_present = "note")]
    organiser_url: Option<String>,
    #[command(flatten)]
    token: TokenSource,
    /// Write the signed note to a new file instead, for the organisers' page of the server or for another device.
    #[arg(long, value_name = "FILE", conflicts_with = "organiser_url")]
    note: Option<PathBuf>,
    #[command(flatten)]
    site: Where,
    /// The file that `organiser key` made.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The text in one language, such as en="We meet on Sunday."; once for each language.
    #[arg(long = "text", value_name = "LANG=TEXT", required = true)]
    texts: Vec<String>,
    /// The day of the event: 2021-04-21, 2021-04-21T16:00Z, or Unix seconds.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Announce {
    /// Runs the command.
    pub(crate) async fn run(self, console: &Console, network: &Network) -> Result<(), Failure> {
        let text = texts(&self.texts)?;
        let date = self.date.as_deref().map(|date| read_date(date, clock::now())).transpose()?;
        let key = OrganiserKey::parse(&read_file(&self.key)?)?;
        let way = self.way(console, network)?;
        let (base, expected) = self.site.read(console)?;
        let site = fetch(network, &base, expected).await?;
        let counts = campaign::counts(&site.source, &site.campaign).await?;
        let now = counts.and_then(|counts| counts.announcement);
        let announcement = key.announce(&site.campaign, now.as_ref(), date, text).map_err(not_signed)?;
        console.say(&heading(console, &site.campaign));
        console.say(&format!("\n{}", in_all_languages(&announcement)));
        let question = "Sign and publish this in the campaign with the words above? It cannot be taken back.";
        console.confirm(question, "--yes", self.yes)?;
        let said = match way {
            Way::Listener(organiser) => {
                organiser.announce(&announcement).await?;
                "Published: it is, or is about to be, an entry of the public log."
            }
            Way::File(file) => {
                file.write(announcement.note.as_bytes())?;
                "Signed, and not published yet: bring the note, whole, to the organisers' page of the server."
            }
        };
        let told = json!({"number": announcement.number, "date": announcement.date, "text": announcement.text});
        console.result(&told, said);
        Ok(())
    }

    /// Found out before anything is signed.
    fn way(&self, console: &Console, network: &Network) -> Result<Way, Error> {
        match (&self.note, &self.organiser_url) {
            (None, Some(url)) => Ok(Way::Listener(listen(console, network, url, &self.token)?)),
            (Some(file), _) => Ok(Way::File(PrivateFile::at(file)?)),
            (None, None) => Err(Error::Local("Give --organiser-url or --note.".to_owned())),
        }
    }
}

/// Where a signed note goes.
enum Way {
    /// To the server.
    Listener(Organiser),
    /// Into a file.
    File(PrivateFile),
}

/// The only rules of an announcement that a text can break.
fn not_signed(error: Error) -> Error {
    match error {
        Error::Protocol(_) => {
            Error::Local("An announcement of this length cannot be signed; make the text shorter.".to_owned())
        }
        other => other,
    }
}

/// All that will be signed.
fn in_all_languages(announcement: &Announcement) -> String {
    let date = announcement.date.map_or_else(|| "no date".to_owned(), |date| format!("for {}", clock::utc(date)));
    let mut shown = format!("Announcement {}, {date}:\n", announcement.number);
    for (language, text) in &announcement.text {
        shown.push_str(&format!("\n[{language}]\n{text}\n"));
    }
    // a server that hides an announcement would get two with one number signed
    shown.push_str("\nIf its number is not the next after the last that you published, stop: the server hides one.\n");
    shown
}

/// Reads a date to come, within ten years: what lies elsewhere is a slip, such as milliseconds for seconds.
fn read_date(text: &str, now: u64) -> Result<u64, Error> {
    let date = clock::parse(text).ok_or_else(|| {
        Error::Local("The date must look like 2021-04-21, 2021-04-21T16:00Z, or be Unix seconds.".to_owned())
    })?;
    let wrong = |what: &str| {
        let now = clock::utc(now - now % 60);
        Err(Error::Local(format!(
            "The date {what} (this device's clock says {now}), so nothing was signed; check date and clock."
        )))
    };
    if date < now {
        return wrong("is past");
    }
    if date > now.saturating_add(TEN_YEARS_SECONDS) {
        return wrong("is more than ten years ahead");
    }
    Ok(date)
}

/// Reads `LANG=TEXT`, each language once.
fn texts(given: &[String]) -> Result<Text, Error> {
    let mut text = Text::new();
    for one in given {
        let pair = one.split_once('=').filter(|(tag, line)| {
            let is_tag = (2..=16).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            is_tag && !line.trim().is_empty()
        });
        let Some((tag, line)) = pair else {
            return Err(Error::Local("A text must look like en=\"We meet on Sunday.\", with its language.".to_owned()));
        };
        if text.insert(tag.to_owned(), line.to_owned()).is_some() {
            return Err(Error::Local(format!("There are two texts in the language {tag}; give one.")));
        }
    }
    Ok(text)
}

const TEN_YEARS_SECONDS: u64 = 3653 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lies_ahead_and_within_ten_years() {
        let now = 1_800_000_000;
        assert_eq!(read_date("1800000000", now), Ok(now));
        assert_eq!(read_date("2030-01-01", now), Ok(1_893_456_000));
        assert!(read_date("1799999999", now).unwrap_err().to_string().contains("past"));
        let milliseconds = read_date("1893456000000", now).unwrap_err().to_string();
        assert!(milliseconds.contains("ten years"), "{milliseconds}");
        assert!(read_date("2040-01-01", now).is_err() && read_date("soon", now).is_err());
        assert!(read_date(&u64::MAX.to_string(), now).is_err());
    }

    #[test]
    fn texts_have_a_language_each_and_no_language_twice() {
        let read = |given: &[&str]| texts(&given.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["en=a=b", "ru=в"]).unwrap()["en"], "a=b");
        for bad in [&["a"][..], &["=a"], &["en="], &["en=a", "en=b"], &["e n=a"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
