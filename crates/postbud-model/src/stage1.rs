//! Fits stage 1: on all letters, and for each fold on the letters outside it.

use rayon::prelude::*;

use crate::corpus::{Corpus, FoldIdf};
use crate::csr::Csr;
use crate::error::TrainError;
use crate::linear::Linear;
use crate::sharpness::{Circumstances, circumstances};
use crate::svm::{RowPrice, SvmParams};

/// What stage 1 is trained on.
pub(crate) struct Stage1<'a> {
    pub(crate) corpus: &'a Corpus,
    /// Per letter, the position of its label.
    pub(crate) targets: &'a [u32],
    /// How many labels there are.
    pub(crate) labels: usize,
    /// Per part of a description, the position of its label.
    pub(crate) described: &'a [u32],
    /// Weight of a part of a description.
    pub(crate) weight: f32,
    pub(crate) svm: SvmParams,
}

/// A letter as seen by the model that was trained without its fold.
pub(crate) struct Unseen {
    /// One score per label.
    pub(crate) scores: Vec<f64>,
    pub(crate) circumstances: Circumstances,
}

impl Stage1<'_> {
    /// The model of all letters outside the fold `without`.
    pub(crate) fn fit(&self, without: Option<usize>) -> Result<(Linear, FoldIdf), TrainError> {
        let weights = self.corpus.idf(without);
        let inside = |row: usize| Some(self.corpus.fold_of(row)) != without;
        let (mut rows, mut prices) = self.corpus.training(&weights, inside);
        let mut targets: Vec<u32> = (0..self.corpus.rows())
            .filter(|&row| inside(row))
            .map(|row| self.targets[row])
            .collect();
        self.add_descriptions(&weights, &mut rows, &mut prices, &mut targets);
        let svm = self.svm.fit_rows(&rows, &targets, self.labels, &prices)?;
        Ok((Linear::quantise(&svm), weights))
    }

    fn add_descriptions(
        &self,
        weights: &FoldIdf,
        rows: &mut Csr,
        prices: &mut Vec<RowPrice>,
        targets: &mut Vec<u32>,
    ) {
        if self.weight <= 0.0 {
            return;
        }
        for (row, &label) in self.corpus.described(weights).zip(self.described) {
            rows.push_row(row);
            prices.push(RowPrice { weight: self.weight, private: 0.0 });
            targets.push(label);
        }
    }

    /// Every letter as seen by the model that left out its fold, in order. `fitted` is called
    /// after each model.
    pub(crate) fn out_of_fold(
        &self,
        fitted: &(dyn Fn() + Sync),
    ) -> Result<Vec<Unseen>, TrainError> {
        let folds: Vec<Vec<(usize, Unseen)>> = (0..self.corpus.folds())
            .into_par_iter()
            .map(|fold| {
                let (linear, weights) = self.fit(Some(fold))?;
                let unseen = self.judge(fold, &linear, &weights);
                fitted();
                Ok(unseen)
            })
            .collect::<Result<_, TrainError>>()?;
        let mut letters: Vec<(usize, Unseen)> = folds.into_iter().flatten().collect();
        letters.sort_by_key(|(row, _)| *row);
        Ok(letters.into_iter().map(|(_, unseen)| unseen).collect())
    }

    fn judge(&self, fold: usize, linear: &Linear, weights: &FoldIdf) -> Vec<(usize, Unseen)> {
        let inside = |row: usize| self.corpus.fold_of(row) == fold;
        let matrix = self.corpus.judging(weights, inside);
        let rows = (0..self.corpus.rows()).filter(|&row| inside(row));
        rows.enumerate()
            .map(|(index, row)| {
                let (columns, values) = matrix.row(index);
                let mut scores = Vec::with_capacity(self.labels);
                linear.scores(columns, values, &mut scores);
                let (known, all) = self.corpus.known(row, weights);
                let circumstances = circumstances(known, all, &scores);
                (row, Unseen { scores, circumstances })
            })
            .collect()
    }
}
