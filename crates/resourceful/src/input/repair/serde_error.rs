//! Serde's error texts in words for the client, who knows JSON and not Rust.

use serde_json::Value;

use crate::input::check::message::{must_be, range};
use crate::input::json_text::tape::Kind;

/// What an error says, and of what.
pub(crate) enum Explanation {
    /// The value at hand is wrong.
    Here(String),
    /// This member of it is missing.
    Missing(String),
    /// This member of it is there more than once.
    Twice(String),
    /// This member of it must not be there.
    Unwanted(String),
}

/// `error` is what serde said of a value of some kind, where `schema` was expected.
///
/// The texts are those of serde's own constructors (`Error::missing_field` and its kin);
/// any other is a type's own `Error::custom`.
pub(crate) fn explain(error: &str, found: Kind, schema: Option<&Value>) -> Explanation {
    if let Some(name) = quoted_after(error, "missing field ") {
        return Explanation::Missing(name);
    }
    if let Some(name) = quoted_after(error, "duplicate field ") {
        return Explanation::Twice(name);
    }
    if let Some(name) = quoted_after(error, "unknown field ") {
        return Explanation::Unwanted(name);
    }
    let expected = schema.and_then(json_type);
    let format = schema
        .and_then(|schema| schema.get("format"))
        .and_then(Value::as_str);
    Explanation::Here(
        if let Some((_, variants)) = error.split_once("unknown variant ") {
            match variants.split_once("expected ") {
                Some((_, names)) => format!("must be {}", names.replace('`', "\"")),
                None => "is not an allowed value".to_owned(),
            }
        } else if let Some(rest) = error.strip_prefix("invalid type: ") {
            match (expected, rest.split_once(", expected ")) {
                // The whole is of its type; of what is wrong inside serde lost the place.
                (Some("object"), _) if found == Kind::Object => {
                    "has a member of the wrong type".to_owned()
                }
                (Some(expected), _) => must_be(&[expected]),
                (None, Some((_, expected))) => format!("must be {}", in_json(expected)),
                (None, None) => "is of the wrong type".to_owned(),
            }
        } else if error.starts_with("invalid value: ") && found == Kind::Number {
            out_of_range(schema)
        } else if error.starts_with("invalid length ") {
            "has the wrong length".to_owned()
        } else if error.starts_with("data did not match any variant") {
            "is none of the allowed values".to_owned()
        } else if let Some(format) =
            format.filter(|_| expected == Some("string") && found == Kind::String)
        {
            format!("must be a valid {format}")
        } else if error.starts_with("invalid value: ") {
            "is not an allowed value".to_owned()
        } else {
            error.to_owned()
        },
    )
}

/// The one type of a schema; of several, the first that is not null.
fn json_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null"),
        _ => None,
    }
}

/// What serde expected, without the names of Rust.
fn in_json(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "an integer",
        "f32" | "f64" => "a number",
        "a string" | "a boolean" | "a character" => expected,
        "a map" => "an object",
        "a sequence" => "an array",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.contains("tuple") => "an array",
        _ => "of another type",
    }
}

fn out_of_range(schema: Option<&Value>) -> String {
    let limit = |name| {
        schema
            .and_then(|schema| schema.get(name))
            .filter(|limit| limit.is_number())
    };
    match (limit("minimum"), limit("maximum")) {
        (Some(minimum), Some(maximum)) => range(&minimum.to_string(), &maximum.to_string()),
        (Some(minimum), None) => format!("must be at least {minimum} and not too large"),
        _ => "is out of range".to_owned(),
    }
}

fn quoted_after(error: &str, prefix: &str) -> Option<String> {
    let (name, _) = error
        .strip_prefix(prefix)?
        .strip_prefix('`')?
        .split_once('`')?;
    Some(name.to_owned())
}
