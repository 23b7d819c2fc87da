//! What a server answers, status by status.

use serde_json::Value;

use super::change::Side;
use super::content;
use super::differ::Differ;
use super::document::names;
use super::place::Place;

/// Compares all answers of an operation.
pub(super) fn answers<'a>(
    differ: &mut Differ<'a>,
    operation: &Place,
    old: &'a Value,
    new: &'a Value,
) {
    for status in names(old, new) {
        let (named, is_error) = match status {
            "default" => ("any other status", true),
            _ => (status, status.starts_with(['4', '5'])),
        };
        match (&old[status], &new[status]) {
            (_, Value::Null) => {
                let text = format!("{named} is not answered any more");
                differ.breaking(operation, text);
            }
            (Value::Null, _) => {
                let text = format!("{named} can be answered now");
                if is_error {
                    differ.additive(operation, text);
                } else {
                    differ.breaking(operation, text);
                }
            }
            (old, new) => {
                let place = operation.labelled(format!("answer {status}"));
                referred(differ, &place, old, new);
            }
        }
    }
}

/// An answer that operations share is compared once, and said of itself: a problem's members would
/// fill pages otherwise.
fn referred<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    let (before, after) = (differ.old.follow(old), differ.new.follow(new));
    let is_shared = old["$ref"].is_string() && old["$ref"] == new["$ref"];
    if !is_shared {
        return answer(differ, place, before, after);
    }
    differ.others(place, old, new, &["$ref"]);
    if differ.is_first(before, after) {
        let pointer = new["$ref"].as_str().unwrap_or_default();
        let shared = Place::component(pointer.trim_start_matches('#'));
        answer(differ, &shared, before, after);
    }
}

fn answer<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    headers(differ, place, &old["headers"], &new["headers"]);
    let (before, after) = (&old["content"], &new["content"]);
    content::compare(differ, Side::Answered, place, before, after);
    differ.others(place, old, new, &["headers", "content"]);
}

fn headers<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    for name in names(old, new) {
        let place = place.header(name);
        let (old, new) = (&old[name], &new[name]);
        match (differ.old.follow(old), differ.new.follow(new)) {
            (_, Value::Null) => differ.breaking(&place, place.says("is gone")),
            (Value::Null, _) => differ.additive(&place, place.says("is new")),
            (old, new) => header(differ, &place, old, new),
        }
    }
}

fn header<'a>(differ: &mut Differ<'a>, place: &Place, old: &'a Value, new: &'a Value) {
    match (old["required"] == true, new["required"] == true) {
        (false, true) => differ.additive(place, place.says("is always there now")),
        (true, false) => differ.breaking(place, place.says("can be missing now")),
        _ => {}
    }
    content::value(differ, Side::Answered, place, old, new);
    differ.others(place, old, new, &["required", "schema", "content"]);
}
