//! Problem details (RFC 9457): the form of an [`Error`] in a response.
//!
//! [`App::map_problem`](crate::app::App::map_problem) lets an application change it.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::error::field_error::FieldError;

/// The body of an error response (RFC 9457): `type`, `title`, `status`, optionally `detail` and `errors`,
/// and further members of the application.
///
/// # Examples
/// ```
/// use resourceful::{Error, Problem};
///
/// let problem = Problem::from(&Error::not_found("Post not found")).with("error", "Post not found");
/// assert_eq!(
///     serde_json::to_value(&problem).unwrap(),
///     serde_json::json!({
///         "type": "about:blank",
///         "title": "Not Found",
///         "status": 404,
///         "detail": "Post not found",
///         "error": "Post not found",
///     })
/// );
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    uri: Cow<'static, str>,
    title: Cow<'static, str>,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Problem {
    /// Adds or replaces a member.
    ///
    /// `type`, `title` and `detail` must be strings, else the call has no effect. `status` and `errors`
    /// cannot be set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match (name, value) {
            ("type", Value::String(text)) => self.uri = text.into(),
            ("title", Value::String(text)) => self.title = text.into(),
            ("detail", Value::String(text)) => self.detail = Some(text),
            ("type" | "title" | "detail" | "status" | "errors", _) => {}
            (_, value) => {
                self.members.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The short text of the problem type.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The explanation of this occurrence.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The URI of the problem type; `about:blank` adds nothing to the status.
    #[must_use]
    pub fn problem_type(&self) -> &str {
        &self.uri
    }

    /// Every wrong field of the request.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A further member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let phrase = error.status().canonical_reason().unwrap_or("Error");
        let detail = error
            .detail()
            .or_else(|| error.is_invalid().then_some("Some fields are wrong."));
        Self {
            uri: error
                .problem_type()
                .unwrap_or("about:blank")
                .to_owned()
                .into(),
            title: error.title().unwrap_or(phrase).to_owned().into(),
            status: error.status(),
            detail: detail.map(str::to_owned),
            errors: error.fields().to_vec(),
            members: Map::new(),
        }
    }
}

/// Reads problems of any server. Members of a wrong type are ignored (RFC 9457 section 3.1); the default
/// title is the status phrase. `status` is required. `errors` that are not [`FieldError`]s become a
/// [`member`](Problem::member).
impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let status = members.remove("status").and_then(|status| {
            let number = u16::try_from(status.as_u64()?).ok()?;
            StatusCode::from_u16(number).ok()
        });
        let status = status.ok_or_else(|| D::Error::missing_field("status"))?;
        let errors = members.get("errors").map(Vec::<FieldError>::deserialize);
        let errors = errors.and_then(Result::ok);
        if errors.is_some() {
            members.remove("errors");
        }
        let mut text = |name| match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let phrase = status.canonical_reason().unwrap_or("Error");
        Ok(Self {
            uri: text("type").map_or("about:blank".into(), Cow::Owned),
            title: text("title").map_or(phrase.into(), Cow::Owned),
            status,
            detail: text("detail"),
            errors: errors.unwrap_or_default(),
            members,
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_serialised_problem_can_be_read() {
        let error = Error::invalid([
            FieldError::body("/title", "is required"),
            FieldError::query("page", "must be at least 1"),
        ]);
        let problem = Problem::from(&error)
            .with("type", "/taken")
            .with("balance", 30);
        let written = serde_json::to_value(&problem).unwrap();
        let read: Problem = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read.problem_type(), "/taken");
        assert_eq!(read.errors(), error.fields());
        assert_eq!(read.member("balance"), Some(&json!(30)));
        assert_eq!(read.member("errors"), None);
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }

    #[test]
    fn foreign_problems_are_read_as_far_as_possible() {
        let errors = json!(["title is too long"]);
        let others = json!({"status": 409, "title": 7, "detail": [], "errors": errors});
        let problem: Problem = serde_json::from_value(others).unwrap();
        assert_eq!(problem.problem_type(), "about:blank");
        assert_eq!((problem.title(), problem.detail()), ("Conflict", None));
        assert_eq!(problem.errors(), []);
        assert_eq!(problem.member("errors"), Some(&errors));
        for invalid in [
            json!({}),
            json!({"status": "409"}),
            json!({"status": 99}),
            json!([409]),
        ] {
            assert!(
                serde_json::from_value::<Problem>(invalid.clone()).is_err(),
                "{invalid}"
            );
        }
    }
}
