//! Statistics of counts.

use std::collections::BTreeMap;

use crate::Result;

/// Converts a count; all counts here are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

pub(crate) fn ratio(count: u64, other: u64) -> f64 {
    real(count) / real(other)
}

/// To so many digits after the point, so that the files of results stay readable.
pub(crate) fn rounded(figure: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (figure * scale).round() / scale
}

/// Median; 0 for an empty slice.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2);
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2);
    let both = lower.zip(upper);
    both.map_or(0.0, |(lower, upper)| f64::midpoint(*lower, *upper))
}

/// Difference between the highest and the lowest, relative to the median.
pub(crate) fn spread(figures: &[f64]) -> f64 {
    let highest = figures.iter().copied().fold(f64::MIN, f64::max);
    let lowest = figures.iter().copied().fold(f64::MAX, f64::min);
    (highest - lowest) / median(figures)
}

/// # Errors
/// If a ratio is above the one before by more than the tolerance.
pub(crate) fn check_growth(
    before: &BTreeMap<String, f64>,
    now: &BTreeMap<String, f64>,
    tolerance: f64,
) -> Result<()> {
    let is_grown = |(name, ratio): &(&String, &f64)| {
        **ratio > before.get(*name).copied().unwrap_or_default() * (1.0 + tolerance)
    };
    let grown = now.iter().filter(is_grown);
    let grown: Vec<&str> = grown.map(|(name, _)| name.as_str()).collect();
    if grown.is_empty() {
        return Ok(());
    }
    let (percent, grown) = (tolerance * 100.0, grown.join(", "));
    Err(format!("More than {percent:.0} % above what was stored: {grown}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).abs() < f64::EPSILON);
    }
}
