//! The answers by which the library refuses a request: the same for all operations.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::model::{Header, MediaType, Response};

/// Why a request does not reach its hook, or its answer not the client.
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
    /// Whatever the application answers besides.
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

    /// Its status, as responses are listed by it.
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
            Self::BadRequest => "The request is malformed.",
            Self::Unauthorized => "The client has to show who it is.",
            Self::Forbidden => "The client may not do this.",
            Self::NotFound => "There is nothing at this path.",
            Self::MethodNotAllowed => "The path is there, but not for this method.",
            Self::NotAcceptable => "The client refuses the only type that there is.",
            Self::RequestTimeout => "The body came too slowly.",
            Self::ContentTooLarge => "The body is over the limit.",
            Self::UriTooLong => "The path and the query are too long.",
            Self::UnsupportedMediaType => "The body is of another type.",
            Self::Invalid => "Some fields are wrong; each of them is named.",
            Self::UpgradeRequired => "This is no WebSocket handshake.",
            Self::InternalServerError => "Something went wrong here.",
            Self::ServiceUnavailable => "Timed out or temporarily unavailable.",
            Self::Other => "Any other problem.",
        }
    }

    /// A reference to the response among the components.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn as_reference<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"$ref": format!("#/components/responses/{}", self.name())}).serialize(serializer)
    }

    /// Its name among the components.
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
            content: problem(schema),
        }
    }

    pub(super) fn headers(self) -> BTreeMap<String, Header> {
        let (name, description, required) = match self {
            Self::Unauthorized => ("WWW-Authenticate", "By which means.", true),
            Self::MethodNotAllowed => ("Allow", "The methods that the path is there for.", true),
            Self::ServiceUnavailable => ("Retry-After", "When to try again, in seconds.", false),
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

/// Content of problem details that refers to a schema among the components.
pub(crate) fn problem(schema: &str) -> BTreeMap<String, MediaType> {
    let media_type = MediaType {
        schema: Some(json!({"$ref": format!("#/components/schemas/{schema}")})),
        ..MediaType::default()
    };
    BTreeMap::from([("application/problem+json".to_owned(), media_type)])
}

/// The schemas of RFC 9457, by their names.
pub(crate) fn schemas() -> [(&'static str, Value); 2] {
    let members = json!({
        "type": {
            "type": "string", "format": "uri-reference",
            "description": "What kind of problem it is; `about:blank` says no more than the status.",
        },
        "title": {"type": "string", "description": "What this kind is called."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What happened this time."},
    });
    let mut invalid = members.clone();
    invalid["errors"] = json!({
        "type": "array",
        "minItems": 1,
        "description": "Every wrong field.",
        "items": {
            "type": "object",
            "required": ["detail"],
            "properties": {
                "pointer": {
                    "type": "string",
                    "description": "Where it is in the body: a JSON Pointer as a URI fragment (RFC 6901 section 6).",
                },
                "name": {"type": "string", "description": "The parameter."},
                "in": {"type": "string", "description": "Where the parameter is: `query`."},
                "detail": {"type": "string", "description": "What is wrong with it."},
            },
        },
    });
    // Other members may be there. Said by `additionalProperties`, generated TypeScript would let
    // any problem have `errors`, and could not tell the two apart by them.
    let problem = json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": members,
        "unevaluatedProperties": true,
    });
    let invalid = json!({
        "type": "object",
        "description": "Problem details (RFC 9457) of a request with wrong fields.",
        "required": ["type", "title", "status", "errors"],
        "properties": invalid,
        "unevaluatedProperties": true,
    });
    [("Problem", problem), ("InvalidProblem", invalid)]
}
