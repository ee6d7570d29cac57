//! Signed notes: checkpoints and announcements. Nothing unsigned is taken; and what stands behind a good signature, which
//! no fuzzer could find, is put there by signing the input.

#![no_main]

use fuzz::{CAMPAIGN, array, kind, text};
use libfuzzer_sys::fuzz_target;
use protocol::announcement::Announcement;
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use std::sync::LazyLock;

static LOG: LazyLock<(NoteSigner, NoteVerifier)> = LazyLock::new(|| {
    let signer = NoteSigner::new(&CAMPAIGN.log_name(), &array("log_seed"));
    let verifier = NoteVerifier::new(&CAMPAIGN.log_name(), &CAMPAIGN.genesis().log_key).expect("a good key");
    (signer, verifier)
});

static ORGANISER: LazyLock<NoteSigner> =
    LazyLock::new(|| NoteSigner::new(&CAMPAIGN.organiser_name(), &array("organiser_seed")));

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = kind(data) else { return };
    match kind {
        b'c' => checkpoint(bytes),
        b'a' => announcement(bytes),
        b'C' => signed_by_the_log(bytes),
        b'A' => signed_by_the_organiser(bytes),
        _ => {}
    }
});

fn checkpoint(note: &[u8]) {
    if let Ok(opened) = LOG.1.open(note) {
        let signed = text("checkpoint_note").split("\n\n").next().expect("a text");
        assert_eq!(opened, format!("{signed}\n").as_bytes(), "only what was signed");
    }
    if let Ok(head) = TreeHead::open(note, &LOG.1) {
        assert_eq!((head.size, head.root), (fuzz::ENTRIES.len() as u64, array("log_root")));
    }
}

fn announcement(note: &[u8]) {
    let Ok(announcement) = Announcement::open(note, &CAMPAIGN) else { return };
    assert_eq!(announcement.note.as_bytes(), note);
    assert_eq!(announcement.number, 1, "only what was signed");
    assert_eq!(announcement.text["en"], "Saturday at noon.");
}

fn signed_by_the_log(input: &[u8]) {
    let Ok(note) = LOG.0.sign(input) else { return };
    // a text that looks like the end of a note may be read otherwise, but never as another text with our signature
    if let Ok(opened) = LOG.1.open(&note) {
        assert_eq!(opened, input, "a note says what was signed");
    }
    if let Ok(head) = TreeHead::open(&note, &LOG.1) {
        assert_eq!(head.sign(&LOG.0).expect("what was signed"), note, "a checkpoint has one spelling");
    }
    assert!(Announcement::open(&note, &CAMPAIGN).is_err(), "the log announces nothing");
}

fn signed_by_the_organiser(input: &[u8]) {
    let Ok(note) = ORGANISER.sign(input) else { return };
    assert!(TreeHead::open(&note, &LOG.1).is_err(), "an organiser signs no log");
    let Ok(read) = Announcement::open(&note, &CAMPAIGN) else { return };
    assert_eq!(read.note.as_bytes(), note);
    assert!(read.number > 0);
    let seed = array("organiser_seed");
    let again = Announcement::sign(&CAMPAIGN, &seed, read.number, read.date, read.text.clone()).expect("what was read");
    assert_eq!((again.number, again.date, &again.text), (read.number, read.date, &read.text));
    let json = serde_json::to_vec(&read).expect("numbers and texts");
    assert_eq!(serde_json::from_slice::<Announcement>(&json).expect("what was written"), read);
}
