//! The document read into the operations that it promises.

use http::Method;
use serde_json::{Map, Value, json};

use super::reader::{operations, with_bounds};
use super::schema::Schemas;

pub(super) struct Document {
    /// Those of one path together, paths in the order of the document.
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Schemas,
}

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
    /// Does it ask for credentials?
    pub(super) is_secured: bool,
}

pub(super) struct Parameter {
    pub(super) name: String,
    /// `path`, `query`, `header`
    pub(super) place: String,
    pub(super) is_required: bool,
    pub(super) schema: Value,
    /// Does the document say which values lead somewhere?
    pub(super) has_examples: bool,
}

pub(super) struct RequestBody {
    pub(super) is_required: bool,
    pub(super) max_bytes: Option<u64>,
    /// Of a JSON body: its type and its schema.
    pub(super) json: Option<(String, Value)>,
}

impl Document {
    pub(super) fn read(document: &Value) -> Self {
        let document = with_bounds(document);
        Self {
            operations: operations(&document),
            schemas: Schemas::new(&document),
        }
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let mut operations = self.operations.iter();
        operations.find(|operation| operation.method == *method && operation.path == path)
    }

    /// The path of the collection that a path's last parameter chooses from.
    pub(super) fn collection_of(&self, path: &str) -> Option<&str> {
        let parent = &path[..path.rfind('{')?];
        let mut operations = self.operations.iter();
        let is_it = |path: &str| path == parent || Some(path) == parent.strip_suffix('/');
        operations
            .find(|operation| is_it(&operation.path))
            .map(|operation| operation.path.as_str())
    }
}

impl Operation {
    /// Is this what a user calls it: `POST /posts/`, or its `operationId`?
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.id.as_deref() == Some(name)
    }

    /// What is said of answers of this status.
    pub(super) fn response(&self, status: u16) -> Option<&Value> {
        let range = format!("{}XX", status / 100);
        [status.to_string(), range, "default".to_owned()]
            .iter()
            .find_map(|key| self.responses.get(key))
    }

    /// Is an answer of exactly this status promised?
    pub(super) fn promises(&self, status: u16) -> bool {
        self.responses.contains_key(&status.to_string())
    }

    /// Is it one of a single item, `/posts/{id}/`, or of something of that?
    pub(super) fn is_of_item(&self) -> bool {
        self.path.contains("{id}")
    }

    /// The schema of all that a request has: `path`, `query`, `header` and `body`. Parameters of
    /// the path that are known have these values.
    pub(super) fn input(&self, known: &Map<String, Value>) -> Value {
        let mut properties = Map::new();
        let mut required = vec![json!("path"), json!("query"), json!("header")];
        for place in ["path", "query", "header"] {
            let here = self.parameters.iter().filter(|one| one.place == place);
            let schema = |parameter: &Parameter| match known.get(&parameter.name) {
                Some(value) if place == "path" => json!({ "const": value }),
                _ => parameter.schema.clone(),
            };
            let schemas: Map<_, _> = here
                .clone()
                .map(|parameter| (parameter.name.clone(), schema(parameter)))
                .collect();
            let required: Vec<_> = here
                .filter(|parameter| parameter.is_required)
                .map(|parameter| parameter.name.as_str())
                .collect();
            let all = json!({
                "type": "object",
                "properties": schemas,
                "required": required,
                "additionalProperties": false,
            });
            properties.insert(place.to_owned(), all);
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

    /// Does nothing of a request vary?
    pub(super) fn is_constant(&self, known: &Map<String, Value>) -> bool {
        let varies = |parameter: &Parameter| !known.contains_key(&parameter.name);
        let has_json = |body: &RequestBody| body.json.is_some();
        !self.parameters.iter().any(varies) && !self.body.as_ref().is_some_and(has_json)
    }
}
