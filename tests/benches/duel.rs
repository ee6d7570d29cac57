//! One subject of the benches: ours and its peers in turn within every sample of criterion, so that the noise of the
//! machine hits all alike, and a ratio from each sample. It never compares figures of different runs.
//!
//! Criterion chooses how often to repeat, warms up, takes the samples, and reports ours; the peers are in the table.

use crate::clocks::Took;
use criterion::{Criterion, SamplingMode};
use std::time::Duration;

/// Does an operation so many times, and checks every answer outside of what it times.
pub(crate) type Run<'a> = Box<dyn FnMut(u64) -> Took + 'a>;

/// A program elsewhere, which tells how many operations a second of processor time it does.
pub(crate) type Program<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// What counts as time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Processor time of the one thread that works.
    Processor,
    /// Time on the wall.
    Wall,
}

/// A ratio that was known before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Baseline {
    pub(crate) ratio: f64,
    /// Of what it was the ratio.
    pub(crate) by: By,
    /// Where it was measured, or from what it was computed.
    pub(crate) source: &'static str,
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) subject: &'static str,
    pub(crate) by: By,
    /// Operations, as pledges, in what is repeated as one.
    pub(crate) batch: u32,
    pub(crate) ours: Rate,
    pub(crate) peer: &'static str,
    pub(crate) theirs: Rate,
    /// Ours by theirs, both per second.
    pub(crate) ratio: f64,
    /// The same by processor time, from the sums of all samples; none if theirs is unknown or too short.
    pub(crate) cpu_ratio: Option<f64>,
    pub(crate) baseline: Option<Baseline>,
}

/// How fast something is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// The median over all samples.
    pub(crate) per_second: f64,
    /// Processor time of one operation, the mean over all samples.
    pub(crate) cpu_seconds: Option<f64>,
}

/// A subject with its peers.
pub(crate) struct Duel<'a> {
    subject: &'static str,
    by: By,
    batch: u32,
    ours: Run<'a>,
    peers: Vec<Peer<'a>>,
}

struct Peer<'a> {
    name: &'static str,
    baseline: Option<Baseline>,
    side: Side<'a>,
}

