//! What is inside the model file, and that it fits together.

use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calibrate::{Calibration, Method};
use crate::error::ModelFileError;
use crate::linear::{Linear, exact};
use crate::model::{Model, ModelInfo, Parts};
use crate::records::OutOfFold;

/// The first format that holds the letters' languages.
const WITH_LANGUAGES: u16 = 3;
/// Features whose bytes are written at a time.
const SIDE: usize = 1_024;

/// Borrowed when written, owned when read; the same bytes.
#[derive(Serialize, Deserialize)]
struct Payload<Info, Records, Calibrated> {
    info: Info,
    /// Rising features, each as the distance from the one before: small numbers, few bytes.
    distances: Vec<u32>,
    frequencies: Vec<u32>,
    /// The upper halves of the scales; the lower are 0.
    scales: Vec<u16>,
    bias: Vec<f64>,
    calibration: Calibrated,
    out_of_fold: Records,
    /// Label by label, as bytes: the weights of one label compress better side by side.
    weights: Bytes,
}

/// The mean letter of each label, stored like the weights; all empty where there is none.
#[derive(Default, Serialize, Deserialize)]
struct Means {
    scales: Vec<u16>,
    weights: Bytes,
}

/// Bytes that serde takes in one piece; a vector would be read byte by byte, to the same effect.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
    }
}

pub(crate) fn encode(model: &Model) -> Result<Vec<u8>, ModelFileError> {
    // In the file features rise.
    let known = model.vocabulary.features();
    let mut order: Vec<u32> = (0..u32::try_from(known.len()).unwrap_or(u32::MAX)).collect();
    order.par_sort_unstable_by_key(|&column| known[column as usize]);
    let linear = model.served.linear().reordered(&order);
    let mut last = 0;
    let distances = order
        .iter()
        .map(|&column| known[column as usize])
        .map(|id| {
            let distance = id - last;
            last = id;
            distance
        })
        .collect();
    let payload = Payload {
        info: &model.info,
        distances,
        frequencies: order.iter().map(|&column| model.frequencies[column as usize]).collect(),
        scales: halves(&linear),
        weights: by_label(&linear),
        bias: linear.bias,
        calibration: &model.calibration,
        out_of_fold: &model.out_of_fold,
    };
    let means = model.served.means().map_or_else(Means::default, |means| {
        let means = means.reordered(&order);
        Means { scales: halves(&means), weights: by_label(&means) }
    });
    let familiarity = &model.out_of_fold.familiarity;
    postcard::to_stdvec(&payload)
        .and_then(|bytes| postcard::to_extend(familiarity, bytes))
        .and_then(|bytes| postcard::to_extend(&means, bytes))
        .and_then(|bytes| postcard::to_extend(&model.out_of_fold.languages, bytes))
        .map_err(|_| ModelFileError::Content { part: "encoding" })
}

/// Reads the content of a file of this format.
pub(crate) fn decode(bytes: &[u8], format: u16) -> Result<Parts, ModelFileError> {
    let damaged = |_| ModelFileError::Content { part: "encoding" };
    let (mut payload, rest): (Payload<ModelInfo, OutOfFold, Calibration>, _) =
        postcard::take_from_bytes(bytes).map_err(damaged)?;
    let (familiarity, rest) = postcard::take_from_bytes(rest).map_err(damaged)?;
    payload.out_of_fold.familiarity = familiarity;
    let (means, mut rest): (Means, _) = postcard::take_from_bytes(rest).map_err(damaged)?;
    if format >= WITH_LANGUAGES {
        (payload.out_of_fold.languages, rest) = postcard::take_from_bytes(rest).map_err(damaged)?;
    }
    check(&payload, &means, rest)?;
    let mut last = 0_u32;
    let mut features = Vec::with_capacity(payload.distances.len());
    for (index, distance) in payload.distances.into_iter().enumerate() {
        last = last
            .checked_add(distance)
            .filter(|_| index == 0 || distance > 0)
            .ok_or(ModelFileError::Content { part: "features" })?;
        features.push(last);
    }
    let labels = payload.info.labels.len();
    let width = features.len();
    let linear = |scales: &[u16], weights: &Bytes, bias: Vec<f64>| Linear {
        labels,
        scales: scales.iter().map(|&half| whole(half)).collect(),
        weights: by_feature(weights, width, labels),
        bias,
    };
    let means = (!means.scales.is_empty())
        .then(|| linear(&means.scales, &means.weights, vec![0.0; labels]));
    Ok(Parts {
        info: payload.info,
        features,
        frequencies: payload.frequencies,
        linear: linear(&payload.scales, &payload.weights, payload.bias),
        means,
        calibration: payload.calibration,
        out_of_fold: payload.out_of_fold,
    })
}

