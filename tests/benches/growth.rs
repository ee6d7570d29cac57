//! What those wait for who pledge while the pool grows: every spend of 20,000 from 64 tasks, from the empty pool on, in
//! which it doubles three times. Told beside the table, because it is a latency and no rate.

use crate::fixture::{Made, Yard, make, on_all_cores};
use crate::stores::open;
use hdrhistogram::Histogram;
use server::Redeemed;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;

/// If wanted.
pub(crate) fn run(yard: &Yard, wanted: impl Fn(&str) -> bool) {
    if !wanted("spend while the pool grows") {
        return;
    }
    crate::tell(&format!("making {SPENDS} tokens"));
    let numbers: Vec<u64> = (1_000_000..1_000_000 + SPENDS).collect();
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let part = |part: &[u64]| part.iter().map(|number| make(&yard.campaign, &yard.key, nowhere, *number)).collect();
    let made: Vec<Made> = on_all_cores::<_, Vec<Made>>(&numbers, part).into_iter().flatten().collect();
    let folder = TempDir::new().expect("a temporary folder");
    let store = Arc::new(open(folder.path()));
    let tokens = yard.verified(&made);
    let mut shares: Vec<Vec<_>> = (0..TASKS).map(|_| Vec::new()).collect();
    for (index, token) in tokens.into_iter().enumerate() {
        shares[index % TASKS].push(token);
    }
    let latencies = yard.serve.block_on(async {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut took = Histogram::<u64>::new(3).expect("three digits");
                    for token in share {
                        let begin = Instant::now();
                        let redeemed = store.spend(token).await.expect("a store that works");
                        assert_eq!(redeemed, Redeemed::Now);
                        let micros = u64::try_from(begin.elapsed().as_micros()).expect("a short time");
                        took.record(micros).expect("it grows by itself");
                    }
                    took
                })
            })
            .collect();
        let mut all = Histogram::<u64>::new(3).expect("three digits");
        for task in running {
            all.add(task.await.expect("no panic")).expect("the same digits");
        }
        all
    });
    let milliseconds = |micros: u64| micros as f64 / 1000.0;
    let [half, most, nearly_all] = [0.5, 0.99, 0.999].map(|part| milliseconds(latencies.value_at_quantile(part)));
    crate::tell(&format!(
        "spend while the pool grows to {SPENDS}: p50 {half:.1} ms, p99 {most:.1} ms, p99.9 {nearly_all:.1} ms, max {:.1} ms",
        milliseconds(latencies.max())
    ));
}

const SPENDS: u64 = 20_000;
const TASKS: usize = 64;
