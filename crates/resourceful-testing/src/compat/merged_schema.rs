//! [`MergedSchema`]: a schema independent of its notation. References are resolved and `allOf` is
//! merged; `const` and lists of constants become values, and `anyOf` with `null` a nullable type.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;

use serde_json::{Map, Value};

use super::differ::ANNOTATIONS;
use super::resolver::{ANY, Resolver};

/// Maximum number of references and compositions of one schema.
const MAX_LAYERS: usize = 64;

/// Merged keywords of a schema. A keyword in two layers has two values.
#[derive(Debug, Default)]
pub(super) struct MergedSchema<'a> {
    /// All merged objects, for their annotations.
    pub(super) layers: Vec<&'a Map<String, Value>>,
    /// `None` allows any type.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// `None` allows any value.
    pub(super) values: Option<Vec<&'a Value>>,
    pub(super) members: BTreeMap<&'a str, Vec<&'a Value>>,
    pub(super) required: BTreeSet<&'a str>,
    /// `anyOf` or `oneOf` with its schemas.
    pub(super) variants: Vec<(&'a str, Vec<&'a Value>)>,
    /// All other keywords.
    pub(super) rest: BTreeMap<&'a str, Vec<&'a Value>>,
}

impl<'a> MergedSchema<'a> {
    pub(super) fn of(resolver: &Resolver<'a>, schema: &'a Value) -> Self {
        let mut merged = Self::read(resolver, schema, &mut Vec::new());
        merged.infer_types_from_values();
        merged
    }

    /// Whether the schema only lists variants.
    pub(super) fn is_only_variants(&self) -> bool {
        self.variants.len() == 1
            && self.values.is_none()
            && self.members.is_empty()
            && self.required.is_empty()
            && self.rest.is_empty()
    }

    /// `trail` has the schemas that are being merged; it ends cycles of references.
    fn read(resolver: &Resolver<'a>, schema: &'a Value, trail: &mut Vec<*const Value>) -> Self {
        let mut merged = Self::default();
        if trail.contains(&ptr::from_ref(schema)) || trail.len() > MAX_LAYERS {
            return merged;
        }
        let Some(keywords) = schema.as_object() else {
            if schema != &Value::Bool(true) {
                merged.rest.insert("not", vec![&ANY]);
            }
            return merged;
        };
        trail.push(ptr::from_ref(schema));
        merged.layers.push(keywords);
        for (keyword, value) in keywords {
            merged.keyword(resolver, schema, (keyword, value), trail);
        }
        trail.pop();
        merged
    }

    fn keyword(
        &mut self,
        resolver: &Resolver<'a>,
        schema: &'a Value,
        (keyword, value): (&'a str, &'a Value),
        trail: &mut Vec<*const Value>,
    ) {
        match (keyword, value) {
            (text, _) if ANNOTATIONS.contains(&text) => {}
            ("type", Value::String(name)) => self.limit_types([name.as_str()].into()),
            ("type", Value::Array(names)) => {
                self.limit_types(names.iter().filter_map(Value::as_str).collect());
            }
            ("const", value) => self.limit_values(vec![value]),
            ("enum", Value::Array(values)) => self.limit_values(values.iter().collect()),
            ("properties", Value::Object(members)) => {
                for (name, member) in members {
                    self.members.entry(name).or_default().push(member);
                }
            }
            ("required", Value::Array(names)) => {
                self.required.extend(names.iter().filter_map(Value::as_str));
            }
            ("allOf", Value::Array(parts)) => {
                for part in parts {
                    self.merge(Self::read(resolver, part, trail));
                }
            }
            ("anyOf" | "oneOf", Value::Array(parts)) => {
                self.alternatives(resolver, (keyword, parts), trail);
            }
            ("$ref", _) if resolver.target(schema).is_some() => {
                let target = resolver.target(schema).unwrap_or(schema);
                self.merge(Self::read(resolver, target, trail));
            }
            _ => self.rest.entry(keyword).or_default().push(value),
        }
    }

    fn alternatives(
        &mut self,
        resolver: &Resolver<'a>,
        (keyword, parts): (&'a str, &'a [Value]),
        trail: &mut Vec<*const Value>,
    ) {
        let (nulls, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| is_null(part));
        let mut merged = match others.as_slice() {
            [part] => Self::read(resolver, part, trail),
            parts if parts.iter().all(|part| is_list_of_values(part)) => {
                let mut merged = Self::default();
                for part in parts {
                    merged.widen(Self::read(resolver, part, trail));
                }
                merged
            }
            _ => {
                self.variants.push((keyword, parts.iter().collect()));
                return;
            }
        };
        merged.infer_types_from_values();
        if let (false, Some(types)) = (nulls.is_empty(), &mut merged.types) {
            types.insert("null");
        }
        merged
            .layers
            .extend(nulls.iter().filter_map(|part| part.as_object()));
        self.merge(merged);
    }

