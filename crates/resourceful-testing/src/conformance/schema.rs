//! The schemas of a document: which values they admit, and their alternatives one by one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::closed::Judge;
use super::flat::{Flat, by_type, product};

/// How often a type may be part of itself where values are made of it.
const MAX_RECURSION: usize = 2;

/// How many references lead from a body to the deepest value in it.
const MAX_REFERENCES: usize = 16;

pub(super) struct Schemas {
    pub(super) components: Value,
    /// By schema: to make one takes longer than all that is asked of it.
    validators: RefCell<HashMap<String, Rc<Validator>>>,
    pub(super) judges: RefCell<HashMap<String, Rc<Judge>>>,
}

impl Schemas {
    pub(super) fn new(document: &Value) -> Self {
        Self {
            components: document.get("components").cloned().unwrap_or_default(),
            validators: RefCell::default(),
            judges: RefCell::default(),
        }
    }

    /// # Errors
    /// What is no JSON Schema.
    pub(super) fn validator(&self, schema: &Value) -> Result<Rc<Validator>, String> {
        let key = schema.to_string();
        if let Some(validator) = self.validators.borrow().get(&key) {
            return Ok(Rc::clone(validator));
        }
        let validator = Rc::new(compile(schema, &self.components)?);
        let mut validators = self.validators.borrow_mut();
        validators.insert(key, Rc::clone(&validator));
        Ok(validator)
    }

    /// What a value may be: each alternative by itself. None where the types that contain
    /// themselves do not end.
    pub(super) fn alternatives(&self, schema: &Value, references: &[String]) -> Vec<Flat> {
        let Value::Object(keywords) = schema else {
            let open = Flat {
                keywords: Map::new(),
                references: references.to_vec(),
            };
            return Vec::from_iter((schema != &Value::Bool(false)).then_some(open));
        };
        let mut base = keywords.clone();
        for compound in ["$ref", "allOf", "anyOf", "oneOf"] {
            base.remove(compound);
        }
        let mut found = vec![Flat {
            keywords: base,
            references: references.to_vec(),
        }];
        if let Some(Value::String(name)) = keywords.get("$ref") {
            found = product(&found, &self.referred(name, references));
        }
        for member in members(keywords, "allOf") {
            found = product(&found, &self.alternatives(member, references));
        }
        for keyword in ["anyOf", "oneOf"] {
            if keywords.contains_key(keyword) {
                let either = members(keywords, keyword)
                    .flat_map(|one| self.alternatives(one, references))
                    .collect::<Vec<_>>();
                found = product(&found, &either);
            }
        }
        found.into_iter().flat_map(by_type).collect()
    }

    fn referred(&self, name: &str, references: &[String]) -> Vec<Flat> {
        let again = references.iter().filter(|known| *known == name).count();
        let target = name.strip_prefix("#/components");
        let target = target.and_then(|pointer| self.components.pointer(pointer));
        match target {
            Some(target) if again < MAX_RECURSION && references.len() < MAX_REFERENCES => {
                let mut references = references.to_vec();
                references.push(name.to_owned());
                self.alternatives(target, &references)
            }
            _ => Vec::new(),
        }
    }
}

/// Whatever stands inside `components` is found by the schema's references.
pub(super) fn compile(schema: &Value, components: &Value) -> Result<Validator, String> {
    let schema = if schema.to_string().contains("\"$ref\"") {
        json!({"allOf": [schema], "components": components})
    } else {
        schema.clone()
    };
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("ip", |text| text.parse::<IpAddr>().is_ok())
        .with_format("partial-date-time", is_of_digits)
        .with_format("partial-time", is_of_digits)
        .with_format("zoned-date-time", |text| {
            text.ends_with(']') && text.starts_with(|first: char| first.is_ascii_digit())
        });
    options.build(&schema).map_err(|error| error.to_string())
}

/// What schemars calls the times of chrono that have no zone: enough to tell words from them.
fn is_of_digits(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| b"0123456789-:T .".contains(&byte))
}

fn members<'s>(
    keywords: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'s Value> + use<'s> {
    let several = keywords.get(keyword).and_then(Value::as_array);
    several.into_iter().flatten()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn schemas() -> Schemas {
        Schemas::new(&json!({"components": {"schemas": {
            "Post": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "integer"}, "author": {"$ref": "#/components/schemas/Author"}},
            },
            "Author": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            "Tree": {
                "type": "object",
                "properties": {"left": {"$ref": "#/components/schemas/Tree"}},
            },
            "Bottomless": {"anyOf": [{"$ref": "#/components/schemas/Bottomless"}]},
        }}}))
    }

    #[test]
    fn parts_of_a_whole_are_one() {
        let both = json!({
            "allOf": [{"$ref": "#/components/schemas/Post"}, {"$ref": "#/components/schemas/Author"}],
            "properties": {"more": {"type": "integer"}},
        });
        let flats = schemas().alternatives(&both, &[]);
        let names: Vec<_> = flats[0]
            .get("properties")
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(names, ["author", "id", "more", "name"]);
    }

    #[test]
    fn each_type_is_an_alternative() {
        let either =
            json!({"anyOf": [{"type": ["string", "null"]}, {"const": 7}], "description": "x"});
        let flats = schemas().alternatives(&either, &[]);
        let types: Vec<_> = flats.iter().map(|flat| flat.get("type").cloned()).collect();
        assert_eq!(types, [Some(json!("string")), Some(json!("null")), None]);
        let none = json!({"allOf": [{"type": "string"}, {"type": "integer"}]});
        assert!(schemas().alternatives(&none, &[]).is_empty());
    }

    #[test]
    fn what_contains_itself_ends() {
        let tree = json!({"$ref": "#/components/schemas/Tree"});
        assert_eq!(schemas().alternatives(&tree, &[]).len(), 1);
        let twice = vec!["#/components/schemas/Tree".to_owned(); 2];
        assert!(schemas().alternatives(&tree, &twice).is_empty());
        let bottomless = json!({"$ref": "#/components/schemas/Bottomless"});
        assert!(schemas().alternatives(&bottomless, &[]).is_empty());
    }
}
