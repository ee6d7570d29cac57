//! Every crash of a pool's file: while rows move aside, while it grows, while it is being made.

use super::{Pool, key, rows, value};
use crate::store::StoreError;
use crate::store::crashes::{cut_off_everywhere, fail_everywhere, fast_folder};
use crate::store::disk::faults::Watch;
use crate::store::generations::Generations;
use crate::store::group_commit::Rest;
use std::collections::BTreeSet;
use std::path::Path;

/// Every row that was told is there as it was written, once.
fn judge(folder: &Path, told: &BTreeSet<String>) {
    // whatever was cut off when it was made is made again, unless somebody was told of it
    let pool = Generations::<Pool>::new(folder, "pool-").open(0).unwrap().pop().unwrap();
    for number in told {
        let number = number.parse().unwrap();
        assert!(pool.get(&key(number)).unwrap() == Some(value(number)), "{number} is lost");
    }
    let mut seen = BTreeSet::new();
    for row in pool.rows() {
        let (key, _) = row.unwrap();
        assert!(seen.insert(key), "a row is there twice");
    }
    assert_eq!(seen.len() as u64, pool.count);
}

/// A pool that is made, filled to nearly half, and then grows twice while more come.
fn play(folder: &Path, watch: &Watch, few: usize) -> Result<Pool, StoreError> {
    const BEFORE: usize = 56;
    let mut pool = Generations::<Pool>::new(folder, "pool-").create(0)?;
    let write = |pool: &mut Pool, numbers: std::ops::Range<usize>| {
        pool.write(&rows(&numbers.clone().collect::<Vec<_>>()))?;
        numbers.for_each(|number| watch.told(number.to_string()));
        Ok::<(), StoreError>(())
    };
    write(&mut pool, 0..BEFORE)?;
    while pool.rest(true)? != Rest::Done {}
    for group in 0..few {
        write(&mut pool, BEFORE + 5 * group..BEFORE + 5 * (group + 1))?;
        pool.rest(group % 2 == 0)?;
    }
    while pool.rest(true)? != Rest::Done {}
    Ok(pool)
}

#[test]
fn o2_a_power_cut_while_rows_move_aside_and_while_the_pool_grows_loses_nothing() {
    let temp = fast_folder();
    let watch = Watch::of(temp.path());
    let pool = play(temp.path(), &watch, 30).unwrap();
    assert!(pool.table.homes() >= 512, "it grew meanwhile");
    let judged = cut_off_everywhere(&watch.ops(), 0, 4, 5, judge);
    assert!(judged > 700, "{judged}");
}

#[test]
fn o2_whatever_write_or_sync_of_the_pool_fails_nothing_told_is_lost() {
    let failures = fail_everywhere(
        1,
        6,
        |folder, watch| {
            if let Err(error) = play(folder, watch, 8) {
                assert!(matches!(error, StoreError::Io { .. }), "{error}");
            }
        },
        judge,
    );
    assert!(failures > 200, "{failures}");
}
