//! What a deployment does by itself: the ticks that are due, and the close with the destruction of what endangers people.

use crate::actions::{self, Actions};
use crate::error::Error;
use crate::keyring::Keyring;
use crate::store::disk;
use crate::telling::forget_told;
use crate::{Deployment, STORES, organisers, site, tell, timeline};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;

impl Deployment {
    /// Runs the tick that is due, if one is, and whatever an earlier look could not finish. Blocking; one look at a
    /// time, at its own pace.
    pub fn look_at_clock(&self) -> Result<(), Error> {
        let _one = self.ticking.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = self.run_what_is_due().and_then(|()| self.enter_page());
        let looked = looked.and(self.blur_times()); // whatever became of the rest
        self.well.store(looked.is_ok(), SeqCst);
        looked
    }

    /// Reads the whole log, if that was not done since the start, and says what is wrong with it. Blocking; others go on.
    pub(crate) fn read_whole_log(&self) -> Result<(), Error> {
        self.whole_log.read()
    }

    /// Has a reading of the whole log that goes on come to an end.
    pub(crate) fn end_reading(&self) {
        self.whole_log.end();
    }

    fn run_what_is_due(&self) -> Result<(), Error> {
        self.timeline.take_confirmation()?;
        if self.timeline.is_closed() {
            return if self.destroyed.load(SeqCst) { self.whole_log.found() } else { self.close() };
        }
        self.whole_log.found()?;
        if let Some((tick, closing)) = self.timeline.due() {
            self.whole_log.read()?;
            if let Err(error) = self.disk.measure() {
                tell(&error); // the numbers come first
            }
            let closed = self.publisher().tick(tick, closing)?;
            self.timeline.ran(tick);
            self.email.tick();
            forget_told();
            if closed {
                return self.close();
            }
        }
        if !self.timeline.issues_tokens() && !self.timeline.in_doubt() {
            self.email.end(); // no invite is good for anything from now on
        }
        let last = self.timeline.last_tick();
        match self.issuer.issuing() {
            // after publication: a store of invites that fails must not hold up the numbers
            Some(issuing) if !issuing.attester().has_ended(last) => issuing.attester().tick(last),
            _ => Ok(()),
        }
    }

    /// The times of the stores' files tell when the clock was last looked at, not when somebody last came; and those of the
    /// organisers' files not when one of them did something.
    fn blur_times(&self) -> Result<(), Error> {
        STORES.iter().try_for_each(|folder| disk::blur_times_below(&self.data.join(folder)))?;
        Ok([actions::FILE, organisers::FILE, timeline::CLOSING]
            .iter()
            .try_for_each(|file| disk::blur_times_of(&self.data.join(file)))?)
    }

    /// The page is served once the log names it, and not earlier. Where the plan of a tick is in the way, the next look
    /// at the clock tries again.
    pub(crate) fn enter_page(&self) -> Result<(), Error> {
        if let Some(manifest_sha256) = self.join.to_be_entered()
            && self.publisher().enter_page(manifest_sha256)?
        {
            self.join.entered();
        }
        Ok(())
    }

    /// Whether the wall clock is in doubt, so that nothing is published until the operator confirms it.
    pub fn clock_in_doubt(&self) -> bool {
        self.timeline.in_doubt()
    }

    /// Finishes a tick or a close that was cut off. Nothing is served yet. What cannot be destroyed now is told and tried
    /// again at every look at the clock: the public log is served all the same.
    pub(crate) fn resume(&self, closed: bool) -> Result<(), Error> {
        if !closed && self.publisher().is_unfinished()? {
            self.whole_log.read()?;
        }
        if (closed || self.publisher().resume()?)
            && let Err(error) = self.close()
        {
            tell(&error);
        }
        Ok(())
    }

    /// After the close, once what endangers people is gone: writes the static site, anew when the log has grown by an
    /// announcement or a page. Blocking.
    pub(crate) fn keep_site(&self) -> Result<(), Error> {
        if !self.destroyed.load(SeqCst) {
            return Ok(());
        }
        let publisher = self.publisher(); // the log's only writer: nothing is appended meanwhile
        let head = publisher.log().head();
        let mut written = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        if *written != Some(head) {
            site::write(&self.data)?;
            *written = Some(head);
        }
        Ok(())
    }

    /// The close entry is in the signed checkpoint: what only endangers people is destroyed, the keys first. Every part
    /// is tried, whatever becomes of the others, and all of it again until all is gone.
    fn close(&self) -> Result<(), Error> {
        self.timeline.closed();
        self.email.end();
        self.origin.forget();
        let mut done = vec![Keyring::of(&self.data).destroy(), self.publisher().destroy_pool(), self.issuer.destroy()];
        done.extend(crate::remove_stores(&self.data));
        done.push(Actions::of(&self.data).destroy());
        done.into_iter().collect::<Result<(), Error>>()?;
        disk::sync_dir(&self.data)?;
        self.destroyed.store(true, SeqCst);
        Ok(())
    }
}
