//! One schema inside an input schema. Schemas refer to each other by number.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::input::schema::types::Types;

/// The number of a schema inside its input schema.
pub(crate) type SchemaId = usize;

/// Members of an object besides its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Additional {
    /// Any, and serde ignores them.
    Ignored,
    /// None.
    Denied,
    /// Members of a map.
    Map(SchemaId),
}

/// A `oneOf` or `anyOf`.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) alternatives: Vec<SchemaId>,
    /// `anyOf`, by which schemars writes untagged enums and options.
    pub(crate) is_untagged: bool,
}

/// One schema: its own keywords and the schemas that it refers to.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) keywords: &'static Value,
    /// The types that its own keywords allow.
    pub(crate) types: Types,
    /// The values of `const` or `enum`.
    pub(crate) constants: Option<Vec<&'static Value>>,
    pub(crate) properties: HashMap<&'static str, SchemaId>,
    pub(crate) required: Vec<&'static str>,
    pub(crate) additional: Additional,
    pub(crate) tuple: Vec<SchemaId>,
    pub(crate) items: Option<SchemaId>,
    /// `$ref` and `allOf`.
    pub(crate) all_of: Vec<SchemaId>,
    /// Each `oneOf` and `anyOf`.
    pub(crate) choices: Vec<Choice>,
    /// No keyword restricts the value.
    pub(crate) is_any: bool,
    /// Integers with at most this many digits are in range.
    pub(crate) safe_digits: usize,
    /// Candidates for placeholders of wrong values, made when first needed.
    pub(crate) placeholder_candidates: OnceLock<Vec<Value>>,
}

impl Schema {
    pub(crate) fn keyword(&self, name: &str) -> Option<&'static Value> {
        self.keywords.get(name)
    }

    pub(crate) fn has_flag(&self, name: &str) -> bool {
        self.keyword(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn format(&self) -> Option<&'static str> {
        self.keyword("format").and_then(Value::as_str)
    }

    /// Whether its own keywords say everything: it has no constants, `$ref`, `allOf`, `oneOf` and `anyOf`.
    pub(crate) fn is_self_contained(&self) -> bool {
        self.constants.is_none() && self.all_of.is_empty() && self.choices.is_empty()
    }

    /// Whether only one value is allowed, as for the tag of a variant.
    pub(crate) fn is_tag(&self) -> bool {
        self.constants.as_ref().is_some_and(|all| all.len() == 1)
    }

    /// The only member of an externally tagged variant: `card` of `{"card": {..}}`.
    pub(crate) fn external_tag(&self) -> Option<&'static str> {
        match &self.required[..] {
            [name] if self.properties.len() == 1 && self.additional == Additional::Denied => {
                Some(name)
            }
            _ => None,
        }
    }

    /// The schema of a member. Inside an unrestricted value that is `own`, the number of this schema.
    pub(crate) fn member(&self, own: SchemaId, name: &str) -> Option<SchemaId> {
        match (self.properties.get(name), self.additional) {
            (Some(id), _) => Some(*id),
            (None, Additional::Map(id)) => Some(id),
            _ => self.is_any.then_some(own),
        }
    }

    /// The schema of an element. Inside an unrestricted value that is `own`, the number of this schema.
    pub(crate) fn element(&self, own: SchemaId, index: usize) -> Option<SchemaId> {
        let within = self.tuple.get(index).copied().or(self.items);
        within.or_else(|| self.is_any.then_some(own))
    }

    /// The schemas of members and elements.
    pub(crate) fn child_subschemas(&self) -> impl Iterator<Item = SchemaId> {
        let map = match self.additional {
            Additional::Map(id) => Some(id),
            _ => None,
        };
        let members = self.properties.values().copied().chain(map);
        members.chain(self.tuple.iter().copied()).chain(self.items)
    }

    /// The schemas that apply to the same value: `$ref`, `allOf`, `oneOf`, `anyOf`.
    pub(crate) fn in_place_subschemas(&self) -> impl Iterator<Item = SchemaId> {
        let choices = self.choices.iter().flat_map(|choice| &choice.alternatives);
        self.all_of.iter().chain(choices).copied()
    }
}

/// Whether a value of this schema can contain a value of the same schema.
pub(crate) fn is_recursive(schemas: &[Schema], id: SchemaId) -> bool {
    let schema = &schemas[id];
    let inside = schema
        .child_subschemas()
        .chain(schema.in_place_subschemas());
    inside.into_iter().any(|inner| reaches(schemas, inner, id))
}

/// Whether the schema `from` refers to `to`, directly or not.
pub(crate) fn reaches(schemas: &[Schema], from: SchemaId, to: SchemaId) -> bool {
    let mut seen = vec![false; schemas.len()];
    let mut left = vec![from];
    while let Some(id) = left.pop() {
        if id == to {
            return true;
        }
        if !std::mem::replace(&mut seen[id], true) {
            left.extend(
                schemas[id]
                    .child_subschemas()
                    .chain(schemas[id].in_place_subschemas()),
            );
        }
    }
    false
}
