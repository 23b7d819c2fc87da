//! [`Redirect`]: a typed redirect.

use http::StatusCode;
use http::header::LOCATION;

use crate::error::{Error, Result};
use crate::openapi::{Operation, Registry};
use crate::response::location::{Base, Location};
use crate::response::reply::{Content, Reply};
use crate::response::representation::Representation;

/// A redirect with a status that the document knows.
///
/// | constructor | status | what the client does (RFC 9110 section 15.4) |
/// |---|---|---|
/// | [`see_other`](Redirect::see_other) | 303 | it gets the target, also after a `POST` |
/// | [`temporary`](Redirect::temporary) | 307 | it sends the same request to the target |
/// | [`permanent`](Redirect::permanent) | 308 | the same, and from now on |
///
/// The target is a path of the application or an absolute URI. The root path, and the prefix of a nested
/// application, are put in front of a path. A path that starts with two slashes is another host: it is
/// logged, and the response is 500.
///
/// # Examples
/// ```
/// use resourceful::Redirect;
/// use resourceful::prelude::*;
///
/// #[endpoint]
/// async fn home() -> Result<Redirect<307>> { Ok(Redirect::temporary("/docs")) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().nest("/v1", App::new().get("/", public(home)));
/// let response = TestClient::new(app)?.get("/v1/").await;
/// assert_eq!(response.status(), 307);
/// assert_eq!(response.headers()["location"], "/v1/docs");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect<const CODE: u16 = 303>(Option<Location>);

impl Redirect<303> {
    /// 303: the client gets the target.
    #[must_use]
    pub fn see_other(target: impl Into<String>) -> Self {
        Self(Some(Location::Path(target.into())))
    }
}

impl Redirect<307> {
    /// 307: the client sends the same request to the target.
    #[must_use]
    pub fn temporary(target: impl Into<String>) -> Self {
        Self(Some(Location::Path(target.into())))
    }
}

impl Redirect<308> {
    /// 308: the client sends this and all later requests to the target.
    #[must_use]
    pub fn permanent(target: impl Into<String>) -> Self {
        Self(Some(Location::Path(target.into())))
    }
}

impl<const CODE: u16> Redirect<CODE> {
    const CODE: StatusCode = match StatusCode::from_u16(CODE) {
        Ok(status) if CODE == 303 || CODE == 307 || CODE == 308 => status,
        _ => panic!("the status of a redirect is 303, 307 or 308"),
    };
}

impl<const CODE: u16> Representation for Redirect<CODE> {
    const MEDIA_TYPE: Option<&'static str> = None;

    fn place(&mut self, base: &Base<'_>) {
        self.0 = self.0.take().and_then(|target| target.of(base));
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        let location = self.0.and_then(Location::into_value);
        let location = location.ok_or_else(|| Error::internal("the redirect has no target"))?;
        Ok(Content::empty(Self::CODE).with(LOCATION, location).into())
    }

    fn describe(operation: &mut Operation, _: &mut Registry, _: StatusCode) {
        operation.add_response(Self::CODE, None);
        operation.add_location_header(Self::CODE, "URI of the target.");
    }
}
