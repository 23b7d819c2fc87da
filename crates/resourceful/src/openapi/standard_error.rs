//! The error responses of the library, which all operations share.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::model::{Header, MediaType, Response};

/// An error response of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StandardError {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    ContentTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    Invalid,
    UpgradeRequired,
    InternalServerError,
    ServiceUnavailable,
    /// Any other error of the application.
    Other,
}

impl StandardError {
    pub(super) const ALL: [Self; 15] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::ContentTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::UpgradeRequired,
        Self::InternalServerError,
        Self::ServiceUnavailable,
        Self::Other,
    ];

    /// The key among the responses of an operation.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::BadRequest => "400",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::MethodNotAllowed => "405",
            Self::NotAcceptable => "406",
            Self::RequestTimeout => "408",
            Self::ContentTooLarge => "413",
            Self::UriTooLong => "414",
            Self::UnsupportedMediaType => "415",
            Self::Invalid => "422",
            Self::UpgradeRequired => "426",
            Self::InternalServerError => "500",
            Self::ServiceUnavailable => "503",
            Self::Other => "default",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::BadRequest => "Malformed request.",
            Self::Unauthorized => "Authentication required.",
            Self::Forbidden => "Permission denied.",
            Self::NotFound => "Not found.",
            Self::MethodNotAllowed => "Method not allowed.",
            Self::NotAcceptable => "`Accept` excludes JSON.",
            Self::RequestTimeout => "The body arrived too slowly.",
            Self::ContentTooLarge => "The body exceeds the size limit.",
            Self::UriTooLong => "Path and query are too long.",
            Self::UnsupportedMediaType => "Unsupported media type.",
            Self::Invalid => "Invalid fields; `errors` lists each one.",
            Self::UpgradeRequired => "WebSocket handshake required.",
            Self::InternalServerError => "Internal server error.",
            Self::ServiceUnavailable => "Timed out or temporarily unavailable.",
            Self::Other => "Any other problem.",
        }
    }

    /// Serialises as a reference to the response among the components.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn as_reference<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"$ref": format!("#/components/responses/{}", self.name())}).serialize(serializer)
    }

    /// The name among the components.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn response(self) -> Response {
        let schema = match self {
            Self::Invalid => "InvalidProblem",
            _ => "Problem",
        };
        Response {
            description: self.description().to_owned(),
            headers: self.headers(),
            content: problem_content(schema),
        }
    }

    pub(super) fn headers(self) -> BTreeMap<String, Header> {
        let (name, description, required) = match self {
            Self::Unauthorized => ("WWW-Authenticate", "Accepted authentication schemes.", true),
            Self::MethodNotAllowed => ("Allow", "Allowed methods.", true),
            Self::ServiceUnavailable => ("Retry-After", "Seconds to wait before a retry.", false),
            _ => return BTreeMap::new(),
        };
        let header = Header {
            description: description.to_owned(),
            required,
            schema: json!({"type": "string"}),
        };
        BTreeMap::from([(name.to_owned(), header)])
    }
}

/// The content of a problem response, by reference to a schema among the components.
pub(crate) fn problem_content(schema: &str) -> BTreeMap<String, MediaType> {
    let media_type = MediaType {
        schema: Some(json!({"$ref": format!("#/components/schemas/{schema}")})),
        ..MediaType::default()
    };
    BTreeMap::from([("application/problem+json".to_owned(), media_type)])
}

/// The schemas of problem details (RFC 9457) by name.
pub(crate) fn problem_schemas() -> [(&'static str, Value); 2] {
    let members = json!({
        "type": {
            "type": "string", "format": "uri-reference",
            "description": "Type of the problem; `about:blank` adds nothing to the status.",
        },
        "title": {"type": "string", "description": "Short text for the type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "Explanation of this occurrence."},
    });
    let mut invalid = members.clone();
    invalid["errors"] = json!({
        "type": "array",
        "minItems": 1,
        "description": "Every invalid field.",
        "items": {
            "type": "object",
            "required": ["detail"],
            "properties": {
                "pointer": {
                    "type": "string",
                    "description": "Location in the body: a JSON Pointer as a URI fragment (RFC 6901 section 6).",
                },
                "name": {"type": "string", "description": "Name of the parameter."},
                "in": {"type": "string", "description": "Location of the parameter: `query`."},
                "detail": {"type": "string", "description": "Explanation of the error."},
            },
        },
    });
    // Other members are allowed. With `additionalProperties`, generated TypeScript would allow `errors` in
    // every problem and could not distinguish the two types.
    let problem = json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": members,
        "unevaluatedProperties": true,
    });
    let invalid = json!({
        "type": "object",
        "description": "Problem details (RFC 9457) of a request with invalid fields.",
        "required": ["type", "title", "status", "errors"],
        "properties": invalid,
        "unevaluatedProperties": true,
    });
    [("Problem", problem), ("InvalidProblem", invalid)]
}
