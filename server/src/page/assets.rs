//! Style, script and icon of the pages: the same for every campaign, each named by its hash, so that it may be kept for ever
//! and a page takes no other (Subresource Integrity).

use super::picture;
use crate::document::{Document, Effort};
use protocol::codec::{to_base64, to_hex};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file beside the pages.
pub(crate) struct Asset {
    /// Its address.
    pub(crate) path: String,
    /// What a browser compares it with.
    pub(crate) integrity: String,
    document: Document,
}

/// All of them.
pub(crate) struct Assets {
    /// The style of the overview.
    pub(crate) style: Asset,
    /// What the organisers' page has besides.
    pub(crate) organiser: Asset,
    /// What changes in it for browsers without script, which may lack SVG too.
    pub(crate) without_script: Asset,
    /// The search in the list.
    pub(super) search: Asset,
    icon: Document,
}

impl Assets {
    /// The files, made once.
    pub(crate) fn get() -> &'static Self {
        static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
            style: asset("style", "css", CSS, include_str!("../../pages/style.css")),
            organiser: asset("organiser", "css", CSS, include_str!("../../pages/organiser/style.css")),
            without_script: asset("without-script", "css", CSS, include_str!("../../pages/without-script.css")),
            search: asset("search", "js", SCRIPT, include_str!("../../pages/search.js")),
            icon: Document::new(picture::PNG, picture::icon(), Effort::None),
        });
        &ASSETS
    }

    fn named(&self) -> [&Asset; 4] {
        [&self.style, &self.organiser, &self.without_script, &self.search]
    }
}

/// The file at an address, if there is one.
pub(crate) fn at(path: &str) -> Option<&'static Document> {
    Assets::get().named().into_iter().find(|asset| asset.path == path).map(|asset| &asset.document)
}

/// All of them with their addresses, for a server of files.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let assets = Assets::get();
    let named = assets.named().into_iter().map(|asset| (asset.path.as_str(), &asset.document));
    named.chain([("/favicon.ico", &assets.icon)]).map(|(path, document)| (path, document.bytes().to_vec()))
}

/// A neutral icon, so that no browser asks in vain.
pub(crate) fn icon() -> &'static Document {
    &Assets::get().icon
}

fn asset(name: &str, end: &str, media_type: &'static str, text: &str) -> Asset {
    let digest = Sha256::digest(text);
    let base64 = to_base64(&digest).replace('-', "+").replace('_', "/"); // the alphabet that browsers read
    Asset {
        path: format!("/overview/{name}-{}.{end}", to_hex(&digest[..8])),
        integrity: format!("sha256-{base64}"),
        document: Document::new(media_type, text.as_bytes().to_vec(), Effort::Thorough),
    }
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
