//! Tests: the power is cut at any moment of a campaign's life, from `init` to the end of the destruction (DESIGN §7, O2).
//! The life is lived under strace, through the routes that participants and organisers use, so that sled's writes are in
//! it too; then it is cut off after each of its steps, and what lies on the disk is judged.

use super::judge::{Judge, LEAKED, Told, head_line, judge_unmade, published_in};
use super::people::{ORGANISER_SEED, People, TICK, source};
use super::{START, serve};
use crate::init::{init, init_with};
use crate::store::crashes::fast_folder;
use crate::store::power::trace::record;
use crate::store::power::{Cut, Disk, Image, Op};
use crate::{Deployment, organisers};
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use protocol::announcement::Announcement;
use protocol::auth_scheme::token_header;
use protocol::keys::IssuerPrivateKey;
use protocol::media;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// Where people will be: sixteen of the life, and ten whom only the judge sends.
const PLACES: [u32; 26] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1];

/// A life under way.
struct Life {
    data: PathBuf,
    told: File,
    now: Arc<AtomicU64>,
    people: People,
    organiser_token: Zeroizing<String>,
    runtime: Runtime,
    served: Deployment,
}

impl Life {
    fn begin(root: &Path, told: File) -> Self {
        let data = root.join("data");
        let organiser_token = init(source(9), &data).unwrap().organiser_token;
        let now = Arc::new(AtomicU64::new(START + 10));
        tell(&told, &format!("time {}", START + 10));
        tell(&told, "made");
        let people = People::of(&data, &PLACES);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let served = serve(&data, &now);
        Self { data, told, now, people, organiser_token, runtime, served }
    }

    fn tell(&self, line: &str) {
        tell(&self.told, line);
    }

    /// The server is stopped and started.
    fn restart(self) -> Self {
        let Self { data, told, now, people, organiser_token, runtime, served } = self;
        drop(served);
        let served = serve(&data, &now);
        Self { data, told, now, people, organiser_token, runtime, served }
    }

