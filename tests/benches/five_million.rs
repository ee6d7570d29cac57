//! At 5,000,000 published: whether cost grows with the log. Everything is done on two folders of one campaign, in turn, of which
//! one has a log of five million pledges and the other one of five for each place; every answer is checked.
//!
//! Starts, memory, redemptions and documents are those of the real program. The files are in the page cache, as those of a
//! server that is started again.

use crate::big_log::{TICKS, Twins};
use crate::big_tick::{self, PER_SECOND, Supply, Ticks, demand_receipt};
use crate::clocks::Took;
use crate::duel::{By, Rate, Row, median};
use crate::fixture::{Made, PLEDGES, Yard};
use crate::load::{Ends, fire};
use crate::process::{Memory, Process};
use crate::table::{number, span};
use crate::unblinded::tokens;
use hdrhistogram::Histogram;
use protocol::counts::Counts;
use std::time::{Duration, Instant};

/// Words choose it by this.
pub(crate) const NAME: &str = "at 5,000,000 published: five million";

/// What was found, of the big folder and of the small one.
type Line = [String; 3];

/// All of it.
pub(crate) fn run(yard: &Yard) -> Vec<Row> {
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    let twins = Twins::make();
    let made = tokens(&twins.campaign, &twins.both[1].data, 2 * PLEDGES + LARGE + STEADY);
    let (pending, rest) = made.split_at(PLEDGES as usize);
    let (second, rest) = rest.split_at(PLEDGES as usize);
    let (large, steady) = rest.split_at(LARGE as usize);
    let servers = restart(&twins, &mut rows, &mut lines);
    redeem(yard, &twins, &servers, pending, &mut rows, &mut lines);
    documents(yard, &twins, &servers, &mut rows);
    servers.into_iter().for_each(Process::stop);
    let supply = Supply { second, large, steady };
    let ticks = twins.both.each_ref().map(|twin| {
        crate::tell(&format!("three ticks after {}", number(twin.published.into())));
        big_tick::run(yard, &twins.campaign, twin, pending.len() as u64, &supply)
    });
    tell_ticks(&ticks, &mut rows, &mut lines);
    tell_lines(&twins, &lines);
    rows
}

/// Starts both again and again; those that were started last go on.
fn restart(twins: &Twins, rows: &mut Vec<Row>, lines: &mut Vec<Line>) -> [Process; 2] {
    crate::tell("starting the server on both folders");
    let start = || twins.both.each_ref().map(|twin| Process::start(&twin.data));
    let first = start();
    lines.push(line("the first start, which reads the log", first.each_ref().map(|it| seconds(it.until_it_served))));
    let mut servers = first;
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..RESTARTS {
        servers.into_iter().for_each(Process::stop);
        servers = start();
        for (took, server) in took.iter_mut().zip(&servers) {
            took.push(server.until_it_served.as_secs_f64());
        }
    }
    let took = took.map(|took| median(took.into_iter()));
    lines.push(line(&format!("a start, median of {RESTARTS}"), took.map(span)));
    rows.push(once("5 M: restart", took, 1));
    tell_memory("after the start", &servers, lines);
    servers
}

/// The same tokens on both, in turns.
fn redeem(
    yard: &Yard,
    twins: &Twins,
    servers: &[Process; 2],
    made: &[Made],
    rows: &mut Vec<Row>,
    lines: &mut Vec<Line>,
) {
    crate::tell("redeeming on both folders");
    rows.push(in_turns("5 M: redemption", made.len() / TURN, TURN, |side, turn| {
        let part = &made[turn * TURN..][..TURN];
        let requests = part.iter().map(|made| made.request.clone()).collect();
        let (answers, took) = timed(yard, &servers[side], requests);
        answers.iter().zip(part).for_each(|(answer, made)| demand_receipt(&twins.campaign, answer, made, 201));
        took
    }));
    tell_memory(&format!("after {} redemptions", number(made.len() as f64)), servers, lines);
}

/// What everybody looks at.
fn documents(yard: &Yard, twins: &Twins, servers: &[Process; 2], rows: &mut Vec<Row>) {
    crate::tell("reading from both folders");
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip, br\r\n\r\n").into_bytes()
    };
    let read = |side: usize, request| timed(yard, &servers[side], vec![request]).0.remove(0).body;
    for (side, twin) in twins.both.iter().enumerate() {
        let plain = b"GET /counts.json HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec();
        let counts: Counts = serde_json::from_slice(&read(side, plain)).expect("counts");
        assert_eq!((counts.total, counts.log_size, counts.tick), (twin.published.into(), twin.entries, TICKS.into()));
        let checkpoint = String::from_utf8(read(side, get("/log/checkpoint"))).expect("a text");
        assert_eq!(checkpoint.lines().nth(1), Some(twin.entries.to_string().as_str()));
    }
    for (subject, path) in
        [("5 M: counts.json", "/counts.json"), ("5 M: overview", "/"), ("5 M: checkpoint", "/log/checkpoint")]
    {
        let right = [0, 1].map(|side| read(side, get(path)));
        assert!(right[0] != right[1], "both show the same numbers");
        rows.push(in_turns(subject, TURNS, READS, |side, _| {
            let (answers, took) = timed(yard, &servers[side], vec![get(path); READS]);
            assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == right[side]), "another answer");
            took
        }));
    }
}

fn timed(yard: &Yard, server: &Process, requests: Vec<Vec<u8>>) -> (Vec<crate::load::Answer>, Took) {
    let (cpu, begin) = (server.cpu(), Instant::now());
    let answers = yard.load.block_on(fire(server.address, requests, Ends::Never));
    let wall = begin.elapsed();
    (answers, Took { wall, cpu: server.cpu() - cpu })
}

