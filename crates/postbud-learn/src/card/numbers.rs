//! Numbers as each language writes them.

use postbud_evaluate::Interval;

/// How a language writes numbers.
pub(super) struct Numbers {
    /// Before the decimals.
    pub(super) point: char,
    /// Between thousands.
    pub(super) thousands: char,
}

pub(super) const DANISH: Numbers = Numbers { point: ',', thousands: '.' };
pub(super) const ENGLISH: Numbers = Numbers { point: '.', thousands: ',' };

impl Numbers {
    pub(super) fn decimal(&self, value: f64, places: usize) -> String {
        format!("{value:.places$}").replace('.', &self.point.to_string())
    }

    /// A share of one as a percentage with one decimal.
    pub(super) fn percent(&self, share: f64) -> String {
        format!("{} %", self.decimal(100.0 * share, 1))
    }

    /// A round percentage as people say it: `2 %`, `2,5 %`.
    pub(super) fn round_percent(&self, share: f64) -> String {
        let text = self.decimal(100.0 * share, 2);
        let text = text.trim_end_matches('0').trim_end_matches(self.point);
        format!("{text} %")
    }

    /// A threshold, rounded up: what is shown never routes more than what is used.
    pub(super) fn threshold(&self, value: f64) -> String {
        self.decimal((value * 1_000.0).ceil() / 1_000.0, 3)
    }

    pub(super) fn count(&self, count: usize) -> String {
        let digits = count.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(self.thousands);
            }
            text.push(digit);
        }
        text
    }
}

/// `73,6–83,4 %`.
pub(super) fn interval(between: Interval, numbers: &Numbers) -> String {
    let low = numbers.decimal(100.0 * between.low, 1);
    format!("{low}–{}", numbers.percent(between.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_its_own() {
        assert_eq!(DANISH.count(1_234_567), "1.234.567");
        assert_eq!(ENGLISH.count(999), "999");
        assert_eq!(DANISH.percent(0.7864), "78,6 %");
        assert_eq!(DANISH.round_percent(0.02), "2 %");
        assert_eq!(ENGLISH.round_percent(0.025), "2.5 %");
        assert_eq!(ENGLISH.round_percent(0.2), "20 %");
        assert_eq!(DANISH.threshold(0.95811), "0,959");
    }
}
