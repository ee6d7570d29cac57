//! What a good sentence is. Everything that the two programs say of a failure goes through here; a table of cases is
//! judged whole, so that one run shows all that is wrong.

use serde_json::Value;
use std::process::{Command, Output};
use tests::programs::{headcount, program};

/// What a failing program left behind.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
    json: bool,
}

/// Runs `headcount`.
pub(crate) fn client(arguments: &[&str], input: &str) -> Said {
    said(headcount(arguments, input), arguments.contains(&"--json"))
}

/// Runs `headcount-server`, for commands that end by themselves.
pub(crate) fn server(folder: &std::path::Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(program("headcount-server"));
    said(command.current_dir(folder).args(arguments).output().unwrap(), false)
}

fn said(output: Output, json: bool) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code(), json }
}

impl Said {
    /// What a program said that was run by hand.
    pub(crate) fn of(out: String, err: String, code: Option<i32>) -> Self {
        Self { out, err, code, json: false }
    }

    /// The sentence: what stands behind the program's name, up to the first empty line.
    pub(crate) fn sentence(&self) -> &str {
        let of = |name: &str| {
            let at =
                self.err.find(&format!("\n{name}")).map(|at| at + 1).or(self.err.starts_with(name).then_some(0))?;
            Some(&self.err[at + name.len()..])
        };
        let rest = of("headcount: ").or_else(|| of("headcount-server: ")).unwrap_or_default();
        rest.split("\n\n").next().unwrap_or_default().trim_end()
    }

    /// What is wrong with it, if anything is. `secrets` must stand nowhere in it.
    fn faults(&self, secrets: &[&str], mentions: &str) -> Vec<String> {
        let (sentence, lower) = (self.sentence(), self.sentence().to_lowercase());
        let mut faults = Vec::new();
        let mut demand = |holds: bool, fault: String| faults.extend((!holds).then_some(fault));
        demand(self.code.is_some_and(|code| code != 0), format!("it ends with {:?}", self.code));
        demand(!sentence.is_empty(), "it says nothing".to_owned());
        for mark in MARKS {
            demand(!self.err.contains(mark), format!("it shows {mark:?}"));
        }
        let (line, list) = sentence.split_once('\n').unwrap_or((sentence, ""));
        let ends = sentence.ends_with(['.', ')']) && !sentence.ends_with("..");
        demand(ends || (line.ends_with(':') && !list.is_empty()), "it does not end like a sentence".to_owned());
        let first = sentence.split(' ').next().unwrap_or_default();
        let is_small = first.chars().all(char::is_alphabetic) && first.starts_with(char::is_lowercase);
        demand(!first.is_empty() && !is_small, "it does not begin like a sentence".to_owned());
        demand(DOING.iter().any(|word| lower.contains(word)), "it does not say what to do".to_owned());
        demand(lower.contains(&mentions.to_lowercase()), format!("it does not mention {mentions:?}"));
        for secret in secrets.iter().filter(|secret| secret.len() > 3) {
            demand(!self.err.contains(secret), "it repeats a secret".to_owned());
        }
        if self.json {
            faults.extend(self.faults_of_json());
        }
        faults
    }

    /// A program that reads along must see an error, and nothing that looks like success.
    fn faults_of_json(&self) -> Vec<String> {
        let lines: Vec<Option<Value>> = self.out.lines().map(|line| serde_json::from_str(line).ok()).collect();
        let mut faults = Vec::new();
        for line in &lines {
            let Some(Value::Object(members)) = line else {
                faults.push("standard output has a line that is no JSON object".to_owned());
                continue;
            };
            // the phrase is shown before anything is sent; what a rehearsal counted has its errors in it
            let known = ["error", "phrase", "failures"].iter().any(|name| members.contains_key(*name));
            if !known {
                faults.push(format!("standard output looks like success: {:?}", members.keys().collect::<Vec<_>>()));
            }
        }
        let told = lines.iter().flatten().any(|line| line["error"].is_string() || line["errors"].as_u64() > Some(0));
        faults.extend((!told).then(|| "standard output has no error".to_owned()));
        faults
    }
}

/// What no user should ever see.
const MARKS: [&str; 14] = [
    "panicked",
    "RUST_BACKTRACE",
    "Error {",
    "Error(",
    "Err(",
    "Ok(",
    "Some(",
    "None)",
    "os error",
    "Malformed(",
    "{}",
    "\\\"",
    "unwrap",
    "src/",
];

/// Words that tell somebody what to do, or that nothing can be done.
const DOING: [&str; 31] = [
    "try ",
    "check",
    "use ",
    "give ",
    "ask ",
    "tell ",
    "wait",
    "choose",
    "come back",
    "put ",
    "set ",
    "start ",
    "go on ",
    "do not ",
    "write ",
    "run",
    "look ",
    "leave ",
    "type ",
    "nothing more can be done",
    "keep ",
    "make ",
    "answer it",
    "stop",
    "must ",
    "needs ",
    "see ",
    "mend ",
    "go through",
    "name ",
    "copy ",
];

/// A table of cases: each is judged, and all that is wrong is told at once.
#[derive(Default)]
pub(crate) struct Table {
    faults: Vec<String>,
    judged: usize,
}

impl Table {
    /// Judges one case. `mentions` is what the sentence must speak of.
    pub(crate) fn judge(&mut self, case: &str, said: &Said, secrets: &[&str], mentions: &str) {
        self.judged += 1;
        if std::env::var_os("SENTENCES").is_some() {
            eprintln!("{case}\n    {}", said.sentence());
        }
        let faults = said.faults(secrets, mentions);
        if !faults.is_empty() {
            self.faults.push(format!(
                "{case}: {}\n{}\n{}",
                faults.join("; "),
                said.err.trim_end(),
                said.out.trim_end()
            ));
        }
    }

    /// Fails if any case was wrong, or if fewer were judged than there should be.
    pub(crate) fn end(self, at_least: usize) {
        assert!(self.faults.is_empty(), "{} of {}:\n\n{}", self.faults.len(), self.judged, self.faults.join("\n\n"));
        assert!(self.judged >= at_least, "only {} cases were judged", self.judged);
    }
}

#[test]
fn the_judge_finds_what_is_wrong_with_a_sentence() {
    let of = |err: &str, code: i32| Said { out: String::new(), err: err.to_owned(), code: Some(code), json: false };
    let good = "Careful: aside\nheadcount: The file is missing; check its name.\n\nMore.\n";
    assert_eq!(of(good, 1).faults(&["abcd-efgh"], "file"), Vec::<String>::new());
    for (bad, code) in [
        (good, 0),
        ("headcount: The file is missing.", 1),
        ("headcount: The file is missing; check its name", 1),
        ("headcount: the file is missing; check its name.", 1),
        ("headcount: The file abcd-efgh is missing; check its name.", 1),
        ("headcount: The file is missing (os error 2); check its name.", 1),
        ("headcount: Error { what: \"file\" }; check its name.", 1),
        ("thread 'main' panicked at the file; check.", 101),
        ("headcount: Another thing is missing; check its name.", 1),
    ] {
        assert!(!of(bad, code).faults(&["abcd-efgh"], "file").is_empty(), "{bad}");
    }
    let json = |out: &str| Said { out: out.to_owned(), json: true, ..of(good, 1) }.faults(&[], "");
    assert!(json("{\"error\":\"x\"}\n").is_empty());
    for bad in ["", "words\n", "{\"counted\":true}\n", "{\"error\":\"x\"}\n{\"closing\":true}\n"] {
        assert!(!json(bad).is_empty(), "{bad}");
    }
}
