//! Compares responses by status.

use serde_json::Value;

use super::change::Direction;
use super::content;
use super::differ::Differ;
use super::resolver::names;
use super::subject::Subject;

/// Compares all responses of an operation.
pub(super) fn responses<'a>(
    differ: &mut Differ<'a>,
    operation: &Subject,
    old: &'a Value,
    new: &'a Value,
) {
    for status in names(old, new) {
        let (name, is_error) = match status {
            "default" => ("other statuses", true),
            _ => (status, status.starts_with(['4', '5'])),
        };
        match (&old[status], &new[status]) {
            (_, Value::Null) => {
                let text = format!("{name} is no longer returned");
                differ.breaking(operation, text);
            }
            (Value::Null, _) => {
                let text = format!("{name} can be returned now");
                if is_error {
                    differ.additive(operation, text);
                } else {
                    differ.breaking(operation, text);
                }
            }
            (old, new) => {
                let subject = operation.part(format!("response {status}"));
                response_or_reference(differ, &subject, old, new);
            }
        }
    }
}

/// Compares a response. A response that operations share is compared and reported once, or the
/// members of a problem would fill pages.
fn response_or_reference<'a>(
    differ: &mut Differ<'a>,
    subject: &Subject,
    old: &'a Value,
    new: &'a Value,
) {
    let (before, after) = (differ.old.resolve(old), differ.new.resolve(new));
    let is_shared = old["$ref"].is_string() && old["$ref"] == new["$ref"];
    if !is_shared {
        return response(differ, subject, before, after);
    }
    differ.others(subject, old, new, &["$ref"]);
    if differ.is_first_comparison(before, after) {
        let pointer = new["$ref"].as_str().unwrap_or_default();
        let shared = Subject::component(pointer.trim_start_matches('#'));
        response(differ, &shared, before, after);
    }
}

fn response<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    headers(differ, subject, &old["headers"], &new["headers"]);
    let (before, after) = (&old["content"], &new["content"]);
    content::compare(differ, Direction::Response, subject, before, after);
    differ.others(subject, old, new, &["headers", "content"]);
}

fn headers<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    for name in names(old, new) {
        let subject = subject.header(name);
        let (old, new) = (&old[name], &new[name]);
        match (differ.old.resolve(old), differ.new.resolve(new)) {
            (_, Value::Null) => differ.breaking(&subject, subject.sentence("is gone")),
            (Value::Null, _) => differ.additive(&subject, subject.sentence("is new")),
            (old, new) => header(differ, &subject, old, new),
        }
    }
}

fn header<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    match (old["required"] == true, new["required"] == true) {
        (false, true) => differ.additive(subject, subject.sentence("is always present now")),
        (true, false) => differ.breaking(subject, subject.sentence("can be missing now")),
        _ => {}
    }
    content::value(differ, Direction::Response, subject, old, new);
    differ.others(subject, old, new, &["required", "schema", "content"]);
}
