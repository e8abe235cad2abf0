//! The mean letter of each label: a second, simpler opinion.
//!
//! The linear model says which label; how near the letter lies to the mean of that label's
//! letters, compared with the means of the others, says something about how far to believe it
//! that no figure of the linear model does. It is one of the circumstances that sharpness is
//! fitted on, and pays where letters are few.

use crate::csr::Rows;
use crate::linear::Linear;
use crate::softmax::{argmax, softmax};

/// So many letters there must be for means. From fewer than 200 stage 2 cannot learn what nearness
/// is worth; on 13,500 it was worth nothing that could be told from chance, and means double the
/// model.
pub(crate) const PAYS: std::ops::RangeInclusive<usize> = 200..=5_000;

/// Sharpens cosines before they are compared: between the means of two labels a letter's cosines
/// differ by hundredths. 25 and 80 were worth less.
const SHARPEN: f64 = 46.0;

/// The mean of each label's rows, at length 1, as a linear model: its scores are cosines, up to
/// the length of the letter, which is the same for all.
pub(crate) fn means(rows: Rows<'_>, take: &[u32], targets: &[u32], labels: usize) -> Linear {
    let mut sums = vec![vec![0.0_f32; rows.width() + 1]; labels];
    for &row in take {
        let label = targets.get(row as usize).copied().unwrap_or(u32::MAX);
        let Some(own) = sums.get_mut(label as usize) else { continue };
        let (columns, values) = rows.row(row as usize);
        for (&column, &value) in columns.iter().zip(values) {
            own[column as usize] += value;
        }
    }
    for own in &mut sums {
        let square: f64 = own.iter().map(|&sum| f64::from(sum).powi(2)).sum();
        let scale = if square > 0.0 { square.sqrt().recip() as f32 } else { 0.0 };
        own.iter_mut().for_each(|sum| *sum *= scale);
    }
    Linear::quantise(&sums, 0.0)
}

/// How much nearer a letter is to the mean of the label with the largest of `scores` than to the
/// others: 0 to 1. `cosines` is scratch space.
pub(crate) fn nearness(
    means: &Linear,
    (columns, values): (&[u32], &[f32]),
    scores: &[f64],
    cosines: &mut Vec<f64>,
) -> f64 {
    means.scores(columns, values, cosines);
    compared(cosines, scores)
}

/// The same for a letter with these cosines, which are lost.
pub(crate) fn compared(cosines: &mut [f64], scores: &[f64]) -> f64 {
    cosines.iter_mut().for_each(|cosine| *cosine *= SHARPEN);
    softmax(cosines);
    cosines.get(argmax(scores)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_nearest_to_their_own() {
        let (starts, columns) = ([0, 2, 4, 6], [0, 1, 0, 2, 1, 2]);
        let values = [0.8, 0.6, 0.6, 0.8, 0.6, 0.8];
        let rows = Rows::new(&starts, &columns, &values, 3);
        let means = means(rows, &[0, 2], &[0, 1, 1], 2);
        let near =
            |row: usize, scores: &[f64]| nearness(&means, rows.row(row), scores, &mut Vec::new());
        assert!(near(0, &[1.0, 0.0]) > 0.9);
        assert!(near(0, &[0.0, 1.0]) < 0.1);
        // A row that was not taken changes no mean: it lies nearer to the last one's.
        assert!(near(1, &[0.0, 1.0]) > 0.9);
        assert_eq!(near(9, &[0.0, 0.0]), 0.5, "an empty letter is near to none");
    }
}
