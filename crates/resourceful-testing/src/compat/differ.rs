//! [`Differ`]: the two documents and the changes found so far.

use std::collections::HashSet;
use std::ptr;

use serde_json::Value;

use super::change::{ApiChange, Direction, Impact};
use super::limits::{LimitChange, compare_limit};
use super::render::render_change;
use super::resolver::{Resolver, names};
use super::subject::Subject;

/// Annotations, which do not affect clients, of operations and schemas.
pub(super) const ANNOTATIONS: &[&str] = &[
    "$comment",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "tags",
    "title",
];

/// Two documents and the changes found so far.
#[derive(Debug)]
pub(super) struct Differ<'a> {
    pub(super) old: Resolver<'a>,
    pub(super) new: Resolver<'a>,
    pub(super) changes: Vec<ApiChange>,
    /// Shared pairs that were reported already.
    reported: HashSet<(*const Value, *const Value)>,
}

impl<'a> Differ<'a> {
    pub(super) fn new(old: &'a Value, new: &'a Value) -> Self {
        Self {
            old: Resolver::new(old),
            new: Resolver::new(new),
            changes: Vec::new(),
            reported: HashSet::new(),
        }
    }

    pub(super) fn push(&mut self, impact: Impact, subject: &Subject, text: String) {
        self.changes.push(ApiChange {
            impact,
            subject: subject.operation.clone(),
            text,
        });
    }

    pub(super) fn breaking(&mut self, subject: &Subject, text: String) {
        self.push(Impact::Breaking, subject, text);
    }

    pub(super) fn additive(&mut self, subject: &Subject, text: String) {
        self.push(Impact::Additive, subject, text);
    }

    /// Whether these two are compared for the first time.
    pub(super) fn is_first_comparison(&mut self, old: &Value, new: &Value) -> bool {
        self.reported
            .insert((ptr::from_ref(old), ptr::from_ref(new)))
    }

    /// Compares an annotation. One in a component is reported once, for the component.
    pub(super) fn annotation(
        &mut self,
        subject: &Subject,
        key: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        if old == new || !self.is_first_comparison(old, new) {
            return;
        }
        let pointer = self.pointer(old, new);
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        let component = Subject::component(parent);
        let subject = if pointer.starts_with("/components/") {
            &component
        } else {
            subject
        };
        self.push(
            Impact::Documentation,
            subject,
            subject.keyword_sentence(key, &render_change(old, new)),
        );
    }

    /// Compares an unknown member. A change counts as breaking, because its meaning is unknown.
    pub(super) fn unknown(&mut self, subject: &Subject, key: &str, old: &'a Value, new: &'a Value) {
        if old != new {
            let change = format!("{} (#{})", render_change(old, new), self.pointer(old, new));
            self.breaking(subject, subject.keyword_sentence(key, &change));
        }
    }

    /// Compares the members that are not in `known`: annotations and unknown ones.
    pub(super) fn others(
        &mut self,
        subject: &Subject,
        old: &'a Value,
        new: &'a Value,
        known: &[&str],
    ) {
        for name in names(old, new) {
            if known.contains(&name) {
                continue;
            }
            if ANNOTATIONS.contains(&name) {
                self.annotation(subject, name, &old[name], &new[name]);
            } else {
                self.unknown(subject, name, &old[name], &new[name]);
            }
        }
    }

    /// Compares an upper or lower limit.
    pub(super) fn limit(
        &mut self,
        direction: Direction,
        subject: &Subject,
        key: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        let impact = match compare_limit(key, old, new) {
            LimitChange::Unchanged => return,
            LimitChange::Narrowed => direction.narrowed(),
            LimitChange::Widened => direction.widened(),
            LimitChange::Unknown => Impact::Breaking,
        };
        self.push(
            impact,
            subject,
            subject.keyword_sentence(key, &render_change(old, new)),
        );
    }

    fn pointer(&self, old: &Value, new: &Value) -> String {
        let pointer = self.new.pointer(new).or_else(|| self.old.pointer(old));
        pointer.unwrap_or_default()
    }
}
