//! [`Schemas`]: validators and alternatives of the schemas in a document.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::normalise::{Alternative, by_type, product};

/// Maximum nesting of a type in itself, for generated values.
const MAX_RECURSION: usize = 2;

/// Maximum number of references from a body to its deepest value.
const MAX_REFERENCES: usize = 16;

/// Compiled validators by schema: compiling takes longer than all validations.
type Validators = RefCell<HashMap<String, Rc<Validator>>>;

pub(super) struct Schemas {
    pub(super) components: Value,
    validators: Validators,
    pub(super) closed_validators: Validators,
}

impl Schemas {
    pub(super) fn new(document: &Value) -> Self {
        Self {
            components: document.get("components").cloned().unwrap_or_default(),
            validators: RefCell::default(),
            closed_validators: RefCell::default(),
        }
    }

    /// # Errors
    /// If it is not a JSON Schema.
    pub(super) fn validator(&self, schema: &Value) -> Result<Rc<Validator>, String> {
        cached(&self.validators, schema, || {
            compile(schema, &self.components)
        })
    }

    /// Returns the alternatives of a schema. Empty if its recursive types do not end.
    pub(super) fn alternatives(&self, schema: &Value, references: &[String]) -> Vec<Alternative> {
        let Value::Object(keywords) = schema else {
            let open = Alternative {
                keywords: Map::new(),
                references: references.to_vec(),
            };
            return Vec::from_iter((schema != &Value::Bool(false)).then_some(open));
        };
        let mut base = keywords.clone();
        for compound in ["$ref", "allOf", "anyOf", "oneOf"] {
            base.remove(compound);
        }
        let mut found = vec![Alternative {
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
                let any_of = members(keywords, keyword)
                    .flat_map(|schema| self.alternatives(schema, references))
                    .collect::<Vec<_>>();
                found = product(&found, &any_of);
            }
        }
        found.into_iter().flat_map(by_type).collect()
    }

    fn referred(&self, name: &str, references: &[String]) -> Vec<Alternative> {
        let depth = references.iter().filter(|known| *known == name).count();
        let target = name.strip_prefix("#/components");
        let target = target.and_then(|pointer| self.components.pointer(pointer));
        match target {
            Some(target) if depth < MAX_RECURSION && references.len() < MAX_REFERENCES => {
                let mut references = references.to_vec();
                references.push(name.to_owned());
                self.alternatives(target, &references)
            }
            _ => Vec::new(),
        }
    }
}

/// Returns the cached validator of a schema, or compiles it.
pub(super) fn cached(
    validators: &Validators,
    schema: &Value,
    compile: impl FnOnce() -> Result<Validator, String>,
) -> Result<Rc<Validator>, String> {
    let key = schema.to_string();
    if let Some(validator) = validators.borrow().get(&key) {
        return Ok(Rc::clone(validator));
    }
    let validator = Rc::new(compile()?);
    validators.borrow_mut().insert(key, Rc::clone(&validator));
    Ok(validator)
}

/// Compiles a schema whose references point into `components`.
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
        .with_format("partial-date-time", has_time_characters)
        .with_format("partial-time", has_time_characters)
        .with_format("zoned-date-time", |text| {
            text.ends_with(']') && text.starts_with(|first: char| first.is_ascii_digit())
        });
    options.build(&schema).map_err(|error| error.to_string())
}

/// Rough check of schemars' formats for chrono times without a zone: it refuses words.
fn has_time_characters(text: &str) -> bool {
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
    fn all_of_is_merged() {
        let both = json!({
            "allOf": [{"$ref": "#/components/schemas/Post"}, {"$ref": "#/components/schemas/Author"}],
            "properties": {"more": {"type": "integer"}},
        });
        let alternatives = schemas().alternatives(&both, &[]);
        let names: Vec<_> = alternatives[0]
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
        let alternatives = schemas().alternatives(&either, &[]);
        let types: Vec<_> = alternatives
            .iter()
            .map(|alternative| alternative.get("type").cloned())
            .collect();
        assert_eq!(types, [Some(json!("string")), Some(json!("null")), None]);
        let none = json!({"allOf": [{"type": "string"}, {"type": "integer"}]});
        assert!(schemas().alternatives(&none, &[]).is_empty());
    }

    #[test]
    fn recursive_schemas_end() {
        let tree = json!({"$ref": "#/components/schemas/Tree"});
        assert_eq!(schemas().alternatives(&tree, &[]).len(), 1);
        let twice = vec!["#/components/schemas/Tree".to_owned(); 2];
        assert!(schemas().alternatives(&tree, &twice).is_empty());
        let bottomless = json!({"$ref": "#/components/schemas/Bottomless"});
        assert!(schemas().alternatives(&bottomless, &[]).is_empty());
    }
}
