//! Third-party types that accept less than their schema from schemars.
//!
//! Users can change neither the type nor its schema, so its refusals are not findings. Values are
//! generated from the part that every type with that schema accepts.

use serde_json::{Value, json};

use super::normalise::Alternative;

/// Patterns of `Decimal` in `rust_decimal` (28 digits) and bigdecimal.
const DECIMALS: [&str; 2] = [r"^-?\d+(\.\d+)?([eE]\d+)?$", r"^-?\d+(\.\d+)?$"];

/// Start of the pattern of semver's `Version`, whose numbers have 64 bits.
const VERSION: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-";

/// Patterns of integer map keys of any size.
const INTEGERS: [&str; 2] = [r"^\d+$", r"^-?\d+$"];

/// Members of `Range`, `Result` and `Bound`, which accept no others.
const CLOSED: [&[&str]; 5] = [
    &["start", "end"],
    &["Ok"],
    &["Err"],
    &["Included"],
    &["Excluded"],
];

/// Pattern of strings that every type with this pattern accepts.
pub(super) fn accepted_strings(pattern: &str) -> &str {
    if DECIMALS.contains(&pattern) {
        r"^-?(0|[1-9]\d{0,9})(\.\d{1,6})?$"
    } else if pattern.starts_with(VERSION) {
        r"^\d\.(0|[1-9]\d{0,3})\.\d(-(alpha|rc\.\d))?(\+[0-9a-f]{7})?$"
    } else {
        pattern
    }
}

/// Pattern of names that every map with this pattern accepts.
pub(super) fn accepted_names(pattern: &str) -> &str {
    if INTEGERS.contains(&pattern) {
        r"[1-9]\d?"
    } else {
        accepted_strings(pattern)
    }
}

/// Schema of objects and arrays that every type with this schema accepts.
pub(super) fn accepted_schema(alternative: &Alternative) -> Alternative {
    let nanoseconds = json!({"maximum": 999_999_999});
    let closed = || alternative.with(json!({"additionalProperties": false}));
    if has_members(alternative, &["secs", "nanos"]) {
        // `Duration` adds the two, which may overflow.
        closed().with_member("nanos", &nanoseconds)
    } else if has_members(alternative, &["secs_since_epoch", "nanos_since_epoch"]) {
        // `SystemTime` adds them, too; its seconds are signed.
        let seconds = json!({"maximum": i64::MAX});
        closed()
            .with_member("nanos_since_epoch", &nanoseconds)
            .with_member("secs_since_epoch", &seconds)
    } else if CLOSED.iter().any(|names| has_members(alternative, names)) {
        closed()
    } else if is_time_delta(alternative) {
        // `TimeDelta` counts in milliseconds.
        let most = i64::MAX / 1000 - 1;
        let seconds = json!({"type": "integer", "minimum": -most, "maximum": most});
        let nanoseconds = alternative
            .get("prefixItems")
            .and_then(|items| items.get(1));
        alternative.with(json!({"prefixItems": [seconds, nanoseconds]}))
    } else {
        alternative.clone()
    }
}

fn has_members(alternative: &Alternative, names: &[&str]) -> bool {
    let members = alternative.get("properties").and_then(Value::as_object);
    members.is_some_and(|members| {
        members.len() == names.len() && names.iter().all(|name| members.contains_key(*name))
    })
}

/// Whether it is chrono's `TimeDelta`: seconds and nanoseconds. Its errors name the pair, not the
/// element.
pub(super) fn is_time_delta(alternative: &Alternative) -> bool {
    let items = alternative.get("prefixItems").and_then(Value::as_array);
    let Some([seconds, nanoseconds]) = items.map(Vec::as_slice) else {
        return false;
    };
    seconds.get("format") == Some(&json!("int64"))
        && nanoseconds.get("exclusiveMaximum") == Some(&json!(1_000_000_000))
}
