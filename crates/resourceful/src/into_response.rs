//! What views may return.

use http::StatusCode;
use serde::Serialize;

use crate::reply::{Content, Reply};
use crate::response::Response;

/// What a view may return: turned into a [`Response`] once.
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
    /// The response.
    fn into_response(self) -> Response;

    /// The same, before it needs any memory.
    #[doc(hidden)]
    fn into_reply(self) -> Reply
    where
        Self: Sized,
    {
        self.into_response().into()
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// 204, without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// The status, without a body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        Content::empty(self).into()
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Content::text(self).into()
    }

    fn into_reply(self) -> Reply {
        Content::text(self).into()
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Content::text(self).into()
    }

    fn into_reply(self) -> Reply {
        Content::text(self).into()
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }

    fn into_reply(self) -> Reply {
        self.1.into_reply().with_status(self.0)
    }
}

/// Any serialisable value as a JSON response, for views.
///
/// A value that cannot be serialised (a map whose keys are no strings) is answered with 500.
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

impl<T: Serialize> Json<T> {
    fn content(&self) -> Content {
        Content::json(StatusCode::OK, &self.0).unwrap_or_else(|error| {
            tracing::error!(%error, "a view's answer could not be written as JSON");
            Content::empty(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        self.content().into()
    }

    fn into_reply(self) -> Reply {
        self.content().into()
    }
}
