//! Text to features to probabilities: training, calibration, explanation, the model file.
//!
//! A letter becomes sparse features (words, pairs of words, characters within words, weighted by
//! how rare they are), a linear model scores every label (stage 1), and a calibration fitted on
//! letters that stage 1 had not seen turns scores into probabilities (stage 2).
//!
//! ```
//! use postbud_model::{Example, Text, TrainOptions, train};
//! let text = |body| Text { subject: "", body };
//! let letters = ["nyt pas til ferien", "mit pas er udløbet", "hul i vejen", "vejen har et hul"];
//! let labels = ["borgerservice", "borgerservice", "vej-park", "vej-park"];
//! let examples: Vec<Example> = letters
//!     .iter()
//!     .zip(labels)
//!     .map(|(body, label)| Example { text: text(body), label, group: None, sender: None, language: None })
//!     .collect();
//! let model = train(&examples, &TrainOptions::default(), &|_| ())?;
//! let (best, _) = model.predict(text("et stort hul på vejen")).best();
//! assert_eq!(model.labels()[best], "vej-park");
//! # Ok::<(), postbud_model::TrainError>(())
//! ```

mod bags;
mod calibrate;
mod corpus;
mod csr;
mod description;
mod error;
mod examples;
mod explain;
mod file;
mod folds;
mod grams;
mod linear;
mod model;
mod nearness;
mod payload;
mod reading;
mod records;
mod senders;
mod served;
mod sharpness;
mod softmax;
mod stage1;
mod stage2;
mod svm;
mod text;
mod train;
mod vocabulary;
mod words;

pub use calibrate::{CalibrationError, Method};
pub use corpus::FeatureOptions;
pub use csr::Csr;
pub use description::{Description, DescriptionError};
pub use error::{ModelFileError, TrainError};
pub use examples::{MAX_LABEL_BYTES, MAX_LABELS, MAX_LETTERS};
pub use explain::{Explanation, MASKED, WordContribution};
pub use grams::GramOptions;
pub use model::{Model, ModelInfo, Prediction};
pub use records::{OutOfFold, Record};
pub use svm::{Svm, SvmError, SvmParams};
pub use text::{MAX_BODY_BYTES, MAX_SUBJECT_BYTES, Part, Span, Text};
pub use train::{Example, Progress, TrainOptions, train};
