//! Fits stage 1: on all letters, and for each fold on the letters outside it.

use rayon::prelude::*;

use crate::corpus::{Corpus, FoldIdf, Weighted};
use crate::description;
use crate::error::TrainError;
use crate::linear::Linear;
use crate::nearness::{self, nearness};
use crate::sharpness::{Circumstances, circumstances};
use crate::svm::{SvmParams, Task};

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

/// A model of stage 1, and the matrix that it was trained on.
pub(crate) struct Fitted {
    pub(crate) linear: Linear,
    /// Where there are few letters.
    pub(crate) means: Option<Linear>,
    idf: FoldIdf,
    weighted: Weighted,
}

/// A letter as seen by the model that was trained without its fold.
pub(crate) struct Unseen {
    /// One score per label.
    pub(crate) scores: Vec<f64>,
    pub(crate) circumstances: Circumstances,
}

impl Stage1<'_> {
    /// The model of all letters outside the fold `without`, and what it was learnt from.
    pub(crate) fn fit(&self, without: Option<usize>) -> Result<Fitted, TrainError> {
        let corpus = self.corpus;
        let idf = corpus.idf(without);
        let mut weighted = corpus.weighted(&idf, without);
        let letters = corpus.rows();
        let descriptions = letters..letters + self.described.len();
        let weights = description::weights(self.described, self.labels, self.weight);
        for (price, weight) in weighted.prices[letters..].iter_mut().zip(weights) {
            price.weight = weight;
        }
        let take: Vec<u32> = (0..letters)
            .filter(|&row| Some(corpus.fold_of(row)) != without)
            .chain(descriptions.filter(|_| self.weight > 0.0))
            .filter_map(|row| u32::try_from(row).ok())
            .collect();
        let targets: Vec<u32> = self.targets.iter().chain(self.described).copied().collect();
        let solved = self.svm.fit_labels(Task {
            rows: corpus.view(&weighted),
            take: &take,
            targets: &targets,
            prices: &weighted.prices,
            labels: self.labels,
        })?;
        let means = nearness::PAYS
            .contains(&letters)
            .then(|| nearness::means(corpus.view(&weighted), &take, &targets, self.labels));
        Ok(Fitted { means, linear: Linear::quantise(&solved, self.svm.bias), idf, weighted })
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
                let unseen = self.judge(fold, &self.fit(Some(fold))?);
                fitted();
                Ok(unseen)
            })
            .collect::<Result<_, TrainError>>()?;
        let mut letters: Vec<(usize, Unseen)> = folds.into_iter().flatten().collect();
        letters.sort_by_key(|(row, _)| *row);
        Ok(letters.into_iter().map(|(_, unseen)| unseen).collect())
    }

    fn judge(&self, fold: usize, fitted: &Fitted) -> Vec<(usize, Unseen)> {
        let matrix = self.corpus.view(&fitted.weighted);
        let mut cosines = Vec::new();
        (0..self.corpus.rows())
            .filter(|&row| self.corpus.fold_of(row) == fold)
            .map(|row| {
                let (columns, values) = matrix.row(row);
                let mut scores = Vec::with_capacity(self.labels);
                fitted.linear.scores(columns, values, &mut scores);
                let (known, all) = self.corpus.known(row, &fitted.idf);
                let near = fitted
                    .means
                    .as_ref()
                    .map_or(0.0, |means| nearness(means, (columns, values), &scores, &mut cosines));
                let circumstances = circumstances(known, all, &scores, near);
                (row, Unseen { scores, circumstances })
            })
            .collect()
    }
}
