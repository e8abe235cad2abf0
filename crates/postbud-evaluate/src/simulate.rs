//! Is the promise kept? Certify many times over on letters whose truth is known, and count.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::binomial::{Interval, clopper_pearson};
use crate::certify::{Promise, certify_candidates};
use crate::curve::{Applied, count, sort};
use crate::gate::{Familiarity, Gate};
use crate::measures::share;
use crate::policy::{Candidate, Policy};
use crate::records::Records;

/// How a simulation is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulateOptions {
    /// How often to draw letters and certify on them.
    pub rounds: usize,
    /// How many letters to draw each time; `None` for as many as there are.
    pub letters: Option<usize>,
    /// The same seed gives the same simulation.
    pub seed: u64,
}

impl Default for SimulateOptions {
    fn default() -> Self {
        Self { rounds: 1_000, letters: None, seed: 1 }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Simulation {
    /// Rounds that were run.
    pub rounds: usize,
    /// Letters certified on in each.
    pub letters: usize,
    /// The share of rounds that may break the promise: `1 - confidence`.
    pub allowed: f64,
    /// Rounds in which the true error was above the target.
    pub broken: usize,
    /// `broken / rounds`.
    pub broken_share: f64,
    /// Where the true share lies, with 95 %: what a limited number of rounds can tell.
    pub broken_interval: Interval,
    /// The share of rounds in which anything could be certified.
    pub certified_share: f64,
    /// The mean share of all letters that would be routed, rounds without certificate included.
    pub mean_coverage: f64,
    /// The mean true error, over rounds with a certificate; 0 without any.
    pub mean_error: f64,
    /// The same letters with a threshold that only looks right.
    pub naive: Naive,
}

/// What comes of a threshold without a bound: the loosest under which at most the target was
/// wrong of the letters drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Naive {
    /// Rounds in which the true error was above the target.
    pub broken: usize,
    /// `broken / rounds`.
    pub broken_share: f64,
    /// Where the true share lies, with 95 %.
    pub broken_interval: Interval,
    /// The mean share of all letters that would be routed.
    pub mean_coverage: f64,
}

/// Takes `records` for the whole population, draws letters from it with replacement, certifies on
/// them, and looks up the error that the thresholds really make on the population: a fact, not
/// an estimate, so the share of broken rounds is the procedure's own and not measuring noise
/// (which certifying on one half and measuring on the other would add). The promise is broken
/// when the error of everything routed, or of any group alone, exceeds the target.
#[must_use]
pub fn simulate(
    records: &Records,
    policy: &Policy,
    promise: Promise,
    options: SimulateOptions,
) -> Simulation {
    let seen: Vec<Familiarity> = records.familiarity().iter().flatten().copied().collect();
    let population: Vec<Option<Candidate>> = policy.rows(records, &Gate::of(&seen)).collect();
    let letters = options.letters.unwrap_or(population.len());
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let all: Vec<Candidate> = population.iter().flatten().copied().collect();
    let (mut certified, mut naive) = (Tally::default(), Tally::default());
    for _ in 0..options.rounds {
        if population.is_empty() {
            break;
        }
        let mut drawn: Vec<Candidate> = (0..letters)
            .filter_map(|_| population[random.random_range(0..population.len())])
            .collect();
        let certificate = certify_candidates(&drawn, letters, policy, promise);
        let truth = count(&all, &certificate.thresholds, population.len());
        let group_breaks = certificate.groups.iter().any(|group| {
            let own = all.iter().filter(|c| group.labels.contains(&c.label));
            let own: Vec<Candidate> = own.copied().collect();
            count(&own, &certificate.thresholds, population.len()).error > promise.target()
        });
        certified.add(truth, group_breaks || truth.error > promise.target());
        sort(&mut drawn);
        let thresholds = vec![looks_right(&drawn, promise.target()); policy.pools.len()];
        let truth = count(&all, &thresholds, population.len());
        naive.add(truth, truth.error > promise.target());
    }
    let rounds = options.rounds;
    let interval = |broken: usize| clopper_pearson(broken as u64, rounds as u64, 0.95);
    Simulation {
        rounds,
        letters,
        allowed: 1.0 - promise.confidence(),
        broken: certified.broken,
        broken_share: share(certified.broken, rounds),
        broken_interval: interval(certified.broken),
        certified_share: share(certified.routing, rounds),
        mean_coverage: certified.coverage / rounds.max(1) as f64,
        mean_error: certified.error / certified.routing.max(1) as f64,
        naive: Naive {
            broken: naive.broken,
            broken_share: share(naive.broken, rounds),
            broken_interval: interval(naive.broken),
            mean_coverage: naive.coverage / rounds.max(1) as f64,
        },
    }
}

/// What came of one way to choose thresholds, so far.
#[derive(Default)]
struct Tally {
    broken: usize,
    /// Rounds in which anything is routed.
    routing: usize,
    coverage: f64,
    error: f64,
}

impl Tally {
    fn add(&mut self, truth: Applied, broken: bool) {
        self.broken += usize::from(broken);
        self.coverage += truth.coverage;
        if truth.routed > 0 {
            self.routing += 1;
            self.error += truth.error;
        }
    }
}

/// The loosest probability above which at most `target` of these letters was wrong; they come
/// sorted, most probable first.
fn looks_right(candidates: &[Candidate], target: f64) -> Option<f64> {
    let (mut wrong, mut threshold) = (0.0, None);
    for (index, candidate) in candidates.iter().enumerate() {
        wrong += f64::from(u8::from(candidate.wrong));
        let next = candidates.get(index + 1);
        let apart = next.is_none_or(|next| next.probability < candidate.probability);
        if apart && wrong <= target * (index + 1) as f64 {
            threshold = Some(candidate.probability);
        }
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model that is too sure of itself: promises read off its probabilities would be broken.
    fn boastful(letters: usize, labels: usize, seed: u64) -> Records {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut records = Records::new(labels).unwrap();
        for _ in 0..letters {
            let label = random.random_range(0..labels);
            let p: f64 = 1.0 - 0.5 * random.random::<f64>().powi(4);
            let right = random.random::<f64>() < p.powi(8);
            let mut row = vec![(1.0 - p) / (labels - 1) as f64; labels];
            row[label] = p;
            let truth = if right { label } else { (label + 1) % labels };
            records.push(Some(truth), &row).unwrap();
        }
        records
    }

    /// Three standard errors of a share of `allowed` in `rounds`: a procedure that breaks exactly
    /// as often as it may stays below with 99.8 %.
    fn slack(simulation: &Simulation) -> f64 {
        let allowed = simulation.allowed;
        3.0 * (allowed * (1.0 - allowed) / simulation.rounds as f64).sqrt()
    }

    #[test]
    fn the_promise_is_kept() {
        let pooled = boastful(1_500, 4, 1);
        let alone = boastful(20_000, 2, 2);
        for (records, target, confidence, rounds) in [
            (&pooled, 0.02, 0.95, 300),
            (&pooled, 0.05, 0.95, 300),
            (&pooled, 0.05, 0.8, 300),
            (&alone, 0.05, 0.8, 60),
        ] {
            let promise = Promise::new(target, confidence).unwrap();
            let policy = Policy::all(records.labels());
            let options = SimulateOptions { rounds, ..SimulateOptions::default() };
            let simulation = simulate(records, &policy, promise, options);
            let most = simulation.allowed + slack(&simulation);
            assert!(simulation.broken_share <= most, "{simulation:?}");
            assert!(simulation.mean_coverage > 0.05, "{simulation:?}");
        }
    }

    #[test]
    fn a_naive_threshold_would_break_it() {
        // The same letters, with a threshold read off them: the reason for all this.
        let records = boastful(1_500, 4, 1);
        let options = SimulateOptions { rounds: 300, ..SimulateOptions::default() };
        let simulation = simulate(&records, &Policy::all(4), Promise::default(), options);
        assert!(simulation.naive.broken_share > 0.25, "{simulation:?}");
        assert!(simulation.naive.mean_coverage > simulation.mean_coverage);
    }

    #[test]
    fn nothing_to_simulate() {
        let records = Records::new(2).unwrap();
        let options = SimulateOptions::default();
        let simulation = simulate(&records, &Policy::all(2), Promise::default(), options);
        assert_eq!((simulation.broken, simulation.mean_coverage), (0, 0.0));
    }
}
