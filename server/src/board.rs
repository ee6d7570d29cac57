//! The board: what everybody may see, made once per checkpoint or change of state and then sent from memory.
//!
//! Its numbers come from the signed log and from nowhere else.

use crate::document::{Document, Effort};
use crate::error::Error;
use crate::page;
use crate::timeline::Timeline;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::counts::{Counts, Sums};
use protocol::media;
use protocol::publication::{State, Tick};
use protocol::recount::Summary;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the signed log says, as far as it is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    /// Entries below the signed checkpoint.
    pub log_size: u64,
    /// Sums of the published groups.
    pub sums: Sums,
    /// The announcement that holds.
    pub announcement: Option<Announcement>,
    /// Digest of the manifest of the page that holds.
    pub manifest_sha256: Option<[u8; 32]>,
    /// The last tick that was run, whether it published or not.
    pub tick: Tick,
    /// Whether the close entry is among them.
    pub closed: bool,
}

impl From<Summary> for Published {
    fn from(summary: Summary) -> Self {
        Self {
            log_size: summary.entries,
            sums: summary.sums,
            announcement: summary.announcement,
            manifest_sha256: summary.manifest_sha256,
            tick: summary.last_tick,
            closed: summary.closed_at.is_some(),
        }
    }
}

/// The documents of one moment.
pub(crate) struct Documents {
    /// `/counts.json`.
    pub counts: Document,
    /// The overview per language.
    pub pages: BTreeMap<String, Document>,
}

/// The board. The publisher changes what is on it, everybody reads it.
pub(crate) struct Board {
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    current: Mutex<Current>,
}

struct Current {
    published: Published,
    /// What the documents were made for; another moment needs others.
    moment: Option<(State, Tick, u64)>,
    documents: Arc<Documents>,
}

impl Board {
    /// A board that shows what the log says.
    pub(crate) fn new(campaign: Arc<Campaign>, timeline: Arc<Timeline>, published: Published) -> Self {
        let documents = Arc::new(Documents {
            counts: Document::new(media::JSON, Vec::new(), Effort::None),
            pages: BTreeMap::new(),
        });
        Self { campaign, timeline, current: Mutex::new(Current { published, moment: None, documents }) }
    }

    /// Shows what a new checkpoint says.
    pub(crate) fn show(&self, published: Published) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).published = published;
    }

    /// The documents as of now.
    pub(crate) fn documents(&self) -> Result<Arc<Documents>, Error> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let published = &current.published;
        let state = if published.closed { State::Closed } else { self.timeline.published_state() };
        let moment = Some((state, published.tick, published.log_size));
        if current.moment != moment {
            current.documents = Arc::new(self.render(published, state)?);
            current.moment = moment;
        }
        Ok(current.documents.clone())
    }

    fn render(&self, published: &Published, state: State) -> Result<Documents, Error> {
        let Published { log_size, sums, announcement, tick, .. } = published;
        let counts = Counts::new(&self.campaign, state, *tick, *log_size, sums, announcement.clone());
        let json = serde_json::to_vec(&counts).map_err(|error| Error::Refused(error.to_string()))?;
        let next_tick = self.timeline.schedule().end_of(tick + 1);
        let page = |lang: &String| {
            let page = page::overview(&self.campaign, &counts, next_tick, lang);
            (lang.clone(), Document::new(page::HTML, page.into_bytes(), Effort::Quick))
        };
        let counts = Document::new(media::JSON, json, Effort::Quick);
        Ok(Documents { counts, pages: self.campaign.genesis().title.keys().map(page).collect() })
    }
}
