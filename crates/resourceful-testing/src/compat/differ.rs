//! The two documents, and what was found so far.

use std::collections::HashSet;
use std::ptr;

use serde_json::Value;

use super::change::{Change, Kind, Side};
use super::document::{Document, names};
use super::limits::{Moved, moved};
use super::place::Place;
use super::words::was_is;

/// Keywords for people, of operations and schemas alike.
pub(super) const TEXTS: &[&str] = &[
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

/// Two documents, and what was found so far.
#[derive(Debug)]
pub(super) struct Differ<'a> {
    pub(super) old: Document<'a>,
    pub(super) new: Document<'a>,
    pub(super) changes: Vec<Change>,
    /// Pairs that many places share, and that are said once.
    said: HashSet<(*const Value, *const Value)>,
}

impl<'a> Differ<'a> {
    pub(super) fn new(old: &'a Value, new: &'a Value) -> Self {
        Self {
            old: Document::new(old),
            new: Document::new(new),
            changes: Vec::new(),
            said: HashSet::new(),
        }
    }

    pub(super) fn push(&mut self, kind: Kind, place: &Place, text: String) {
        self.changes.push(Change {
            kind,
            place: place.operation.clone(),
            text,
        });
    }

    pub(super) fn breaking(&mut self, place: &Place, text: String) {
        self.push(Kind::Breaking, place, text);
    }

    pub(super) fn additive(&mut self, place: &Place, text: String) {
        self.push(Kind::Additive, place, text);
    }

    /// Is this the first time that these two are compared?
    pub(super) fn is_first(&mut self, old: &Value, new: &Value) -> bool {
        self.said.insert((ptr::from_ref(old), ptr::from_ref(new)))
    }

    /// A text of what stands here. Those of a component are said of it, and once.
    pub(super) fn text(&mut self, place: &Place, key: &str, old: &'a Value, new: &'a Value) {
        if old == new || !self.is_first(old, new) {
            return;
        }
        let pointer = self.pointer(old, new);
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        let component = Place::component(parent);
        let place = if pointer.starts_with("/components/") {
            &component
        } else {
            place
        };
        self.push(
            Kind::Documentation,
            place,
            place.says_of(key, &was_is(old, new)),
        );
    }

    /// What we know nothing of: breaking, since nobody can tell that it is not.
    pub(super) fn unknown(&mut self, place: &Place, key: &str, old: &'a Value, new: &'a Value) {
        if old != new {
            let what = format!("{} (#{})", was_is(old, new), self.pointer(old, new));
            self.breaking(place, place.says_of(key, &what));
        }
    }

    /// The members that the caller does not know: texts, and what nobody knows.
    pub(super) fn others(&mut self, place: &Place, old: &'a Value, new: &'a Value, known: &[&str]) {
        for name in names(old, new) {
            if known.contains(&name) {
                continue;
            }
            if TEXTS.contains(&name) {
                self.text(place, name, &old[name], &new[name]);
            } else {
                self.unknown(place, name, &old[name], &new[name]);
            }
        }
    }

    /// An upper or lower limit.
    pub(super) fn limit(
        &mut self,
        side: Side,
        place: &Place,
        key: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        let kind = match moved(key, old, new) {
            Moved::Nowhere => return,
            Moved::Inward => side.narrower(),
            Moved::Outward => side.wider(),
            Moved::Somewhere => Kind::Breaking,
        };
        self.push(kind, place, place.says_of(key, &was_is(old, new)));
    }

    fn pointer(&self, old: &Value, new: &Value) -> String {
        let found = self.new.pointer(new).or_else(|| self.old.pointer(old));
        found.unwrap_or_default()
    }
}
