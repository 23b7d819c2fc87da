//! The objects of an OpenAPI 3.1 document that the library writes
//! ([specification](https://spec.openapis.org/oas/v3.1.0)).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::info::Info;
use super::parameter::Parameter;
use super::problems::ProblemKind;
use super::standard_error::StandardError;

/// The whole document.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    pub(crate) openapi: &'static str,
    pub(crate) info: Info,
    pub(crate) servers: Vec<Server>,
    pub(crate) tags: Vec<Tag>,
    /// By path, then by method in lower case.
    pub(crate) paths: BTreeMap<String, BTreeMap<String, Operation>>,
    pub(crate) components: Components,
}

#[derive(Debug, Serialize)]
pub(crate) struct Server {
    pub(crate) url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Tag {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
}

/// Security requirement object: the schemes of one alternative, all of which a request needs.
pub(crate) type SecurityRequirement = BTreeMap<String, Vec<String>>;

/// One method of one path.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    #[serde(rename = "operationId")]
    pub(crate) id: String,
    /// The hook of a resource. It makes the id unique if another operation has the same.
    #[serde(skip)]
    pub(crate) hook: Option<String>,
    /// The parent of a nested resource.
    #[serde(skip)]
    pub(crate) parents: Option<ParentParameters>,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_body: Option<RequestBody>,
    /// The body limit in bytes from the description, kept until the body is added.
    #[serde(skip)]
    pub(crate) max_body: Option<u64>,
    /// By status, `2XX` or `default`.
    pub(crate) responses: BTreeMap<String, ResponseOrRef>,
    /// The problems of the access rule that have a text.
    #[serde(skip)]
    pub(crate) refusals: Vec<ProblemKind>,
    /// Alternatives. An empty list means public, `None` means unspecified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security: Option<Vec<SecurityRequirement>>,
}

/// The parameters of a resource's parent, whose names are those of the path.
#[derive(Debug)]
pub(crate) struct ParentParameters {
    pub(crate) count: usize,
    pub(crate) of_names: fn(&[&str]) -> Vec<Parameter>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    /// The limit in bytes.
    #[serde(rename = "x-max-bytes", skip_serializing_if = "Option::is_none")]
    pub(crate) max_bytes: Option<u64>,
    pub(crate) content: BTreeMap<String, MediaType>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct MediaType {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) examples: BTreeMap<String, Example>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Example {
    pub(crate) value: Value,
}

/// A response, or a reference to one among the components.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ResponseOrRef {
    /// A standard error of the library.
    #[serde(serialize_with = "StandardError::as_reference")]
    Standard(StandardError),
    /// A response of the application that operations share.
    Shared {
        #[serde(rename = "$ref")]
        reference: String,
    },
    Inline(Response),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Response {
    pub(crate) description: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, Header>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) content: BTreeMap<String, MediaType>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Header {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

impl Header {
    /// An optional field of text.
    pub(crate) fn text(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            required: false,
            schema: json!({"type": "string"}),
        }
    }
}

/// A header field of a response has the keywords of one of a request.
impl From<&Parameter> for Header {
    fn from(parameter: &Parameter) -> Self {
        Self {
            description: parameter.description.clone().unwrap_or_default().into(),
            required: parameter.required,
            schema: parameter.schema.as_value().clone(),
        }
    }
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Components {
    pub(crate) schemas: Map<String, Value>,
    pub(crate) responses: BTreeMap<String, Response>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) security_schemes: BTreeMap<String, Value>,
}
