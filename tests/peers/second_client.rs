//! A second Client in Python, written by somebody who had `protocol/WIRE.md` and the vectors and nothing else: it reads
//! every vector, takes part over HTTP, and finds its pledges in the log.

use protocol::phrase::Phrase;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tests::foreign::{installed, run};
use tests::programs::{Demo, good, published, wait_until};

/// The program as a stranger has it: beside it the word list of BIP-39, which is no work of ours.
struct SecondClient(tempfile::TempDir, PathBuf);

impl SecondClient {
    fn unpack() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("second_client");
        for entry in std::fs::read_dir(sources).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "py") {
                std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let words = bip39::Language::English.word_list().map(|word| format!("{word}\n")).concat();
        std::fs::write(folder.path().join("english.txt"), words).unwrap();
        Self(folder, installed("peers/venv/bin/python", "setup-peers").unwrap_or_else(|said| panic!("{said}")))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.1);
        command.env("NO_PROXY", "127.0.0.1").arg(self.0.path().join(program)).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<Value, String> {
        run(&mut self.command("second_client.py", arguments), input, Duration::from_secs(120))
    }

    /// A registration by the program that can be read in one sitting.
    fn run_short(&self, place: &str, input: &str) -> Result<Value, String> {
        run(&mut self.command("short_client.py", &[place, "0"]), input, Duration::from_secs(120))
    }
}

#[test]
fn a_client_that_was_written_from_the_document_alone_reads_every_vector() {
    let client = SecondClient::unpack();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/vectors");
    let said = client.command("second_client.py", &["vectors", vectors.to_str().unwrap()]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{out}\n{err}");
    let checked: usize = out.split(|c: char| !c.is_ascii_digit()).find_map(|word| word.parse().ok()).unwrap();
    assert!(checked > 400, "{out}");
}

#[test]
fn a_client_that_was_written_from_the_document_alone_takes_part_and_finds_its_pledge() {
    let (client, demo) = (SecondClient::unpack(), Demo::start("2", "0"));
    let phrase = Phrase::generate(&mut rand::rng());
    let (numbers, phrase) = (phrase.numbers(), phrase.words());
    let options = ["--yes", "--wait", "0"];
    let take_part = |invite: usize, more: &[&str], lines: &str| {
        let arguments = [&["register", "-", "7"][..], &options, more].concat();
        client.run(&arguments, &format!("{}\n{lines}", demo.link(invite)))
    };
    let first = take_part(0, &["--phrase", "-"], &format!("{}\n", *phrase)).unwrap();
    assert_eq!((&first["receipt"], &first["status"], &first["place"]), (&true.into(), &201.into(), &7.into()));
    let again = take_part(0, &["--phrase", "-"], &format!("{}\n", *phrase)).unwrap();
    assert_eq!((&again["status"], &again["nonce"]), (&200.into(), &first["nonce"]), "the same phrase, the same pledge");
    let refused = take_part(0, &[], "").unwrap_err();
    assert!(!refused.contains("Traceback"), "another phrase with a used invite: {refused}");
    (1..4).for_each(|invite| assert_eq!(take_part(invite, &[], "").unwrap()["status"], 201));

    let again = client.run_short("7", &format!("{}\n{}\n", demo.link(0), *numbers)).unwrap();
    assert_eq!((&again["status"], &again["nonce"]), (&200.into(), &first["nonce"]), "both make the same bytes");
    assert_eq!(client.run_short("7", &demo.link(4)).unwrap()["status"], 201);
    let refused = client.run_short("7", &demo.link(4)).unwrap_err();
    assert!(refused.contains("invite-used") && !refused.contains("Traceback"), "{refused}");

    wait_until(|| published(demo.told("url")) == 5);
    let find = |phrase: &str| {
        client.run(&["find", demo.told("url"), "-", "7"], &format!("{}\n{phrase}\n", demo.link(0))).unwrap()
    };
    let found = find(&phrase);
    assert_eq!((&found["published"], &found["level"]), (&true.into(), &2.into()), "{found}");
    assert_eq!(find(&Phrase::generate(&mut rand::rng()).words())["published"], false);
    good(&["audit", demo.told("url")], "");
}
