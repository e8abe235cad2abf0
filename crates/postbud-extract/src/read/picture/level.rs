//! Level lines: how far a page is turned, found by how its ink falls into lines, and turned back.

use super::gray::{Gray, LONG_SIDE};

/// So many times smaller is a picture good enough for this.
const SMALLER: usize = 3;
/// Darker than this is ink, on evenly lit paper.
const INK: u8 = 160;
/// So many points of ink are enough.
const POINTS: usize = 60_000;
/// A page lies crooked by this many degrees at most.
const FURTHEST: f32 = 8.0;
/// Steps in degrees: first these, then those around the best.
const STEP: f32 = 0.5;
const FINE_STEP: f32 = 0.05;
/// A smaller turn than this, in degrees, is none.
const LEAST: f32 = 0.1;

/// The same picture with its lines level (or upright, when the page lies on its side), no larger
/// than OCR needs it.
pub(super) fn level(gray: &Gray) -> Gray {
    let turn = turned_by(gray);
    let scale = (gray.longer() as f32 / LONG_SIDE as f32).max(1.0);
    if turn.abs() < LEAST && scale <= 1.0 {
        return gray.clone();
    }
    let (sin, cos) = turn.to_radians().sin_cos();
    let side = |side: usize| ((side as f32 / scale) as usize).max(1);
    let (width, height) = (side(gray.width), side(gray.height));
    let middle = |side: usize| (side as f32 - 1.0) / 2.0;
    let (from_x, from_y) = (middle(gray.width), middle(gray.height));
    let (to_x, to_y) = (middle(width), middle(height));
    Gray::draw(width, height, |x, y| {
        let (x, y) = ((x as f32 - to_x) * scale, (y as f32 - to_y) * scale);
        gray.between(from_x + x * cos - y * sin, from_y + x * sin + y * cos)
    })
}

/// By how many degrees the lines fall to the right.
fn turned_by(gray: &Gray) -> f32 {
    let small = gray.smaller(SMALLER);
    let ink = ink(&small);
    let best = |middle: f32, width: f32, step: f32| {
        let steps = (width / step) as i32;
        let turns = (-steps..=steps).map(|n| middle + n as f32 * step);
        let sharp = turns.map(|turn| (sharpness(&ink, &small, turn), turn));
        sharp.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |(_, turn)| turn)
    };
    best(best(0.0, FURTHEST, STEP), STEP, FINE_STEP)
}

/// Where the ink is.
fn ink(gray: &Gray) -> Vec<(f32, f32)> {
    let rows = (0..gray.height).map(|y| (y, gray.row(y)));
    let dark = rows.flat_map(|(y, row)| {
        let dark = row.iter().enumerate().filter(|(_, point)| **point < INK);
        dark.map(move |(x, _)| (x as f32, y as f32))
    });
    let every = (dark.clone().count() / POINTS).max(1);
    dark.step_by(every).collect()
}

/// How sharply the ink falls into lines when it is turned back by so many degrees: lines of text
/// and the gaps between them differ most when they are level. Upright lines count as well.
fn sharpness(ink: &[(f32, f32)], gray: &Gray, turn: f32) -> f32 {
    let (sin, cos) = turn.to_radians().sin_cos();
    let far = gray.width + gray.height;
    let (mut level, mut upright) = (vec![0_u32; 2 * far], vec![0_u32; 2 * far]);
    for (x, y) in ink {
        for (sums, place) in [(&mut level, y * cos - x * sin), (&mut upright, x * cos + y * sin)] {
            if let Some(sum) = sums.get_mut((place + far as f32) as usize) {
                *sum += 1;
            }
        }
    }
    let edges = |sums: &[u32]| {
        let steps = sums.windows(2).map(|pair| match pair {
            [a, b] => a.abs_diff(*b) as f32,
            _ => 0.0,
        });
        steps.map(|step| step * step).sum::<f32>()
    };
    edges(&level).max(edges(&upright))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of broken ink, turned by so many degrees.
    fn lines(degrees: f32) -> Gray {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Gray::draw(900, 1200, |x, y| {
            let (x, y) = (x as f32 - 450.0, y as f32 - 600.0);
            let (across, down) = (x * cos + y * sin, y * cos - x * sin);
            let within = across.abs() < 350.0 && down.abs() < 500.0;
            let ink = down.rem_euclid(30.0) < 14.0 && (across * 0.7).rem_euclid(11.0) < 6.0;
            if within && ink { 0 } else { 255 }
        })
    }

    #[test]
    fn lines_are_found_however_they_lie() {
        for degrees in [-6.0, -2.0, 0.0, 0.4, 2.0, 5.3] {
            assert!((turned_by(&lines(degrees)) - degrees).abs() < 0.3, "{degrees}");
            let on_its_side = turned_by(&lines(degrees).turned(1));
            assert!((on_its_side - degrees).abs() < 0.3, "{degrees} on its side: {on_its_side}");
            assert!(turned_by(&level(&lines(degrees))).abs() < 0.2, "{degrees} levelled");
        }
    }

    #[test]
    fn nothing_and_everything_lie_level() {
        for shade in [0, 255] {
            let gray = Gray::draw(50, 7000, |_, _| shade);
            assert_eq!(level(&gray).height, LONG_SIDE);
        }
    }
}
