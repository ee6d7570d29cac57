//! Participants, tens at once, against a server that may die under them. They remember what they were told: a token is
//! issued once its answer is verified, a pledge acknowledged once its receipt is; a connection that died is neither.

use protocol::campaign::Campaign;
use protocol::invite::Invite;
use protocol::issuance::{TokenRequest, TokenResponse};
use protocol::phrase::Phrase;
use protocol::pledge::{Nonce, Pledge};
use protocol::problem::Problem;
use protocol::receipt::verify_receipt;
use protocol::token::Token;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tests::{Answer, try_send, wire};
use tokio::task::JoinSet;

/// Somebody with an invite. Token and receipt are the same whenever and wherever they are asked for.
struct Person {
    phrase: Phrase,
    request: TokenRequest,
    pledge: Pledge,
    nonce: Nonce,
    token: OnceLock<(Vec<u8>, Token)>,
    receipt: OnceLock<Vec<u8>>,
}

/// All who have an invite, by number; each is made when she first acts.
pub(crate) struct People {
    campaign: Arc<Campaign>,
    invites: Vec<Invite>,
    places: Vec<u32>,
    made: Vec<OnceLock<Person>>,
    /// What a thief of an invite would send.
    other: TokenRequest,
}

/// What somebody heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The verified answer, with its status.
    Yes(u16),
    /// A refusal.
    No(Problem),
    /// No whole answer.
    Nothing,
}

/// What was acknowledged, by number.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// Tokens.
    pub tokens: BTreeSet<usize>,
    /// Pledges.
    pub pledges: BTreeSet<usize>,
    /// Pledges that were counted now, as 201 says: once in the life of a campaign.
    counted: BTreeSet<usize>,
}

impl Told {
    /// Whether she has a token, and a receipt.
    fn of(&self, who: usize) -> (bool, bool) {
        (self.tokens.contains(&who), self.pledges.contains(&who))
    }
}

/// The people of one campaign, or of one copy of it, and what they were told there.
pub(crate) struct Crowd {
    /// Who they are.
    pub people: Arc<People>,
    told: Mutex<Told>,
    http: reqwest::Client,
}

impl People {
    /// One for each invite, each with her place.
    pub(crate) fn new(campaign: &Arc<Campaign>, invites: Vec<Invite>, places: Vec<u32>) -> Arc<Self> {
        assert_eq!(invites.len(), places.len());
        let made = invites.iter().map(|_| OnceLock::new()).collect();
        let (other, _) = wire::token_request(campaign, &Phrase::generate(&mut rand::rng()), 0);
        Arc::new(Self { campaign: campaign.clone(), invites, places, made, other })
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.invites.len()
    }

    /// Where somebody wants to come.
    pub(crate) fn place(&self, who: usize) -> u32 {
        self.places[who]
    }

    /// The nonce of her token.
    pub(crate) fn nonce(&self, who: usize) -> Nonce {
        self.person(who).nonce
    }

    /// Her invite.
    pub(crate) fn invite(&self, who: usize) -> &Invite {
        &self.invites[who]
    }

    /// What her invite is used for, as a store of used invites has it.
    pub(crate) fn request_digest(&self, who: usize) -> [u8; 32] {
        *self.person(who).request.digest().as_bytes()
    }

    fn person(&self, who: usize) -> &Person {
        self.made[who].get_or_init(|| {
            let (phrase, place) = (Phrase::generate(&mut rand::rng()), self.places[who]);
            let (request, _) = wire::token_request(&self.campaign, &phrase, place);
            let pledge = phrase.secrets(self.campaign.id(), place).pledge();
            let nonce = pledge.nonce(self.campaign.places().region_of(place).unwrap());
            Person { phrase, request, pledge, nonce, token: OnceLock::new(), receipt: OnceLock::new() }
        })
    }

    /// Unblinds and verifies, or compares with what was verified before.
    fn verify_token(&self, who: usize, answer: &[u8]) {
        let person = self.person(who);
        let (bytes, _) = person.token.get_or_init(|| {
            let (_, pending) = wire::token_request(&self.campaign, &person.phrase, self.places[who]);
            (answer.to_vec(), pending.finalize(&TokenResponse::decode(answer).unwrap()).unwrap())
        });
        assert!(bytes == answer, "participant {who}: the same TokenRequest got another answer");
    }

    fn verify_receipt(&self, who: usize, receipt: &[u8]) {
        let bytes = self.person(who).receipt.get_or_init(|| {
            let key = &self.campaign.genesis().receipt_key;
            verify_receipt(key, self.campaign.id(), &self.nonce(who), receipt).unwrap();
            receipt.to_vec()
        });
        assert!(bytes == receipt, "participant {who}: the same pledge got another receipt");
    }
}

