use super::Step::{Claim, ClaimAtOnce, Reopen, Tick, TickDuring};
use super::*;

/// All that a store does, on a small scale.
fn small() -> Recorded {
    Recorded::run(&[
        Claim(0..12),
        ClaimAtOnce(12..40),
        Tick(0),
        Claim(40..44),
        Reopen,
        ClaimAtOnce(44..80),
        TickDuring(1, 80..120),
        Claim(120..122),
        Tick(5),
        Claim(122..124),
    ])
}

#[test]
fn no_acknowledged_claim_is_lost_whenever_the_power_is_cut() {
    cut(&small(), 1, 1, 16).demand_nothing_lost(300);
}

#[test]
fn no_acknowledged_claim_is_lost_where_sled_begins_or_reuses_a_segment() {
    let run = Recorded::run(&[ClaimAtOnce(0..6000), Reopen, ClaimAtOnce(6000..16000)]);
    let (mut unsynced, mut most, mut end, mut reused) = (0, 0, 0, 0);
    for op in &run.ops {
        match op {
            Op::Write { offset, bytes, .. } => {
                let clears = bytes.iter().all(|byte| *byte == bytes[0]);
                unsynced += if clears { 0 } else { bytes.len() as u64 };
                most = unsynced.max(most);
                reused += usize::from(*offset + SEGMENT < end && offset.is_multiple_of(SEGMENT));
                end = end.max(*offset);
            }
            Op::SyncFile { .. } => unsynced = 0,
            _ => {}
        }
    }
    assert!(end > 4 * SEGMENT && reused > 0, "nothing is shown: {end} bytes, {reused} segments used again");
    // sled would overwrite what is still needed if a whole segment lay between two syncs (`store/group_commit.rs`);
    // what it clears when it opens does not count
    assert!(most < SEGMENT / 2, "{most} bytes between two syncs");
    cut(&run, 2, 300, 6).demand_nothing_lost(60);
}

#[test]
fn no_acknowledged_claim_is_lost_when_the_power_is_cut_again_after_a_cut_or_a_kill() {
    let first = Recorded::run(&[ClaimAtOnce(0..1500), Claim(1500..1520), Tick(0), Claim(1520..1540)]);
    let mut rng = StdRng::seed_from_u64(3);
    for round in 0..12 {
        let point = match round {
            // as often among the last claims and in the tick as in what comes before
            0..6 => rng.random_range(0..=first.ops.len()),
            _ => rng.random_range(first.ops.len() - 250..=first.ops.len()),
        };
        let (disk, expected) = first.at(point);
        // a kill leaves unsynced what was unsynced; after a cut all that is there is on the disk
        let killed = round % 2 == 0;
        let disk = if killed { disk } else { Disk::from_image(&disk.image(Cut::Power(&mut rng))) };
        let new = expected.asked.keys().next_back().map_or(0, |last| last + 1);
        let retried = new.saturating_sub(30)..new + 20;
        let steps = [ClaimAtOnce(retried), Claim(new + 20..new + 23), Tick(10), Claim(new + 23..new + 25)];
        cut(&Recorded::run_on(&disk, &expected, &steps), round, 4, 3).demand_nothing_lost(15);
    }
}

#[test]
fn without_our_own_syncs_the_same_cuts_lose_acknowledged_claims() {
    let mut run = small();
    let opened = run.ops.iter().position(|op| matches!(op, Op::Told(_))).unwrap();
    let whole = run.ops.clone();
    // sled's own flush and no more
    let mut at = 0;
    run.ops.retain(|op| {
        at += 1;
        at <= opened || !matches!(op, Op::SyncFile { .. })
    });
    assert!(cut(&run, 4, 10, 1).lost.iter().any(|lost| lost.contains("acknowledged claims are lost")));
    // files without names
    run.ops = whole;
    run.ops.retain(|op| !matches!(op, Op::SyncDir { .. }));
    assert!(cut(&run, 5, 10, 1).lost.iter().any(|lost| lost.contains("does not open")));
}
