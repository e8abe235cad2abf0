//! How far a retraining has come: from the process that does the work, over its standard error, to
//! the bar of the one that watches.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use postbud_learn::Step;

use super::words;
use crate::cli::Lang;
use crate::commands::train::progress::Moment;

/// What a line about progress begins with. No other line does.
const SIGN: &str = "\u{1e}progress ";

/// Says how far it has come, if anybody wants to know.
pub(super) struct Teller {
    lang: Lang,
    wanted: bool,
    /// The model that is compared with the one in use is made first.
    trial: AtomicBool,
}

impl Teller {
    pub(super) fn new(lang: Lang, wanted: bool) -> Self {
        Self { lang, wanted, trial: AtomicBool::new(true) }
    }

    /// A step of the training.
    pub(super) fn tell(&self, step: Step) {
        if step == Step::Checking {
            self.trial.store(false, Ordering::Relaxed);
        }
        if !self.wanted {
            return;
        }
        let mut moment = Moment::of(self.lang, step);
        if self.trial.load(Ordering::Relaxed) {
            moment.what = format!("{}: {}", words::trial(self.lang), moment.what);
        }
        eprintln!("{}", line(&moment));
    }
}

fn line(moment: &Moment) -> String {
    let (done, of) = moment.part.unwrap_or_default();
    format!("{SIGN}{done} {of} {}", moment.what)
}

/// Is the line about progress? Then it goes on the bar, if there is one.
pub(super) fn shown(line: &str, bar: Option<&ProgressBar>) -> bool {
    let Some(moment) = line.strip_prefix(SIGN) else { return false };
    if let (Some(moment), Some(bar)) = (parse(moment), bar) {
        moment.show(bar);
    }
    true
}

fn parse(text: &str) -> Option<Moment> {
    let mut parts = text.splitn(3, ' ');
    let (done, of) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let part = (of > 0).then_some((done, of));
    Some(Moment { what: parts.next()?.to_owned(), part })
}

#[cfg(test)]
mod tests {
    use postbud_model::Progress;

    use super::*;

    #[test]
    fn what_one_process_says_the_other_understands() {
        for step in [Step::Checking, Step::Training(Progress::Fitted { done: 3, of: 21 })] {
            let moment = Moment::of(Lang::Da, step);
            let line = line(&moment);
            assert_eq!(parse(line.strip_prefix(SIGN).unwrap()), Some(moment));
            assert!(shown(&line, None));
        }
        assert!(!shown("progress 3 21 fitting", None));
        assert!(shown(&format!("{SIGN}nonsense"), Some(&ProgressBar::hidden())));
    }

    #[test]
    fn the_trial_is_told_from_the_version() {
        let teller = Teller::new(Lang::En, false);
        teller.tell(Step::Evaluating);
        assert!(teller.trial.load(Ordering::Relaxed));
        teller.tell(Step::Checking);
        teller.tell(Step::Evaluating);
        assert!(!teller.trial.load(Ordering::Relaxed));
    }
}
