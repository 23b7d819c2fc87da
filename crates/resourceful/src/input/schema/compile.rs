//! Schemas as schemars writes them, compiled: each once, to a number by which others refer to it.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::input::schema::subschema::{Additional, Choice, Schema, SchemaId};
use crate::input::schema::types::Types;

/// The schemas of a document; the first is that of the whole.
pub(crate) fn compile(root: &'static Value) -> Vec<Schema> {
    let mut compiler = Compiler {
        root,
        known: HashMap::new(),
        schemas: Vec::new(),
    };
    compiler.schema(root);
    compiler.schemas
}

/// A schema without any of these says nothing of a value.
const LIMITING: [&str; 11] = [
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

/// Compiles schemas, each once.
struct Compiler {
    root: &'static Value,
    /// By the address of a schema in the document that schemars made.
    known: HashMap<*const Value, SchemaId>,
    schemas: Vec<Schema>,
}

impl Compiler {
    fn schema(&mut self, keywords: &'static Value) -> SchemaId {
        if let Some(id) = self.known.get(&std::ptr::from_ref(keywords)) {
            return *id;
        }
        let id = self.schemas.len();
        self.known.insert(keywords, id);
        self.schemas.push(Schema::new(keywords));
        // A schema may refer to itself, so that its number is needed before it is complete.
        let list = |name: &str| keywords.get(name).and_then(Value::as_array);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        let properties = properties.map(|(name, one)| (name.as_str(), self.schema(one)));
        self.schemas[id].properties = properties.collect();
        // Maps whose keys are no strings are written by patterns of their keys.
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let by_pattern = patterns.and_then(|patterns| patterns.values().next());
        let additional = by_pattern
            .or_else(|| keywords.get("additionalProperties"))
            .or_else(|| keywords.get("unevaluatedProperties"));
        self.schemas[id].additional = match additional {
            Some(Value::Bool(false)) => Additional::Denied,
            Some(one) => Additional::Map(self.schema(one)),
            None => Additional::Ignored,
        };
        let tuple = list("prefixItems").into_iter().flatten();
        self.schemas[id].tuple = tuple.map(|one| self.schema(one)).collect();
        let items = keywords
            .get("items")
            .filter(|one| **one != Value::Bool(false));
        self.schemas[id].items = items.map(|one| self.schema(one));
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|target| self.root.pointer(target.trim_start_matches('#')));
        let conjuncts = target
            .into_iter()
            .chain(list("allOf").into_iter().flatten());
        self.schemas[id].conjuncts = conjuncts.map(|one| self.schema(one)).collect();
        for (name, is_untagged) in [("oneOf", false), ("anyOf", true)] {
            if let Some(alternatives) = list(name) {
                let alternatives = alternatives.iter().map(|one| self.schema(one)).collect();
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
    /// Its own keywords; what they refer to is compiled later.
    fn new(keywords: &'static Value) -> Self {
        let constants = match (keywords.get("const"), keywords.get("enum")) {
            (Some(one), _) => Some(vec![one]),
            (None, Some(Value::Array(several))) => Some(several.iter().collect()),
            _ => None,
        };
        let types = match keywords.get("type") {
            Some(Value::String(one)) => Types::named(one),
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(Value::as_str)
                .map(Types::named)
                .fold(Types::NONE, Types::or),
            _ => match &constants {
                Some(constants) => constants
                    .iter()
                    .map(|one| Types::of(one))
                    .fold(Types::NONE, Types::or),
                None if *keywords == Value::Bool(false) => Types::NONE,
                None => Types::ANY,
            },
        };
        let required = keywords.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let is_limited = LIMITING.iter().any(|name| keywords.get(name).is_some());
        Self {
            keywords,
            types,
            constants,
            properties: HashMap::new(),
            required: required.collect(),
            additional: Additional::Ignored,
            tuple: Vec::new(),
            items: None,
            conjuncts: Vec::new(),
            choices: Vec::new(),
            is_any: types == Types::ANY && !is_limited,
            guesses: OnceLock::new(),
            safe_digits: match keywords.get("format").and_then(Value::as_str) {
                Some("int64" | "uint64" | "int128" | "uint128") => 18,
                Some("int32" | "uint32" | "int" | "uint") => 9,
                Some("int16" | "uint16") => 4,
                _ => 2,
            },
        }
    }
}
