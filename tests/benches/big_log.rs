//! Twin data directories of one campaign: in one five million have pledged and as many invites are used, in the other there
//! are five pledges for each place, so that both show the same places. Nothing here is timed.
//!
//! What is published is written below HTTP, pools and publisher, as `store/log.rs` and `store/sorted_file.rs` would have left it. It
//! keeps to the rule of publication, but its authenticators are random: a server does not verify at its start what it signed
//! itself. An audit would refuse it.

use crate::fixture::copy;
use protocol::campaign::Campaign;
use protocol::campaign_file::CampaignFile;
use protocol::codec::to_base64;
use protocol::entry::{Entry, PublishedPledge};
use protocol::note::NoteSigner;
use protocol::pledge::Pledge;
use protocol::publication::{Area, Level};
use protocol::tile::{TILE_WIDTH, TileName, TileTree, leaf_hash, put_bundled};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use server::init::{Source, init};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Pledges in the log.
pub(crate) const PUBLISHED: u32 = 5_000_000;

/// The ticks that published them. The last has ended a minute ago, and the next will not end while a bench runs.
pub(crate) const TICKS: u32 = 50;
const TICK_SECONDS: u32 = 86_400;
const K: u32 = 5;

/// Who is one of them.
pub(crate) struct Twin {
    pub(crate) data: PathBuf,
    /// Pledges in its log.
    pub(crate) published: u32,
    /// All that is in its log: the genesis, the groups, the pledges.
    pub(crate) entries: u64,
}

/// The big one and the small one.
pub(crate) struct Twins {
    pub(crate) campaign: Campaign,
    pub(crate) both: [Twin; 2],
    /// Of both.
    _folder: TempDir,
}

impl Twins {
    /// Makes them. The places are those of all Russia.
    pub(crate) fn make() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let [big, small] = ["big", "small"].map(|name| folder.path().join(name));
        let source = source();
        let places = source.places.clone();
        init(source, &small).expect("a good campaign");
        let genesis = fs::read(small.join("genesis.json")).expect("a genesis");
        let campaign = Campaign::new(&genesis, &places).expect("a good campaign");
        copy(&small, &big);
        crate::tell(&format!("writing a log of {PUBLISHED} pledges, and as many used invites"));
        let few = K * u32::try_from(campaign.places().places.len()).expect("few places");
        let both = [(big, 1, PUBLISHED), (small, TICKS, few)].map(|(data, first, published)| {
            let entries = write_log(&campaign, &data, first, published);
            Twin { data, published, entries }
        });
        write_used(&both[0].data.join("attestation/used"));
        // else the disk would be busy with it while others are timed
        let synced = Command::new("sync").arg("-f").arg(folder.path()).status().expect("the command sync");
        assert!(synced.success(), "the log is not on the disk");
        Self { campaign, both, _folder: folder }
    }
}

/// What a campaign of all Russia is made of.
pub(crate) fn source() -> Source {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/campaigns/russia-2021/");
    let read = |name: &str| fs::read(format!("{folder}{name}")).expect("a file of the campaign");
    let key = to_base64(&NoteSigner::new("", &rand::random()).public_key());
    let text = String::from_utf8(read("campaign.toml")).expect("a text");
    let text = text.replacen("[title]", &format!("organiser_key = \"{key}\"\n[title]"), 1);
    let mut file = CampaignFile::parse(&text).expect("a good file");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set").as_secs();
    let genesis = file.genesis_mut();
    (genesis.k, genesis.tick_seconds, genesis.eligible) = (K, TICK_SECONDS, 10_000_000);
    genesis.pledges_open = now - 60 - u64::from(TICKS * TICK_SECONDS);
    genesis.opens = genesis.pledges_open;
    genesis.closes = genesis.pledges_open + u64::from(2 * TICKS * TICK_SECONDS);
    genesis.issuing_closes = genesis.closes;
    (genesis.issuer_name, genesis.origin_name) = ("localhost:1".to_owned(), "localhost:1".to_owned());
    Source { file, places: read("places.json"), map: read("map.json") }
}

/// Every tick from the first on publishes as many, at every place as many, give or take one. How many entries that makes.
fn write_log(campaign: &Campaign, data: &Path, first: u32, published: u32) -> u64 {
    let mut rng = StdRng::seed_from_u64(5);
    write_groups(campaign, data, first, published, |place, size| {
        (0..size).map(|_| pledge(campaign, &mut rng, place)).collect()
    })
}

