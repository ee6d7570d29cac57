//! Under attack: what honest traffic keeps of its throughput while a real server is attacked in each way that we know, by
//! turns a second of peace and a second of attack. Floods come at ten times what all cores can sign.
//!
//! Attacker, server and honest people share this machine's cores, which they do not outside. So the table shows beside what
//! was kept who used the cores, and what was kept of the cores that the attacker's own program left.

use crate::clocks::{cpu_of, cpu_of_threads};
use crate::duel::{Baseline, By, Rate, Row, median};
use crate::load::{ATTACK, until_told};
use crate::peers::openssl_speed;
use crate::table::number;
use protocol::auth_scheme::token_header;
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use protocol::phrase::Phrase;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tests::attack::{Attack, Tally};
use tests::besieged::Besieged;
use tests::wire::token_request;
use tokio::runtime::{Builder, Runtime};

/// Words choose it by this.
pub(crate) const NAME: &str = "abuse: what is kept under attack";

/// Each of two windows in turn, so often.
const TURNS: usize = 4;
const WINDOW: Duration = Duration::from_secs(1);
/// Until an attack has unfolded, and until its last traces are gone.
const PAUSE: Duration = Duration::from_millis(1500);
/// Made for each attack; more than can be used.
const INVITES: u32 = 40_000;
/// Tokens that are spent again and again: verified each time, and found to be counted.
const TOKENS: usize = 256;
/// Promised by the issue.
const HALF: Baseline = Baseline { ratio: 0.5, by: By::Wall, source: "promised: at least half" };

/// Whose seconds were whose in a window.
struct Window {
    seconds: f64,
    answers: f64,
    server: f64,
    attacker: f64,
    rounds: f64,
}

struct Siege {
    house: Besieged,
    /// Who is honest.
    load: Runtime,
    /// Who is not.
    attack: Runtime,
    pledges: Vec<Vec<u8>>,
    request: Vec<u8>,
}

/// All attacks, a row each.
pub(crate) fn run() -> Vec<Row> {
    let runtime = |name: &str| Builder::new_multi_thread().thread_name(name).enable_all().build().expect("a runtime");
    let (load, attack) = (runtime(crate::clocks::LOAD), runtime(ATTACK));
    let house = load.block_on(Besieged::start());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let signs = openssl_speed().sign * cores as f64;
    let attacks = Attack::all(&house.target, 10.0 * signs);
    crate::tell(&format!("floods of {} a second, ten times what can be signed here", number(10.0 * signs)));
    let mut siege = Siege { house, load, attack, pledges: Vec::new(), request: Vec::new() };
    siege.prepare();
    let mut lines = Vec::new();
    let rows = attacks.into_iter().map(|attack| siege.lay(&Arc::new(attack), cores as f64, &mut lines)).collect();
    crate::tell(&format!(
        "\n{:<31}{:>8}{:>8}{:>7}{:>9}{:>9}{:>9}{:>8}{:>9}",
        "attack", "peace/s", "then/s", "kept", "of left", "rounds/s", "attacker", "server", "peak MB"
    ));
    lines.iter().for_each(|line| crate::tell(line));
    rows
}

impl Siege {
    /// Tokens are made with the issuer's key, which lies in the demo's folder.
    fn prepare(&mut self) {
        let campaign = &self.house.campaign;
        let key = fs::read(self.house.demo.folder().join("demo/keys/issuer.pkcs8")).expect("the issuer's key");
        let key = IssuerPrivateKey::from_der(&key).expect("a good key");
        for _ in 0..TOKENS {
            let phrase = Phrase::generate(&mut rand::rng());
            let (request, pending) = token_request(campaign, &phrase, 0);
            let token = pending.finalize(&key.issue(&mut rand::rng(), &request).expect("a signature"));
            let header = format!("authorization: {}\r\n", token_header(&token.expect("a valid token")));
            let pledge = phrase.secrets(campaign.id(), 0).pledge().encode();
            self.pledges.push(message("POST", "/pledges", media::PLEDGE, &header, &pledge));
            self.request = request.encode().to_vec();
        }
    }

