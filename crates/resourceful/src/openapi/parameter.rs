//! One parameter of an operation.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::schemas::inline_schema;

/// A parameter of a path, a query or a head, as the document tells of it.
///
/// Made for you from typed queries; by hand where a [`Query`](crate::Query) is written by hand,
/// and in a [`Description`](crate::Description).
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
    pub(crate) place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    schema: Schema,
}

impl Parameter {
    /// A parameter of the query string, which may be left out.
    ///
    /// # Examples
    /// ```
    /// let parameter = resourceful::Parameter::query::<String>("lang");
    /// ```
    #[must_use]
    pub fn query<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name.into(), "query", false, of_text(inline_schema::<T>()))
    }

    /// A segment of the path.
    ///
    /// # Examples
    /// ```
    /// let parameter = resourceful::Parameter::path::<i64>("id");
    /// ```
    #[must_use]
    pub fn path<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        let mut schema = of_text(inline_schema::<T>());
        // A segment that is empty is none.
        if schema.get("type").and_then(Value::as_str) == Some("string")
            && !["format", "enum", "minLength"]
                .iter()
                .any(|known| schema.get(*known).is_some())
        {
            schema.insert("minLength".to_owned(), 1.into());
        }
        Self::new(name.into(), "path", true, schema)
    }

    /// A field of the request's head, which may be left out.
    ///
    /// # Examples
    /// ```
    /// let parameter = resourceful::Parameter::header::<String>("X-GitHub-Event").required();
    /// ```
    #[must_use]
    pub fn header<T: JsonSchema>(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name.into(), "header", false, of_text(inline_schema::<T>()))
    }

    /// The members of an object as parameters of the query string.
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
            Some(Self::new(name.into(), "query", required, of_text(schema)))
        });
        parameters.collect()
    }

    fn new(
        name: Cow<'static, str>,
        place: &'static str,
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
            place,
            description,
            required,
            schema,
        }
    }

    /// The same one, which may not be left out.
    ///
    /// # Examples
    /// ```
    /// let parameter = resourceful::Parameter::query::<String>("q").required();
    /// ```
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same one with a text.
    ///
    /// # Examples
    /// ```
    /// let parameter = resourceful::Parameter::query::<String>("q").with_description("Any words.");
    /// ```
    #[must_use]
    pub fn with_description(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The same one with a keyword of JSON Schema.
    ///
    /// # Examples
    /// ```
    /// let lang = resourceful::Parameter::query::<String>("lang").with_keyword("pattern", "^[a-z]{2}$");
    /// ```
    #[must_use]
    pub fn with_keyword(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.schema.insert(keyword.to_owned(), value.into());
        self
    }
}

/// What can be said in text: not `null`.
fn of_text(mut schema: Schema) -> Schema {
    let is_null = |one: &Value| one == "null" || one.get("type").is_some_and(|it| it == "null");
    for keyword in ["type", "anyOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = schema.get_mut(keyword) else {
            continue;
        };
        alternatives.retain(|one| !is_null(one));
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