    fn organise(&self, path: &str, media_type: &str, body: impl Into<Body>) {
        let authorization = format!("Bearer {}", *self.organiser_token);
        let request = post(path, &authorization, media_type, body);
        let service = TowerToHyperService::new(self.served.organiser_routes());
        let answer = self.runtime.block_on(service.call(request)).unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    fn mint(&self) {
        let body = format!(r#"{{"batch":"all","count":{}}}"#, PLACES.len());
        self.organise("/organiser/invites", media::JSON, body);
        self.tell("minted");
    }

    /// Another batch, which nobody claims from, is made and revoked, by whom the operator gives an account and takes it.
    fn manage(&self) {
        organisers::add(&self.data, "anna", &[], |_token| Ok(())).unwrap();
        self.tell("added");
        self.organise("/organiser/invites", media::JSON, format!(r#"{{"batch":"{LEAKED}","count":9}}"#));
        self.organise("/organiser/batches/revoke", media::JSON, format!(r#"{{"batch":"{LEAKED}"}}"#));
        self.tell("revoked");
        self.tell("asks-removal");
        organisers::remove(&self.data, "anna").unwrap();
        self.tell("removed");
    }

    /// All at once.
    fn claim(&self, numbers: Range<usize>) {
        let ask = |number: usize| {
            let authorization = format!("Bearer {}", self.people.code(number));
            let body = self.people.all[number].request.encode().to_vec();
            post("/token-request", &authorization, media::TOKEN_REQUEST, body)
        };
        self.ask_at_once("claim", numbers, ask, &[StatusCode::OK]);
    }

    /// All at once.
    fn pledge(&self, numbers: Range<usize>) {
        let ask = |number: usize| {
            let person = &self.people.all[number];
            post("/pledges", &token_header(&person.token), media::PLEDGE, person.pledge.encode().to_vec())
        };
        self.ask_at_once("pledge", numbers, ask, &[StatusCode::CREATED, StatusCode::OK]);
    }

    fn ask_at_once(&self, what: &str, numbers: Range<usize>, ask: impl Fn(usize) -> Request, hoped: &[StatusCode]) {
        self.runtime.block_on(async {
            let mut asked = Vec::new();
            for number in numbers {
                self.tell(&format!("asks-{what} {number}"));
                let (service, request) = (TowerToHyperService::new(self.served.public_routes()), ask(number));
                asked.push((number, tokio::spawn(async move { service.call(request).await.unwrap().status() })));
            }
            for (number, answer) in asked {
                let status = answer.await.unwrap();
                assert!(hoped.contains(&status), "{what} {number}: {status}");
                self.tell(&format!("{what} {number}"));
            }
        });
    }

    fn announce(&self, number: u32) {
        let text = [("en".to_owned(), "soon".to_owned())].into();
        let made = Announcement::sign(&self.people.campaign, &ORGANISER_SEED, number, None, text).unwrap();
        self.organise("/organiser/announcement", "text/plain; charset=utf-8", made.note.into_bytes());
        self.tell(&format!("announced {number}"));
        self.tell(&head_line(&self.served));
    }

    fn tick(&self) {
        let now = self.now.fetch_add(TICK, SeqCst) + TICK;
        self.tell(&format!("time {now}"));
        self.served.look_at_clock().unwrap();
        self.tell(&head_line(&self.served));
    }

    fn live(self) -> Self {
        self.mint();
        self.claim(0..4);
        self.manage();
        self.claim(2..9);
        (0..3).for_each(|number| self.pledge(number..number + 1));
        self.pledge(1..8);
        self.tick(); // six of place 0, two wait
        self.announce(1);
        self.claim(8..10);
        self.pledge(7..10);
        let life = self.restart();
        life.claim(9..13);
        life.tick();
        life.pledge(0..2); // published long ago
        life.pledge(9..13);
        life.tick(); // five of place 1
        life.announce(2);
        life.organise("/organiser/close", media::JSON, "");
        life.tell("closing");
        life.claim(13..16);
        life.pledge(13..16);
        let life = life.restart();
        life.tick(); // five of place 0
        life.claim(15..16);
        life.tick(); // closes and destroys
        life.tell("destroyed");
        life
    }
}

fn post(path: &str, authorization: &str, media_type: &str, body: impl Into<Body>) -> Request {
    let request = Request::post(path).header("authorization", authorization).header("content-type", media_type);
    request.body(body.into()).unwrap()
}

fn tell(mut told: &File, line: &str) {
    // one write, so that it stands in the trace as one
    told.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The life itself.
#[test]
#[ignore = "is started by the test below, under strace"]
fn run_under_strace() {
    let variable = |name| PathBuf::from(std::env::var(name).unwrap());
    let told = OpenOptions::new().append(true).open(variable(TOLD)).unwrap();
    let life = Life::begin(&variable(ROOT), told).live();
    std::mem::forget(life); // a closing that the end of the process cuts off would not be a whole call
}

fn record_life() -> Vec<Op> {
    let temp = fast_folder();
    let base = temp.path().canonicalize().unwrap();
    let (root, told) = (base.join("root"), base.join("told"));
    fs::create_dir(&root).unwrap();
    File::create(&told).unwrap();
    let environment = [(ROOT, root.display().to_string()), (TOLD, told.display().to_string())];
    let (_crate, test) = concat!(module_path!(), "::run_under_strace").split_once("::").unwrap();
    record(test, &environment, &root, &told, &Disk::default())
}

/// Whom the judge needs: the people, while their keys were there, and what was published in the end.
fn judge_of(ops: &[Op]) -> Judge {
    let made = ops.iter().position(|op| *op == Op::Told("made".to_owned())).unwrap();
    let temp = fast_folder();
    let folder = |name: &str, ops: &[Op]| {
        let root = temp.path().join(name);
        crate::store::power::image(ops, Cut::Everything).write_to(&root);
        root.join("data")
    };
    let people = People::of(&folder("made", &ops[..made]), &PLACES);
    let published = published_in(&folder("over", ops), &people).into_iter().collect();
    Judge { people, published, without_claims: false }
}

/// The ways to cut the power after one step. What is random follows from the seed and the step.
fn cuts(disk: &Disk, step: usize, seed: u64) -> Vec<(&'static str, Image)> {
    let mut cuts = vec![
        ("everything", disk.image(Cut::Everything)),
        ("only what was synced", disk.image(Cut::OnlySynced)),
        ("names without data", disk.image(Cut::NamesWithoutData)),
        ("data without names", disk.image(Cut::DataWithoutNames)),
    ];
    let mut rng = StdRng::seed_from_u64(seed ^ step as u64);
    cuts.extend((0..RANDOM).map(|_| ("any part", disk.image(Cut::Power(&mut rng)))));
    cuts
}

#[test]
fn o2_the_power_may_be_cut_at_any_moment_of_a_campaigns_life() {
    let seed = 11;
    let ops = record_life();
    let judge = judge_of(&ops);
    let key = IssuerPrivateKey::generate(&mut rand::rng()).unwrap().to_der().unwrap();
    let key = || IssuerPrivateKey::from_der(&key).unwrap();
    let (judged, lost) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (ops, judge, key, judged, lost) = (&ops, &judge, &key, &judged, &lost);
            scope.spawn(move || {
                let temp = fast_folder();
                let (mut disk, mut told, mut seen) = (Disk::default(), Told::default(), HashSet::new());
                for (step, op) in ops.iter().enumerate() {
                    disk.apply(op);
                    if let Op::Told(line) = op {
                        told.hear(line);
                    }
                    let more_is_told = matches!(ops.get(step + 1), Some(Op::Told(_)));
                    if more_is_told || step % 2 != thread {
                        continue;
                    }
                    for (how, image) in cuts(&disk, step, seed) {
                        let mut hasher = DefaultHasher::new();
                        (&image.0, step_of_telling(ops, step)).hash(&mut hasher);
                        if !seen.insert(hasher.finish()) {
                            continue;
                        }
                        let root = temp.path().join("root");
                        image.write_to(&root);
                        let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match told.made {
                            true => judge.judge(&root.join("data"), &told),
                            false => judge_unmade(&root, |root| {
                                init_with(source(9), &root.join("data"), || Ok(key())).map(|_| ())
                            }),
                        }));
                        if verdict.is_err() {
                            lost.lock().unwrap().push(format!("step {step} {op:.120?}, {how}"));
                        }
                        fs::remove_dir_all(&root).unwrap();
                        judged.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    let (judged, lost) = (judged.into_inner(), lost.into_inner().unwrap());
    let shown = lost.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(lost.is_empty(), "seed {seed}: {} of {judged} crashes:\n  {shown}", lost.len());
    assert!(judged > 1000, "{judged}");
}

/// The last step at which something was told.
fn step_of_telling(ops: &[Op], step: usize) -> usize {
    ops[..=step].iter().rposition(|op| matches!(op, Op::Told(_))).unwrap_or(0)
}

/// How many cuts after each step leave any part.
const RANDOM: usize = 20;

const ROOT: &str = "HEADCOUNT_LIFE_ROOT";
const TOLD: &str = "HEADCOUNT_LIFE_TOLD";
