//! The table at the end.

use std::time::Duration;

use postbud_testkit::judge::Verdict;

use super::mutants::Mutation;

/// What one scenario came to.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) faults: u32,
    pub(crate) letters: u64,
    pub(crate) verdict: Verdict,
    /// The longest time until work went on after a fault.
    pub(crate) recovery: Option<Duration>,
    /// Demands that were not met, beside the judge's.
    pub(crate) broken: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// What the worker did wrong on purpose: the judge must have found it.
    pub(crate) mutation: Option<Mutation>,
}

impl Row {
    /// A scenario that could not be brought to its end.
    pub(crate) fn broken(name: &'static str, error: &anyhow::Error) -> Self {
        Self {
            name,
            faults: 0,
            letters: 0,
            verdict: Verdict::default(),
            recovery: None,
            broken: vec![format!("{error:#}")],
            notes: Vec::new(),
            mutation: None,
        }
    }

    /// Was every demand met, and was found what is wrong on purpose?
    pub(crate) fn kept(&self) -> bool {
        match self.mutation {
            Some(mutation) => (mutation.found)(&self.verdict),
            None => self.verdict.is_clean() && self.broken.is_empty(),
        }
    }

    /// Says what was broken, unless that was to be found.
    pub(crate) fn explain(&self) {
        if self.mutation.is_some() && self.kept() {
            return;
        }
        print!("{}", self.verdict);
        for what in &self.broken {
            println!("broken: {what}");
        }
    }
}

/// The table, as it stands in the documentation.
pub(crate) fn render(rows: &[Row], seed: u64, took: Duration) -> String {
    let mut out = format!("\nseed {seed}, {} s\n\n", took.as_secs());
    out.push_str(
        "| scenario | faults | letters | lost | invented | altered | doubled | misplaced | \
         mail copies | back at work, longest | notes | |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|\n",
    );
    for row in rows {
        let verdict = &row.verdict;
        let counts = [
            row.faults as usize,
            usize::try_from(row.letters).unwrap_or(usize::MAX),
            verdict.lost.len(),
            verdict.invented.len(),
            verdict.altered.len(),
            verdict.doubled.len(),
            verdict.misplaced.len(),
            verdict.mail_copies,
        ];
        let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
        let recovery = row
            .recovery
            .map_or_else(|| "–".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        let end = match (row.kept(), row.mutation) {
            (true, None) => "kept",
            (true, Some(_)) => "found",
            (false, None) => "BROKEN",
            (false, Some(_)) => "NOT FOUND",
        };
        let notes = row.notes.join("; ");
        out.push_str(&format!(
            "| {} | {} | {recovery} | {notes} | {end} |\n",
            row.name,
            counts.join(" | ")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_promise_breaks_the_row() {
        let mut row = Row::broken("worker-killed", &anyhow::anyhow!("no"));
        assert!(!row.kept());
        row.broken.clear();
        assert!(row.kept());
        row.verdict.lost.push("7".to_owned());
        assert!(!row.kept());
        assert!(render(&[row], 1, Duration::from_secs(2)).contains("BROKEN"));
    }

    #[test]
    fn a_promise_broken_on_purpose_must_be_found() {
        let mut row = Row::broken("mutant-ack", &anyhow::anyhow!("a letter is missing"));
        row.mutation =
            Some(Mutation { name: "ack-before-commit", found: |verdict| !verdict.lost.is_empty() });
        assert!(!row.kept());
        row.verdict.lost.push("7".to_owned());
        assert!(row.kept());
        assert!(render(&[row], 1, Duration::from_secs(2)).contains("| found |"));
    }
}
