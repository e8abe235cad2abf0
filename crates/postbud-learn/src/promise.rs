//! Does the promise hold? Tried out on labelled letters, many times over.

use postbud_evaluate::{Promise, SimulateOptions, Simulation, simulate};
use postbud_model::{TrainOptions, train};

use crate::check::check;
use crate::error::LearnError;
use crate::judge::out_of_fold;
use crate::letter::LabelledLetter;
use crate::routing::Routing;
use crate::version::suitable_folds;

/// Trains on the letters and takes what each was judged by a model that had not seen it as the
/// whole of the mail. Then, `rounds` times: draws letters from it, certifies thresholds on them,
/// and looks up the error that these really make. See [`postbud_evaluate::simulate`].
///
/// # Errors
/// [`LearnError`] when no model can be trained on these letters.
pub fn simulate_promise(
    letters: &[LabelledLetter],
    routing: &Routing,
    promise: Promise,
    rounds: usize,
    seed: u64,
) -> Result<Simulation, LearnError> {
    let checked = check(letters);
    // With their groups: a letter whose answer the model had seen would flatter the promise.
    let all: Vec<usize> = (0..checked.letters.len()).collect();
    let examples = checked.examples(&all);
    let folds = suitable_folds(examples.len());
    let options = TrainOptions { folds, seed, ..TrainOptions::default() };
    let model = train(&examples, &options, &|_| ())?;
    let policy = routing.policy(model.labels());
    let options = SimulateOptions { rounds, seed, ..SimulateOptions::default() };
    Ok(simulate(&out_of_fold(&model)?, &policy, promise, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters of which one in six has another mailbox's words.
    fn letters() -> Vec<LabelledLetter> {
        let words = [("affald", "spand"), ("vej-park", "hul"), ("skole", "klasse")];
        let one = |n: usize| {
            let label = words[n % 3].0;
            let word = words[if n % 18 < 3 { (n + 1) % 3 } else { n % 3 }].1;
            LabelledLetter::new(label, word, &format!("{word} nummer {n} sag {}", n * 7))
        };
        (0..540).map(one).collect()
    }

    #[test]
    fn the_promise_is_kept_and_a_naive_threshold_is_compared() {
        let routing = Routing::without(&[]);
        let promise = Promise::new(0.15, 0.9).unwrap();
        let found = simulate_promise(&letters(), &routing, promise, 100, 1).unwrap();
        assert_eq!((found.rounds, found.letters), (100, 540));
        // Three standard deviations of a share of one in ten.
        assert!(found.broken <= 19, "{found:?}");
        assert_eq!(found, simulate_promise(&letters(), &routing, promise, 100, 1).unwrap());
        assert!(found.naive.mean_coverage >= found.mean_coverage, "{found:?}");
    }

    #[test]
    fn a_thread_tells_nothing_about_its_own_letters() {
        // What a letter says of its mailbox only the others of its thread could tell.
        let one = |n: usize| {
            let thread = n / 5;
            let label = ["affald", "vej-park", "skole"][thread * 7 % 11 % 3];
            let said = format!("kvittering{thread} journal{thread} side {}", n % 5);
            let mut letter = LabelledLetter::new(label, "svar", &format!("{said} nummer {n}"));
            letter.thread = vec![thread.to_string()];
            letter
        };
        let letters: Vec<LabelledLetter> = (0..400).map(one).collect();
        let routing = Routing::without(&[]);
        let promise = Promise::new(0.15, 0.9).unwrap();
        let found = simulate_promise(&letters, &routing, promise, 20, 1).unwrap();
        assert!(found.mean_coverage < 0.1, "{found:?}");
    }

    #[test]
    fn one_mailbox_is_an_error() {
        let same = vec![LabelledLetter::new("affald", "spand", "tom den")];
        let promise = Promise::default();
        let error = simulate_promise(&same, &Routing::without(&[]), promise, 1, 1).unwrap_err();
        assert!(matches!(error, LearnError::Train(_)), "{error}");
    }
}
