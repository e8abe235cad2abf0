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

/// `e^x` within 1 part in 100,000 for `x` from -87 to 0: two to the whole part by the exponent
/// bits, the rest by its series. Without branches, so that a row is computed several at a time.
#[inline(always)]
fn exp_f32(x: f32) -> f32 {
    let power = x.max(-87.0) * std::f32::consts::LOG2_E;
    // Nearest whole number: adding 1.5 · 2²³ leaves it in the lowest bits.
    let shifted = power + 12_582_912.0;
    let whole = shifted - 12_582_912.0;
    let rest = (power - whole) * std::f32::consts::LN_2;
    let series =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest / 120.0))));
    let exponent = shifted.to_bits().wrapping_sub(0x4b40_0000).wrapping_add(127) << 23;
    series * f32::from_bits(exponent)
}

/// As [`softmax`], for fitting: scores must be finite.
pub(crate) fn softmax_f32(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in scores.iter_mut() {
        *score = exp_f32(*score - max);
    }
    let inverse = 1.0 / scores.iter().sum::<f32>();
    for score in scores.iter_mut() {
        *score *= inverse;
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

    #[test]
    fn the_fast_exponential_is_right() {
        for step in 0..8_000_u16 {
            let x = -f32::from(step) / 100.0;
            let (fast, slow) = (f64::from(exp_f32(x)), f64::from(x).exp());
            assert!((fast - slow).abs() <= 1e-5 * slow, "{x}: {fast} {slow}");
        }
    }

    proptest! {
        #[test]
        fn always_a_distribution(mut scores in prop::collection::vec(prop::num::f64::ANY, 1..40)) {
            softmax(&mut scores);
            prop_assert!(scores.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((scores.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
