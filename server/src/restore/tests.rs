//! Restoring a small campaign: from which logs and files not, and what comes back.

use super::*;
use crate::backup::backup;
use crate::backup::tests::identity;
use crate::interruption::{START, Template, open_log, serve, spend};
use crate::store::redemption::Redeemed;
use protocol::publication::State;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A campaign with its backup.
struct Lost {
    template: Template,
    folder: tempfile::TempDir,
    data: PathBuf,
    now: Arc<AtomicU64>,
    identity: PathBuf,
    recipient: String,
}

impl Lost {
    fn new() -> Self {
        let template = Template::make();
        let (folder, data) = template.copy();
        let (identity, recipient) = identity(folder.path(), "identity");
        Self { template, folder, data, now: Arc::new(AtomicU64::new(START + 3600)), identity, recipient }
    }

    /// Publishes what can be at the tick that has ended.
    fn tick(&self, data: &Path) {
        serve(data, &self.now).look_at_clock().unwrap();
    }

    fn back_up(&self, name: &str) -> PathBuf {
        let to = self.folder.path().join(name);
        backup(&self.data, &to, &self.recipient).unwrap();
        to
    }

    /// The public log of a data directory, elsewhere.
    fn public(&self, data: &Path, name: &str) -> PathBuf {
        let to = self.folder.path().join(name);
        open_log(data, &self.template.campaign).reader().copy_to(&to.join("log")).unwrap();
        to
    }

    fn restore(&self, backup: &Path, public: &Path) -> Result<(PathBuf, Restored), String> {
        self.restore_with(backup, public, &self.identity)
    }

    fn restore_with(&self, backup: &Path, public: &Path, identity: &Path) -> Result<(PathBuf, Restored), String> {
        let to = self.folder.path().join("restored");
        let _ = fs::remove_dir_all(&to);
        let restored = restore(&Sources { backup, identity, public }, &to, false);
        match restored {
            Ok(restored) => Ok((to, restored)),
            Err(error) => {
                let left = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
                assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("restored")), "half a folder");
                Err(error.sentence())
            }
        }
    }
}

#[test]
fn o2_a_restored_campaign_has_all_that_its_log_and_its_backup_have() {
    let lost = Lost::new();
    let old = lost.back_up("old.age"); // at one entry
    lost.tick(&lost.data);
    let public = lost.public(&lost.data, "public");
    fs::remove_dir_all(&lost.data).unwrap();
    let (data, restored) = lost.restore(&old, &public).unwrap();
    assert_eq!((restored.head.size, restored.backup_size, restored.pledges), (8, 1, 6));
    assert!(!restored.closed && !restored.page);
    crate::check::check(&data).unwrap();
    let served = serve(&data, &lost.now);
    served.look_at_clock().unwrap();
    let pool = served.publisher().pool().unwrap();
    for index in 0..11 {
        // six are published, the three that waited are gone and count once when they come again
        let expected = if index < 6 { Redeemed::Before } else { Redeemed::Now };
        assert_eq!(spend(&pool, lost.template.verified(index)), expected, "{index}");
    }
    assert!(!served.timeline.issues_tokens(), "until the operator says so");
    lost.now.store(START + 2 * 3600, SeqCst);
    served.look_at_clock().unwrap();
    drop((pool, served));
    fs::remove_file(data.join("issuing-stopped")).unwrap();
    let served = serve(&data, &lost.now);
    assert!(served.timeline.issues_tokens());
    let summary = crate::whole_log::read_log(&lost.template.campaign, &served.publisher().log()).unwrap();
    assert_eq!(summary.sums.total(), 11);
}

#[test]
fn o1_a_log_that_is_older_than_the_backup_or_of_another_history_is_refused() {
    let lost = Lost::new();
    let older = lost.public(&lost.data, "older");
    let (_elsewhere, fork) = lost.template.copy();
    let two_more = |data: &Path| {
        let (pools, spent) = (data.join("redemption"), data.join("spent"));
        let pool = crate::store::redemption::RedemptionStore::open(&pools, &spent, 0).unwrap();
        for index in 9..11 {
            spend(&pool, lost.template.verified(index));
        }
    };
    two_more(&lost.data);
    lost.tick(&lost.data); // six and five at once
    let backup = lost.back_up("backup.age");
    let newest = lost.public(&lost.data, "newest");
    assert!(lost.restore(&backup, &newest).is_ok());
    assert!(lost.restore(&backup, &older).err().unwrap().contains("is older than the backup"));

    lost.tick(&fork); // the same in two ticks, under the same key
    two_more(&fork);
    lost.now.store(START + 2 * 3600, SeqCst);
    lost.tick(&fork);
    let said = lost.restore(&backup, &lost.public(&fork, "fork")).err().unwrap();
    assert!(said.contains("two histories"), "{said}");

    for (file, at) in [("log/checkpoint", 60), ("log/tile/entries/000.p/14", 900), ("log/tile/0/000.p/14", 40)] {
        let mut bytes = fs::read(newest.join(file)).unwrap();
        bytes[at] ^= 1;
        fs::write(newest.join(file), &bytes).unwrap();
        assert!(lost.restore(&backup, &newest).is_err(), "{file}");
        bytes[at] ^= 1;
        fs::write(newest.join(file), &bytes).unwrap();
    }
    assert!(lost.restore(&backup, &newest).is_ok());
    assert!(lost.restore(&backup, &lost.data.join("nowhere")).err().unwrap().contains("headcount audit --keep"));
}

#[test]
fn a_backup_that_is_cut_off_altered_or_not_for_this_identity_is_refused() {
    let lost = Lost::new();
    let backup = lost.back_up("backup.age");
    let public = lost.public(&lost.data, "public");
    let (stranger, _) = identity(lost.folder.path(), "stranger");
    let said = lost.restore_with(&backup, &public, &stranger).err().unwrap();
    assert!(said.contains("not the identity"), "{said}");
    assert!(lost.restore_with(&backup, &public, &backup).is_err());
    let (whole, bad) = (fs::read(&backup).unwrap(), lost.folder.path().join("bad.age"));
    for length in [0, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&bad, &whole[..length]).unwrap();
        assert!(lost.restore(&bad, &public).is_err(), "{length}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 50) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&bad, bytes).unwrap();
        assert!(lost.restore(&bad, &public).is_err(), "{at}");
    }
    fs::write(&bad, "no backup").unwrap();
    assert!(lost.restore(&bad, &public).err().unwrap().contains("another backup"));
    let said = restore(&Sources { backup: &backup, identity: &lost.identity, public: &public }, &lost.data, true);
    assert!(said.err().unwrap().sentence().contains("not empty"));
    let (_, restored) = lost.restore(&backup, &public).unwrap();
    assert_eq!(restored.backup_size, restored.head.size);
}

#[test]
fn u3_a_backup_from_before_the_close_brings_nothing_back_that_the_close_destroyed() {
    let lost = Lost::new();
    let backup = lost.back_up("backup.age");
    fs::write(lost.data.join("closing"), "1").unwrap();
    lost.tick(&lost.data);
    let public = lost.public(&lost.data, "public");
    let (data, restored) = lost.restore(&backup, &public).unwrap();
    assert!(restored.closed);
    for gone in ["attestation", "redemption", "spent", "keys/issuer.pkcs8", "keys/invite", "issuing-stopped"] {
        assert!(!data.join(gone).exists(), "{gone}");
    }
    crate::check::check(&data).unwrap();
    assert_eq!(serve(&data, &lost.now).timeline.published_state(), State::Closed);
}
