//! How far a training has come, in words: for the bars of `train` and `retrain`.

use indicatif::ProgressBar;
use postbud_learn::Step;
use postbud_model::Progress;

use crate::cli::Lang;

/// What is being done, and how much of it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// In words.
    pub(crate) what: String,
    /// So many of so many; `None` when nobody can say.
    pub(crate) part: Option<(u64, u64)>,
}

impl Moment {
    /// What a step of the training is.
    pub(crate) fn of(lang: Lang, step: Step) -> Self {
        let part = match step {
            Step::Training(Progress::Fitted { done, of }) => Some((done as u64, of as u64)),
            _ => None,
        };
        Self { what: what(lang, step).to_owned(), part }
    }

    /// Puts it on a bar.
    pub(crate) fn show(self, bar: &ProgressBar) {
        bar.set_message(self.what);
        if let Some((done, of)) = self.part {
            bar.set_length(of);
            bar.set_position(done);
        }
    }
}

/// Before anything is trained.
pub(crate) fn reading(lang: Lang) -> &'static str {
    match lang {
        Lang::Da => "læser breve",
        Lang::En => "reading letters",
    }
}

fn what(lang: Lang, step: Step) -> &'static str {
    let (danish, english) = match step {
        Step::Checking => ("kontrollerer breve", "checking letters"),
        Step::Training(Progress::Counting { .. }) => ("tæller ord", "counting words"),
        Step::Training(Progress::Fitted { .. }) => ("tilpasser", "fitting"),
        Step::Training(Progress::Calibrating) => ("kalibrerer", "calibrating"),
        Step::Evaluating => ("bedømmer", "evaluating"),
        Step::Writing => ("skriver", "writing"),
    };
    match lang {
        Lang::Da => danish,
        Lang::En => english,
    }
}
