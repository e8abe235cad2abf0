//! Two axes with shares on them.

use super::percent;
use super::svg::{Anchor, Svg};

/// The frame of a plot: where its corner is, and how far its axes go.
pub(super) struct Frame {
    /// The corner at the lower left, in pixels.
    pub(super) corner: (f64, f64),
    /// Width and height, in pixels.
    pub(super) size: (f64, f64),
    /// What the end of either axis stands for; both begin at 0.
    pub(super) most: (f64, f64),
}

impl Frame {
    /// Where a pair of shares is drawn.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let part = |value: f64, most: f64| (value / most).clamp(0.0, 1.0);
        (
            self.corner.0 + self.size.0 * part(x, self.most.0),
            self.corner.1 - self.size.1 * part(y, self.most.1),
        )
    }

    /// Draws axes, grid and their names.
    pub(super) fn draw(&self, svg: &mut Svg, x_name: &str, y_name: &str) {
        const STEPS: u32 = 5;
        for step in 0..=STEPS {
            let part = f64::from(step) / f64::from(STEPS);
            let (x, y) = (part * self.most.0, part * self.most.1);
            let (on_x, on_y) = (self.at(x, 0.0), self.at(0.0, y));
            svg.line("grid", on_x, (on_x.0, self.corner.1 - self.size.1));
            svg.line("grid", on_y, (self.corner.0 + self.size.0, on_y.1));
            svg.text("small", (on_x.0, on_x.1 + 18.0), Anchor::Middle, &percent(x));
            svg.text("small", (on_y.0 - 8.0, on_y.1 + 4.0), Anchor::End, &percent(y));
        }
        svg.line("axis", self.corner, (self.corner.0 + self.size.0, self.corner.1));
        svg.line("axis", self.corner, (self.corner.0, self.corner.1 - self.size.1));
        let middle = self.corner.0 + self.size.0 / 2.0;
        svg.text("", (middle, self.corner.1 + 40.0), Anchor::Middle, x_name);
        let at = (self.corner.0 - 60.0, self.corner.1 - self.size.1 / 2.0);
        svg.turned_text("", at, Anchor::Middle, -90.0, y_name);
    }
}
