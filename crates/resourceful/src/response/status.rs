//! [`Created`], [`Accepted`] and [`Status`]: the status of a typed result.

use std::fmt::Display;
use std::ops::Deref;

use http::StatusCode;
use http::header::{HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::json;

use crate::error::Result;
use crate::openapi::{Header, Operation, Registry};
use crate::response::location::{Base, Location};
use crate::response::received::{FromResponse, ReceivedResponse};
use crate::response::reply::Reply;
use crate::response::representation::Representation;

/// Status 201 with the new item, and its `Location` (RFC 9110 section 15.3.2).
///
/// `Created(item)` creates it. [`at`](Self::at) takes the id of the item, [`at_path`](Self::at_path) a path.
/// A `create` hook that returns a plain item gets the same status; its `Location` is then that of
/// [`AsyncResource::location_id`](crate::AsyncResource::location_id).
///
/// # Examples
/// ```
/// use resourceful::Created;
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Copy { id: i64, of: i64 }
///
/// struct Films;
///
/// #[resource]
/// impl AsyncResource for Films {
///     type Access = Public;
///
///     #[action(POST, "copies")]
///     async fn copy(&self, _: &Request, id: i64) -> Result<Created<Copy>> {
///         let copy = Copy { id: 8, of: id };
///         Ok(Created(copy).at(8))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/films", Films))?;
/// let response = client.post("/films/7/copies").await;
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["location"], "/films/8");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<T> {
    value: T,
    location: Option<Location>,
}

/// Creates a [`Created`](struct@Created) without a `Location`.
///
/// # Examples
/// See [`Created`](struct@Created).
#[expect(non_snake_case, reason = "reads like `Json(value)`")]
pub const fn Created<T>(value: T) -> Created<T> {
    Created {
        value,
        location: None,
    }
}

impl<T> Created<T> {
    /// Sets `Location` to the item with this id, in the collection of the request. In a view, the path of the
    /// request is the collection.
    ///
    /// # Examples
    /// See [`Created`](struct@Created).
    #[must_use]
    pub fn at(mut self, id: impl Display) -> Self {
        self.location = Some(Location::item(id));
        self
    }

    /// Sets `Location` to a path of the application, or to an absolute URI.
    ///
    /// A path starts with one slash. [`App::root_path`](crate::App::root_path) is put in front of it.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Created;
    /// let created = Created("an invoice").at_path("/invoices/7");
    /// ```
    #[must_use]
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.location = Some(Location::Path(path.into()));
        self
    }

    /// The `Location`. In a client it is the value of the field.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_ref()?.as_str()
    }

    /// The value inside.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Status 202: the request is accepted, and its work is not done yet (RFC 9110 section 15.3.3).
///
/// `Accepted(job)` creates it. `Location` is the place to ask for the progress, `Retry-After` the time to
/// wait before that. Without content it is `Accepted(NoContent)`.
///
/// # Examples
/// ```
/// use resourceful::Accepted;
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Job { id: i64, done: bool }
///
/// async fn import(_: Request) -> Result<Accepted<Job>> {
///     let job = Job { id: 7, done: false };
///     Ok(Accepted(job).at_path("/jobs/7").retry_after(5))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().post("/imports", public(import)))?;
/// let response = client.post("/imports").await;
/// assert_eq!(response.status(), 202);
/// assert_eq!(response.headers()["location"], "/jobs/7");
/// assert_eq!(response.headers()["retry-after"], "5");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<T> {
    value: T,
    location: Option<Location>,
    retry_after: Option<u64>,
}

/// Creates an [`Accepted`](struct@Accepted) without `Location` and `Retry-After`.
///
/// # Examples
/// See [`Accepted`](struct@Accepted).
#[expect(non_snake_case, reason = "reads like `Json(value)`")]
pub const fn Accepted<T>(value: T) -> Accepted<T> {
    Accepted {
        value,
        location: None,
        retry_after: None,
    }
}

impl<T> Accepted<T> {
    /// Sets `Location` to the item with this id, in the collection of the request. In a view, the path of the
    /// request is the collection.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Accepted;
    /// let accepted = Accepted("copying").at(7);
    /// ```
    #[must_use]
    pub fn at(mut self, id: impl Display) -> Self {
        self.location = Some(Location::item(id));
        self
    }

