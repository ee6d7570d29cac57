//! The log's files as documents: the checkpoint made once per checkpoint, tiles and bundles remembered up to a bound.
//!
//! Only what lies within the signed size is ever remembered: under its name it never changes. No lock is held while a
//! file is read, so that two who ask for one tile at once may both read it.

use crate::config::TILES_HELD_BYTES_MAX;
use crate::document::{Document, Effort};
use crate::error::Refusal;
use crate::store::StoreError;
use crate::store::log::LogReader;
use protocol::problem::Problem;
use protocol::tile::TileName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What of the log was asked for lately.
pub(super) struct Shelf {
    log: LogReader,
    /// The last checkpoint that was asked for, with the note that it was made of.
    checkpoint: Mutex<Option<(Arc<[u8]>, Document)>>,
    tiles: Mutex<Tiles>,
}

/// Tiles by name, and how many bytes they are together.
#[derive(Default)]
struct Tiles {
    held: HashMap<TileName, Document>,
    bytes: usize,
}

impl Shelf {
    /// An empty shelf before a log.
    pub(super) fn new(log: LogReader) -> Self {
        Self { log, checkpoint: Mutex::default(), tiles: Mutex::default() }
    }

    /// The newest signed checkpoint.
    pub(super) fn checkpoint(&self) -> Document {
        let signed = self.log.checkpoint();
        let mut made = self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, document)) if Arc::ptr_eq(of, &signed) => document.clone(),
            _ => {
                let document = Document::new(TEXT, signed.to_vec(), Effort::None);
                *made = Some((signed, document.clone()));
                document
            }
        }
    }

    /// A tile or bundle within the signed size, or nothing.
    pub(super) async fn tile(&self, name: TileName) -> Result<Option<Document>, Refusal> {
        if let Some(document) = self.tiles().held.get(&name) {
            return Ok(Some(document.clone()));
        }
        let log = self.log.clone();
        let read = move || Ok::<_, StoreError>((log.tile(name)?.map(document_of), log.is_newest(name)));
        let (document, is_newest) = tokio::task::spawn_blocking(read).await.map_err(|_| Problem::Unavailable)??;
        // of the 255 narrower ones of each tile whoever wants to could ask for all, and leave room for nothing else
        if let Some(document) = document.as_ref().filter(|_| is_newest) {
            self.tiles().put(name, document.clone());
        }
        Ok(document)
    }

    fn tiles(&self) -> MutexGuard<'_, Tiles> {
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tiles {
    /// When they are too many all are dropped: to read them again is cheap, and who reads a whole log that is larger than
    /// the shelf, in order, would gain nothing from a cleverer choice.
    fn put(&mut self, name: TileName, document: Document) {
        let bytes = document.bytes().len();
        if bytes > TILES_HELD_BYTES_MAX || self.held.contains_key(&name) {
            return;
        }
        if self.bytes + bytes > TILES_HELD_BYTES_MAX {
            *self = Self::default();
        }
        self.bytes += bytes;
        self.held.insert(name, document);
    }
}

/// Not compressed: it is signatures, salts and hashes. A full bundle of one place, the most alike that there is, goes from
/// 84,523 bytes to 83,267 by brotli (1.5 %) and 83,131 by gzip (1.6 %); a hash tile of 8,192 becomes larger.
fn document_of(bytes: Vec<u8>) -> Document {
    Document::new(BYTES, bytes, Effort::None)
}

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

#[cfg(test)]
mod tests;