/// So many turns of so many operations: in every second one the small folder comes first.
fn in_turns(subject: &'static str, turns: usize, operations: usize, mut one: impl FnMut(usize, usize) -> Took) -> Row {
    let (mut rates, mut cpu) = ([Vec::new(), Vec::new()], [Duration::ZERO; 2]);
    for turn in 0..turns {
        for side in [turn % 2, 1 - turn % 2] {
            let took = one(side, turn);
            rates[side].push(operations as f64 / took.wall.as_secs_f64());
            cpu[side] += took.cpu;
        }
    }
    let ratio = median(rates[0].iter().zip(&rates[1]).map(|(ours, theirs)| ours / theirs));
    let cpu_ratio = Some(cpu[1].as_secs_f64() / cpu[0].as_secs_f64()).filter(|ratio| ratio.is_normal());
    let each = cpu.map(|cpu| cpu.as_secs_f64() / (turns * operations) as f64);
    let rate = |side: usize| Rate { per_second: median(rates[side].iter().copied()), cpu_seconds: Some(each[side]) };
    Row { cpu_ratio, ratio, ..row(subject, [rate(0), rate(1)], 1) }
}

/// What is not repeated often: its seconds, and how many operations are in it.
fn once(subject: &'static str, took: [f64; 2], batch: u32) -> Row {
    row(subject, took.map(|took| Rate { per_second: f64::from(batch) / took, cpu_seconds: None }), batch)
}

fn row(subject: &'static str, [ours, theirs]: [Rate; 2], batch: u32) -> Row {
    let ratio = ours.per_second / theirs.per_second;
    let peer = "the same with 5 published at each place";
    Row { subject, by: By::Wall, batch, ours, peer, theirs, ratio, cpu_ratio: None, baseline: None }
}

fn tell_ticks(ticks: &[Ticks; 2], rows: &mut Vec<Row>, lines: &mut Vec<Line>) {
    let took = |of: fn(&Ticks) -> Duration| ticks.each_ref().map(|ticks| of(ticks).as_secs_f64());
    let small = number(PLEDGES.into());
    lines.push(line("to open the folder, in this process", took(|ticks| ticks.open).map(span)));
    lines.push(line(&format!("tick of {small}, the first of a process"), took(|ticks| ticks.first).map(span)));
    lines.push(line(&format!("tick of {small}, the second"), took(|ticks| ticks.second).map(span)));
    let large = format!("tick of {}, {} pledges a second", number(LARGE.into()), number(PER_SECOND));
    lines.push(line(&large, took(|ticks| ticks.under_load.tick).map(span)));
    let waits = |of: fn(&Ticks) -> &Histogram<u64>| ticks.each_ref().map(|ticks| waits(of(ticks)));
    lines.push(line("  a pledge before it: p50, p99, most", waits(|ticks| &ticks.under_load.before)));
    lines.push(line("  a pledge during it: p50, p99, most", waits(|ticks| &ticks.under_load.during)));
    rows.push(once("5 M: first tick", took(|ticks| ticks.first), PLEDGES));
    rows.push(once("5 M: second tick", took(|ticks| ticks.second), PLEDGES));
    rows.push(once("5 M: tick of 100,000", took(|ticks| ticks.under_load.tick), LARGE));
    let late = ticks[0].under_load.during.value_at_quantile(0.99);
    let verdict = if late <= WAIT_P99_MICROS { "kept" } else { "MISSED" };
    crate::tell(&format!("pledges during a tick, p99 of {} ms or less: {verdict}", WAIT_P99_MICROS / 1000));
}

fn tell_memory(when: &str, servers: &[Process; 2], lines: &mut Vec<Line>) {
    let memory = servers.each_ref().map(Process::memory);
    let megabytes = |of: fn(&Memory) -> u64| memory.each_ref().map(|memory| format!("{} MB", of(memory) / 1_000_000));
    lines.push(line(&format!("memory {when}"), megabytes(|memory| memory.now)));
    lines.push(line("  the most so far", megabytes(|memory| memory.peak)));
}

fn tell_lines(twins: &Twins, lines: &[Line]) {
    let published = twins.both.each_ref().map(|twin| format!("{} published", number(twin.published.into())));
    let mut text = String::from("\n");
    for [what, big, small] in std::iter::once(&line("", published)).chain(lines) {
        text.push_str(&format!("{what:<44}{big:>32}{small:>32}\n"));
    }
    crate::tell(&text);
}

fn line(what: &str, [big, small]: [String; 2]) -> Line {
    [what.to_owned(), big, small]
}

fn seconds(took: Duration) -> String {
    span(took.as_secs_f64())
}

fn waits(histogram: &Histogram<u64>) -> String {
    let at = |part| span(histogram.value_at_quantile(part) as f64 / 1e6);
    format!("{}, {}, {}", at(0.5), at(0.99), span(histogram.max() as f64 / 1e6))
}

const RESTARTS: usize = 3;
/// Pledges of the large tick.
const LARGE: u32 = 100_000;
/// Tokens that are redeemed around it: enough for twenty seconds.
const STEADY: u32 = 40_000;
/// Redemptions in a turn.
const TURN: usize = 1000;
/// Turns of reading, and documents in each.
const TURNS: usize = 10;
const READS: usize = 10_000;
/// What a pledge may wait for during a tick.
const WAIT_P99_MICROS: u64 = 100_000;
