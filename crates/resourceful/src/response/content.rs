//! [`Text`] and [`Binary`]: typed results that are not JSON.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use crate::body::{Body, Response};
use crate::error::Result;
use crate::openapi::{Operation, Registry};
use crate::response::media_type::MediaType;
use crate::response::received::{FromResponse, ReceivedResponse};
use crate::response::reply::{Content, Reply};
use crate::response::representation::Representation;

/// A text: `text/plain; charset=utf-8`.
///
/// # Examples
/// ```
/// use resourceful::Text;
/// use resourceful::prelude::*;
///
/// struct Films;
///
/// #[resource]
/// impl AsyncResource for Films {
///     type Access = Public;
///
///     #[action(GET, "subtitles")]
///     async fn subtitles(&self, _: &Request, id: i64) -> Result<Text> {
///         Ok(Text(format!("subtitles of film {id}")))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/films", Films))?;
/// let response = client.get("/films/7/subtitles").await;
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// assert_eq!(response.text(), "subtitles of film 7");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Representation for Text {
    const MEDIA_TYPE: Option<&'static str> = Some("text/plain");

    fn represent(self, status: StatusCode) -> Result<Reply> {
        Ok(Reply::from(Content::text(self.0)).with_status(status))
    }

    fn describe(operation: &mut Operation, _: &mut Registry, status: StatusCode) {
        operation.add_response(
            status,
            Some(("text/plain", Some(json!({"type": "string"})))),
        );
    }
}

impl FromResponse for Text {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        let text = std::str::from_utf8(response.bytes());
        let text = text.map_err(|error| response.mismatch(&format!("text: {error}")))?;
        Ok(Self(text.to_owned()))
    }
}

/// Bytes of no particular media type: `application/octet-stream`.
///
/// # Examples
/// See [`Binary`].
#[derive(Clone, Copy, Debug)]
pub struct OctetStream;

impl MediaType for OctetStream {
    const NAME: &'static str = "application/octet-stream";
}

/// Bytes of the media type `M`, from memory or from a stream.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Binary, MediaType};
///
/// struct Png;
///
/// impl MediaType for Png {
///     const NAME: &'static str = "image/png";
/// }
///
/// struct Films;
///
/// #[resource]
/// impl AsyncResource for Films {
///     type Access = Public;
///
///     #[action(GET, "poster")]
///     async fn poster(&self, _: &Request, _id: i64) -> Result<Binary<Png>> {
///         Ok(Binary::new(b"\x89PNG\r\n\x1a\n".to_vec()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let app = App::new().resource("/films", Films);
/// let document = app.openapi()?;
/// let responses = &document.as_value()["paths"]["/films/{id}/poster"]["get"]["responses"];
/// assert!(responses["200"]["content"].get("image/png").is_some());
/// let response = TestClient::new(app)?.get("/films/7/poster").await;
/// assert_eq!(response.headers()["content-type"], "image/png");
/// # Ok(())
/// # }
/// ```
pub struct Binary<M = OctetStream> {
    body: Body,
    media_type: PhantomData<fn() -> M>,
}

impl<M: MediaType> Binary<M> {
    /// Creates it from bytes, or from [`Body::from_stream`].
    ///
    /// # Examples
    /// See [`Binary`].
    pub fn new(body: impl Into<Body>) -> Self {
        Self {
            body: body.into(),
            media_type: PhantomData,
        }
    }

    /// The bytes, if they are in memory: always in a client.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.body.as_bytes()
    }
}

impl<M: MediaType> Representation for Binary<M> {
    const MEDIA_TYPE: Option<&'static str> = Some(M::NAME);

    fn represent(self, status: StatusCode) -> Result<Reply> {
        const {
            assert!(
                is_one_type(M::NAME),
                "`NAME` is no media type of a response"
            );
        };
        let mut response = Response::new(self.body);
        *response.status_mut() = status;
        let value = HeaderValue::from_static(M::NAME);
        response.headers_mut().insert(CONTENT_TYPE, value);
        Ok(response.into())
    }

    fn describe(operation: &mut Operation, _: &mut Registry, status: StatusCode) {
        let media_type = M::NAME.split(';').next().unwrap_or_default();
        // Client generators omit a body without a schema.
        let schema = if media_type.starts_with("text/") {
            json!({"type": "string"})
        } else {
            json!({"type": "string", "format": "binary"})
        };
        operation.add_response(status, Some((media_type, Some(schema))));
    }
}

/// Whether the name is that of one type, and not empty or a range of types.
const fn is_one_type(name: &str) -> bool {
    let mut at = 0;
    while at < name.len() {
        if name.as_bytes()[at] == b'*' {
            return false;
        }
        at += 1;
    }
    at > 0
}

impl<M: MediaType> FromResponse for Binary<M> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        Ok(Self::new(Bytes::clone(response.bytes())))
    }
}

impl<M: MediaType> fmt::Debug for Binary<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Binary")
            .field(&M::NAME)
            .field(&self.body)
            .finish()
    }
}
