//! Types of other crates that take less than schemars says of them.
//!
//! Their users can change neither the type nor its schema, so that what such a type refuses is no
//! finding. Values are made of the part that every type of that schema takes.

use serde_json::{Value, json};

use super::flat::Flat;

/// The pattern of a `Decimal` of `rust_decimal` or bigdecimal: the former has 28 digits.
const DECIMALS: [&str; 2] = [r"^-?\d+(\.\d+)?([eE]\d+)?$", r"^-?\d+(\.\d+)?$"];

/// The beginning of the pattern of a `Version` of semver, whose numbers have 64 bits.
const VERSION: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-";

/// The patterns of integers as names of a map, of whatever size.
const INTEGERS: [&str; 2] = [r"^\d+$", r"^-?\d+$"];

/// The members of `Range`, `Result` and `Bound`, which take no others.
const CLOSED: [&[&str]; 5] = [
    &["start", "end"],
    &["Ok"],
    &["Err"],
    &["Included"],
    &["Excluded"],
];

/// A pattern of the strings that a type of this pattern takes.
pub(super) fn taken_strings(pattern: &str) -> &str {
    if DECIMALS.contains(&pattern) {
        r"^-?(0|[1-9]\d{0,9})(\.\d{1,6})?$"
    } else if pattern.starts_with(VERSION) {
        r"^\d\.(0|[1-9]\d{0,3})\.\d(-(alpha|rc\.\d))?(\+[0-9a-f]{7})?$"
    } else {
        pattern
    }
}

/// A pattern of the names that a map of this pattern takes.
pub(super) fn taken_names(pattern: &str) -> &str {
    if INTEGERS.contains(&pattern) {
        r"[1-9]\d?"
    } else {
        taken_strings(pattern)
    }
}

/// The schema of the objects and arrays that a type of this schema takes.
pub(super) fn taken_parts(flat: &Flat) -> Flat {
    let nanoseconds = json!({"maximum": 999_999_999});
    let alone = || flat.with(json!({"additionalProperties": false}));
    if has_members(flat, &["secs", "nanos"]) {
        // `Duration` adds the two, which may be too much.
        alone().with_member("nanos", &nanoseconds)
    } else if has_members(flat, &["secs_since_epoch", "nanos_since_epoch"]) {
        // So does `SystemTime`, whose seconds are signed.
        let seconds = json!({"maximum": i64::MAX});
        alone()
            .with_member("nanos_since_epoch", &nanoseconds)
            .with_member("secs_since_epoch", &seconds)
    } else if CLOSED.iter().any(|names| has_members(flat, names)) {
        alone()
    } else if is_time_delta(flat) {
        // It counts in milliseconds.
        let most = i64::MAX / 1000 - 1;
        let seconds = json!({"type": "integer", "minimum": -most, "maximum": most});
        let nanoseconds = flat.get("prefixItems").and_then(|items| items.get(1));
        flat.with(json!({"prefixItems": [seconds, nanoseconds]}))
    } else {
        flat.clone()
    }
}

fn has_members(flat: &Flat, names: &[&str]) -> bool {
    let members = flat.get("properties").and_then(Value::as_object);
    members.is_some_and(|members| {
        members.len() == names.len() && names.iter().all(|name| members.contains_key(*name))
    })
}

/// Is it the `TimeDelta` of chrono: seconds and nanoseconds? What is wrong with either it says of
/// both.
pub(super) fn is_time_delta(flat: &Flat) -> bool {
    let items = flat.get("prefixItems").and_then(Value::as_array);
    let Some([seconds, nanoseconds]) = items.map(Vec::as_slice) else {
        return false;
    };
    seconds.get("format") == Some(&json!("int64"))
        && nanoseconds.get("exclusiveMaximum") == Some(&json!(1_000_000_000))
}
