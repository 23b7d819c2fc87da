//! A schema as its reader sees it, however it is written: references followed, `allOf` merged,
//! `const` and lists of constants as values, `anyOf` with `null` as a type that may be null.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;

use serde_json::{Map, Value};

use super::differ::TEXTS;
use super::document::{ANYTHING, Document};

/// How many references and compositions stand for one schema.
const MOST_LAYERS: usize = 64;

/// What a schema says. Keywords that its layers say twice have two values.
#[derive(Debug, Default)]
pub(super) struct View<'a> {
    /// Every object that had a say: its texts are read from there.
    pub(super) layers: Vec<&'a Map<String, Value>>,
    /// `None` is any.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// `None` is any.
    pub(super) values: Option<Vec<&'a Value>>,
    pub(super) members: BTreeMap<&'a str, Vec<&'a Value>>,
    pub(super) required: BTreeSet<&'a str>,
    /// `anyOf` or `oneOf`, and what is in it.
    pub(super) variants: Vec<(&'a str, Vec<&'a Value>)>,
    pub(super) rest: BTreeMap<&'a str, Vec<&'a Value>>,
}

impl<'a> View<'a> {
    pub(super) fn of(document: &Document<'a>, schema: &'a Value) -> Self {
        let mut view = Self::read(document, schema, &mut Vec::new());
        view.values_say_the_types();
        view
    }

    /// Are there variants, and nothing that they share?
    pub(super) fn is_variants(&self) -> bool {
        self.variants.len() == 1
            && self.values.is_none()
            && self.members.is_empty()
            && self.required.is_empty()
            && self.rest.is_empty()
    }

    /// `trail` are the schemas that stand for one another: it ends references to themselves.
    fn read(document: &Document<'a>, schema: &'a Value, trail: &mut Vec<*const Value>) -> Self {
        let mut view = Self::default();
        if trail.contains(&ptr::from_ref(schema)) || trail.len() > MOST_LAYERS {
            return view;
        }
        let Some(keywords) = schema.as_object() else {
            if schema != &Value::Bool(true) {
                view.rest.insert("not", vec![&ANYTHING]);
            }
            return view;
        };
        trail.push(ptr::from_ref(schema));
        view.layers.push(keywords);
        for (keyword, value) in keywords {
            view.keyword(document, schema, (keyword, value), trail);
        }
        trail.pop();
        view
    }

