//! What is inside the model file, and that it fits together.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calibrate::{Calibration, Method};
use crate::error::ModelFileError;
use crate::linear::{Linear, exact};
use crate::model::{Model, ModelInfo, Parts};
use crate::records::OutOfFold;

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

/// Bytes that serde takes in one piece; a vector would be read byte by byte, to the same effect.
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
    let mut last = 0;
    let distances = model
        .vocabulary
        .features()
        .iter()
        .map(|&id| {
            let distance = id - last;
            last = id;
            distance
        })
        .collect();
    let labels = model.linear.labels;
    let mut weights = Vec::with_capacity(model.linear.weights.len());
    for label in 0..labels {
        let column = model.linear.weights.iter().skip(label).step_by(labels);
        weights.extend(column.map(|weight| weight.cast_unsigned()));
    }
    let payload = Payload {
        info: &model.info,
        distances,
        frequencies: model.frequencies.clone(),
        scales: model.linear.scales.iter().map(|s| (s.to_bits() >> 16) as u16).collect(),
        bias: model.linear.bias.clone(),
        calibration: &model.calibration,
        out_of_fold: &model.out_of_fold,
        weights: Bytes(weights),
    };
    // Behind the rest, so that readers of files without it know by the length.
    let familiarity = &model.out_of_fold.familiarity;
    postcard::to_stdvec(&payload)
        .and_then(|bytes| postcard::to_extend(familiarity, bytes))
        .map_err(|_| ModelFileError::Content { part: "encoding" })
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Parts, ModelFileError> {
    let (mut payload, mut rest): (Payload<ModelInfo, OutOfFold, Calibration>, _) =
        postcard::take_from_bytes(bytes)
            .map_err(|_| ModelFileError::Content { part: "encoding" })?;
    // Files of earlier versions end here.
    if !rest.is_empty() {
        (payload.out_of_fold.familiarity, rest) = postcard::take_from_bytes(rest)
            .map_err(|_| ModelFileError::Content { part: "encoding" })?;
    }
    check(&payload, rest)?;
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
    let mut weights = vec![0_i8; payload.weights.0.len()];
    // A few features at a time: their rows stay in the cache until every label is in.
    for (chunk, rows) in weights.chunks_mut((SIDE * labels).max(1)).enumerate() {
        for (label, column) in payload.weights.0.chunks_exact(width.max(1)).enumerate() {
            let own = column.iter().skip(chunk * SIDE);
            for (row, &byte) in rows.chunks_exact_mut(labels).zip(own) {
                row[label] = byte.cast_signed();
            }
        }
    }
    let scales = payload.scales.iter().map(|&s| f32::from_bits(u32::from(s) << 16)).collect();
    Ok(Parts {
        info: payload.info,
        features,
        frequencies: payload.frequencies,
        linear: Linear { labels, scales, weights, bias: payload.bias },
        calibration: payload.calibration,
        out_of_fold: payload.out_of_fold,
    })
}

fn check(
    payload: &Payload<ModelInfo, OutOfFold, Calibration>,
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
            .all(|&s| (0.0..=1.0).contains(&f32::from_bits(u32::from(s) << 16)))
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
