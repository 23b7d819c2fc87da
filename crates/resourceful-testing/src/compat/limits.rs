//! Limits: which way did one move?

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

/// Which way a limit moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    Nowhere,
    /// Less is allowed.
    Inward,
    /// More is allowed.
    Outward,
    /// One of them is no number.
    Somewhere,
}

pub(super) fn is_limit(keyword: &str) -> bool {
    UPPER.contains(&keyword) || LOWER.contains(&keyword)
}

/// Which way the limit `keyword` moved; `null` is none.
pub(super) fn moved(keyword: &str, old: &Value, new: &Value) -> Moved {
    let order = match (old, new) {
        _ if old == new => return Moved::Nowhere,
        (Value::Null, _) => return Moved::Inward,
        (_, Value::Null) => return Moved::Outward,
        _ => order(old, new),
    };
    match (order, UPPER.contains(&keyword)) {
        (Some(Ordering::Greater), true) | (Some(Ordering::Less), false) => Moved::Inward,
        (Some(Ordering::Less), true) | (Some(Ordering::Greater), false) => Moved::Outward,
        (Some(Ordering::Equal), _) => Moved::Nowhere,
        (None, _) => Moved::Somewhere,
    }
}

/// Whole numbers are compared as such: an `f64` would take neighbours near 2^63 for one.
fn order(old: &Value, new: &Value) -> Option<Ordering> {
    match (whole(old), whole(new)) {
        (Some(old), Some(new)) => Some(old.cmp(&new)),
        _ => old.as_f64()?.partial_cmp(&new.as_f64()?),
    }
}

fn whole(value: &Value) -> Option<i128> {
    let signed = value.as_i64().map(i128::from);
    signed.or_else(|| value.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Moved, moved};

    #[test]
    fn limits_move_inward_and_outward() {
        let none = json!(null);
        for (keyword, old, new, expected) in [
            ("maximum", &json!(100), &json!(50), Moved::Inward),
            ("maximum", &json!(0.5), &json!(1), Moved::Outward),
            ("minLength", &json!(1), &json!(2), Moved::Inward),
            ("minLength", &json!(1), &json!(0), Moved::Outward),
            ("maxItems", &none, &json!(9), Moved::Inward),
            ("minItems", &json!(9), &none, Moved::Outward),
            ("minimum", &json!(1), &json!(1.0), Moved::Nowhere),
            ("minimum", &json!(1), &json!("1"), Moved::Somewhere),
        ] {
            assert_eq!(
                moved(keyword, old, new),
                expected,
                "{keyword} {old} -> {new}"
            );
        }
        let (old, new) = (json!(i64::MAX), json!(i64::MAX - 1));
        assert_eq!(moved("maximum", &old, &new), Moved::Inward);
    }
}
