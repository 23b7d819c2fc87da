//! How endpoints tell of themselves.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::BTreeMap;

use http::StatusCode;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::doc_comments::summary;
use super::model::{Answer, Example, Header, MediaType, Operation, RequestBody, Response};
use super::parameter::Parameter;
use super::problems::{ProblemKind, Problems};
use super::registry::Registry;
use super::security::Security;
use super::standard_error::{StandardError, problem};

const JSON: &str = "application/json";

impl Operation {
    pub(crate) fn tell(&mut self, text: &str) {
        if !text.is_empty() {
            (self.summary, self.description) = summary(text);
        }
    }

    /// One parameter is there once, however often it is told of.
    pub(crate) fn add_parameter(&mut self, parameter: Parameter) {
        let is_same =
            |known: &Parameter| known.name == parameter.name && known.place == parameter.place;
        self.parameters.retain(|known| !is_same(known));
        self.parameters.push(parameter);
    }

    /// A typed segment of the path: what is none is unmatched.
    pub(crate) fn path_parameter<T: JsonSchema>(&mut self, name: impl Into<Cow<'static, str>>) {
        self.add_parameter(Parameter::path::<T>(name));
        self.refuse(&[StandardError::NotFound]);
    }

    /// Parameters in the query string, whose faults are named.
    pub(crate) fn add_query(&mut self, parameters: Vec<Parameter>) {
        if !parameters.is_empty() {
            self.refuse(&[StandardError::Invalid]);
        }
        for parameter in parameters {
            self.add_parameter(parameter);
        }
    }

    /// A body in JSON, under further media types, too, with all that can be wrong with one.
    pub(crate) fn reads_json(&mut self, schema: &Value, further: &[String], max_bytes: u64) {
        self.reads(JSON, schema.clone(), Some(max_bytes));
        if let Some(body) = &mut self.request_body {
            for media_type in further {
                body.content
                    .extend(content(media_type, Some(schema.clone())));
            }
        }
        self.refuse(&[
            StandardError::BadRequest,
            StandardError::UnsupportedMediaType,
            StandardError::Invalid,
        ]);
    }

    pub(crate) fn reads(&mut self, media_type: &str, schema: Value, max_bytes: Option<u64>) {
        let required = !(may_be_empty(media_type) || allows_null(&schema));
        let content = content(media_type, Some(schema));
        self.request_body = Some(RequestBody {
            required,
            max_bytes: self.max_body.or(max_bytes),
            content,
        });
        self.refuse(&[
            StandardError::RequestTimeout,
            StandardError::ContentTooLarge,
        ]);
    }

    /// The largest body in bytes, whether it is described before or after.
    pub(crate) fn limit_body(&mut self, bytes: u64) {
        self.max_body = Some(bytes);
        if let Some(body) = &mut self.request_body {
            body.max_bytes = Some(bytes);
        }
    }

    pub(crate) fn answers_json(&mut self, status: StatusCode, schema: Value) {
        self.add_response(status, Some((JSON, Some(schema))));
    }

    pub(crate) fn add_response(&mut self, status: StatusCode, body: Option<(&str, Option<Value>)>) {
        let phrase = status.canonical_reason().unwrap_or("An answer");
        let response = Response {
            description: format!("{phrase}."),
            content: body.map_or_else(BTreeMap::new, |(media_type, schema)| {
                content(media_type, schema)
            }),
            ..Response::default()
        };
        let status = status.as_u16().to_string();
        self.responses.insert(status, Answer::Inline(response));
    }

    /// A success of which nothing is known.
    pub(crate) fn answers_something(&mut self) {
        let response = Response {
            description: "Successful response.".to_owned(),
            ..Response::default()
        };
        self.responses
            .insert("2XX".to_owned(), Answer::Inline(response));
    }

    /// The success that is described may have another status.
    pub(crate) fn has_any_success(&mut self) {
        let success = self.responses.keys().find(|status| status.starts_with('2'));
        if let Some(response) = success
            .cloned()
            .and_then(|status| self.responses.remove(&status))
        {
            self.responses.insert("2XX".to_owned(), response);
        }
    }

    pub(crate) fn has_success(&self) -> bool {
        self.responses
            .keys()
            .any(|status| status.starts_with(['1', '2', '3']))
    }

