//! Arrivals: when each simulated participant comes, fixed before the first one does. They follow a curve whose highest
//! point is the rate that was asked for, with some chance in it, and never wait for anybody's answer.

use crate::error::Error;
use rand::RngExt;
use rand::rngs::StdRng;
use std::time::Duration;

/// How the rate goes over the time of a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Curve {
    /// The same from the first to the last.
    Steady,
    /// The first hour of a campaign that many have waited for: a spike that decays.
    Launch,
    /// A day in little: a hump at noon and a higher one in the evening.
    Day,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Steady, Self::Launch, Self::Day];

    /// Reads the name of a curve.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "steady" => Ok(Self::Steady),
            "launch" => Ok(Self::Launch),
            "day" => Ok(Self::Day),
            _ => Err(Error::Local("The arrivals are steady, launch or day.".to_owned())),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Launch => "launch",
            Self::Day => "day",
        }
    }

    /// The rate at a share of the time, from 0 to 1, relative to the highest.
    fn height(self, share: f64) -> f64 {
        let hump = |middle: f64, width: f64| (-((share - middle) / width).powi(2)).exp();
        match self {
            Self::Steady => 1.0,
            Self::Launch if share < RISE => 0.1 + 0.9 * share / RISE,
            Self::Launch => 0.08 + 0.92 * (-(share - RISE) / 0.2).exp(),
            Self::Day => (0.06 + 0.55 * hump(0.42, 0.13) + 0.94 * hump(0.8, 0.11)).min(1.0),
        }
    }

    /// The instants of so many arrivals, in order, with at most about `rate` in any second.
    pub fn instants(self, arrivals: usize, rate: u32, rng: &mut StdRng) -> Vec<Duration> {
        let mut sum = 0.0;
        let share = |cell: usize| (cell as f64 + 0.5) / CELLS as f64;
        let up_to: Vec<f64> = (0..CELLS)
            .map(|cell| {
                sum += self.height(share(cell));
                sum
            })
            .collect();
        // the area under the curve is the number of arrivals
        let whole = arrivals as f64 / (f64::from(rate.max(1)) * sum / CELLS as f64);
        (0..arrivals)
            .map(|arrival| {
                let before = (arrival as f64 + rng.random::<f64>()) / arrivals as f64 * sum;
                let cell = up_to.partition_point(|up_to| *up_to <= before).min(CELLS - 1);
                let height = self.height(share(cell));
                let into = 1.0 - ((up_to[cell] - before) / height).clamp(0.0, 1.0);
                Duration::from_secs_f64(whole * (cell as f64 + into) / CELLS as f64)
            })
            .collect()
    }
}

/// The share of the time in which a launch rises to its highest.
const RISE: f64 = 0.04;
const CELLS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn per_second(curve: Curve, seed: u64) -> Vec<usize> {
        let instants = curve.instants(20_000, 200, &mut StdRng::seed_from_u64(seed));
        assert_eq!(instants.len(), 20_000);
        assert!(instants.is_sorted());
        let seconds = usize::try_from(instants[19_999].as_secs()).unwrap() + 1;
        let mut counts = vec![0; seconds];
        instants.iter().for_each(|instant| counts[usize::try_from(instant.as_secs()).unwrap()] += 1);
        counts
    }

    #[test]
    fn no_second_has_more_than_the_rate_and_the_same_seed_gives_the_same_instants() {
        for curve in [Curve::Steady, Curve::Launch, Curve::Day] {
            let counts = per_second(curve, 7);
            assert!(counts.iter().all(|count| *count <= 202), "{curve:?} {counts:?}");
            assert!(counts.iter().max() >= Some(&190), "{curve:?} reaches its rate");
            assert_eq!(counts, per_second(curve, 7));
        }
        let draw = |seed| Curve::Launch.instants(50, 10, &mut StdRng::seed_from_u64(seed));
        assert_ne!(draw(1), draw(2));
        assert!(Curve::Launch.instants(0, 10, &mut StdRng::seed_from_u64(1)).is_empty());
    }

    #[test]
    fn curves_have_the_shape_of_their_names() {
        let steady = per_second(Curve::Steady, 1);
        assert!(steady.len() == 100 && steady.iter().all(|count| (198..=202).contains(count)), "{steady:?}");
        let launch = per_second(Curve::Launch, 1);
        let third = launch.len() / 3;
        let of = |part: &[usize]| part.iter().sum::<usize>();
        assert!(of(&launch[..third]) > 3 * of(&launch[2 * third..]), "a launch decays");
        let day = per_second(Curve::Day, 1);
        let second = |share: f64| Duration::from_secs_f64(share * day.len() as f64).as_secs();
        let at = |share: f64| day[usize::try_from(second(share)).unwrap()];
        assert!(at(0.42) > 2 * at(0.02) && at(0.8) > at(0.42) && at(0.61) < at(0.42), "a day has two humps");
        for curve in Curve::ALL {
            assert_eq!(Curve::parse(curve.name()), Ok(curve));
        }
        assert!(Curve::parse("night").is_err());
    }
}
