//! Parses the operations of a document and resolves references.

use http::Method;
use serde_json::{Map, Value, json};

use super::operation::{Operation, Parameter, RequestBody, Security};

/// Returns all operations, grouped by path.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let parser = Parser { document };
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.into_iter().flatten();
    paths
        .flat_map(|(path, item)| parser.path(path, item))
        .collect()
}

const METHODS: [(&str, Method); 8] = [
    ("get", Method::GET),
    ("head", Method::HEAD),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("trace", Method::TRACE),
];

struct Parser<'d> {
    document: &'d Value,
}

impl<'d> Parser<'d> {
    fn path(&self, path: &str, item: &'d Value) -> Vec<Operation> {
        let operation = |(key, method): &(&str, Method)| {
            let operation = item.get(key)?;
            Some(self.operation(path, method.clone(), operation, item.get("parameters")))
        };
        METHODS.iter().filter_map(operation).collect()
    }

    fn operation(
        &self,
        path: &str,
        method: Method,
        operation: &'d Value,
        path_parameters: Option<&'d Value>,
    ) -> Operation {
        let parameters = [path_parameters, operation.get("parameters")];
        let parameters = parameters.into_iter().flatten().filter_map(Value::as_array);
        let responses = operation.get("responses").and_then(Value::as_object);
        let responses = responses
            .into_iter()
            .flatten()
            .map(|(status, response)| (status.to_uppercase(), self.response(response)))
            .map(|(status, response)| (status.replace("DEFAULT", "default"), response));
        let security = operation.get("security");
        Operation {
            name: format!("{method} {path}"),
            method,
            path: path.to_owned(),
            id: text(operation.get("operationId")),
            parameters: parameters
                .flatten()
                .map(|parameter| self.parameter(parameter))
                .collect(),
            body: operation.get("requestBody").map(|body| self.body(body)),
            responses: responses.collect(),
            security: documented_security(security.or_else(|| self.document.get("security"))),
        }
    }

    fn parameter(&self, parameter: &'d Value) -> Parameter {
        let parameter = self.resolved(parameter);
        let location = text(parameter.get("in")).unwrap_or_default();
        let mut schema = parameter.get("schema").cloned().unwrap_or(json!(true));
        let examples = examples(parameter, &schema);
        let has_examples = examples.is_some();
        if location == "path" {
            schema = segment_schema(schema, examples);
        }
        Parameter {
            name: text(parameter.get("name")).unwrap_or_default(),
            is_required: is_true(parameter.get("required")),
            location,
            schema,
            has_examples,
        }
    }

    fn body(&self, body: &'d Value) -> RequestBody {
        let body = self.resolved(body);
        let content = body.get("content").and_then(Value::as_object);
        let content = content.into_iter().flatten();
        let mut json = content.filter(|(media_type, _)| is_json(media_type));
        RequestBody {
            is_required: is_true(body.get("required")),
            max_bytes: body.get("x-max-bytes").and_then(Value::as_u64),
            json: json.find_map(|(media_type, content)| {
                Some((media_type.clone(), content.get("schema")?.clone()))
            }),
        }
    }

    /// Returns the response with its headers resolved.
    fn response(&self, response: &'d Value) -> Value {
        let mut response = self.resolved(response).clone();
        if let Some(Value::Object(headers)) = response.get_mut("headers") {
            for header in headers.values_mut() {
                *header = self.resolved(header).clone();
            }
        }
        response
    }

    fn resolved<'v>(&self, value: &'v Value) -> &'v Value
    where
        'd: 'v,
    {
        let reference = value.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|name| self.document.pointer(name.trim_start_matches('#')));
        target.unwrap_or(value)
    }
}

/// Adds `minimum` and `maximum` for integer formats like `int32`.
pub(super) fn with_integer_bounds(value: &Value) -> Value {
    let keywords = match value {
        Value::Object(keywords) => keywords,
        Value::Array(elements) => return elements.iter().map(with_integer_bounds).collect(),
        scalar => return scalar.clone(),
    };
    let inner = |(name, value): (&String, &Value)| (name.clone(), with_integer_bounds(value));
    let mut bounded: Map<_, _> = keywords.iter().map(inner).collect();
    let (low, high) = match keywords.get("format").and_then(Value::as_str) {
        Some("int8") => (json!(i8::MIN), json!(i8::MAX)),
        Some("int16") => (json!(i16::MIN), json!(i16::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int64" | "int") => (json!(i64::MIN), json!(i64::MAX)),
        Some("uint8") => (json!(0), json!(u8::MAX)),
        Some("uint16") => (json!(0), json!(u16::MAX)),
        Some("uint32") => (json!(0), json!(u32::MAX)),
        Some("uint64" | "uint") => (json!(0), json!(u64::MAX)),
        _ => return bounded.into(),
    };
    bounded.entry("minimum").or_insert(low);
    bounded.entry("maximum").or_insert(high);
    bounded.into()
}

/// Whether the media type is `application/json` or ends with `+json`.
pub(super) fn is_json(media_type: &str) -> bool {
    let bare_type = media_type.split(';').next().unwrap_or_default().trim();
    bare_type == "application/json" || bare_type.ends_with("+json")
}

fn examples(parameter: &Value, schema: &Value) -> Option<Vec<Value>> {
    let single = parameter.get("example").map(|value| vec![value.clone()]);
    let listed = || schema.get("examples").and_then(Value::as_array).cloned();
    single
        .or_else(listed)
        .filter(|examples| !examples.is_empty())
}

/// Limits a path parameter to one segment, or to its examples if there are any.
fn segment_schema(schema: Value, examples: Option<Vec<Value>>) -> Value {
    if let Some(examples) = examples {
        return json!({ "allOf": [schema, { "enum": examples }] });
    }
    // The router, not the operation, decides about other segments.
    let segment = json!({"minLength": 1, "not": {"pattern": r"/|^\.{1,2}$"}});
    let word = json!({"pattern": "^[a-z0-9é]{1,12}$"});
    let described = [
        "pattern", "format", "enum", "const", "$ref", "anyOf", "oneOf",
    ];
    let is_described = described.iter().any(|name| schema.get(name).is_some());
    match schema.get("type").and_then(Value::as_str) {
        Some("string") | None if is_described => json!({ "allOf": [schema, segment] }),
        Some("string") | None => json!({ "allOf": [schema, {"type": "string"}, word] }),
        Some(_) => schema,
    }
}

fn documented_security(security: Option<&Value>) -> Security {
    let Some(alternatives) = security.and_then(Value::as_array) else {
        return Security::Unspecified;
    };
    let is_anonymous = |alternative: &&Value| alternative.as_object().is_none_or(Map::is_empty);
    match alternatives.iter().filter(is_anonymous).count() {
        anonymous if anonymous == alternatives.len() => Security::Public,
        0 => Security::Required,
        _ => Security::Optional,
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn is_true(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_the_path_is_one_segment() {
        let document = json!({"paths": {"/{name}": {"get": {"parameters": [
            {"name": "name", "in": "path", "schema": {"type": "string", "pattern": "^[^\\u0000]*$"}},
        ]}}}});
        let operations = operations(&document);
        let schema = jsonschema::validator_for(&operations[0].parameters[0].schema).unwrap();
        for segment in ["a", "é.", "..."] {
            assert!(schema.is_valid(&json!(segment)), "{segment}");
        }
        for other in ["", ".", "..", "a/b", "/."] {
            assert!(!schema.is_valid(&json!(other)), "{other}");
        }
    }
}