    /// `Location` in the answer that something was made.
    pub(crate) fn locates(&mut self) {
        if let Some(Answer::Inline(created)) = self.responses.get_mut("201") {
            let header = Header {
                description: "Where it is, if the resource says so.".to_owned(),
                required: false,
                schema: json!({"type": "string", "format": "uri-reference"}),
            };
            created.headers.insert("Location".to_owned(), header);
        }
    }

    pub(crate) fn refuse(&mut self, refusals: &[StandardError]) {
        for refusal in refusals {
            let status = refusal.status().to_owned();
            self.responses
                .entry(status)
                .or_insert(Answer::StandardError(*refusal));
        }
    }

    pub(crate) fn secure(&mut self, security: Security, registry: &mut Registry) {
        self.security = match (security, security.scheme()) {
            (Security::Public, _) => Some(Vec::new()),
            (_, None) => None,
            (_, Some((name, scheme))) => {
                registry.security_schemes.insert(name.clone(), scheme);
                Some(vec![BTreeMap::from([(name, Vec::new())])])
            }
        };
        if security != Security::Public {
            self.refuse(&[StandardError::Unauthorized, StandardError::Forbidden]);
        }
    }

    /// The problems of an error type. Those of one status are one answer, which stands among the
    /// components, since all operations that fail with this type share it.
    pub(crate) fn fails_with<E: Problems>(&mut self, registry: &mut Registry) {
        let mut kinds: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
        for kind in E::kinds() {
            match kind.status {
                None => self.refuse(&[StandardError::Other]),
                Some(status) => kinds.entry(status.code()).or_default().push(kind),
            }
        }
        let name = type_name::<E>()
            .split('<')
            .next()
            .and_then(|name| name.rsplit("::").next());
        for (status, kinds) in kinds {
            let name = format!("{}{status}", name.unwrap_or("Problem"));
            let response = failure(status, &kinds, registry);
            let answer = registry.share(&name, response);
            self.responses.insert(status.to_string(), answer);
        }
    }
}

/// What clients read of problems of one status.
fn failure(status: u16, kinds: &[ProblemKind], registry: &Registry) -> Response {
    let refusal = StandardError::ALL
        .into_iter()
        .find(|refusal| refusal.status() == status.to_string());
    let mut texts: Vec<_> = refusal
        .into_iter()
        .map(StandardError::description)
        .collect();
    texts.extend(kinds.iter().filter_map(ProblemKind::text));
    let sentences: Vec<_> = texts.into_iter().map(sentence).collect();
    let mut response = Response {
        description: sentences.join(" "),
        content: problem("Problem"),
        ..Response::default()
    };
    let examples = kinds
        .iter()
        .filter_map(|kind| registry.example(*kind))
        .enumerate();
    for (index, problem) in examples {
        let value = serde_json::to_value(problem).unwrap_or_default();
        let example = (format!("{}", index + 1), Example { value });
        response
            .content
            .values_mut()
            .for_each(|content| content.examples.extend([example.clone()]));
    }
    if kinds.iter().any(|kind| kind.has_retry_after) {
        response.headers = StandardError::ServiceUnavailable.headers();
    }
    response
}

/// A text that stands beside others.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        return text.to_owned();
    }
    format!("{text}.")
}

/// Nothing and an empty body are the same in HTTP. Is an empty body of this type a good one?
/// An optional body may be left out.
fn allows_null(schema: &Value) -> bool {
    let is_null = |one: &Value| one == "null";
    let is_nothing = match &schema["type"] {
        Value::Array(types) => types.iter().any(is_null),
        one => is_null(one),
    };
    let alternatives = ["anyOf", "oneOf"].map(|name| schema[name].as_array());
    is_nothing
        || alternatives
            .into_iter()
            .flatten()
            .flatten()
            .any(allows_null)
}

fn may_be_empty(media_type: &str) -> bool {
    media_type.starts_with("text/") || media_type == "application/octet-stream"
}

fn content(media_type: &str, schema: Option<Value>) -> BTreeMap<String, MediaType> {
    let body = MediaType {
        schema,
        ..MediaType::default()
    };
    BTreeMap::from([(media_type.to_owned(), body)])
}
