//! Tests: every crash of a store. What was done is cut off after every step, as kill -9 and as a power cut leave it, and
//! every step is made to fail in every way; each time what was told must be there, once, by opening the store alone.

use super::disk::faults::{Fault, Watch};
use super::power::{Cut, Disk, Op};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tempfile::TempDir;

/// A temporary folder in memory if there is such: what is tried here is not this machine's disk.
pub(crate) fn fast_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Cuts off what was done after every step from `first` on, in the four plain ways and in `random` others, and has each
/// image judged: a folder, and all that was told before. Gives the number of images. What is random follows from the seed,
/// which is printed if a judge panics.
pub(crate) fn cut_off_everywhere(
    ops: &[Op],
    first: usize,
    random: usize,
    seed: u64,
    judge: impl Fn(&Path, &BTreeSet<String>) + Sync,
) -> usize {
    const THREADS: usize = 2;
    let judged = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (judged, judge) = (&judged, &judge);
            scope.spawn(move || {
                let temp = fast_folder();
                let (mut disk, mut told) = (Disk::default(), BTreeSet::new());
                for (number, op) in ops.iter().enumerate() {
                    disk.apply(op);
                    if let Op::Told(what) = op {
                        told.insert(what.clone());
                        continue; // the disk is as it was
                    }
                    if number < first || number % THREADS != thread {
                        continue;
                    }
                    for cut in 0..4 + random {
                        let _told_if_it_fails = Moment { op: number, cut, seed };
                        let mut rng = StdRng::seed_from_u64(seed ^ (number * 1000 + cut) as u64);
                        let image = disk.image(match cut {
                            0 => Cut::Everything,
                            1 => Cut::OnlySynced,
                            2 => Cut::NamesWithoutData,
                            3 => Cut::DataWithoutNames,
                            _ => Cut::Power(&mut rng),
                        });
                        let at = temp.path().join(format!("{number}-{cut}"));
                        image.write_to(&at);
                        judge(&at, &told);
                        std::fs::remove_dir_all(&at).unwrap();
                        judged.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    judged.load(SeqCst)
}

/// Says which crash it was, if the judge panics.
struct Moment {
    op: usize,
    cut: usize,
    seed: u64,
}

impl Drop for Moment {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after step {}, cut {}, seed {}", self.op, self.cut, self.seed);
        }
    }
}

/// Plays a scenario once for every step of it and every way to fail, that step failing; then has the folder judged, as it
/// lies there, and with the power cut. Gives the number of failures. `play` works below the folder, tells the watch what it
/// was told, and stops at the first error.
pub(crate) fn fail_everywhere(
    random: usize,
    seed: u64,
    play: impl Fn(&Path, &Watch) + Sync,
    judge: impl Fn(&Path, &BTreeSet<String>) + Sync,
) -> usize {
    let steps = {
        let temp = fast_folder();
        let watch = Watch::of(temp.path());
        play(temp.path(), &watch);
        watch.steps()
    };
    let faults = [Fault::Refused, Fault::DoneButRefused, Fault::Torn, Fault::Full];
    let cases: Vec<(usize, Fault)> = (0..steps).flat_map(|step| faults.map(|fault| (step, fault))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((step, fault)) = cases.get(next.fetch_add(1, SeqCst)).copied() {
                    let temp = fast_folder();
                    let watch = Watch::of(temp.path());
                    watch.fail(step, fault);
                    play(temp.path(), &watch);
                    let ops = watch.ops();
                    drop(watch);
                    let _told_if_it_fails = Failing { step, fault };
                    judge(temp.path(), &told(&ops));
                    let end = ops.iter().rposition(|op| !matches!(op, Op::Told(_))).unwrap_or(0);
                    cut_off_everywhere(&ops, end, random, seed ^ step as u64, &judge);
                }
            });
        }
    });
    cases.len()
}

fn told(ops: &[Op]) -> BTreeSet<String> {
    let told = |op: &Op| if let Op::Told(what) = op { Some(what.clone()) } else { None };
    ops.iter().filter_map(told).collect()
}

struct Failing {
    step: usize,
    fault: Fault,
}

impl Drop for Failing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("step {} failed: {:?}", self.step, self.fault);
        }
    }
}
