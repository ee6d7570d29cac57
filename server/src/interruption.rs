//! Tests: every step of a tick and of the close, cut off after it, on the real stores. What a kill -9 leaves after a
//! step is what is on the disk then: so each test does the first steps by hand, opens the folder as a server would,
//! and demands that every pledge is there once.

use crate::Deployment;
use crate::clock::{Clock, Reading};
use crate::init::{init, read_campaign};
use crate::keyring::Keyring;
use crate::plan::Plan;
use crate::store::log::LogStore;
use crate::store::redemption::{PooledPledge, Redeemed, RedemptionStore};
use crate::whole_log::read_log;
use protocol::campaign::Campaign;
use protocol::entry::Entry;
use protocol::issuance::TokenRequest;
use protocol::note::{NoteSigner, NoteVerifier};
use protocol::phrase::Phrase;
use protocol::pledge::Nonce;
use protocol::publication::State;
use protocol::token::{Token, VerifiedToken};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod page;
#[cfg(test)]
mod people;
#[cfg(test)]
mod power_cut;

pub(crate) const START: u64 = 1_700_000_000;

/// A campaign of two places with six pledges pending in one and three in the other, k = 5.
pub(crate) struct Template {
    folder: tempfile::TempDir,
    phrases: Vec<(Phrase, u32)>,
    tokens: Vec<Token>,
    pub(crate) campaign: Campaign,
}

impl Template {
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        init(people::source(4), &data).unwrap();
        let (campaign, ..) = read_campaign(&data).unwrap();
        let key = Keyring::of(&data).issuer().unwrap().unwrap();
        let mut template = Self { folder, phrases: Vec::new(), tokens: Vec::new(), campaign };
        for place in [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1] {
            let phrase = Phrase::generate(&mut rand::rng());
            let secrets = phrase.secrets(template.campaign.id(), place);
            let (nonce, challenge) = (secrets.pledge().nonce(0), template.campaign.challenge_digest());
            let made = TokenRequest::new(&mut secrets.blinding(), template.campaign.token_key(), challenge, nonce);
            let (request, pending) = made.unwrap();
            template.tokens.push(pending.finalize(&key.issue(&mut rand::rng(), &request).unwrap()).unwrap());
            template.phrases.push((phrase, place));
        }
        let pool = open_pool(&data);
        for index in 0..9 {
            assert_eq!(spend(&pool, template.verified(index)), Redeemed::Now);
        }
        template
    }

    pub(crate) fn verified(&self, index: usize) -> VerifiedToken {
        let (phrase, place) = &self.phrases[index];
        let pledge = phrase.secrets(self.campaign.id(), *place).pledge();
        let opened = self.tokens[index].clone().open(pledge, &self.campaign).unwrap();
        opened.verify(self.campaign.token_key()).unwrap()
    }

    pub(crate) fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        copy_folder(&self.folder.path().join("data"), &data);
        (folder, data)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (source, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if source.is_dir() {
            copy_folder(&source, &target);
        } else {
            std::fs::copy(source, target).unwrap();
        }
    }
}

fn open_pool(data: &Path) -> RedemptionStore {
    RedemptionStore::open(&data.join("redemption"), &data.join("spent"), 0).unwrap()
}

pub(crate) fn open_log(data: &Path, campaign: &Campaign) -> LogStore {
    let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key).unwrap();
    LogStore::open(&data.join("log"), &verifier).unwrap()
}

pub(crate) fn spend(pool: &RedemptionStore, token: VerifiedToken) -> Redeemed {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(pool.spend(token)).unwrap()
}

fn nonces_of(entries: &[Vec<u8>]) -> Vec<Nonce> {
    let nonce = |entry: &Vec<u8>| match Entry::decode(entry) {
        Ok(Entry::Pledge(pledge)) => Some(pledge.nonce()),
        _ => None,
    };
    entries.iter().filter_map(nonce).collect()
}

/// The first `steps` of the tick 1 of DESIGN §6, by hand.
pub(crate) fn steps_of_a_tick(data: &Path, campaign: &Campaign, steps: u32, closing: bool) {
    let pool = open_pool(data);
    let mut log = open_log(data, campaign);
    let signer = NoteSigner::new(&campaign.log_name(), &Keyring::of(data).log().unwrap());
    let mut plan: Option<Plan> = None;
    let mut head = None;
    for step in 1..=steps {
        let decided = || plan.as_ref().unwrap();
        match step {
            1 if closing => pool.refuse().unwrap(),
            1 => pool.freeze(1).unwrap(),
            2 => {
                let made = Plan::make(campaign, 1, closing, log.reader().size(), 99, &pool.frozen().unwrap()).unwrap();
                made.write(data).unwrap();
                plan = Some(made);
            }
            3 => head = Some(log.append(decided().base, &decided().entries).unwrap()),
            4 => log.sign(decided().base, head.unwrap(), &signer).unwrap(),
            5 => pool.add_spent(pool.spent_through(), log.reader().size(), nonces_of(&decided().entries)).unwrap(),
            6 => {
                let published = nonces_of(&decided().entries);
                let kept = |pledge: &PooledPledge| !published.contains(&pledge.nonce);
                pool.keep(&pool.frozen().unwrap().into_iter().filter(kept).collect::<Vec<_>>()).unwrap();
            }
            7 => pool.drop_frozen().unwrap(),
            _ => Plan::remove(data).unwrap(),
        }
    }
}

