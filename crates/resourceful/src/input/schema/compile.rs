//! Compiles the schemas that schemars writes: each once, to a number by which others refer to it.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::input::schema::subschema::{Additional, Choice, Schema, SchemaId};
use crate::input::schema::types::Types;

/// The schemas of a schema document; the first one is the root.
pub(crate) fn compile(root: &'static Value) -> Vec<Schema> {
    let mut compiler = Compiler {
        root,
        known: HashMap::new(),
        schemas: Vec::new(),
    };
    compiler.compile(root);
    compiler.schemas
}

/// A schema without any of these keywords does not restrict a value.
const RESTRICTING: [&str; 11] = [
    "type",
    "const",
    "enum",
    "properties",
    "additionalProperties",
    "prefixItems",
    "items",
    "$ref",
    "allOf",
    "oneOf",
    "anyOf",
];

struct Compiler {
    root: &'static Value,
    /// By the address of a schema in the document.
    known: HashMap<*const Value, SchemaId>,
    schemas: Vec<Schema>,
}

impl Compiler {
    fn compile(&mut self, keywords: &'static Value) -> SchemaId {
        if let Some(id) = self.known.get(&std::ptr::from_ref(keywords)) {
            return *id;
        }
        let id = self.schemas.len();
        self.known.insert(keywords, id);
        self.schemas.push(Schema::new(keywords));
        // A schema may refer to itself, so its number exists before it is complete.
        let list = |name: &str| keywords.get(name).and_then(Value::as_array);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        let properties = properties.map(|(name, schema)| (name.as_str(), self.compile(schema)));
        self.schemas[id].properties = properties.collect();
        // schemars writes maps with other keys than strings by patterns of their keys.
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let by_pattern = patterns.and_then(|patterns| patterns.values().next());
        let additional = by_pattern
            .or_else(|| keywords.get("additionalProperties"))
            .or_else(|| keywords.get("unevaluatedProperties"));
        self.schemas[id].additional = match additional {
            Some(Value::Bool(false)) => Additional::Denied,
            Some(schema) => Additional::Map(self.compile(schema)),
            None => Additional::Ignored,
        };
        let tuple = list("prefixItems").into_iter().flatten();
        self.schemas[id].tuple = tuple.map(|schema| self.compile(schema)).collect();
        let items = keywords
            .get("items")
            .filter(|schema| **schema != Value::Bool(false));
        self.schemas[id].items = items.map(|schema| self.compile(schema));
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|target| self.root.pointer(target.trim_start_matches('#')));
        let all_of = target
            .into_iter()
            .chain(list("allOf").into_iter().flatten());
        self.schemas[id].all_of = all_of.map(|schema| self.compile(schema)).collect();
        for (name, is_untagged) in [("oneOf", false), ("anyOf", true)] {
            if let Some(alternatives) = list(name) {
                let alternatives = alternatives
                    .iter()
                    .map(|schema| self.compile(schema))
                    .collect();
                self.schemas[id].choices.push(Choice {
                    alternatives,
                    is_untagged,
                });
            }
        }
        id
    }
}

impl Schema {
    /// A schema with its own keywords; [`Compiler`] adds the schemas that they refer to.
    fn new(keywords: &'static Value) -> Self {
        let constants = match (keywords.get("const"), keywords.get("enum")) {
            (Some(value), _) => Some(vec![value]),
            (None, Some(Value::Array(values))) => Some(values.iter().collect()),
            _ => None,
        };
        let types = match keywords.get("type") {
            Some(Value::String(name)) => Types::from_name(name),
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .map(Types::from_name)
                .fold(Types::NONE, Types::union),
            _ => match &constants {
                Some(constants) => constants
                    .iter()
                    .map(|value| Types::of(value))
                    .fold(Types::NONE, Types::union),
                None if *keywords == Value::Bool(false) => Types::NONE,
                None => Types::ANY,
            },
        };
        let required = keywords.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let is_restricted = RESTRICTING.iter().any(|name| keywords.get(name).is_some());
        Self {
            keywords,
            types,
            constants,
            properties: HashMap::new(),
            required: required.collect(),
            additional: Additional::Ignored,
            tuple: Vec::new(),
            items: None,
            all_of: Vec::new(),
            choices: Vec::new(),
            is_any: types == Types::ANY && !is_restricted,
            placeholder_candidates: OnceLock::new(),
            safe_digits: match keywords.get("format").and_then(Value::as_str) {
                Some("int64" | "uint64" | "int128" | "uint128") => 18,
                Some("int32" | "uint32" | "int" | "uint") => 9,
                Some("int16" | "uint16") => 4,
                _ => 2,
            },
        }
    }
}
