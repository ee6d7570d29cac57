use super::*;
use crate::store::SECRET_DIR;
use crate::store::crashes::fast_folder;
use crate::store::disk::create_dir;
use crate::store::tests_support::{copy_dir, names, sha256, spearman_of};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::fs;
use std::path::Path;

type Pool = SlotFile<32, 324>;
type Rows = BTreeMap<[u8; 32], [u8; 324]>;

fn key(number: usize) -> [u8; 32] {
    sha256("key", number)
}

fn value(number: usize) -> [u8; 324] {
    let mut value = [7; 324];
    value[..32].copy_from_slice(&sha256("value", number));
    value
}

fn rows(numbers: &[usize]) -> Rows {
    numbers.iter().map(|number| (key(*number), value(*number))).collect()
}

/// An empty pool; its key can be given to others, so that equal contents can be compared.
fn pool(dir: &Path, key_of: Option<&Path>) -> Pool {
    create_dir(dir, SECRET_DIR).unwrap();
    Pool::create(dir).unwrap();
    if let Some(other) = key_of {
        fs::copy(other.join(KEY), dir.join(KEY)).unwrap();
    }
    Pool::open(dir, 0).unwrap()
}

fn rest(pool: &mut Pool) {
    while pool.rest(true).unwrap() != Rest::Done {}
}

fn holds(pool: &Pool, numbers: impl Iterator<Item = usize>) {
    let mut count = 0;
    for number in numbers {
        assert_eq!(pool.get(&key(number)).unwrap().unwrap(), value(number), "{number}");
        count += 1;
    }
    assert_eq!(pool.rows().map(|row| row.unwrap()).collect::<BTreeMap<_, _>>().len(), count);
    assert_eq!(pool.count, count as u64);
}

#[test]
fn u3_any_order_of_the_same_five_thousand_gives_the_same_bytes() {
    let temp = fast_folder();
    let mut numbers: Vec<usize> = (0..5000).collect();
    let mut first = None;
    for seed in 0..6 {
        let dir = temp.path().join(seed.to_string());
        let mut pool = pool(&dir, (seed > 0).then_some(temp.path().join("0").as_path()));
        let mut rng = StdRng::seed_from_u64(seed);
        numbers.shuffle(&mut rng);
        let mut left = numbers.as_slice();
        while !left.is_empty() {
            let (group, rest) = left.split_at(rng.random_range(1..=left.len().min(256)));
            pool.write(&rows(group)).unwrap();
            pool.rest(rng.random_bool(0.5)).unwrap();
            left = rest;
        }
        rest(&mut pool);
        holds(&pool, 0..5000);
        assert_eq!(pool.table.homes(), 16384, "half full at most");
        let bytes = fs::read(dir.join(ROWS)).unwrap();
        assert!(*first.get_or_insert_with(|| bytes.clone()) == bytes, "seed {seed}");
    }
}

#[test]
fn u3_nothing_in_the_pool_follows_the_order_of_arrival_at_any_time() {
    let temp = fast_folder();
    let mut pool = pool(&temp.path().join("pool"), None);
    for group in (0..15_000).collect::<Vec<usize>>().chunks(60) {
        pool.write(&rows(group)).unwrap();
        pool.rest(false).unwrap();
        let arrived = group.last().unwrap() + 1;
        if arrived % 3000 == 0 {
            let lying = pool.rows().map(|row| row.unwrap().0).enumerate();
            let at: BTreeMap<[u8; 32], usize> = lying.map(|(at, key)| (key, at)).collect();
            let offsets = (0..arrived).map(|number| (number, at[&key(number)])).collect();
            let measured = spearman_of(&offsets).abs();
            // five standard deviations of what chance gives
            let chance = 5.0 / f64::from(u32::try_from(arrived).unwrap()).sqrt();
            assert!(measured <= chance.max(0.05), "{measured} of {arrived}");
        }
    }
    // and no row lies there as it came
    let bytes = fs::read(temp.path().join("pool").join(ROWS)).unwrap();
    for number in [0, 1, 14_999] {
        assert!(!bytes.windows(8).any(|window| window == &key(number)[..8]));
        assert!(!bytes.windows(8).any(|window| window == &value(number)[..8]));
    }
}

