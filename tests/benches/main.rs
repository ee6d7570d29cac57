//! `make bench`: what Headcount does per second beside what peers do in the same run, in one table.
//!
//! Words after `--` choose subjects whose names contain one of them; none chooses all but the last three, `abuse`, `half a million`
//! and `five million`, which take minutes, the latter also gigabytes of disk: they run only for who asks, as in `make bench WHAT=million`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench ends at the first thing that is wrong"
)]

mod abuse;
mod big_audit;
mod big_log;
mod big_tick;
mod clocks;
mod cryptography;
mod duel;
mod five_million;
mod fixture;
mod growth;
mod http;
mod load;
mod log;
mod overview;
mod peers;
mod picture;
mod process;
mod sled_pool;
mod stores;
mod table;
mod unblinded;

use criterion::Criterion;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |subject: &str| words.is_empty() || words.iter().any(|word| subject.contains(word.as_str()));
    let machine = table::Machine::look();
    let mut criterion = Criterion::default().without_plots().nresamples(2000);
    let (yard, mut stage) = fixture::prepare();
    let mut rows = cryptography::run(&mut criterion, &yard, wanted);
    rows.extend(stores::run(&mut criterion, &yard, wanted));
    growth::run(&yard, wanted);
    rows.extend(http::run(&mut criterion, &yard, &mut stage, wanted));
    rows.extend(overview::run(&mut criterion, &yard, wanted));
    rows.extend(log::run(&mut criterion, &yard, &mut stage, wanted));
    if words.iter().any(|word| abuse::NAME.contains(word.as_str())) {
        rows.extend(abuse::run());
    }
    if words.iter().any(|word| big_audit::NAME.contains(word.as_str())) {
        rows.extend(big_audit::run(&mut criterion));
    }
    if words.iter().any(|word| five_million::NAME.contains(word.as_str())) {
        rows.extend(five_million::run(&yard));
    }
    let world = stage.world.take().map(|mut world| yard.serve.block_on(async move { world.stop().await }));
    assert!(world.is_some() && !rows.is_empty(), "no subject has such a name");
    table::show(&machine, &rows);
}

/// Says what goes on.
#[allow(clippy::print_stdout, reason = "a bench tells what it does")]
pub(crate) fn tell(what: &str) {
    println!("{what}");
}
