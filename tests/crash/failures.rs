//! Calls that the system refuses the real server: a write, a sync or a new name, once or from then on, in either of the
//! two stores, sled's own calls among them. Whoever was told yes must find it kept when the disk works again.
//!
//! A refused call is not carried out. Calls that are carried out, wholly or in part, and said to have failed, and all
//! steps of a tick: `server/src/interruption/faults.rs`, below sled's own writes.

use crate::accounts::{check, published};
use crate::calls::{Point, Refusal, Trace, demand_strace, points};
use crate::campaign::Made;
use crate::crowd::{Crowd, Heard, People, Told};
use crate::process::Server;
use protocol::problem::Problem;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::folders::copy_folder;
use tokio::runtime::Runtime;

/// Who took part before the fault, and who comes while it is there.
const EARLY: usize = 6;
const PEOPLE: usize = 16;
const AT_ONCE: usize = 4;
/// Points of the pool at which calls are refused while people come, spread evenly over all of them.
const POINTS: usize = 14;

#[test]
fn o2_whatever_the_system_refuses_either_store_what_was_acknowledged_is_there_once() {
    demand_strace();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let made = runtime.block_on(Made::new(36_000, 36_000, 2));
    let server = Server::start(&made.data());
    let people = runtime.block_on(async {
        let invites = made.invites(&server.organiser_url, u32::try_from(PEOPLE).unwrap()).await;
        People::new(&made.campaign, invites, (0..PEOPLE).map(|who| u32::from(who % 2 == 0)).collect())
    });
    let crowd = Crowd::new(&people, Told::default());
    runtime.block_on(crowd.demand(&server.url, (0..EARLY).collect(), |_| true));
    server.kill();
    let told = crowd.told().clone();

    let cases = cases(&runtime, &made, &people, &told);
    let (next, met) = (AtomicUsize::new(0), Mutex::new([0, 0]));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, SeqCst);
                    let Some((point, refusal)) = cases.get(number) else { break };
                    let data = made.beside(&format!("copy-{number}"));
                    copy_folder(&made.data(), &data);
                    let crowd = Crowd::new(&people, told.clone());
                    let was_refused = live(&runtime, &data, &crowd, point, *refusal);
                    met.lock().unwrap()[usize::from(was_refused)] += 1;
                    recover(&runtime, &made, &data, &crowd, point, *refusal);
                    std::fs::remove_dir_all(&data).unwrap();
                }
            });
        }
    });
    let [without, with] = met.into_inner().unwrap();
    eprintln!(
        "of {} cases: {with} lives in which calls were refused, and {without} in which the point was not met",
        cases.len()
    );
    assert!(with >= 40 && with > 3 * without, "nothing is shown: {with} refused, {without} not met");
}

/// What is refused where: at every point of the stores while the server starts, at some of the pool's while people come,
/// and among the calls of sled, which have no fixed order, because its threads take turns: so such a call is refused
/// each of them.
fn cases(runtime: &Runtime, made: &Made, people: &Arc<People>, told: &Told) -> Vec<(Point, Refusal)> {
    let (model, trace) = (made.beside("model"), made.beside("trace"));
    copy_folder(&made.data(), &model);
    let server = Server::start_traced(&model, &Trace::Watch(trace.clone()));
    runtime.block_on(load(Crowd::new(people, told.clone()), server.url.clone()));
    server.kill();
    let found = points(&std::fs::read_to_string(trace).unwrap(), &model);
    let is_stores = |point: &&Point| point.path.starts_with("attestation") || point.path.starts_with("redemption");
    let pools: Vec<&Point> = found.serving.iter().filter(|point| point.path.starts_with("redemption")).collect();
    assert!(pools.len() >= POINTS, "the pool is touched {} times only", pools.len());
    let pools = (0..POINTS).map(|index| pools[index * pools.len() / POINTS].clone());
    let invites = ["pwrite64", "sync_file_range", "fdatasync"].into_iter().flat_map(|call| {
        [1, 2, 3, 5, 8].map(|number| Point { call: call.to_owned(), path: "attestation/since-0/db".to_owned(), number })
    });
    let chosen: Vec<Point> = found.starting.iter().filter(is_stores).cloned().chain(pools).chain(invites).collect();
    let both = |point: Point| [(point.clone(), Refusal::Once), (point, Refusal::FromThenOn)];
    chosen.into_iter().flat_map(both).collect()
}

/// One life in which a call is refused, if it comes to it. Nobody hears a yes that he would not hear otherwise: the
/// crowd checks each. Says whether a call was refused.
fn live(runtime: &Runtime, data: &Path, crowd: &Arc<Crowd>, point: &Point, refusal: Refusal) -> bool {
    let trace = data.with_extension("refused");
    let fault = Trace::Refuse(point.clone(), refusal, trace.clone());
    // a server that cannot open its stores says so and ends
    if let Ok(server) = Server::try_start_traced(data, &fault) {
        runtime.block_on(load(crowd.clone(), server.url.clone()));
        drop(server);
    }
    std::fs::read_to_string(&trace).unwrap_or_default().contains("(INJECTED)")
}

/// The disk works again: by its next start alone the server has everything, and everybody can finish.
fn recover(runtime: &Runtime, made: &Made, data: &Path, crowd: &Arc<Crowd>, point: &Point, refusal: Refusal) {
    let server = Server::try_start(data).unwrap_or_else(|said| panic!("{refusal:?} {point}: {said}"));
    check(data).unwrap_or_else(|said| panic!("{refusal:?} {point}: {said}"));
    runtime.block_on(async {
        crowd.demand(&server.url, (0..PEOPLE).collect(), |_| true).await;
        // a second time all are repeats
        crowd.demand(&server.url, (0..PEOPLE).collect(), |_| true).await;
        published(&server.url, &made.campaign).await;
    });
    server.kill();
}

/// All come, one after the other so that there are many writes, and try twice, whatever the answers.
async fn load(crowd: Arc<Crowd>, url: String) {
    for who in (0..PEOPLE).flat_map(|who| [who; 2]) {
        let token = crowd.ask(&url, who).await;
        let pledge = if token == Heard::Yes(200) { crowd.pledge(&url, who).await } else { Heard::Nothing };
        for heard in [token, pledge] {
            let honest = !matches!(heard, Heard::No(problem) if problem != Problem::Unavailable);
            assert!(honest, "participant {who} heard {heard:?} of a disk that fails");
        }
    }
}
