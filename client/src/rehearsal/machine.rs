//! Machine: what the machine on which a rehearsal runs can do at most, and how busy it was meanwhile, so that a report
//! shows what was reached beside what could be.
//!
//! The limits are those of the library that is fastest at each, on all cores, with nothing else to do. How busy a machine
//! is only Linux tells us; elsewhere that is left out.

use crate::error::Error;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_2048_8192_SHA384, RSA_PSS_SHA384, RsaKeyPair, UnparsedPublicKey};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What a machine does in a second on all cores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// Its cores.
    pub cores: usize,
    /// RSA-2048 signatures: each token takes the server one.
    pub signatures: u64,
    /// Verifications of them: each pledge takes the server one.
    pub verifications: u64,
}

impl Limits {
    /// Measures for two seconds, on all cores. Blocking.
    pub fn measure() -> Result<Self, Error> {
        let failed = || Error::Local("This machine's limits could not be measured; try again.".to_owned());
        let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| failed())?;
        let sign = || {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PSS_SHA384, &SystemRandom::new(), MESSAGE, &mut signature).map(|()| signature)
        };
        let signature = sign().map_err(|_| failed())?;
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA384, key.public_key().as_ref());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cores,
            signatures: per_second(cores, || sign().is_ok()).ok_or_else(failed)?,
            verifications: per_second(cores, || public.verify(MESSAGE, &signature).is_ok()).ok_or_else(failed)?,
        })
    }
}

/// How often all cores together do something in a second; none if it failed once.
fn per_second(cores: usize, one: impl Fn() -> bool + Sync) -> Option<u64> {
    let (begin, one) = (Instant::now(), &one);
    let count = move || {
        let mut count = 0u64;
        while begin.elapsed() < MEASURED {
            if !one() {
                return None;
            }
            count += 1;
        }
        Some(count)
    };
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().ok().flatten()).collect::<Option<Vec<_>>>()
    });
    let (count, nanoseconds) = (u128::from(counts?.iter().sum::<u64>()), begin.elapsed().as_nanos());
    u64::try_from(count * 1_000_000_000 / nanoseconds.max(1)).ok()
}

/// What the processors were used for, as shares of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Busy {
    /// By the rehearsing program.
    pub rehearsing: f64,
    /// By everything else: the server, where it runs on the same machine.
    pub others: f64,
    /// For how long this was looked at.
    pub seconds: f64,
}

/// The processors' accounts at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accounts {
    at: Instant,
    /// Hundredths of a second of processor time.
    own: u64,
    busy: u64,
    all: u64,
}

impl Accounts {
    /// As of now, where the system tells.
    pub(super) fn now() -> Option<Self> {
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        let all = std::fs::read_to_string("/proc/stat").ok()?;
        let (busy, all) = machine_times(&all)?;
        Some(Self { at: Instant::now(), own: own_time(&own)?, busy, all })
    }

    /// What happened since.
    pub(super) fn since(self) -> Option<Busy> {
        let now = Self::now()?;
        let all = now.all.checked_sub(self.all).filter(|all| *all > 0)? as f64;
        let own = now.own.saturating_sub(self.own) as f64;
        let others = now.busy.saturating_sub(self.busy) as f64 - own;
        let seconds = self.at.elapsed().as_secs_f64();
        Some(Busy { rehearsing: own / all, others: others.max(0.0) / all, seconds })
    }
}

/// User and system time, the 14th and 15th field (proc_pid_stat(5)); the name before them may hold anything.
fn own_time(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

/// Time in which the processors did something, and all time (proc_stat(5)): idle time and waiting for a disk are the
/// fourth and fifth figure, and guests, from the ninth on, stand in the first two already.
fn machine_times(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<u64> = line.split_whitespace().map_while(|time| time.parse().ok()).take(8).collect();
    let (all, idle) = (times.iter().sum::<u64>(), times.get(3)? + times.get(4)?);
    Some((all - idle, all))
}

const MESSAGE: &[u8] = b"headcount rehearses";
const MEASURED: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_has_limits() {
        let limits = Limits::measure().unwrap();
        assert!(limits.cores > 0 && limits.signatures > 0 && limits.verifications > 0, "{limits:?}");
    }

    #[test]
    fn what_fails_has_no_rate() {
        assert_eq!(per_second(2, || false), None);
    }

    #[test]
    fn the_systems_accounts_are_read_by_their_places() {
        let own = "7 (a ) b) S 1 7 7 0 -1 4 5 0 0 0 120 30 0 0 20 0 1 0 9 8 7";
        assert_eq!(own_time(own), Some(150));
        let machine = "cpu  100 1 50 800 40 0 5 4 60 0\ncpu0 1 1 1 1\n";
        assert_eq!(machine_times(machine), Some((160, 1000)));
        for other in ["", "cpu", "cpu 1 2 3", "intr 5"] {
            assert_eq!((own_time(other), machine_times(other)), (None, None), "{other}");
        }
    }

    #[test]
    fn work_of_this_program_shows_as_its_own() {
        let before = Accounts::now().unwrap();
        assert!(per_second(1, || true).unwrap() > 0);
        let busy = before.since().unwrap();
        assert!(busy.rehearsing > 0.0 && busy.rehearsing + busy.others <= 1.1, "{busy:?}");
        assert!(busy.seconds >= 1.0);
    }
}
