//! The table of the promises: each with what keeps it, by SECURITY.md, its tests, and how they ended. `make promises` runs
//! them; with the path of what `cargo test` said, as the gate keeps it, nothing is run again.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for whoever sits before it")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// A promise as it stands in SECURITY.md.
struct Promise {
    id: String,
    mechanism: String,
    tests: BTreeSet<String>,
}

/// A test that ran: in which program, its whole name, how it ended.
type Ran = (String, String, String);

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let security = std::fs::read_to_string(root.join("SECURITY.md"));
    let promises = security.map(|text| promises(&text)).unwrap_or_default();
    if promises.is_empty() {
        eprintln!("promises: SECURITY.md has no table of promises; run this in a whole copy of the repository");
        return ExitCode::FAILURE;
    }
    let said = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(&path),
        None => run(&root, &promises),
    };
    match said {
        Ok(said) => tell(&promises, &results(&said)),
        Err(error) => {
            eprintln!("promises: there is nothing to read: {error}; give the file that make test wrote, or none");
            ExitCode::FAILURE
        }
    }
}

/// The rows of SECURITY.md's table: `| ID | mechanism | enforced in | tests |`.
fn promises(security: &str) -> Vec<Promise> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").map(str::trim).collect();
        let (id, mechanism) = (*cells.first()?, *cells.get(1)?);
        let named = id.len() == 2 && id.starts_with(char::is_uppercase) && id.ends_with(|c: char| c.is_ascii_digit());
        let prefix = format!("{}_", id.to_lowercase());
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let tests: BTreeSet<String> = words.filter(|word| word.starts_with(&prefix)).map(str::to_owned).collect();
        named.then(|| Promise { id: id.to_owned(), mechanism: mechanism.to_owned(), tests })
    };
    security.lines().filter_map(row).collect()
}

/// Runs the promises' tests and all of the same programs that bear their names, shows what they say, and gives it back.
fn run(root: &Path, promises: &[Promise]) -> std::io::Result<String> {
    let filters = promises.iter().map(|promise| format!("{}_", promise.id.to_lowercase()));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--locked", "--workspace", "--no-fail-fast", "--"]).args(filters);
    let (reader, writer) = std::io::pipe()?;
    cargo.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = cargo.spawn()?;
    drop(cargo); // which holds the other ends
    let mut said = String::new();
    for line in BufReader::new(reader).lines() {
        let line = line?;
        if line.starts_with("test ") || line.trim_start().starts_with("Running ") {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        said = said + &line + "\n";
    }
    child.wait()?;
    Ok(said)
}

/// The tests in what `cargo test` said, by the last part of their names.
fn results(said: &str) -> BTreeMap<String, Ran> {
    let (mut found, mut program) = (BTreeMap::new(), String::new());
    for line in said.lines() {
        if let Some((_, path)) = line.trim_start().strip_prefix("Running ").and_then(|rest| rest.rsplit_once('/')) {
            program = path.split('-').next().unwrap_or_default().to_owned();
        }
        let test = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "));
        if let Some((name, result)) = test {
            let name = name.trim_end_matches(" - should panic");
            let last = name.rsplit("::").next().unwrap_or_default().to_owned();
            found.insert(last, (program.clone(), name.to_owned(), result.to_owned()));
        }
    }
    found
}

/// Prints the table. Whatever did not run, or not well, fails it.
fn tell(promises: &[Promise], results: &BTreeMap<String, Ran>) -> ExitCode {
    let (mut passed, mut bad) = (0, Vec::new());
    for promise in promises {
        println!("\n{}  {}", promise.id, promise.mechanism);
        let prefix = format!("{}_", promise.id.to_lowercase());
        let others = results.keys().filter(|name| name.starts_with(&prefix));
        for test in promise.tests.iter().chain(others).collect::<BTreeSet<_>>() {
            let told = results.get(test).map(|(program, name, result)| (format!("{program} {name}"), result.as_str()));
            let (place, result) = told.unwrap_or_else(|| (test.clone(), "did not run"));
            println!("    {result:<12} {place}");
            match result {
                "ok" => passed += 1,
                _ => bad.push(place),
            }
        }
    }
    println!("\n{} promises, {} tests: {passed} passed, {} did not", promises.len(), passed + bad.len(), bad.len());
    for place in &bad {
        eprintln!("promises: not kept, or not shown: {place}");
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "| ID | mechanism |\n|---|---|\n| U1 | blinding | `a.rs` | `u1_a`, `u1_b`, `o1_c` |\n| x | y |\n";

    #[test]
    fn a_promise_is_kept_where_all_its_tests_ran_and_passed() {
        let promises = promises(TABLE);
        assert_eq!(promises.len(), 1);
        assert_eq!(promises[0].tests, ["u1_a", "u1_b"].map(str::to_owned).into());
        let said = |second: &str| {
            format!(
                "     Running e2e/main.rs (target/debug/deps/e2e-0a1b)\ntest x::u1_a ... ok\ntest y::u1_b ... {second}\n"
            )
        };
        let table = results(&said("ok"));
        assert_eq!(table["u1_a"], ("e2e".to_owned(), "x::u1_a".to_owned(), "ok".to_owned()));
        let code = |said: &str| format!("{:?}", tell(&promises, &results(said)));
        let (good, failed) = (format!("{:?}", ExitCode::SUCCESS), format!("{:?}", ExitCode::FAILURE));
        assert_eq!(code(&said("ok")), good);
        for bad in [said("FAILED"), said("ignored"), said("ok").replace("test x::u1_a ... ok\n", ""), String::new()] {
            assert_eq!(code(&bad), failed, "{bad}");
        }
    }
}