/// The upper halves of the scales.
fn halves(linear: &Linear) -> Vec<u16> {
    linear.scales.iter().map(|scale| (scale.to_bits() >> 16) as u16).collect()
}

fn whole(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

fn by_label(linear: &Linear) -> Bytes {
    let mut weights = Vec::with_capacity(linear.weights.len());
    for label in 0..linear.labels {
        let column = linear.weights.iter().skip(label).step_by(linear.labels);
        weights.extend(column.map(|weight| weight.cast_unsigned()));
    }
    Bytes(weights)
}

fn by_feature(stored: &Bytes, width: usize, labels: usize) -> Vec<i8> {
    let mut weights = vec![0_i8; stored.0.len()];
    // A few features at a time: their rows stay in the cache until every label is in.
    for (chunk, rows) in weights.chunks_mut((SIDE * labels).max(1)).enumerate() {
        for (label, column) in stored.0.chunks_exact(width.max(1)).enumerate() {
            let own = column.iter().skip(chunk * SIDE);
            for (row, &byte) in rows.chunks_exact_mut(labels).zip(own) {
                row[label] = byte.cast_signed();
            }
        }
    }
    weights
}

fn check(
    payload: &Payload<ModelInfo, OutOfFold, Calibration>,
    means: &Means,
    rest: &[u8],
) -> Result<(), ModelFileError> {
    let (labels, width) = (payload.info.labels.len(), payload.distances.len());
    let slopes = match payload.calibration.method {
        Method::Scaled => 1,
        Method::Stacked => labels * labels,
    };
    let numbers = &payload.calibration;
    let finite = numbers.slopes.iter().chain(&numbers.bias).all(|v| v.is_finite())
        && payload
            .scales
            .iter()
            .chain(&means.scales)
            .all(|&half| (0.0..=1.0).contains(&whole(half)))
        && payload.bias.iter().all(|b| b.abs() <= 1_000.0 && exact(*b) == *b);
    let options = payload.info.features;
    let fits = [
        (rest.is_empty(), "length"),
        (labels >= 2, "labels"),
        (payload.info.labels.is_sorted_by(|a, b| a.0 < b.0), "labels"),
        (payload.frequencies.len() == width, "frequencies"),
        (payload.scales.len() == width, "scales"),
        (payload.bias.len() == labels, "bias"),
        (width.checked_mul(labels) == Some(payload.weights.0.len()), "weights"),
        ([0, width].contains(&means.scales.len()), "means"),
        (means.scales.len().checked_mul(labels) == Some(means.weights.0.len()), "means"),
        (numbers.bias.len() == labels && numbers.slopes.len() == slopes, "calibration"),
        (payload.out_of_fold.consistent(labels), "records"),
        (options.idf_power.is_finite() && options.grams.chars_max <= 32, "features"),
        (finite, "numbers"),
    ];
    match fits.iter().find(|(fits, _)| !fits) {
        Some(&(_, part)) => Err(ModelFileError::Content { part }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nearness::PAYS;
    use crate::text::Text;
    use crate::train::{Example, TrainOptions, train};

    /// Just enough letters for a model that has means.
    fn model() -> Model {
        let topics =
            [("affald", "skraldespand tømt"), ("skole", "klasse time"), ("vej", "hul sne")];
        let bodies: Vec<String> = (0..*PAYS.start())
            .map(|n| format!("{} igen {} gange, {}", topics[n % 3].1, n % 7, topics[n / 3 % 3].1))
            .enumerate()
            .map(|(n, body)| format!("{body} sag{}", n % 50))
            .collect();
        let examples: Vec<Example<'_>> = bodies
            .iter()
            .enumerate()
            .map(|(n, body)| Example {
                text: Text { subject: "", body },
                label: topics[n % 3].0,
                group: None,
                sender: None,
                language: Some((n % 5) as u8),
            })
            .collect();
        train(&examples, &TrainOptions::default(), &|_| ()).unwrap()
    }

    /// The model's means with features rising, as they stand in its file.
    fn stored(model: &Model) -> Linear {
        let known = model.vocabulary.features();
        let mut order: Vec<u32> = (0..known.len() as u32).collect();
        order.sort_unstable_by_key(|&column| known[column as usize]);
        model.served.means().unwrap().reordered(&order)
    }

    /// The model's content with other means.
    fn with_means(model: &Model, change: impl Fn(&mut Means)) -> Result<Parts, ModelFileError> {
        let mut bytes = encode(model).unwrap();
        let stored = stored(model);
        let mut means = Means { scales: halves(&stored), weights: by_label(&stored) };
        let languages = postcard::to_stdvec(&model.out_of_fold.languages).unwrap();
        let own = [postcard::to_stdvec(&means).unwrap(), languages.clone()].concat();
        assert!(bytes.ends_with(&own), "means stand last but for the languages");
        bytes.truncate(bytes.len() - own.len());
        change(&mut means);
        bytes.extend(postcard::to_stdvec(&means).unwrap());
        bytes.extend(languages);
        decode(&bytes, WITH_LANGUAGES)
    }

    #[test]
    fn languages_come_back_and_files_from_before_know_none() {
        let model = model();
        let mut bytes = encode(&model).unwrap();
        let after = decode(&bytes, WITH_LANGUAGES).unwrap().out_of_fold;
        assert_eq!((after.language(7), after.language(after.len())), (Some(2), None));
        bytes.truncate(
            bytes.len() - postcard::to_stdvec(&model.out_of_fold.languages).unwrap().len(),
        );
        let before = decode(&bytes, WITH_LANGUAGES - 1).unwrap().out_of_fold;
        assert_eq!((before.len(), before.language(7)), (after.len(), None));
        assert!(decode(&bytes, WITH_LANGUAGES).is_err());
        // Too few for the letters there are.
        bytes.extend(postcard::to_stdvec(&vec![1_u8; 3]).unwrap());
        assert!(decode(&bytes, WITH_LANGUAGES).is_err());
    }

    #[test]
    fn means_come_back_as_they_were() {
        let before = model();
        let after = Model::from_bytes(&before.to_bytes().unwrap()).unwrap();
        assert!(stored(&before) == stored(&after));
        let text = Text { subject: "", body: "skraldespand igen, hul i klasse" };
        assert_eq!(before.predict(text), after.predict(text));
        assert_eq!(after.to_bytes().unwrap(), before.to_bytes().unwrap());
        // The means have a say, or nothing was tried.
        let parts = with_means(&before, |means| *means = Means::default()).unwrap();
        let without = Model::assemble(parts, [0; 32]);
        assert_ne!(before.predict(text), without.predict(text));
    }

    #[test]
    fn means_that_do_not_fit_are_refused() {
        let model = model();
        let refused = |change: fn(&mut Means)| match with_means(&model, change) {
            Err(ModelFileError::Content { part }) => part,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("means that do not fit were read"),
        };
        assert!(with_means(&model, |_| ()).is_ok());
        assert_eq!(refused(|means| means.scales.truncate(1)), "means");
        assert_eq!(refused(|means| means.weights.0.truncate(1)), "means");
        assert_eq!(refused(|means| means.scales.clear()), "means");
        assert_eq!(
            refused(|means| means.scales[0] = f32::NAN.to_bits().wrapping_shr(16) as u16),
            "numbers"
        );
    }
}
