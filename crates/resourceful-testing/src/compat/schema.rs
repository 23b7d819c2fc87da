//! Two schemas, from the side of those who read them.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use serde_json::Value;

use super::change::{Kind, Side};
use super::differ::{Differ, TEXTS};
use super::document::ANYTHING;
use super::place::Place;
use super::view::{View, origin};
use super::words::listed;

/// Compares two schemas of one side; `null` is none, which allows anything.
pub(super) fn compare<'a>(
    differ: &mut Differ<'a>,
    side: Side,
    place: &Place,
    old: &'a Value,
    new: &'a Value,
) {
    let mut walk = Walk {
        differ,
        side,
        met: HashSet::new(),
    };
    walk.schema(place, or_anything(old), or_anything(new));
}

pub(super) fn or_anything(schema: &Value) -> &Value {
    if schema.is_null() { &ANYTHING } else { schema }
}

/// A walk through the two schemas of one body, parameter or answer.
#[derive(Debug)]
pub(super) struct Walk<'d, 'a> {
    pub(super) differ: &'d mut Differ<'a>,
    pub(super) side: Side,
    /// Pairs that were compared already: recursive schemas have an end, and a component that is
    /// wrong is said to be so at the first place that leads to it.
    met: HashSet<(*const Value, *const Value)>,
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn schema(&mut self, place: &Place, old: &'a Value, new: &'a Value) {
        let before = View::of(&self.differ.old, old);
        let after = View::of(&self.differ.new, new);
        self.texts(place, &before, &after);
        let (old, new) = (origin(&self.differ.old, old), origin(&self.differ.new, new));
        if !self.met.insert((ptr::from_ref(old), ptr::from_ref(new))) {
            return;
        }
        match (before.variants.as_slice(), after.variants.as_slice()) {
            ([], [(_, variants)]) if after.is_variants() => {
                return self.variants(place, &[old], variants);
            }
            ([(_, variants)], []) if before.is_variants() => {
                return self.variants(place, variants, &[new]);
            }
            (before, after) => self.alternatives(place, before, after),
        }
        self.types(place, before.types.as_ref(), after.types.as_ref());
        self.values(place, before.values.as_deref(), after.values.as_deref());
        self.members(place, &before, &after);
        let keywords: BTreeSet<_> = before.rest.keys().chain(after.rest.keys()).collect();
        for keyword in keywords {
            let none = Vec::new();
            let old = before.rest.get(keyword).unwrap_or(&none);
            let new = after.rest.get(keyword).unwrap_or(&none);
            for index in 0..old.len().max(new.len()) {
                let (old, new) = (at(old, index), at(new, index));
                self.keyword(place, keyword, old, new);
            }
        }
    }

    pub(super) fn narrower(&mut self, place: &Place, text: String) {
        self.differ.push(self.side.narrower(), place, text);
    }

    pub(super) fn wider(&mut self, place: &Place, text: String) {
        self.differ.push(self.side.wider(), place, text);
    }

    /// Layer by layer where both are made alike; else what is said first, which is what shows.
    fn texts(&mut self, place: &Place, before: &View<'a>, after: &View<'a>) {
        for key in TEXTS {
            if before.layers.len() == after.layers.len() {
                for (old, new) in before.layers.iter().zip(&after.layers) {
                    let (old, new) = (old.get(*key), new.get(*key));
                    self.text(place, key, old, new);
                }
            } else {
                let first = |view: &View<'a>| view.layers.iter().find_map(|layer| layer.get(*key));
                self.text(place, key, first(before), first(after));
            }
        }
    }

    fn text(&mut self, place: &Place, key: &str, old: Option<&'a Value>, new: Option<&'a Value>) {
        let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
        self.differ.text(place, key, old, new);
    }

    /// Whether a value may be null is said apart, where it may be something else, too.
    fn types(&mut self, place: &Place, old: Option<&Types<'_>>, new: Option<&Types<'_>>) {
        let (mut old, mut new) = (old.cloned(), new.cloned());
        if let (Some(old), Some(new)) = (&mut old, &mut new)
            && !is_null(old)
            && !is_null(new)
        {
            match (old.remove("null"), new.remove("null")) {
                (true, false) => self.narrower(place, place.says("cannot be null any more")),
                (false, true) => self.wider(place, place.says("can be null now")),
                _ => {}
            }
        }
        let (old, new) = (old.as_ref(), new.as_ref());
        let change = format!("was {}, is {}", type_names(old), type_names(new));
        match (covers(old, new), covers(new, old)) {
            (true, true) => {}
            (true, false) => self.narrower(place, place.says(&change)),
            (false, true) => self.wider(place, place.says(&change)),
            (false, false) => self.differ.breaking(place, place.says(&change)),
        }
    }

    fn values(&mut self, place: &Place, old: Option<&[&Value]>, new: Option<&[&Value]>) {
        match (old, new) {
            (None, None) => {}
            (None, Some(values)) => {
                let text = format!("is one of {} now", listed(values));
                self.narrower(place, place.says(&text));
            }
            (Some(values), None) => {
                let text = format!("is not limited to {} any more", listed(values));
                self.wider(place, place.says(&text));
            }
            (Some(old), Some(new)) => {
                for value in old.iter().filter(|value| !new.contains(value)) {
                    let keyword = format!("value {}", listed(&[value]));
                    self.narrower(place, place.says_of(&keyword, "is gone"));
                }
                for value in new.iter().filter(|value| !old.contains(value)) {
                    let keyword = format!("value {}", listed(&[value]));
                    self.wider(place, place.says_of(&keyword, "is new"));
                }
            }
        }
    }

    fn members(&mut self, place: &Place, before: &View<'a>, after: &View<'a>) {
        let known = before.members.keys().chain(after.members.keys());
        let required = before.required.iter().chain(&after.required);
        let names: BTreeSet<_> = known.chain(required).copied().collect();
        for name in names {
            let place = place.member(name);
            let must = (
                before.required.contains(name),
                after.required.contains(name),
            );
            match (before.members.get(name), after.members.get(name)) {
                (Some(_), None) => self.differ.breaking(&place, place.says("is gone")),
                (None, Some(_)) if must == (false, true) && self.side == Side::Sent => {
                    let text = place.says("is new and required");
                    self.differ.breaking(&place, text);
                }
                (None, Some(_)) if !must.0 => self.differ.additive(&place, place.says("is new")),
                (old, new) => {
                    self.presence(&place, must);
                    let (old, new) = (list(old), list(new));
                    for index in 0..old.len().max(new.len()) {
                        let (old, new) = (at(old, index), at(new, index));
                        self.schema(&place, or_anything(old), or_anything(new));
                    }
                }
            }
        }
    }

    fn presence(&mut self, place: &Place, must: (bool, bool)) {
        let (kind, what) = match (must, self.side) {
            ((false, true), Side::Sent) => (Kind::Breaking, "is now required"),
            ((true, false), Side::Sent) => (Kind::Additive, "is no longer required"),
            ((false, true), Side::Answered) => (Kind::Additive, "is always there now"),
            ((true, false), Side::Answered) => (Kind::Breaking, "can be missing now"),
            _ => return,
        };
        self.differ.push(kind, place, place.says(what));
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

/// Are all types of `inner` among those of `outer`? Whole numbers are numbers.
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
