//! D1 under attack: a real server process beneath each attack that we know. Meanwhile everybody else takes part, also who
//! is slow; nothing is lost, forged things cost no signature, and memory and connections stay within their bounds.

use crate::wire::{Line, Message};
use protocol::invite::Invite;
use protocol::issuance::TokenResponse;
use protocol::phrase::Phrase;
use protocol::problem::Problem;
use protocol::receipt::verify_receipt;
use reqwest::RequestBuilder;
use server::config::{CONNECTIONS_MAX, FILES_RESERVED, ORGANISER_CONNECTIONS_MAX};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tests::Answer;
use tests::attack::{Attack, Tally};
use tests::besieged::Besieged;
use tests::wire::read;
use tests::wire::{ask_for_token, redeem, token_request};
use tokio::task::{JoinHandle, JoinSet};

/// Ten times what two cores sign in a second; slow machines send what they can.
const FLOOD_PER_SECOND: f64 = 20_000.0;
/// Who takes part during each attack, at once.
const QUICK: usize = 8;
/// Who connects first and asks later, as over Tor.
const SLOW: usize = 8;
/// Bytes of memory that all attacks together may cost.
const MEMORY_MAX: u64 = 400_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn d1_under_every_attack_everybody_else_takes_part_and_the_server_stays_within_its_bounds() {
    let house = Arc::new(Besieged::start().await);
    let attacks = Attack::all(&house.target, FLOOD_PER_SECOND);
    let mut invites = house.invites(u32::try_from(attacks.len() * QUICK).unwrap()).await;
    participants(&house, "peace", vec![house.demo.told_invite(1)]).await;
    let before = house.memory_peak();
    for attack in attacks.into_iter().map(Arc::new) {
        let siege = Siege::begin(&house, attack.clone());
        tokio::time::sleep(Duration::from_secs(2)).await; // until all of the crowd have come
        participants(&house, attack.name, invites.split_off(invites.len() - QUICK)).await;
        siege.end(&house).await;
        assert_eq!(house.get("/healthz").await.status, 200, "{}", attack.name);
    }
    let grown = house.memory_peak() - before;
    assert!(grown < MEMORY_MAX, "{grown} bytes more than in peace");
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_forged_invites_and_tokens_by_the_thousand_cost_no_signature() {
    let house = Arc::new(Besieged::start().await);
    participants(&house, "peace", vec![house.demo.told_invite(1)]).await;
    let before = house.signing();
    assert!(!before.is_zero(), "a signature takes time");
    for attack in Attack::all(&house.target, FLOOD_PER_SECOND).into_iter().map(Arc::new) {
        if attack.name.starts_with("forged") {
            let siege = Siege::begin(&house, attack);
            tokio::time::sleep(Duration::from_secs(3)).await;
            let refused = siege.end(&house).await;
            assert!(refused > 1000, "only {refused} were refused");
            assert_eq!(house.signing(), before, "a thread that signs was woken up");
        }
    }
    participants(&house, "peace", vec![house.demo.told_invite(2)]).await;
    assert!(house.signing() > before, "or it would not be seen");
}

/// An attack under way.
struct Siege {
    attack: Arc<Attack>,
    going: Arc<AtomicBool>,
    tally: Arc<Tally>,
    attackers: JoinHandle<()>,
}

impl Siege {
    fn begin(house: &Arc<Besieged>, attack: Arc<Attack>) -> Self {
        let (going, tally) = (Arc::new(AtomicBool::new(true)), Arc::new(Tally::default()));
        let run = attack.clone().run(house.target.clone(), going.clone(), tally.clone());
        Self { attack, going, tally, attackers: tokio::spawn(run) }
    }

    /// Ends it; how many answers the attackers heard, each of which they had to expect.
    async fn end(self, house: &Besieged) -> u64 {
        let files = house.files();
        let files_max = CONNECTIONS_MAX + ORGANISER_CONNECTIONS_MAX + FILES_RESERVED;
        assert!(files < files_max as usize, "{}: {files} files are open", self.attack.name);
        self.going.store(false, SeqCst);
        self.attackers.await.unwrap();
        let answers = self.tally.answers.lock().unwrap();
        assert!(self.tally.rounds.load(SeqCst) > 0);
        let heard: Vec<u16> = answers.keys().copied().collect();
        assert!(heard.iter().all(|status| self.attack.hears.contains(status)), "{}: {answers:?}", self.attack.name);
        answers.values().sum()
    }
}

/// All at once: some take part from reading to receipt, others connect, wait a second, and read.
async fn participants(house: &Arc<Besieged>, during: &'static str, invites: Vec<Invite>) {
    let mut all = JoinSet::new();
    for invite in invites {
        let house = house.clone();
        all.spawn(async move { takes_part(&house, during, &invite).await });
    }
    for _ in 0..SLOW {
        let address = house.target.address.to_string();
        all.spawn(async move {
            let mut line = Line::open(&address).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            line.write(&Message::new("GET", "/counts.json").bytes()).await;
            assert_eq!(line.reply().await.unwrap_or_else(|| panic!("{during}: sent away")).status, 200);
        });
    }
    all.join_all().await;
}

/// One participation. It may be told that the server is busy, and then asks again as it was told.
async fn takes_part(house: &Besieged, during: &str, invite: &Invite) {
    let (http, url, campaign) = (&house.http, house.demo.told("url"), &house.campaign);
    let phrase = Phrase::generate(&mut rand::rng());
    let (request, pending) = token_request(campaign, &phrase, 0);
    assert_eq!(answer(during, http.get(format!("{url}/counts.json"))).await.status, 200);
    let signed = answer(during, ask_for_token(http, url, &invite.code(), &request.encode())).await;
    assert_eq!(signed.status, 200, "{signed:?}");
    let token = pending.finalize(&TokenResponse::decode(&signed.body).unwrap()).unwrap();
    let receipt = answer(during, redeem(http, url, &token, &phrase.secrets(campaign.id(), 0).pledge())).await;
    assert!([200, 201].contains(&receipt.status), "{receipt:?}");
    verify_receipt(&campaign.genesis().receipt_key, campaign.id(), &token.nonce(), &receipt.body).unwrap();
}

async fn answer(what: &str, request: RequestBuilder) -> Answer {
    for _ in 0..60 {
        let sent = request.try_clone().unwrap().send().await;
        let answer = read(sent.unwrap_or_else(|error| panic!("{what}: {error:?}")))
            .await
            .unwrap_or_else(|| panic!("{what}: an answer broke off"));
        if answer.status < 400 || answer.problem() != Some(Problem::Unavailable) {
            return answer;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{what}: it was busy for a minute")
}
