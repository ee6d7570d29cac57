//! The commands of a guide, and a shell that runs them as a reader would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::programs::program;

/// The lines of all blocks of a guide that are marked as console, those that end in a backslash joined with the next.
pub(crate) fn commands(guide: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(guide);
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    let joined: String = blocks.collect::<String>().replace("\\\n", "");
    let commands: Vec<String> =
        joined.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert!(!commands.is_empty(), "{guide} has no commands");
    commands
}

/// Runs one in a folder, with the two programs where a shell finds them.
pub(crate) fn shell(command: &str, folder: &Path) -> Output {
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", command])
        .current_dir(folder)
        .env("PATH", path())
        .output()
        .unwrap()
}

/// Runs one that must succeed, and returns what it says.
pub(crate) fn good(command: &str, folder: &Path) -> String {
    let output = shell(command, folder);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command}\n{out}\n{err}");
    format!("{out}{err}")
}

fn path() -> String {
    let programs: PathBuf = program("headcount").parent().unwrap().to_owned();
    format!("{}:{}", programs.display(), std::env::var("PATH").unwrap())
}
