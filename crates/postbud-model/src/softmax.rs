//! Probabilities from scores, never NaN.

/// Replaces scores by probabilities that are finite and add up to 1.
pub(crate) fn softmax(scores: &mut [f64]) {
    let max = scores.iter().copied().filter(|s| s.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = if score.is_finite() { (*score - max).exp() } else { 0.0 };
        sum += *score;
    }
    let even = 1.0 / scores.len().max(1) as f64;
    for score in scores.iter_mut() {
        *score = if sum > 0.0 { *score / sum } else { even };
    }
}

/// The position of the largest value, the first of equals; 0 for none.
pub(crate) fn argmax(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// Mean of `-ln p` of the true labels, probabilities cut off at 1e-12.
pub(crate) fn log_loss<'a>(rows: impl IntoIterator<Item = (&'a [f64], u32)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for (row, label) in rows {
        sum -= row.get(label as usize).copied().unwrap_or(0.0).max(1e-12).ln();
        count += 1;
    }
    sum / f64::from(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn always_a_distribution(mut scores in prop::collection::vec(prop::num::f64::ANY, 1..40)) {
            softmax(&mut scores);
            prop_assert!(scores.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((scores.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
