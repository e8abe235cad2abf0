//! What was measured of a version, drawn: risk against coverage, how true the probabilities are,
//! and which mailbox is taken for which.

mod confusion;
mod frame;
mod reliability;
mod risk;
mod svg;

use postbud_evaluate::{Confusion, Report};

/// The risk–coverage curve.
pub const RISK_FILE: &str = "risk-coverage.svg";
/// The reliability diagram.
pub const RELIABILITY_FILE: &str = "reliability.svg";
/// The confusion matrix.
pub const CONFUSION_FILE: &str = "confusion.svg";

/// All plots of a version, by file.
pub(crate) fn draw(
    name: &str,
    report: &Report,
    confusion: &Confusion,
    labels: &[String],
    target: f64,
) -> [(&'static str, String); 3] {
    [
        (RISK_FILE, risk::draw(name, report, target)),
        (RELIABILITY_FILE, reliability::draw(name, report)),
        (CONFUSION_FILE, confusion::draw(name, confusion, labels)),
    ]
}

/// A share as a percentage, `2,5 %`: the plots are Danish first.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", 100.0 * share);
    let text = text.strip_suffix(".0").unwrap_or(&text);
    format!("{} %", text.replace('.', ","))
}

#[cfg(test)]
mod tests;
