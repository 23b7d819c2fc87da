//! Edits of a body: values that are replaced, removed or added.

use std::collections::BTreeMap;

use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{NodeId, Tape, ValueKind};

/// The target of an edit: a value, or a member that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EditTarget {
    Value(NodeId),
    Member(NodeId, String),
}

/// The result of following a path.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// The path leads to or into an edited value.
    Edited(EditTarget),
    /// The path leads to a value of the body. The path ends early if the body has no such step.
    At(NodeId, Path),
}

/// Replacement JSON by target; `None` removes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edits(BTreeMap<EditTarget, Option<String>>);

impl Edits {
    pub(crate) fn set(&mut self, target: EditTarget, json: Option<String>) {
        self.0.insert(target, json);
    }

    pub(crate) fn revert(&mut self, target: &EditTarget) {
        self.0.remove(target);
    }

    pub(crate) fn contains(&self, target: &EditTarget) -> bool {
        self.0.contains_key(target)
    }

    /// Follows a path through the body. Serde adds variant names to paths, so unknown steps end the walk.
    pub(crate) fn resolve(&self, tape: &Tape<'_>, path: &[Step]) -> Resolved {
        let mut at = NodeId::ROOT;
        let mut known = Path::new();
        for step in path {
            if self.contains(&EditTarget::Value(at)) {
                break;
            }
            if let Some(child) = tape.child(at, step) {
                at = child;
                known.push(step.clone());
                continue;
            }
            if let Step::Member(name) = step {
                let member = EditTarget::Member(at, name.clone());
                if self.contains(&member) {
                    return Resolved::Edited(member);
                }
            }
            break;
        }
        let value = EditTarget::Value(at);
        if self.contains(&value) {
            Resolved::Edited(value)
        } else {
            Resolved::At(at, known)
        }
    }

    /// The edited body.
    pub(crate) fn render(&self, tape: &Tape<'_>) -> String {
        let mut json = String::with_capacity(tape.text(NodeId::ROOT).len());
        self.write(tape, NodeId::ROOT, &mut json);
        json
    }

    fn write(&self, tape: &Tape<'_>, id: NodeId, json: &mut String) {
        if let Some(edit) = self.0.get(&EditTarget::Value(id)) {
            json.push_str(edit.as_deref().unwrap_or("null"));
            return;
        }
        if !self.has_edit_within(tape, id) {
            json.push_str(tape.text(id));
            return;
        }
        if tape.kind(id) == ValueKind::Array {
            json.push('[');
            for (index, element) in tape.elements(id).enumerate() {
                json.push_str(if index == 0 { "" } else { "," });
                self.write(tape, element, json);
            }
            json.push(']');
            return;
        }
        json.push('{');
        let mut separator = "";
        for (name, value) in tape.members(id) {
            if self.0.get(&EditTarget::Value(value)) == Some(&None) {
                continue;
            }
            json.push_str(std::mem::replace(&mut separator, ","));
            json.push_str(tape.text(name));
            json.push(':');
            self.write(tape, value, json);
        }
        for (name, value) in self.added(id) {
            json.push_str(std::mem::replace(&mut separator, ","));
            json.push_str(&serde_json::Value::from(name).to_string());
            json.push(':');
            json.push_str(value);
        }
        json.push('}');
    }

    fn has_edit_within(&self, tape: &Tape<'_>, id: NodeId) -> bool {
        let end = tape.after(id);
        let mut values = self.0.range(EditTarget::Value(id)..EditTarget::Value(end));
        let first = EditTarget::Member(id, String::new());
        let mut members = self.0.range(first..EditTarget::Member(end, String::new()));
        values.next().is_some() || members.next().is_some()
    }

    fn added(&self, object: NodeId) -> impl Iterator<Item = (&str, &str)> {
        let members = self.0.range(EditTarget::Member(object, String::new())..);
        members.map_while(move |(target, json)| match target {
            EditTarget::Member(id, name) if *id == object => {
                Some((name.as_str(), json.as_deref()?))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unedited_values_keep_their_spelling() {
        let tape = Tape::new(br#"{"a": [1, 2 ], "b": {"c": 1e0}, "d": true}"#).unwrap();
        let value = |steps: &[Step]| {
            let child = |at, step| tape.child(at, step).unwrap();
            steps.iter().fold(NodeId::ROOT, child)
        };
        let member = |name: &str| Step::Member(name.to_owned());
        let mut edits = Edits::default();
        assert_eq!(edits.render(&tape), tape.text(NodeId::ROOT));
        edits.set(
            EditTarget::Value(value(&[member("a"), Step::Element(1)])),
            Some("null".to_owned()),
        );
        edits.set(EditTarget::Value(value(&[member("d")])), None);
        edits.set(
            EditTarget::Member(NodeId::ROOT, "e\"".to_owned()),
            Some("[]".to_owned()),
        );
        assert_eq!(
            edits.render(&tape),
            r#"{"a":[1,null],"b":{"c": 1e0},"e\"":[]}"#
        );
        edits.set(
            EditTarget::Member(value(&[member("b")]), "f".to_owned()),
            Some("2".to_owned()),
        );
        assert_eq!(
            edits.render(&tape),
            r#"{"a":[1,null],"b":{"c":1e0,"f":2},"e\"":[]}"#
        );
    }
}
