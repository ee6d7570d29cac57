//! A start that trusts what is written down of the log, and a reading behind it that does not.

use crate::Deployment;
use crate::check::check;
use crate::interruption::{START, Template, serve, spend};
use crate::published::Published;
use crate::store::redemption::Redeemed;
use protocol::counts::Sums;
use protocol::recount::Summary;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

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
        assert_eq!(served.look_at_clock().unwrap_err().to_string(), damaged);
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
    let (_folder, data) = template.copy();
    lengthen(&data);
    flip(&data.join("log/tile/entries/000"), 700);
    let served = serve(&data, &at(START));
    served.look_at_clock().unwrap(); // nobody has looked yet
    assert!(served.read_whole_log().is_err());
    assert!(served.look_at_clock().is_err());
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
    let known = || Published::read(&data, &template.campaign, head).unwrap();
    let published = known().unwrap();
    assert_eq!((published.sums.total(), published.tick, published.manifest_sha256), (6, 1, Some([255; 32])));
    let mut others: Vec<Vec<u8>> = vec![before, Vec::new(), b"\xff\n".to_vec(), [right.as_slice(), b"\n"].concat()];
    others.extend((0..right.len()).map(|end| right[..end].to_vec()).step_by(37));
    others.extend((0..right.len() * 8).step_by(29).map(|bit| {
        let mut other = right.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        other
    }));
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
    let mut lie = Published::read(&data, &template.campaign, head).unwrap().unwrap();
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
