//! Methods by which endpoints fill in their [`Operation`].

use std::any::type_name;
use std::borrow::Cow;
use std::collections::BTreeMap;

use http::StatusCode;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::doc_comments::summary;
use super::model::{
    Example, Header, MediaType, Operation, RequestBody, Response, ResponseOrRef,
    SecurityRequirement,
};
use super::parameter::Parameter;
use super::problems::{ProblemKind, Problems};
use super::registry::Registry;
use super::security::Security;
use super::standard_error::StandardError;
use super::standard_response::{problem_content, standard_headers};
use crate::error::ErrorStatus;

const JSON: &str = "application/json";

impl Operation {
    /// Sets summary and description from a doc comment; an empty one changes nothing.
    pub(crate) fn set_summary(&mut self, text: &str) {
        if !text.is_empty() {
            (self.summary, self.description) = summary(text);
        }
    }

    /// Adds a parameter, or replaces the one with the same name and location.
    pub(crate) fn add_parameter(&mut self, parameter: Parameter) {
        let is_same = |known: &Parameter| {
            known.name == parameter.name && known.location == parameter.location
        };
        self.parameters.retain(|known| !is_same(known));
        self.parameters.push(parameter);
    }

    /// Adds a typed path segment. Segments of another type are 404.
    pub(crate) fn add_path_parameter<T: JsonSchema>(&mut self, name: impl Into<Cow<'static, str>>) {
        self.add_parameter(Parameter::path::<T>(name));
        self.add_standard_errors(&[StandardError::NotFound]);
    }

    /// Adds query parameters and the error for invalid ones.
    pub(crate) fn add_query_parameters(&mut self, parameters: Vec<Parameter>) {
        if !parameters.is_empty() {
            self.add_standard_errors(&[StandardError::Invalid]);
        }
        for parameter in parameters {
            self.add_parameter(parameter);
        }
    }

    /// Adds a body that is read into a type, also under `more_types`, and the errors for invalid ones.
    pub(crate) fn add_input_body(
        &mut self,
        media_type: &str,
        schema: &Value,
        more_types: &[String],
        max_bytes: u64,
    ) {
        self.add_body(media_type, schema.clone(), Some(max_bytes));
        if let Some(body) = &mut self.request_body {
            for media_type in more_types {
                body.content
                    .extend(content(media_type, Some(schema.clone())));
            }
        }
        self.add_standard_errors(&[
            StandardError::BadRequest,
            StandardError::UnsupportedMediaType,
            StandardError::Invalid,
        ]);
    }

    /// Adds a body and the errors for its size and speed.
    pub(crate) fn add_body(&mut self, media_type: &str, schema: Value, max_bytes: Option<u64>) {
        let required = !(may_be_empty(media_type) || allows_null(&schema));
        let content = content(media_type, Some(schema));
        self.request_body = Some(RequestBody {
            required,
            max_bytes: self.max_body.or(max_bytes),
            content,
        });
        self.add_standard_errors(&[
            StandardError::RequestTimeout,
            StandardError::ContentTooLarge,
        ]);
    }

    /// Sets the body limit in bytes, before or after the body is added.
    pub(crate) fn set_max_body(&mut self, bytes: u64) {
        self.max_body = Some(bytes);
        if let Some(body) = &mut self.request_body {
            body.max_bytes = Some(bytes);
        }
    }

    pub(crate) fn add_json_response(&mut self, status: StatusCode, schema: Value) {
        self.add_response(status, Some((JSON, Some(schema))));
    }

    pub(crate) fn add_response(&mut self, status: StatusCode, body: Option<(&str, Option<Value>)>) {
        let phrase = status.canonical_reason().unwrap_or("Response");
        let response = Response {
            description: format!("{phrase}."),
            content: body.map_or_else(BTreeMap::new, |(media_type, schema)| {
                content(media_type, schema)
            }),
            ..Response::default()
        };
        let status = status.as_u16().to_string();
        self.responses
            .insert(status, ResponseOrRef::Inline(response));
    }

    /// Adds `Set-Cookie` to the success responses.
    #[cfg(feature = "cookies")]
    pub(crate) fn add_cookie_header(&mut self) {
        let is_success = |(status, _): &(&String, _)| status.starts_with('2');
        for (_, response) in self.responses.iter_mut().filter(is_success) {
            if let ResponseOrRef::Inline(response) = response {
                let header = Header::text("Cookies, one field for each.");
                response.headers.insert("Set-Cookie".to_owned(), header);
            }
        }
    }

