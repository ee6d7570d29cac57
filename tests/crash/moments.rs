//! Death at random moments: twenty lives of one campaign with ticks of one second, the shortest there are, and tens of
//! participants at once in each.

use crate::accounts::{check, demand_audit, demand_close};
use crate::calls::demand_strace;
use crate::campaign::Made;
use crate::closing::close_in_spite_of_death;
use crate::crowd::{Crowd, People, Told, all};
use crate::process::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

const LIVES: usize = 20;
const AT_ONCE: usize = 32;
const PEOPLE: u32 = 8000;

#[test]
fn o2_a_server_killed_at_twenty_random_moments_loses_nothing_and_counts_nothing_twice() {
    demand_strace();
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("the random moments: SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let made = runtime.block_on(Made::new(1, 1, 3600));
    let data = made.data();

    let mut server = Server::start(&data);
    let invites = runtime.block_on(made.invites(&server.organiser_url, PEOPLE));
    let people = People::new(&made.campaign, invites, (0..PEOPLE).map(place).collect());
    let (crowd, next) = (Crowd::new(&people, Told::default()), Arc::new(AtomicUsize::new(0)));
    let mut known = 0; // from here on nobody was asked since the last death
    for life in 0..LIVES {
        let moment = Duration::from_millis(rng.random_range(20..1500));
        let load = runtime.spawn(load(crowd.clone(), server.url.clone(), next.clone()));
        std::thread::sleep(moment);
        server.kill();
        runtime.block_on(load).unwrap();

        let met = next.load(SeqCst).min(people.count());
        let Told { tokens, pledges, .. } = crowd.told().clone();
        let (tokens, pledges) = (tokens.len(), pledges.len());
        eprintln!("life {life}: killed after {moment:?}; of {met} people {tokens} have a token, {pledges} a receipt");
        server = Server::start(&data);
        check(&data).unwrap();
        let earlier = (0..known.min(40)).map(|_| rng.random_range(0..known));
        let who: BTreeSet<usize> = earlier.chain(known..met).collect();
        runtime.block_on(crowd.demand(&server.url, who.into_iter().collect(), pledges_at_once));
        known = met;
    }
    assert!(known > LIVES, "there was no load");
    runtime.block_on(crowd.demand(&server.url, (0..known).collect(), |_| true));
    let told = crowd.told().clone();
    assert_eq!((told.tokens.len(), told.pledges.len()), (known, known));

    let server = close_in_spite_of_death(&runtime, &made, server);
    let balance = runtime.block_on(demand_close(&server.url, &data, &crowd, &made.campaign));
    demand_audit(&server.url, &made.campaign);
    demand_audit(data.to_str().unwrap(), &made.campaign);
    eprintln!("{known} acknowledged: {} published, {} withheld", balance.published, balance.withheld);
    assert_eq!(balance.published + balance.withheld, known);
}

/// People come until the server is gone; some repeat what was acknowledged.
async fn load(crowd: Arc<Crowd>, url: String, next: Arc<AtomicUsize>) {
    let mut workers = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (crowd, url, next) = (crowd.clone(), url.clone(), next.clone());
        workers.spawn(async move {
            loop {
                let who = next.fetch_add(1, SeqCst);
                if who >= crowd.people.count() || !crowd.take_part(&url, who, pledges_at_once(who)).await {
                    break;
                }
                let earlier = crowd.told().pledges.range(..who.saturating_sub(worker)).next_back().copied();
                if let Some(earlier) = earlier {
                    crowd.pledge(&url, earlier).await;
                }
            }
        });
    }
    all(workers).await;
}

/// Every seventh keeps her token until the end.
fn pledges_at_once(who: usize) -> bool {
    who % 7 != 3
}

/// Two busy places, and four where hardly anybody is.
fn place(who: u32) -> u32 {
    match who % 40 {
        0..20 => 0,
        20..36 => 1,
        rest => rest - 34,
    }
}
