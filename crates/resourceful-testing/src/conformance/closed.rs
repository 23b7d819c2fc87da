//! A schema that admits no member which it does not know.

use std::rc::Rc;

use jsonschema::Validator;
use serde_json::Value;

use super::schema::{Schemas, compile};

/// What is said of an answer.
pub(super) struct Judge {
    /// Is it as the schema says?
    pub(super) plain: Rc<Validator>,
    /// Has it members that the schema does not know?
    pub(super) closed: Validator,
}

impl Schemas {
    /// # Errors
    /// What is no JSON Schema.
    pub(super) fn judge(&self, schema: &Value) -> Result<Rc<Judge>, String> {
        let key = schema.to_string();
        if let Some(judge) = self.judges.borrow().get(&key) {
            return Ok(Rc::clone(judge));
        }
        let judge = Rc::new(Judge {
            plain: self.validator(schema)?,
            closed: compile(&self.closed(schema), &self.closed_components())?,
        });
        self.judges.borrow_mut().insert(key, Rc::clone(&judge));
        Ok(judge)
    }

    fn closed_components(&self) -> Value {
        let mut components = self.components.clone();
        if let Some(Value::Object(schemas)) = components.get_mut("schemas") {
            for schema in schemas.values_mut() {
                *schema = self.closed_inside(schema);
            }
        }
        components
    }

    /// The schema of a value, which then admits only the members that it knows. That is said
    /// where the value stands and not in the types, which may be parts of others.
    fn closed(&self, schema: &Value) -> Value {
        let mut closed = self.closed_inside(schema);
        let alternatives = self.alternatives(schema, &[]);
        let is_known = alternatives.iter().all(|one| match one.json_type() {
            Some("object") => one.get("properties").is_some(),
            Some(_) => true,
            None => one.listed().is_some(),
        });
        if is_known
            && !alternatives.is_empty()
            && let Value::Object(keywords) = &mut closed
        {
            let none = Value::Bool(false);
            keywords.entry("unevaluatedProperties").or_insert(none);
        }
        closed
    }

    fn closed_inside(&self, schema: &Value) -> Value {
        let Value::Object(keywords) = schema else {
            return schema.clone();
        };
        let close = |(keyword, value): (&String, &Value)| {
            let value = match (keyword.as_str(), value) {
                ("properties" | "patternProperties", Value::Object(members)) => members
                    .iter()
                    .map(|(name, schema)| (name.clone(), self.closed(schema)))
                    .collect(),
                ("items" | "additionalProperties", schema) => self.closed(schema),
                ("prefixItems", Value::Array(items)) => {
                    items.iter().map(|schema| self.closed(schema)).collect()
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(several)) => several
                    .iter()
                    .map(|schema| self.closed_inside(schema))
                    .collect(),
                (_, value) => value.clone(),
            };
            (keyword.clone(), value)
        };
        keywords.iter().map(close).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conformance::schema::tests::schemas;

    fn leaks(schema: &Value, value: &Value) -> bool {
        let judge = schemas().judge(schema).unwrap();
        assert!(judge.plain.is_valid(value), "{value}");
        !judge.closed.is_valid(value)
    }

    #[test]
    fn members_that_no_part_of_a_schema_knows_are_leaks() {
        let post = json!({"$ref": "#/components/schemas/Post", "description": "A post."});
        assert!(!leaks(&post, &json!({"id": 1, "author": {"name": null}})));
        assert!(leaks(&post, &json!({"id": 1, "secret": 2})));
        assert!(leaks(&post, &json!({"id": 1, "author": {"age": 7}})));
        let posts = json!({"type": "array", "items": post});
        assert!(leaks(&posts, &json!([{"id": 1}, {"id": 1, "secret": 2}])));
    }

    #[test]
    fn what_is_open_leaks_nothing() {
        for open in [
            json!(true),
            json!({}),
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}),
            json!({"anyOf": [{"type": "object"}, {"$ref": "#/components/schemas/Post"}]}),
        ] {
            assert!(!leaks(&open, &json!({"id": 1, "secret": 2})), "{open}");
        }
    }

    #[test]
    fn parts_of_a_whole_know_the_members_of_each_other() {
        let both = json!({
            "allOf": [{"$ref": "#/components/schemas/Post"}, {"$ref": "#/components/schemas/Author"}],
            "properties": {"more": {"type": "integer"}},
        });
        assert!(!leaks(&both, &json!({"id": 1, "name": "a", "more": 2})));
        assert!(leaks(&both, &json!({"id": 1, "name": "a", "secret": 2})));
    }
}