    /// Adds the responses with a file: whole, in parts, and not modified.
    #[cfg(feature = "files")]
    pub(crate) fn add_file_responses(&mut self, media_type: &str) {
        let validators = [
            ("ETag", Header::text("Version of the file.")),
            ("Last-Modified", Header::text("Time of the last change.")),
        ];
        let file = [
            ("Accept-Ranges", Header::text("`bytes`.")),
            ("Content-Disposition", Header::text("File name.")),
        ];
        let part = [(
            "Content-Range",
            Header::text("Position of the part in the file."),
        )];
        for (status, content, headers) in [
            (StatusCode::OK, Some(media_type), &file[..]),
            (StatusCode::PARTIAL_CONTENT, Some(media_type), &part[..]),
            (StatusCode::NOT_MODIFIED, None, &[]),
        ] {
            self.add_response(status, content.map(|media_type| (media_type, None)));
            let Some(ResponseOrRef::Inline(response)) = self.responses.get_mut(status.as_str())
            else {
                continue;
            };
            for (name, header) in validators.iter().chain(headers) {
                response.headers.insert((*name).to_owned(), header.clone());
            }
            if status == StatusCode::PARTIAL_CONTENT {
                let several = MediaType::default();
                response
                    .content
                    .insert("multipart/byteranges".to_owned(), several);
            }
        }
    }

    /// Adds a success response of unknown status and content.
    pub(crate) fn add_any_response(&mut self) {
        let response = Response {
            description: "Successful response.".to_owned(),
            ..Response::default()
        };
        self.responses
            .insert("2XX".to_owned(), ResponseOrRef::Inline(response));
    }

    /// Changes the status of the success response to `2XX`.
    pub(crate) fn set_any_success_status(&mut self) {
        self.set_success_key("2XX");
    }

    /// Changes the status of the success response.
    pub(crate) fn set_success_status(&mut self, status: StatusCode) {
        self.set_success_key(status.as_str());
        let phrase = status.canonical_reason().unwrap_or("Response");
        if let Some(ResponseOrRef::Inline(response)) = self.responses.get_mut(status.as_str()) {
            response.description = format!("{phrase}.");
        }
    }

    fn set_success_key(&mut self, key: &str) {
        let success = self.responses.keys().find(|status| status.starts_with('2'));
        if let Some(response) = success
            .cloned()
            .and_then(|status| self.responses.remove(&status))
        {
            self.responses.insert(key.to_owned(), response);
        }
    }

    pub(crate) fn has_success_response(&self) -> bool {
        self.responses
            .keys()
            .any(|status| status.starts_with(['1', '2', '3']))
    }

    /// Adds `Location` to the response of this status, unless it has one.
    pub(crate) fn add_location_header(&mut self, status: StatusCode, description: &str) {
        let header = Header {
            schema: json!({"type": "string", "format": "uri-reference"}),
            ..Header::text(description)
        };
        self.add_response_header(status.as_str(), "Location", &header);
    }

    /// Adds a header field to each success response.
    pub(crate) fn add_success_header(&mut self, name: &str, header: &Header) {
        self.add_response_header("2", name, header);
    }

    /// Adds a header field to the responses whose status starts with `status`, unless they have it.
    pub(crate) fn add_response_header(&mut self, status: &str, name: &str, header: &Header) {
        for (key, response) in &mut self.responses {
            if let ResponseOrRef::Inline(response) = response
                && key.starts_with(status)
            {
                let headers = &mut response.headers;
                headers
                    .entry(name.to_owned())
                    .or_insert_with(|| header.clone());
            }
        }
    }

    /// Adds standard errors, unless their status is described already.
    pub(crate) fn add_standard_errors(&mut self, errors: &[StandardError]) {
        for error in errors {
            let status = error.status().to_owned();
            self.responses
                .entry(status)
                .or_insert(ResponseOrRef::Standard(*error));
        }
    }

    /// Sets the security schemes, each of which is enough.
    pub(crate) fn set_security(&mut self, alternatives: &[Security], registry: &mut Registry) {
        self.security = match alternatives {
            [Security::Public] => Some(Vec::new()),
            alternatives => requirements(alternatives, registry),
        };
    }

    /// Adds the problems of the access rule `A`.
    pub(crate) fn add_refusals<A>(&mut self, kinds: Vec<ProblemKind>, registry: &mut Registry) {
        for kind in kinds {
            let status = kind.status.map(ErrorStatus::code);
            match (status, kind.standard_error()) {
                (_, Some(standard)) => self.add_standard_errors(&[standard]),
                (Some(status), None) => {
                    self.refusals.push(kind);
                    self.add_problems_of(short_name::<A>(), status, &[], registry);
                }
                (None, None) => self.add_standard_errors(&[StandardError::Other]),
            }
        }
    }

