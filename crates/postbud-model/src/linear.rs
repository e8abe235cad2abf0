//! The linear model as it is stored and served: one byte per weight, sums without rounding.
//!
//! Every term (feature value × scale × byte) is a whole number of [`UNIT`]s, so sums come out
//! the same in any order, and an explanation adds up exactly to the score.

/// Scores are whole multiples of 2⁻⁴⁰. An `f64` holds 2¹³ = 8,192 of them per unit exactly, far
/// more than any score.
pub(crate) const UNIT: f64 = 1.0 / 1_099_511_627_776.0;

/// Features whose bytes are written at a time.
const SIDE: usize = 1_024;

/// Weights in bytes with one scale per feature.
#[derive(Clone, PartialEq)]
pub(crate) struct Linear {
    pub(crate) labels: usize,
    /// Per feature, a scale whose lower 16 bits are 0.
    pub(crate) scales: Vec<f32>,
    /// Features × labels.
    pub(crate) weights: Vec<i8>,
    /// Per label, a multiple of [`UNIT`].
    pub(crate) bias: Vec<f64>,
}

/// To the nearest multiple of [`UNIT`], of equals to the even one; for values below 2¹¹, which all
/// terms and biases are. Between 2¹² and 2¹³ neighbouring floats are one unit apart, so a sum there
/// is rounded by the processor itself, which is faster than a call that rounds.
#[inline(always)]
pub(crate) fn exact(value: f64) -> f64 {
    const UP: f64 = 6_144.0;
    (value + UP) - UP
}

/// The smallest float of 16 significant bits that is at least `value`.
fn round_up(value: f32) -> f32 {
    let cut = f32::from_bits(value.to_bits() & 0xffff_0000);
    if cut >= value { cut } else { f32::from_bits((value.to_bits() & 0xffff_0000) + 0x1_0000) }
}

impl Linear {
    /// Rounds the weights of the labels (one per feature, and a last one that times `bias` is the
    /// label's bias) to bytes: an error of at most 1/254 of the largest weight of the same feature.
    pub(crate) fn quantise(solved: &[Vec<f32>], bias: f32) -> Self {
        let labels = solved.len();
        let width = solved.first().map_or(0, |w| w.len().saturating_sub(1));
        let mut largest = vec![0.0_f32; width];
        for w in solved {
            for (max, w) in largest.iter_mut().zip(w) {
                *max = max.max(w.abs());
            }
        }
        let scales: Vec<f32> = largest.into_iter().map(|max| round_up(max / 127.0)).collect();
        let mut weights = vec![0_i8; width * labels];
        // A few features at a time: their rows stay in the cache until every label is in.
        for (chunk, rows) in weights.chunks_mut((SIDE * labels).max(1)).enumerate() {
            for (label, w) in solved.iter().enumerate() {
                let own = w.iter().zip(&scales).skip(chunk * SIDE);
                for (row, (w, &scale)) in rows.chunks_exact_mut(labels).zip(own) {
                    let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
                    row[label] = (w * inverse).round().clamp(-127.0, 127.0) as i8;
                }
            }
        }
        let bias = solved.iter().map(|w| w.last().map_or(0.0, |w| w * bias));
        let bias = bias.map(|bias| exact(f64::from(bias))).collect();
        Self { labels, scales, weights, bias }
    }

    /// The same features in another order: first the one at `order[0]`.
    pub(crate) fn reordered(&self, order: &[u32]) -> Self {
        let mut weights = Vec::with_capacity(self.weights.len());
        order.iter().for_each(|&column| weights.extend_from_slice(self.row(column)));
        let scales = order.iter().filter_map(|&column| self.scales.get(column as usize));
        Self {
            labels: self.labels,
            scales: scales.copied().collect(),
            weights,
            bias: self.bias.clone(),
        }
    }

    /// The factor that turns a byte of this feature into a term, for a feature of this value.
    #[inline]
    pub(crate) fn factor(&self, column: u32, value: f32) -> f64 {
        let scale = self.scales.get(column as usize).copied().unwrap_or(0.0);
        exact(f64::from(value) * f64::from(scale))
    }

    /// The bytes of one feature, one per label.
    #[inline]
    pub(crate) fn row(&self, column: u32) -> &[i8] {
        let at = column as usize * self.labels;
        self.weights.get(at..at + self.labels).unwrap_or_default()
    }

