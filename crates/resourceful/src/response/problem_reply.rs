//! Converts a problem into a response, with the header fields of its error.

use http::header::{HeaderValue, WWW_AUTHENTICATE};

use crate::body::Response;
use crate::error::Error;
use crate::error::problem::Problem;
use crate::json;
use crate::response::reply::{Content, Reply};

/// An extension of each 422 response of the library's input reader. The contract tests use it to
/// ignore the 422 of a hook, whose rules are not in the document.
#[derive(Clone, Copy, Debug)]
pub struct InvalidInput;

pub(crate) fn problem_reply(problem: &Problem, error: &Error) -> Reply {
    let bytes = json::to_bytes(problem).unwrap_or_default();
    let mut content = Content::problem(problem.status(), bytes);
    for (name, value) in error.headers() {
        content = content.with(name.clone(), value.clone());
    }
    // RFC 9110 section 15.5.2 requires a challenge; this one opens no dialog in browsers.
    if problem.status() == 401 && !error.headers().contains_key(WWW_AUTHENTICATE) {
        content = content.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if error.is_invalid_input() {
        let mut response = Response::from(content);
        response.extensions_mut().insert(InvalidInput);
        return response.into();
    }
    content.into()
}