pub(crate) fn serve(data: &Path, now: &Arc<AtomicU64>) -> Deployment {
    let now = now.clone();
    let clock = Clock::new(move || Reading { wall: now.load(SeqCst), steady: Duration::from_secs(now.load(SeqCst)) });
    Deployment::open(data, clock, None).unwrap()
}

#[test]
fn o2_every_tick_step_may_be_cut_off() {
    let template = Template::make();
    for steps in 0..=8 {
        let (_folder, data) = template.copy();
        steps_of_a_tick(&data, &template.campaign, steps, false);
        for again in 0..2 {
            let now = Arc::new(AtomicU64::new(START + 3600));
            let served = serve(&data, &now);
            served.look_at_clock().unwrap();
            let pool = served.publisher().pool().unwrap();
            for index in 0..9 {
                assert_eq!(spend(&pool, template.verified(index)), Redeemed::Before, "step {steps}, pledge {index}");
            }
            let summary = read_log(&template.campaign, open_log(&data, &template.campaign).reader()).unwrap();
            assert_eq!((summary.sums.total(), summary.entries), (6, 1 + 1 + 6), "step {steps}, start {again}");
            assert!(!data.join("plan").exists() && !pool.has_frozen().unwrap());
        }
        // the three that were left are still there: with two more they are published
        let now = Arc::new(AtomicU64::new(START + 3600));
        let served = serve(&data, &now);
        let pool = served.publisher().pool().unwrap();
        for index in 9..11 {
            assert_eq!(spend(&pool, template.verified(index)), Redeemed::Now);
        }
        now.store(START + 2 * 3600, SeqCst);
        served.look_at_clock().unwrap();
        let summary = read_log(&template.campaign, open_log(&data, &template.campaign).reader()).unwrap();
        assert_eq!((summary.sums.total(), summary.last_tick), (11, 2), "step {steps}");
    }
}

#[test]
fn o2_every_step_of_the_close_may_be_cut_off() {
    let template = Template::make();
    let keys = |data: &Path, name: &str| data.join("keys").join(name);
    for steps in 0..=12 {
        let (_folder, data) = template.copy();
        std::fs::write(data.join("closing"), "1").unwrap();
        steps_of_a_tick(&data, &template.campaign, steps.min(4), true);
        if steps > 8 {
            // within the destruction of the keys: renamed, zeroed, removed
            let (key, removed) = (keys(&data, "issuer.pkcs8"), keys(&data, "removed-issuer.pkcs8"));
            std::fs::rename(&key, &removed).unwrap();
            match steps {
                9 => {}
                10 => std::fs::write(&removed, [0; 1200]).unwrap(),
                11 => std::fs::remove_file(&removed).unwrap(),
                _ => std::fs::rename(keys(&data, "invite"), keys(&data, "removed-invite")).unwrap(),
            }
        }
        for folder in
            ["redemption", "attestation", "spent"].into_iter().take(usize::try_from(steps).unwrap().saturating_sub(5))
        {
            let _ = std::fs::remove_dir_all(data.join(folder));
        }
        if steps == 12 {
            std::fs::rename(data.join("actions"), data.join("actions.tmp")).unwrap();
        }
        let now = Arc::new(AtomicU64::new(START + 3600));
        let served = serve(&data, &now);
        served.look_at_clock().unwrap();
        assert_eq!(served.timeline.published_state(), State::Closed, "step {steps}");
        let summary = read_log(&template.campaign, open_log(&data, &template.campaign).reader()).unwrap();
        assert_eq!((summary.sums.total(), summary.closed_at), (6, Some(1)), "three are withheld for ever");
        drop(served);
        for gone in ["plan", "redemption", "attestation", "spent", "actions", "actions.tmp"] {
            assert!(!data.join(gone).exists(), "{gone} after step {steps}");
        }
        assert!(!Keyring::of(&data).holds_dangerous_keys(), "after step {steps}");
        crate::check::check(&data).unwrap();
    }
}

#[test]
fn o2_a_tick_without_a_group_may_be_cut_off() {
    let template = Template::make();
    for steps in [0, 1, 6, 7] {
        let (_folder, data) = template.copy();
        let pool = open_pool(&data);
        if steps >= 1 {
            pool.freeze(-1).unwrap_err(); // ticks never go back
        }
        drop(pool);
        let now = Arc::new(AtomicU64::new(START + 3600));
        let served = serve(&data, &now);
        served.look_at_clock().unwrap(); // publishes six, keeps three
        now.store(START + 2 * 3600, SeqCst);
        drop(served);
        let pool = open_pool(&data);
        if steps >= 1 {
            pool.freeze(2).unwrap();
        }
        if steps >= 6 {
            pool.keep(&pool.frozen().unwrap()).unwrap();
        }
        if steps >= 7 {
            pool.drop_frozen().unwrap();
        }
        drop(pool);
        let served = serve(&data, &now);
        served.look_at_clock().unwrap();
        let pool = served.publisher().pool().unwrap();
        let before: Vec<_> = (0..9).map(|index| spend(&pool, template.verified(index))).collect();
        assert!(before.iter().all(|redeemed| *redeemed == Redeemed::Before), "after step {steps}");
        assert_eq!(served.timeline.last_tick(), 2);
    }
}

