//! A start that trusts what is written down of the log, and a reading behind it that does not.

use crate::Deployment;
use crate::check::check;
use crate::clock::{Clock, Reading};
use crate::interruption::{START, Template, open_log, serve, spend, steps_of_a_tick};
use crate::published::Published;
use crate::store::redemption::Redeemed;
use protocol::codec::to_hex;
use protocol::counts::Sums;
use protocol::recount::Summary;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

const TICK: u64 = 3600;

fn at(wall: u64) -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(wall))
}

/// A log of more than one bundle: the first is full, and no start looks into it.
fn lengthen(data: &Path) {
    let served = serve(data, &at(START));
    for number in 0..=255u8 {
        assert!(served.publisher().enter_page([number; 32]).unwrap());
    }
    assert_eq!(served.publisher().log().size(), 257);
}

fn flip(path: &Path, byte: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[byte] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The tick that is due is run, and publishes six.
fn publishes(served: &Deployment) {
    let before = served.publisher().log().size();
    served.look_at_clock().unwrap();
    assert_eq!(served.publisher().log().size(), before + 1 + 6);
}

#[test]
fn v1_behind_a_log_that_is_damaged_where_a_start_does_not_look_nothing_is_published() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    lengthen(&data);
    let bundle = data.join("log/tile/entries/000");
    flip(&bundle, 700);
    let damaged = check(&data).unwrap_err().to_string();
    let served = serve(&data, &at(START + TICK));
    let pool = served.publisher().pool().unwrap();
    assert_eq!(spend(&pool, template.verified(9)), Redeemed::Now, "pledges are taken all the same");
    for _ in 0..2 {
        let said = served.look_at_clock().unwrap_err().to_string();
        assert!(said.starts_with(&damaged) && said.contains("; nothing is published until"), "{said}");
        assert_eq!(served.publisher().log().size(), 257);
    }
    drop((served, pool));
    flip(&bundle, 700);
    let served = serve(&data, &at(START + TICK));
    publishes(&served);
    assert_eq!(spend(&served.publisher().pool().unwrap(), template.verified(9)), Redeemed::Before);
}

#[test]
fn what_the_reading_finds_holds_up_the_looks_at_the_clock_without_a_tick_too() {
    let template = Template::make();
    for missing in [false, true] {
        let (_folder, data) = template.copy();
        lengthen(&data);
        let bundle = data.join("log/tile/entries/000");
        match missing {
            false => flip(&bundle, 700),
            true => fs::remove_file(&bundle).unwrap(),
        }
        let served = serve(&data, &at(START));
        served.look_at_clock().unwrap(); // nobody has looked yet
        assert!(served.read_whole_log().is_err());
        assert!(served.look_at_clock().is_err(), "missing: {missing}");
    }
}

#[test]
fn without_a_good_file_the_log_is_read_and_the_file_is_made_again() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    lengthen(&data);
    let served = serve(&data, &at(START + TICK));
    let before = fs::read(data.join("published")).unwrap();
    publishes(&served);
    let head = served.publisher().log().head();
    drop(served);
    let right = fs::read(data.join("published")).unwrap();
    let known = || Published::read(&data, &template.campaign, head);
    let published = known().unwrap();
    assert_eq!((published.sums.total(), published.tick, published.manifest_sha256), (6, 1, Some([255; 32])));
    let mut others: Vec<Vec<u8>> = vec![before, Vec::new(), b"\xff\n".to_vec(), [right.as_slice(), b"\n"].concat()];
    others.extend((0..right.len()).map(|end| right[..end].to_vec()).step_by(37));
    others.extend((0..right.len() * 8).step_by(29).map(|bit| {
        let mut other = right.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        other
    }));
    let json = String::from_utf8(right.clone()).unwrap().lines().nth(1).unwrap().to_owned();
    let more_than_can_be_counted = json.replacen("\"regions\":{", &format!("\"regions\":{{\"0\":{}", u64::MAX), 1);
    assert_ne!(json, more_than_can_be_counted);
    let digest = to_hex(&Sha256::digest(&more_than_can_be_counted));
    others.push(format!("{digest}\n{more_than_can_be_counted}\n").into_bytes());
    for (turn, other) in others.iter().enumerate() {
        fs::write(data.join("published"), other).unwrap();
        assert!(known().is_none(), "{}", String::from_utf8_lossy(other));
        if turn % 20 < 4 {
            drop(serve(&data, &at(START + TICK)));
            assert_eq!(known(), Some(published.clone()));
        }
    }
    fs::remove_file(data.join("published")).unwrap();
    drop(serve(&data, &at(START + TICK)));
    assert_eq!(fs::read(data.join("published")).unwrap(), right);
}

