//! The confusion matrix: rows are where letters belong, columns where the model would put them.

use postbud_evaluate::Confusion;

use super::svg::{Anchor, Svg};

/// At most so many mailboxes are drawn: those with the most errors.
const MOST: usize = 40;
/// Names are cut to so many characters.
const NAME: usize = 24;
/// Width of the names.
const NAMES: f64 = 180.0;
/// Space above the names of the columns.
const HEAD: f64 = 60.0;

pub(super) fn draw(name: &str, confusion: &Confusion, labels: &[String]) -> String {
    let shown = shown(confusion, labels.len());
    let size = (760.0 / shown.len().max(1) as f64).clamp(17.0, 40.0);
    let side = size * shown.len() as f64;
    let mut svg = Svg::new((NAMES + side + 30.0).max(460.0), HEAD + NAMES + side + 30.0);
    svg.text("head", (16.0, 28.0), Anchor::Start, &format!("{name}: hvad der forveksles"));
    let rest = labels.len() - shown.len();
    let note = if rest == 0 {
        "Rækker: hører til (belongs). Søjler: modellens gæt (guess).".to_owned()
    } else {
        format!(
            "Rækker: hører til. Søjler: modellens gæt. {rest} postkasser med færre fejl er udeladt."
        )
    };
    svg.text("small", (16.0, 46.0), Anchor::Start, &note);
    let top = HEAD + NAMES;
    for (place, &label) in shown.iter().enumerate() {
        let middle = (place as f64 + 0.5) * size;
        let name = cut(&labels[label]);
        svg.text("small", (NAMES - 8.0, top + middle + 4.0), Anchor::End, &name);
        let at = (NAMES + middle + 4.0, top - 8.0);
        svg.turned_text("small", at, Anchor::Start, -90.0, &name);
    }
    for (row, &truth) in shown.iter().enumerate() {
        let counts = &confusion.counts[truth];
        let all = counts.iter().sum::<u64>().max(1) as f64;
        for (column, &guess) in shown.iter().enumerate() {
            let at = (NAMES + column as f64 * size, top + row as f64 * size);
            let count = counts[guess];
            if count > 0 {
                let class = if truth == guess { "good" } else { "bad" };
                let hint = format!("{} → {}: {count}", labels[truth], labels[guess]);
                // Faint enough that the number stays readable on it, in light and dark.
                let share = 0.12 + 0.5 * count as f64 / all;
                svg.square(class, at, size, share, &hint);
                let middle = (at.0 + size / 2.0, at.1 + size / 2.0 + 4.0);
                svg.text("small", middle, Anchor::Middle, &count.to_string());
            }
        }
    }
    for step in 0..=shown.len() {
        let at = step as f64 * size;
        svg.line("grid", (NAMES + at, top), (NAMES + at, top + side));
        svg.line("grid", (NAMES, top + at), (NAMES + side, top + at));
    }
    let told = "Hvert felt tæller breve, der hører til i rækkens postkasse, og som modellen ville lægge i søjlens. På diagonalen er gættet rigtigt.";
    svg.finish(&format!("{name}: forvekslinger (confusion matrix)"), told)
}

/// The labels that are drawn, in their order.
fn shown(confusion: &Confusion, labels: usize) -> Vec<usize> {
    let errors = |label: usize| -> u64 {
        let row = confusion.counts[label].iter().sum::<u64>() - confusion.counts[label][label];
        let column: u64 = confusion.counts.iter().map(|row| row[label]).sum();
        row + column - confusion.counts[label][label]
    };
    let mut all: Vec<usize> = (0..labels.min(confusion.labels())).collect();
    if all.len() > MOST {
        all.sort_by_key(|&label| (std::cmp::Reverse(errors(label)), label));
        all.truncate(MOST);
        all.sort_unstable();
    }
    all
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME - 1).collect();
    format!("{kept}…")
}
