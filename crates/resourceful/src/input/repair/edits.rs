//! A body in which some values are others.

use std::collections::BTreeMap;

use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{Kind, NodeId, Tape};

/// What is changed: a value, or a member that is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Value(NodeId),
    Member(NodeId, String),
}

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Place {
    /// To something that was changed, or into it.
    Changed(Target),
    /// To a value, as far as there are steps in the body.
    At(NodeId, Path),
}

/// Replacement JSON by target; `None` removes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edits(BTreeMap<Target, Option<String>>);

impl Edits {
    pub(crate) fn set(&mut self, target: Target, json: Option<String>) {
        self.0.insert(target, json);
    }

    pub(crate) fn withdraw(&mut self, target: &Target) {
        self.0.remove(target);
    }

    pub(crate) fn has(&self, target: &Target) -> bool {
        self.0.contains_key(target)
    }

    /// Follows a path through the body. A step that is not in it is the name of a variant, which serde adds.
    pub(crate) fn follow(&self, tape: &Tape<'_>, path: &[Step]) -> Place {
        let mut at = NodeId::ROOT;
        let mut known = Path::new();
        for step in path {
            if self.has(&Target::Value(at)) {
                break;
            }
            if let Some(child) = tape.child(at, step) {
                at = child;
                known.push(step.clone());
                continue;
            }
            if let Step::Member(name) = step {
                let member = Target::Member(at, name.clone());
                if self.has(&member) {
                    return Place::Changed(member);
                }
            }
            break;
        }
        let value = Target::Value(at);
        if self.has(&value) {
            Place::Changed(value)
        } else {
            Place::At(at, known)
        }
    }

    /// The body with all changes.
    pub(crate) fn render(&self, tape: &Tape<'_>) -> String {
        let mut json = String::with_capacity(tape.text(NodeId::ROOT).len());
        self.write(tape, NodeId::ROOT, &mut json);
        json
    }

    fn write(&self, tape: &Tape<'_>, id: NodeId, json: &mut String) {
        if let Some(change) = self.0.get(&Target::Value(id)) {
            json.push_str(change.as_deref().unwrap_or("null"));
            return;
        }
        if !self.changes_within(tape, id) {
            json.push_str(tape.text(id));
            return;
        }
        if tape.kind(id) == Kind::Array {
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
            if self.0.get(&Target::Value(value)) == Some(&None) {
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

    fn changes_within(&self, tape: &Tape<'_>, id: NodeId) -> bool {
        let end = tape.after(id);
        let mut values = self.0.range(Target::Value(id)..Target::Value(end));
        let first = Target::Member(id, String::new());
        let mut members = self.0.range(first..Target::Member(end, String::new()));
        values.next().is_some() || members.next().is_some()
    }

    fn added(&self, object: NodeId) -> impl Iterator<Item = (&str, &str)> {
        let members = self.0.range(Target::Member(object, String::new())..);
        members.map_while(move |(target, json)| match target {
            Target::Member(id, name) if *id == object => Some((name.as_str(), json.as_deref()?)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_stays_as_it_was_written() {
        let tape = Tape::new(br#"{"a": [1, 2 ], "b": {"c": 1e0}, "d": true}"#).unwrap();
        let value = |steps: &[Step]| {
            let child = |at, step| tape.child(at, step).unwrap();
            steps.iter().fold(NodeId::ROOT, child)
        };
        let member = |name: &str| Step::Member(name.to_owned());
        let mut edits = Edits::default();
        assert_eq!(edits.render(&tape), tape.text(NodeId::ROOT));
        edits.set(
            Target::Value(value(&[member("a"), Step::Element(1)])),
            Some("null".to_owned()),
        );
        edits.set(Target::Value(value(&[member("d")])), None);
        edits.set(
            Target::Member(NodeId::ROOT, "e\"".to_owned()),
            Some("[]".to_owned()),
        );
        assert_eq!(
            edits.render(&tape),
            r#"{"a":[1,null],"b":{"c": 1e0},"e\"":[]}"#
        );
        edits.set(
            Target::Member(value(&[member("b")]), "f".to_owned()),
            Some("2".to_owned()),
        );
        assert_eq!(
            edits.render(&tape),
            r#"{"a":[1,null],"b":{"c":1e0,"f":2},"e\"":[]}"#
        );
    }
}
