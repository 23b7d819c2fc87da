//! The responses of [`StandardError`]s, as objects of the document.

use std::collections::BTreeMap;

use serde_json::json;

use super::model::{Header, MediaType, Response};
use super::standard_error::StandardError;

/// The response among the components.
pub(crate) fn standard_response(error: StandardError) -> Response {
    let schema = match error {
        StandardError::Invalid => "InvalidProblem",
        _ => "Problem",
    };
    Response {
        description: error.description().to_owned(),
        headers: standard_headers(error),
        content: problem_content(schema),
    }
}

/// The header fields that clients can rely on.
pub(super) fn standard_headers(error: StandardError) -> BTreeMap<String, Header> {
    let (name, description, required) = match error {
        StandardError::Unauthorized => {
            ("WWW-Authenticate", "Accepted authentication schemes.", true)
        }
        StandardError::MethodNotAllowed => ("Allow", "Allowed methods.", true),
        #[cfg(feature = "files")]
        StandardError::RangeNotSatisfiable => {
            ("Content-Range", "Length of the file: `bytes */10`.", true)
        }
        StandardError::ServiceUnavailable | StandardError::TooManyRequests => {
            ("Retry-After", "Seconds to wait before a retry.", false)
        }
        _ => return BTreeMap::new(),
    };
    let header = Header {
        required,
        ..Header::text(description)
    };
    BTreeMap::from([(name.to_owned(), header)])
}

/// The content of a problem response, by reference to a schema among the components.
pub(crate) fn problem_content(schema: &str) -> BTreeMap<String, MediaType> {
    let media_type = MediaType {
        schema: Some(json!({"$ref": format!("#/components/schemas/{schema}")})),
        ..MediaType::default()
    };
    BTreeMap::from([("application/problem+json".to_owned(), media_type)])
}
