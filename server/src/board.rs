//! The board: what everybody may see, made once per checkpoint or change of state and then sent from memory. It is made
//! when it is first asked for, on a thread that may block, while others wait without one.
//!
//! Its numbers come from the signed log and from nowhere else.

use crate::document::{Document, Effort};
use crate::error::{Error, Refusal};
use crate::page::map::Map;
use crate::page::picture::PNG;
use crate::page::{self, Moment, Overview};
use crate::published::Published;
use crate::timeline::Timeline;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::media;
use protocol::problem::Problem;
use protocol::publication::{State, Tick};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The documents of one moment, each made when it is first asked for.
struct Documents {
    moment: Moment,
    counts: OnceCell<Document>,
    /// The overview per language.
    pages: BTreeMap<String, OnceCell<Document>>,
    /// The pictures of the map, by language and name.
    pictures: BTreeMap<(String, String), OnceCell<Document>>,
}

/// The board. The publisher changes what is on it, everybody reads it.
pub(crate) struct Board {
    campaign: Arc<Campaign>,
    timeline: Arc<Timeline>,
    overview: Arc<Overview>,
    current: Mutex<Current>,
}

struct Current {
    published: Published,
    /// What the documents were made for; another moment needs others.
    made_for: Option<(State, Tick, u64, bool)>,
    documents: Option<Arc<Documents>>,
}

impl Board {
    /// A board that shows what the log says.
    pub(crate) fn new(
        campaign: Arc<Campaign>,
        timeline: Arc<Timeline>,
        map: Option<Map>,
        published: Published,
    ) -> Self {
        let overview = Arc::new(Overview::new(campaign.clone(), map));
        Self {
            campaign,
            timeline,
            overview,
            current: Mutex::new(Current { published, made_for: None, documents: None }),
        }
    }

    /// Shows what a new checkpoint says.
    pub(crate) fn show(&self, published: Published) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).published = published;
    }

    /// The published numbers as of now, for a page of another kind.
    pub(crate) fn moment(&self) -> Moment {
        self.documents().moment.clone()
    }

    /// The overview, whose map other pages show too.
    pub(crate) fn overview(&self) -> &Arc<Overview> {
        &self.overview
    }

    /// `counts.json` as of now.
    pub(crate) async fn counts(&self) -> Result<Document, Refusal> {
        let documents = self.documents();
        let make = |documents: &Documents| {
            let json = serde_json::to_vec(&documents.moment.counts);
            let json = json.map_err(|error| Error::Refused(error.to_string()))?;
            Ok(Document::new(media::JSON, json, Effort::Quick))
        };
        made(&documents.counts, documents.clone(), make).await
    }

    /// The overview in a language, as of now; none if the campaign does not speak it.
    pub(crate) async fn page(&self, lang: &str) -> Result<Option<Document>, Refusal> {
        let documents = self.documents();
        let Some((lang, page)) = documents.pages.get_key_value(lang) else { return Ok(None) };
        let (overview, lang) = (self.overview.clone(), lang.clone());
        let make = move |documents: &Documents| {
            let html = overview.html(&documents.moment, &lang)?;
            Ok(Document::new(page::HTML, html.into_bytes(), Effort::Quick))
        };
        made(page, documents.clone(), make).await.map(Some)
    }

    /// A picture of the map in a language, as of now; none if there is no such picture.
    pub(crate) async fn picture(&self, lang: &str, name: &str) -> Result<Option<Document>, Refusal> {
        let documents = self.documents();
        let key = (lang.to_owned(), name.to_owned());
        let Some(picture) = documents.pictures.get(&key) else { return Ok(None) };
        let overview = self.overview.clone();
        let make = move |documents: &Documents| {
            let png = overview.picture(&documents.moment, &key.0, &key.1)?;
            Ok(Document::new(PNG, png.unwrap_or_default(), Effort::None))
        };
        made(picture, documents.clone(), make).await.map(Some)
    }

    /// The documents as of now. What they say is fixed here; they are written by whoever first asks for one.
    fn documents(&self) -> Arc<Documents> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let published = &current.published;
        let state = if published.closed { State::Closed } else { self.timeline.published_state() };
        let issuing = self.timeline.issues_tokens();
        let made_for = Some((state, published.tick, published.log_size, issuing));
        match &current.documents {
            Some(documents) if current.made_for == made_for => documents.clone(),
            _ => {
                let documents = Arc::new(self.empty(published, state, issuing));
                (current.made_for, current.documents) = (made_for, Some(documents.clone()));
                documents
            }
        }
    }

    fn empty(&self, published: &Published, state: State, issuing: bool) -> Documents {
        let Published { log_size, sums, announcement, tick, .. } = published;
        let counts = Counts::new(&self.campaign, state, *tick, *log_size, sums, announcement.clone());
        let languages: Vec<&str> = self.overview.languages().collect();
        let pictures =
            languages.iter().flat_map(|lang| self.overview.pictures().map(|name| ((*lang).to_owned(), name)));
        Documents {
            moment: Moment { counts, issuing, raided: false },
            counts: OnceCell::new(),
            pictures: pictures.map(|key| (key, OnceCell::new())).collect(),
            pages: languages.iter().map(|lang| ((*lang).to_owned(), OnceCell::new())).collect(),
        }
    }
}

/// A document that is there, or is made now on a thread that may block. Whoever asks meanwhile waits without a thread.
async fn made(
    cell: &OnceCell<Document>,
    documents: Arc<Documents>,
    make: impl FnOnce(&Documents) -> Result<Document, Error> + Send + 'static,
) -> Result<Document, Refusal> {
    let make = async || {
        tokio::task::spawn_blocking(move || make(&documents))
            .await
            .map_err(|_| Problem::Unavailable)?
            .map_err(Refusal::from)
    };
    cell.get_or_try_init(make).await.cloned()
}

#[cfg(test)]
mod tests;
