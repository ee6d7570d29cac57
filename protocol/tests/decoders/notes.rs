//! Signed notes: checkpoints and announcements.

use super::{ISSUER, maimed, support};
use proptest::prelude::*;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::error::Error;
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use std::sync::LazyLock;
use support::{LOG_SEED, ORGANISER_SEED};

static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| support::campaign(ISSUER.public()));

const HEAD: TreeHead = TreeHead { size: 70_001, root: [9; 32] };

fn checkpoint() -> Vec<u8> {
    HEAD.sign(&NoteSigner::new(&CAMPAIGN.log_name(), &LOG_SEED)).unwrap()
}

fn open(checkpoint: &[u8]) -> Result<TreeHead, Error> {
    let verifier = NoteVerifier::new(&CAMPAIGN.log_name(), &CAMPAIGN.genesis().log_key).unwrap();
    TreeHead::open(checkpoint, &verifier)
}

/// A note with these lines by the log's key, whatever they say.
fn signed_by_the_log(lines: &str) -> Vec<u8> {
    NoteSigner::new(&CAMPAIGN.log_name(), &LOG_SEED).sign(lines.as_bytes()).unwrap()
}

#[test]
fn a_checkpoint_reads_back_and_is_refused_when_maimed_or_altered_anywhere() {
    let honest = checkpoint();
    assert_eq!(open(&honest), Ok(HEAD));
    for bad in maimed(&honest) {
        assert!(open(&bad).is_err(), "{}", String::from_utf8_lossy(&bad));
    }
    for (index, bit) in (0..honest.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut altered = honest.clone();
        altered[index] ^= 1 << bit;
        assert!(open(&altered).is_err(), "bit {bit} of byte {index}");
    }
}

