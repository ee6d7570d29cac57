//! The mail itself: plain text in the campaign's languages, with the link. It names no cause, and has no header that ties
//! it to another: no Message-ID of ours, no name of a program, and a Date of the hour.

use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, MIME_VERSION_1_0};
use lettre::{Address, Message};
use protocol::campaign::Text;
use protocol::email::EmailAddress;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// What is the same in every mail of a campaign.
pub(super) struct Letter {
    from: Mailbox,
    subject: String,
    /// What stands before the link, and behind it.
    around: [String; 2],
}

/// A mail as it goes out.
pub(super) struct Composed {
    /// From whom to whom.
    pub(super) envelope: Envelope,
    /// Header and text.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Letter {
    /// The letter of a campaign: in those of its languages that it is written in, or else in English.
    pub(super) fn new(from: Mailbox, languages: &Text) -> Self {
        let mut spoken: Vec<_> = FILES.iter().filter(|(tag, _)| languages.contains_key(*tag)).collect();
        if spoken.is_empty() {
            spoken.push(&FILES[0]);
        }
        let all = |keys: &[&str], between: &str| {
            let of = |(tag, file): &&(&str, &str)| sentences(tag, file, keys).join("\n\n");
            spoken.iter().map(of).collect::<Vec<_>>().join(between)
        };
        let around = [all(&["asked"], "\n\n"), all(&["how", "compare", "seen"], "\n\n* * *\n\n")];
        Self { from, subject: all(&["subject"], " / "), around }
    }

    /// The mail that carries a link to an address; none if the mail library does not take the address.
    pub(super) fn compose(&self, to: &EmailAddress, link: &str) -> Option<Composed> {
        let to: Address = to.as_str().parse().ok()?;
        let [before, behind] = &self.around;
        let text = format!("{before}\n\n{link}\n\n{behind}\n");
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(self.subject.clone())
            .date(this_hour())
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(text);
        let message = message.ok()?;
        Some(Composed { envelope: message.envelope().clone(), bytes: Zeroizing::new(message.formatted()) })
    }
}

/// A mail must have a date; when it left, its own server notes.
fn this_hour() -> SystemTime {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UNIX_EPOCH + Duration::from_secs(seconds / 3600 * 3600)
}

fn sentences(tag: &str, file: &str, keys: &[&str]) -> Vec<String> {
    let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap_or_default()]);
    bundle.add_resource_overriding(FluentResource::try_new(file.to_owned()).unwrap_or_else(|(read, _)| read));
    let say = |key: &&str| {
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        pattern.map(|pattern| bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned())
    };
    keys.iter().filter_map(say).collect()
}

/// The letter in each language that it is written in, English first.
const FILES: [(&str, &str); 3] = [
    ("en", include_str!("../../letters/en.ftl")),
    ("ru", include_str!("../../letters/ru.ftl")),
    ("fa", include_str!("../../letters/fa.ftl")),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(languages: &[&str]) -> Letter {
        let text = languages.iter().map(|&tag| (tag.to_owned(), "A cause".to_owned())).collect();
        Letter::new("post@example.org".parse().unwrap(), &text)
    }

    #[test]
    fn every_sentence_stands_in_every_language() {
        for (tag, file) in FILES {
            assert_eq!(sentences(tag, file, &["subject", "asked", "how", "compare", "seen"]).len(), 5, "{tag}");
        }
        assert!(letter(&["xx"]).subject == letter(&["en"]).subject && letter(&["ru"]).subject.is_ascii().eq(&false));
        assert_eq!(letter(&["fa", "en", "ru"]).subject.matches(" / ").count(), 2);
    }

    #[test]
    fn the_header_names_no_cause_no_program_and_no_mail() {
        let to = EmailAddress::parse("ann@example.org").unwrap();
        let composed = letter(&["en", "ru"]).compose(&to, "https://h.example/join#i=0000&c=x").unwrap();
        let bytes = String::from_utf8(composed.bytes.to_vec()).unwrap();
        let (header, body) = bytes.split_once("\r\n\r\n").unwrap();
        let mut names: Vec<&str> =
            header.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(':').next()).collect();
        names.sort_unstable();
        let expected = ["Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Subject", "To"];
        assert_eq!(names, expected);
        let date = header.lines().find(|line| line.starts_with("Date:")).unwrap();
        assert!(date.contains(":00:00 "), "{date}");
        assert!(!bytes.contains("A cause") && !body.is_empty());
    }
}
