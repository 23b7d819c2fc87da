//! Compares limits.

use std::cmp::Ordering;

use serde_json::Value;

const UPPER: &[&str] = &[
    "exclusiveMaximum",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "x-max-bytes",
];

const LOWER: &[&str] = &[
    "exclusiveMinimum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
];

/// Change of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitChange {
    Unchanged,
    /// Fewer values are allowed.
    Narrowed,
    /// More values are allowed.
    Widened,
    /// One limit is not a number.
    Unknown,
}

pub(super) fn is_limit(keyword: &str) -> bool {
    UPPER.contains(&keyword) || LOWER.contains(&keyword)
}

/// Compares the limit `keyword`; `null` means no limit.
pub(super) fn compare_limit(keyword: &str, old: &Value, new: &Value) -> LimitChange {
    let order = match (old, new) {
        _ if old == new => return LimitChange::Unchanged,
        (Value::Null, _) => return LimitChange::Narrowed,
        (_, Value::Null) => return LimitChange::Widened,
        _ => order(old, new),
    };
    match (order, UPPER.contains(&keyword)) {
        (Some(Ordering::Greater), true) | (Some(Ordering::Less), false) => LimitChange::Narrowed,
        (Some(Ordering::Less), true) | (Some(Ordering::Greater), false) => LimitChange::Widened,
        (Some(Ordering::Equal), _) => LimitChange::Unchanged,
        (None, _) => LimitChange::Unknown,
    }
}

/// Compares integers as integers: `f64` cannot distinguish neighbours near 2^63.
fn order(old: &Value, new: &Value) -> Option<Ordering> {
    match (as_integer(old), as_integer(new)) {
        (Some(old), Some(new)) => Some(old.cmp(&new)),
        _ => old.as_f64()?.partial_cmp(&new.as_f64()?),
    }
}

fn as_integer(value: &Value) -> Option<i128> {
    let signed = value.as_i64().map(i128::from);
    signed.or_else(|| value.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LimitChange, compare_limit};

    #[test]
    fn limits_are_narrowed_and_widened() {
        let none = json!(null);
        for (keyword, old, new, expected) in [
            ("maximum", &json!(100), &json!(50), LimitChange::Narrowed),
            ("maximum", &json!(0.5), &json!(1), LimitChange::Widened),
            ("minLength", &json!(1), &json!(2), LimitChange::Narrowed),
            ("minLength", &json!(1), &json!(0), LimitChange::Widened),
            ("maxItems", &none, &json!(9), LimitChange::Narrowed),
            ("minItems", &json!(9), &none, LimitChange::Widened),
            ("minimum", &json!(1), &json!(1.0), LimitChange::Unchanged),
            ("minimum", &json!(1), &json!("1"), LimitChange::Unknown),
        ] {
            assert_eq!(
                compare_limit(keyword, old, new),
                expected,
                "{keyword} {old} -> {new}"
            );
        }
        let (old, new) = (json!(i64::MAX), json!(i64::MAX - 1));
        assert_eq!(compare_limit("maximum", &old, &new), LimitChange::Narrowed);
    }
}
