//! Every place of a request at which something can be altered.

use serde_json::{Map, Value, json};

use super::alteration::{Alteration, Change, Effect, escaped};
use super::flat::Flat;
use super::foreign::{is_time_delta, taken_parts};
use super::rules::{Rule, Rules};
use super::schema::Schemas;

/// All that can be altered of this input.
pub(super) fn alterations(schemas: &Schemas, schema: &Value, input: &Value) -> Vec<Alteration> {
    let mut walk = Walk {
        schemas,
        found: Vec::new(),
    };
    for part in ["query", "body"] {
        let schema = schema.get("properties").and_then(|parts| parts.get(part));
        if let (Some(schema), Some(value)) = (schema, input.get(part)) {
            walk.at(schema, value, &format!("/{part}"), None);
        }
    }
    walk.found
}

struct Walk<'s> {
    schemas: &'s Schemas,
    found: Vec<Alteration>,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Place<'p> {
    flat: &'p Flat,
    pointer: &'p str,
    choice: Option<usize>,
}

impl Walk<'_> {
    /// `choice` is how long the pointer of the outermost choice is that this is part of: what is
    /// wrong inside may be said of the choice as a whole.
    fn at(&mut self, schema: &Value, value: &Value, pointer: &str, choice: Option<usize>) {
        let alternatives = self.schemas.alternatives(schema, &[]);
        let is_value = |flat: &&Flat| flat.json_type() != Some("null");
        let is_choice = alternatives.iter().filter(is_value).count() > 1
            || alternatives.iter().any(is_time_delta);
        let fits = |flat: &&Flat| {
            let validator = self.schemas.validator(&(*flat).clone().into_schema());
            validator.is_ok_and(|validator| validator.is_valid(value))
        };
        let Some(flat) = alternatives.iter().find(fits) else {
            return;
        };
        let flat = &taken_parts(flat);
        let place = Place {
            flat,
            pointer,
            choice: choice.or(is_choice.then_some(pointer.len())),
        };
        if pointer != "/query" {
            let rules = if pointer.starts_with("/query/") {
                Rules::of_text(self.schemas, flat, value)
            } else {
                Rules::of_json(self.schemas, flat, value)
            };
            for rule in rules {
                self.add(place, rule);
            }
        }
        match value {
            Value::Object(members) => self.members(place, members),
            Value::Array(elements) => self.elements(place, elements),
            _ => {}
        }
    }

    fn members(&mut self, place: Place<'_>, members: &Map<String, Value>) {
        let Place { flat, pointer, .. } = place;
        let required = flat.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| members.contains_key(*name)) {
            let pointer = format!("{pointer}/{}", escaped(name));
            let member = Place {
                pointer: &pointer,
                ..place
            };
            self.add(
                member,
                Rule::new("is missing", Effect::Breaks, Change::Remove),
            );
        }
        let known = flat.get("properties");
        let others = flat.get("additionalProperties");
        let unknown = format!("{pointer}/unknown_member");
        let unknown = Place {
            pointer: &unknown,
            ..place
        };
        match others {
            _ if known.is_none() || pointer == "/query" => {}
            Some(Value::Bool(false)) => {
                self.add(unknown, Rule::put("is not known", Effect::Breaks, json!(1)));
            }
            None => {
                let value = json!([null, "é"]);
                self.add(
                    unknown,
                    Rule::put("is not known, and ignored", Effect::Keeps, value),
                );
            }
            Some(_) => {}
        }
        for (name, member) in members {
            let known = known.and_then(|known| known.get(name));
            if let Some(schema) = known.or(others) {
                let pointer = format!("{pointer}/{}", escaped(name));
                self.at(schema, member, &pointer, place.choice);
            }
        }
    }

    fn elements(&mut self, place: Place<'_>, elements: &[Value]) {
        let Place { flat, pointer, .. } = place;
        // What is wrong with one of these is its own affair.
        if flat.get("x-read-one-by-one").is_some() {
            return;
        }
        let prefix = flat.get("prefixItems").and_then(Value::as_array);
        let prefix = prefix.map_or(&[][..], Vec::as_slice);
        // Of those that are alike, one stands for all.
        for (index, element) in elements.iter().enumerate().take(prefix.len() + 1) {
            if let Some(schema) = prefix.get(index).or(flat.get("items")) {
                self.at(schema, element, &format!("{pointer}/{index}"), place.choice);
            }
        }
    }

    fn add(&mut self, place: Place<'_>, rule: Rule) {
        self.found.push(Alteration {
            place: place.pointer.to_owned(),
            what: rule.what,
            effect: rule.effect,
            choice: place.choice,
            change: rule.change,
        });
    }
}