#[test]
fn u3_a_destruction_that_fails_is_tried_again_until_all_is_gone() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    std::fs::write(data.join("closing"), "1").unwrap();
    let now = Arc::new(AtomicU64::new(START + 3600));
    let served = serve(&data, &now);
    // a folder in the place of a key cannot be overwritten
    std::fs::create_dir(data.join("keys/removed-invite")).unwrap();
    std::fs::write(data.join("keys/removed-invite/x"), "").unwrap();
    assert!(served.look_at_clock().is_err());
    assert_eq!(served.timeline.published_state(), State::Closed);
    assert!(!data.join("redemption").exists() && !data.join("attestation").exists(), "the rest is gone all the same");
    assert!(served.look_at_clock().is_err(), "and it is tried again");
    drop(served);
    let served = serve(&data, &now); // the log is served all the same
    assert_eq!(served.timeline.published_state(), State::Closed);
    assert!(served.look_at_clock().is_err(), "by the next start too");
    std::fs::remove_dir_all(data.join("keys/removed-invite")).unwrap();
    served.look_at_clock().unwrap();
    assert!(!Keyring::of(&data).holds_dangerous_keys());
    crate::check::check(&data).unwrap();
}

#[test]
fn u3_the_times_of_files_tell_of_ticks_and_looks_at_the_clock_and_of_no_pledge() {
    use std::os::unix::fs::MetadataExt;
    let template = Template::make();
    let (_folder, data) = template.copy();
    let now = Arc::new(AtomicU64::new(START + 3600));
    let served = serve(&data, &now);
    served.look_at_clock().unwrap();
    let pool = served.publisher().pool().unwrap();
    spend(&pool, template.verified(9));
    let looked = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    std::thread::sleep(Duration::from_millis(1100)); // a system's clock for files is coarse
    served.look_at_clock().unwrap();
    let mut folders: Vec<PathBuf> = ["attestation", "redemption", "spent"].map(|name| data.join(name)).into();
    let mut files = 0;
    for file in ["actions", "organisers.json"] {
        assert_eq!(std::fs::metadata(data.join(file)).unwrap().mtime(), 0, "{file}");
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let there = std::fs::metadata(&path).unwrap();
            let read_by_this_test = there.is_dir();
            assert!(there.mtime() == 0 && (there.atime() == 0 || read_by_this_test), "{}", path.display());
            assert!(u64::try_from(there.ctime()).unwrap() > looked, "{}", path.display());
            files += 1;
            folders.extend(there.is_dir().then_some(path));
        }
    }
    assert!(files >= 6, "{files}");
}

#[test]
fn o1_more_pledges_than_people_eligible_are_never_published() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    let pool = open_pool(&data);
    let plan = |room| Plan::make(&template.campaign, 1, true, 1, room, &pool.frozen().unwrap()).unwrap().entries.len();
    pool.freeze(1).unwrap();
    assert_eq!((plan(6), plan(5)), (1 + 6 + 1, 1), "one too many: the close entry alone");
}

#[test]
fn o1_a_lost_store_is_not_made_anew_and_two_servers_do_not_share_a_folder() {
    let template = Template::make();
    let clock = || Clock::new(|| Reading { wall: START, steady: Duration::ZERO });
    for lost in ["attestation", "redemption", "attestation/batches.json", "keys/invite", "organisers.json", "actions"] {
        let (_folder, data) = template.copy();
        let path = data.join(lost);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap()
        } else {
            std::fs::remove_file(&path).unwrap()
        }
        let opened = Deployment::open(&data, clock(), None);
        assert!(opened.is_err(), "{lost}");
        assert!(!path.exists());
    }
    let (_folder, data) = template.copy();
    let first = Deployment::open(&data, clock(), None).unwrap();
    let second = Deployment::open(&data, clock(), None).err().unwrap().to_string();
    assert!(second.contains("another server"), "{second}");
    drop(first);
    assert!(Deployment::open(&data, clock(), None).is_ok());
}

#[test]
fn v1_a_flipped_byte_in_an_old_entry_is_found_at_start() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    let now = Arc::new(AtomicU64::new(START + 3600));
    serve(&data, &now).look_at_clock().unwrap();
    let bundle = data.join("log/tile/entries/000.p/8");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let at = bytes.len() - 100; // within the last pledge's signature
    bytes[at] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert!(crate::check::check(&data).is_err());
}
