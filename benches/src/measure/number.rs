//! From counts to figures.

/// A count as a number with a fraction: ours are far below 2^52.
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

/// The middle of them, or 0 of none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// How far the lowest and the highest are apart, as a share of the middle.
pub(crate) fn spread(figures: &[f64]) -> f64 {
    let highest = figures.iter().copied().fold(f64::MIN, f64::max);
    let lowest = figures.iter().copied().fold(f64::MAX, f64::min);
    (highest - lowest) / median(figures)
}
