//! Tests: what must hold of a campaign's folder after a crash (DESIGN §7, O2). It is opened as a server opens it, by
//! itself; whatever was told must be there, once; and going on must publish what must be published and nothing else.
//!
//! It must never mend anything before it has looked.

use super::people::{People, TICK, invite_id};
use super::{START, nonces_of, open_log, serve};
use crate::actions::{self, Act, Actions};
use crate::check::check;
use crate::keyring::Keyring;
use crate::organisers::{self, Account};
use crate::store::StoreError;
use crate::store::log::LogReader;
use crate::store::redemption::Redeemed;
use crate::whole_log::read_log;
use crate::{Deployment, Error};
use protocol::codec::to_hex;
use protocol::pledge::Nonce;
use protocol::problem::Problem;
use protocol::publication::{State, Tick};
use protocol::tile::{TileTree, leaf_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::runtime::Runtime;

/// The batch that is revoked.
pub(super) const LEAKED: &str = "leaked";

/// All that was told before a crash.
#[derive(Default, Clone)]
pub(super) struct Told {
    /// The campaign is made.
    pub(super) made: bool,
    minted: bool,
    /// An account was made, the batch [`LEAKED`] revoked, the account removed.
    added: bool,
    revoked: bool,
    asked_removal: bool,
    removed: bool,
    asked_claims: BTreeSet<usize>,
    claims: BTreeSet<usize>,
    asked_pledges: BTreeSet<usize>,
    pledges: BTreeSet<usize>,
    /// Roots of the log by size, in hexadecimal.
    heads: BTreeMap<u64, String>,
    announced: u32,
    /// What the clock showed.
    time: u64,
    /// Organisers have closed.
    closing: bool,
    /// The closing tick is over, and all is gone that endangers people.
    pub(super) destroyed: bool,
}

impl Told {
    /// Takes in one line. Numbers are those of people.
    pub(super) fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = || words[1].parse::<usize>().unwrap();
        match words[0] {
            "made" => self.made = true,
            "minted" => self.minted = true,
            "added" => self.added = true,
            "revoked" => self.revoked = true,
            "asks-removal" => self.asked_removal = true,
            "removed" => self.removed = true,
            "asks-claim" => drop(self.asked_claims.insert(number())),
            "claim" => drop(self.claims.insert(number())),
            "asks-pledge" => drop(self.asked_pledges.insert(number())),
            "pledge" => drop(self.pledges.insert(number())),
            "head" => drop(self.heads.insert(words[1].parse().unwrap(), words[2].to_owned())),
            "announced" => self.announced = words[1].parse().unwrap(),
            "time" => self.time = words[1].parse().unwrap(),
            "closing" => self.closing = true,
            "destroyed" => self.destroyed = true,
            other => panic!("{other}"),
        }
    }
}

/// The line that tells the signed head of a campaign's log.
pub(super) fn head_line(served: &Deployment) -> String {
    let head = served.publisher().log().head();
    format!("head {} {}", head.size, to_hex(&head.root))
}

pub(super) struct Judge {
    pub(super) people: People,
    /// What the whole life has published when it is over.
    pub(super) published: BTreeSet<Nonce>,
    /// A phase of the campaign in which nobody claims: used invites are not looked at.
    pub(super) without_claims: bool,
}

