//! The table at the end of the demo: what a clerk would ask first.

use std::path::PathBuf;

use postbud_decide::{Decision, Outcome, Reason};
use postbud_pipeline::ports::{State, Store};
use postbud_store::SqlStore;
use serde::Serialize;

use super::desk::Guest;
use super::prepare::DemoLetter;
use crate::cli::DemoArgs;
use crate::output::{self, percent};

/// The figures of the demo. Shares are between 0 and 1.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// What automatic routing promises: the largest share of wrong ones, and how sure that is.
    promise: (f64, f64),
    /// Letters of the demo that the store has.
    letters: usize,
    /// How many of them went to a mailbox without a person.
    automatic: usize,
    /// How many of those went to a wrong one.
    automatic_wrong: usize,
    /// How many wait for a person.
    waiting: usize,
    /// In how many of those the model's first guess is right.
    waiting_first_guess_right: usize,
    /// How many people have decided.
    decided_by_people: usize,
    /// Share of all letters in which the model's first guess is right, routed or not.
    first_guess_accuracy: f64,
    /// Letters of this run per second, from the queue to their mailbox or the waiting list.
    letters_per_second: Option<f64>,
    /// Letters routed in this run.
    new: usize,
    /// Whether an earlier demo was continued.
    continued: bool,
    /// Where everything lies.
    data: String,
}

/// What is known of this run beside what the store holds.
pub(crate) struct Run {
    pub(crate) promise: (f64, f64),
    pub(crate) new: usize,
    pub(crate) seconds: f64,
    pub(crate) continued: bool,
    pub(crate) data: PathBuf,
}

impl Report {
    /// Compares what the store holds with the truth, which is known for these letters.
    pub(crate) async fn of(
        letters: &[DemoLetter],
        store: &SqlStore,
        run: &Run,
    ) -> anyhow::Result<Self> {
        let mut report = Self {
            promise: run.promise,
            new: run.new,
            continued: run.continued,
            data: run.data.display().to_string(),
            ..Self::default()
        };
        report.letters_per_second = (run.new > 0).then(|| run.new as f64 / run.seconds.max(1e-9));
        let mut right = 0;
        for letter in letters {
            let Some(detail) = store.letter(&letter.id).await? else {
                continue;
            };
            let Some(first) = detail.decisions.first() else {
                continue;
            };
            let guessed = guess(first) == Some(letter.truth.as_str());
            report.letters += 1;
            right += usize::from(guessed);
            if let Outcome::Route { mailbox } = &first.outcome {
                report.automatic += 1;
                report.automatic_wrong += usize::from(mailbox.as_str() != letter.truth);
            }
            if detail.row.state == State::Review {
                report.waiting += 1;
                report.waiting_first_guess_right += usize::from(guessed);
            }
            let by_people =
                |decision: &Decision| matches!(decision.reason, Reason::Assigned { .. });
            report.decided_by_people += usize::from(detail.decisions.iter().any(by_people));
        }
        report.first_guess_accuracy = share(right, report.letters);
        Ok(report)
    }

    /// Prints the table and what to try next, or the JSON document.
    pub(crate) fn print(
        &self,
        args: &DemoArgs,
        once: bool,
        guest: Option<&Guest>,
    ) -> anyhow::Result<()> {
        if args.output.json {
            return output::json(self);
        }
        output::line(&format!("\n{}\n", self.heading()))?;
        output::line(&output::figures(&self.rows()))?;
        output::line(&format!("\n{}", self.next(once)))?;
        guest.map_or(Ok(()), |guest| output::line(&guest.invitation(self.waiting)))
    }

    fn heading(&self) -> String {
        let how = if self.continued && self.new == 0 {
            "\nThis demo was run before and nothing was left to route; begin anew with --fresh."
        } else if self.continued {
            "\nAn earlier demo was continued; begin anew with --fresh."
        } else {
            ""
        };
        format!(
            "Klitkøbing Kommune: breve, som modellen aldrig har set (letters the model has never seen){how}"
        )
    }

    fn rows(&self) -> Vec<(String, String, String)> {
        let row =
            |name: &str, count: usize, remark: String| (name.to_owned(), count.to_string(), remark);
        let of_all = |count: usize| percent(share(count, self.letters));
        let mut rows = vec![
            row("Breve modtaget (letters received)", self.letters, String::new()),
            row(
                "Fordelt automatisk (routed automatically)",
                self.automatic,
                of_all(self.automatic),
            ),
            row(
                "  heraf forkert (of these wrong)",
                self.automatic_wrong,
                format!(
                    "{}  (løftet/promise: ≤ {}, {} sikkert/sure)",
                    percent(share(self.automatic_wrong, self.automatic)),
                    percent(self.promise.0),
                    percent(self.promise.1)
                ),
            ),
            row("Venter på et menneske (waiting for a person)", self.waiting, of_all(self.waiting)),
            row(
                "  modellens første gæt er rigtigt (first guess right)",
                self.waiting_first_guess_right,
                percent(share(self.waiting_first_guess_right, self.waiting)),
            ),
        ];
        if self.decided_by_people > 0 {
            let people = self.decided_by_people;
            rows.push(row("Afgjort af mennesker (decided by people)", people, of_all(people)));
        }
        if let Some(rate) = self.letters_per_second {
            let name = "Breve i sekundet (letters per second)".to_owned();
            rows.push((name, format!("{rate:.0}"), String::new()));
        }
        rows
    }

    fn next(&self, once: bool) -> String {
        let postbud = std::env::args().next().unwrap_or_else(|| "postbud".to_owned());
        let data = &self.data;
        let mut lines = vec![
            "Every mailbox but the most sensitive was switched on for you; a real installation"
                .to_owned(),
            "routes nothing by itself until someone has switched a mailbox on.".to_owned(),
            String::new(),
            format!(
                "Routed letters    {data}/mailboxes/<mailbox>/new/  (Maildir: any mail program opens it)"
            ),
            format!("Store and model   {data}/postbud.db, {data}/models/"),
            String::new(),
            "Try next:".to_owned(),
            format!("  {postbud} letters --state review        the letters that wait for a person"),
            format!("  {postbud} letters show ID               one of them, with the reason"),
            format!("  {postbud} assign ID MAILBOX             decide, as a clerk would"),
            format!("  {postbud} classify FILE.eml             your own letter: where, and why"),
        ];
        if !once {
            lines.push(String::new());
            lines.push("The demo goes on routing what you send it; Ctrl-C ends it.".to_owned());
        }
        lines.join("\n")
    }
}

/// The mailbox that the model names first, or that a rule or reply chose.
fn guess(decision: &Decision) -> Option<&str> {
    match (&decision.outcome, decision.suggestions.first()) {
        (Outcome::Route { mailbox }, _) => Some(mailbox.as_str()),
        (Outcome::Review, Some(first)) => Some(first.mailbox.as_str()),
        (Outcome::Review, None) => None,
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
