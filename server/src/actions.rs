//! The log of what organisers did: one line of JSON each, to which lines are only ever added. It names accounts, batches
//! and ticks, never a participant, a token or a time of day; and it goes at close, when only what is public stays.
//!
//! A line is there before its act is done, so that no act is without one; a crash between the two leaves a line for what
//! was only about to be done. The file is written anew with each, because a torn line would be no line.

use crate::config::ACTIONS_MAX;
use crate::error::Error;
use crate::store::SECRET_FILE;
use crate::store::disk::{Alone, remove_file_if_there, write_file};
use protocol::publication::Tick;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in the data directory.
pub(crate) const FILE: &str = "actions";

/// Whom the log names for what was done by `headcount-server` itself.
pub(crate) const OPERATOR: &str = "operator";

/// What was done, by whom, while which tick was under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    /// The tick.
    pub tick: Tick,
    /// The account's name.
    pub organiser: String,
    /// The act.
    #[serde(flatten)]
    pub did: Act,
}

/// What organisers do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Invites were made.
    InvitesMade {
        /// Of which batch.
        batch: String,
        /// How many.
        count: u32,
    },
    /// A batch was revoked.
    BatchRevoked {
        /// Its name.
        batch: String,
    },
    /// An announcement was published.
    Announced {
        /// Its number.
        number: u32,
    },
    /// The closing tick was made.
    Closed,
    /// An account was made.
    AccountAdded {
        /// Its name.
        account: String,
    },
    /// An account was removed.
    AccountRemoved {
        /// Its name.
        account: String,
    },
}

/// The log, until close.
pub(crate) struct Actions {
    data: PathBuf,
}

impl Actions {
    /// The log of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The empty log of a new campaign.
    pub(crate) fn create(&self) -> Result<(), Error> {
        Ok(write_file(&self.file(), SECRET_FILE, b"")?)
    }

    /// Adds a line, durable when this returns; after close there is no log any more, and nothing is written. False says
    /// that the log is full for what can be done without end: only the making of invites can, so only that is refused,
    /// and a campaign with a full log can still be revoked from, announced in and closed. Blocking.
    pub(crate) fn add(&self, action: &Action) -> Result<bool, Error> {
        let _alone = Alone::with(&self.data)?;
        let Some(mut lines) = self.bytes()? else { return Ok(true) };
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        if count >= ACTIONS_MAX && matches!(action.did, Act::InvitesMade { .. }) {
            return Ok(false);
        }
        lines.extend(serde_json::to_vec(action).map_err(|error| Error::Refused(error.to_string()))?);
        lines.push(b'\n');
        write_file(&self.file(), SECRET_FILE, &lines)?;
        Ok(true)
    }

    /// Everything that was done, in order; none after close. Blocking.
    pub(crate) fn list(&self) -> Result<Option<Vec<Action>>, Error> {
        let Some(bytes) = self.bytes()? else { return Ok(None) };
        let damaged = |why: String| Error::damaged(format!("{} is damaged: {why}", self.file().display()));
        let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(damaged("its last line is cut off".to_owned()));
        }
        let read = |line| serde_json::from_str(line).map_err(|error| damaged(error.to_string()));
        text.lines().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// At close: removes the log from the disk. Can be repeated. Blocking.
    pub(crate) fn destroy(&self) -> Result<(), Error> {
        let _alone = Alone::with(&self.data)?;
        Ok(remove_file_if_there(&self.file())?)
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, Error> {
        match std::fs::read(self.file()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(self.file().display(), error)),
        }
    }

    fn file(&self) -> PathBuf {
        self.data.join(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(did: Act) -> Action {
        Action { tick: 3, organiser: "first".to_owned(), did }
    }

    #[test]
    fn acts_are_kept_in_order_and_gone_after_close() {
        let folder = tempfile::tempdir().unwrap();
        let log = Actions::of(folder.path());
        log.create().unwrap();
        assert_eq!(log.list().unwrap(), Some(Vec::new()));
        let all = [
            Act::InvitesMade { batch: "square \"1\"\u{2028}".to_owned(), count: 20 },
            Act::BatchRevoked { batch: "square".to_owned() },
            Act::Announced { number: 1 },
            Act::AccountAdded { account: "anna".to_owned() },
            Act::AccountRemoved { account: "anna".to_owned() },
            Act::Closed,
        ]
        .map(action);
        for action in &all {
            assert!(log.add(action).unwrap());
        }
        assert_eq!(log.list().unwrap().unwrap(), all);
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.contains("{\"tick\":3,\"organiser\":\"first\",\"did\":\"announced\",\"number\":1}\n"), "{text}");
        log.destroy().unwrap();
        log.destroy().unwrap();
        assert!(log.add(&all[0]).unwrap() && log.list().unwrap().is_none(), "and nothing brings it back");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_full_log_refuses_invites_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let log = Actions::of(folder.path());
        let made = action(Act::InvitesMade { batch: "a".to_owned(), count: 1 });
        let line = serde_json::to_string(&made).unwrap() + "\n";
        std::fs::write(folder.path().join(FILE), line.repeat(ACTIONS_MAX - 1)).unwrap();
        assert!(log.add(&made).unwrap());
        assert!(!log.add(&made).unwrap());
        assert!(log.add(&action(Act::Closed)).unwrap());
        assert!(!log.add(&made).unwrap());
        assert_eq!(log.list().unwrap().unwrap().len(), ACTIONS_MAX + 1);
    }

    #[test]
    fn a_damaged_log_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let log = Actions::of(folder.path());
        for text in ["{\"tick\":3", "{\"tick\":3,\"organiser\":\"a\",\"did\":\"closed\"}", "x\n", "\n", "{}\n"] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            assert!(log.list().is_err(), "{text}");
        }
    }
}