impl Judge {
    /// Looks at a folder of a campaign that was made, and takes it to its end.
    pub(super) fn judge(&self, data: &Path, told: &Told) {
        hide_keys(data);
        if told.destroyed {
            demand_destruction(data);
        }
        if let Err(error) = check(data) {
            assert!(error.to_string().contains("start the server once"), "{error}");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = Arc::new(AtomicU64::new(told.time));
        let served = serve(data, &now);
        let announced = self.demand_log(&served, told);
        if told.closing {
            assert!(matches!(served.timeline.state(), State::Closing | State::Closed), "the organiser's close is lost");
        }
        if served.timeline.state() == State::Closed {
            served.look_at_clock().unwrap();
            drop(served);
            return self.demand_end(data, told, &self.published);
        }
        check(data).unwrap();
        assert!(!told.destroyed);
        demand_organisers(data, &served, told, announced);
        if !self.without_claims {
            self.demand_claims(&runtime, &served, told);
        }
        self.demand_pledges(&runtime, &served, told);
        served.look_at_clock().unwrap();
        demand_no_order(data);
        let closing = served.timeline.close(|| Ok(())).unwrap();
        drop(served);
        let served = serve(data, &now);
        self.go_on(&served, &now, closing);
        drop(served);
        let everybody = self.people.all.iter().map(|person| person.nonce()).collect();
        self.demand_end(data, told, &everybody);
    }

    fn go_on(&self, served: &Deployment, now: &AtomicU64, closing: Tick) {
        for _ in 0..4 {
            if !served.timeline.is_closed() {
                assert!(served.timeline.last_tick() < closing);
                now.fetch_add(TICK, SeqCst);
                served.look_at_clock().unwrap();
            }
        }
        assert!(served.timeline.is_closed(), "tick {closing} has closed it");
    }

    /// Every head that was told is one of this log's, and the tick of no entry is lost. Yields the number of the last
    /// announcement.
    fn demand_log(&self, served: &Deployment, told: &Told) -> u32 {
        let log = served.publisher().log();
        let size = log.size();
        let told_size = told.heads.keys().next_back().copied().unwrap_or(1);
        assert!(size >= told_size, "the log has shrunk from {told_size} to {size}");
        let (mut tree, mut missing) = (TileTree::new(), told.heads.clone());
        for entry in entries_of(&log) {
            tree.push(leaf_hash(&entry));
            if let Some(root) = missing.remove(&tree.size()) {
                assert_eq!(to_hex(&tree.head().root), root, "the log of size {} is another", tree.size());
            }
        }
        assert!(missing.is_empty());
        let announcement = read_log(&self.people.campaign, &log).unwrap().announcement;
        let announced = announcement.map_or(0, |it| it.number);
        assert!(announced >= told.announced, "announcement {} is lost", told.announced);
        announced
    }

    /// Every claim that was told is bound to its request, every other invite is free, and the batch is worth so many
    /// tokens as before.
    fn demand_claims(&self, runtime: &Runtime, served: &Deployment, told: &Told) {
        let issuing = served.issuer.issuing().unwrap();
        let attest = |number: usize, request| {
            let attested = runtime.block_on(issuing.attester().attest(invite_id(number), request, Some(1)));
            attested.map(|_| ()).map_err(|refusal| refusal.problem())
        };
        if !told.minted && attest(0, &self.people.all[0].request) == Err(Problem::InviteUnknown) {
            assert!(told.asked_claims.is_empty());
            return;
        }
        for (number, person) in self.people.all.iter().enumerate() {
            if told.claims.contains(&number) {
                let stolen = attest(number, &person.other);
                assert_eq!(stolen, Err(Problem::InviteUsed), "claim {number} is lost");
            }
            assert_eq!(attest(number, &person.request), Ok(()), "claim {number}");
            assert_eq!(attest(number, &person.other), Err(Problem::InviteUsed), "claim {number}");
        }
        let one_more = attest(self.people.all.len(), &self.people.all[0].request);
        assert_eq!(one_more, Err(Problem::Exhausted), "the batch is worth another number of tokens");
    }

    /// Everybody pledges: whoever was told it hears that it was counted before, whoever never asked that it is now.
    fn demand_pledges(&self, runtime: &Runtime, served: &Deployment, told: &Told) {
        let pool = served.publisher().pool().unwrap();
        for (number, person) in self.people.all.iter().enumerate() {
            let answer = runtime.block_on(pool.spend(person.verified(&self.people.campaign))).unwrap();
            if told.pledges.contains(&number) {
                assert_eq!(answer, Redeemed::Before, "pledge {number} is lost");
            } else if !told.asked_pledges.contains(&number) {
                assert_eq!(answer, Redeemed::Now, "pledge {number} was never made");
            }
        }
    }

    /// The campaign is over: each of these is in the log once, nobody else is, and the rest is gone.
    fn demand_end(&self, data: &Path, told: &Told, published: &BTreeSet<Nonce>) {
        check(data).unwrap();
        demand_destruction(data);
        let log = open_log(data, &self.people.campaign);
        let summary = read_log(&self.people.campaign, log.reader()).unwrap();
        assert!(summary.closed_at.is_some());
        let found = published_in(data, &self.people);
        assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "a pledge is in the log twice");
        let lost = published.iter().filter(|nonce| !found.contains(nonce)).count();
        assert_eq!((lost, found.len()), (0, published.len()), "pledges lost, and published, told {:?}", told.pledges);
    }
}

