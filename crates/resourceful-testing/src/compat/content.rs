//! Compares bodies by content type.

use serde_json::Value;

use super::change::Direction;
use super::differ::Differ;
use super::resolver::names;
use super::schema;
use super::subject::Subject;

/// Compares the `schema` or `content` of a parameter or header.
pub(super) fn value<'a>(
    differ: &mut Differ<'a>,
    direction: Direction,
    subject: &Subject,
    old: &'a Value,
    new: &'a Value,
) {
    schema::compare(differ, direction, subject, &old["schema"], &new["schema"]);
    match (&old["content"], &new["content"]) {
        (Value::Object(_), Value::Object(_)) => {
            compare(differ, direction, subject, &old["content"], &new["content"]);
        }
        (old, new) => differ.unknown(subject, "content", old, new),
    }
}

/// Compares two `content` objects.
pub(super) fn compare<'a>(
    differ: &mut Differ<'a>,
    direction: Direction,
    subject: &Subject,
    old: &'a Value,
    new: &'a Value,
) {
    let types = names(old, new);
    for name in &types {
        let named_part = subject.content(name);
        let part = if types.len() == 1 {
            subject
        } else {
            &named_part
        };
        match (&old[*name], &new[*name]) {
            (_, Value::Null) => {
                let text = format!("can no longer be {name}");
                differ.breaking(subject, subject.sentence(&text));
            }
            (Value::Null, _) => {
                let text = format!("can be {name} now");
                differ.additive(subject, subject.sentence(&text));
            }
            (old, new) => {
                schema::compare(differ, direction, part, &old["schema"], &new["schema"]);
                differ.others(part, old, new, &["schema"]);
            }
        }
    }
}
