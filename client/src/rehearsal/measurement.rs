//! Measurement: what is noted while a rehearsal runs, and what is made of it: rates, and latencies by percentile
//! (hdrhistogram). A latency begins at the instant that was fixed beforehand, not when this program came round to it.

use hdrhistogram::Histogram;
use std::time::Duration;

/// One answer that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When it was due to begin, since the start.
    pub due: Duration,
    /// How long after that the answer was there.
    pub took: Duration,
}

/// All answers of one kind.
#[derive(Debug, Clone, Default)]
pub struct Series(Vec<Sample>);

/// Latencies of a series, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Latency {
    /// How many answers.
    pub count: u64,
    /// Half were faster.
    pub p50_ms: f64,
    /// Nine of ten were faster.
    pub p90_ms: f64,
    /// 99 of a hundred were faster.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// What began in some seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The first of its seconds, since the start.
    pub second: u64,
    /// Half were faster, in milliseconds.
    pub p50_ms: f64,
    /// 99 of a hundred were faster, in milliseconds.
    pub p99_ms: f64,
}

impl Series {
    /// Takes an answer.
    pub fn add(&mut self, due: Duration, took: Duration) {
        self.0.push(Sample { due, took });
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Percentiles of all.
    pub fn latency(&self) -> Latency {
        let histogram = histogram(self.0.iter());
        let at = |quantile| milliseconds(histogram.value_at_quantile(quantile));
        Latency {
            count: self.count(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: milliseconds(histogram.max()),
        }
    }

    /// Percentiles of what began in each interval of so many seconds that had anything.
    pub fn by_interval(&self, seconds: u64) -> Vec<Interval> {
        let interval = |sample: &Sample| sample.due.as_secs() / seconds.max(1);
        let mut sorted: Vec<&Sample> = self.0.iter().collect();
        sorted.sort_by_key(|sample| interval(sample));
        let intervals = sorted.chunk_by(|a, b| interval(a) == interval(b));
        intervals
            .map(|samples| {
                let histogram = histogram(samples.iter().copied());
                let at = |quantile| milliseconds(histogram.value_at_quantile(quantile));
                Interval { second: interval(samples[0]) * seconds.max(1), p50_ms: at(0.5), p99_ms: at(0.99) }
            })
            .collect()
    }

    /// The curve of latency over the share of answers that were faster: pairs of share and milliseconds.
    pub fn percentiles(&self) -> Vec<(f64, f64)> {
        let histogram = histogram(self.0.iter());
        if histogram.is_empty() {
            return Vec::new();
        }
        let steps = histogram.iter_quantiles(5);
        let curve = steps.map(|step| (step.quantile_iterated_to(), milliseconds(step.value_iterated_to())));
        curve.filter(|(share, _)| *share < 1.0).collect()
    }

    /// When the answers came, since the start.
    pub fn ends(&self) -> impl Iterator<Item = Duration> + '_ {
        self.0.iter().map(|sample| sample.due + sample.took)
    }
}

/// How many instants lie in each second.
pub fn per_second(instants: impl Iterator<Item = Duration>) -> Vec<u64> {
    let mut counts = Vec::new();
    for instant in instants {
        let second = usize::try_from(instant.as_secs()).unwrap_or(usize::MAX).min(SECONDS_MAX);
        if counts.len() <= second {
            counts.resize(second + 1, 0);
        }
        counts[second] += 1;
    }
    counts
}

/// The rate over each interval of so many seconds, with the first of them.
pub fn averages(counts: &[u64], seconds: u64) -> Vec<(u64, f64)> {
    let length = usize::try_from(seconds.max(1)).unwrap_or(usize::MAX);
    let average = |counts: &[u64]| counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    (0..).step_by(length).zip(counts.chunks(length).map(average)).collect()
}

/// Microseconds to three digits, as many as anybody reads.
fn histogram<'a>(samples: impl Iterator<Item = &'a Sample>) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are allowed");
    for sample in samples {
        // it grows as it must, so nothing can be too large for it
        let _ = histogram.record(u64::try_from(sample.took.as_micros()).unwrap_or(u64::MAX));
    }
    histogram
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

const SECONDS_MAX: usize = 7 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn percentiles_are_those_of_the_samples() {
        let mut series = Series::default();
        (1..=1000).for_each(|n| series.add(ms(n), ms(n)));
        let latency = series.latency();
        assert_eq!(latency.count, 1000);
        for (found, right) in
            [(latency.p50_ms, 500.0), (latency.p90_ms, 900.0), (latency.p99_ms, 990.0), (latency.max_ms, 1000.0)]
        {
            assert!((found - right).abs() <= right / 500.0, "{found} is not {right}");
        }
        let curve = series.percentiles();
        assert!(curve.len() > 10 && curve.is_sorted(), "{curve:?}");
        assert!(Series::default().percentiles().is_empty() && Series::default().latency().count == 0);
    }

    #[test]
    fn seconds_are_those_in_which_something_was_due_not_those_in_which_it_was_answered() {
        let mut series = Series::default();
        series.add(ms(2500), ms(10));
        series.add(ms(100), ms(5000));
        let seconds = series.by_interval(1);
        assert_eq!(seconds.iter().map(|second| second.second).collect::<Vec<_>>(), [0, 2]);
        assert!(seconds[0].p99_ms > 4000.0 && seconds[1].p99_ms < 11.0);
        assert_eq!(series.by_interval(4).len(), 1);
        assert_eq!(per_second(series.ends()), [0, 0, 1, 0, 0, 1]);
        assert_eq!(averages(&per_second(series.ends()), 3), [(0, 1.0 / 3.0), (3, 1.0 / 3.0)]);
    }
}