    fn keyword(
        &mut self,
        document: &Document<'a>,
        schema: &'a Value,
        (keyword, value): (&'a str, &'a Value),
        trail: &mut Vec<*const Value>,
    ) {
        match (keyword, value) {
            (text, _) if TEXTS.contains(&text) => {}
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
                    self.merge(Self::read(document, part, trail));
                }
            }
            ("anyOf" | "oneOf", Value::Array(parts)) => {
                self.alternatives(document, (keyword, parts), trail);
            }
            ("$ref", _) if document.target(schema).is_some() => {
                let target = document.target(schema).unwrap_or(schema);
                self.merge(Self::read(document, target, trail));
            }
            _ => self.rest.entry(keyword).or_default().push(value),
        }
    }

    fn alternatives(
        &mut self,
        document: &Document<'a>,
        (keyword, parts): (&'a str, &'a [Value]),
        trail: &mut Vec<*const Value>,
    ) {
        let (nulls, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| is_null(part));
        let mut view = match others.as_slice() {
            [only] => Self::read(document, only, trail),
            several if several.iter().all(|part| is_list_of_values(part)) => {
                let mut view = Self::default();
                for part in several {
                    view.widen(Self::read(document, part, trail));
                }
                view
            }
            _ => {
                self.variants.push((keyword, parts.iter().collect()));
                return;
            }
        };
        view.values_say_the_types();
        if let (false, Some(types)) = (nulls.is_empty(), &mut view.types) {
            types.insert("null");
        }
        view.layers
            .extend(nulls.iter().filter_map(|part| part.as_object()));
        self.merge(view);
    }

    /// Both hold.
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

    /// One of them holds; both are lists of values.
    fn widen(&mut self, other: Self) {
        self.layers.extend(other.layers);
        self.types
            .get_or_insert_default()
            .extend(other.types.unwrap_or_default());
        self.values
            .get_or_insert_default()
            .extend(other.values.unwrap_or_default());
    }

    /// Types that exclude each other stay side by side: no value has both, and nothing is lost.
    fn limit_types(&mut self, types: BTreeSet<&'a str>) {
        match &mut self.types {
            Some(known) if known.is_disjoint(&types) => known.extend(types),
            Some(known) => known.retain(|name| types.contains(name)),
            None => self.types = Some(types),
        }
    }

    fn limit_values(&mut self, values: Vec<&'a Value>) {
        match &mut self.values {
            Some(known) => known.retain(|value| values.contains(value)),
            None => self.values = Some(values),
        }
    }

    /// A list of values says the types; and a `null` in it is said by them alone.
    fn values_say_the_types(&mut self) {
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

/// `{"type": "null"}`, whatever is told of it.
fn is_null(schema: &Value) -> bool {
    schema["type"] == "null" && has_only(schema, &["type"])
}

/// A variant of an enum without data, as it is written when it has a text of its own.
fn is_list_of_values(schema: &Value) -> bool {
    let lists = schema.get("const").is_some() || schema["enum"].is_array();
    lists && has_only(schema, &["const", "enum", "type"])
}

fn has_only(schema: &Value, keywords: &[&str]) -> bool {
    schema.as_object().is_some_and(|members| {
        let mut names = members.keys().map(String::as_str);
        names.all(|name| keywords.contains(&name) || TEXTS.contains(&name))
    })
}

/// Where a schema is written that is a mere reference, or told of in other words.
pub(super) fn origin<'a>(document: &Document<'a>, mut schema: &'a Value) -> &'a Value {
    for _ in 0..MOST_LAYERS {
        match document.target(schema) {
            Some(target) if has_only(schema, &["$ref"]) => schema = target,
            _ => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::document::Document;
    use super::View;

    fn same(one: &Value, other: &Value) {
        let root = json!({"components": {"schemas": {
            "User": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "Itself": {"$ref": "#/components/schemas/Itself"},
        }}});
        let (one, other) = (
            json!({"root": root, "it": one}),
            json!({"root": root, "it": other}),
        );
        let views = [&one, &other].map(|both| {
            let view = View::of(&Document::new(&both["root"]), &both["it"]);
            format!(
                "{:?}",
                (
                    view.types,
                    view.values,
                    view.members,
                    view.required,
                    view.variants,
                    view.rest
                )
            )
        });
        assert_eq!(views[0], views[1]);
    }

    #[test]
    fn what_means_the_same_looks_the_same() {
        let user = json!({"$ref": "#/components/schemas/User"});
        let nothing = json!({"type": "null"});
        same(
            &json!({"type": ["string", "null"]}),
            &json!({"anyOf": [{"type": "string"}, nothing], "description": "may be null"}),
        );
        same(
            &json!({"type": ["object", "null"], "properties": {"name": {"type": "string"}}, "required": ["name"]}),
            &json!({"anyOf": [user, nothing]}),
        );
        same(&json!({"allOf": [user], "title": "told anew"}), &user);
        same(
            &json!({"type": "string", "enum": ["a", "b"]}),
            &json!({"oneOf": [
                {"type": "string", "const": "a", "description": "first"},
                {"type": "string", "enum": ["b"]}]}),
        );
        same(
            &json!({"const": 1}),
            &json!({"type": "integer", "enum": [1]}),
        );
        same(
            &json!({"enum": ["a", null]}),
            &json!({"anyOf": [{"const": "a"}, nothing]}),
        );
        same(
            &json!({"$ref": "#/components/schemas/User", "properties": {"kind": {"const": "user"}}, "required": ["kind"]}),
            &json!({"type": "object", "required": ["name", "kind"],
                "properties": {"name": {"type": "string"}, "kind": {"const": "user"}}}),
        );
        same(&json!(true), &json!({}));
        same(&json!({"$ref": "#/components/schemas/Itself"}), &json!({}));
    }
}
