//! The JSON Schema of an input type, and the few questions we ask of it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::fault::Step;

/// How many references to references are followed.
const MAX_REFERENCES: usize = 32;

/// How many alternatives of alternatives are looked into.
const MAX_ALTERNATIVES: usize = 8;

/// How deep a plausible value may nest.
const MAX_NESTING: usize = 12;

/// A type's schema, made once per type and kept: types are few.
#[derive(Debug)]
pub struct Shape {
    root: Value,
    /// Are there structs inside the top one?
    nests_structs: bool,
    /// Are there sets or numbers of 32 bits, which serde takes otherwise than the schema says?
    has_untold_rules: bool,
}

impl Shape {
    /// The shape of `T`.
    pub(crate) fn of<T: JsonSchema + 'static>() -> &'static Self {
        static SHAPES: LazyLock<RwLock<HashMap<TypeId, &'static Shape>>> =
            LazyLock::new(RwLock::default);
        let id = TypeId::of::<T>();
        let known = SHAPES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = known.get(&id) {
            return shape;
        }
        drop(known);
        let mut known = SHAPES.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(id)
            .or_insert_with(|| Box::leak(Box::new(Self::new::<T>())))
    }

    fn new<T: JsonSchema>() -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let root = generator.into_root_schema_for::<T>().to_value();
        let at_top = usize::from(root.get("properties").is_some());
        let nests_structs = count_structs(&root) > at_top || refers_to_root(&root);
        let has_untold_rules = mentions(&root, &|schema| {
            is_unique(schema) || is_of_format(schema, "float")
        });
        Self {
            root,
            nests_structs,
            has_untold_rules,
        }
    }

    /// Is every array that is allowed here a set?
    pub(super) fn is_set(&self, schema: &Value) -> bool {
        self.all_say(schema, "array", &is_unique, MAX_ALTERNATIVES)
    }

    /// Is every number that is allowed here one of 32 bits?
    pub(super) fn is_single(&self, schema: &Value) -> bool {
        let is_single = |schema: &Value| is_of_format(schema, "float");
        self.all_say(schema, "number", &is_single, MAX_ALTERNATIVES)
    }

    /// Is it said wherever this JSON type is allowed?
    fn all_say(
        &self,
        schema: &Value,
        json_type: &str,
        says: &dyn Fn(&Value) -> bool,
        depth: usize,
    ) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let schema = self.resolve(schema);
        let mut those = alternatives(schema)
            .filter(|one| self.allows(one, json_type))
            .peekable();
        says(schema)
            || (those.peek().is_some()
                && those.all(|one| self.all_say(one, json_type, says, depth)))
    }

    /// Serde takes an array for a struct, and a set that has something twice. Could that happen to
    /// a body with arrays there?
    pub(super) fn is_taken_otherwise(&self, top_array: bool, nested_array: bool) -> bool {
        self.has_untold_rules
            || (top_array && !self.allows(&self.root, "array"))
            || (nested_array && self.nests_structs)
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

    /// The schema of a member or an element; of several that may apply, the first.
    pub(crate) fn child<'s>(&'s self, schema: &'s Value, step: &Step) -> Option<&'s Value> {
        self.children(&[schema], step).into_iter().next()
    }

    /// All schemas that may apply to a member or an element.
    pub(super) fn children<'s>(&'s self, schemas: &[&'s Value], step: &Step) -> Vec<&'s Value> {
        let mut found = Vec::new();
        for schema in schemas {
            self.collect_children(schema, step, MAX_ALTERNATIVES, &mut found);
        }
        found
    }

    fn collect_children<'s>(
        &'s self,
        schema: &'s Value,
        step: &Step,
        depth: usize,
        found: &mut Vec<&'s Value>,
    ) {
        let schema = self.resolve(schema);
        // A schema that is `true` allows everything, at any depth.
        if schema == &Value::Bool(true) {
            found.push(schema);
            return;
        }
        let get = |name| schema.get(name);
        let open = |schema: &&Value| **schema != Value::Bool(false);
        let direct = match step {
            Step::Member(name) => get("properties")
                .and_then(|properties| properties.get(name))
                .or_else(|| get("additionalProperties").filter(open)),
            Step::Element(index) => get("prefixItems")
                .and_then(|items| items.get(index))
                .or_else(|| get("items").filter(open)),
        };
        found.extend(direct.map(|schema| self.resolve(schema)));
        if let Some(depth) = depth.checked_sub(1) {
            alternatives(schema).for_each(|one| self.collect_children(one, step, depth, found));
        }
    }

    /// Is a value of this JSON type (`"object"`, `"null"`, ..) allowed here, as far as is known?
    pub(crate) fn allows(&self, schema: &Value, json_type: &str) -> bool {
        self.allows_within(schema, json_type, MAX_ALTERNATIVES)
    }

    fn allows_within(&self, schema: &Value, json_type: &str, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return true;
        };
        let schema = self.resolve(schema);
        match schema.get("type") {
            Some(Value::String(one)) => return one == json_type,
            Some(Value::Array(several)) => return several.iter().any(|one| one == json_type),
            _ => {}
        }
        let mut alternatives = alternatives(schema).peekable();
        if alternatives.peek().is_none() {
            let is_enumerated = schema.get("enum").or_else(|| schema.get("const")).is_some();
            return !is_enumerated || json_type == "string";
        }
        alternatives.any(|one| self.allows_within(one, json_type, depth))
    }

    /// Some value that deserialises: the default, the first of an enumeration, or the zero
    /// of the type. Null, when there is none that is not nested absurdly deep.
    pub(crate) fn plausible(&self, schema: &Value) -> Value {
        // The shallowest: of `And(Box<Expr>, Box<Expr>)` and `Number(i64)` the latter, whose
        // search does not branch without end.
        (1..=MAX_NESTING)
            .find_map(|depth| self.plausible_within(schema, depth))
            .unwrap_or_default()
    }

    fn plausible_within(&self, schema: &Value, depth: usize) -> Option<Value> {
        let schema = self.resolve(schema);
        let given = ["default", "const"]
            .into_iter()
            .find_map(|name| schema.get(name));
        let first = || schema.get("enum").and_then(|values| values.get(0));
        if let Some(value) = given.or_else(first) {
            return Some(value.clone());
        }
        let inner = depth.checked_sub(1)?;
        match json_type(schema) {
            Some("string") => Some(plausible_text(schema).into()),
            Some("integer") => Some(plausible_integer(schema)),
            Some("number") => Some(schema.get("minimum").cloned().unwrap_or_else(|| 0.0.into())),
            Some("boolean") => Some(false.into()),
            Some("null") => Some(Value::Null),
            Some("array") => {
                let items = schema.get("prefixItems").and_then(Value::as_array);
                let items = items.into_iter().flatten();
                items
                    .map(|item| self.plausible_within(item, inner))
                    .collect()
            }
            Some("object") => self.plausible_object(schema, inner).map(Value::Object),
            _ => alternatives(schema).find_map(|one| self.plausible_within(one, inner)),
        }
    }

    /// Its required members.
    fn plausible_object(&self, schema: &Value, depth: usize) -> Option<Map<String, Value>> {
        let required = schema.get("required").and_then(Value::as_array);
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        let properties = schema.get("properties");
        let member = |name: &str| {
            let schema = properties.and_then(|properties| properties.get(name))?;
            Some((name.to_owned(), self.plausible_within(schema, depth)?))
        };
        names.map(member).collect()
    }

    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..MAX_REFERENCES {
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

fn is_unique(schema: &Value) -> bool {
    schema.get("uniqueItems") == Some(&Value::Bool(true))
}

fn is_of_format(schema: &Value, format: &str) -> bool {
    schema.get("format").is_some_and(|known| known == format)
}

/// Is there a schema like this inside?
fn mentions(value: &Value, is_like_this: &dyn Fn(&Value) -> bool) -> bool {
    let inside = |value| mentions(value, is_like_this);
    is_like_this(value)
        || match value {
            Value::Object(object) => object.values().any(inside),
            Value::Array(array) => array.iter().any(inside),
            _ => false,
        }
}

/// Is the type part of itself?
fn refers_to_root(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.get("$ref").is_some_and(|target| target == "#")
                || object.values().any(refers_to_root)
        }
        Value::Array(array) => array.iter().any(refers_to_root),
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use schemars::{Schema, SchemaGenerator, json_schema};

    use super::*;

    /// Its schema is one of its own alternatives.
    struct Bottomless;

    impl JsonSchema for Bottomless {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Bottomless".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"anyOf": [{"$ref": "#"}]})
        }
    }

    #[test]
    fn a_schema_without_a_bottom_is_left_at_some_depth() {
        let shape = Shape::of::<Bottomless>();
        assert_eq!(shape.at(&[Step::Member("a".to_owned())]), None);
        assert!(shape.allows(shape.root(), "object"));
        assert_eq!(shape.plausible(shape.root()), Value::Null);
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Post {
        title: String,
        #[schemars(range(min = 1))]
        rating: u8,
        tags: Vec<String>,
        author: Option<Author>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Author {
        name: String,
    }

    #[test]
    fn members_are_found_through_references_and_options() {
        let shape = Shape::of::<Post>();
        let path = ["author", "name"].map(|name| Step::Member(name.to_owned()));
        assert_eq!(shape.at(&path).and_then(json_type), Some("string"));
        let path = [Step::Member("tags".to_owned()), Step::Element(3)];
        assert_eq!(shape.at(&path).and_then(json_type), Some("string"));
        assert_eq!(shape.at(&[Step::Element(0)]), None);
    }

    #[test]
    fn a_plausible_value_has_what_is_required() {
        let shape = Shape::of::<Post>();
        let expected = serde_json::json!({"title": "", "rating": 1, "tags": []});
        assert_eq!(shape.plausible(shape.root()), expected);
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Expression {
        And(Box<Expression>, Box<Expression>),
        Or {
            left: Box<Expression>,
            right: Box<Expression>,
        },
        Number(i64),
    }

    #[test]
    fn the_shallowest_alternative_is_plausible() {
        let shape = Shape::of::<Expression>();
        assert_eq!(
            shape.plausible(shape.root()),
            serde_json::json!({"Number": 0})
        );
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Endless {
        Left(Box<Endless>, Box<Endless>),
        Right(Box<Endless>, Box<Endless>),
    }

    #[test]
    fn a_type_without_values_has_no_plausible_one() {
        let shape = Shape::of::<Endless>();
        assert_eq!(shape.plausible(shape.root()), Value::Null);
    }
}