    /// What people send, one after the other: each reads, asks for a token with an invite of his own, and pledges.
    fn honest(&self) -> Arc<Vec<Vec<u8>>> {
        let invites = self.load.block_on(self.house.invites(INVITES));
        let each = |(invite, pledge): (&protocol::invite::Invite, &Vec<u8>)| {
            let header = format!("authorization: Bearer {}\r\n", *invite.code());
            let asks = message("POST", "/token-request", media::TOKEN_REQUEST, &header, &self.request);
            [message("GET", "/counts.json", media::JSON, "", &[]), asks, pledge.clone()]
        };
        Arc::new(invites.iter().zip(self.pledges.iter().cycle()).flat_map(each).collect())
    }

    /// One attack, in turns with peace.
    fn lay(&self, attack: &Arc<Attack>, cores: f64, lines: &mut Vec<String>) -> Row {
        crate::tell(attack.name);
        let (requests, next) = (self.honest(), Arc::new(AtomicUsize::new(0)));
        let (mut peace, mut war) = (Vec::new(), Vec::new());
        self.house.forget_memory_peak();
        for _ in 0..TURNS {
            peace.push(self.window(&requests, &next, &Tally::default()));
            let (going, tally) = (Arc::new(AtomicBool::new(true)), Arc::new(Tally::default()));
            let run = attack.clone().run(self.house.target.clone(), going.clone(), tally.clone());
            let attackers = self.attack.spawn(run);
            std::thread::sleep(PAUSE);
            war.push(self.window(&requests, &next, &tally));
            going.store(false, SeqCst);
            self.load.block_on(attackers).expect("no panic");
            std::thread::sleep(PAUSE);
        }
        let per_second = |windows: &[Window]| median(windows.iter().map(|it| it.answers / it.seconds));
        let mean = |of: fn(&Window) -> f64| war.iter().map(|it| of(it) / it.seconds).sum::<f64>() / TURNS as f64;
        let kept =
            |left: fn(&Window, f64) -> f64| {
                median(peace.iter().zip(&war).map(|(before, then)| {
                    (then.answers / left(then, cores)) / (before.answers / (before.seconds * cores))
                }))
            };
        let ratio = kept(|then, cores| then.seconds * cores);
        let of_left = kept(|then, cores| then.seconds * cores - then.attacker);
        let (before, then) = (per_second(&peace), per_second(&war));
        lines.push(format!(
            "{:<31}{before:>8.0}{then:>8.0}{ratio:>7.2}{of_left:>9.2}{:>9.0}{:>9.2}{:>8.2}{:>9}",
            attack.name,
            mean(|it| it.rounds),
            mean(|it| it.attacker),
            mean(|it| it.server),
            self.house.memory_peak() / 1_000_000
        ));
        let cpu = |windows: &[Window]| {
            Some(windows.iter().map(|it| it.server).sum::<f64>() / windows.iter().map(|it| it.answers).sum::<f64>())
        };
        let ours = Rate { per_second: then, cpu_seconds: cpu(&war) };
        let theirs = Rate { per_second: before, cpu_seconds: cpu(&peace) };
        let (subject, peer, baseline) = (attack.name, "the same in peace", Some(HALF));
        Row { subject, by: By::Wall, batch: 1, ours, peer, theirs, ratio, cpu_ratio: None, baseline }
    }

    /// A window of honest traffic. Every answer is one that was promised.
    fn window(&self, requests: &Arc<Vec<Vec<u8>>>, next: &Arc<AtomicUsize>, tally: &Tally) -> Window {
        let used = || {
            let server = cpu_of(&self.house.demo.id().to_string());
            (server, cpu_of_threads(ATTACK), tally.rounds.load(SeqCst))
        };
        let (before, begin) = (used(), Instant::now());
        let sent = until_told(self.house.target.address, requests.clone(), next.clone(), begin + WINDOW);
        let answers = self.load.block_on(sent);
        let (seconds, after) = (begin.elapsed().as_secs_f64(), used());
        let good = answers.iter().filter(|answer| answer.status < 300).count();
        let busy = answers.iter().filter(|answer| answer.status == 503).count();
        assert_eq!(good + busy, answers.len(), "an honest request was refused: {}", answers[0]);
        let (server, attacker) = ((after.0 - before.0).as_secs_f64(), (after.1 - before.1).as_secs_f64());
        Window { seconds, answers: good as f64, server, attacker, rounds: (after.2 - before.2) as f64 }
    }
}

fn message(method: &str, path: &str, media_type: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
