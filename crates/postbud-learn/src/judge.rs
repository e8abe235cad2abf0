//! Lets a model say what it thinks of letters whose label is known.

use postbud_evaluate::{Familiarity, RecordError, Records};
use postbud_model::{Model, Prediction, Text};

use crate::letter::LabelledLetter;

/// The model's probabilities for letters it was not trained on, beside their labels. A label that
/// the model does not know is wrong wherever the letter goes.
///
/// # Errors
/// [`RecordError`] when the model gives no probabilities.
pub fn judge(model: &Model, letters: &[&LabelledLetter]) -> Result<Records, RecordError> {
    let texts: Vec<Text<'_>> = letters.iter().map(|letter| letter.text()).collect();
    let mut records = Records::new(model.labels().len())?;
    for (letter, prediction) in letters.iter().zip(model.predict_batch(&texts)) {
        let seen = Some(familiarity(&prediction));
        records.push_seen(model.position(&letter.label), &prediction.probabilities, seen)?;
        records.note_language(Some(letter.glanced()));
    }
    Ok(records)
}

/// The probabilities that the model's file holds for each of its training letters, by models that
/// had not seen that letter.
///
/// # Errors
/// [`RecordError`] when they are no probabilities.
pub fn out_of_fold(model: &Model) -> Result<Records, RecordError> {
    let held = model.out_of_fold();
    let mut records = Records::new(model.labels().len())?;
    for letter in 0..held.len() {
        let truth = held.record(letter).map(|record| record.truth);
        let seen = held.familiarity(letter);
        let seen = seen.map(|(known, grams)| Familiarity { known, grams });
        records.push_seen(truth, &held.probabilities(letter), seen)?;
        records.note_language(held.language(letter));
    }
    Ok(records)
}

/// What a gate looks at.
#[must_use]
pub fn familiarity(prediction: &Prediction) -> Familiarity {
    Familiarity { known: prediction.known, grams: prediction.grams }
}
