//! The JSON Schema of an input type, and the few questions we ask of it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// How many references are followed before a schema counts as endless.
const MAX_DEPTH: usize = 32;

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Element(usize),
}

/// A type's schema, made once per type and kept: types are few.
#[derive(Debug)]
pub struct Shape {
    root: Value,
    /// Are there structs inside the top one?
    nests_structs: bool,
}

impl Shape {
    /// The shape of `T`.
    pub(crate) fn of<T: JsonSchema + 'static>() -> &'static Self {
        static SHAPES: RwLock<Option<HashMap<TypeId, &'static Shape>>> = RwLock::new(None);
        let known = SHAPES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = known
            .as_ref()
            .and_then(|known| known.get(&TypeId::of::<T>()))
        {
            return shape;
        }
        drop(known);
        let shape: &'static Self = Box::leak(Box::new(Self::new::<T>()));
        let mut known = SHAPES.write().unwrap_or_else(PoisonError::into_inner);
        known
            .get_or_insert_default()
            .entry(TypeId::of::<T>())
            .or_insert(shape)
    }

    fn new<T: JsonSchema>() -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let root = generator.into_root_schema_for::<T>().to_value();
        let at_top = usize::from(root.get("properties").is_some());
        let nests_structs = count_structs(&root) > at_top;
        Self {
            root,
            nests_structs,
        }
    }

    /// Serde takes an array for a struct. Has this body an array where that could happen?
    pub(super) fn array_may_stand_for_struct(&self, top_array: bool, nested_array: bool) -> bool {
        (top_array && !self.allows(&self.root, "array")) || (nested_array && self.nests_structs)
    }

    /// The schema of the whole value.
    pub(crate) fn root(&self) -> &Value {
        self.resolve(&self.root)
    }

    /// The schema at `path`, as far as it is known.
    pub(crate) fn at(&self, path: &[Step]) -> Option<&Value> {
        let mut steps = path.iter();
        steps.try_fold(self.root(), |schema, step| self.child(schema, step))
    }

    /// The schema of a member or an element.
    pub(crate) fn child<'s>(&'s self, schema: &'s Value, step: &Step) -> Option<&'s Value> {
        let schema = self.resolve(schema);
        let direct = match step {
            Step::Member(name) => schema
                .get("properties")
                .and_then(|properties| properties.get(name))
                .or_else(|| {
                    schema
                        .get("additionalProperties")
                        .filter(|other| other.is_object())
                }),
            Step::Element(index) => schema
                .get("prefixItems")
                .and_then(|items| items.get(index))
                .or_else(|| schema.get("items").filter(|items| items.is_object())),
        };
        let found = direct.map(|schema| self.resolve(schema));
        found.or_else(|| alternatives(schema).find_map(|one| self.child(one, step)))
    }

    /// Is a value of this JSON type (`"object"`, `"null"`, ..) allowed here, as far as is known?
    pub(crate) fn allows(&self, schema: &Value, json_type: &str) -> bool {
        let schema = self.resolve(schema);
        let said = match schema.get("type") {
            Some(Value::String(one)) => return one == json_type,
            Some(Value::Array(several)) => return several.iter().any(|one| one == json_type),
            _ => schema.get("enum").or_else(|| schema.get("const")).is_some(),
        };
        let mut alternatives = alternatives(schema).peekable();
        if alternatives.peek().is_none() {
            return !said || json_type == "string";
        }
        alternatives.any(|one| self.allows(one, json_type))
    }

    /// Some value that deserialises: the default, the first of an enumeration, or the zero
    /// of the type.
    pub(crate) fn plausible(&self, schema: &Value) -> Value {
        self.plausible_within(schema, MAX_DEPTH)
    }

    fn plausible_within(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        let given = ["default", "const"]
            .into_iter()
            .find_map(|name| schema.get(name));
        let first = || schema.get("enum").and_then(|values| values.get(0));
        if let Some(value) = given.or_else(first) {
            return value.clone();
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        match json_type(schema) {
            Some("string") => plausible_text(schema).into(),
            Some("integer") => plausible_integer(schema),
            Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.0.into()),
            Some("boolean") => false.into(),
            Some("array") => {
                let items = schema.get("prefixItems").and_then(Value::as_array);
                items
                    .into_iter()
                    .flatten()
                    .map(|item| self.plausible_within(item, depth))
                    .collect()
            }
            Some("object") => self.plausible_object(schema, depth).into(),
            _ => {
                let mut values = alternatives(schema).map(|one| self.plausible_within(one, depth));
                values.find(|value| !value.is_null()).unwrap_or(Value::Null)
            }
        }
    }

    fn plausible_object(&self, schema: &Value, depth: usize) -> Map<String, Value> {
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let names = required.filter_map(Value::as_str);
        let property = |name| {
            schema
                .get("properties")
                .and_then(|properties| properties.get(name))
        };
        names
            .filter_map(|name| {
                Some((
                    name.to_owned(),
                    self.plausible_within(property(name)?, depth),
                ))
            })
            .collect()
    }

    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..MAX_DEPTH {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let Some(target) = self.root.pointer(reference.trim_start_matches('#')) else {
                break;
            };
            schema = target;
        }
        schema
    }
}

/// The one type of a schema; of several, the first that is not null.
pub(super) fn json_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null"),
        _ => None,
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .filter_map(|name| schema.get(name).and_then(Value::as_array))
        .flatten()
}

fn plausible_text(schema: &Value) -> &'static str {
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("date-time") => "1970-01-01T00:00:00Z",
        Some("partial-date-time") => "1970-01-01T00:00:00",
        Some("date") => "1970-01-01",
        Some("time" | "partial-time") => "00:00:00",
        Some("ip" | "ipv4") => "0.0.0.0",
        Some("ipv6") => "::",
        Some("uri" | "url") => "http://localhost/",
        Some("email") => "nobody@localhost",
        _ => "",
    }
}

fn plausible_integer(schema: &Value) -> Value {
    let minimum = schema.get("minimum").and_then(Value::as_i64).unwrap_or(0);
    let maximum = schema
        .get("maximum")
        .and_then(Value::as_i64)
        .unwrap_or(i64::MAX);
    0.clamp(minimum.min(maximum), maximum).into()
}

fn count_structs(value: &Value) -> usize {
    match value {
        Value::Object(object) => {
            usize::from(object.contains_key("properties"))
                + object.values().map(count_structs).sum::<usize>()
        }
        Value::Array(array) => array.iter().map(count_structs).sum(),
        _ => 0,
    }
}
