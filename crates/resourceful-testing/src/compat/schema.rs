//! [`SchemaDiff`]: compares two schemas in one direction.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use serde_json::Value;

use super::change::{Direction, Impact};
use super::differ::{ANNOTATIONS, Differ};
use super::merged_schema::{MergedSchema, resolve_reference};
use super::render::render_values;
use super::resolver::ANY;
use super::subject::Subject;

/// Compares two schemas; `null` means no schema, which allows any value.
pub(super) fn compare<'a>(
    differ: &mut Differ<'a>,
    direction: Direction,
    subject: &Subject,
    old: &'a Value,
    new: &'a Value,
) {
    let mut diff = SchemaDiff {
        differ,
        direction,
        visited: HashSet::new(),
    };
    diff.schema(subject, or_any(old), or_any(new));
}

/// Replaces a missing schema by one that allows any value.
pub(super) fn or_any(schema: &Value) -> &Value {
    if schema.is_null() { &ANY } else { schema }
}

/// Comparison of the schemas of one body, parameter or response.
#[derive(Debug)]
pub(super) struct SchemaDiff<'d, 'a> {
    pub(super) differ: &'d mut Differ<'a>,
    pub(super) direction: Direction,
    /// Pairs that were compared already, so that recursive schemas end and a component's changes are
    /// reported once.
    visited: HashSet<(*const Value, *const Value)>,
}