impl Crowd {
    /// People who were told so much already.
    pub(crate) fn new(people: &Arc<People>, told: Told) -> Arc<Self> {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(60));
        Arc::new(Self { people: people.clone(), told: Mutex::new(told), http: http.build().unwrap() })
    }

    /// What was acknowledged.
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    /// Asks for a token.
    pub(crate) async fn ask(&self, url: &str, who: usize) -> Heard {
        let (code, request) = (self.people.invites[who].code(), self.people.person(who).request.encode());
        let heard = heard(try_send(wire::ask_for_token(&self.http, url, &code, &request)).await, 200..=200, |body| {
            self.people.verify_token(who, body);
        });
        if let Heard::Yes(_) = heard {
            self.told().tokens.insert(who);
        }
        heard
    }

    /// Sends another TokenRequest with the same invite.
    pub(crate) async fn ask_otherwise(&self, url: &str, who: usize) -> Heard {
        let (code, request) = (self.people.invites[who].code(), self.people.other.encode());
        heard(try_send(wire::ask_for_token(&self.http, url, &code, &request)).await, 200..=200, |_| {})
    }

    /// Sends her pledge. She has a token.
    pub(crate) async fn pledge(&self, url: &str, who: usize) -> Heard {
        let person = self.people.person(who);
        let (_, token) = person.token.get().unwrap();
        let heard = heard(try_send(wire::redeem(&self.http, url, token, &person.pledge)).await, 200..=201, |body| {
            self.people.verify_receipt(who, body);
        });
        if let Heard::Yes(status) = heard {
            self.told().pledges.insert(who);
            let once = status == 200 || self.told().counted.insert(who);
            assert!(once, "participant {who}: counted a second time");
        }
        heard
    }

    /// Token, then pledge, which every fourth sends over two connections at once; then a repeat of somebody's pledge.
    /// False if the server is gone.
    pub(crate) async fn take_part(&self, url: &str, who: usize, pledges: bool) -> bool {
        let alive = |heard: Heard| match heard {
            Heard::Yes(_) => true,
            Heard::Nothing => false,
            Heard::No(problem) => panic!("participant {who} was refused: {problem:?}"),
        };
        if !alive(self.ask(url, who).await) {
            return false;
        }
        if !pledges {
            return true;
        }
        if who.is_multiple_of(4) {
            let (one, two) = tokio::join!(self.pledge(url, who), self.pledge(url, who));
            return alive(one) & alive(two);
        }
        alive(self.pledge(url, who).await)
    }

    /// After a restart: what these people were told still holds, and what they were not told can be had now. `pledges`
    /// says who has pledged, or wants to.
    pub(crate) async fn demand(self: &Arc<Self>, url: &str, who: Vec<usize>, pledges: fn(usize) -> bool) {
        let url: Arc<str> = url.into();
        each(
            who,
            move |crowd: Arc<Self>, who| {
                let url = url.clone();
                async move {
                    let (had_token, had_receipt) = crowd.told().of(who);
                    if had_token {
                        // before the repeat, which would use the invite again if that had been forgotten
                        let otherwise = crowd.ask_otherwise(&url, who).await;
                        assert_eq!(otherwise, Heard::No(Problem::InviteUsed), "participant {who}: her invite was used");
                    }
                    assert_eq!(crowd.ask(&url, who).await, Heard::Yes(200), "participant {who}: her token");
                    if pledges(who) || had_receipt {
                        let heard = crowd.pledge(&url, who).await;
                        let expected = heard == Heard::Yes(200) || !had_receipt && heard == Heard::Yes(201);
                        assert!(
                            expected,
                            "participant {who}: her pledge, acknowledged {had_receipt}, and now {heard:?}"
                        );
                    }
                }
            },
            self,
        )
        .await;
    }
}

/// Does something for each of these people, sixteen at a time.
async fn each<F: Future<Output = ()> + Send + 'static>(
    who: Vec<usize>,
    act: impl Fn(Arc<Crowd>, usize) -> F + Clone + Send + 'static,
    crowd: &Arc<Crowd>,
) {
    let (who, next) = (Arc::new(who), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..16 {
        let (who, next, act, crowd) = (who.clone(), next.clone(), act.clone(), crowd.clone());
        workers.spawn(async move {
            while let Some(who) = who.get(next.fetch_add(1, SeqCst)) {
                act(crowd.clone(), *who).await;
            }
        });
    }
    all(workers).await;
}

/// Waits for all; the first that failed fails the test.
pub(crate) async fn all(mut workers: JoinSet<()>) {
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
}

fn heard(answer: Option<Answer>, good: std::ops::RangeInclusive<u16>, verify: impl FnOnce(&[u8])) -> Heard {
    match answer {
        None => Heard::Nothing,
        Some(answer) if good.contains(&answer.status) => {
            verify(&answer.body);
            Heard::Yes(answer.status)
        }
        Some(answer) => Heard::No(answer.problem().unwrap_or_else(|| panic!("{answer:?}"))),
    }
}
