//! Risk against coverage: the more is routed, the more of it is wrong.

use postbud_evaluate::Report;

use super::frame::Frame;
use super::percent;
use super::svg::{Anchor, Svg};

/// Ends of the error axis, of which the first that holds the curve is taken.
const ENDS: [f64; 6] = [0.05, 0.1, 0.2, 0.4, 0.6, 1.0];

pub(super) fn draw(name: &str, report: &Report, target: f64) -> String {
    let highest = report.curve.iter().map(|point| point.error).fold(2.0 * target, f64::max);
    let end = ENDS.into_iter().find(|&end| end >= highest).unwrap_or(1.0);
    let mut svg = Svg::new(640.0, 460.0);
    let frame = Frame { corner: (90.0, 390.0), size: (520.0, 320.0), most: (1.0, end) };
    svg.text("head", (90.0, 28.0), Anchor::Start, &format!("{name}: fejl mod dækning"));
    svg.text("small", (90.0, 46.0), Anchor::Start, "Error against coverage");
    frame.draw(
        &mut svg,
        "Andel af brevene, der fordeles automatisk (routed)",
        "Heraf forkert (wrong)",
    );
    let points: Vec<(f64, f64)> =
        report.curve.iter().map(|point| frame.at(point.coverage, point.error)).collect();
    svg.path("line", &points);
    let (from, to) = (frame.at(0.0, target), frame.at(1.0, target));
    svg.line("kept", from, to);
    let promise = format!("løftet: højst {}", percent(target));
    svg.text("small", (to.0 - 6.0, to.1 - 6.0), Anchor::End, &promise);
    let mut told = format!(
        "Kurven viser for hver fælles tærskel, hvor stor en del af {} breve der ville blive fordelt automatisk (vandret), og hvor stor en del af dem der ville havne forkert (lodret).",
        report.letters
    );
    if let Some(certified) = report.certified.filter(|certified| certified.applied.routed > 0) {
        let applied = certified.applied;
        svg.circle("spot", frame.at(applied.coverage, applied.error), 6.0);
        told += &format!(
            " De godkendte tærskler (prikken) fordeler {}, heraf {} forkert.",
            percent(applied.coverage),
            percent(applied.error)
        );
    }
    svg.finish(&format!("{name}: fejl mod dækning (error against coverage)"), &told)
}