#[test]
fn a_checkpoint_of_another_log_or_key_or_in_another_form_is_refused() {
    let (name, root) = (CAMPAIGN.log_name(), "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    assert_eq!(signed_by_the_log(&format!("{name}\n70001\n{root}\n")), checkpoint());
    for lines in [
        format!("{name}\n70001\n{root}\nextension\n"),
        format!("{name}\n070001\n{root}\n"),
        format!("{name}\n+70001\n{root}\n"),
        format!("{name}\n-1\n{root}\n"),
        format!("{name}\n18446744073709551616\n{root}\n"),
        format!("{name}\n70001\n{}\n", root.trim_end_matches('=')),
        format!("{name}\n70001\n{}\n", root.replace("Qk=", "Ql=")),
        format!("{name}\n70001\nAAAA\n"),
        format!("{name}\n70001\n"),
        format!("\n{name}\n70001\n{root}\n"),
    ] {
        assert_eq!(open(&signed_by_the_log(&lines)), Err(Error::Malformed("checkpoint")), "{lines}");
    }
    let forged = Err(Error::Forged("checkpoint"));
    assert_eq!(open(&signed_by_the_log(&format!("other.example\n70001\n{root}\n"))), forged);
    assert_eq!(open(&HEAD.sign(&NoteSigner::new(&name, &[8; 32])).unwrap()), forged);
    assert_eq!(open(&HEAD.sign(&NoteSigner::new("other.example", &LOG_SEED)).unwrap()), forged);
}

#[test]
fn cosignatures_by_unknown_keys_change_nothing_but_do_not_replace_the_logs_own() {
    let text = format!("{}\n", String::from_utf8(checkpoint()).unwrap().split("\n\n").next().unwrap());
    let witness = NoteSigner::new("witness.example", &[7; 32]).sign(text.as_bytes()).unwrap();
    let line = witness.split(|byte| *byte == b'\n').nth_back(1).unwrap();
    let both = [checkpoint().as_slice(), line, b"\n"].concat();
    assert_eq!(open(&both), Ok(HEAD));
    assert_eq!(open(&witness), Err(Error::Forged("checkpoint")));
}

fn announcement() -> Announcement {
    Announcement::sign(&CAMPAIGN, &ORGANISER_SEED, 3, Some(1_700_000_000), support::english("On \"Saturday\"."))
        .unwrap()
}

#[test]
fn v2_an_announcement_reads_back_and_is_refused_when_maimed_or_altered_anywhere() {
    let honest = announcement();
    assert_eq!(Announcement::open(honest.note.as_bytes(), &CAMPAIGN), Ok(honest.clone()));
    for bad in maimed(honest.note.as_bytes()) {
        assert!(Announcement::open(&bad, &CAMPAIGN).is_err(), "{}", String::from_utf8_lossy(&bad));
    }
    for (index, bit) in (0..honest.note.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut altered = honest.note.clone().into_bytes();
        altered[index] ^= 1 << bit;
        assert!(Announcement::open(&altered, &CAMPAIGN).is_err(), "bit {bit} of byte {index}");
    }
}

#[test]
fn v2_an_announcement_in_another_form_is_refused_though_the_organiser_signed_it() {
    let (name, id) = (CAMPAIGN.organiser_name(), CAMPAIGN.id());
    let open = |lines: &str| {
        let note = NoteSigner::new(&name, &ORGANISER_SEED).sign(lines.as_bytes()).unwrap();
        Announcement::open(&note, &CAMPAIGN)
    };
    let (first, body) = ("headcount/v1/announcement", r#"{"date":null,"text":{"en":"Now."}}"#);
    assert!(open(&format!("{first}\n{id}\n1\n{body}\n")).is_ok());
    for bad in [
        format!("headcount/v2/announcement\n{id}\n1\n{body}\n"),
        format!("{first}\n{}\n1\n{body}\n", "0".repeat(64)),
        format!("{first}\n{}\n1\n{body}\n", id.to_string().to_uppercase()),
        format!("{first}\n{id}\n0\n{body}\n"),
        format!("{first}\n{id}\n01\n{body}\n"),
        format!("{first}\n{id}\n+1\n{body}\n"),
        format!("{first}\n{id}\n4294967296\n{body}\n"),
        format!("{first}\n{id}\n1\n{body}\n{body}\n"),
        format!("{first}\n{id}\n1\n"),
        format!("{first}\n{id}\n1\n{body}x\n"),
        format!("{first}\n{id}\n1\n{{\"text\":{{\"en\":\"Now.\"}}}}\n"),
        format!("{first}\n{id}\n1\n{{\"date\":null,\"text\":{{\"en\":\"Now.\",\"en\":\"Off.\"}}}}\n"),
        format!("{first}\n{id}\n1\n{{\"date\":1,\"date\":2,\"text\":{{\"en\":\"Now.\"}}}}\n"),
        format!("{first}\n{id}\n1\n{{\"date\":null,\"text\":{{\"en\":\"Now.\"}},\"extra\":1}}\n"),
        format!("{first}\n{id}\n1\n[null,{{\"en\":\"Now.\"}}]\n"),
        format!("{first}\n{id}\n1\n{{\"date\":-1,\"text\":{{\"en\":\"Now.\"}}}}\n"),
        format!("{first}\n{id}\n1\n{{\"date\":1099511627777,\"text\":{{\"en\":\"Now.\"}}}}\n"),
    ] {
        assert!(open(&bad).is_err(), "{bad}");
    }
}

#[test]
fn v2_an_announcement_with_another_signature_beside_the_organisers_is_refused() {
    let honest = announcement().note;
    let (text, own) = honest.split_once("\n\n").unwrap();
    let line = |name: &str, seed: &[u8; 32]| {
        let note = NoteSigner::new(name, seed).sign(format!("{text}\n").as_bytes()).unwrap();
        String::from_utf8(note).unwrap().split_once("\n\n").unwrap().1.to_owned()
    };
    let other = line("words-of-his-own", &[7; 32]);
    for signatures in [format!("{own}{other}"), format!("{other}{own}"), format!("{own}{own}"), other] {
        let note = format!("{text}\n\n{signatures}");
        assert!(Announcement::open(note.as_bytes(), &CAMPAIGN).is_err(), "{note}");
    }
    assert!(Announcement::open(format!("{text}\n\n{own}").as_bytes(), &CAMPAIGN).is_ok());
}

#[test]
fn v2_an_announcement_too_long_for_an_entry_of_the_log_cannot_be_made() {
    let sign =
        |size: usize| Announcement::sign(&CAMPAIGN, &ORGANISER_SEED, 1, None, support::english(&"a".repeat(size)));
    let overhead = sign(1).unwrap().note.len() - 1;
    assert!(sign(65_534 - overhead).is_ok_and(|made| made.note.len() == 65_534));
    assert_eq!(sign(65_535 - overhead), Err(Error::Malformed("announcement")));
}

proptest! {
    #[test]
    fn no_note_makes_a_reader_panic_and_none_is_taken_that_nobody_signed(
        text in "(\\PC|\n){0,80}",
        signature in "(— ?)?[a-z./]{0,8} ?[A-Za-z0-9+/=]{0,12}\n?",
        spliced in any::<prop::sample::Index>(),
    ) {
        let mut near = checkpoint();
        let at = spliced.index(near.len());
        near.splice(at..at, text.bytes());
        for note in [text.clone(), format!("{text}\n\n{signature}"), format!("{text}\n\n— {signature}\n")] {
            prop_assert!(open(note.as_bytes()).is_err());
            prop_assert!(Announcement::open(note.as_bytes(), &CAMPAIGN).is_err());
        }
        prop_assert!(text.is_empty() || open(&near) != Ok(HEAD) || at == 0);
    }

    #[test]
    fn what_the_log_signs_in_another_form_is_never_a_checkpoint(lines in "(\\PC{0,20}\n){1,5}") {
        if let Ok(head) = open(&signed_by_the_log(&lines)) {
            prop_assert_eq!(head.sign(&NoteSigner::new(&CAMPAIGN.log_name(), &LOG_SEED)).unwrap(), signed_by_the_log(&lines));
        }
    }
}