    /// Decision scores of one letter, one per label.
    pub(crate) fn scores(&self, columns: &[u32], values: &[f32], out: &mut Vec<f64>) {
        out.clear();
        out.extend_from_slice(&self.bias);
        // Four features at a time, so that each sum is fetched and stored a fourth as often; they
        // are exact, so the order is free.
        let (fours, rest) = columns.as_chunks::<4>();
        let (four_values, rest_values) = values.as_chunks::<4>();
        for (columns, values) in fours.iter().zip(four_values) {
            let [f0, f1, f2, f3] = std::array::from_fn(|i| self.factor(columns[i], values[i]));
            let [r0, r1, r2, r3] = columns.map(|column| self.row(column));
            let rows = r0.iter().zip(r1).zip(r2.iter().zip(r3));
            for (out, ((&w0, &w1), (&w2, &w3))) in out.iter_mut().zip(rows) {
                *out += (f0 * f64::from(w0) + f1 * f64::from(w1))
                    + (f2 * f64::from(w2) + f3 * f64::from(w3));
            }
        }
        for (&column, &value) in rest.iter().zip(rest_values) {
            let factor = self.factor(column, value);
            for (out, &weight) in out.iter_mut().zip(self.row(column)) {
                *out += factor * f64::from(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exact_is_the_nearest_unit(value in -2_048.0_f64..2_048.0, small in -1e-9_f64..1e-9) {
            for value in [value, small] {
                prop_assert_eq!(exact(value), (value / UNIT).round_ties_even() * UNIT);
            }
        }

        #[test]
        fn bytes_stay_close(weights in prop::collection::vec(-3.0_f32..3.0, 12)) {
            let own = |label| weights.iter().skip(label).step_by(4).copied().chain([0.1]).collect();
            let solved: Vec<Vec<f32>> = (0..4).map(own).collect();
            let linear = Linear::quantise(&solved, 1.0);
            for (index, weight) in weights.iter().enumerate() {
                let row = &weights[index / 4 * 4..index / 4 * 4 + 4];
                let largest = row.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
                let back = f32::from(linear.weights[index]) * linear.scales[index / 4];
                prop_assert!((back - weight).abs() <= largest / 250.0);
            }
        }

        #[test]
        fn four_at_a_time_is_the_same_as_one(
            values in prop::collection::vec(-1.0_f32..1.0, 0..40),
            labels in 1_usize..9,
        ) {
            let width = values.len();
            let weight = |label: usize, i: usize| ((i * 29 + label * 13) % 97) as f32 / 40.0 - 1.2;
            let own = |label| (0..=width).map(|i| weight(label, i)).collect();
            let solved: Vec<Vec<f32>> = (0..labels).map(own).collect();
            let linear = Linear::quantise(&solved, 1.0);
            let columns: Vec<u32> = (0..u32::try_from(width)?).collect();
            let mut found = Vec::new();
            linear.scores(&columns, &values, &mut found);
            let mut expected = linear.bias.clone();
            for (&column, &value) in columns.iter().zip(&values) {
                for (sum, &weight) in expected.iter_mut().zip(linear.row(column)) {
                    *sum += linear.factor(column, value) * f64::from(weight);
                }
            }
            let bits = |of: &[f64]| of.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&found), bits(&expected));
        }

        #[test]
        fn sums_do_not_depend_on_the_order(
            values in prop::collection::vec(-1.0_f32..1.0, 1..60),
            seed in any::<u8>(),
        ) {
            let count = values.len();
            let mut weights: Vec<f32> =
                (0..count).map(|i| ((i * 37 + usize::from(seed)) % 101) as f32 / 50.0 - 1.0).collect();
            weights.push(0.3);
            let linear = Linear::quantise(&[weights], 1.0);
            let forward: Vec<u32> = (0..u32::try_from(count)?).collect();
            let backward: Vec<u32> = forward.iter().rev().copied().collect();
            let reversed: Vec<f32> = values.iter().rev().copied().collect();
            let (mut a, mut b) = (Vec::new(), Vec::new());
            linear.scores(&forward, &values, &mut a);
            linear.scores(&backward, &reversed, &mut b);
            prop_assert_eq!(a, b);
        }
    }
}