    /// Adds the security schemes of another rule: a request needs one of these besides one of the present.
    pub(crate) fn require_security(&mut self, others: &[Security], registry: &mut Registry) {
        if others == [Security::Public] {
            return;
        }
        if let Some(others) = requirements(others, registry) {
            let mut present = self.security.take().unwrap_or_default();
            if present.is_empty() {
                present.push(BTreeMap::new());
            }
            let both = |one: &SecurityRequirement, other: &SecurityRequirement| {
                one.clone().into_iter().chain(other.clone()).collect()
            };
            let pairs = present
                .iter()
                .flat_map(|one| others.iter().map(move |other| both(one, other)));
            self.security = Some(pairs.collect());
        } else if self.security.as_ref().is_some_and(Vec::is_empty) {
            self.security = None;
        }
    }

    /// Adds the problems of an error type: all, or those of the given variants. Problems of one status are one
    /// response among the components, which all operations with these problems share.
    pub(crate) fn add_problems<E: Problems>(
        &mut self,
        variants: Option<&[&str]>,
        registry: &mut Registry,
    ) {
        let mut kinds: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
        let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
        for kind in E::kinds() {
            let status = kind.status.map(ErrorStatus::code);
            *counts.entry(status.unwrap_or_default()).or_default() += 1;
            let name = kind.variant.unwrap_or_default();
            if variants.is_some_and(|variants| !variants.contains(&name)) {
                continue;
            }
            match status {
                None => self.add_standard_errors(&[StandardError::Other]),
                Some(status) => kinds.entry(status).or_default().push(kind),
            }
        }
        for (status, kinds) in kinds {
            let mut name = short_name::<E>().to_owned();
            if counts.get(&status) != Some(&kinds.len()) {
                name.extend(kinds.iter().filter_map(|kind| kind.variant));
            }
            self.add_problems_of(&name, status, &kinds, registry);
        }
    }

    /// Adds the response for the problems of one status, those of the access rule first.
    fn add_problems_of(
        &mut self,
        name: &str,
        status: u16,
        kinds: &[ProblemKind],
        registry: &mut Registry,
    ) {
        let refusals = self.refusals.iter().copied();
        let mut all: Vec<_> = refusals
            .filter(|kind| kind.status.map(ErrorStatus::code) == Some(status))
            .collect();
        all.extend(kinds.iter().filter(|kind| !self.refusals.contains(kind)));
        let response = problem_response(status, &all, registry);
        let response = registry.add_response(&format!("{name}{status}"), response);
        self.responses.insert(status.to_string(), response);
    }
}

/// The requirement objects of alternative schemes; an empty object is no scheme. `None` if the scheme of one
/// is not known.
fn requirements(
    alternatives: &[Security],
    registry: &mut Registry,
) -> Option<Vec<SecurityRequirement>> {
    let mut requirements = Vec::new();
    for security in alternatives {
        let requirement = match security.scheme() {
            Some((name, scheme)) => {
                registry.security_schemes.insert(name.clone(), scheme);
                BTreeMap::from([(name, Vec::new())])
            }
            None if *security == Security::Public => BTreeMap::new(),
            None => return None,
        };
        if !requirements.contains(&requirement) {
            requirements.push(requirement);
        }
    }
    Some(requirements)
}

/// The name of a type without its path and parameters.
fn short_name<T>() -> &'static str {
    let name = type_name::<T>().split('<').next().unwrap_or_default();
    name.rsplit("::").next().unwrap_or_default()
}

/// The response for problems of one status.
fn problem_response(status: u16, kinds: &[ProblemKind], registry: &Registry) -> Response {
    let standard = StandardError::ALL
        .iter()
        .copied()
        .find(|error| error.status() == status.to_string());
    let mut texts: Vec<_> = standard
        .into_iter()
        .map(StandardError::description)
        .collect();
    texts.extend(kinds.iter().filter_map(ProblemKind::text));
    let sentences: Vec<_> = texts.into_iter().map(sentence).collect();
    let phrase = || StatusCode::from_u16(status).ok()?.canonical_reason();
    let mut response = Response {
        description: match &sentences[..] {
            [] => sentence(phrase().unwrap_or("Refused")),
            sentences => sentences.join(" "),
        },
        content: problem_content("Problem"),
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
        response.headers = standard_headers(StandardError::ServiceUnavailable);
    }
    response
}

/// The text with a final dot, to stand beside others.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        return text.to_owned();
    }
    format!("{text}.")
}

/// Whether the schema allows null, so that the body may be empty.
fn allows_null(schema: &Value) -> bool {
    let is_null = |name: &Value| name == "null";
    let is_null_type = match &schema["type"] {
        Value::Array(types) => types.iter().any(is_null),
        name => is_null(name),
    };
    let alternatives = ["anyOf", "oneOf"].map(|name| schema[name].as_array());
    is_null_type
        || alternatives
            .into_iter()
            .flatten()
            .flatten()
            .any(allows_null)
}

/// Whether an empty body is valid for the media type.
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
