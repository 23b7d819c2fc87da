//! Closed schemas: they refuse members that they do not list.

use std::rc::Rc;

use jsonschema::Validator;
use serde_json::Value;

use super::schema::{Schemas, cached, compile};

/// Validators of a response body.
pub(super) struct ResponseValidator {
    /// Validates by the schema.
    pub(super) plain: Rc<Validator>,
    /// Also refuses members that the schema does not list.
    pub(super) closed: Rc<Validator>,
}

impl Schemas {
    /// # Errors
    /// If it is not a JSON Schema.
    pub(super) fn response_validator(&self, schema: &Value) -> Result<ResponseValidator, String> {
        let compile_closed = || compile(&self.closed(schema), &self.closed_components());
        Ok(ResponseValidator {
            plain: self.validator(schema)?,
            closed: cached(&self.closed_validators, schema, compile_closed)?,
        })
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

    /// Closes the schema of a value. `unevaluatedProperties` is set at the value's place, not in the
    /// components, which may be parts of other schemas.
    fn closed(&self, schema: &Value) -> Value {
        let mut closed = self.closed_inside(schema);
        let alternatives = self.alternatives(schema, &[]);
        let is_known = alternatives
            .iter()
            .all(|alternative| match alternative.json_type() {
                Some("object") => alternative.get("properties").is_some(),
                Some(_) => true,
                None => alternative.listed().is_some(),
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

    fn is_leak(schema: &Value, value: &Value) -> bool {
        let response_validator = schemas().response_validator(schema).unwrap();
        assert!(response_validator.plain.is_valid(value), "{value}");
        !response_validator.closed.is_valid(value)
    }

    #[test]
    fn members_missing_in_the_schema_are_leaks() {
        let post = json!({"$ref": "#/components/schemas/Post", "description": "A post."});
        assert!(!is_leak(&post, &json!({"id": 1, "author": {"name": null}})));
        assert!(is_leak(&post, &json!({"id": 1, "secret": 2})));
        assert!(is_leak(&post, &json!({"id": 1, "author": {"age": 7}})));
        let posts = json!({"type": "array", "items": post});
        assert!(is_leak(&posts, &json!([{"id": 1}, {"id": 1, "secret": 2}])));
    }

    #[test]
    fn open_schemas_accept_any_member() {
        for open in [
            json!(true),
            json!({}),
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}),
            json!({"anyOf": [{"type": "object"}, {"$ref": "#/components/schemas/Post"}]}),
        ] {
            assert!(!is_leak(&open, &json!({"id": 1, "secret": 2})), "{open}");
        }
    }

    #[test]
    fn combined_schemas_accept_each_others_members() {
        let both = json!({
            "allOf": [{"$ref": "#/components/schemas/Post"}, {"$ref": "#/components/schemas/Author"}],
            "properties": {"more": {"type": "integer"}},
        });
        assert!(!is_leak(&both, &json!({"id": 1, "name": "a", "more": 2})));
        assert!(is_leak(&both, &json!({"id": 1, "name": "a", "secret": 2})));
    }
}
