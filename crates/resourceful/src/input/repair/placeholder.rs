//! Values to put in the place of wrong ones, so that the rest of a body can be read.
//!
//! A type may take less than its schema allows: a string that must be a date. So for each schema of a
//! text or a number there are several guesses, and the next one is made when the type has refused one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Schema, SchemaId};
use crate::input::schema::types::Types;

/// How deep a value may nest.
const MAX_NESTING: usize = 12;

/// Arrays of a fixed length may have so many elements.
const MAX_ELEMENTS: u64 = 64;

/// What types that read their own texts often take.
const TEXTS: [&str; 18] = [
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

/// Which guess is made for each schema of a text or a number: the first, where nothing is noted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guesses {
    made: BTreeMap<SchemaId, usize>,
    /// Those that the type has taken.
    taken: BTreeSet<SchemaId>,
}

/// A value, and the schemas for which something was guessed.
#[derive(Debug)]
pub(crate) struct Placeholder {
    pub(crate) json: String,
    pub(crate) guessed: Vec<SchemaId>,
}

impl Guesses {
    /// A value that one of the schemas allows.
    pub(crate) fn placeholder(&self, schema: &InputSchema, ids: &[SchemaId]) -> Placeholder {
        let found = ids.iter().find_map(|id| self.shallowest(schema, *id));
        let (value, guessed) = found.unwrap_or_default();
        Placeholder {
            json: value.to_string(),
            guessed,
        }
    }

    /// The type has taken what was guessed for these schemas.
    pub(crate) fn keep(&mut self, ids: &BTreeSet<SchemaId>) {
        self.taken.extend(ids);
    }

    /// Makes the next guess for each of the schemas. False where there is none.
    pub(crate) fn advance(&mut self, schema: &InputSchema, ids: &BTreeSet<SchemaId>) -> bool {
        let mut is_new = false;
        for id in ids.difference(&self.taken) {
            let guess = self.made.entry(*id).or_default();
            if *guess + 1 < options(schema.schema(*id)).len() {
                *guess += 1;
                is_new = true;
            }
        }
        is_new
    }

    /// The shallowest: of `And(Box<Expr>, Box<Expr>)` and `Number(i64)` the latter. None where a type
    /// has no value that is not nested absurdly deep.
    fn shallowest(&self, schema: &InputSchema, id: SchemaId) -> Option<(Value, Vec<SchemaId>)> {
        let mut search = Search {
            schema,
            guesses: self,
            guessed: Vec::new(),
            failed: HashSet::new(),
        };
        (1..=MAX_NESTING).find_map(|depth| {
            search.guessed.clear();
            let value = search.value(id, depth)?;
            Some((value, std::mem::take(&mut search.guessed)))
        })
    }
}

/// All guesses for a schema of a text or a number.
fn options(schema: &Schema) -> &[Value] {
    schema.guesses.get_or_init(|| make_options(schema))
}

fn make_options(schema: &Schema) -> Vec<Value> {
    let examples = schema.keyword("examples").and_then(Value::as_array);
    let mut options = examples.cloned().unwrap_or_default();
    if schema.types.meets(Types::STRING) {
        options.insert(0, text(schema).into());
        options.extend(TEXTS.map(Value::from));
    }
    if schema.types.meets(Types::INTEGER) {
        options.push(integer(schema));
    } else if schema.types.meets(Types::NUMBER) {
        let minimum = schema.keyword("minimum").cloned();
        options.push(minimum.unwrap_or_else(|| json!(0.0)));
    }
    if schema.types.meets(Types::INTEGER.or(Types::NUMBER)) {
        let limit = |name| schema.keyword(name).and_then(Value::as_i64);
        let least = limit("minimum").unwrap_or(i64::MIN);
        let most = limit("maximum").unwrap_or(i64::MAX);
        let allowed = NUMBERS
            .iter()
            .filter(|number| (least..=most).contains(number));
        options.extend(allowed.map(|number| Value::from(*number)));
    }
    let mut known = HashSet::new();
    options.retain(|value| known.insert(value.to_string()));
    options
}

struct Search<'s> {
    schema: &'s InputSchema,
    guesses: &'s Guesses,
    guessed: Vec<SchemaId>,
    /// Searches that found nothing, so that none is done twice.
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
        // What may be null is read as nothing, whatever its type.
        if types.meets(Types::NULL) && types != Types::ANY {
            return Some(Value::Null);
        }
        let mut value = if schema.is_any || types == Types::ANY && schema.properties.is_empty() {
            Value::Null
        } else if types.meets(Types::OBJECT) {
            Value::Object(self.object(schema, depth)?)
        } else if types.meets(Types::ARRAY) {
            Value::Array(self.array(schema, depth)?)
        } else if types.meets(Types::STRING.or(Types::INTEGER).or(Types::NUMBER)) {
            self.guessed.push(id);
            let guess = self.guesses.made.get(&id).copied().unwrap_or_default();
            options(schema).get(guess)?.clone()
        } else {
            json!(false)
        };
        for conjunct in &schema.conjuncts {
            merge(&mut value, self.value(*conjunct, depth)?);
        }
        for choice in &schema.choices {
            let nothing = |id: &&SchemaId| self.schema.schema(**id).types == Types::NULL;
            let found = match choice.alternatives.iter().find(nothing) {
                Some(_) => Some(Value::Null),
                None => choice
                    .alternatives
                    .iter()
                    .find_map(|one| self.value(*one, depth)),
            };
            merge(&mut value, found?);
        }
        Some(value)
    }

    /// Its required members.
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

/// Both hold: objects have the members of both, and of others the later says more.
fn merge(value: &mut Value, other: Value) {
    match (value, other) {
        (Value::Object(members), Value::Object(others)) => members.extend(others),
        (Value::Object(_), Value::Null) => {}
        (value, other) => *value = other,
    }
}

fn text(schema: &Schema) -> &'static str {
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

fn integer(schema: &Schema) -> Value {
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
        let found = Guesses::default().placeholder(schema, &[InputSchema::ROOT]);
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
    fn the_next_guess_is_another_value() {
        let schema = InputSchema::of::<Author>();
        let mut guesses = Guesses::default();
        let mut found = HashSet::new();
        loop {
            let placeholder = guesses.placeholder(schema, &[InputSchema::ROOT]);
            found.insert(placeholder.json);
            if !guesses.advance(schema, &placeholder.guessed.into_iter().collect()) {
                break;
            }
        }
        assert_eq!(found.len(), TEXTS.len());
    }

    #[test]
    fn a_type_without_values_has_no_placeholder() {
        assert_eq!(first::<Endless>(), Value::Null);
    }
}
