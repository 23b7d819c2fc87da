//! What a body or an answer consists of, by content type.

use serde_json::Value;

use super::change::Side;
use super::differ::Differ;
use super::document::names;
use super::place::Place;
use super::schema;

/// Compares what a parameter or header is: a schema, or a text of some content type.
pub(super) fn value<'a>(
    differ: &mut Differ<'a>,
    side: Side,
    place: &Place,
    old: &'a Value,
    new: &'a Value,
) {
    schema::compare(differ, side, place, &old["schema"], &new["schema"]);
    match (&old["content"], &new["content"]) {
        (Value::Object(_), Value::Object(_)) => {
            compare(differ, side, place, &old["content"], &new["content"]);
        }
        (old, new) => differ.unknown(place, "content", old, new),
    }
}

/// Compares two `content` objects.
pub(super) fn compare<'a>(
    differ: &mut Differ<'a>,
    side: Side,
    place: &Place,
    old: &'a Value,
    new: &'a Value,
) {
    let types = names(old, new);
    for name in &types {
        let one_of_several = place.content(name);
        let part = if types.len() == 1 {
            place
        } else {
            &one_of_several
        };
        match (&old[*name], &new[*name]) {
            (_, Value::Null) => {
                let text = format!("cannot be {name} any more");
                differ.breaking(place, place.says(&text));
            }
            (Value::Null, _) => {
                let text = format!("can be {name} now");
                differ.additive(place, place.says(&text));
            }
            (old, new) => {
                schema::compare(differ, side, part, &old["schema"], &new["schema"]);
                differ.others(part, old, new, &["schema"]);
            }
        }
    }
}