impl<'a> SchemaDiff<'_, 'a> {
    pub(super) fn schema(&mut self, subject: &Subject, old: &'a Value, new: &'a Value) {
        let before = MergedSchema::of(&self.differ.old, old);
        let after = MergedSchema::of(&self.differ.new, new);
        self.annotations(subject, &before, &after);
        let (old, new) = (
            resolve_reference(&self.differ.old, old),
            resolve_reference(&self.differ.new, new),
        );
        if !self
            .visited
            .insert((ptr::from_ref(old), ptr::from_ref(new)))
        {
            return;
        }
        match (before.variants.as_slice(), after.variants.as_slice()) {
            ([], [(_, variants)]) if after.is_only_variants() => {
                return self.variants(subject, &[old], variants);
            }
            ([(_, variants)], []) if before.is_only_variants() => {
                return self.variants(subject, variants, &[new]);
            }
            (before, after) => self.alternatives(subject, before, after),
        }
        self.types(subject, before.types.as_ref(), after.types.as_ref());
        self.values(subject, before.values.as_deref(), after.values.as_deref());
        self.members(subject, &before, &after);
        let keywords: BTreeSet<_> = before.rest.keys().chain(after.rest.keys()).collect();
        for keyword in keywords {
            let none = Vec::new();
            let old = before.rest.get(keyword).unwrap_or(&none);
            let new = after.rest.get(keyword).unwrap_or(&none);
            for index in 0..old.len().max(new.len()) {
                let (old, new) = (at(old, index), at(new, index));
                self.keyword(subject, keyword, old, new);
            }
        }
    }

    pub(super) fn narrowed(&mut self, subject: &Subject, text: String) {
        self.differ.push(self.direction.narrowed(), subject, text);
    }

    pub(super) fn widened(&mut self, subject: &Subject, text: String) {
        self.differ.push(self.direction.widened(), subject, text);
    }

    /// Compares annotations layer by layer if both schemas have the same number of layers, else the
    /// first annotation of each.
    fn annotations(
        &mut self,
        subject: &Subject,
        before: &MergedSchema<'a>,
        after: &MergedSchema<'a>,
    ) {
        for key in ANNOTATIONS {
            if before.layers.len() == after.layers.len() {
                for (old, new) in before.layers.iter().zip(&after.layers) {
                    let (old, new) = (old.get(*key), new.get(*key));
                    self.annotation(subject, key, old, new);
                }
            } else {
                let first = |merged: &MergedSchema<'a>| {
                    merged.layers.iter().find_map(|layer| layer.get(*key))
                };
                self.annotation(subject, key, first(before), first(after));
            }
        }
    }

    fn annotation(
        &mut self,
        subject: &Subject,
        key: &str,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) {
        let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
        self.differ.annotation(subject, key, old, new);
    }

    /// Reports a change of `null` separately if other types are allowed, too.
    fn types(&mut self, subject: &Subject, old: Option<&Types<'_>>, new: Option<&Types<'_>>) {
        let (mut old, mut new) = (old.cloned(), new.cloned());
        if let (Some(old), Some(new)) = (&mut old, &mut new)
            && !is_null(old)
            && !is_null(new)
        {
            match (old.remove("null"), new.remove("null")) {
                (true, false) => self.narrowed(subject, subject.sentence("can no longer be null")),
                (false, true) => self.widened(subject, subject.sentence("can be null now")),
                _ => {}
            }
        }
        let (old, new) = (old.as_ref(), new.as_ref());
        let change = format!("was {}, is {}", type_names(old), type_names(new));
        match (covers(old, new), covers(new, old)) {
            (true, true) => {}
            (true, false) => self.narrowed(subject, subject.sentence(&change)),
            (false, true) => self.widened(subject, subject.sentence(&change)),
            (false, false) => self.differ.breaking(subject, subject.sentence(&change)),
        }
    }

    fn values(&mut self, subject: &Subject, old: Option<&[&Value]>, new: Option<&[&Value]>) {
        match (old, new) {
            (None, None) => {}
            (None, Some(values)) => {
                let text = format!("is one of {} now", render_values(values));
                self.narrowed(subject, subject.sentence(&text));
            }
            (Some(values), None) => {
                let text = format!("is no longer limited to {}", render_values(values));
                self.widened(subject, subject.sentence(&text));
            }
            (Some(old), Some(new)) => {
                for value in old.iter().filter(|value| !new.contains(value)) {
                    let keyword = format!("value {}", render_values(&[value]));
                    self.narrowed(subject, subject.keyword_sentence(&keyword, "is gone"));
                }
                for value in new.iter().filter(|value| !old.contains(value)) {
                    let keyword = format!("value {}", render_values(&[value]));
                    self.widened(subject, subject.keyword_sentence(&keyword, "is new"));
                }
            }
        }
    }

    fn members(&mut self, subject: &Subject, before: &MergedSchema<'a>, after: &MergedSchema<'a>) {
        let members = before.members.keys().chain(after.members.keys());
        let required = before.required.iter().chain(&after.required);
        let names: BTreeSet<_> = members.chain(required).copied().collect();
        for name in names {
            let subject = subject.member(name);
            let is_required = (
                before.required.contains(name),
                after.required.contains(name),
            );
            match (before.members.get(name), after.members.get(name)) {
                (Some(_), None) => self.differ.breaking(&subject, subject.sentence("is gone")),
                (None, Some(_))
                    if is_required == (false, true) && self.direction == Direction::Request =>
                {
                    let text = subject.sentence("is new and required");
                    self.differ.breaking(&subject, text);
                }
                (None, Some(_)) if !is_required.0 => {
                    self.differ.additive(&subject, subject.sentence("is new"));
                }
                (old, new) => {
                    self.presence(&subject, is_required);
                    let (old, new) = (list(old), list(new));
                    for index in 0..old.len().max(new.len()) {
                        let (old, new) = (at(old, index), at(new, index));
                        self.schema(&subject, or_any(old), or_any(new));
                    }
                }
            }
        }
    }

    fn presence(&mut self, subject: &Subject, is_required: (bool, bool)) {
        let (impact, predicate) = match (is_required, self.direction) {
            ((false, true), Direction::Request) => (Impact::Breaking, "is now required"),
            ((true, false), Direction::Request) => (Impact::Additive, "is no longer required"),
            ((false, true), Direction::Response) => (Impact::Additive, "is always present now"),
            ((true, false), Direction::Response) => (Impact::Breaking, "can be missing now"),
            _ => return,
        };
        self.differ
            .push(impact, subject, subject.sentence(predicate));
    }
}

fn list<'l, 'a>(values: Option<&'l Vec<&'a Value>>) -> &'l [&'a Value] {
    values.map_or(&[], Vec::as_slice)
}

fn at<'a>(values: &[&'a Value], index: usize) -> &'a Value {
    values.get(index).copied().unwrap_or(&Value::Null)
}

type Types<'a> = BTreeSet<&'a str>;

fn is_null(types: &Types<'_>) -> bool {
    types.len() == 1 && types.contains("null")
}

/// Whether `outer` includes all types of `inner`; `integer` is a `number`.
fn covers(outer: Option<&Types<'_>>, inner: Option<&Types<'_>>) -> bool {
    match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => inner
            .iter()
            .all(|name| outer.contains(name) || (*name == "integer" && outer.contains("number"))),
    }
}

/// "integer or string".
pub(super) fn type_names(types: Option<&Types<'_>>) -> String {
    let Some(types) = types else {
        return "anything".to_owned();
    };
    let names: Vec<_> = types.iter().copied().collect();
    names.join(" or ")
}
