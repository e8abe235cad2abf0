//! How good a model is, how far to trust it, and from which probability on letters may be routed
//! without a person. Pure computation: no files, no clock, no randomness without a seed.
//!
//! Give it [`Records`]: for every letter the true label and the probability of each label, by a
//! model that was not trained on that letter. [`Report`] holds all figures; [`certify()`] chooses
//! thresholds that keep a [`Promise`]; [`simulate`] shows that they do.
//!
//! ```
//! use postbud_evaluate::{Policy, Promise, Records, Report, certify};
//! let mut records = Records::new(2)?;
//! for n in 0..300 {
//!     let p = if n < 250 { 0.97 } else { 0.6 };
//!     records.push(Some(usize::from(n >= 280)), &[p, 1.0 - p])?;
//! }
//! let policy = Policy::all(2);
//! let certificate = certify(&records, &policy, Promise::new(0.02, 0.95)?);
//! assert_eq!(certificate.thresholds[0], Some(0.97));
//! let report = Report::of(&records, &["a".into(), "b".into()], &policy, Some(&certificate));
//! assert!(report.accuracy > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod binomial;
pub mod certify;
mod concerned;
mod confusion;
mod curve;
pub mod drift;
mod gate;
mod guarded;
mod measures;
mod paired;
mod policy;
mod records;
mod report;
mod simulate;

pub use binomial::{Interval, at_most, clopper_pearson, fewest_letters, lower_bound, upper_bound};
pub use certify::{Certificate, Group, Missing, Promise, PromiseError, certify};
pub use concerned::concerned;
pub use confusion::{Confusion, LabelFigures};
pub use curve::{Applied, Point, apply, curve};
pub use drift::{Drift, Shift, drift};
pub use gate::{Familiarity, Gate, Unlike};
pub use guarded::GuardedFigures;
pub use measures::{Bin, accuracy, calibration_error, log_loss, reliability, top};
pub use paired::{Comparison, Paired, RISK, RISK_OF_DIRECTION, Verdict};
pub use policy::Policy;
pub use records::{MAX_LABELS, RecordError, Records, best};
pub use report::{Certified, Confused, Report};
pub use simulate::{Naive, SimulateOptions, Simulation, simulate};
