//! Translates serde's error texts, which name Rust types, for clients, who know JSON.

use serde_json::Value;

use crate::input::check::message::{must_be, range};
use crate::input::json_text::tape::ValueKind;

/// The meaning of a serde error.
pub(crate) enum SerdeError {
    /// The value itself is wrong, with a text for the client.
    Invalid(String),
    /// This member is missing.
    MissingField(String),
    /// This member is duplicate.
    DuplicateField(String),
    /// This member is not allowed.
    UnknownField(String),
}

/// Explains the serde error `error` of a value of kind `found` to which `schema` applies.
///
/// The texts are those of serde's constructors (`Error::missing_field` etc.). Any other text comes from
/// `Error::custom` of a type.
pub(crate) fn explain(error: &str, found: ValueKind, schema: Option<&Value>) -> SerdeError {
    if let Some(name) = quoted_after(error, "missing field ") {
        return SerdeError::MissingField(name);
    }
    if let Some(name) = quoted_after(error, "duplicate field ") {
        return SerdeError::DuplicateField(name);
    }
    if let Some(name) = quoted_after(error, "unknown field ") {
        return SerdeError::UnknownField(name);
    }
    let expected = schema.and_then(json_type);
    let format = schema
        .and_then(|schema| schema.get("format"))
        .and_then(Value::as_str);
    SerdeError::Invalid(
        if let Some((_, variants)) = error.split_once("unknown variant ") {
            match variants.split_once("expected ") {
                Some((_, names)) => format!("must be {}", names.replace('`', "\"")),
                None => "is not an allowed value".to_owned(),
            }
        } else if let Some(rest) = error.strip_prefix("invalid type: ") {
            match (expected, rest.split_once(", expected ")) {
                // The object has its type, so a member is wrong; serde has lost its position.
                (Some("object"), _) if found == ValueKind::Object => {
                    "has a member of the wrong type".to_owned()
                }
                (Some(expected), _) => must_be(&[expected]),
                (None, Some((_, expected))) => format!("must be {}", in_json(expected)),
                (None, None) => "is of the wrong type".to_owned(),
            }
        } else if error.starts_with("invalid value: ") && found == ValueKind::Number {
            out_of_range(schema)
        } else if error.starts_with("invalid length ") {
            "has the wrong length".to_owned()
        } else if error.starts_with("data did not match any variant") {
            "is not one of the allowed values".to_owned()
        } else if let Some(format) =
            format.filter(|_| expected == Some("string") && found == ValueKind::String)
        {
            format!("must be a valid {format}")
        } else if error.starts_with("invalid value: ") {
            "is not an allowed value".to_owned()
        } else {
            error.to_owned()
        },
    )
}

/// The type of a schema; of several types the first that is not null.
fn json_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        _ => None,
    }
}

/// Serde's expectation in terms of JSON.
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
