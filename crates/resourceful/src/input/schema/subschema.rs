//! Schemas that refer to each other by number.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::input::schema::types::Types;

/// The number of a schema inside its input schema.
pub(crate) type SchemaId = usize;

/// What may stand in an object beside the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Additional {
    /// Anything, which nobody reads.
    Ignored,
    /// Nothing.
    Denied,
    /// Members of a map.
    Map(SchemaId),
}

/// Alternatives.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) alternatives: Vec<SchemaId>,
    /// By `anyOf`, as schemars writes untagged enums and options.
    pub(crate) is_untagged: bool,
}

/// One schema: its own keywords, and the schemas that it refers to.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) keywords: &'static Value,
    /// Those that its own keywords allow.
    pub(crate) types: Types,
    /// Of `const` and `enum`.
    pub(crate) constants: Option<Vec<&'static Value>>,
    pub(crate) properties: HashMap<&'static str, SchemaId>,
    pub(crate) required: Vec<&'static str>,
    pub(crate) additional: Additional,
    pub(crate) tuple: Vec<SchemaId>,
    pub(crate) items: Option<SchemaId>,
    /// Schemas that hold as well: `$ref` and `allOf`.
    pub(crate) conjuncts: Vec<SchemaId>,
    /// Each `oneOf` and `anyOf`.
    pub(crate) choices: Vec<Choice>,
    /// Nothing is said of the value, so that all of it is read as it comes.
    pub(crate) is_any: bool,
    /// Integers of so many digits are in range, whatever the digits.
    pub(crate) safe_digits: usize,
    /// Values that may stand for wrong ones, made when the first is needed.
    pub(crate) guesses: OnceLock<Vec<Value>>,
}

impl Schema {
    pub(crate) fn keyword(&self, name: &str) -> Option<&'static Value> {
        self.keywords.get(name)
    }

    pub(crate) fn says(&self, name: &str) -> bool {
        self.keyword(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn format(&self) -> Option<&'static str> {
        self.keyword("format").and_then(Value::as_str)
    }

    /// Is everything that it says of a value in its own keywords?
    pub(crate) fn is_alone(&self) -> bool {
        self.constants.is_none() && self.conjuncts.is_empty() && self.choices.is_empty()
    }

    /// Is its value fixed, as the tag of a variant is?
    pub(crate) fn is_tag(&self) -> bool {
        self.constants.as_ref().is_some_and(|all| all.len() == 1)
    }

    /// The one member of a variant that is tagged by its name: `{"card": {..}}`.
    pub(crate) fn external_tag(&self) -> Option<&'static str> {
        match &self.required[..] {
            [name] if self.properties.len() == 1 && self.additional == Additional::Denied => {
                Some(name)
            }
            _ => None,
        }
    }

    /// The schema of a member; where nothing is said, it is this one again, called `own`.
    pub(crate) fn member(&self, own: SchemaId, name: &str) -> Option<SchemaId> {
        match (self.properties.get(name), self.additional) {
            (Some(id), _) => Some(*id),
            (None, Additional::Map(id)) => Some(id),
            _ => self.is_any.then_some(own),
        }
    }

    /// The schema of an element; where nothing is said, it is this one again, called `own`.
    pub(crate) fn element(&self, own: SchemaId, index: usize) -> Option<SchemaId> {
        let within = self.tuple.get(index).copied().or(self.items);
        within.or_else(|| self.is_any.then_some(own))
    }

    /// The schemas that are reached by one step into a value.
    pub(crate) fn children(&self) -> impl Iterator<Item = SchemaId> {
        let map = match self.additional {
            Additional::Map(id) => Some(id),
            _ => None,
        };
        let members = self.properties.values().copied().chain(map);
        members.chain(self.tuple.iter().copied()).chain(self.items)
    }

    /// The schemas that may hold for the same value.
    pub(crate) fn same_value(&self) -> impl Iterator<Item = SchemaId> {
        let choices = self.choices.iter().flat_map(|one| &one.alternatives);
        self.conjuncts.iter().chain(choices).copied()
    }
}

/// Can a value of this schema have one of the same schema inside?
pub(crate) fn is_part_of_itself(schemas: &[Schema], id: SchemaId) -> bool {
    let schema = &schemas[id];
    let inside = schema.children().chain(schema.same_value());
    inside.into_iter().any(|one| reaches(schemas, one, id))
}

/// Does a walk through the schemas lead from `from` to `to`?
pub(crate) fn reaches(schemas: &[Schema], from: SchemaId, to: SchemaId) -> bool {
    let mut seen = vec![false; schemas.len()];
    let mut left = vec![from];
    while let Some(id) = left.pop() {
        if id == to {
            return true;
        }
        if !std::mem::replace(&mut seen[id], true) {
            left.extend(schemas[id].children().chain(schemas[id].same_value()));
        }
    }
    false
}
