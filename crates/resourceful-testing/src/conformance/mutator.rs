//! Collects the mutations of a request.

use serde_json::{Map, Value, json};

use super::mutation::{Edit, Effect, Mutation, escaped};
use super::normalise::Alternative;
use super::schema::Schemas;
use super::third_party::{accepted_schema, is_time_delta};
use super::value_mutation::{ValueMutation, ValueMutations};

/// Returns all mutations of this input.
pub(super) fn mutations(schemas: &Schemas, schema: &Value, input: &Value) -> Vec<Mutation> {
    let mut collector = Collector {
        schemas,
        mutations: Vec::new(),
    };
    for part in ["query", "body"] {
        let schema = schema.get("properties").and_then(|parts| parts.get(part));
        if let (Some(schema), Some(value)) = (schema, input.get(part)) {
            collector.at(schema, value, &format!("/{part}"), None);
        }
    }
    collector.mutations
}

struct Collector<'s> {
    schemas: &'s Schemas,
    mutations: Vec<Mutation>,
}

/// A value of the input with its schema.
#[derive(Clone, Copy)]
struct Node<'p> {
    alternative: &'p Alternative,
    pointer: &'p str,
    choice: Option<usize>,
}

impl Collector<'_> {
    /// `choice` is the length of the pointer to the outermost choice around the value: an error may
    /// name the whole choice.
    fn at(&mut self, schema: &Value, value: &Value, pointer: &str, choice: Option<usize>) {
        let alternatives = self.schemas.alternatives(schema, &[]);
        let is_value = |alternative: &&Alternative| alternative.json_type() != Some("null");
        let is_choice = alternatives.iter().filter(is_value).count() > 1
            || alternatives.iter().any(is_time_delta);
        let fits = |alternative: &&Alternative| {
            let validator = self
                .schemas
                .validator(&(*alternative).clone().into_schema());
            validator.is_ok_and(|validator| validator.is_valid(value))
        };
        let Some(alternative) = alternatives.iter().find(fits) else {
            return;
        };
        let alternative = &accepted_schema(alternative);
        let node = Node {
            alternative,
            pointer,
            choice: choice.or(is_choice.then_some(pointer.len())),
        };
        if pointer != "/query" {
            let mutations = if pointer.starts_with("/query/") {
                ValueMutations::of_text(self.schemas, alternative, value)
            } else {
                ValueMutations::of_json(self.schemas, alternative, value)
            };
            for mutation in mutations {
                self.add(node, mutation);
            }
        }
        match value {
            Value::Object(members) => self.members(node, members),
            Value::Array(elements) => self.elements(node, elements),
            _ => {}
        }
    }

    fn members(&mut self, node: Node<'_>, members: &Map<String, Value>) {
        let Node {
            alternative,
            pointer,
            ..
        } = node;
        let required = alternative.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| members.contains_key(*name)) {
            let pointer = format!("{pointer}/{}", escaped(name));
            let member = Node {
                pointer: &pointer,
                ..node
            };
            self.add(
                member,
                ValueMutation::new("is missing", Effect::Invalid, Edit::Remove),
            );
        }
        let known = alternative.get("properties");
        let others = alternative.get("additionalProperties");
        let unknown = format!("{pointer}/unknown_member");
        let unknown = Node {
            pointer: &unknown,
            ..node
        };
        match others {
            _ if known.is_none() || pointer == "/query" => {}
            Some(Value::Bool(false)) => {
                self.add(
                    unknown,
                    ValueMutation::put("is an unknown member", Effect::Invalid, json!(1)),
                );
            }
            None => {
                let value = json!([null, "é"]);
                self.add(
                    unknown,
                    ValueMutation::put(
                        "is an unknown member, which is ignored",
                        Effect::Valid,
                        value,
                    ),
                );
            }
            Some(_) => {}
        }
        for (name, member) in members {
            let known = known.and_then(|known| known.get(name));
            if let Some(schema) = known.or(others) {
                let pointer = format!("{pointer}/{}", escaped(name));
                self.at(schema, member, &pointer, node.choice);
            }
        }
    }

    fn elements(&mut self, node: Node<'_>, elements: &[Value]) {
        let Node {
            alternative,
            pointer,
            ..
        } = node;
        // Errors of these elements do not fail the whole request.
        if alternative.get("x-read-one-by-one").is_some() {
            return;
        }
        let prefix = alternative.get("prefixItems").and_then(Value::as_array);
        let prefix = prefix.map_or(&[][..], Vec::as_slice);
        // One element is enough for `items`.
        for (index, element) in elements.iter().enumerate().take(prefix.len() + 1) {
            if let Some(schema) = prefix.get(index).or(alternative.get("items")) {
                self.at(schema, element, &format!("{pointer}/{index}"), node.choice);
            }
        }
    }

    fn add(&mut self, node: Node<'_>, mutation: ValueMutation) {
        self.mutations.push(Mutation {
            pointer: node.pointer.to_owned(),
            predicate: mutation.predicate,
            effect: mutation.effect,
            choice: node.choice,
            edit: mutation.edit,
        });
    }
}