enum Side<'a> {
    Here(Run<'a>),
    Elsewhere(Program<'a>),
}

/// What one sample was: ours, then the peers that ran beside it.
struct Sample {
    iterations: f64,
    took: Vec<Took>,
}

impl<'a> Duel<'a> {
    pub(crate) fn new(subject: &'static str, by: By, ours: Run<'a>) -> Self {
        Self { subject, by, batch: 1, ours, peers: Vec::new() }
    }

    /// One repetition is so many operations.
    pub(crate) fn batch(mut self, batch: u32) -> Self {
        self.batch = batch;
        self
    }

    /// A peer that runs in this process, in every sample.
    pub(crate) fn against(mut self, name: &'static str, baseline: Option<Baseline>, run: Run<'a>) -> Self {
        self.peers.push(Peer { name, baseline, side: Side::Here(run) });
        self
    }

    /// A peer that is another program, once before each round.
    pub(crate) fn beside(mut self, name: &'static str, baseline: Option<Baseline>, run: Program<'a>) -> Self {
        self.peers.push(Peer { name, baseline, side: Side::Elsewhere(run) });
        self
    }

    /// Lets them run, in rounds of about so many seconds.
    pub(crate) fn run(mut self, criterion: &mut Criterion, rounds: usize, seconds: f64) -> Vec<Row> {
        let mut samples = Vec::new();
        let mut elsewhere = Vec::new();
        for round in 1..=rounds {
            elsewhere.push(self.programs());
            let mut taken = Vec::new();
            let mut group = criterion.benchmark_group(self.subject);
            group.sampling_mode(SamplingMode::Flat).sample_size(SAMPLES);
            group.warm_up_time(Duration::from_secs_f64(seconds / 6.0));
            group.measurement_time(Duration::from_secs_f64(seconds));
            group.bench_function(format!("round {round}"), |bencher| {
                bencher.iter_custom(|iterations| self.sample(iterations, &mut taken));
            });
            group.finish();
            assert!(taken.len() > SAMPLES, "criterion took no samples");
            samples.push(taken.split_off(taken.len() - SAMPLES)); // what came before was the warming up
        }
        self.rows(&samples, &elsewhere)
    }

    fn programs(&mut self) -> Vec<f64> {
        let figure = |peer: &mut Peer<'_>| match &mut peer.side {
            Side::Here(_) => f64::NAN,
            Side::Elsewhere(program) => program(),
        };
        self.peers.iter_mut().map(figure).collect()
    }

    fn sample(&mut self, iterations: u64, taken: &mut Vec<Sample>) -> Duration {
        let ours = (self.ours)(iterations);
        let theirs = self.peers.iter_mut().map(|peer| match &mut peer.side {
            Side::Here(run) => run(iterations),
            Side::Elsewhere(_) => Took::default(),
        });
        let took = std::iter::once(ours).chain(theirs).collect();
        taken.push(Sample { iterations: iterations as f64, took });
        self.by.of(&ours)
    }

    fn rows(self, rounds: &[Vec<Sample>], elsewhere: &[Vec<f64>]) -> Vec<Row> {
        let (by, batch) = (self.by, f64::from(self.batch));
        let rate = |side: usize| Rate {
            per_second: median(rounds.iter().flatten().map(|sample| by.rate(sample, side) * batch)),
            cpu_seconds: Some(cpu_seconds(rounds, side) / batch),
        };
        let row = |(index, peer): (usize, Peer<'_>)| {
            let (theirs, ratio) = match peer.side {
                Side::Here(_) => {
                    let ratios = rounds.iter().flatten().map(|s| by.rate(s, 0) / by.rate(s, index + 1));
                    (rate(index + 1), median(ratios))
                }
                Side::Elsewhere(_) => {
                    let figures = || elsewhere.iter().map(|figures| figures[index]);
                    let ours = rounds.iter().map(|round| median(round.iter().map(|s| by.rate(s, 0))));
                    let figure = median(figures());
                    let theirs = Rate { per_second: figure, cpu_seconds: Some(figure.recip()) };
                    (theirs, median(ours.zip(figures()).map(|(ours, theirs)| ours / theirs)))
                }
            };
            let (subject, peer, baseline) = (self.subject, peer.name, peer.baseline);
            let ours = rate(0);
            let cpu_ratio = theirs.cpu_seconds.zip(ours.cpu_seconds).map(|(theirs, ours)| theirs / ours);
            let cpu_ratio = cpu_ratio.filter(|ratio| ratio.is_normal());
            Row { subject, by, batch: self.batch, ours, peer, theirs, ratio, cpu_ratio, baseline }
        };
        self.peers.into_iter().enumerate().map(row).collect()
    }
}

impl By {
    fn of(self, took: &Took) -> Duration {
        match self {
            Self::Processor => took.cpu,
            Self::Wall => took.wall,
        }
    }

    fn rate(self, sample: &Sample, side: usize) -> f64 {
        let seconds = self.of(&sample.took[side]).as_secs_f64();
        assert!(seconds > 0.0, "a sample took no time at all");
        sample.iterations / seconds
    }
}

fn cpu_seconds(rounds: &[Vec<Sample>], side: usize) -> f64 {
    let samples = || rounds.iter().flatten();
    let cpu: Duration = samples().map(|sample| sample.took[side].cpu).sum();
    cpu.as_secs_f64() / samples().map(|sample| sample.iterations).sum::<f64>()
}

/// The middle one.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len().is_multiple_of(2) { (figures[middle - 1] + figures[middle]) / 2.0 } else { figures[middle] }
}

/// Samples in a round: the fewest that criterion takes.
const SAMPLES: usize = 10;
