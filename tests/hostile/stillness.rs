//! Proof that refusals leave no trace: every file of the data directory as it was, and stores that would answer
//! `unavailable` to whoever touched them.
//!
//! A store whose writer has met an unreadable file ends, and from then on whatever asks it, to read or to write, hears
//! `unavailable`. So a request that still gets its own refusal was refused before any store.

use crate::victim::Victim;
use crate::wire::{Message, Wire};
use protocol::problem::Problem;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::World;

/// A request and the only answer to it.
pub(crate) struct Case {
    /// What is wrong with it.
    pub(crate) what: String,
    pub(crate) message: Message,
    pub(crate) refusal: (u16, Problem),
}

impl Case {
    pub(crate) fn new(what: impl Into<String>, message: Message, status: u16, problem: Problem) -> Self {
        Self { what: what.into(), message, refusal: (status, problem) }
    }
}

/// Sends every case and demands its refusal.
pub(crate) async fn refused(wire: &mut Wire, cases: &[Case]) {
    for case in cases {
        let reply = wire.send(&case.message).await;
        assert_eq!(reply.refusal(), case.refusal, "{}: {reply:?}", case.what);
    }
}

/// All that lies in a data directory: inode, time of the last change, mode and content of every file and folder. It waits
/// until nothing changes any more: a store tidies up once nobody has asked for a tenth of a second.
pub(crate) fn disk(world: &World) -> Seen {
    let now = || {
        let mut seen = BTreeMap::new();
        look(&world.data(), &mut seen);
        seen
    };
    let mut before = now();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(300));
        let seen = now();
        if seen == before {
            assert!(seen.keys().any(|path| path.ends_with("attestation/used")), "stores and all");
            return seen;
        }
        before = seen;
    }
    panic!("the folder does not come to rest");
}

/// What is seen of each path.
pub(crate) type Seen = BTreeMap<PathBuf, (u64, i64, i64, u32, Vec<u8>)>;

fn look(folder: &Path, seen: &mut Seen) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::metadata(&path).unwrap();
        let content = if meta.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        seen.insert(path.clone(), (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.mode(), content));
        if meta.is_dir() {
            look(&path, seen);
        }
    }
}

/// A world with a registration page, where five invites were used and five pledges published, so that every store has
/// a file that it reads.
pub(crate) async fn lived_in(plan: tests::Plan) -> World {
    let page = tests::bundle::folder("page");
    let world = World::with(tests::Plan { page: Some(page.path().to_owned()), ..plan }).await;
    let opening = world.campaign.genesis().pledges_open - tests::START;
    world.at(opening).await;
    world.register_many(0, tests::K).await;
    world.tick().await;
    assert_eq!(world.counts().await.total, u64::from(tests::K));
    world
}

/// Both stores of a running server brought to an end, with what has to be put back.
pub(crate) struct DeadStores(Vec<(PathBuf, Vec<u8>)>);

impl DeadStores {
    /// Takes the content out of the files that the stores read, and lets one good request to each find that out.
    pub(crate) async fn in_world(world: &World, victim: &Victim) -> Self {
        let mut files = vec![world.data().join("attestation/used")];
        for entry in fs::read_dir(world.data().join("spent")).unwrap() {
            files.push(entry.unwrap().path());
        }
        let emptied = files.into_iter().map(|path| {
            let content = fs::read(&path).unwrap();
            assert!(!content.is_empty(), "{} is read by its store", path.display());
            File::options().write(true).truncate(true).open(&path).unwrap();
            (path, content)
        });
        let dead = Self(emptied.collect());
        dead.demand_unavailable(world, victim).await;
        dead
    }

    /// What is good, used or unused, cannot be answered for: the proof that the stores are out of reach.
    pub(crate) async fn demand_unavailable(&self, world: &World, victim: &Victim) {
        let mut wire = Wire::public(world);
        for message in [victim.asks(), victim.asks_otherwise(), victim.pledges()] {
            assert_eq!(wire.send(&message).await.refusal(), (503, Problem::Unavailable));
        }
    }

    /// Puts everything back, as it was, and starts the server again.
    pub(crate) async fn revive(self, world: &mut World) {
        world.stop().await;
        for (path, content) in self.0 {
            fs::write(path, content).unwrap();
        }
        world.restart().await;
    }
}

/// The whole proof for a list of cases: each is refused as it should be while no store can be reached; again, with
/// whole stores, and no file changes; and the participant whose messages were imitated then does what she came for.
pub(crate) async fn leaves_no_trace(world: &mut World, victim: &Victim, cases: &[Case]) {
    assert!(!cases.is_empty());
    let dead = DeadStores::in_world(world, victim).await;
    refused(&mut Wire::public(world), cases).await;
    dead.demand_unavailable(world, victim).await;
    dead.revive(world).await;
    let before = (disk(world), world.counts().await);
    refused(&mut Wire::public(world), cases).await;
    assert!(before == (disk(world), world.counts().await), "a refusal left a trace on the disk");
    victim.does_it(world).await;
}
