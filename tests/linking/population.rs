//! Who takes part, and what happens to them: by the real client library over real HTTP, or by a faulty client on the
//! same road. The truth, which invite belongs to which pledge, is kept here for scoring and goes nowhere else.

use crate::faulty::Way;
use crate::observation::Recorder;
use client::campaign::Site;
use client::participation::{Issuer, check_challenge, obtain, redeem};
use client::transport::Network;
use protocol::auth_scheme::token_header;
use protocol::invite::Invite;
use protocol::issuance::TokenResponse;
use protocol::media;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use protocol::token::Token;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tests::{Plan, World};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What happens on somebody's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing in particular.
    Plain,
    /// Both requests are sent twice.
    Repeats,
    /// The token is cut off, and the client asks again.
    LosesToken,
    /// The receipt is cut off, and the client asks again.
    LosesReceipt,
    /// Asks for a second place with the used invite, is refused, and pledges the first.
    ChangesPlace,
    /// Takes a token and never pledges.
    NeverPledges,
}

/// One participant.
pub(crate) struct Person {
    /// Her phrase.
    pub phrase: Phrase,
    /// Her place.
    pub place: u32,
    /// What happens to her.
    pub fate: Fate,
    /// What her client does.
    pub way: Way,
}

/// Who is who; for scoring alone.
#[derive(Default)]
pub(crate) struct Truth {
    /// The nonce that a code came to, if it was pledged.
    pub pledged: BTreeMap<String, Vec<u8>>,
    /// Codes of those who asked for a second place.
    pub changed: BTreeSet<String>,
    /// For each phrase the nonce that it pledged.
    pub of_phrase: BTreeMap<String, Vec<u8>>,
}

/// Number of places; the later ones have few people, some of them fewer than k.
pub(crate) const PLACES: u32 = 40;

/// A campaign and the recorder before its server.
pub(crate) struct Scene {
    /// The campaign.
    pub world: World,
    /// The recorder.
    pub recorder: Recorder,
}

impl Scene {
    /// A campaign of many places.
    pub(crate) async fn start() -> Self {
        let world = World::with(Plan { regions: vec![PLACES / 2; 2], ..Plan::default() }).await;
        Self { world, recorder: Recorder::start().await }
    }

    /// All take part, so many at a time; who comes first is by chance.
    pub(crate) async fn take_part(&self, people: Vec<Person>, at_once: usize) -> Truth {
        let network = Network::through(&self.recorder.url()).ok().unwrap();
        let invites = self.world.invites("many", u32::try_from(people.len()).unwrap()).await;
        let gate = Arc::new(Semaphore::new(at_once));
        let (mut under_way, mut truth) = (JoinSet::new(), Truth::default());
        let recorder = self.recorder.clone();
        for (person, invite) in people.into_iter().zip(invites) {
            let turn = gate.clone().acquire_owned().await.unwrap();
            let road =
                Road { network: network.clone(), base: self.world.base(), recorder: recorder.clone(), way: person.way };
            let id = self.world.campaign.id();
            under_way.spawn(async move {
                let site = client::campaign::fetch(&road.network, &road.base, Some(id)).await.ok().unwrap();
                let nonce = road.go(&site, &person, &invite).await;
                drop(turn);
                (invite.code().to_string(), person, nonce)
            });
        }
        while let Some(ended) = under_way.join_next().await {
            let (code, person, nonce) = ended.unwrap();
            if person.fate == Fate::ChangesPlace {
                truth.changed.insert(code.clone());
            }
            if let Some(nonce) = nonce {
                truth.of_phrase.insert(person.phrase.words().to_string(), nonce.clone());
                truth.pledged.insert(code, nonce);
            }
        }
        truth
    }
}

