//! A value that is held against schemas.

use crate::input::json_text::integers::{Integer, as_integer};
use crate::input::json_text::tape::{Kind, NodeId, Tape};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::types::Types;

/// A value, and of an object those members that the type knows by name.
#[derive(Debug)]
pub(crate) struct Subject<'j> {
    pub(crate) id: NodeId,
    pub(crate) kind: Kind,
    pub(crate) text: &'j str,
    /// The name as the schema has it, and the value: the first of each name.
    pub(crate) members: Vec<(&'static str, NodeId)>,
    /// How many members or elements there are.
    pub(crate) count: usize,
    /// The integer that the number is equal to.
    pub(crate) integer: Option<Integer>,
}

impl<'j> Subject<'j> {
    pub(crate) fn new(tape: &Tape<'j>, schema: &InputSchema, id: NodeId) -> Self {
        let kind = tape.kind(id);
        let text = tape.text(id);
        let mut members: Vec<(&'static str, NodeId)> = Vec::new();
        let mut count = 0;
        match kind {
            Kind::Object => {
                for (name, value) in tape.members(id) {
                    count += 1;
                    if let Some(name) = schema.known_name(&tape.string(name))
                        && members.iter().all(|(known, _)| *known != name)
                    {
                        members.push((name, value));
                    }
                }
            }
            Kind::Array => count = tape.elements(id).count(),
            _ => {}
        }
        let integer = match kind {
            Kind::Number => as_integer(text),
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
            Kind::Null => Types::NULL,
            Kind::Boolean => Types::BOOLEAN,
            Kind::Number if self.integer.is_some() => Types::NUMBER.or(Types::INTEGER),
            Kind::Number => Types::NUMBER,
            Kind::String => Types::STRING,
            Kind::Array => Types::ARRAY,
            Kind::Object => Types::OBJECT,
        }
    }
}
