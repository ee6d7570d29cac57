//! Registration bundles as their build writes them, small and made up: what is in them matters to no server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helping functions too")]

use protocol::codec::to_hex;
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::TempDir;

/// The compiler of a page that any campaign may serve.
pub const DEBIAN: &str = "debian rustc-web 1.96.0";

/// The files of a small page, in the order of their names; `word` makes two of them differ.
pub fn files(word: &str) -> Vec<(String, Vec<u8>)> {
    let script = format!("// {word}\nconsole.log('count heads, not names');\n");
    let script_name = format!("app-{}.js", &to_hex(&Sha256::digest(&script))[..8]);
    let index =
        format!("<!doctype html><title>{word}</title><script type=module src=\"/join/{script_name}\"></script>\n");
    vec![
        (script_name, script.into_bytes()),
        ("icon.png".to_owned(), b"\x89PNG\r\n\x1a\n".to_vec()),
        ("index.html".to_owned(), index.into_bytes()),
        ("registration.wasm".to_owned(), b"\0asm\x01\0\0\0".to_vec()),
    ]
}

/// The manifest of files in the order of their names.
pub fn manifest(compiler: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let line = |(name, bytes): &(String, Vec<u8>)| {
        let digest = to_hex(&Sha256::digest(bytes));
        format!("{{\"path\":\"{name}\",\"size\":{},\"sha256\":\"{digest}\"}}", bytes.len())
    };
    let lines: Vec<String> = files.iter().map(line).collect();
    format!("{{\"compiler\":\"{compiler}\",\"files\":[{}]}}\n", lines.join(",")).into_bytes()
}

/// Writes files and manifest into a folder that is made for it.
pub fn write(folder: &Path, compiler: &str, files: &[(String, Vec<u8>)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    std::fs::write(folder.join("manifest.json"), manifest(compiler, files)).unwrap();
}

/// A page in a folder of its own.
pub fn folder(word: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), DEBIAN, &files(word));
    folder
}

/// What the log names the page in a folder by.
pub fn digest(folder: &Path) -> [u8; 32] {
    Sha256::digest(std::fs::read(folder.join("manifest.json")).unwrap()).into()
}
