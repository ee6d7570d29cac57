//! What all benches share: one campaign, ten thousand tokens of it made on all cores, its empty data directory, and a
//! server that can be started anew on a copy. Nothing here is timed.

use crate::clocks::LOAD;
use protocol::auth_scheme::token_header;
use protocol::campaign::Campaign;
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::token::{Token, VerifiedToken};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tempfile::TempDir;
use tests::{Plan, World};
use tokio::runtime::{Builder, Runtime};

/// Pledges in a tick and in an audit.
pub(crate) const PLEDGES: u32 = 10_000;

/// Decides phrases and places; the keys of the campaign are new in each run.
const SEED: u64 = 3;

/// A token that was never spent.
pub(crate) struct Made {
    pub(crate) token: Token,
    pub(crate) pledge: Pledge,
    /// The HTTP request that redeems it.
    pub(crate) request: Vec<u8>,
}

/// What stays as it is.
pub(crate) struct Yard {
    /// The threads of the servers.
    pub(crate) serve: Runtime,
    /// The threads of the load generator.
    pub(crate) load: Runtime,
    pub(crate) campaign: Campaign,
    pub(crate) key: IssuerPrivateKey,
    /// Where the server is.
    pub(crate) address: SocketAddr,
    pub(crate) made: Vec<Made>,
    /// A data directory in which nothing has happened.
    pub(crate) empty: TempDir,
}

/// The server that runs.
pub(crate) struct Stage {
    pub(crate) world: Option<World>,
}

/// Makes a campaign, its server and its tokens.
pub(crate) fn prepare() -> (Yard, Stage) {
    let serve = Builder::new_multi_thread().thread_name("serve").enable_all().build().expect("a runtime");
    let load = Builder::new_multi_thread().thread_name(LOAD).enable_all().build().expect("a runtime");
    let plan = Plan { eligible: 10_000_000, ..Plan::default() };
    let mut world = serve.block_on(World::with(plan));
    serve.block_on(world.stop());
    let empty = TempDir::new().expect("a temporary folder");
    copy(&world.data(), &empty.path().join("data"));
    serve.block_on(world.restart());
    let der = fs::read(world.data().join("keys/issuer.pkcs8")).expect("the issuer's key");
    let key = IssuerPrivateKey::from_der(&der).expect("a good key");
    let campaign = world.campaign.clone();
    let address: SocketAddr = world.url().trim_start_matches("http://").parse().expect("an address");
    let made = make_all(&campaign, &key, address);
    (Yard { serve, load, campaign, key, address, made, empty }, Stage { world: Some(world) })
}

impl Yard {
    /// A participant's phrase, by number.
    pub(crate) fn phrase(number: u64) -> Phrase {
        Phrase::generate(&mut StdRng::seed_from_u64(SEED << 32 | number))
    }

    /// A TokenRequest with what finishes it, the same for the same number.
    pub(crate) fn token_request(&self, number: u64) -> (TokenRequest, PendingToken) {
        request(&self.campaign, number).1
    }

    /// The Issuer's answer to it.
    pub(crate) fn response(&self, request: &TokenRequest) -> TokenResponse {
        self.key.issue(&mut rand::rng(), request).expect("a signature")
    }

    /// The proof that some of the tokens are good, which a store demands.
    pub(crate) fn verified(&self, made: &[Made]) -> Vec<VerifiedToken> {
        let verify = |made: &Made| {
            let opened =
                made.token.clone().open(made.pledge.clone(), &self.campaign).expect("a token of this campaign");
            opened.verify(self.campaign.token_key()).expect("a good signature")
        };
        on_all_cores(made, |part| part.iter().map(verify).collect::<Vec<_>>()).into_iter().flatten().collect()
    }
}

impl Made {
    /// A token with the pledge that opens it, for the server at an address.
    pub(crate) fn new(address: SocketAddr, token: Token, pledge: Pledge) -> Self {
        let header = token_header(&token);
        let head = format!(
            "POST /pledges HTTP/1.1\r\nhost: {address}\r\nauthorization: {header}\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
            media::PLEDGE,
            Pledge::BYTES
        );
        Self { token, request: [head.as_bytes(), &pledge.encode()].concat(), pledge }
    }
}

impl Stage {
    /// Stops the server and starts it on a copy of a folder, at the opening of the campaign.
    pub(crate) fn start_on_copy_of(&mut self, yard: &Yard, folder: &Path) {
        let copied = TempDir::new().expect("a temporary folder");
        copy(&folder.join("data"), &copied.path().join("data"));
        let mut world = self.world.take().expect("a server");
        yard.serve.block_on(world.stop());
        world.set_clock(0);
        self.world = Some(yard.serve.block_on(world.on_copy(copied)));
    }

    pub(crate) fn world(&self) -> &World {
        self.world.as_ref().expect("a server")
    }
}

/// Has a slice worked on in one part per core.
pub(crate) fn on_all_cores<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = all.chunks(all.len().div_ceil(cores).max(1));
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Blinds and signs with the campaign's own key, as participants and Issuer would.
fn make_all(campaign: &Campaign, key: &IssuerPrivateKey, address: SocketAddr) -> Vec<Made> {
    let done = AtomicUsize::new(0);
    let numbers: Vec<u64> = (0..u64::from(PLEDGES)).collect();
    let part = |numbers: &[u64]| {
        let one = |number: &u64| {
            let made = make(campaign, key, address, *number);
            let done = done.fetch_add(1, Relaxed) + 1;
            if done.is_multiple_of(1000) {
                crate::tell(&format!("{done} of {PLEDGES} tokens made"));
            }
            made
        };
        numbers.iter().map(one).collect::<Vec<_>>()
    };
    crate::tell(&format!("making {PLEDGES} tokens (seed {SEED})"));
    on_all_cores(&numbers, part).into_iter().flatten().collect()
}

pub(crate) fn make(campaign: &Campaign, key: &IssuerPrivateKey, address: SocketAddr, number: u64) -> Made {
    let (pledge, (request, pending)) = request(campaign, number);
    let token = pending.finalize(&key.issue(&mut rand::rng(), &request).expect("a signature")).expect("a token");
    Made::new(address, token, pledge)
}

fn request(campaign: &Campaign, number: u64) -> (Pledge, (TokenRequest, PendingToken)) {
    let places = u32::try_from(campaign.places().places.len()).expect("few places");
    let place = StdRng::seed_from_u64(number).random_range(0..places);
    let secrets = Yard::phrase(number).secrets(campaign.id(), place);
    let pledge = secrets.pledge();
    let nonce = pledge.nonce(campaign.places().region_of(place).expect("a place"));
    let made = TokenRequest::new(&mut secrets.blinding(), campaign.token_key(), campaign.challenge_digest(), nonce);
    (pledge, made.expect("a good key"))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