/// The same with the entries that are given for a place and a number of pledges.
pub(crate) fn write_groups(
    campaign: &Campaign,
    data: &Path,
    first: u32,
    published: u32,
    mut entries: impl FnMut(u32, u32) -> Vec<Vec<u8>>,
) -> u64 {
    let dir = data.join("log");
    fs::remove_dir_all(dir.join("tile")).expect("the tiles of a log of one entry");
    let mut log = LogFiles { dir: &dir, tree: TileTree::new(), bundle: Vec::new() };
    log.push(campaign.genesis_bytes());
    let (places, mut written) = (u32::try_from(campaign.places().places.len()).expect("few places"), 0);
    for tick in first..=TICKS {
        let size = share(published, TICKS + 1 - first, tick - first);
        for place in 0..places {
            let size = share(size, places, place);
            let area = Area::place(place);
            log.push(&Entry::Group { tick, area, size }.encode());
            let mut pledges = entries(place, size);
            pledges.sort_unstable();
            for pledge in pledges {
                log.push(&pledge);
                written += 1;
                if written % 500_000 == 0 {
                    crate::tell(&format!("{written} of {published} pledges written"));
                }
            }
        }
    }
    assert_eq!(written, published);
    let seed = fs::read(data.join("keys/log")).expect("the log's key").try_into().expect("32 bytes");
    log.finish(&NoteSigner::new(&campaign.log_name(), &seed))
}

/// What the part of this number has of a whole.
fn share(whole: u32, parts: u32, number: u32) -> u32 {
    whole / parts + u32::from(number < whole % parts)
}

fn pledge(campaign: &Campaign, rng: &mut StdRng, place: u32) -> Vec<u8> {
    let mut authenticator = [0; 256];
    rng.fill_bytes(&mut authenticator);
    let pledge = Pledge { place, place_salt: rng.random(), region_salt: rng.random() };
    let region = campaign.places().region_of(place).expect("a place");
    Entry::Pledge(PublishedPledge::new(Level::Place, &pledge, region, authenticator)).encode()
}

/// The files of a log that is being written, none of them synced.
struct LogFiles<'a> {
    dir: &'a Path,
    tree: TileTree,
    bundle: Vec<u8>,
}

impl LogFiles<'_> {
    fn push(&mut self, entry: &[u8]) {
        put_bundled(&mut self.bundle, entry).expect("a short entry");
        for tile in self.tree.push(leaf_hash(entry)) {
            self.write(tile.name, &tile.bytes);
        }
        if self.tree.size().is_multiple_of(TILE_WIDTH) {
            self.write_bundle();
        }
    }

    fn finish(mut self, signer: &NoteSigner) -> u64 {
        if !self.bundle.is_empty() {
            self.write_bundle();
        }
        for tile in self.tree.partial_tiles() {
            self.write(tile.name, &tile.bytes);
        }
        let checkpoint = self.tree.head().sign(signer).expect("a checkpoint");
        fs::write(self.dir.join("checkpoint"), checkpoint).expect("a file");
        self.tree.size()
    }

    fn write_bundle(&mut self) {
        let index = (self.tree.size() - 1) / TILE_WIDTH;
        let width = u32::try_from(self.tree.size() - index * TILE_WIDTH).expect("a width");
        let bundle = std::mem::take(&mut self.bundle);
        self.write(TileName { level: None, index, width }, &bundle);
    }

    fn write(&self, name: TileName, bytes: &[u8]) {
        let path = self.dir.join(name.path());
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, bytes).expect("a file");
    }
}

/// A sorted file of ids with digests, and the SHA-256 of them all.
fn write_used(path: &Path) {
    let mut rng = StdRng::seed_from_u64(6);
    let mut record = || {
        let mut record = [0; USED_BYTES];
        rng.fill_bytes(&mut record[BATCH_BYTES..]); // all of the first batch
        record
    };
    let mut records: Vec<_> = (0..PUBLISHED).map(|_| record()).collect();
    records.sort_unstable();
    let bytes = records.as_flattened();
    fs::write(path, [bytes, &Sha256::digest(bytes)].concat()).expect("a file");
}

/// An invite's id, of which the first bytes are its batch, and the digest of a request.
const USED_BYTES: usize = 10 + 32;
const BATCH_BYTES: usize = 2;
