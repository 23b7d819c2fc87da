//! Compares parameters and request bodies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Direction;
use super::content;
use super::differ::Differ;
use super::resolver::Resolver;
use super::subject::Subject;

/// Parameters by location and name.
type Parameters<'a> = BTreeMap<(&'a str, &'a str), &'a Value>;

/// Compares the parameters of an operation. The first of each pair are those of its path.
pub(super) fn parameters<'a>(
    differ: &mut Differ<'a>,
    subject: &Subject,
    old: [&'a Value; 2],
    new: [&'a Value; 2],
) {
    let (old, new) = (collect(&differ.old, old), collect(&differ.new, new));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let word = match key.0 {
            "header" => "header",
            "cookie" => "cookie",
            _ => "parameter",
        };
        let subject = subject.part(format!("{word} `{}`", key.1));
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => parameter(differ, &subject, old, new),
            (Some(_), None) => differ.breaking(&subject, subject.sentence("is gone")),
            (None, Some(new)) if new["required"] == true => {
                differ.breaking(&subject, subject.sentence("is new and required"));
            }
            (None, _) => differ.additive(&subject, subject.sentence("is new")),
        }
    }
}

fn collect<'a>(resolver: &Resolver<'a>, lists: [&'a Value; 2]) -> Parameters<'a> {
    let render_values = lists.into_iter().filter_map(Value::as_array).flatten();
    let parameters = render_values.map(|parameter| resolver.resolve(parameter));
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    parameters
        .map(|parameter| {
            let key = (text(&parameter["in"]), text(&parameter["name"]));
            (key, parameter)
        })
        .collect()
}

fn parameter<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    required(differ, subject, old, new);
    content::value(differ, Direction::Request, subject, old, new);
    let known = ["name", "in", "required", "schema", "content"];
    differ.others(subject, old, new, &known);
}

/// Compares two bodies.
pub(super) fn body<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    let (old, new) = (differ.old.resolve(old), differ.new.resolve(new));
    let subject = subject.part("the body");
    match (old, new) {
        (Value::Null, Value::Null) => return,
        (_, Value::Null) => return differ.breaking(&subject, subject.sentence("is gone")),
        (Value::Null, new) if new["required"] == true => {
            return differ.breaking(&subject, subject.sentence("is new and required"));
        }
        (Value::Null, _) => return differ.additive(&subject, subject.sentence("is new")),
        _ => required(differ, &subject, old, new),
    }
    let limit = "x-max-bytes";
    differ.limit(
        Direction::Request,
        &subject,
        limit,
        &old[limit],
        &new[limit],
    );
    content::compare(
        differ,
        Direction::Request,
        &subject,
        &old["content"],
        &new["content"],
    );
    differ.others(&subject, old, new, &["required", limit, "content"]);
}

fn required<'a>(differ: &mut Differ<'a>, subject: &Subject, old: &'a Value, new: &'a Value) {
    match (old["required"] == true, new["required"] == true) {
        (false, true) => differ.breaking(subject, subject.sentence("is now required")),
        (true, false) => differ.additive(subject, subject.sentence("is no longer required")),
        _ => {}
    }
}