/// The used invites of before the last tick lie in the one file that tells nothing of their order, wherever a tick was cut off.
fn demand_no_order(data: &Path) {
    let names = fs::read_dir(data.join("attestation")).unwrap().map(|entry| entry.unwrap().file_name());
    let since: Vec<_> = names.filter(|name| name.to_str().unwrap().contains("since-")).collect();
    assert_eq!(since.len(), 1, "{since:?}");
}

/// Accounts and batches are as they were told to be, and nothing was done that is not in the log of actions.
fn demand_organisers(data: &Path, served: &Deployment, told: &Told, announced: u32) {
    let account = organisers::list(data).unwrap().into_iter().any(|account| account.name == "anna");
    assert!(account || !told.added || told.asked_removal, "the account is lost");
    assert!(!account || !told.removed, "the account is back");
    let did: Vec<Act> = Actions::of(data).list().unwrap().unwrap().into_iter().map(|action| action.did).collect();
    let anna = "anna".to_owned();
    assert!(!account || did.contains(&Act::AccountAdded { account: anna.clone() }));
    assert!(!told.removed || did.contains(&Act::AccountRemoved { account: anna }));
    assert!((1..=announced).all(|number| did.contains(&Act::Announced { number })));
    assert!(!told.closing || did.contains(&Act::Closed));
    let batches = served.issuer.issuing().unwrap().attester().batches_of(&Account::first());
    for batch in &batches {
        let made = did.iter().any(|did| matches!(did, Act::InvitesMade { batch: name, .. } if *name == batch.name));
        let revoked = did.contains(&Act::BatchRevoked { batch: batch.name.clone() });
        assert!(made && (revoked || !batch.revoked), "{} without a line", batch.name);
    }
    let leaked = batches.iter().find(|batch| batch.name == LEAKED);
    assert!(!told.revoked || leaked.is_some_and(|batch| batch.revoked), "the revocation is lost");
}

/// The pledges in a folder's log.
pub(super) fn published_in(data: &Path, people: &People) -> Vec<Nonce> {
    nonces_of(&entries_of(open_log(data, &people.campaign).reader()))
}

fn entries_of(log: &LogReader) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    let read = log.entries(0, log.size(), |_, entry| {
        entries.push(entry.to_vec());
        Ok::<(), StoreError>(())
    });
    read.unwrap();
    entries
}

fn demand_destruction(data: &Path) {
    for gone in ["plan", "redemption", "attestation", "spent", actions::FILE] {
        assert!(!data.join(gone).exists(), "{gone} is back");
    }
    assert!(!Keyring::of(data).holds_dangerous_keys(), "a key is back");
}

/// Images have no modes.
fn hide_keys(data: &Path) {
    let keys = fs::read_dir(data.join("keys")).unwrap().map(|key| key.unwrap().path());
    for secret in keys.chain([actions::FILE, organisers::FILE].map(|name| data.join(name))).filter(|file| file.exists())
    {
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A campaign that nobody was told of is whole, or there is nothing and it can be made.
pub(super) fn judge_unmade(root: &Path, make: impl FnOnce(&Path) -> Result<(), Error>) {
    let data = root.join("data");
    if data.is_dir() && fs::read_dir(&data).unwrap().next().is_some() {
        hide_keys(&data);
        check(&data).unwrap();
        serve(&data, &Arc::new(AtomicU64::new(START)));
        let again = make(root).unwrap_err().sentence();
        assert!(again.contains("is not empty; choose another folder"), "{again}");
    } else {
        make(root).unwrap();
        check(&data).unwrap();
    }
}
