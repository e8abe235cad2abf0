//! What is promised: an error and how sure to be of it.

/// A target error and a confidence, both checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    target: f64,
    confidence: f64,
}

/// A promise that nobody could keep, or that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PromiseError {
    /// Not between 0 and 0.5, both excluded.
    #[error("a target error lies between 0 and 0.5, for example 0.02; it is {0}")]
    Target(f64),
    /// Not between 0.5 and 1, both excluded.
    #[error("a confidence lies between 0.5 and 1, for example 0.95; it is {0}")]
    Confidence(f64),
}

impl Promise {
    /// At most `target` of what is routed is wrong (0 to 0.5), with probability `confidence`
    /// (0.5 to 1), limits excluded.
    ///
    /// # Errors
    /// [`PromiseError`] for other numbers.
    pub fn new(target: f64, confidence: f64) -> Result<Self, PromiseError> {
        if !(target > 0.0 && target < 0.5) {
            return Err(PromiseError::Target(target));
        }
        if !(confidence > 0.5 && confidence < 1.0) {
            return Err(PromiseError::Confidence(confidence));
        }
        Ok(Self { target, confidence })
    }

    /// The largest true error among routed letters.
    #[must_use]
    pub fn target(self) -> f64 {
        self.target
    }

    /// The probability with which it is kept.
    #[must_use]
    pub fn confidence(self) -> f64 {
        self.confidence
    }
}

impl Default for Promise {
    /// At most 2 % wrong, with 95 %.
    fn default() -> Self {
        Self { target: 0.02, confidence: 0.95 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_promises_that_say_something() {
        assert!(Promise::new(0.02, 0.95).is_ok());
        for bad in [0.0, -1.0, 0.5, f64::NAN] {
            assert!(matches!(Promise::new(bad, 0.95), Err(PromiseError::Target(_))));
        }
        for bad in [0.5, 1.0, f64::NAN, f64::INFINITY] {
            let error = Promise::new(0.02, bad);
            assert!(matches!(error, Err(PromiseError::Confidence(_))));
        }
    }
}
