//! Paths and their operations.

use serde_json::Value;

use super::differ::Differ;
use super::document::names;
use super::place::Place;
use super::words::was_is;
use super::{answer, request, security};

const METHODS: &[&str] = &[
    "delete", "get", "head", "options", "patch", "post", "put", "query", "trace",
];

/// Compares two `paths` objects.
pub(super) fn paths<'a>(differ: &mut Differ<'a>, old: &'a Value, new: &'a Value) {
    for path in names(old, new) {
        let (old, new) = (&old[path], &new[path]);
        for method in METHODS {
            operation(differ, (method, path), old, new);
        }
        let known = [METHODS, &["parameters"]].concat();
        differ.others(&Place::operation(path), old, new, &known);
    }
}

fn operation<'a>(
    differ: &mut Differ<'a>,
    (method, path): (&str, &str),
    old_item: &'a Value,
    new_item: &'a Value,
) {
    let (old, new) = (&old_item[method], &new_item[method]);
    let name = |operation: &'a Value| operation["operationId"].as_str();
    let named = name(old).or(name(new)).map(|name| format!(" ({name})"));
    let label = format!(
        "{} {path}{}",
        method.to_uppercase(),
        named.unwrap_or_default()
    );
    let place = Place::operation(label);
    match (old, new) {
        (Value::Null, Value::Null) => return,
        (_, Value::Null) => return differ.breaking(&place, "the operation is gone".to_owned()),
        (Value::Null, _) => return differ.additive(&place, "the operation is new".to_owned()),
        _ => {}
    }
    if old["operationId"] != new["operationId"] {
        let what = was_is(&old["operationId"], &new["operationId"]);
        differ.breaking(&place, place.says_of("operationId", &what));
    }
    let (before, after) = (needs(differ.old.root, old), needs(differ.new.root, new));
    security::compare(differ, &place, before, after);
    let before = [&old_item["parameters"], &old["parameters"]];
    let after = [&new_item["parameters"], &new["parameters"]];
    request::parameters(differ, &place, before, after);
    request::body(differ, &place, &old["requestBody"], &new["requestBody"]);
    answer::answers(differ, &place, &old["responses"], &new["responses"]);
    let known = [
        "operationId",
        "security",
        "parameters",
        "requestBody",
        "responses",
    ];
    differ.others(&place, old, new, &known);
}

/// An operation that does not say what it needs has what the document says.
fn needs<'a>(document: &'a Value, operation: &'a Value) -> &'a Value {
    operation.get("security").unwrap_or(&document["security"])
}
