//! [`IntoResponse`]: the values that views can return.

use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::body::Response;
use crate::error::Result;
use crate::error::problem::Problem;
use crate::openapi::{Operation, Registry};
use crate::response::problem_reply::problem_reply;
use crate::response::reply::{Content, Reply};

/// A value that a view can return. It is converted into a [`Response`].
///
/// # Examples
/// ```
/// use http::StatusCode;
/// use resourceful::{IntoResponse, Json};
///
/// assert_eq!("hello".into_response().headers()["content-type"], "text/plain; charset=utf-8");
/// assert_eq!(Json([1, 2]).into_response().body().as_bytes(), Some(&b"[1,2]"[..]));
/// assert_eq!((StatusCode::ACCEPTED, "later").into_response().status(), 202);
/// assert_eq!(().into_response().status(), 204);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    note = "return `Json(value)`, a `String`, `(StatusCode, ..)`, `()` or a `resourceful::Response`"
)]
pub trait IntoResponse {
    /// Converts the value into a response.
    fn into_response(self) -> Response;

    /// Converts the value into a reply, which needs no allocation. An error becomes a problem.
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply>
    where
        Self: Sized,
    {
        Ok(self.into_response().into())
    }

    /// Adds the response to the operation in the document.
    #[doc(hidden)]
    fn describe(operation: &mut Operation, registry: &mut Registry)
    where
        Self: Sized,
    {
        let _ = registry;
        operation.add_any_response();
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// Status 204, without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }

    fn describe(operation: &mut Operation, _: &mut Registry) {
        operation.add_response(StatusCode::NO_CONTENT, None);
    }
}

/// The status, without a body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        Content::empty(self).into()
    }
}

/// The content of a text response in the document.
const TEXT: Option<(&str, Option<Value>)> = Some(("text/plain", None));

impl IntoResponse for String {
    fn describe(operation: &mut Operation, _: &mut Registry) {
        operation.add_response(StatusCode::OK, TEXT);
    }

    fn into_response(self) -> Response {
        Content::text(self).into()
    }

    fn into_reply(self) -> Result<Reply> {
        Ok(Content::text(self).into())
    }
}

impl IntoResponse for &'static str {
    fn describe(operation: &mut Operation, _: &mut Registry) {
        operation.add_response(StatusCode::OK, TEXT);
    }

    fn into_response(self) -> Response {
        Content::text(self).into()
    }

    fn into_reply(self) -> Result<Reply> {
        Ok(Content::text(self).into())
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }

    fn into_reply(self) -> Result<Reply> {
        Ok(self.1.into_reply()?.with_status(self.0))
    }

    /// The status is not known until the view runs.
    fn describe(operation: &mut Operation, registry: &mut Registry) {
        T::describe(operation, registry);
        operation.set_any_success_status();
    }
}

/// Any serialisable value with a schema as a JSON response, for views.
///
/// A value that cannot be serialised (a map whose keys are not strings) becomes a problem with
/// status 500.
///
/// # Examples
/// ```
/// use resourceful::{IntoResponse, Json};
///
/// let response = Json("hi").into_response();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema> IntoResponse for Json<T> {
    fn describe(operation: &mut Operation, registry: &mut Registry) {
        let schema = registry.schemas.output::<T>();
        operation.add_json_response(StatusCode::OK, schema);
    }

    fn into_response(self) -> Response {
        match Content::json(StatusCode::OK, &self.0) {
            Ok(content) => content.into(),
            Err(error) => {
                tracing::error!(
                    error = error.to_string(),
                    "a response could not be written as JSON"
                );
                problem_reply(&Problem::from(&error), &error).into_response(&mut HeaderMap::new())
            }
        }
    }

    fn into_reply(self) -> Result<Reply> {
        Content::json(StatusCode::OK, &self.0).map(Reply::from)
    }
}
