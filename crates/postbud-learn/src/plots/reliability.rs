//! The reliability diagram: of the letters given 80 %, are 80 % right?

use postbud_evaluate::{Report, clopper_pearson};

use super::frame::Frame;
use super::percent;
use super::svg::{Anchor, Svg};

pub(super) fn draw(name: &str, report: &Report) -> String {
    let mut svg = Svg::new(560.0, 560.0);
    let frame = Frame { corner: (90.0, 490.0), size: (420.0, 420.0), most: (1.0, 1.0) };
    let head = format!("{name}: er sandsynlighederne sande?");
    svg.text("head", (90.0, 28.0), Anchor::Start, &head);
    svg.text("small", (90.0, 46.0), Anchor::Start, "Are the probabilities true?");
    frame.draw(&mut svg, "Modellens sandsynlighed (probability)", "Andel, der var rigtig (right)");
    svg.line("kept", frame.at(0.0, 0.0), frame.at(1.0, 1.0));
    let most = report.reliability.iter().map(|bin| bin.letters).max().unwrap_or(1).max(1);
    for bin in report.reliability.iter().filter(|bin| bin.letters > 0) {
        let right = (bin.right * bin.letters as f64).round() as u64;
        let between = clopper_pearson(right, bin.letters as u64, 0.95);
        let (low, high) =
            (frame.at(bin.probability, between.low), frame.at(bin.probability, between.high));
        svg.line("thin", low, high);
        // The area stands for the number of letters.
        let radius = 3.0 + 9.0 * (bin.letters as f64 / most as f64).sqrt();
        svg.circle("good", frame.at(bin.probability, bin.right), radius);
    }
    let told = format!(
        "Hver prik er de breve, hvis bedste postkasse fik omtrent samme sandsynlighed (vandret); lodret står, hvor mange af dem der var rigtige, med 95 %-interval. På den stiplede linje er modellen ærlig. Den gennemsnitlige afvigelse for {} breve er {}.",
        report.letters,
        percent(report.calibration_error)
    );
    svg.finish(&format!("{name}: kalibrering (reliability diagram)"), &told)
}
