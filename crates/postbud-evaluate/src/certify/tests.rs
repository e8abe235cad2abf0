//! The promise on letters whose truth is known.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Letters of a calibrated model: the best of three labels is right as often as it says.
fn calibrated(letters: usize, seed: u64) -> Records {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut records = Records::new(3).unwrap();
    for _ in 0..letters {
        let label = random.random_range(0..3);
        let p = 1.0 - 0.6 * random.random::<f64>().powi(4);
        let right = random.random::<f64>() < p;
        let mut row = [(1.0 - p) / 2.0; 3];
        row[label] = p;
        let truth = if right { label } else { (label + 1) % 3 };
        records.push(Some(truth), &row).unwrap();
    }
    records
}

#[test]
fn thresholds_route_what_the_certificate_says() {
    let records = calibrated(2_000, 3);
    let policy = Policy::without(3, &[2]);
    let certificate = certify(&records, &policy, Promise::default());
    let applied = crate::curve::apply(&records, &policy, &certificate);
    assert_eq!(applied.routed, certificate.routed);
    assert_eq!(applied.errors, certificate.errors);
    assert!(certificate.routed > 200, "{certificate:?}");
    assert!(certificate.bound.unwrap() <= 0.02);
    assert_eq!(certificate.missing, Missing::Nothing);
    assert_eq!(certificate.thresholds[2], None);
    assert_eq!(certificate.thresholds[0], certificate.thresholds[1]);
}

#[test]
fn many_letters_give_every_mailbox_its_own_threshold() {
    let records = calibrated(20_000, 4);
    let certificate = certify(&records, &Policy::all(3), Promise::default());
    assert_eq!(certificate.groups.len(), 3);
    for group in &certificate.groups {
        assert!((group.confidence - (1.0 - 0.05 / 3.0)).abs() < 1e-12);
        assert!(group.bound.unwrap() <= 0.02);
    }
}

#[test]
fn with_too_few_letters_nothing_is_routed_and_the_want_is_named() {
    let records = calibrated(130, 5);
    let certificate = certify(&records, &Policy::all(3), Promise::default());
    assert_eq!(certificate.thresholds, [None; 3]);
    assert_eq!((certificate.routed, certificate.bound), (0, None));
    assert!(
        matches!(certificate.missing, Missing::Letters(more) if more > 80),
        "{:?}",
        certificate.missing
    );
}

#[test]
fn nothing_to_certify() {
    let records = calibrated(500, 6);
    let none = certify(&records, &Policy::without(3, &[0, 1, 2]), Promise::default());
    assert!(none.groups.is_empty() && none.routed == 0);
    let empty = certify(&Records::new(3).unwrap(), &Policy::all(3), Promise::default());
    assert_eq!(empty.missing, Missing::BetterModel);
}

#[test]
fn a_stricter_promise_never_routes_more() {
    let records = calibrated(3_000, 7);
    let routed = |target: f64, confidence: f64| {
        let promise = Promise::new(target, confidence).unwrap();
        certify(&records, &Policy::all(3), promise).routed
    };
    assert!(routed(0.02, 0.95) <= routed(0.05, 0.95));
    assert!(routed(0.05, 0.999) <= routed(0.05, 0.9));
}
