//! The progress bars of a rehearsal: blinding ahead, then taking part with the rates of the last second.

use crate::cli::console::Console;
use client::rehearsal::Progress;
use indicatif::ProgressBar;
use std::time::{Duration, Instant};

/// What is shown now.
pub(super) struct Shown<'a> {
    console: &'a Console,
    participants: u64,
    bar: Option<ProgressBar>,
    taking_part: bool,
    last: (Instant, [u64; 3]),
}

impl<'a> Shown<'a> {
    /// Shows nothing yet.
    pub(super) fn new(console: &'a Console, participants: u64) -> Self {
        Self { console, participants, bar: None, taking_part: false, last: (Instant::now(), [0; 3]) }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Blinding { ready, of } => {
                let bar = self.bar.get_or_insert_with(|| self.console.bar(of, "blinding ahead"));
                bar.set_position(ready);
            }
            Progress::TakingPart { through, tokens, pledges, reads, errors } => {
                if !self.taking_part {
                    self.taking_part = true;
                    self.bar = None; // it clears itself
                    self.last = (Instant::now(), [tokens, pledges, reads]);
                }
                let bar = self.bar.get_or_insert_with(|| self.console.bar(self.participants, "taking part"));
                bar.set_position(through);
                let (since, before) = self.last;
                if since.elapsed() < Duration::from_secs(1) {
                    return;
                }
                let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / since.elapsed().as_secs_f64();
                bar.set_message(format!(
                    "taking part: {:.0} tokens/s, {:.0} pledges/s, {:.0} reads/s, {errors} errors",
                    rate(tokens, before[0]),
                    rate(pledges, before[1]),
                    rate(reads, before[2])
                ));
                self.last = (Instant::now(), [tokens, pledges, reads]);
            }
        }
    }
}
