//! Even light: paper is white in every corner, whatever lamp it lay under.

use super::gray::Gray;

/// The paper's brightness is measured in squares of so many points: larger than letters, smaller
/// than shadows.
const SQUARE: usize = 32;
/// So many of a hundred points of a square are darker than its paper: ink, and noise.
const DARKER: usize = 80;
/// Darker paper than this is no paper, and is not made white.
const DARKEST_PAPER: u8 = 60;

/// The same picture on white paper.
pub(super) fn even(gray: &Gray) -> Gray {
    let paper = spread(&paper(gray));
    let scale = SQUARE as f32;
    Gray::draw(gray.width, gray.height, |x, y| {
        let (across, down) = ((x as f32 / scale - 0.5).max(0.0), (y as f32 / scale - 0.5).max(0.0));
        let paper = u32::from(paper.between(across, down).max(DARKEST_PAPER));
        u8::try_from(u32::from(gray.at(x, y)) * 255 / paper).unwrap_or(255)
    })
}

/// How bright the paper is in each square.
fn paper(gray: &Gray) -> Gray {
    Gray::draw(gray.width.div_ceil(SQUARE), gray.height.div_ceil(SQUARE), |x, y| {
        let mut counts = [0_usize; 256];
        let mut all = 0;
        for y in y * SQUARE..((y + 1) * SQUARE).min(gray.height) {
            let row = gray.row(y);
            let end = ((x + 1) * SQUARE).min(row.len());
            for point in row.get(x * SQUARE..end).unwrap_or_default() {
                if let Some(count) = counts.get_mut(usize::from(*point)) {
                    *count += 1;
                }
                all += 1;
            }
        }
        let mut left = all * DARKER / 100;
        let brightness = counts.iter().position(|count| {
            let found = *count > left;
            left = left.saturating_sub(*count);
            found
        });
        brightness.and_then(|at| u8::try_from(at).ok()).unwrap_or(255)
    })
}

/// A square full of ink has the paper of its neighbours.
fn spread(paper: &Gray) -> Gray {
    Gray::draw(paper.width, paper.height, |x, y| {
        let near = |at: usize, most: usize| at.saturating_sub(1)..=(at + 1).min(most - 1);
        let rows = near(y, paper.height);
        rows.flat_map(|y| near(x, paper.width).map(move |x| (x, y)))
            .map(|(x, y)| paper.at(x, y))
            .max()
            .unwrap_or(255)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_becomes_white_and_ink_stays() {
        let ink = |x: usize, y: usize| x % 16 < 3 && y % 16 < 10;
        let shaded = Gray::draw(320, 320, |x, y| {
            let paper = 120 + x / 4;
            u8::try_from(if ink(x, y) { paper / 4 } else { paper }).unwrap()
        });
        let even = even(&shaded);
        for (x, y) in (0..320).flat_map(|x| (0..320).map(move |y| (x, y))) {
            let point = even.at(x, y);
            assert!(if ink(x, y) { point < 90 } else { point > 200 }, "{x} {y}: {point}");
        }
    }
}
