//! A parameter of an operation.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::schemas::inline_schema;

/// A path, query or header parameter in the API document.
///
/// Typed queries make their own. Write one for a hand-written [`Query`](crate::Query) or in a
/// [`Description`](crate::Description).
///
/// # Examples
/// ```
/// use resourceful::Parameter;
///
/// let page = Parameter::query::<u32>("page")
///     .with_description("Counted from 1.")
///     .with_keyword("minimum", 1)
///     .with_keyword("default", 1);
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    pub(crate) name: Cow<'static, str>,
    #[serde(rename = "in")]
    pub(crate) location: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    pub(crate) schema: Schema,
}

impl Parameter {
    /// An optional query parameter.
    #[must_use]
    pub fn query<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            name.into(),
            "query",
            false,
            without_null(inline_schema::<T>()),
        )
    }

    /// A path parameter.
    #[must_use]
    pub fn path<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        let mut schema = without_null(inline_schema::<T>());
        // A path segment is never empty.
        if schema.get("type").and_then(Value::as_str) == Some("string")
            && !["format", "enum", "minLength"]
                .iter()
                .any(|known| schema.get(*known).is_some())
        {
            schema.insert("minLength".to_owned(), 1.into());
        }
        Self::new(name.into(), "path", true, schema)
    }

    /// An optional request header.
    #[must_use]
    pub fn header<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            name.into(),
            "header",
            false,
            without_null(inline_schema::<T>()),
        )
    }

    /// The members of an object as query parameters.
    pub(crate) fn all_of<T: JsonSchema>() -> Vec<Self> {
        let mut object = inline_schema::<T>();
        let required = object.remove("required");
        let is_required = |name: &str| {
            let mut names = required
                .as_ref()
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            names.any(|required| required == name)
        };
        let Some(Value::Object(properties)) = object.remove("properties") else {
            return Vec::new();
        };
        let parameters = properties.into_iter().filter_map(|(name, schema)| {
            let schema = Schema::try_from(schema).ok()?;
            let required = is_required(&name);
            Some(Self::new(
                name.into(),
                "query",
                required,
                without_null(schema),
            ))
        });
        parameters.collect()
    }

    fn new(
        name: Cow<'static, str>,
        location: &'static str,
        required: bool,
        mut schema: Schema,
    ) -> Self {
        let description = match schema.remove("description") {
            Some(Value::String(text)) => Some(text.into()),
            _ => None,
        };
        if required {
            schema.remove("default");
        }
        Self {
            name,
            location,
            description,
            required,
            schema,
        }
    }

    /// Makes the parameter required.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Sets a keyword of its JSON Schema.
    #[must_use]
    pub fn with_keyword(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.schema.insert(keyword.to_owned(), value.into());
        self
    }
}

/// Removes null from the schema, since a text cannot be null.
fn without_null(mut schema: Schema) -> Schema {
    let is_null =
        |schema: &Value| schema == "null" || schema.get("type").is_some_and(|name| name == "null");
    for keyword in ["type", "anyOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = schema.get_mut(keyword) else {
            continue;
        };
        alternatives.retain(|schema| !is_null(schema));
        let [only] = &mut alternatives[..] else {
            continue;
        };
        let only = only.take();
        schema.remove(keyword);
        match only {
            Value::Object(keywords) => schema.ensure_object().extend(keywords),
            only => drop(schema.insert(keyword.to_owned(), only)),
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    schema
}
