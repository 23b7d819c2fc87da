//! Placeholders for wrong and missing values, so that the rest of a body can be read.
//!
//! A type may accept less than its schema allows, for example only strings that are dates. So each schema
//! of a string or a number has several candidates. If the type refuses one, the next one is used.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Schema, SchemaId};
use crate::input::schema::types::Types;

/// The largest nesting depth of a placeholder.
const MAX_NESTING: usize = 12;

/// The most elements of an array with a minimum length.
const MAX_ELEMENTS: u64 = 64;

/// Strings that types with their own parser often accept.
const STRINGS: [&str; 18] = [
    "",
    "0",
    "0.00",
    "a",
    "A",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "00000000-0000-0000-0000-000000000000",
    "127.0.0.1",
    "http://localhost/",
    "nobody@localhost",
    "1.0.0",
    "PT0S",
    "en",
    "EUR",
    "UTC",
    "#000000",
];

const NUMBERS: [i64; 5] = [0, 1, 2, 10, -1];

/// Makes placeholders, and remembers the current candidate for each schema of a string or a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlaceholderFactory {
    current: BTreeMap<SchemaId, usize>,
    /// Schemas whose current candidate the type has accepted.
    accepted: BTreeSet<SchemaId>,
}

/// A value, and the schemas of the candidates in it.
#[derive(Debug)]
pub(crate) struct Placeholder {
    pub(crate) json: String,
    pub(crate) candidate_schemas: Vec<SchemaId>,
}

impl PlaceholderFactory {
    /// A value that one of the schemas allows.
    pub(crate) fn placeholder(&self, schema: &InputSchema, ids: &[SchemaId]) -> Placeholder {
        let found = ids.iter().find_map(|id| self.shallowest(schema, *id));
        let (value, candidate_schemas) = found.unwrap_or_default();
        Placeholder {
            json: value.to_string(),
            candidate_schemas,
        }
    }

    /// Keeps the current candidates for these schemas, since the type has accepted them.
    pub(crate) fn accept(&mut self, ids: &BTreeSet<SchemaId>) {
        self.accepted.extend(ids);
    }

    /// Moves each of the schemas to its next candidate; false if none has a further one.
    pub(crate) fn advance(&mut self, schema: &InputSchema, ids: &BTreeSet<SchemaId>) -> bool {
        let mut is_new = false;
        for id in ids.difference(&self.accepted) {
            let candidate = self.current.entry(*id).or_default();
            if *candidate + 1 < candidates(schema.schema(*id)).len() {
                *candidate += 1;
                is_new = true;
            }
        }
        is_new
    }

    /// The least nested value: of `And(Box<Expr>, Box<Expr>)` and `Number(i64)` the latter. `None` if every
    /// value of the type nests too deep.
    fn shallowest(&self, schema: &InputSchema, id: SchemaId) -> Option<(Value, Vec<SchemaId>)> {
        let mut search = Search {
            schema,
            factory: self,
            candidate_schemas: Vec::new(),
            failed: HashSet::new(),
        };
        (1..=MAX_NESTING).find_map(|depth| {
            search.candidate_schemas.clear();
            let value = search.value(id, depth)?;
            Some((value, std::mem::take(&mut search.candidate_schemas)))
        })
    }
}

/// All candidates for a schema of a string or a number.
fn candidates(schema: &Schema) -> &[Value] {
    schema
        .placeholder_candidates
        .get_or_init(|| collect_candidates(schema))
}

fn collect_candidates(schema: &Schema) -> Vec<Value> {
    let examples = schema.keyword("examples").and_then(Value::as_array);
    let mut candidates = examples.cloned().unwrap_or_default();
    if schema.types.intersects(Types::STRING) {
        candidates.insert(0, string_candidate(schema).into());
        candidates.extend(STRINGS.map(Value::from));
    }
    if schema.types.intersects(Types::INTEGER) {
        candidates.push(integer_candidate(schema));
    } else if schema.types.intersects(Types::NUMBER) {
        let minimum = schema.keyword("minimum").cloned();
        candidates.push(minimum.unwrap_or_else(|| json!(0.0)));
    }
    if schema.types.intersects(Types::INTEGER.union(Types::NUMBER)) {
        let limit = |name| schema.keyword(name).and_then(Value::as_i64);
        let least = limit("minimum").unwrap_or(i64::MIN);
        let most = limit("maximum").unwrap_or(i64::MAX);
        let allowed = NUMBERS
            .iter()
            .filter(|number| (least..=most).contains(number));
        candidates.extend(allowed.map(|number| Value::from(*number)));
    }
    let mut known = HashSet::new();
    candidates.retain(|value| known.insert(value.to_string()));
    candidates
}

struct Search<'s> {
    schema: &'s InputSchema,
    factory: &'s PlaceholderFactory,
    candidate_schemas: Vec<SchemaId>,
    /// Searches without result, so that none is repeated.
    failed: HashSet<(SchemaId, usize)>,
}