    /// Merges a schema that holds, too.
    fn merge(&mut self, other: Self) {
        self.layers.extend(other.layers);
        if let Some(types) = other.types {
            self.limit_types(types);
        }
        if let Some(values) = other.values {
            self.limit_values(values);
        }
        for (name, members) in other.members {
            self.members.entry(name).or_default().extend(members);
        }
        self.required.extend(other.required);
        self.variants.extend(other.variants);
        for (keyword, values) in other.rest {
            self.rest.entry(keyword).or_default().extend(values);
        }
    }

    /// Adds an alternative list of values.
    fn widen(&mut self, other: Self) {
        self.layers.extend(other.layers);
        self.types
            .get_or_insert_default()
            .extend(other.types.unwrap_or_default());
        self.values
            .get_or_insert_default()
            .extend(other.values.unwrap_or_default());
    }

    /// Intersects the types. Disjoint types are both kept, so that no change is lost.
    fn limit_types(&mut self, types: BTreeSet<&'a str>) {
        match &mut self.types {
            Some(current) if current.is_disjoint(&types) => current.extend(types),
            Some(current) => current.retain(|name| types.contains(name)),
            None => self.types = Some(types),
        }
    }

    fn limit_values(&mut self, values: Vec<&'a Value>) {
        match &mut self.values {
            Some(current) => current.retain(|value| values.contains(value)),
            None => self.values = Some(values),
        }
    }

    /// Infers the types from the values, and moves `null` from the values to the types.
    fn infer_types_from_values(&mut self) {
        let Some(values) = &mut self.values else {
            return;
        };
        let types = self.types.get_or_insert_default();
        if types.is_empty() {
            types.extend(values.iter().map(|value| type_of(value)));
        }
        values.retain(|value| !value.is_null());
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether the schema is `{"type": "null"}` with annotations.
fn is_null(schema: &Value) -> bool {
    schema["type"] == "null" && has_only(schema, &["type"])
}

/// Whether the schema is a unit variant of an enum, with annotations.
fn is_list_of_values(schema: &Value) -> bool {
    let lists = schema.get("const").is_some() || schema["enum"].is_array();
    lists && has_only(schema, &["const", "enum", "type"])
}

fn has_only(schema: &Value, keywords: &[&str]) -> bool {
    schema.as_object().is_some_and(|members| {
        let mut names = members.keys().map(String::as_str);
        names.all(|name| keywords.contains(&name) || ANNOTATIONS.contains(&name))
    })
}

/// Resolves references that add only annotations.
pub(super) fn resolve_reference<'a>(resolver: &Resolver<'a>, mut schema: &'a Value) -> &'a Value {
    for _ in 0..MAX_LAYERS {
        match resolver.target(schema) {
            Some(target) if has_only(schema, &["$ref"]) => schema = target,
            _ => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::resolver::Resolver;
    use super::MergedSchema;

    fn assert_equivalent(left: &Value, right: &Value) {
        let root = json!({"components": {"schemas": {
            "User": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "Itself": {"$ref": "#/components/schemas/Itself"},
        }}});
        let (left, right) = (
            json!({"root": root, "schema": left}),
            json!({"root": root, "schema": right}),
        );
        let merged_schemas = [&left, &right].map(|both| {
            let merged = MergedSchema::of(&Resolver::new(&both["root"]), &both["schema"]);
            format!(
                "{:?}",
                (
                    merged.types,
                    merged.values,
                    merged.members,
                    merged.required,
                    merged.variants,
                    merged.rest
                )
            )
        });
        assert_eq!(merged_schemas[0], merged_schemas[1]);
    }

    #[test]
    fn equivalent_schemas_are_merged_alike() {
        let user = json!({"$ref": "#/components/schemas/User"});
        let null_type = json!({"type": "null"});
        assert_equivalent(
            &json!({"type": ["string", "null"]}),
            &json!({"anyOf": [{"type": "string"}, null_type], "description": "may be null"}),
        );
        assert_equivalent(
            &json!({"type": ["object", "null"], "properties": {"name": {"type": "string"}}, "required": ["name"]}),
            &json!({"anyOf": [user, null_type]}),
        );
        assert_equivalent(&json!({"allOf": [user], "title": "another title"}), &user);
        assert_equivalent(
            &json!({"type": "string", "enum": ["a", "b"]}),
            &json!({"oneOf": [
                {"type": "string", "const": "a", "description": "first"},
                {"type": "string", "enum": ["b"]}]}),
        );
        assert_equivalent(
            &json!({"const": 1}),
            &json!({"type": "integer", "enum": [1]}),
        );
        assert_equivalent(
            &json!({"enum": ["a", null]}),
            &json!({"anyOf": [{"const": "a"}, null_type]}),
        );
        assert_equivalent(
            &json!({"$ref": "#/components/schemas/User", "properties": {"kind": {"const": "user"}}, "required": ["kind"]}),
            &json!({"type": "object", "required": ["name", "kind"],
                "properties": {"name": {"type": "string"}, "kind": {"const": "user"}}}),
        );
        assert_equivalent(&json!(true), &json!({}));
        assert_equivalent(&json!({"$ref": "#/components/schemas/Itself"}), &json!({}));
    }
}
