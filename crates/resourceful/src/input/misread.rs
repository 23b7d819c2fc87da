//! What serde would take without a word, and we do not.

use serde_json::Value;

use super::fault::{Fault, MAX_FAULTS, Path, Step};
use super::message::must_be;
use super::shape::Shape;

/// Notes and replaces arrays that stand for structs and strings with U+0000.
pub(super) fn misread(
    value: &mut Value,
    schema: &Value,
    shape: &Shape,
    path: &mut Path,
    faults: &mut Vec<Fault>,
) {
    if faults.len() >= MAX_FAULTS {
        return;
    }
    if value.is_array() && shape.allows(schema, "object") && !shape.allows(schema, "array") {
        faults.push(Fault::new(path.clone(), must_be("object")));
        *value = shape.plausible(schema);
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') && schema.get("x-allow-nul").is_none() => {
            faults.push(Fault::new(path.clone(), "must not contain U+0000"));
            text.retain(|character| character != '\0');
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                descend(element, Step::Element(index), schema, shape, path, faults);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let step = Step::Member(name.clone());
                // A name that the schema does not know is ignored; a map's names are known.
                if name.contains('\0') && shape.child(schema, &step).is_some() {
                    faults.push(Fault::new(path.clone(), "must not have names with U+0000"));
                }
                descend(member, step, schema, shape, path, faults);
            }
        }
        _ => {}
    }
}

/// Only into what the schema knows: the rest is ignored anyway.
fn descend(
    value: &mut Value,
    step: Step,
    schema: &Value,
    shape: &Shape,
    path: &mut Path,
    faults: &mut Vec<Fault>,
) {
    if let Some(schema) = shape.child(schema, &step) {
        path.push(step);
        misread(value, schema, shape, path, faults);
        path.pop();
    }
}
