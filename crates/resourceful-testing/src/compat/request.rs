//! What a client sends: parameters and the body.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Side;
use super::content;
use super::differ::Differ;
use super::document::Document;
use super::place::Place;

/// By where they are, and name.
type Parameters<'a> = BTreeMap<(&'a str, &'a str), &'a Value>;

/// Compares the parameters of an operation, those of its path (the first of each pair) included.
pub(super) fn parameters<'a>(
    differ: &mut Differ<'a>,
    place: &Place,
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
        let place = place.labelled(format!("{word} `{}`", key.1));
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => parameter(differ, &place, old, new),
            (Some(_), None) => differ.breaking(&place, place.says("is gone")),
            (None, Some(new)) if new["required"] == true => {
                differ.breaking(&place, place.says("is new and required"));
            }
            (None, _) => differ.additive(&place, place.says("is new")),
        }
    }
}

fn collect<'a>(document: &Document<'a>, lists: [&'a Value; 2]) -> Parameters<'a> {
    let listed = lists.into_iter().filter_map(Value::as_array).flatten();
    let parameters = listed.map(|parameter| document.follow(parameter));
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    parameters
        .map(|parameter| {
            let key = (text(&parameter["in"]), text(&parameter["name"]));
            (key, parameter)
        })
        .collect()
}

fn parameter<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    must(differ, place, old, new);
    content::value(differ, Side::Sent, place, old, new);
    let known = ["name", "in", "required", "schema", "content"];
    differ.others(place, old, new, &known);
}

/// Compares two bodies.
pub(super) fn body<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    let (old, new) = (differ.old.follow(old), differ.new.follow(new));
    let place = place.labelled("the body");
    match (old, new) {
        (Value::Null, Value::Null) => return,
        (_, Value::Null) => return differ.breaking(&place, place.says("is gone")),
        (Value::Null, new) if new["required"] == true => {
            return differ.breaking(&place, place.says("is new and required"));
        }
        (Value::Null, _) => return differ.additive(&place, place.says("is new")),
        _ => must(differ, &place, old, new),
    }
    let limit = "x-max-bytes";
    differ.limit(Side::Sent, &place, limit, &old[limit], &new[limit]);
    content::compare(differ, Side::Sent, &place, &old["content"], &new["content"]);
    differ.others(&place, old, new, &["required", limit, "content"]);
}

fn must<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    match (old["required"] == true, new["required"] == true) {
        (false, true) => differ.breaking(place, place.says("is now required")),
        (true, false) => differ.additive(place, place.says("is no longer required")),
        _ => {}
    }
}
