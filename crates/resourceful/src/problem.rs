//! [`Error`] becomes a response here and nowhere else: problem details (RFC 9457).
//!
//! [`App::problems`](crate::app::App::problems) is the one place where an application
//! changes what its clients read.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::field_error::FieldError;
use crate::json;
use crate::reply::{Content, Reply};

/// The body of an error response (RFC 9457): `type`, `title`, `status`, and where they
/// are known `detail` and `errors`, then members of the application's own.
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
    /// The same problem with a member of the application's own, or with another value
    /// for one that it already has.
    ///
    /// The five members of RFC 9457 keep their meaning; `status` cannot be set.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// let problem = Problem::from(&Error::conflict("Taken.")).with("balance", 30);
    /// ```
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

    /// The status it is answered with.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// assert_eq!(Problem::from(&Error::conflict("Taken.")).status(), 409);
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The short text of this kind of problem.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// assert_eq!(Problem::from(&Error::conflict("Taken.")).title(), "Conflict");
    /// ```
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The text of this very problem.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// assert_eq!(Problem::from(&Error::conflict("Taken.")).detail(), Some("Taken."));
    /// ```
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    pub(crate) fn into_reply(self, error: &Error) -> Reply {
        let bytes = json::to_bytes(&self).unwrap_or_default();
        let mut content = Content::problem(self.status, bytes);
        for (name, value) in error.headers() {
            content = content.with(name.clone(), value.clone());
        }
        content.into()
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
