//! Who is to be written to, in memory only: in the order of domains in turn, so that many mails to one go out between
//! those to others. It is bounded, and never says whether an address is in it.

use crate::config::{EMAIL_KEPT_MAX, EMAIL_RETRY_FIRST, EMAIL_RETRY_MAX, EMAILS_DEFERRED_MAX, EMAILS_WAITING_MAX};
use protocol::email::EmailAddress;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// A mail that is to be sent. It is composed only when it goes.
pub(super) struct Mail {
    /// To whom.
    pub(super) address: EmailAddress,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Whether it was counted among those that its address gets.
    pub(super) counted: bool,
    until: Instant,
}

/// The mails that wait. Dropping one erases its address.
#[derive(Default)]
pub(super) struct Queue {
    /// As they came; taking one puts them into lanes, so that who asks waits for nothing that depends on the address.
    arrived: VecDeque<Mail>,
    /// One for each domain, none empty; the first has its turn.
    lanes: VecDeque<VecDeque<Mail>>,
    /// Those that failed for a while, by when they are tried again.
    deferred: BTreeMap<(Instant, u64), Mail>,
    /// How many were accepted and neither sent nor put off yet, those in somebody's hands included.
    untried: usize,
    /// How many were put off and have their turn again, those in somebody's hands included.
    retried: usize,
    /// Tells deferrals of one instant apart.
    counter: u64,
}

impl Queue {
    /// Takes an address in, or nothing if there is no room.
    pub(super) fn accept(&mut self, address: EmailAddress, now: Instant) -> bool {
        let room = self.untried < EMAILS_WAITING_MAX;
        if room {
            self.untried += 1;
            self.arrived.push_back(Mail { address, attempts: 0, counted: false, until: now + EMAIL_KEPT_MAX });
        }
        room
    }

    /// The mail whose turn it is.
    pub(super) fn take(&mut self, now: Instant) -> Option<Mail> {
        for mail in std::mem::take(&mut self.arrived) {
            self.line_up(mail, false);
        }
        while let Some(due) = self.deferred.first_entry().filter(|first| first.key().0 <= now) {
            let mail = due.remove();
            self.retried += 1;
            self.line_up(mail, false);
        }
        loop {
            let mut lane = self.lanes.pop_front()?;
            let mail = lane.pop_front();
            if !lane.is_empty() {
                self.lanes.push_back(lane);
            }
            let mail = mail?;
            if mail.until > now {
                return Some(mail);
            }
            self.finish(&mail);
        }
    }

    /// Gives back a mail that could not even be tried; it has its turn again.
    pub(super) fn put_back(&mut self, mail: Mail) {
        self.line_up(mail, true);
    }

    /// A mail that was taken leaves, or is given up: there is room for another.
    pub(super) fn finish(&mut self, mail: &Mail) {
        match mail.attempts {
            0 => self.untried -= 1,
            _ => self.retried -= 1,
        }
    }

    /// Has a mail tried again later, each time after twice the pause; one that has waited too long is given up.
    pub(super) fn defer(&mut self, mut mail: Mail, now: Instant) {
        self.finish(&mail);
        let pause = EMAIL_RETRY_FIRST.saturating_mul(1 << mail.attempts.min(20)).min(EMAIL_RETRY_MAX);
        mail.attempts += 1;
        if now + pause < mail.until && self.deferred.len() + self.retried < EMAILS_DEFERRED_MAX {
            self.counter += 1;
            self.deferred.insert((now + pause, self.counter), mail);
        }
    }

    /// Forgets what has waited too long, whether or not there was a turn for it.
    pub(super) fn forget_old(&mut self, now: Instant) {
        let fresh = |mail: &Mail| mail.until > now;
        let all = self.arrived.iter().chain(self.lanes.iter().flatten());
        let (untried, retried): (Vec<_>, Vec<_>) = all.filter(|mail| !fresh(mail)).partition(|mail| mail.attempts == 0);
        let (untried, retried) = (untried.len(), retried.len());
        if untried + retried > 0 {
            self.arrived.retain(fresh);
            self.lanes.iter_mut().for_each(|lane| lane.retain(fresh));
            self.lanes.retain(|lane| !lane.is_empty());
            self.untried -= untried;
            self.retried -= retried;
        }
        self.deferred.retain(|_, mail| fresh(mail));
    }

