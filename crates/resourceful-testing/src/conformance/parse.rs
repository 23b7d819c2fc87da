//! How the operations of a document are read, with its references followed.

use http::Method;
use serde_json::{Map, Value, json};

use super::document::{Operation, Parameter, RequestBody};

/// All of them, those of one path together.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let reader = Reader { document };
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.into_iter().flatten();
    paths
        .flat_map(|(path, item)| reader.path(path, item))
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

struct Reader<'d> {
    document: &'d Value,
}

impl<'d> Reader<'d> {
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
        of_all_methods: Option<&'d Value>,
    ) -> Operation {
        let parameters = [of_all_methods, operation.get("parameters")];
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
                .map(|one| self.parameter(one))
                .collect(),
            body: operation.get("requestBody").map(|body| self.body(body)),
            responses: responses.collect(),
            is_secured: is_demanded(security.or_else(|| self.document.get("security"))),
        }
    }

    fn parameter(&self, parameter: &'d Value) -> Parameter {
        let parameter = self.resolved(parameter);
        let place = text(parameter.get("in")).unwrap_or_default();
        let mut schema = parameter.get("schema").cloned().unwrap_or(json!(true));
        let examples = examples(parameter, &schema);
        let has_examples = examples.is_some();
        if place == "path" {
            schema = segment(schema, examples);
        }
        Parameter {
            name: text(parameter.get("name")).unwrap_or_default(),
            is_required: is_true(parameter.get("required")),
            place,
            schema,
            has_examples,
        }
    }

    fn body(&self, body: &'d Value) -> RequestBody {
        let body = self.resolved(body);
        let content = body.get("content").and_then(Value::as_object);
        let content = content.into_iter().flatten();
        let mut json = content.filter(|(media, _)| is_json(media));
        RequestBody {
            is_required: is_true(body.get("required")),
            max_bytes: body.get("x-max-bytes").and_then(Value::as_u64),
            json: json
                .find_map(|(media, content)| Some((media.clone(), content.get("schema")?.clone()))),
        }
    }

    /// With its headers resolved.
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

/// With the bounds that the formats of integers say: `int32` and its kin.
pub(super) fn with_bounds(value: &Value) -> Value {
    let keywords = match value {
        Value::Object(keywords) => keywords,
        Value::Array(elements) => return elements.iter().map(with_bounds).collect(),
        scalar => return scalar.clone(),
    };
    let inner = |(name, value): (&String, &Value)| (name.clone(), with_bounds(value));
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

/// One of `application/json` and its kin.
pub(super) fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

fn examples(parameter: &Value, schema: &Value) -> Option<Vec<Value>> {
    let one = parameter.get("example").map(|one| vec![one.clone()]);
    let listed = || schema.get("examples").and_then(Value::as_array).cloned();
    one.or_else(listed).filter(|examples| !examples.is_empty())
}

/// A parameter of the path is one segment of it; where examples are given, it is one of these.
fn segment(schema: Value, examples: Option<Vec<Value>>) -> Value {
    if let Some(examples) = examples {
        return json!({ "allOf": [schema, { "enum": examples }] });
    }
    // What other segments there may be is not the operation's business but the router's.
    let one = json!({"minLength": 1, "not": {"pattern": r"/|^\.{1,2}$"}});
    let word = json!({"pattern": "^[a-z0-9é]{1,12}$"});
    let described = [
        "pattern", "format", "enum", "const", "$ref", "anyOf", "oneOf",
    ];
    let is_described = described.iter().any(|name| schema.get(name).is_some());
    match schema.get("type").and_then(Value::as_str) {
        Some("string") | None if is_described => json!({ "allOf": [schema, one] }),
        Some("string") | None => json!({ "allOf": [schema, {"type": "string"}, word] }),
        Some(_) => schema,
    }
}

/// A request that needs none of the alternatives needs no credentials.
fn is_demanded(security: Option<&Value>) -> bool {
    let alternatives = security.and_then(Value::as_array);
    alternatives.is_some_and(|alternatives| {
        let is_none = |one: &Value| one.as_object().is_none_or(Map::is_empty);
        !alternatives.is_empty() && !alternatives.iter().any(is_none)
    })
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
