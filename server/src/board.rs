//! The board: what everybody may see, made once per checkpoint or change of state and then sent from memory.
//!
//! Its numbers come from the signed log and from nowhere else.

use crate::error::Error;
use crate::page;
use crate::timeline::Timeline;
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::counts::{Counts, Sums};
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
}

impl From<Summary> for Published {
    fn from(summary: Summary) -> Self {
        Self { log_size: summary.entries, sums: summary.sums, announcement: summary.announcement }
    }
}

/// The documents of one moment.
pub(crate) struct Documents {
    /// `/counts.json`.
    pub counts: Arc<[u8]>,
    /// The overview per language.
    pub pages: BTreeMap<String, Arc<[u8]>>,
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
        let documents = Arc::new(Documents { counts: Arc::from([]), pages: BTreeMap::new() });
        Self { campaign, timeline, current: Mutex::new(Current { published, moment: None, documents }) }
    }

    /// Shows what a new checkpoint says.
    pub(crate) fn show(&self, published: Published) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).published = published;
    }

    /// The documents as of now.
    pub(crate) fn documents(&self) -> Result<Arc<Documents>, Error> {
        let (state, tick) = (self.timeline.published_state(), self.timeline.last_tick());
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Some((state, tick, current.published.log_size));
        if current.moment != moment {
            current.documents = Arc::new(self.render(&current.published, state, tick)?);
            current.moment = moment;
        }
        Ok(current.documents.clone())
    }

    fn render(&self, published: &Published, state: State, tick: Tick) -> Result<Documents, Error> {
        let counts = Counts::new(
            &self.campaign,
            state,
            tick,
            published.log_size,
            &published.sums,
            published.announcement.clone(),
        );
        let json = serde_json::to_vec(&counts).map_err(|error| Error::Refused(error.to_string()))?;
        let next_tick = self.timeline.schedule().end_of(tick + 1);
        let languages = self.campaign.genesis().title.keys();
        let pages = languages
            .map(|lang| (lang.clone(), page::overview(&self.campaign, &counts, next_tick, lang).into_bytes().into()));
        Ok(Documents { counts: json.into(), pages: pages.collect() })
    }
}