#[test]
fn o1_a_file_that_says_other_than_the_log_holds_up_the_ticks() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    lengthen(&data);
    let served = serve(&data, &at(START));
    let head = served.publisher().log().head();
    drop(served);
    let mut lie = Published::read(&data, &template.campaign, head).unwrap();
    lie.manifest_sha256 = None;
    lie.write(&data, &template.campaign, head).unwrap();
    let served = serve(&data, &at(START + TICK));
    let said = served.look_at_clock().unwrap_err().sentence();
    assert_eq!(said, "The file published says other than the log; delete that file and start the server again.");
    assert_eq!(served.publisher().log().size(), 257);
    drop(served);
    fs::remove_file(data.join("published")).unwrap();
    publishes(&serve(&data, &at(START + TICK)));
}

/// What a start finishes rests on the whole log: a plan, a frozen pool, nonces that are derived from the log.
#[test]
fn v1_a_start_that_has_something_to_finish_refuses_a_damaged_log() {
    let template = Template::make();
    for unfinished in ["plan", "frozen", "spent"] {
        let (_folder, data) = template.copy();
        lengthen(&data);
        match unfinished {
            "plan" => steps_of_a_tick(&data, &template.campaign, 2, false),
            "frozen" => steps_of_a_tick(&data, &template.campaign, 1, false),
            _ => fs::remove_dir_all(data.join("spent")).unwrap(),
        }
        let bundle = data.join("log/tile/entries/000");
        flip(&bundle, 700);
        let opened = Deployment::open(&data, clock(START + TICK), None);
        assert!(opened.is_err(), "{unfinished}");
        let derived = fs::read_dir(data.join("spent")).map_or(0, |runs| runs.flatten().filter(covers_the_log).count());
        assert_eq!((open_log(&data, &template.campaign).reader().size(), derived > 0), (257, unfinished != "spent"));
        flip(&bundle, 700);
        let served = serve(&data, &at(START + TICK));
        served.look_at_clock().unwrap();
        assert_eq!(served.publisher().log().size(), 257 + 1 + 6, "{unfinished}");
    }
}

fn covers_the_log(run: &fs::DirEntry) -> bool {
    run.file_name().to_string_lossy().ends_with("-257")
}

fn clock(wall: u64) -> Clock {
    Clock::new(move || Reading { wall, steady: Duration::from_secs(wall) })
}

#[test]
fn u3_a_close_ends_in_destruction_where_the_file_cannot_be_written() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    fs::write(data.join("closing"), "1").unwrap();
    drop(serve(&data, &at(START)));
    fs::remove_file(data.join("published")).unwrap();
    fs::create_dir(data.join("published")).unwrap(); // nothing can be renamed to it
    for _ in 0..2 {
        serve(&data, &at(START + TICK)).look_at_clock().unwrap();
        assert!(!data.join("redemption").exists() && !data.join("attestation").exists());
    }
    fs::remove_dir(data.join("published")).unwrap();
    check(&data).unwrap();
}

#[test]
fn a_reading_knows_only_the_ticks_that_published() {
    let read = |last_tick| Summary {
        entries: 9,
        sums: Sums::default(),
        announcement: None,
        manifest_sha256: None,
        closed_at: None,
        last_tick,
    };
    let written = |tick| Published { log_size: 9, tick, ..Published::default() };
    for (ran, published, agrees) in
        [(-3, 0, true), (0, 0, true), (7, 0, true), (7, 7, true), (9, 7, true), (6, 7, false)]
    {
        assert_eq!(written(ran).agrees_with(read(published)), agrees, "{ran} {published}");
    }
    assert!(!Published { log_size: 8, ..written(7) }.agrees_with(read(7)));
}

#[test]
fn a_server_that_stops_does_not_read_on_and_publishes_nothing() {
    let template = Template::make();
    let (_folder, data) = template.copy();
    lengthen(&data);
    let served = serve(&data, &at(START + TICK));
    served.end_reading();
    assert!(served.look_at_clock().unwrap_err().to_string().contains("was stopped before"));
    assert_eq!(served.publisher().log().size(), 257);
}
