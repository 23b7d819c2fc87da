//! [`Mutation`]: one changed value of a request, and the matching of errors to it.

use percent_encoding::percent_decode_str;
use proptest::prelude::{BoxedStrategy, Just, Strategy};
use serde_json::Value;

use super::test_case::TestCase;

/// A change of one value of a request.
#[derive(Clone, Debug)]
pub(super) struct Mutation {
    /// JSON Pointer into the input: `/body/title`, `/query/limit`.
    pub(super) pointer: String,
    /// Predicate for messages: "is missing".
    pub(super) predicate: String,
    pub(super) effect: Effect,
    /// Length of the pointer to the outermost choice (`anyOf`, `oneOf`) around the value. An error
    /// may name the choice, or any value inside it.
    pub(super) choice: Option<usize>,
    pub(super) edit: Edit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Breaks a rule of the schema, so the request must be refused.
    Invalid,
    /// Keeps the request valid.
    Valid,
}

#[derive(Clone, Debug)]
pub(super) enum Edit {
    Remove,
    Put(BoxedStrategy<Value>),
}

impl Mutation {
    /// Applies the mutations to inputs from `before`; the control is the original input. The input is
    /// null if it has no value at a pointer.
    pub(super) fn strategy(
        mutations: &[Self],
        before: BoxedStrategy<Value>,
    ) -> BoxedStrategy<TestCase> {
        let edits: Vec<_> = mutations
            .iter()
            .map(|mutation| {
                (
                    mutation.pointer.clone(),
                    matches!(mutation.edit, Edit::Put(_)),
                )
            })
            .collect();
        let put = |mutation: &Self| match &mutation.edit {
            Edit::Remove => Just(Value::Null).boxed(),
            Edit::Put(values) => values.clone(),
        };
        // In order, so that the first mutation generates the same values as without the others.
        let values: Vec<_> = mutations.iter().map(put).collect();
        let mutated = (before, values).prop_map(move |(before, values)| {
            let mut input = before.clone();
            for ((pointer, is_put), value) in edits.iter().zip(values) {
                let applied = if *is_put {
                    put_at(&mut input, pointer, value)
                } else {
                    remove_at(&mut input, pointer)
                };
                if applied.is_none() {
                    return TestCase::of(Value::Null);
                }
            }
            TestCase::of(input).with_control(before)
        });
        mutated.boxed()
    }

    /// Whether this entry of `errors` names the mutated value.
    pub(super) fn is_named_by(&self, error: &Value) -> bool {
        let text = |member| error.get(member).and_then(Value::as_str);
        if let Some(parameter) = self.pointer.strip_prefix("/query/") {
            let name = parameter.split('/').next().unwrap_or_default();
            return text("name") == Some(&unescaped(name)) && text("in") == Some("query");
        }
        let Some(named) = body_pointer(error) else {
            return false;
        };
        let is_in_choice = |length| is_inside(&named, &self.pointer[..length]);
        named == self.pointer || self.choice.is_some_and(is_in_choice)
    }

    /// Name of the value, as an error should write it.
    pub(super) fn name(&self) -> String {
        match self.pointer.strip_prefix("/query/") {
            Some(name) => format!("the parameter `{name}`"),
            None => format!("`#{}`", self.pointer.trim_start_matches("/body")),
        }
    }

    /// Whether neither value contains the other.
    pub(super) fn is_disjoint_from(&self, other: &Self) -> bool {
        !is_inside(&self.pointer, &other.pointer) && !is_inside(&other.pointer, &self.pointer)
    }
}

/// JSON Pointer into the input that an entry of `errors` names.
pub(super) fn body_pointer(error: &Value) -> Option<String> {
    let pointer = error.get("pointer")?.as_str()?.strip_prefix('#')?;
    let pointer = percent_decode_str(pointer).decode_utf8().ok()?;
    Some(format!("/body{pointer}"))
}

/// Whether a pointer is equal to `outer` or below it.
fn is_inside(pointer: &str, outer: &str) -> bool {
    let rest = pointer.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn put_at(input: &mut Value, pointer: &str, value: Value) -> Option<()> {
    if let Some(known) = input.pointer_mut(pointer) {
        *known = value;
        return Some(());
    }
    let (parent, name) = pointer.rsplit_once('/')?;
    let members = input.pointer_mut(parent)?.as_object_mut()?;
    members.insert(unescaped(name), value);
    Some(())
}

fn remove_at(input: &mut Value, pointer: &str) -> Option<()> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let members = input.pointer_mut(parent)?.as_object_mut()?;
    members.remove(&unescaped(name)).map(drop)
}

/// Escapes a member name for a JSON Pointer (RFC 6901 section 3).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
