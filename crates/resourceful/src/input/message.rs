//! Serde's error texts in words for the client, who knows JSON and not Rust.

use serde_json::Value;

use super::shape::json_type;

/// What an error says, and of what.
pub(super) enum Finding {
    /// The value at hand is wrong.
    Here(String),
    /// This member of it is.
    Member(String, String),
    /// This member must not be there.
    Unwanted(String),
}

/// `error` is what serde said of `found`, where `schema` was expected.
///
/// The texts are those of serde's own constructors (`Error::missing_field` and its kin);
/// any other is a type's own `Error::custom`.
pub(super) fn explain(error: &str, found: &Value, schema: Option<&Value>) -> Finding {
    if let Some(name) = quoted_after(error, "missing field ") {
        return Finding::Member(name, "is required".to_owned());
    }
    if let Some(name) = quoted_after(error, "duplicate field ") {
        return Finding::Member(name, "is given more than once".to_owned());
    }
    if let Some(name) = quoted_after(error, "unknown field ") {
        return Finding::Unwanted(name);
    }
    let expected = schema.and_then(json_type);
    let format = schema
        .and_then(|schema| schema.get("format"))
        .and_then(Value::as_str);
    Finding::Here(
        if let Some((_, variants)) = error.split_once("unknown variant ") {
            match variants.split_once("expected ") {
                Some((_, names)) => format!("must be {}", names.replace('`', "\"")),
                None => "is not an allowed value".to_owned(),
            }
        } else if let Some(rest) = error.strip_prefix("invalid type: ") {
            match (expected, rest.split_once(", expected ")) {
                // The whole is of its type; of what is wrong inside serde lost the place.
                (Some("object"), _) if found.is_object() => {
                    "has a member of the wrong type".to_owned()
                }
                (Some(expected), _) => must_be(expected),
                (None, Some((_, expected))) => format!("must be {}", in_json(expected)),
                (None, None) => "is of the wrong type".to_owned(),
            }
        } else if error.starts_with("invalid value: ") && found.is_number() {
            out_of_range(schema)
        } else if error.starts_with("invalid length ") {
            "has the wrong length".to_owned()
        } else if error.starts_with("data did not match any variant") {
            "is none of the allowed values".to_owned()
        } else if let Some(format) =
            format.filter(|_| expected == Some("string") && found.is_string())
        {
            format!("must be a valid {format}")
        } else if error.starts_with("invalid value: ") {
            "is not an allowed value".to_owned()
        } else {
            error.to_owned()
        },
    )
}

/// "must be a string".
pub(super) fn must_be(json_type: &str) -> String {
    let article = if json_type.starts_with(['a', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("must be {article} {json_type}")
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
        (Some(minimum), Some(maximum)) => format!("must be {minimum} to {maximum}"),
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
