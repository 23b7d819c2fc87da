//! Compares paths and their operations.

use serde_json::Value;

use super::differ::Differ;
use super::render::render_change;
use super::resolver::names;
use super::subject::Subject;
use super::{request, response, security};

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
        differ.others(&Subject::operation(path), old, new, &known);
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
    let suffix = name(old).or(name(new)).map(|name| format!(" ({name})"));
    let label = format!(
        "{} {path}{}",
        method.to_uppercase(),
        suffix.unwrap_or_default()
    );
    let subject = Subject::operation(label);
    match (old, new) {
        (Value::Null, Value::Null) => return,
        (_, Value::Null) => return differ.breaking(&subject, "the operation is gone".to_owned()),
        (Value::Null, _) => return differ.additive(&subject, "the operation is new".to_owned()),
        _ => {}
    }
    if old["operationId"] != new["operationId"] {
        let change = render_change(&old["operationId"], &new["operationId"]);
        differ.breaking(&subject, subject.keyword_sentence("operationId", &change));
    }
    let (before, after) = (
        security_of(differ.old.root, old),
        security_of(differ.new.root, new),
    );
    security::compare(differ, &subject, before, after);
    let before = [&old_item["parameters"], &old["parameters"]];
    let after = [&new_item["parameters"], &new["parameters"]];
    request::parameters(differ, &subject, before, after);
    request::body(differ, &subject, &old["requestBody"], &new["requestBody"]);
    response::responses(differ, &subject, &old["responses"], &new["responses"]);
    let known = [
        "operationId",
        "security",
        "parameters",
        "requestBody",
        "responses",
    ];
    differ.others(&subject, old, new, &known);
}

/// Security requirements of an operation; by default those of the document.
fn security_of<'a>(document: &'a Value, operation: &'a Value) -> &'a Value {
    operation.get("security").unwrap_or(&document["security"])
}