/// People of one way, their fates mixed as they come.
pub(crate) fn people(count: usize, seed: u64, way: Way, fate: impl Fn(usize) -> Fate) -> Vec<Person> {
    let mut rng = StdRng::seed_from_u64(seed);
    let person = |index| {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Person { phrase: Phrase::from_bytes(bytes), place: place(&mut rng), fate: fate(index), way }
    };
    (0..count).map(person).collect()
}

/// A place as people live: most in a few, a handful in the last.
fn place(rng: &mut StdRng) -> u32 {
    let skewed = rng.random_range(0.0..1.0f64).powi(9) * f64::from(PLACES);
    (0..PLACES).rev().find(|place| f64::from(*place) <= skewed).unwrap_or(0)
}

/// One participant's way through one campaign.
struct Road {
    network: Network,
    base: client::address::BaseUrl,
    recorder: Recorder,
    way: Way,
}

impl Road {
    /// The nonce that was pledged, if any.
    async fn go(&self, site: &Site, person: &Person, invite: &Invite) -> Option<Vec<u8>> {
        let issuer = Issuer::find(&self.network, site).await.ok().unwrap();
        assert!(check_challenge(&self.network, &self.base, &site.campaign).await.ok().unwrap());
        let prepare = |place| self.way.prepare(&site.campaign, &person.phrase, place, &invite.code());
        let prepared = prepare(person.place);
        if person.fate == Fate::LosesToken {
            self.recorder.lose_answer_to(&prepared.request.encode());
        }
        let pledge = prepared.pledge.clone();
        if self.way.headers(&person.phrase)[0].is_some() {
            let answer = self.post(person, 0, "/token-request", prepared.request.encode().to_vec(), invite, None).await;
            let token = prepared.pending.finalize(&TokenResponse::decode(&answer).unwrap()).unwrap();
            let nonce = token.nonce().as_bytes().to_vec();
            self.post(person, 1, "/pledges", pledge.encode().to_vec(), invite, Some(&token)).await;
            return Some(nonce);
        }
        let token = obtain(&self.network, &issuer, invite, &prepared.request, prepared.pending).await.ok().unwrap();
        match person.fate {
            Fate::NeverPledges => return None,
            Fate::Repeats => {
                let again = prepare(person.place);
                obtain(&self.network, &issuer, invite, &again.request, again.pending).await.ok().unwrap();
                redeem(&self.network, site, &token, &pledge).await.ok().unwrap();
            }
            Fate::ChangesPlace => {
                let other = prepare((person.place + 1) % PLACES);
                let refused = obtain(&self.network, &issuer, invite, &other.request, other.pending).await;
                let problem = refused.err().unwrap();
                let used = matches!(problem, client::error::Error::Refused { problem: Problem::InviteUsed, .. });
                assert!(used, "{problem}");
            }
            Fate::LosesReceipt => self.recorder.lose_answer_to(&pledge.encode()),
            Fate::Plain | Fate::LosesToken => {}
        }
        redeem(&self.network, site, &token, &pledge).await.ok().unwrap();
        Some(token.nonce().as_bytes().to_vec())
    }

    /// What a client sends that adds headers of its own.
    async fn post(
        &self,
        person: &Person,
        which: usize,
        path: &str,
        body: Vec<u8>,
        invite: &Invite,
        token: Option<&Token>,
    ) -> Vec<u8> {
        let proxy = reqwest::Proxy::all(self.recorder.url()).unwrap().basic_auth("any", "body");
        let http = reqwest::Client::builder().proxy(proxy).pool_max_idle_per_host(0).build().unwrap();
        let bearer = format!("Bearer {}", *invite.code());
        let authorization = token.map_or(bearer, token_header);
        let media_type = [media::TOKEN_REQUEST, media::PLEDGE][which];
        let (name, value) = self.way.headers(&person.phrase)[which].clone().unwrap();
        let request = http.post(self.base.join(path)).header("authorization", authorization);
        let request = request.header("content-type", media_type).header(name, value).body(body);
        let answer = tests::send(request).await;
        assert!(answer.status < 300, "{answer:?}");
        answer.body
    }
}
