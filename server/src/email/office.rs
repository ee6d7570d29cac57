//! The post office of a running server: the key in memory, the queue, and a few tasks that compose and send. What an
//! address earns is worked out here, behind the answer, so that the answer can say nothing of it.

use super::carrier::{Carried, Carrier};
use super::letter::{Composed, Letter};
use super::queue::{Mail, Queue};
use crate::config::{
    EMAIL_IDLE_MAX, EMAIL_PAUSE_MAX, EMAIL_RETRY_AFTER_SECS, EMAILS_AT_ONCE, EMAILS_PER_ADDRESS_MAX,
    EMAILS_REFUSED_TELL, EMAILS_REMEMBERED_MAX,
};
use crate::issuer::Issuer;
use crate::tell;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use protocol::campaign::CampaignId;
use protocol::email::{EmailAddress, EmailKey};
use protocol::invite::InviteId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Sends what is asked for until it ends; with it the key and every address are gone.
pub(super) struct Office {
    campaign: CampaignId,
    issuer: Arc<Issuer>,
    letter: Letter,
    carrier: Carrier,
    desk: Mutex<Option<Desk>>,
    news: Notify,
}

/// What is secret.
struct Desk {
    key: EmailKey,
    queue: Queue,
    /// How many mails an id's address had since the last tick.
    sent: HashMap<InviteId, u8>,
    /// No mail can be sent at all until then, for the so-manieth time.
    paused: Option<(Instant, u32)>,
    /// How many mails in a row were refused for good.
    refused: u32,
}

impl Office {
    /// Opens it; the tasks run in the runtime that calls this, until [`Self::end`].
    pub(super) fn open(
        campaign: CampaignId,
        issuer: Arc<Issuer>,
        letter: Letter,
        carrier: Carrier,
        key: EmailKey,
    ) -> Arc<Self> {
        let desk = Desk { key, queue: Queue::default(), sent: HashMap::new(), paused: None, refused: 0 };
        let desk = Mutex::new(Some(desk));
        let office = Arc::new(Self { campaign, issuer, letter, carrier, desk, news: Notify::new() });
        for _ in 0..EMAILS_AT_ONCE {
            tokio::spawn(office.clone().work());
        }
        office
    }

    /// Takes an address in. If there is no room, says in how many seconds there will be, by all that is known: the whole
    /// queue goes in that time, unless the mail server cannot be reached.
    pub(super) fn accept(&self, address: EmailAddress) -> Result<(), u64> {
        let (mut desk, now) = (self.desk(), Instant::now());
        let Some(desk) = desk.as_mut() else { return Err(EMAIL_RETRY_AFTER_SECS) };
        if !desk.queue.accept(address, now) {
            let pause = desk.paused.map_or(0, |(until, _)| until.saturating_duration_since(now).as_secs() + 1);
            return Err(pause.max(EMAIL_RETRY_AFTER_SECS));
        }
        self.news.notify_one();
        Ok(())
    }

    /// A tick: who had as many mails as one address gets may have more.
    pub(super) fn tick(&self) {
        if let Some(desk) = self.desk().as_mut() {
            desk.sent.clear();
        }
    }

    /// Erases the key and every address that waits. The tasks end.
    pub(super) fn end(&self) {
        drop(self.desk().take());
        self.news.notify_waiters();
    }

    async fn work(self: Arc<Self>) {
        let mut kept = None;
        while let Some(mut mail) = self.next(&mut kept).await {
            match self.compose(&mut mail) {
                Some(composed) => {
                    let carried = self.carrier.carry(&mut kept, &composed).await;
                    self.settle(mail, carried);
                }
                None => self.leave(&mail),
            }
        }
        if let Some(connection) = kept {
            Carrier::part(connection).await;
        }
    }

    /// The next mail whose turn it is, or none at the end. A connection that nothing goes over for a while is ended.
    async fn next(&self, kept: &mut Option<AsyncSmtpConnection>) -> Option<Mail> {
        loop {
            let (paused, wait) = {
                let (mut desk, now) = (self.desk(), Instant::now());
                let desk = desk.as_mut()?;
                desk.queue.forget_old(now);
                let paused = desk.paused.map(|(until, _)| until).filter(|until| *until > now);
                if paused.is_none()
                    && let Some(mail) = desk.queue.take(now)
                {
                    self.news.notify_one(); // another may be waiting for the next
                    return Some(mail);
                }
                let due = paused.or_else(|| desk.queue.next_due());
                let wait = due.map_or(EMAIL_IDLE_MAX, |due| due.saturating_duration_since(now));
                (paused.is_some(), wait.min(EMAIL_IDLE_MAX))
            };
            let quiet = match paused {
                true => {
                    sleep(wait).await;
                    true
                }
                false => timeout(wait, self.news.notified()).await.is_err(),
            };
            if quiet && let Some(connection) = kept.take() {
                Carrier::part(connection).await;
            }
        }
    }

    /// Composes the mail for an address, unless it had its share.
    fn compose(&self, mail: &mut Mail) -> Option<Composed> {
        let id = {
            let mut desk = self.desk();
            let desk = desk.as_mut()?;
            let id = desk.key.invite_id(self.campaign, &mail.address);
            if !std::mem::replace(&mut mail.counted, true) {
                if desk.sent.len() >= EMAILS_REMEMBERED_MAX {
                    desk.sent.clear();
                }
                let sent = desk.sent.entry(id).or_insert(0);
                if *sent >= EMAILS_PER_ADDRESS_MAX {
                    return None;
                }
                *sent += 1;
            }
            id
        };
        let link = self.issuer.issuing()?.attester().link(id).to_text();
        self.letter.compose(&mail.address, &link)
    }

    /// Nothing is sent to this address.
    fn leave(&self, mail: &Mail) {
        if let Some(desk) = self.desk().as_mut() {
            desk.queue.finish(mail);
        }
    }

    fn settle(&self, mail: Mail, carried: Carried) {
        let (mut desk, now) = (self.desk(), Instant::now());
        let Some(desk) = desk.as_mut() else { return };
        match carried {
            Carried::Taken => {
                desk.paused = None;
                desk.refused = 0;
                desk.queue.finish(&mail);
            }
            Carried::Never => {
                desk.queue.finish(&mail);
                desk.refused += 1;
                if desk.refused.is_multiple_of(EMAILS_REFUSED_TELL) {
                    tell(&ALL_REFUSED);
                }
            }
            Carried::Later => desk.queue.defer(mail, now),
            Carried::Unreachable(why) => {
                desk.queue.put_back(mail);
                let (until, times) = desk.paused.unwrap_or((now, 0));
                if until <= now {
                    let pause = Duration::from_secs(1).saturating_mul(1 << times.min(20)).min(EMAIL_PAUSE_MAX);
                    desk.paused = Some((now + pause, times + 1));
                }
                tell(&format!("{why}: invites by e-mail wait, and it is tried again and again"));
            }
        }
    }

    fn desk(&self) -> MutexGuard<'_, Option<Desk>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One such mail may be to an address that does not exist; so many in a row are a mistake of ours.
const ALL_REFUSED: &str = "the mail server refuses one invite by e-mail after the other for good; ask its operator why, and \
    whether it takes mail from --email-from";