    /// Sets `Location` to a path of the application, or to an absolute URI.
    ///
    /// A path starts with one slash. [`App::root_path`](crate::App::root_path) is put in front of it.
    ///
    /// # Examples
    /// See [`Accepted`](struct@Accepted).
    #[must_use]
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.location = Some(Location::Path(path.into()));
        self
    }

    /// Sets `Retry-After`: seconds to wait before asking for the progress (RFC 9110 section 10.2.3).
    ///
    /// # Examples
    /// See [`Accepted`](struct@Accepted).
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The `Location`. In a client it is the value of the field.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_ref()?.as_str()
    }

    /// The seconds of `Retry-After`.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after
    }

    /// The value inside.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Any other success status, which is part of the type: `Status<203, Post>`.
///
/// The status is 200 to 299. For 204 and 205, which have no content, see [`NoContent`](crate::NoContent).
///
/// # Examples
/// ```
/// use resourceful::Status;
/// use resourceful::prelude::*;
///
/// async fn translation(_: Request) -> Result<Status<203, Json<Vec<String>>>> {
///     Ok(Status(Json(vec!["bonjour".to_owned()])))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/translation", public(translation)))?;
/// assert_eq!(client.get("/translation").await.status(), 203);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<const CODE: u16, T>(pub T);

impl<const CODE: u16, T> Status<CODE, T> {
    const CODE: StatusCode = {
        assert!(
            CODE >= 200 && CODE <= 299 && CODE != 204 && CODE != 205,
            "the status of a result with content is 200 to 299, but not 204 or 205: use `NoContent`"
        );
        match StatusCode::from_u16(CODE) {
            Ok(status) => status,
            Err(_) => unreachable!(),
        }
    };

    /// The value inside.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Representation> Representation for Created<T> {
    const MEDIA_TYPE: Option<&'static str> = T::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.location = self.location.take().and_then(|target| target.of(base));
        self.value.place(base);
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        let reply = with_status(self.value, StatusCode::CREATED)?;
        Ok(with_location(reply, self.location))
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        describe_status::<T>(operation, registry, StatusCode::CREATED);
        operation.add_location_header(StatusCode::CREATED, "URI of the created item.");
    }
}

impl<T: Representation> Representation for Accepted<T> {
    const MEDIA_TYPE: Option<&'static str> = T::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.location = self.location.take().and_then(|target| target.of(base));
        self.value.place(base);
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        let reply = with_status(self.value, StatusCode::ACCEPTED)?;
        let reply = with_location(reply, self.location);
        Ok(match self.retry_after {
            Some(seconds) => reply.with(RETRY_AFTER, HeaderValue::from(seconds)),
            None => reply,
        })
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        describe_status::<T>(operation, registry, StatusCode::ACCEPTED);
        operation.add_location_header(StatusCode::ACCEPTED, "URI of the progress of the work.");
        let header = Header {
            schema: json!({"type": "integer", "minimum": 0}),
            ..Header::text("Seconds to wait before asking for the progress.")
        };
        operation.add_response_header("202", "Retry-After", &header);
    }
}

impl<const CODE: u16, T: Representation> Representation for Status<CODE, T> {
    const MEDIA_TYPE: Option<&'static str> = T::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.0.place(base);
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        with_status(self.0, Self::CODE)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        describe_status::<T>(operation, registry, Self::CODE);
    }
}

/// The status also of a value that sets its own, such as [`NoContent`](crate::NoContent).
fn with_status(value: impl Representation, status: StatusCode) -> Result<Reply> {
    Ok(value.represent(status)?.with_status(status))
}

fn with_location(reply: Reply, location: Option<Location>) -> Reply {
    match location.and_then(Location::into_value) {
        Some(location) => reply.with(LOCATION, location),
        None => reply,
    }
}

fn describe_status<T: Representation>(
    operation: &mut Operation,
    registry: &mut Registry,
    status: StatusCode,
) {
    T::describe(operation, registry, status);
    operation.set_success_status(status);
}

impl<T: FromResponse> FromResponse for Created<T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        Ok(Self {
            value: T::from_response(response)?,
            location: Location::received(response.headers()),
        })
    }
}

impl<T: FromResponse> FromResponse for Accepted<T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        // A date, the other form of the field, is ignored.
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Self {
            value: T::from_response(response)?,
            location: Location::received(response.headers()),
            retry_after,
        })
    }
}

impl<const CODE: u16, T: FromResponse> FromResponse for Status<CODE, T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        T::from_response(response).map(Self)
    }
}

impl<T> Deref for Created<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Accepted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<const CODE: u16, T> Deref for Status<CODE, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
