//! [`Error`] becomes a response here and unmatched else: problem details (RFC 9457).
//!
//! [`App::map_problem`](crate::app::App::map_problem) is the one place where an application
//! changes what its clients read.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::error::field_error::FieldError;

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

    /// What names this kind of problem: a URI, `about:blank` where the status says it all.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// assert_eq!(Problem::from(&Error::conflict("Taken.")).problem_type(), "about:blank");
    /// ```
    #[must_use]
    pub fn problem_type(&self) -> &str {
        &self.uri
    }

    /// Every wrong field of the request.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, FieldError, Problem};
    /// let wrong = FieldError::body("/title", "is required");
    /// let problem = Problem::from(&Error::invalid([wrong.clone()]));
    /// assert_eq!(problem.errors(), [wrong]);
    /// ```
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A member of the application's own.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Error, Problem};
    /// let problem = Problem::from(&Error::conflict("Too little.")).with("balance", 30);
    /// assert_eq!(problem.member("balance").unwrap(), 30);
    /// ```
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

/// Anybody's problem. A member of a wrong type is as if it were absent (RFC 9457 section 3.1), and
/// `title` then the status's own. Without `status` it is no problem of ours; `errors` that are no
/// [`FieldError`]s stay a [`member`](Problem::member).
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
    fn what_was_written_is_read() {
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
    fn what_others_write_is_read_as_far_as_it_can_be() {
        let errors = json!(["title is too long"]);
        let others = json!({"status": 409, "title": 7, "detail": [], "errors": errors});
        let problem: Problem = serde_json::from_value(others).unwrap();
        assert_eq!(problem.problem_type(), "about:blank");
        assert_eq!((problem.title(), problem.detail()), ("Conflict", None));
        assert_eq!(problem.errors(), []);
        assert_eq!(problem.member("errors"), Some(&errors));
        for none in [
            json!({}),
            json!({"status": "409"}),
            json!({"status": 99}),
            json!([409]),
        ] {
            assert!(
                serde_json::from_value::<Problem>(none.clone()).is_err(),
                "{none}"
            );
        }
    }
}
