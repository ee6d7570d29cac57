use super::*;
use crate::store::SECRET_DIR;
use crate::store::generations::Generations;
use crate::store::tests_support::{copy_dir, names, sha256};

fn row(number: usize) -> BTreeMap<[u8; 32], [u8; 32]> {
    BTreeMap::from([(sha256("key", number), sha256("value", number))])
}

#[test]
fn the_highest_tick_is_last_whatever_its_sign() {
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    assert_eq!(pools.open(-12).unwrap().len(), 1);
    pools.create(-3).unwrap();
    pools.create(0).unwrap();
    pools.create(10).unwrap();
    fs::create_dir(dir.path().join("pool-07")).unwrap(); // not our spelling
    let ticks: Vec<Tick> = pools.open(99).unwrap().iter().map(SledDir::tick).collect();
    assert_eq!(ticks, [-12, -3, 0, 10]);
    pools.remove_all_but(Some(0)).unwrap();
    assert_eq!(names(dir.path()), ["pool-0", "pool-07"]);
}

#[test]
fn what_was_written_is_in_a_copy_taken_at_that_moment() {
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    let open = pools.open(0).unwrap();
    for number in 0..300 {
        open[0].write(&row(number)).unwrap();
        if number % 50 == 0 || number == 299 {
            let killed = tempfile::tempdir().unwrap();
            let copy = killed.path().join("copy");
            copy_dir(dir.path(), &copy);
            let reopened = Generations::<SledDir>::new(&copy, "pool-").open(0).unwrap();
            assert_eq!(reopened[0].rows::<32, 32>().count(), number + 1);
            for (key, value) in row(number) {
                assert_eq!(reopened[0].get(&key).unwrap().unwrap(), value);
            }
        }
    }
    assert!(names(&dir.path().join("pool-0/blobs")).is_empty(), "write() syncs no blobs");
}

#[test]
fn o2_a_kill_while_sled_writes_its_snapshot_is_survived() {
    // sled writes one whenever it opens, and takes a half-written one for the newest
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    pools.open(0).unwrap()[0].write(&row(7)).unwrap();
    drop(pools.open(0).unwrap());
    let database = dir.path().join("pool-0");
    let made = names(&database).into_iter().find(|name| name.starts_with("snap.")).unwrap();
    let whole = fs::read(database.join(made)).unwrap();
    for written in [0, 1, whole.len() - 12, whole.len() - 4, whole.len()] {
        fs::write(database.join("snap.0FFFFFFFFFFFFFFF.generating"), &whole[..written]).unwrap();
        let opened = pools.open(0).unwrap();
        assert_eq!(opened[0].rows::<32, 32>().count(), 1, "{written} bytes");
        drop(opened);
        assert!(!names(&database).iter().any(|name| name.ends_with(".generating")));
    }
}

#[test]
fn half_made_and_half_deleted_databases_are_swept_and_a_gutted_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    drop(pools.open(0).unwrap());
    for leftover in ["new", "removed-pool--1"] {
        fs::create_dir(dir.path().join(leftover)).unwrap();
        fs::write(dir.path().join(leftover).join("conf"), b"torn").unwrap();
    }
    fs::write(dir.path().join("used.tmp"), b"torn").unwrap();
    assert_eq!(pools.open(0).unwrap().len(), 1);
    assert_eq!(names(dir.path()), ["pool-0"]);
    let data = dir.path().join("pool-0/db");
    for spoil in [b"".as_slice(), &[0; 1 << 20], &[0xa5; 3000]] {
        fs::write(&data, spoil).unwrap();
        // a second try must not find what sled made of it at the first
        for _ in 0..2 {
            assert!(matches!(pools.open(0), Err(StoreError::Corrupt(_))));
        }
    }
    fs::remove_file(&data).unwrap();
    for _ in 0..2 {
        assert!(matches!(pools.open(0), Err(StoreError::Corrupt(_))));
    }
}

#[test]
fn a_handle_that_outlives_its_directory_does_not_bring_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    let open = pools.open(0).unwrap();
    open[0].write(&row(1)).unwrap();
    pools.remove_all_but(None).unwrap();
    assert!(open[0].get(&sha256("key", 1)).unwrap().is_some());
    open[0].write(&row(2)).unwrap();
    drop(open);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn nobody_else_can_read_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let pools = Generations::<SledDir>::new(dir.path(), "pool-");
    let open = pools.open(0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&open[0].path), SECRET_DIR);
    assert_eq!(mode(&open[0].path.join("db")), SECRET_FILE);
}
