//! Compares single keywords of two schemas.

use serde_json::Value;

use super::change::{Direction, Impact};
use super::limits::is_limit;
use super::render::render_change;
use super::resolver::names;
use super::schema::{SchemaDiff, or_any};
use super::subject::Subject;

impl<'a> SchemaDiff<'_, 'a> {
    /// Compares a keyword; `null` means that it is missing.
    pub(super) fn keyword(
        &mut self,
        subject: &Subject,
        keyword: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        match keyword {
            limit if is_limit(limit) => self.differ.limit(self.direction, subject, limit, old, new),
            "items" => self.schema(&subject.items(), or_any(old), or_any(new)),
            "prefixItems" => self.positions(subject, old, new),
            "additionalProperties" => self.other_members(subject, old, new),
            "patternProperties" => {
                for name in names(old, new) {
                    let (old, new) = (or_any(&old[name]), or_any(&new[name]));
                    self.schema(&subject.member(name), old, new);
                }
            }
            "default" => self.default(subject, old, new),
            "format" => self.changed(Impact::Breaking, subject, keyword, old, new),
            "multipleOf" | "not" | "pattern" | "propertyNames" | "uniqueItems" => {
                let impact = match (old, new) {
                    (Value::Null, _) => self.direction.narrowed(),
                    (_, Value::Null) => self.direction.widened(),
                    _ => Impact::Breaking,
                };
                self.changed(impact, subject, keyword, old, new);
            }
            _ => self.differ.unknown(subject, keyword, old, new),
        }
    }

    fn changed(
        &mut self,
        impact: Impact,
        subject: &Subject,
        keyword: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        if old != new {
            let text = subject.keyword_sentence(keyword, &render_change(old, new));
            self.differ.push(impact, subject, text);
        }
    }

    /// Compares a default. The server uses it for a missing member, so another default changes the
    /// meaning of a request. In responses the value is present already.
    fn default(&mut self, subject: &Subject, old: &'a Value, new: &'a Value) {
        let impact = match (self.direction, old) {
            (Direction::Response, _) => Impact::Documentation,
            (Direction::Request, Value::Null) => Impact::Additive,
            (Direction::Request, _) => Impact::Breaking,
        };
        self.changed(impact, subject, "default", old, new);
    }

    fn other_members(&mut self, subject: &Subject, old: &'a Value, new: &'a Value) {
        let closed = &Value::Bool(false);
        match (old == closed, new == closed) {
            (true, true) => {}
            (false, true) => {
                self.narrowed(subject, subject.sentence("allows no other members now"));
            }
            (true, false) => self.widened(subject, subject.sentence("allows other members now")),
            (false, false) => {
                self.schema(&subject.member("*"), or_any(old), or_any(new));
            }
        }
    }

    fn positions(&mut self, subject: &Subject, old: &'a Value, new: &'a Value) {
        let length = |list: &Value| list.as_array().map_or(0, Vec::len);
        if length(old) != length(new) {
            let change = format!("had {} positions, has {}", length(old), length(new));
            self.differ.breaking(subject, subject.sentence(&change));
        }
        for index in 0..length(old).min(length(new)) {
            let subject = subject.variant(&format!("position {index}"));
            self.schema(&subject, &old[index], &new[index]);
        }
    }
}
