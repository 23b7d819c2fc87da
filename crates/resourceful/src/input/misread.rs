//! What serde would take without a word, and we do not.

use std::collections::HashSet;

use serde_json::{Number, Value};

use super::fault::{Fault, MAX_FAULTS, Path, Step};
use super::message::must_be;
use super::shape::Shape;

/// Notes and replaces arrays that stand for structs, strings with U+0000, what a set has twice, and
/// what is infinite to an `f32`.
pub(super) fn misread(document: &mut Value, shape: &Shape, faults: &mut Vec<Fault>) {
    look(document, &[shape.root()], shape, &mut Vec::new(), faults);
}

/// Of an enum, several variants may know a member: `schemas` are all that may apply, and
/// what one of them allows is allowed.
fn look(
    value: &mut Value,
    schemas: &[&Value],
    shape: &Shape,
    path: &mut Path,
    faults: &mut Vec<Fault>,
) {
    // A bulk reads each of its items by itself.
    if schemas
        .iter()
        .any(|schema| schema.get("x-read-one-by-one").is_some())
    {
        return;
    }
    // What no schema knows is ignored anyway.
    let Some(first) = schemas.first().filter(|_| faults.len() < MAX_FAULTS) else {
        return;
    };
    let allows = |json_type| schemas.iter().any(|schema| shape.allows(schema, json_type));
    if value.is_array() && allows("object") && !allows("array") {
        faults.push(Fault::new(path.clone(), must_be("object")));
        *value = shape.plausible(first);
        return;
    }
    if schemas
        .iter()
        .any(|schema| schema.get("x-allow-nul").is_some())
    {
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') => {
            faults.push(Fault::new(path.clone(), "must not contain U+0000"));
            text.retain(|character| character != '\0');
        }
        Value::Number(number)
            if is_infinite(number) && schemas.iter().all(|one| shape.is_single(one)) =>
        {
            faults.push(Fault::new(path.clone(), "must be a number in range"));
            *value = shape.plausible(first);
        }
        Value::Array(elements) => {
            let mut known = HashSet::new();
            if schemas.iter().all(|one| shape.is_set(one))
                && !elements.iter().all(|one| known.insert(one.to_string()))
            {
                faults.push(Fault::new(path.clone(), "must not have anything twice"));
            }
            for (index, element) in elements.iter_mut().enumerate() {
                let step = Step::Element(index);
                let schemas = shape.children(schemas, &step);
                path.push(step);
                look(element, &schemas, shape, path, faults);
                path.pop();
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let step = Step::Member(name.clone());
                let schemas = shape.children(schemas, &step);
                if name.contains('\0') && !schemas.is_empty() {
                    faults.push(Fault::new(path.clone(), "must not have names with U+0000"));
                }
                path.push(step);
                look(member, &schemas, shape, path, faults);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Is it too large for an `f32`?
#[expect(clippy::cast_possible_truncation, reason = "so does serde")]
fn is_infinite(number: &Number) -> bool {
    let number = number.as_f64().unwrap_or_default();
    (number as f32).is_infinite()
}
