//! [`ClientResponse`]: a complete response.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use resourceful::hidden::ReceivedResponse;
use serde::de::{DeserializeOwned, Error as _};

use crate::error::ClientError;

/// Maximum number of bytes of an error's body that are read.
const MAX_ERROR_BODY_SIZE: usize = 64 * 1024;
/// Time limit for reading an error's body.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_millis(250);

/// A complete response with a 2xx status.
///
/// # Examples
/// ```no_run
/// # async fn example(upstream: resourceful_client::Client) -> resourceful::Result<()> {
/// let response = upstream.get("/report").send().await?;
/// println!("{}: {} bytes", response.status(), response.bytes().len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl ClientResponse {
    /// Reads the response, or fails if it is larger than `limit` bytes.
    pub(crate) async fn read(
        mut response: reqwest::Response,
        limit: usize,
    ) -> Result<Self, ClientError> {
        // A response to HEAD announces a length but has no body, so check the length with a chunk.
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

    /// Reads the first bytes of an error's body within `timeout`. Errors of the body are ignored,
    /// because the status is enough.
    pub(crate) async fn read_error_body(
        mut response: reqwest::Response,
        timeout: Duration,
    ) -> Bytes {
        let mut body = BytesMut::new();
        let read = async {
            while body.len() < MAX_ERROR_BODY_SIZE
                && let Ok(Some(chunk)) = response.chunk().await
            {
                body.extend_from_slice(&chunk);
            }
        };
        // After the timeout the bytes so far are kept.
        let _ = tokio::time::timeout(timeout.min(ERROR_BODY_TIMEOUT), read).await;
        body.truncate(MAX_ERROR_BODY_SIZE);
        body.freeze()
    }

    /// Status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Header fields. A decoded response has neither `Content-Encoding` nor `Content-Length`.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Body bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Deserializes the JSON body. `Box<serde_json::value::RawValue>` keeps it byte for byte. An
    /// empty body, like that of 204, counts as `null`; `()`, `Option<T>` and
    /// [`NoContent`](resourceful::NoContent) accept it.
    ///
    /// # Errors
    /// [`ClientError::Decode`] if the body does not match the type, or has a coding other than gzip.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(upstream: resourceful_client::Client) -> Result<(), resourceful_client::ClientError> {
    /// let response = upstream.get("/tags").send().await?;
    /// let tags: Vec<String> = response.json()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        if self.body.is_empty()
            && let Ok(value) = serde_json::from_slice(b"null")
        {
            return Ok(value);
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            ClientError::Decode(match self.headers.get(CONTENT_ENCODING) {
                Some(coding) if coding != "identity" => {
                    serde_json::Error::custom(format!("the body is in the coding {coding:?}"))
                }
                _ => with_path::<T>(&self.body, error),
            })
        })
    }
}

impl ReceivedResponse for ClientResponse {
    type Error = ClientError;

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn bytes(&self) -> &Bytes {
        &self.body
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        self.json()
    }

    fn mismatch(&self, text: &str) -> ClientError {
        ClientError::Decode(serde_json::Error::custom(text))
    }
}

/// Adds the path of the wrong value: `posts[0].id`. This parses the body a second time, because
/// tracking the path is slower.
fn with_path<T: DeserializeOwned>(json: &[u8], error: serde_json::Error) -> serde_json::Error {
    if !error.is_data() {
        return error;
    }
    let json = &mut serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize::<_, T>(json) {
        Err(with_path) => serde_json::Error::custom(with_path),
        Ok(_) => error,
    }
}

/// Omits headers and body, which may be secret.
impl fmt::Debug for ClientResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
