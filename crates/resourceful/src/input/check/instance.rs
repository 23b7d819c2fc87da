//! A JSON value to which schemas are applied. JSON Schema calls it an instance.

use crate::input::json_text::integers::{Integer, as_integer};
use crate::input::json_text::tape::{NodeId, Tape, ValueKind};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::types::Types;

/// A JSON value and, of an object, the members that are properties of the type.
#[derive(Debug)]
pub(crate) struct Instance<'j> {
    pub(crate) id: NodeId,
    pub(crate) kind: ValueKind,
    pub(crate) text: &'j str,
    /// Property name and value; of duplicates the first.
    pub(crate) members: Vec<(&'static str, NodeId)>,
    /// The number of members or elements.
    pub(crate) count: usize,
    /// The integer that is equal to the number.
    pub(crate) integer: Option<Integer>,
}

impl<'j> Instance<'j> {
    pub(crate) fn new(tape: &Tape<'j>, schema: &InputSchema, id: NodeId) -> Self {
        let kind = tape.kind(id);
        let text = tape.text(id);
        let mut members: Vec<(&'static str, NodeId)> = Vec::new();
        let mut count = 0;
        match kind {
            ValueKind::Object => {
                for (name, value) in tape.members(id) {
                    count += 1;
                    if let Some(name) = schema.property_name(&tape.string(name))
                        && members.iter().all(|(known, _)| *known != name)
                    {
                        members.push((name, value));
                    }
                }
            }
            ValueKind::Array => count = tape.elements(id).count(),
            _ => {}
        }
        let integer = match kind {
            ValueKind::Number => as_integer(text),
            _ => None,
        };
        Self {
            id,
            kind,
            text,
            members,
            count,
            integer,
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<NodeId> {
        let mut members = self.members.iter();
        members.find(|(known, _)| *known == name).map(|(_, id)| *id)
    }

    pub(crate) fn types(&self) -> Types {
        match self.kind {
            ValueKind::Null => Types::NULL,
            ValueKind::Boolean => Types::BOOLEAN,
            ValueKind::Number if self.integer.is_some() => Types::NUMBER.union(Types::INTEGER),
            ValueKind::Number => Types::NUMBER,
            ValueKind::String => Types::STRING,
            ValueKind::Array => Types::ARRAY,
            ValueKind::Object => Types::OBJECT,
        }
    }
}
