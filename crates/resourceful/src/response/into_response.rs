//! [`IntoResponse`]: the values that views can return.

use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::body::Response;
use crate::error::Result;
use crate::error::problem::Problem;
use crate::openapi::{Operation, Registry};
use crate::response::content::{Binary, Text};
#[cfg(feature = "csv")]
use crate::response::csv::Csv;
use crate::response::fields::{WithHeader, WithHeaders};
use crate::response::location::Base;
use crate::response::media_type::MediaType;
use crate::response::problem_reply::problem_reply;
use crate::response::received::{FromResponse, ReceivedResponse};
use crate::response::redirect::Redirect;
use crate::response::reply::{Content, Reply};
use crate::response::representation::{NoContent, Output, Representation};
use crate::response::status::{Accepted, Created, Status};

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

    /// Determines the fields that depend on the path of the request.
    #[doc(hidden)]
    fn place(&mut self, base: &Base<'_>)
    where
        Self: Sized,
    {
        let _ = base;
    }

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

    fn place(&mut self, base: &Base<'_>) {
        self.1.place(base);
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
        written(Content::json(StatusCode::OK, &self.0).map(Reply::from))
    }

    fn into_reply(self) -> Result<Reply> {
        Content::json(StatusCode::OK, &self.0).map(Reply::from)
    }
}

impl<T: Output> Representation for Json<T> {
    fn represent(self, status: StatusCode) -> Result<Reply> {
        self.0.item(status)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        let schema = T::schema(registry);
        operation.add_json_response(status, schema);
    }
}

impl<T: FromResponse> FromResponse for Json<T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        T::from_response(response).map(Self)
    }
}

/// Makes typed results of hooks results of views.
macro_rules! into_response {
    ($($(#[$attribute:meta])* [$($parameters:tt)*] $name:ty,)*) => {
        $($(#[$attribute])* impl<$($parameters)*> IntoResponse for $name {
            fn describe(operation: &mut Operation, registry: &mut Registry) {
                <Self as Representation>::describe(operation, registry, StatusCode::OK);
            }

            fn place(&mut self, base: &Base<'_>) {
                Representation::place(self, base);
            }

            fn into_response(self) -> Response {
                written(self.represent(StatusCode::OK))
            }

            fn into_reply(self) -> Result<Reply> {
                self.represent(StatusCode::OK)
            }
        })*
    };
}

into_response! {
    [T: Representation] Created<T>,
    [T: Representation] Accepted<T>,
    [const CODE: u16, T: Representation] Status<CODE, T>,
    [const CODE: u16] Redirect<CODE>,
    [T: Representation] WithHeader<T>,
    [T: Representation, H: Serialize + JsonSchema + Send] WithHeaders<T, H>,
    [] Text,
    [M: MediaType] Binary<M>,
    [] NoContent,
    #[cfg(feature = "csv")] [T: Serialize + JsonSchema + Send + 'static] Csv<T>,
}

/// The response, or that of the error.
fn written(reply: Result<Reply>) -> Response {
    let reply = reply.unwrap_or_else(|error| {
        tracing::error!(error = error.to_string(), "a response could not be written");
        problem_reply(&Problem::from(&error), &error)
    });
    reply.into_response(&mut HeaderMap::new())
}
