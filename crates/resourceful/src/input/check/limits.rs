//! Length and range limits by the schema, in garde's words.
//!
//! They are for values of a type that cannot be read, so that garde cannot validate them.

use serde_json::Value;

use crate::input::check::instance::Instance;
use crate::input::json_text::tape::{Tape, ValueKind};
use crate::input::schema::subschema::Schema;

/// The texts of all violated limits.
pub(super) fn violated_limits(
    tape: &Tape<'_>,
    instance: &Instance<'_>,
    schemas: &[&Schema],
) -> Vec<String> {
    let mut texts = Vec::new();
    let size = match instance.kind {
        ValueKind::String => Some((
            tape.string(instance.id).chars().count(),
            "minLength",
            "maxLength",
        )),
        ValueKind::Array => Some((tape.elements(instance.id).count(), "minItems", "maxItems")),
        _ => None,
    };
    let number: Option<f64> = match instance.kind {
        ValueKind::Number => instance.text.parse().ok(),
        _ => None,
    };
    for schema in schemas {
        if let Some((size, minimum, maximum)) = size {
            let limit = |name| schema.keyword(name).and_then(Value::as_u64);
            let size = size as u64;
            if let Some(minimum) = limit(minimum).filter(|minimum| size < *minimum) {
                texts.push(format!("length is lower than {minimum}"));
            }
            if let Some(maximum) = limit(maximum).filter(|maximum| size > *maximum) {
                texts.push(format!("length is greater than {maximum}"));
            }
        }
        if let Some(number) = number {
            let limit = |name| schema.keyword(name).and_then(Value::as_f64);
            if let Some(minimum) = limit("minimum").filter(|minimum| number < *minimum) {
                texts.push(format!("lower than {minimum}"));
            }
            if let Some(maximum) = limit("maximum").filter(|maximum| number > *maximum) {
                texts.push(format!("greater than {maximum}"));
            }
        }
    }
    texts
}
