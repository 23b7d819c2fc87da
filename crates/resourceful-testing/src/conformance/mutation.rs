//! One place of a request altered: how it is done, and how an answer names the place.

use percent_encoding::percent_decode_str;
use proptest::prelude::{BoxedStrategy, Just, Strategy};
use serde_json::Value;

use super::trial::Trial;

/// One value put in the place of another, or taken away.
#[derive(Clone, Debug)]
pub(super) struct Alteration {
    /// The place: `/body/title`, `/query/limit`.
    pub(super) place: String,
    /// What there is to say of it: "is missing".
    pub(super) what: String,
    pub(super) effect: Effect,
    /// Of a place in a choice, how much of it tells where the choice is: what is wrong with it may
    /// be said of the whole, or of a part.
    pub(super) choice: Option<usize>,
    pub(super) change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// A rule, so that the request must be refused.
    Breaks,
    Keeps,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Remove,
    Put(BoxedStrategy<Value>),
}

impl Alteration {
    /// `before` with this done to it, beside what it was; null where it has no such place.
    pub(super) fn strategy(
        alterations: &[Self],
        before: BoxedStrategy<Value>,
    ) -> BoxedStrategy<Trial> {
        let changes: Vec<_> = alterations
            .iter()
            .map(|one| (one.place.clone(), matches!(one.change, Change::Put(_))))
            .collect();
        let put = |one: &Self| match &one.change {
            Change::Remove => Just(Value::Null).boxed(),
            Change::Put(values) => values.clone(),
        };
        // The first comes first: what it makes is the same as without the others.
        let values: Vec<_> = alterations.iter().map(put).collect();
        let altered = (before, values).prop_map(move |(before, values)| {
            let mut input = before.clone();
            for ((place, is_put), value) in changes.iter().zip(values) {
                let done = if *is_put {
                    put_at(&mut input, place, value)
                } else {
                    remove_at(&mut input, place)
                };
                if done.is_none() {
                    return Trial::of(Value::Null);
                }
            }
            Trial::of(input).beside(before)
        });
        altered.boxed()
    }

    /// Is this entry of `errors` one of this place?
    pub(super) fn is_named_by(&self, error: &Value) -> bool {
        let text = |member| error.get(member).and_then(Value::as_str);
        if let Some(parameter) = self.place.strip_prefix("/query/") {
            let name = parameter.split('/').next().unwrap_or_default();
            return text("name") == Some(&unescaped(name)) && text("in") == Some("query");
        }
        let Some(named) = place_of(error) else {
            return false;
        };
        let is_in_choice = |length| is_inside(&named, &self.place[..length]);
        named == self.place || self.choice.is_some_and(is_in_choice)
    }

    /// As the answer should write it.
    pub(super) fn name(&self) -> String {
        match self.place.strip_prefix("/query/") {
            Some(name) => format!("the parameter `{name}`"),
            None => format!("`#{}`", self.place.trim_start_matches("/body")),
        }
    }

    /// Can both be done, without one undoing the other?
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        !is_inside(&self.place, &other.place) && !is_inside(&other.place, &self.place)
    }
}

/// The place in a body that an entry of `errors` names.
pub(super) fn place_of(error: &Value) -> Option<String> {
    let pointer = error.get("pointer")?.as_str()?.strip_prefix('#')?;
    let pointer = percent_decode_str(pointer).decode_utf8().ok()?;
    Some(format!("/body{pointer}"))
}

/// Is this place the same as that, or in it?
fn is_inside(place: &str, outer: &str) -> bool {
    let rest = place.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn put_at(input: &mut Value, place: &str, value: Value) -> Option<()> {
    if let Some(known) = input.pointer_mut(place) {
        *known = value;
        return Some(());
    }
    let (parent, name) = place.rsplit_once('/')?;
    let members = input.pointer_mut(parent)?.as_object_mut()?;
    members.insert(unescaped(name), value);
    Some(())
}

fn remove_at(input: &mut Value, place: &str) -> Option<()> {
    let (parent, name) = place.rsplit_once('/')?;
    let members = input.pointer_mut(parent)?.as_object_mut()?;
    members.remove(&unescaped(name)).map(drop)
}

/// RFC 6901 section 3.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