impl Search<'_> {
    fn value(&mut self, id: SchemaId, depth: usize) -> Option<Value> {
        let schema = self.schema.schema(id);
        if let Some(value) = schema.keyword("default") {
            return Some(value.clone());
        }
        if let Some(constants) = &schema.constants {
            return constants.first().map(|value| (*value).clone());
        }
        if self.failed.contains(&(id, depth)) {
            return None;
        }
        let found = depth
            .checked_sub(1)
            .and_then(|depth| self.by_type(id, depth));
        if found.is_none() {
            self.failed.insert((id, depth));
        }
        found
    }

    fn by_type(&mut self, id: SchemaId, depth: usize) -> Option<Value> {
        let schema = self.schema.schema(id);
        let types = schema.types;
        // Null is the simplest value.
        if types.intersects(Types::NULL) && types != Types::ANY {
            return Some(Value::Null);
        }
        let mut value = if schema.is_any || types == Types::ANY && schema.properties.is_empty() {
            Value::Null
        } else if types.intersects(Types::OBJECT) {
            Value::Object(self.object(schema, depth)?)
        } else if types.intersects(Types::ARRAY) {
            Value::Array(self.array(schema, depth)?)
        } else if types.intersects(Types::STRING.union(Types::INTEGER).union(Types::NUMBER)) {
            self.candidate_schemas.push(id);
            let candidate = self.factory.current.get(&id).copied().unwrap_or_default();
            candidates(schema).get(candidate)?.clone()
        } else {
            json!(false)
        };
        for subschema in &schema.all_of {
            merge(&mut value, self.value(*subschema, depth)?);
        }
        for choice in &schema.choices {
            let is_null = |id: &&SchemaId| self.schema.schema(**id).types == Types::NULL;
            let found = match choice.alternatives.iter().find(is_null) {
                Some(_) => Some(Value::Null),
                None => choice
                    .alternatives
                    .iter()
                    .find_map(|alternative| self.value(*alternative, depth)),
            };
            merge(&mut value, found?);
        }
        Some(value)
    }

    /// An object with the required members.
    fn object(&mut self, schema: &Schema, depth: usize) -> Option<Map<String, Value>> {
        let mut members = Map::new();
        for name in &schema.required {
            let value = match schema.properties.get(name) {
                Some(id) => self.value(*id, depth)?,
                None => continue,
            };
            members.insert((*name).to_owned(), value);
        }
        Some(members)
    }

    fn array(&mut self, schema: &Schema, depth: usize) -> Option<Vec<Value>> {
        let least = schema
            .keyword("minItems")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        let tuple: Option<Vec<Value>> = schema
            .tuple
            .iter()
            .map(|id| self.value(*id, depth))
            .collect();
        let mut elements = tuple?;
        if let Some(items) = schema.items.filter(|_| (1..=MAX_ELEMENTS).contains(&least)) {
            let item = self.value(items, depth)?;
            elements.extend((0..least).map(|_| item.clone()));
        }
        Some(elements)
    }
}

/// Combines the values of two schemas that apply at once: objects get the members of both, else the later
/// value counts.
fn merge(value: &mut Value, other: Value) {
    match (value, other) {
        (Value::Object(members), Value::Object(others)) => members.extend(others),
        (Value::Object(_), Value::Null) => {}
        (value, other) => *value = other,
    }
}

fn string_candidate(schema: &Schema) -> &'static str {
    match schema.format() {
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("date-time") => "1970-01-01T00:00:00Z",
        Some("partial-date-time") => "1970-01-01T00:00:00",
        Some("date") => "1970-01-01",
        Some("time" | "partial-time") => "00:00:00",
        Some("ip" | "ipv4") => "0.0.0.0",
        Some("ipv6") => "::",
        Some("uri" | "url") => "http://localhost/",
        Some("email") => "nobody@localhost",
        Some("duration") => "PT0S",
        _ => "",
    }
}

fn integer_candidate(schema: &Schema) -> Value {
    let limit = |name| schema.keyword(name).and_then(Value::as_i64);
    let minimum = limit("minimum").unwrap_or(0);
    let maximum = limit("maximum").unwrap_or(i64::MAX);
    0.clamp(minimum.min(maximum), maximum).into()
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::*;

    fn first<T: JsonSchema + 'static>() -> Value {
        let schema = InputSchema::of::<T>();
        let found = PlaceholderFactory::default().placeholder(schema, &[InputSchema::ROOT]);
        serde_json::from_str(&found.json).unwrap()
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Post {
        title: String,
        #[schemars(range(min = 1))]
        rating: u8,
        tags: Vec<String>,
        sizes: [u8; 2],
        author: Option<Author>,
        kind: Kind,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Author {
        name: String,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code)]
    enum Kind {
        By(Author),
    }

    #[test]
    fn a_placeholder_has_what_is_required() {
        let kind = json!({"kind": "By", "name": ""});
        let expected = json!({"title": "", "rating": 1, "tags": [], "sizes": [0, 0], "kind": kind});
        assert_eq!(first::<Post>(), expected);
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
    fn the_shallowest_alternative_comes_first() {
        assert_eq!(first::<Expression>(), json!({"Number": 0}));
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Endless {
        Left(Box<Endless>, Box<Endless>),
        Right(Box<Endless>, Box<Endless>),
    }

    #[test]
    fn the_next_candidate_is_another_value() {
        let schema = InputSchema::of::<Author>();
        let mut factory = PlaceholderFactory::default();
        let mut found = HashSet::new();
        loop {
            let placeholder = factory.placeholder(schema, &[InputSchema::ROOT]);
            found.insert(placeholder.json);
            if !factory.advance(schema, &placeholder.candidate_schemas.into_iter().collect()) {
                break;
            }
        }
        assert_eq!(found.len(), STRINGS.len());
    }

    #[test]
    fn a_type_without_values_has_no_placeholder() {
        assert_eq!(first::<Endless>(), Value::Null);
    }
}