    /// When the next of the deferred is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.deferred.first_key_value().map(|((due, _), _)| *due)
    }

    fn line_up(&mut self, mail: Mail, first: bool) {
        let of_domain = |lane: &&mut VecDeque<Mail>| {
            lane.front().is_some_and(|other| other.address.domain() == mail.address.domain())
        };
        match self.lanes.iter_mut().find(of_domain) {
            Some(lane) if first => lane.push_front(mail),
            Some(lane) => lane.push_back(mail),
            None => self.lanes.push_back(VecDeque::from([mail])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn taken(queue: &mut Queue, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| queue.take(now)).map(|mail| mail.address.as_str().to_owned()).collect()
    }

    #[test]
    fn many_mails_to_one_domain_go_between_those_to_others() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for text in ["a@one.org", "b@one.org", "c@one.org", "d@one.org", "e@two.org", "f@three.org", "g@two.org"] {
            assert!(queue.accept(address(text), now));
        }
        let order = ["a@one.org", "e@two.org", "f@three.org", "b@one.org", "g@two.org", "c@one.org", "d@one.org"];
        assert_eq!(taken(&mut queue, now), order);
    }

    #[test]
    fn a_full_queue_takes_nothing_and_has_room_again_as_mails_go() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for number in 0..EMAILS_WAITING_MAX {
            assert!(queue.accept(address(&format!("a{number}@one.org")), now));
        }
        assert!(!queue.accept(address("late@two.org"), now));
        let mail = queue.take(now).unwrap();
        queue.defer(mail, now);
        assert!(queue.accept(address("late@two.org"), now), "what is tried again later takes no room");
        assert!(!queue.accept(address("later@two.org"), now));
        let mail = queue.take(now).unwrap();
        assert!(!queue.accept(address("later@two.org"), now), "what is in somebody's hands keeps its place");
        queue.put_back(mail);
        assert!(!queue.accept(address("later@two.org"), now), "what could not be tried keeps it too");
        let mail = queue.take(now).unwrap();
        queue.finish(&mail);
        assert!(queue.accept(address("later@two.org"), now));
        assert_eq!(taken(&mut queue, now).len(), EMAILS_WAITING_MAX);
    }

    #[test]
    fn mails_that_have_their_turn_again_are_counted_among_those_put_off() {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        let held = |queue: &Queue| {
            queue.arrived.len() + queue.lanes.iter().map(VecDeque::len).sum::<usize>() + queue.deferred.len()
        };
        // the server takes none of all that is asked for, and each time one has its turn all that are due line up
        for number in 0..2 * EMAILS_DEFERRED_MAX {
            assert!(queue.accept(address(&format!("a{number}@one.org")), now));
            while queue.untried > 0 {
                let mail = queue.take(now).unwrap();
                queue.defer(mail, now);
            }
            now += Duration::from_millis(5);
            assert!(held(&queue) <= EMAILS_DEFERRED_MAX, "{}", held(&queue));
        }
        assert!(held(&queue) > EMAILS_DEFERRED_MAX / 2);
        queue.forget_old(now + EMAIL_KEPT_MAX);
        assert_eq!((held(&queue), queue.untried, queue.retried), (0, 0, 0));
    }

    #[test]
    fn a_failed_mail_comes_back_after_longer_and_longer_pauses_and_is_given_up_in_the_end() {
        let (mut queue, begin) = (Queue::default(), Instant::now());
        let (mut now, mut pauses) = (begin, Vec::new());
        queue.accept(address("a@one.org"), begin);
        while let Some(mail) = queue.take(now) {
            queue.defer(mail, now);
            let Some(due) = queue.next_due() else { break };
            assert!(queue.take(due - Duration::from_millis(1)).is_none());
            pauses.push(due - now);
            now = due;
        }
        assert_eq!(pauses[..3], [EMAIL_RETRY_FIRST, 2 * EMAIL_RETRY_FIRST, 4 * EMAIL_RETRY_FIRST]);
        assert_eq!(pauses.last(), Some(&EMAIL_RETRY_MAX));
        let waited = now - begin;
        assert!(waited < EMAIL_KEPT_MAX && waited + EMAIL_RETRY_MAX >= EMAIL_KEPT_MAX, "{waited:?}");
        assert!(queue.take(begin + EMAIL_KEPT_MAX).is_none());
    }

    #[test]
    fn no_address_is_kept_longer_than_it_may_be() {
        let (mut queue, begin) = (Queue::default(), Instant::now());
        for text in ["a@one.org", "b@one.org", "c@two.org"] {
            queue.accept(address(text), begin);
        }
        let mail = queue.take(begin).unwrap();
        queue.defer(mail, begin);
        assert_eq!(queue.untried, 2);
        let late = begin + EMAIL_KEPT_MAX;
        queue.accept(address("d@two.org"), late);
        queue.forget_old(late);
        assert_eq!((queue.untried, queue.next_due()), (1, None));
        assert_eq!(taken(&mut queue, late), ["d@two.org"]);
    }
}