#[test]
fn what_is_there_stays_and_what_is_not_is_not_found() {
    let temp = fast_folder();
    let mut pool = pool(&temp.path().join("pool"), None);
    pool.write(&rows(&[1, 2, 3])).unwrap();
    pool.write(&Rows::from([(key(2), value(9)), (key(4), value(4))])).unwrap();
    for number in 1..5 {
        assert_eq!(pool.get(&key(number)).unwrap().unwrap(), value(number), "found before it is in its place");
    }
    pool.settle().unwrap();
    holds(&pool, 1..5);
    assert!(pool.get(&key(5)).unwrap().is_none());
    drop(pool);
    holds(&Pool::open(&temp.path().join("pool"), 3).unwrap(), 1..5);
}

#[test]
fn o2_growing_loses_nothing_wherever_it_is_cut_off() {
    let temp = fast_folder();
    let dir = temp.path().join("pool");
    let mut pool = pool(&dir, None);
    pool.write(&rows(&(0..1024).collect::<Vec<_>>())).unwrap();
    rest(&mut pool);
    pool.write(&rows(&[1024])).unwrap();
    let mut written = 1025;
    for step in 0.. {
        // meanwhile others come, before and behind what is copied already
        pool.write(&rows(&(written..written + 5).collect::<Vec<_>>())).unwrap();
        written += 5;
        pool.rest(false).unwrap();
        holds(&pool, 0..written);
        let copy = temp.path().join(format!("cut off {step}"));
        copy_dir(&dir, &copy);
        let mut reopened = Pool::open(&copy, 0).unwrap();
        holds(&reopened, 0..written);
        rest(&mut reopened);
        holds(&reopened, 0..written);
        assert_eq!(reopened.table.homes(), 4096, "it grows after all");
        assert_eq!(names(&copy), [KEY, ROWS]);
        if pool.table.homes() == 4096 {
            assert!(step > 3);
            break;
        }
    }
    pool.write(&rows(&(written..9000).collect::<Vec<_>>())).unwrap();
    rest(&mut pool);
    holds(&pool, 0..9000);
    assert_eq!(pool.table.homes(), 32768);
}

#[test]
fn a_table_out_of_order_is_written_anew_and_a_foreign_one_is_refused() {
    let temp = fast_folder();
    let dir = temp.path().join("pool");
    let mut whole = pool(&dir, None);
    whole.write(&rows(&(0..1500).collect::<Vec<_>>())).unwrap();
    rest(&mut whole);
    let sound = fs::read(dir.join(ROWS)).unwrap();
    drop(whole);
    // a row twice, as a commit leaves it that was cut off: in the scratch, and behind its slot
    let first = sound.chunks(512).position(|slot| slot[0..16] != [0; 16]).unwrap();
    let mut twice = sound.clone();
    let scratch = usize::try_from((4096 + SIZES.tail) * 512).unwrap();
    twice.copy_within(first * 512..(first + 1) * 512, scratch);
    fs::write(dir.join(ROWS), &twice).unwrap();
    holds(&Pool::open(&dir, 0).unwrap(), 0..1500);
    assert!(fs::read(dir.join(ROWS)).unwrap() == sound);
    // only there
    twice[first * 512..(first + 1) * 512].fill(0);
    fs::write(dir.join(ROWS), &twice).unwrap();
    holds(&Pool::open(&dir, 0).unwrap(), 0..1500);
    assert!(fs::read(dir.join(ROWS)).unwrap() == sound);
    // altered, cut off, gone; another key
    let refused = |name: &str| {
        let copy = temp.path().join(name);
        copy_dir(&dir, &copy);
        copy
    };
    let mut altered = sound.clone();
    altered[first * 512 + 300] ^= 1;
    let at = refused("altered");
    fs::write(at.join(ROWS), altered).unwrap();
    assert!(matches!(Pool::open(&at, 0), Err(StoreError::Corrupt(_))));
    let at = refused("cut off");
    fs::write(at.join(ROWS), &sound[..sound.len() - 512]).unwrap();
    assert!(matches!(Pool::open(&at, 0), Err(StoreError::Corrupt(_))));
    for lost in [ROWS, KEY] {
        let at = refused(&format!("without {lost}"));
        fs::remove_file(at.join(lost)).unwrap();
        assert!(matches!(Pool::open(&at, 0), Err(StoreError::Corrupt(_))));
    }
    let at = refused("another key");
    Seals::create(&at.join(KEY)).unwrap();
    assert!(matches!(Pool::open(&at, 0), Err(StoreError::Corrupt(_))));
}

mod crashes;
