//! One keyword of two schemas that has no meaning for the shape of a value.

use serde_json::Value;

use super::change::{Kind, Side};
use super::document::names;
use super::limits::is_limit;
use super::place::Place;
use super::schema::{Walk, or_anything};
use super::words::was_is;

impl<'a> Walk<'_, 'a> {
    /// `null` is a keyword that is not there.
    pub(super) fn keyword(&mut self, place: &Place, keyword: &str, old: &'a Value, new: &'a Value) {
        match keyword {
            limit if is_limit(limit) => self.differ.limit(self.side, place, limit, old, new),
            "items" => self.schema(&place.items(), or_anything(old), or_anything(new)),
            "prefixItems" => self.positions(place, old, new),
            "additionalProperties" => self.other_members(place, old, new),
            "patternProperties" => {
                for name in names(old, new) {
                    let (old, new) = (or_anything(&old[name]), or_anything(&new[name]));
                    self.schema(&place.member(name), old, new);
                }
            }
            "default" => self.default(place, old, new),
            "format" => self.changed(Kind::Breaking, place, keyword, old, new),
            "multipleOf" | "not" | "pattern" | "propertyNames" | "uniqueItems" => {
                let kind = match (old, new) {
                    (Value::Null, _) => self.side.narrower(),
                    (_, Value::Null) => self.side.wider(),
                    _ => Kind::Breaking,
                };
                self.changed(kind, place, keyword, old, new);
            }
            _ => self.differ.unknown(place, keyword, old, new),
        }
    }

    fn changed(
        &mut self,
        kind: Kind,
        place: &Place,
        keyword: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        if old != new {
            let text = place.says_of(keyword, &was_is(old, new));
            self.differ.push(kind, place, text);
        }
    }

    /// What the server puts where a client says nothing: with another, the same request means
    /// something else. Answers have theirs already.
    fn default(&mut self, place: &Place, old: &'a Value, new: &'a Value) {
        let kind = match (self.side, old) {
            (Side::Answered, _) => Kind::Documentation,
            (Side::Sent, Value::Null) => Kind::Additive,
            (Side::Sent, _) => Kind::Breaking,
        };
        self.changed(kind, place, "default", old, new);
    }

    fn other_members(&mut self, place: &Place, old: &'a Value, new: &'a Value) {
        let closed = &Value::Bool(false);
        match (old == closed, new == closed) {
            (true, true) => {}
            (false, true) => self.narrower(place, place.says("has no other members now")),
            (true, false) => self.wider(place, place.says("can have other members now")),
            (false, false) => {
                self.schema(&place.member("*"), or_anything(old), or_anything(new));
            }
        }
    }

    fn positions(&mut self, place: &Place, old: &'a Value, new: &'a Value) {
        let length = |list: &Value| list.as_array().map_or(0, Vec::len);
        if length(old) != length(new) {
            let change = format!("had {} positions, has {}", length(old), length(new));
            self.differ.breaking(place, place.says(&change));
        }
        for index in 0..length(old).min(length(new)) {
            let place = place.variant(&format!("position {index}"));
            self.schema(&place, &old[index], &new[index]);
        }
    }
}
