//! What a model knows of each feature as it is served: side by side in memory, so that a letter's
//! feature costs one or two cache lines instead of one in each of many tables.

use pulp::{Arch, Simd, WithSimd};

use crate::linear::{Linear, exact};

/// Labels are summed so many at a time.
const LANES: usize = 16;

/// The figures of one feature.
#[derive(Clone, Copy)]
struct Figures {
    idf: f32,
    scale: f32,
    /// The scale of the means; 0 where there are none.
    mean: f32,
}

/// The linear model, and the means of the labels where there are some.
pub(crate) struct Served {
    labels: usize,
    /// Lanes of one block: labels rounded up.
    lanes: usize,
    /// 1, or 2 with means.
    blocks: usize,
    figures: Vec<Figures>,
    /// Per feature and block, a byte per label and zeros up to the next lane.
    bytes: Vec<[i8; LANES]>,
    pub(crate) bias: Vec<f64>,
    processor: Arch,
}

/// Sums of one letter; scratch space.
#[derive(Default)]
pub(crate) struct Sums(Vec<f64>);

impl Served {
    pub(crate) fn new(linear: &Linear, means: Option<&Linear>, idf: &[f32]) -> Self {
        let (labels, lanes) = (linear.labels, linear.labels.div_ceil(LANES));
        let mut bytes = Vec::with_capacity(idf.len() * lanes * (1 + usize::from(means.is_some())));
        let mut figures = Vec::with_capacity(idf.len());
        for (column, &idf) in (0_u32..).zip(idf) {
            for block in [Some(linear), means].into_iter().flatten() {
                let (whole, rest) = block.row(column).as_chunks();
                bytes.extend_from_slice(whole);
                if !rest.is_empty() {
                    let mut lane = [0; LANES];
                    lane[..rest.len()].copy_from_slice(rest);
                    bytes.push(lane);
                }
            }
            let scale = |of: &Linear| of.scales.get(column as usize).copied().unwrap_or(0.0);
            figures.push(Figures { idf, scale: scale(linear), mean: means.map_or(0.0, scale) });
        }
        let blocks = 1 + usize::from(means.is_some());
        let (bias, processor) = (linear.bias.clone(), Arch::new());
        Self { labels, lanes, blocks, figures, bytes, bias, processor }
    }

    /// The linear model again.
    pub(crate) fn linear(&self) -> Linear {
        self.block(0, |figures| figures.scale, self.bias.clone())
    }

    /// The means again.
    pub(crate) fn means(&self) -> Option<Linear> {
        let bias = vec![0.0; self.labels];
        (self.blocks == 2).then(|| self.block(1, |figures| figures.mean, bias))
    }

    fn block(&self, block: usize, scale: fn(&Figures) -> f32, bias: Vec<f64>) -> Linear {
        let mut weights = Vec::with_capacity(self.figures.len() * self.labels);
        for row in self.bytes.chunks_exact(self.lanes * self.blocks) {
            let own = row[block * self.lanes..][..self.lanes].as_flattened();
            weights.extend_from_slice(&own[..self.labels]);
        }
        let scales = self.figures.iter().map(scale).collect();
        Linear { labels: self.labels, scales, weights, bias }
    }

    /// The weight of a feature by its rarity.
    #[inline]
    pub(crate) fn idf(&self, column: u32) -> f32 {
        self.figures[column as usize].idf
    }

    /// What a feature of this value adds to the score of a label: a whole number of units.
    #[inline]
    pub(crate) fn term(&self, column: u32, value: f32, label: usize) -> f64 {
        let factor = exact(f64::from(value) * f64::from(self.figures[column as usize].scale));
        factor * f64::from(self.row(column)[label])
    }

    #[inline(always)]
    fn row(&self, column: u32) -> &[i8] {
        let width = self.lanes * self.blocks;
        self.bytes[column as usize * width..][..width].as_flattened()
    }

    /// Decision scores of one letter, one per label, and its cosines with the means: as
    /// [`Linear::scores`] of either, bit by bit, since every sum is exact. Cosines stay empty where
    /// there are no means.
    pub(crate) fn scores(
        &self,
        (columns, values): (&[u32], &[f32]),
        sums: &mut Sums,
        scores: &mut Vec<f64>,
        cosines: &mut Vec<f64>,
    ) {
        let sums = &mut sums.0;
        sums.clear();
        sums.resize(self.lanes * self.blocks * LANES, 0.0);
        // With the widest registers that this processor has.
        self.processor.dispatch(Adding { served: self, columns, values, sums });
        let (first, second) = sums.split_at(self.lanes * LANES);
        scores.clear();
        scores.extend(self.bias.iter().zip(first).map(|(bias, sum)| bias + sum));
        cosines.clear();
        cosines.extend(second.iter().take(self.labels));
    }

