//! How long something took, by the wall and by the processor.
//!
//! Where one thread works, its processor time is what counts, as with `openssl speed`: other programs on the machine
//! then hardly disturb. Where threads, disk or network work together, wall time counts and processor time stands beside.
//! Linux only: it reads `/proc`.

use std::fs;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// Name of the threads that only make load: what they use is not the server's.
pub(crate) const LOAD: &str = "load";

/// What some work took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    /// Of the thread, or of the process without its load generator, to 10 ms.
    pub(crate) cpu: Duration,
}

impl AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Took {
    /// The share of one part of so many.
    pub(crate) fn of_one_in(self, parts: u64) -> Self {
        let part = |time: Duration| time.div_f64(parts as f64);
        Self { wall: part(self.wall), cpu: part(self.cpu) }
    }
}

/// Work of this thread alone.
pub(crate) fn alone<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (cpu, start) = (thread_cpu(), Instant::now());
    let result = work();
    let wall = start.elapsed();
    (result, Took { wall, cpu: thread_cpu() - cpu })
}

/// Work in which other threads of this process take part.
pub(crate) fn together<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (process, load, start) = (process_cpu(), cpu_of_threads(LOAD), Instant::now());
    let result = work();
    let wall = start.elapsed();
    let (process, load) = (process_cpu() - process, cpu_of_threads(LOAD) - load);
    (result, Took { wall, cpu: process.saturating_sub(load) })
}

fn thread_cpu() -> Duration {
    std::thread::yield_now(); // only then does the kernel bring the figure up to now
    on_cpu("/proc/thread-self/schedstat")
}

/// The first figure of a `schedstat`: nanoseconds on a processor.
fn on_cpu(path: &str) -> Duration {
    let text = fs::read_to_string(path).expect("Linux tells the time that a thread has used");
    let nanoseconds = text.split_whitespace().next().expect("three figures");
    Duration::from_nanos(nanoseconds.parse().expect("a number"))
}

fn process_cpu() -> Duration {
    cpu_of("self")
}

/// The processor time of a process by its number, to 10 ms.
pub(crate) fn cpu_of(process: &str) -> Duration {
    let text =
        fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux tells the time that a process has used");
    let (_, fields) = text.rsplit_once(") ").expect("the name of a process stands in brackets");
    // the 14th and 15th field: user and system time in hundredths of a second, which is the same on all of Linux
    let hundredths: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(hundredths * 10)
}

/// The processor time of this process's threads of a name; they live as long as the bench, so none is missed.
pub(crate) fn cpu_of_threads(called: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux lists the threads of a process");
    let mut sum = Duration::ZERO;
    for task in tasks {
        let path = task.expect("a thread").path();
        // a thread may have ended since it was listed; those of the load do not end
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        if name.trim_end() == called {
            sum += on_cpu(&path.join("schedstat").to_string_lossy());
        }
    }
    sum
}
