//! [`Operation`]: a documented operation with its parameters, body and responses.

use http::Method;
use serde_json::{Map, Value, json};

pub(super) struct Operation {
    pub(super) method: Method,
    /// `/posts/{id}/`
    pub(super) path: String,
    /// `POST /posts/`
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    /// By status, `4XX` or `default`.
    pub(super) responses: Map<String, Value>,
    pub(super) security: Security,
}

/// The credentials that an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Required,
    /// One alternative needs no credentials.
    Optional,
    Public,
    /// The document has no `security`.
    Unspecified,
}

pub(super) struct Parameter {
    pub(super) name: String,
    /// `path`, `query`, `header`
    pub(super) location: String,
    pub(super) is_required: bool,
    pub(super) schema: Value,
    /// Whether the document gives examples of existing values.
    pub(super) has_examples: bool,
}

pub(super) struct RequestBody {
    pub(super) is_required: bool,
    pub(super) max_bytes: Option<u64>,
    /// Content type and schema of a JSON body.
    pub(super) json: Option<(String, Value)>,
}

/// Header fields that have the same meaning for each operation, so that no value of them is an input.
const OF_PROTOCOL: [&str; 4] = ["Idempotency-Key", "If-Match", "If-None-Match", "Prefer"];

impl Parameter {
    fn is_of_protocol(&self) -> bool {
        self.location == "header" && OF_PROTOCOL.contains(&self.name.as_str())
    }
}

impl Operation {
    /// Whether `name` is its method and path (`POST /posts/`) or its `operationId`.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.id.as_deref() == Some(name)
    }

    pub(super) fn needs_credentials(&self) -> bool {
        self.security == Security::Required
    }

    /// Documented response of this status.
    pub(super) fn response(&self, status: u16) -> Option<&Value> {
        let range = format!("{}XX", status / 100);
        [status.to_string(), range, "default".to_owned()]
            .iter()
            .find_map(|key| self.responses.get(key))
    }

    /// Whether exactly this status is documented.
    pub(super) fn documents(&self, status: u16) -> bool {
        self.responses.contains_key(&status.to_string())
    }

    /// Whether its requests need a body that cannot be generated, such as a form.
    pub(super) fn needs_other_body(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|body| body.is_required && body.json.is_none())
    }

    /// Whether its path belongs to an item: `/posts/{id}/` or below.
    pub(super) fn is_of_item(&self) -> bool {
        self.path.contains("{id}")
    }

    /// The parameter of a header field, if it has one.
    pub(super) fn header(&self, name: &str) -> Option<&Parameter> {
        let mut parameters = self.parameters.iter();
        parameters.find(|parameter| parameter.location == "header" && parameter.name == name)
    }

    /// Schema of a request's input: an object with `path`, `query`, `header` and `body`. Path
    /// parameters in `path_params` get these values.
    pub(super) fn input(&self, path_params: &Map<String, Value>) -> Value {
        let mut properties = Map::new();
        let mut required = vec![json!("path"), json!("query"), json!("header")];
        for location in ["path", "query", "header"] {
            let parameters = self.parameters.iter();
            let parameters = parameters
                .filter(|parameter| parameter.location == location && !parameter.is_of_protocol());
            let schema = |parameter: &Parameter| match path_params.get(&parameter.name) {
                Some(value) if location == "path" => json!({ "const": value }),
                _ => parameter.schema.clone(),
            };
            let schemas: Map<_, _> = parameters
                .clone()
                .map(|parameter| (parameter.name.clone(), schema(parameter)))
                .collect();
            let required: Vec<_> = parameters
                .filter(|parameter| parameter.is_required)
                .map(|parameter| parameter.name.as_str())
                .collect();
            let all = json!({
                "type": "object",
                "properties": schemas,
                "required": required,
                "additionalProperties": false,
            });
            properties.insert(location.to_owned(), all);
        }
        if let Some(body) = &self.body
            && let Some((_, schema)) = &body.json
        {
            properties.insert("body".to_owned(), schema.clone());
            required.extend(body.is_required.then(|| json!("body")));
        }
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    /// Whether all its requests are the same.
    pub(super) fn is_constant(&self, path_params: &Map<String, Value>) -> bool {
        let varies = |parameter: &Parameter| {
            !path_params.contains_key(&parameter.name) && !parameter.is_of_protocol()
        };
        let has_json = |body: &RequestBody| body.json.is_some();
        !self.parameters.iter().any(varies) && !self.body.as_ref().is_some_and(has_json)
    }
}