    #[inline(always)]
    fn add_all(&self, columns: &[u32], values: &[f32], sums: &mut [f64]) {
        // Four features at a time, so that each sum is fetched and stored a fourth as often. What is
        // missing at the end are features of value 0.
        let (fours, rest) = columns.as_chunks::<4>();
        let (four_values, rest_values) = values.as_chunks::<4>();
        for (&columns, &values) in fours.iter().zip(four_values) {
            self.add(columns, values, sums);
        }
        if !rest.is_empty() {
            let (mut columns, mut values) = ([rest[0]; 4], [0.0; 4]);
            columns[..rest.len()].copy_from_slice(rest);
            values[..rest.len()].copy_from_slice(rest_values);
            self.add(columns, values, sums);
        }
    }

    #[inline(always)]
    fn add(&self, columns: [u32; 4], values: [f32; 4], sums: &mut [f64]) {
        let figures = columns.map(|column| self.figures[column as usize]);
        let rows = columns.map(|column| self.row(column));
        let block = self.lanes * LANES;
        let (first, second) = sums.split_at_mut(block);
        let factor = |i: usize, scale: f32| exact(f64::from(values[i]) * f64::from(scale));
        let factors = std::array::from_fn(|i| factor(i, figures[i].scale));
        add_four(rows.map(|row| &row[..block]), factors, first);
        if !second.is_empty() {
            let factors = std::array::from_fn(|i| factor(i, figures[i].mean));
            add_four(rows.map(|row| &row[block..]), factors, second);
        }
    }
}

#[inline(always)]
fn add_four(rows: [&[i8]; 4], [f0, f1, f2, f3]: [f64; 4], sums: &mut [f64]) {
    let [r0, r1, r2, r3] = rows;
    let rows = r0.iter().zip(r1).zip(r2.iter().zip(r3));
    for (sum, ((&w0, &w1), (&w2, &w3))) in sums.iter_mut().zip(rows) {
        *sum +=
            (f0 * f64::from(w0) + f1 * f64::from(w1)) + (f2 * f64::from(w2) + f3 * f64::from(w3));
    }
}

/// A letter's features and the sums that they are added to.
struct Adding<'a> {
    served: &'a Served,
    columns: &'a [u32],
    values: &'a [f32],
    sums: &'a mut [f64],
}

impl WithSimd for Adding<'_> {
    type Output = ();

    /// Compiled for each kind of processor; what it computes is the same on all.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.served.add_all(self.columns, self.values, self.sums);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn linear(width: usize, labels: usize, seed: usize, bias: f32) -> Linear {
        let weight =
            |label: usize, i: usize| ((i * 29 + label * 13 + seed) % 97) as f32 / 40.0 - 1.2;
        let solved: Vec<Vec<f32>> =
            (0..labels).map(|label| (0..=width).map(|i| weight(label, i)).collect()).collect();
        Linear::quantise(&solved, bias)
    }

    proptest! {
        #[test]
        fn served_is_what_was_learnt(
            values in prop::collection::vec(-1.0_f32..1.0, 0..40),
            labels in 1_usize..20,
            with_means in any::<bool>(),
        ) {
            let width = values.len();
            let learnt = linear(width, labels, 0, 1.0);
            let means = with_means.then(|| linear(width, labels, 5, 0.0));
            let idf: Vec<f32> = (0..width).map(|i| i as f32 / 7.0).collect();
            let served = Served::new(&learnt, means.as_ref(), &idf);
            prop_assert!(served.linear() == learnt);
            prop_assert!(served.means() == means);
            let columns: Vec<u32> = (0..u32::try_from(width)?).collect();
            let (mut scores, mut cosines) = (Vec::new(), Vec::new());
            served.scores((&columns, &values), &mut Sums::default(), &mut scores, &mut cosines);
            let bits = |of: &[f64]| of.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            let mut expected = Vec::new();
            learnt.scores(&columns, &values, &mut expected);
            prop_assert_eq!(bits(&scores), bits(&expected));
            for (label, &score) in scores.iter().enumerate() {
                let terms = columns.iter().zip(&values).map(|(&c, &v)| served.term(c, v, label));
                prop_assert_eq!(learnt.bias[label] + terms.sum::<f64>(), score);
            }
            expected.clear();
            if let Some(means) = means {
                means.scores(&columns, &values, &mut expected);
            }
            prop_assert_eq!(cosines, expected);
        }
    }
}
