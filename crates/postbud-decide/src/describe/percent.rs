//! Shares as people read them.

/// How a language writes the decimal point, and what stands before the percent sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) point: char,
    pub(super) space: &'static str,
}

/// More decimals than this do not help anyone.
const DECIMALS_MAX: usize = 4;

/// One share. What is not certain is never shown as 100 %, what is not impossible never as 0 %.
pub(super) fn one(share: f64, point: Point) -> String {
    let decimals = (1..DECIMALS_MAX).find(|decimals| !looks_settled(share, *decimals));
    shown(share, decimals.unwrap_or(DECIMALS_MAX), point)
}

/// A probability and its threshold, with as many decimals as it takes to tell them apart when they
/// differ.
pub(super) fn pair(probability: f64, threshold: f64, point: Point) -> (String, String) {
    let both = |decimals| (shown(probability, decimals, point), shown(threshold, decimals, point));
    (1..DECIMALS_MAX)
        .map(both)
        .find(|(a, b)| a != b || probability.to_bits() == threshold.to_bits())
        .unwrap_or_else(|| both(DECIMALS_MAX))
}

fn looks_settled(share: f64, decimals: usize) -> bool {
    let text = format!("{:.decimals$}", share * 100.0);
    let number: f64 = text.parse().unwrap_or(share);
    (number >= 100.0 && share < 1.0) || (number <= 0.0 && share > 0.0)
}

fn shown(share: f64, decimals: usize, Point { point, space }: Point) -> String {
    let number = format!("{:.decimals$}", share * 100.0).replace('.', &point.to_string());
    format!("{number}{space}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DANISH: Point = Point { point: ',', space: " " };

    #[test]
    fn nearly_certain_is_not_certain() {
        assert_eq!(one(0.973, DANISH), "97,3 %");
        assert_eq!(one(1.0, DANISH), "100,0 %");
        assert_eq!(one(0.9997, DANISH), "99,97 %");
        assert_eq!(one(0.0001, DANISH), "0,01 %");
        assert_eq!(one(0.0, DANISH), "0,0 %");
    }

    #[test]
    fn a_share_below_its_threshold_looks_lower() {
        let (probability, threshold) = pair(0.949_99, 0.95, DANISH);
        assert_eq!((probability.as_str(), threshold.as_str()), ("94,999 %", "95,000 %"));
        let (probability, threshold) = pair(0.95, 0.95, DANISH);
        assert_eq!((probability.as_str(), threshold.as_str()), ("95,0 %", "95,0 %"));
    }
}
