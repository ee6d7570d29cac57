//! The registration page beside its log: the manifest that the log names last, every file that it lists, and the policy
//! under which the page is served.
//!
//! It shows what this visitor was given. A server can give another visitor another page: so whoever takes part should
//! not be the only one who audits, and nothing here may tell the server whether the other was a participant.

use crate::error::Error;
use crate::log_reader::Source;
use crate::transport::Operation;
use protocol::campaign::Campaign;
use protocol::codec::to_hex;
use protocol::page_manifest::{INDEX, MANIFEST, MANIFEST_BYTES_MAX, PAGE_BYTES_MAX, PageFile, PageManifest};
use protocol::page_policy::page_policy;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A page that was compared whole.
pub struct Page {
    /// SHA-256 of its manifest, as the log has it.
    pub manifest_sha256: [u8; 32],
    /// Number of its files.
    pub files: usize,
    /// What compiled it, by its own word.
    pub compiler: String,
}

impl Page {
    /// The digest as a person compares it.
    pub fn digest(&self) -> String {
        to_hex(&self.manifest_sha256)
    }
}

/// Who serves what is audited: it decides what can be demanded of the entrance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// The campaign's own server.
    Own,
    /// The campaign's own address after its end, where a server of files may carry it on.
    Files,
    /// Another address, or a folder: what links lead to, and under which policy, cannot be seen there.
    Elsewhere,
}

/// Compares what is at `source` with what the log names. `None` if there is no page, or none to be compared, which a
/// remark tells.
pub(super) async fn check(
    source: &Source,
    campaign: &Campaign,
    logged: Option<[u8; 32]>,
    host: Host,
    remarks: &mut Vec<String>,
) -> Result<Option<Page>, Error> {
    let home = match source {
        Source::Web(operation) if host != Host::Elsewhere => Some(operation),
        _ => None,
    };
    let Some(manifest_sha256) = logged else {
        return no_page(source, home, remarks).await.map(|()| None);
    };
    let shelf = Shelf::of(source);
    let Some(manifest_bytes) = shelf.read(MANIFEST, MANIFEST_BYTES_MAX).await? else {
        return match source {
            Source::Web(_) => Err(another("there is none")),
            Source::Folder(_) => {
                remarks.push("The page is not here, so it was not compared with the log.".to_owned());
                Ok(None)
            }
        };
    };
    if <[u8; 32]>::from(Sha256::digest(&manifest_bytes)) != manifest_sha256 {
        return Err(another("its manifest is another"));
    }
    let manifest = PageManifest::decode(&manifest_bytes)?;
    if !manifest.may_be_entered(campaign.genesis().rehearsal) {
        return Err(another("it was not built with Debian's compiler, as that of a real campaign must be"));
    }
    for file in manifest.files() {
        shelf.compare(file.name(), file).await?;
    }
    shelf.refuse_strangers(&manifest)?;
    if let Some(operation) = home {
        let index = manifest.files().iter().find(|file| file.name() == INDEX);
        let index = index.ok_or_else(|| another("it has no index.html"))?;
        if !check_entrance(operation, campaign, index, host == Host::Files).await? {
            remarks.push(ENTRANCE_OF_FILES.to_owned());
        }
    }
    Ok(Some(Page { manifest_sha256, files: manifest.files().len(), compiler: manifest.compiler().to_owned() }))
}

/// The log names no page: nobody answers for whatever is shown at `/join`.
async fn no_page(source: &Source, home: Option<&Operation>, remarks: &mut Vec<String>) -> Result<(), Error> {
    if Shelf::of(source).read(MANIFEST, MANIFEST_BYTES_MAX).await?.is_some() {
        return Err(Error::Misbehaved(
            "A page is served at /join of which the log knows nothing; do not use it.".to_owned(),
        ));
    }
    if let Some(operation) = home
        && operation.get("/join", OTHER_PAGE_BYTES_MAX).await?.media_type.as_deref() == Some("text/html")
    {
        remarks.push(
            "The log names no registration page: whatever /join shows, do not type an invite or a phrase into it."
                .to_owned(),
        );
    }
    Ok(())
}

/// What a link leads to: the very index.html, under the very policy, without a header that leads or loads elsewhere. False
/// where a server of files, if one may stand there, points to the folder of that name, or knows no policy.
async fn check_entrance(
    operation: &Operation,
    campaign: &Campaign,
    index: &PageFile,
    files: bool,
) -> Result<bool, Error> {
    let answer = operation.get("/join", bytes_max(PAGE_BYTES_MAX)).await?;
    if files && matches!(answer.status, 300..=399 | 404) {
        return Ok(false);
    }
    if answer.status == 404 || answer.status == 200 && !index.is(&answer.body) {
        return Err(another("what /join shows is not the index.html that the manifest lists"));
    }
    let answer = answer.demand(&[200], None)?;
    if answer.leads_elsewhere {
        return Err(another("the server adds a header to it that loads something else or leads elsewhere"));
    }
    let under_policy = answer.policy.as_deref() == Some(page_policy(campaign.genesis()).as_str());
    if !under_policy && !files {
        return Err(another("it is served under another policy than the protocol has (Content-Security-Policy)"));
    }
    Ok(under_policy)
}

fn another(why: &str) -> Error {
    Error::Misbehaved(format!(
        "The page at /join is not the one that the log names: {why}; do not use it. (If it was changed this very \
         minute, audit once more.)"
    ))
}

/// Where the files of a page are.
enum Shelf<'a> {
    /// Below `/join/` on a server.
    Web(&'a Source),
    /// In a folder: `join/` of a mirror, which is laid out like the URLs, or `page/` of a server's data directory.
    Folder(PathBuf),
}

impl<'a> Shelf<'a> {
    fn of(source: &'a Source) -> Self {
        let folder = |folder: &Path| {
            let mirror = folder.join("join");
            if mirror.is_dir() { mirror } else { folder.join("page") }
        };
        match source {
            Source::Web(_) => Self::Web(source),
            Source::Folder(path) => Self::Folder(folder(path)),
        }
    }

    async fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Web(source) => source.read(&format!("join/{name}"), bytes_max(most)).await,
            Self::Folder(folder) => Source::Folder(folder.clone()).read(name, bytes_max(most)).await,
        }
    }

    /// Demands that a file is there and is the one that the manifest lists.
    async fn compare(&self, name: &str, file: &PageFile) -> Result<(), Error> {
        match self.read(name, file.size()).await {
            Ok(Some(bytes)) if file.is(&bytes) => Ok(()),
            Ok(None) => Err(another(&format!("{name} is missing"))),
            Ok(Some(_)) | Err(Error::Misbehaved(_)) => {
                Err(another(&format!("{name} is not the file that the manifest lists")))
            }
            Err(other) => Err(other),
        }
    }

    /// In a folder it can also be seen that nothing else lies there.
    fn refuse_strangers(&self, manifest: &PageManifest) -> Result<(), Error> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let failed = |error: std::io::Error| Error::file(folder, "read", &error);
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if name != MANIFEST && !manifest.files().iter().any(|file| name == file.name()) {
                return Err(another(&format!("{} is not in the manifest", name.to_string_lossy())));
            }
        }
        Ok(())
    }
}

/// No limit of a page is more than a device can address.
fn bytes_max(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

const ENTRANCE_OF_FILES: &str = "A server of files stands at the campaign's address: it has the page that the log names, but does \
    not show it at /join as the campaign's own server would (its address, its policy); type nothing into it.";
/// Of a page that is only looked at for its kind.
const OTHER_PAGE_BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
