//! The manifest of the registration bundle: which files a page consists of, by size and SHA-256 (DESIGN §4, type 5).
//!
//! Its own SHA-256 stands in the log. Server and auditor read it with this one decoder, which takes exactly one
//! spelling; a name in it can never lead out of a folder or to another address.

use crate::codec::array_from_hex;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the manifest beside the files that it lists; it does not list itself.
pub const MANIFEST: &str = "manifest.json";
/// The file that is the page; all others are loaded by it.
pub const INDEX: &str = "index.html";
/// Bytes of a manifest: 64 lines of a name and a digest.
pub const MANIFEST_BYTES_MAX: u64 = 16_384;
/// Files of a page: several times what one needs, and no burden on whoever has to open each.
pub const PAGE_FILES_MAX: usize = 64;
/// Bytes of all files of a page together, before compression; an auditor downloads them all.
pub const PAGE_BYTES_MAX: u64 = 8_388_608;

/// Of which build the page of a real campaign must be: anybody can make the same bytes from Debian's packages.
const DEBIAN: &str = "debian rustc-web ";
const TEXT_MAX: usize = 100;

/// Media types by extension: a file of any other kind is no part of a page.
const KINDS: [(&str, &str); 9] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("svg", "image/svg+xml"),
    ("ico", "image/x-icon"),
    ("png", "image/png"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
];

/// A manifest that keeps every rule: one is had only from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageManifest {
    compiler: String,
    files: Vec<PageFile>,
}

/// A file of the page. Its name is lower-case letters, digits, dots and hyphens, and ends in a known extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFile {
    name: String,
    media_type: &'static str,
    size: u64,
    sha256: [u8; 32],
}

/// The manifest as it stands: `{"compiler":…,"files":[{"path":…,"size":…,"sha256":…},…]}` and a newline, without any
/// other white space, the files in the order of their names.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    compiler: String,
    files: Vec<WrittenFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    path: String,
    size: u64,
    sha256: String,
}

impl PageManifest {
    /// Reads a manifest; whatever is not exactly one, byte for byte, is [`Error::Manifest`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() as u64 > MANIFEST_BYTES_MAX {
            return Err(Error::Manifest("it is larger than any manifest"));
        }
        let written: Written =
            serde_json::from_slice(bytes).map_err(|_| Error::Manifest("it is not in the form of a manifest"))?;
        let mut exact = serde_json::to_vec(&written).map_err(|_| Error::Manifest("it cannot be written back"))?;
        exact.push(b'\n');
        if exact != bytes {
            return Err(Error::Manifest("it is not spelled in the one way that a manifest is"));
        }
        let plain = |c: char| c == ' ' || c.is_ascii_graphic() && c != '"' && c != '\\';
        if !(1..=TEXT_MAX).contains(&written.compiler.len()) || !written.compiler.chars().all(plain) {
            return Err(Error::Manifest("it does not name the compiler in a line"));
        }
        let files = written.files.iter().map(PageFile::read).collect::<Result<Vec<_>, _>>()?;
        if files.len() > PAGE_FILES_MAX {
            return Err(Error::Manifest("it lists too many files"));
        }
        if !files.iter().zip(files.iter().skip(1)).all(|(one, next)| one.name < next.name) {
            return Err(Error::Manifest("it does not list each file once, in the order of their names"));
        }
        let bytes = files.iter().try_fold(0u64, |sum, file| sum.checked_add(file.size));
        if bytes.is_none_or(|bytes| bytes > PAGE_BYTES_MAX) {
            return Err(Error::Manifest("its files are too large"));
        }
        if !files.iter().any(|file| file.name == INDEX) {
            return Err(Error::Manifest("it does not list index.html"));
        }
        Ok(Self { compiler: written.compiler, files })
    }

    /// What compiled the WASM in the page, by the manifest's own word.
    pub fn compiler(&self) -> &str {
        &self.compiler
    }

    /// Whether the log of a campaign may name this page: of one that is no rehearsal, only if it says that it was
    /// built with Debian's compiler, which everybody can have in this very version.
    pub fn may_be_entered(&self, rehearsal: bool) -> bool {
        rehearsal || self.compiler.starts_with(DEBIAN)
    }

    /// The files, in the order of their names; `index.html` is among them.
    pub fn files(&self) -> &[PageFile] {
        &self.files
    }
}

impl PageFile {
    fn read(written: &WrittenFile) -> Result<Self, Error> {
        const NAME: Error = Error::Manifest("it lists a file whose name no page has");
        let name = &written.path;
        let (stem, extension) = name.rsplit_once('.').ok_or(NAME)?;
        let (_, media_type) = KINDS.iter().find(|(known, _)| *known == extension).ok_or(NAME)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        let begins = stem.starts_with(|c: char| c.is_ascii_alphanumeric());
        if name.len() > TEXT_MAX || !begins || !name.chars().all(plain) {
            return Err(NAME);
        }
        let sha256 = array_from_hex(&written.sha256, "digest")
            .map_err(|_| Error::Manifest("it lists a file without a SHA-256 in lower-case hexadecimal"))?;
        Ok(Self { name: name.clone(), media_type, size: written.size, sha256 })
    }

    /// Its name below `/join/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As what it is served.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether these bytes are the file.
    pub fn is(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.size && <[u8; 32]>::from(Sha256::digest(bytes)) == self.sha256
    }
}
