//! A response, read to its end.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, Error as _};

use crate::error::ClientError;

/// How much of an error's body is kept, in bytes, and how long it is waited for.
const MAX_ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_millis(250);

/// A response with a 2xx status, read to its end.
///
/// # Examples
/// ```no_run
/// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
/// let reply = upstream.get("/report").send().await?;
/// println!("{}: {} bytes", reply.status(), reply.bytes().len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// Reads the response, unless it is or becomes larger than `limit` bytes.
    pub(crate) async fn read(
        mut response: reqwest::Response,
        limit: usize,
    ) -> Result<Self, ClientError> {
        // A response to HEAD announces a length, too, but has no body that could be too large.
        let announced = response.content_length().unwrap_or_default();
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(ClientError::from_transport)?
        {
            if announced > limit as u64 || body.len() + chunk.len() > limit {
                return Err(ClientError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }

    /// The beginning of what an error says, as far as it comes soon: the status counts, whatever
    /// is wrong with the body.
    pub(crate) async fn read_beginning(mut response: reqwest::Response, time: Duration) -> Bytes {
        let mut body = BytesMut::new();
        let read = async {
            while body.len() < MAX_ERROR_BODY
                && let Ok(Some(chunk)) = response.chunk().await
            {
                body.extend_from_slice(&chunk);
            }
        };
        // What has not come by then is not waited for.
        let _ = tokio::time::timeout(time.min(ERROR_BODY_TIME), read).await;
        body.truncate(MAX_ERROR_BODY);
        body.freeze()
    }

    /// Its status.
    ///
    /// # Examples
    /// See [`Reply`].
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its header fields. Those of a response that was decoded have neither `Content-Encoding` nor
    /// `Content-Length`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(reply: &resourceful_client::Reply) {
    /// let kind = reply.headers().get(http::header::CONTENT_TYPE);
    /// # }
    /// ```
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its body.
    ///
    /// # Examples
    /// See [`Reply`].
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Its body as JSON. A `Box<serde_json::value::RawValue>` keeps it byte for byte. An empty body,
    /// like that of 204, is read as `null`: by `()`, `Option<T>` and
    /// [`NoContent`](resourceful::NoContent).
    ///
    /// # Errors
    /// [`ClientError::Decode`] when it is not of this type, or is in a coding other than gzip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> Result<(), resourceful_client::ClientError> {
    /// let reply = upstream.get("/tags").send().await?;
    /// let tags: Vec<String> = reply.json()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        if self.body.is_empty()
            && let Ok(nothing) = serde_json::from_slice(b"null")
        {
            return Ok(nothing);
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            ClientError::Decode(match self.headers.get(CONTENT_ENCODING) {
                Some(coding) if coding != "identity" => {
                    serde_json::Error::custom(format!("the body is in the coding {coding:?}"))
                }
                _ => placed::<T>(&self.body, error),
            })
        })
    }
}

/// The same error with the place where the value does not fit: `posts[0].id`. It is read once more
/// for that, since who keeps track of places is slower.
fn placed<T: DeserializeOwned>(json: &[u8], error: serde_json::Error) -> serde_json::Error {
    if !error.is_data() {
        return error;
    }
    let json = &mut serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize::<_, T>(json) {
        Err(placed) => serde_json::Error::custom(placed),
        Ok(_) => error,
    }
}

/// Without headers and body, which may be secret.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
