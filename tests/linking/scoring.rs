//! How many guesses are right, and how many may be by chance. Only here does the truth meet the guesses.

use crate::adversary::{Attack, Evidence, assign};
use std::collections::BTreeMap;

/// With n guesses among n, the number that chance gets right is about Poisson(1), and less where there are more to
/// choose from. More than this many right is no accident: [`false_alarm`].
pub(crate) const CHANCE_MOST: usize = 11;

/// The probability that chance alone gets more than [`CHANCE_MOST`] right: 8.3e-10.
pub(crate) fn false_alarm() -> f64 {
    let mut term = (-1.0f64).exp();
    let mut up_to = term;
    for count in 1..=CHANCE_MOST {
        term /= count as f64;
        up_to += term;
    }
    1.0 - up_to
}

/// How many an attack got right, of how many that it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Score {
    /// Right guesses.
    pub right: usize,
    /// People concerned.
    pub of: usize,
}

/// The right guesses per attack; of several variants of one attack the best counts. `answers` has for every left the
/// right that is true, if the left is concerned.
pub(crate) fn scores(attacks: &[Attack], answers: &[Option<usize>], rights: usize) -> BTreeMap<&'static str, Score> {
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    for (variant, attack) in (0..).zip(attacks) {
        let score = score(&assign(&attack.evidence, answers.len(), rights, SEED + variant), answers);
        let best = scores.entry(attack.name).or_default();
        *best = if score.right >= best.right { score } else { *best };
    }
    scores
}

/// Right guesses among those concerned.
pub(crate) fn score(guesses: &[usize], answers: &[Option<usize>]) -> Score {
    let concerned = guesses.iter().zip(answers).filter_map(|(guess, answer)| Some((guess, (*answer)?)));
    let right = concerned.clone().filter(|(guess, answer)| *guess == answer).count();
    Score { right, of: concerned.count() }
}

/// Fails if any attack did better than chance. Some hundred guesses are made in a run, variants included, so that chance
/// alone fails less than one run in a million.
pub(crate) fn demand_chance(what: &str, scores: &BTreeMap<&'static str, Score>) {
    for (attack, score) in scores {
        assert!(score.right <= CHANCE_MOST, "{what}: {attack} gets {} of {} right", score.right, score.of);
    }
}

/// Decides what is guessed where nothing speaks for anything.
pub(crate) const SEED: u64 = 0x6e6f_2e31;

#[test]
fn the_bound_is_far_above_chance_and_a_sure_guess_is_seen() {
    assert!((8e-10..9e-10).contains(&false_alarm()), "{}", false_alarm());
    let (n, answers) = (500, (0..500).map(Some).collect::<Vec<_>>());
    let evidence = |shift: usize| (0..n).map(move |left| Evidence::certain((left, (left + shift) % n)));
    let sure = Attack { name: "sure", evidence: evidence(0).collect() };
    let none = Attack { name: "none", evidence: Vec::new() };
    let wrong = Attack { name: "wrong", evidence: evidence(1).collect() };
    let scores = scores(&[sure, none, wrong], &answers, n);
    assert_eq!((scores["sure"].right, scores["wrong"].right), (500, 0));
    assert!(scores["none"].right <= CHANCE_MOST);
}
